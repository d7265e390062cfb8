"""Who the members are: names and phones, sealed; and how a member is forgotten (PROTOCOL §5)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from contract.access import AccessRecord
from roomserver.errors import RoomserverError
from roomserver.residents import members, reasons
from roomserver.storage.register import (
    Application,
    Consent,
    Draw,
    OneTime,
    Passkey,
    Person,
    Reason,
    WebSession,
    WechatAccount,
)
from roomserver.storage.vault import Vault
from roomserver.wire import commands, doors

HANDLE_BYTES = 16
WAYS_IN = (WebSession, OneTime, Passkey, WechatAccount)
NAME_LENGTH = 60
_PHONE = re.compile(r"\+?\d{6,15}", re.ASCII)


class DetailsError(RoomserverError, ValueError):
    """A name or phone that is none; ``field`` says which."""

    def __init__(self, which: str) -> None:
        super().__init__(f"the {which} is not one")
        self.field = which


@dataclass(frozen=True, slots=True)
class Details:
    """What a member says of himself."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


def details(name: str, phone: str) -> Details:
    """Name and phone as they are kept; ``DetailsError`` for what is none."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    odd = any(unicodedata.category(c)[0] == "C" for c in name)
    if odd or not 0 < len(name) <= NAME_LENGTH or not any(c.isalpha() for c in name):
        raise DetailsError("name")
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", phone))
    if not _PHONE.fullmatch(digits):
        raise DetailsError("phone")
    return Details(name, digits)


def enter(
    session: Session,
    vault: Vault,
    number: str,
    who: Details,
    now: int,
    *,
    tag: str | None = None,
    provider: str = "committee",
) -> Person:
    """Put a member into the register."""
    person = Person(
        number=number,
        name=vault.seal_text(who.name),
        phone=vault.seal_text(who.phone),
        identity_tag=tag,
        provider=provider,
        handle=secrets.token_bytes(HANDLE_BYTES),
        joined_at=now,
    )
    session.add(person)
    session.flush()
    return person


def read(session: Session, vault: Vault, number: str) -> Details | None:
    """Who ``number`` is; None for a number without a person."""
    person = session.get(Person, number)
    if person is None:
        return None
    return Details(vault.open_text(person.name), vault.open_text(person.phone))


def correct(session: Session, vault: Vault, number: str, who: Details) -> None:
    """Another name or phone."""
    person = session.get_one(Person, number, with_for_update=True)
    person.name, person.phone = vault.seal_text(who.name), vault.seal_text(who.phone)


def holder(session: Session, tag: str) -> str | None:
    """The member who registered with this identity number."""
    return session.scalar(select(Person.number).where(Person.identity_tag == tag))


def export(session: Session, vault: Vault, number: str) -> dict[str, Any]:
    """All that is stored about a member, for himself (as JSON)."""
    person, record = session.get(Person, number), members.get(session, number)
    who = read(session, vault, number)
    consents = session.scalars(select(Consent).where(Consent.member == number).order_by(Consent.id))
    sessions = session.scalars(select(WebSession).where(WebSession.member == number))
    passkeys = session.scalars(select(Passkey).where(Passkey.member == number))
    return {
        "member": number,
        "name": who and who.name,
        "phone": who and who.phone,
        "joined_at": person and person.joined_at,
        "checked_by": person and person.provider,
        "identity_number": "not stored; only a keyed tag that finds a second registration",
        "consents": [{"subject": c.subject, "version": c.version, "at": c.at} for c in consents],
        "access": record.as_json(),
        "reason": reasons.read(session, vault, number),
        "sessions": [{"made_at": s.made_at, "seen_at": s.seen_at} for s in sessions],
        "passkeys": [{"made_at": p.made_at, "used_at": p.used_at} for p in passkeys],
        "wechat_accounts": len(
            session.scalars(select(WechatAccount.tag).where(WechatAccount.member == number)).all()
        ),
        "rows": [
            {"at": row.at, "type": row.type, "received_at": row.received_at}
            for row in members.rows(session, number)
        ],
    }


def lose_phone(session: Session, number: str, now: int) -> AccessRecord:
    """Leave whoever has the phone nothing: no session, passkey, WeChat link or one-time link, and no code.

    A revoked member has no code anyway, and gets new ones when he is reinstated.
    """
    for table in WAYS_IN:
        session.execute(delete(table).where(table.member == number))
    record = members.get(session, number)
    return record if record.revoked else members.reissue(session, number, now)


def forget(session: Session, number: str, now: int) -> AccessRecord:
    """Delete the link from number to person at once, revoke, and have every door drop its record."""
    record = members.forget(session, number, now)
    for table in (*WAYS_IN, Consent, Reason, Draw):
        session.execute(delete(table).where(table.member == number))
    session.execute(delete(Person).where(Person.number == number))
    for door in doors.listed(session):
        commands.ask(session, door.id, "forget", {"member": number}, now)
    return record


def drop_application(session: Session, application: int) -> None:
    """Delete an application and what goes with it, but for sessions, which are then nobody's."""
    session.execute(delete(Consent).where(Consent.application_id == application))
    query = update(WebSession).where(WebSession.application_id == application)
    session.execute(query.values(application_id=None))
    session.execute(delete(Application).where(Application.id == application))
