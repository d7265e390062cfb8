"""Members: their numbers, and the access list the doors follow, change by change (PROTOCOL §2)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import access
from contract.access import EMPTY_DIGEST, AccessRecord
from contract.codes import MAX_GENERATION, Codes, Kind, is_member
from roomserver.errors import RoomserverError
from roomserver.residents import reasons
from roomserver.storage.schema import AuditRow, Change, Head, Member, Meta

RANDOM_TRIES = 32
RESTORES = "restores"  # in ``meta``
LONGEST_DAYS = 180  # of retention, here or at a door: so long may a row mention a number (PROTOCOL §5)
REST_SECONDS = LONGEST_DAYS * 86_400


class MemberError(RoomserverError, ValueError):
    """This cannot be done with this member; ``str(error)`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """What a door is told: the records that changed since it asked last, or (``complete``) all of them."""

    revision: int
    digest: str
    complete: bool
    members: list[AccessRecord]


def find(session: Session, number: str) -> AccessRecord | None:
    """The record of ``number``, if it has one."""
    member = session.get(Member, number)
    return None if member is None else _record(member)


def get(session: Session, number: str) -> AccessRecord:
    """The record of ``number``; ``MemberError`` if there is none."""
    record = find(session, number)
    if record is None:
        raise MemberError(f"There is no member {number}. See: roomserver member list")
    return record


def present(session: Session, number: str) -> AccessRecord:
    """The same of a member who is here; ``MemberError`` also for one who left."""
    record = get(session, number)
    if left(session, number):
        raise MemberError(
            f"The member {number} has left and is forgotten. Who comes back gets a new number: "
            "roomserver member add"
        )
    return record


def left(session: Session, number: str) -> bool:
    """Whether the member of this number has left."""
    return session.get_one(Member, number).forgotten_at is not None


def rows(session: Session, number: str) -> list[AuditRow]:
    """The audit rows that mention ``number``, oldest first."""
    query = select(AuditRow).where(AuditRow.member == number)
    return list(session.scalars(query.order_by(AuditRow.received_at, AuditRow.seq)))


def listed(session: Session) -> list[AccessRecord]:
    """Every record, by number."""
    return [_record(member) for member in session.scalars(select(Member).order_by(Member.number))]


def add(session: Session, kind: Kind, codes: Codes, now: int, number: str | None = None) -> AccessRecord:
    """A new member; without ``number`` one is drawn among the free."""
    head = lock(session)
    if kind is Kind.CARD:
        raise MemberError(
            "A card goes with a phone, staff or paper member. Draw it with: roomserver code NUMBER --card"
        )
    if number is None:
        number = _free_number(session, codes, now)
    elif not is_member(number, codes):
        raise MemberError(f"A member number has {codes.member_digits} digits and is not all zeros.")
    elif not _is_free(session, number, now):
        raise MemberError(
            f"The number {number} is taken, or rows still mention it. Leave --number out to draw one."
        )
    before = find(session, number)
    lost = restores(session) * (
        access.REVOKE_AHEAD + 1
    )  # what a member of whom a backup did not know may have
    record = AccessRecord(number, kind, generation=lost + 1, revoked_through=lost)
    if before is not None:  # a number that was given back: what the one before had stays dead
        record = replace(_next_generation(before), kind=kind)
    return _put(session, head, record, "added", now)


def revoke(session: Session, number: str, now: int) -> AccessRecord:
    """Kill all codes of ``number``, also those of generations that may be out unseen."""
    head, record = lock(session), present(session, number)
    return record if record.revoked else _put(session, head, access.revoke(record), "revoked", now)


def suspend(session: Session, number: str, until: int, now: int) -> AccessRecord:
    """No codes and no entry until ``until`` (Unix s); suspended again, the later word holds."""
    head, record = lock(session), present(session, number)
    if record.revoked:
        raise MemberError(f"Member {number} is revoked, and enters no more as it is.")
    if until <= now:
        raise MemberError("A suspension ends in the future. To end one now: roomserver member lift NUMBER")
    return _put(session, head, replace(record, suspended_until=until), "suspended", now)


def lift(session: Session, number: str, now: int) -> AccessRecord:
    """End a suspension; the codes are those from before."""
    head, record = lock(session), present(session, number)
    if record.suspended_until is None or record.suspended_until <= now:
        raise MemberError(f"Member {number} is not suspended. See: roomserver member list")
    return _put(session, head, replace(record, suspended_until=None), "lifted", now)


def reinstate(session: Session, number: str, now: int) -> AccessRecord:
    """Let a revoked member in again, with a new generation; what he had stays dead, a suspension ends."""
    head, record = lock(session), present(session, number)
    if not record.revoked:
        raise MemberError(
            f"Member {number} is not revoked. For new codes: roomserver member reissue {number}"
        )
    return _put(session, head, replace(_next_generation(record), suspended_until=None), "reinstated", now)


def reissue(session: Session, number: str, now: int) -> AccessRecord:
    """A new generation: what the member had (phone, sheet, card) stops working."""
    head, record = lock(session), present(session, number)
    if record.revoked:
        raise MemberError(
            f"Member {number} is revoked. To let him in again: roomserver member reinstate {number}"
        )
    return _put(session, head, _next_generation(record), "reissued", now)


def forget(session: Session, number: str, now: int) -> AccessRecord:
    """Revoke a member who leaves, and keep of his record only what must never un-happen.

    The bare number stays, so that nobody else gets it while rows mention it, here or at a door.
    """
    head, record = lock(session), get(session, number)
    if not record.revoked:
        record = access.revoke(record)
    put = _put(session, head, access.bare(record), "forgotten", now)
    session.get_one(Member, number).forgotten_at = now
    return put


def merge(session: Session, theirs: AccessRecord, why: str, now: int) -> bool:
    """Take what a door knows by maximum; whether that changed the list."""
    if news(find(session, theirs.member), theirs) is None:  # and then no lock is needed
        return False
    head = lock(session)
    session.expire_all()
    ours = find(session, theirs.member)
    merged = news(ours, theirs)
    if merged is None:
        return False
    _put(session, head, merged, why, now, learnt=ours is None)
    return True


def held(session: Session, numbers: Iterable[str]) -> list[Member]:
    """The members among ``numbers``; while the caller keeps them, ``find`` asks nothing of the database."""
    found = sorted(numbers)
    return list(session.scalars(select(Member).where(Member.number.in_(found)))) if found else []


def news(ours: AccessRecord | None, theirs: AccessRecord) -> AccessRecord | None:
    """What a door knows merged into what is known here, if that makes it another."""
    merged = theirs if ours is None else access.replaced(theirs, ours)
    return None if merged == ours else merged


def answer(session: Session, since: int, digest: str) -> AccessAnswer:
    """The list for a door that holds ``since`` with ``digest``: a delta only if the digests agree there."""
    head = session.get_one(Head, 1)
    complete = since > head.revision or _digest_at(session, since) != digest
    query = select(Member).order_by(Member.revision)
    if not complete:
        query = query.where(Member.revision > since)
    return AccessAnswer(head.revision, head.digest, complete, [_record(m) for m in session.scalars(query)])


def revision(session: Session) -> int:
    """The revision of the list."""
    return session.get_one(Head, 1).revision


def restores(session: Session) -> int:
    """How often a backup was put back into this database."""
    found = session.get(Meta, RESTORES)
    return 0 if found is None else int(found.value)


def lock(session: Session) -> Head:
    """The head of the list, held until the transaction ends."""
    return session.get_one(Head, 1, with_for_update=True, populate_existing=True)


def _next_generation(record: AccessRecord) -> AccessRecord:
    if record.top >= MAX_GENERATION:
        raise MemberError(
            f"Member {record.member} has used up all generations. Add a member with another number."
        )
    return replace(record, generation=record.top + 1)


def _put(
    session: Session, head: Head, record: AccessRecord, why: str, now: int, *, learnt: bool = False
) -> AccessRecord:
    record = replace(record, revision=head.revision + 1)
    digest = access.chain_digest(head.digest, record)
    head.revision, head.digest = record.revision, digest
    fields = asdict(record)
    number = fields.pop("member")
    row = session.get(Member, number)
    before = None if row is None else _record(row)
    if row is None:
        session.add(Member(number=number, learnt=learnt, added_at=now, **fields))
    else:
        for name, value in fields.items():
            setattr(row, name, value)
        if not record.revoked:  # by whatever way, also at a door: who may enter is not hidden
            row.forgotten_at = None
    if before is not None and _standing(before) != _standing(record):
        reasons.drop(session, number)
    text = json.dumps(record.as_json(), sort_keys=True, separators=(",", ":"))
    session.add(Change(revision=record.revision, member=number, record=text, digest=digest, at=now, why=why))
    session.flush()
    return record


def _standing(record: AccessRecord) -> tuple[bool, int | None]:
    return record.revoked, record.suspended_until


def _record(member: Member) -> AccessRecord:
    return AccessRecord(
        member.number,
        Kind(member.kind),
        member.generation,
        member.revoked_through,
        member.card_pair,
        member.suspended_until,
        member.not_before,
        member.not_after,
        member.revision,
    )


def _digest_at(session: Session, revision: int) -> str | None:
    if revision == 0:
        return EMPTY_DIGEST
    return session.scalar(select(Change.digest).where(Change.revision == revision))


def _is_free(session: Session, number: str, now: int) -> bool:
    member = session.get(Member, number)
    if member is not None and not _given_back(member, now):
        return False
    return session.scalar(select(AuditRow.seq).where(AuditRow.member == number).limit(1)) is None


def _given_back(member: Member, now: int) -> bool:
    """Whether its member left so long ago that nothing can mention him any more."""
    left = member.forgotten_at
    return left is not None and left <= now - REST_SECONDS and member.revoked_through < MAX_GENERATION


def _free_number(session: Session, codes: Codes, now: int) -> str:
    highest = 10**codes.member_digits - 1
    for _ in range(RANDOM_TRIES):
        number = f"{secrets.randbelow(highest) + 1:0{codes.member_digits}d}"
        if _is_free(session, number, now):
            return number
    taken = {member.number for member in session.scalars(select(Member)) if not _given_back(member, now)}
    taken |= set(session.scalars(select(AuditRow.member).where(AuditRow.member.is_not(None)).distinct()))
    free = [n for i in range(1, highest + 1) if (n := f"{i:0{codes.member_digits}d}") not in taken]
    if not free:
        raise MemberError(
            "All member numbers are taken. Raise member_digits in roomserver.toml, or forget old members."
        )
    return secrets.choice(free)
