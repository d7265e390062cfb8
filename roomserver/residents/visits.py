"""What the doors' rows say of one member: that he went in, why he was refused, who tried his number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from roomserver.storage.schema import AuditRow

TOLD_SECONDS = 15 * 60  # how long a visit or a refusal stays news
BACK_WITHIN_SECONDS = 3 * 3600  # who went in so recently is never told that the room is full
HALF_AN_HOUR = 30 * 60
ENTRIES_IN_HALF_AN_HOUR = 4
LOOK_BACK_SECONDS = 24 * 3600
OWN_SECONDS = 5 * 60  # a wrong code and then a right one so soon after: his own slip
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Refused:
    """The door said no: why, when, and (where it ends by itself) until when."""

    reason: str
    at: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Visits:
    """A member's last hours at the door; ``refused`` only while nothing good came after it.

    ``tries`` counts wrong codes with his number that look like somebody else's: no entry followed.
    """

    went_in_at: int | None = None
    refused: Refused | None = None
    tries: int = 0
    back_soon: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    type: str
    reason: str
    at: int


def visits(session: Session, member: str, now: int) -> Visits:
    """What is known of ``member`` now; nothing lies further back than a day."""
    rows = _rows(session, member, now)
    entries = [row.at for row in rows if row.type == "granted"]
    last = entries[0] if entries else None
    refused = _refused(rows, entries, now)
    return Visits(
        last if last is not None and refused is None and now - last < TOLD_SECONDS else None,
        refused,
        _tries(rows, refused),
        last is not None and now - last < BACK_WITHIN_SECONDS,
    )


def _rows(session: Session, member: str, now: int) -> list[_Row]:
    """Grants and denials, newest first; a door with a wrong clock cannot put one into the future."""
    query = (
        select(AuditRow.type, AuditRow.raw, AuditRow.at, AuditRow.received_at)
        .where(AuditRow.member == member, AuditRow.received_at > now - LOOK_BACK_SECONDS)
        .where(AuditRow.type.in_(("granted", "denied")))
        .order_by(AuditRow.received_at.desc(), AuditRow.seq.desc())
        .limit(MOST_ROWS)
    )
    return [
        _Row(kind or "", str(json.loads(raw).get("reason")), min(at or received_at, received_at))
        for kind, raw, at, received_at in session.execute(query)
    ]


def _refused(rows: Sequence[_Row], entries: Sequence[int], now: int) -> Refused | None:
    if not rows or rows[0].type != "denied" or now - rows[0].at >= TOLD_SECONDS:
        return None
    last, until = rows[0], None
    if last.reason == "too-many-entries" and len(entries) >= ENTRIES_IN_HALF_AN_HOUR:
        until = entries[ENTRIES_IN_HALF_AN_HOUR - 1] + HALF_AN_HOUR
    return Refused(last.reason, last.at, until)


def _tries(rows: Sequence[_Row], refused: Refused | None) -> int:
    count, entry = 0, None
    for row in rows:
        if row.type == "granted":
            entry = row.at
        elif row.reason == "unknown-code" and (entry is None or entry - row.at > OWN_SECONDS):
            count += 1
    mine = refused is not None and refused.reason == "unknown-code"
    return count - 1 if mine else count
