"""Joining: an application, asked of the identity provider, and what becomes of it.

Whoever was let in at once is a member; everybody else waits for the committee and sees the same page, whether
his number is known already or not. The identity number lives as long as the request, and then only as a tag.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from contract.access import AccessRecord
from contract.codes import Kind
from roomserver.errors import RoomserverError
from roomserver.identity import Verdict, gb11643
from roomserver.identity.gb11643 import IdentityNumber
from roomserver.place import Opened
from roomserver.residents import members, persons
from roomserver.residents.members import MemberError
from roomserver.residents.persons import Details
from roomserver.storage import tags
from roomserver.storage.register import Application, Consent
from roomserver.web import sessions
from roomserver.web.sessions import Visitor

log = logging.getLogger("roomserver.residents.joining")

DECLINED_SECONDS = 30 * 86_400  # so long an applicant can still read what became of it


class State(StrEnum):
    """What has become of an application; an approved one is a person and no application any more."""

    PENDING = "pending"
    DECLINED = "declined"


class Subject(StrEnum):
    """What is consented to, each by a tick of its own."""

    MEMBERSHIP = "membership"
    IDENTITY_CHECK = "identity-check"


# A new version with every change of the words (a test holds them to each other), so that it can be told
# which words somebody agreed to.
CONSENT_VERSION = "2026-11"


class Declined(StrEnum):
    """Why not, as the applicant reads it; chosen and not written, so that it says nothing else of him."""

    NOT_MATCHING = "not-matching"
    NOT_OURS = "not-ours"
    REGISTERED = "registered"
    OTHER = "other"


class JoiningError(RoomserverError, ValueError):
    """This cannot be done with this application; ``str(error)`` says why and what to do."""


class TooYoungError(ValueError):
    """Younger than the room's members are."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """What was filled in, checked for its form."""

    who: Details
    identity: IdentityNumber = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """How the form came: with its own token, and from a browser with a session, if it had one."""

    form: str = field(repr=False)
    session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an application: a member, an application that waits, or (wrong) nothing at all.

    ``token`` is that of the session which the browser has from now on.
    """

    verdict: Verdict
    visitor: Visitor = field(default_factory=Visitor)
    token: str = field(default="", repr=False)


def applicant(opened: Opened, name: str, phone: str, number: str, now: int) -> Applicant:
    """The form, checked; ``DetailsError``, ``NumberError`` or ``TooYoungError`` say what is wrong."""
    who = persons.details(name, phone)
    today = datetime.fromtimestamp(now, opened.place.settings.codes.codes().time_zone).date()
    identity = gb11643.read(number, today)
    age = identity.age(today)
    if age is not None and age < opened.place.settings.identity.least_age:
        raise TooYoungError
    return Applicant(who, identity)


def apply(
    opened: Opened, asked: Applicant, check: Callable[[str, str], Verdict], sent: Sent, now: int
) -> Outcome:
    """Ask the provider, and take the applicant in, or have him wait; his session begins with it.

    The same form sent twice (two taps, while the provider is slow) comes to the same session.
    """
    verdict = Verdict.SEE_PAPER
    if asked.identity.mainland:
        verdict = check(asked.who.name, asked.identity.digits)
    if verdict is Verdict.WRONG:
        return Outcome(verdict)
    with opened.database.write() as session:
        tag_key = tags.key(session, opened.vault)
    tag = tags.identity(tag_key, asked.identity.digits)
    token = tags.session(tag_key, sent.form, tag)
    with opened.database.write() as session:
        members.lock(session)  # two registrations of one number at once: one of them sees the other
        before, made = (sessions.visitor_by(session, one, now) for one in (sent.session, token))
        if before.member is not None:  # the committee took him in while the provider was asked
            return Outcome(verdict, before, sent.session or "")
        if made.member is not None or made.application is not None:
            return Outcome(verdict, made, token)
        if before.application is not None:  # he tries again; what he sent before is replaced
            persons.drop_application(session, before.application)
        outcome = _decide(session, opened, asked, tag, verdict, now)
        visitor = replace(outcome.visitor, wechat_tag=before.wechat_tag)
        for old in (sent.session or "", token):
            sessions.end(session, old)
        sessions.begin(session, visitor, now, token)
    return replace(outcome, visitor=visitor, token=token)


def _decide(
    session: Session, opened: Opened, asked: Applicant, tag: str, verdict: Verdict, now: int
) -> Outcome:
    if verdict is Verdict.RIGHT and persons.holder(session, tag) is None:
        try:
            return _take_in(session, opened, asked, tag, now)
        except MemberError as error:  # no number is free: the committee's to mend, not his
            log.error("somebody could not be taken in: %s", error)
    return _wait(session, opened, asked, tag, verdict, now)


def _take_in(session: Session, opened: Opened, asked: Applicant, tag: str, now: int) -> Outcome:
    settings = opened.place.settings
    record = members.add(session, Kind.PHONE, settings.codes.codes(), now)
    provider = settings.identity.provider
    persons.enter(session, opened.vault, record.member, asked.who, now, tag=tag, provider=provider)
    for subject in Subject:
        session.add(Consent(member=record.member, subject=subject, version=CONSENT_VERSION, at=now))
    return Outcome(Verdict.RIGHT, Visitor(record.member))


def _wait(
    session: Session, opened: Opened, asked: Applicant, tag: str, verdict: Verdict, now: int
) -> Outcome:
    made = Application(
        name=opened.vault.seal_text(asked.who.name),
        phone=opened.vault.seal_text(asked.who.phone),
        identity_tag=tag,
        provider=opened.place.settings.identity.provider,
        state=State.PENDING,
        reason=Verdict.SEE_PAPER if verdict is Verdict.RIGHT else verdict,
        applied_at=now,
    )
    session.add(made)
    session.flush()
    for subject in Subject:
        consent = Consent(application_id=made.id, subject=subject, version=CONSENT_VERSION, at=now)
        session.add(consent)
    reason = Verdict(made.reason or Verdict.SEE_PAPER)
    return Outcome(reason, Visitor(application=made.id))


# -- the committee decides ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application as the committee sees it."""

    id: int
    who: Details
    reason: str
    applied_at: int
    member: str | None  # who registered with the same number before
    again: int | None  # an earlier application with the same number


def count_waiting(session: Session) -> int:
    """How many applications wait."""
    query = select(func.count()).select_from(Application).where(Application.state == State.PENDING)
    return session.scalar(query) or 0


def waiting(session: Session, opened: Opened) -> list[Waiting]:
    """Every application that waits, oldest first."""
    query = select(Application).where(Application.state == State.PENDING).order_by(Application.id)
    found: list[Waiting] = []
    first: dict[str, int] = {}
    for one in session.scalars(query):
        tag = one.identity_tag or ""
        found.append(
            Waiting(
                one.id,
                _details(opened, one),
                one.reason or "",
                one.applied_at,
                persons.holder(session, tag),
                first.get(tag),
            )
        )
        first.setdefault(tag, one.id)
    return found


def approve(session: Session, opened: Opened, id_: int, kind: Kind, now: int) -> AccessRecord:
    """The paper was seen: the applicant is a member, and his browser is signed in."""
    members.lock(session)
    one = _pending(session, id_)
    known = persons.holder(session, one.identity_tag or "")
    if known is not None:
        raise JoiningError(
            f"The same identity number is already registered, by member {known}. If it is he, decline this "
            f"and give him a link: roomserver member link {known}"
        )
    record = members.add(session, kind, opened.place.settings.codes.codes(), now)
    person, tag = _details(opened, one), one.identity_tag
    persons.enter(session, opened.vault, record.member, person, now, tag=tag)
    moved = update(Consent).where(Consent.application_id == id_)
    session.execute(moved.values(application_id=None, member=record.member))
    sessions.admit(session, id_, record.member, now)
    persons.drop_application(session, id_)
    return record


def decline(session: Session, id_: int, now: int, why: Declined = Declined.OTHER) -> None:
    """Not taken in: name, phone and tag are deleted at once, the answer stays for him to read."""
    one = _pending(session, id_)
    one.name = one.phone = one.identity_tag = None
    one.state, one.reason, one.decided_at = State.DECLINED, why, now
    session.execute(delete(Consent).where(Consent.application_id == id_))


def sweep(session: Session, now: int) -> None:
    """Delete declined applications when their applicants had time to read of it."""
    query = select(Application.id).where(
        Application.state == State.DECLINED, Application.decided_at <= now - DECLINED_SECONDS
    )
    for id_ in list(session.scalars(query)):
        persons.drop_application(session, id_)


def _pending(session: Session, id_: int) -> Application:
    one = session.get(Application, id_, with_for_update=True, populate_existing=True)
    if one is None or one.state != State.PENDING:
        raise JoiningError(f"No application {id_} is waiting. See: roomserver application list")
    return one


def _details(opened: Opened, one: Application) -> Details:
    return Details(opened.vault.open_text(one.name or b""), opened.vault.open_text(one.phone or b""))
