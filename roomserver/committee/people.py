"""The members as the committee sees them: a number, a masked name, a standing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from contract.access import AccessRecord
from roomserver.storage.register import Person
from roomserver.storage.schema import Member
from roomserver.storage.vault import Vault


class Standing(StrEnum):
    """How a member stands."""

    GOOD = "good"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Seen:
    """A member in the list; without a name he is known by his number alone."""

    number: str
    kind: str
    standing: Standing
    name: str | None


def masked_name(name: str) -> str:
    """``王**``: the first letter, and as many stars whatever follows."""
    return f"{name[:1]}**"


def masked_phone(phone: str) -> str:
    """``138****8000``, and of a short one only its end."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else f"****{phone[-2:]}"


def standing(record: AccessRecord | Member, now: int, *, left: bool = False) -> Standing:
    """How a record stands at ``now``."""
    if left:
        return Standing.LEFT
    revoked = record.generation <= record.revoked_through
    if revoked or (record.not_after is not None and now >= record.not_after):
        return Standing.REVOKED
    return Standing.SUSPENDED if now < (record.suspended_until or 0) else Standing.GOOD


def listed(
    session: Session, vault: Vault, now: int, *, standing: Standing | None, after: str, most: int
) -> list[Seen]:
    """Members that are here, by number, beginning ``after`` one."""
    query = select(Member, Person.name).outerjoin(Person, Person.number == Member.number)
    query = query.where(Member.forgotten_at.is_(None), Member.number > after)
    query = query.order_by(Member.number).limit(most)
    if standing is not None:
        query = query.where(*_only(standing, now))
    return [_seen(member, name, vault, now) for member, name in session.execute(query)]


def count(session: Session) -> int:
    """How many members there are."""
    query = select(func.count()).select_from(Member).where(Member.forgotten_at.is_(None))
    return session.scalar(query) or 0


def _only(wanted: Standing, now: int) -> tuple[ColumnElement[bool], ...]:
    revoked = Member.generation <= Member.revoked_through
    match wanted:
        case Standing.REVOKED:
            return (revoked,)
        case Standing.SUSPENDED:
            return (~revoked, Member.suspended_until > now)
    return (~revoked,)


def _seen(member: Member, name: bytes | None, vault: Vault, now: int) -> Seen:
    masked = None if name is None else masked_name(vault.open_text(name))
    return Seen(member.number, member.kind, standing(member, now), masked)
