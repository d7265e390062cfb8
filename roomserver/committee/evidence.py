"""What each door knows of a change to a member: since when, by its own rows; or how long it has been silent.

A door that took a list writes a row with its revision, and one that took a revocation a row of its own.
Their times are the door's, and they are signed; what a door merely asked for proves less, and is said so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.codes import Codes, Kind
from roomserver.storage.schema import AuditRow, Change, Door, Log
from roomserver.wire import doors

LEASE_SECONDS = 14 * 86_400  # what a door gives authenticators, sheets and cards unless it is set otherwise
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """One door and the last change: known ``since`` (Unix s), or not known, last ``heard_at``.

    ``ends``: when what the member drew before is dead at this door, whether or not it hears of the change.
    """

    door: str
    since: int | None
    heard_at: int | None
    ends: int


def last_change(session: Session, number: str) -> Change | None:
    """The last change of a member's record."""
    query = select(Change).where(Change.member == number).order_by(Change.revision.desc())
    return session.scalar(query.limit(1))


def of_member(session: Session, number: str, kind: Kind, form: Codes) -> list[Proof]:
    """What every enrolled door knows of the last change of ``number``; empty while nothing was changed."""
    change = last_change(session, number)
    if change is None:
        return []
    found = [door for door in doors.listed(session) if door.enrolled_at is not None]
    return [_of_door(session, door, change, kind, form) for door in found]


def _of_door(session: Session, door: Door, change: Change, kind: Kind, form: Codes) -> Proof:
    since = _by_rows(session, door.id, change)
    holds = door.holds_revision is not None and door.holds_revision >= change.revision
    if since is None and holds:
        since = door.asked_at
    drawn = change.at + form.bundle_seconds + form.windows[Kind.PHONE].grace
    ends = drawn if kind is Kind.PHONE else (door.asked_at or change.at) + LEASE_SECONDS
    return Proof(door.name, since, door.asked_at, ends)


def _by_rows(session: Session, door_id: int, change: Change) -> int | None:
    """The time of the first row that shows it."""
    query = (
        select(AuditRow.at, AuditRow.received_at, AuditRow.type, AuditRow.member, AuditRow.raw)
        .join(Log, Log.id == AuditRow.log_id)
        .where(Log.door_id == door_id, AuditRow.received_at >= change.at)
        .where(AuditRow.type.in_(("list", "revoked")))
        .order_by(AuditRow.received_at, Log.id, AuditRow.seq)
        .limit(MOST_ROWS)
    )
    for at, received_at, type_, member, raw in session.execute(query):
        revision = json.loads(raw)["detail"].get("revision")
        lists_it = type_ == "list" and type(revision) is int and revision >= change.revision
        revokes_him = type_ == "revoked" and member == change.member and change.why.endswith("revoked")
        if lists_it or revokes_him:
            return min(at or received_at, received_at)
    return None
