"""Whether a member draws codes now; if not, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum

from contract.access import AccessRecord
from contract.codes import Kind
from contract.hours import Hours


class Why(StrEnum):
    """Why there is no code to show: the door's own words, and two kinds that draw elsewhere."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    OUTSIDE_HOURS = "outside-hours"
    ROOM_FULL = "room-full"
    STAFF = "staff"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class NoCode:
    """There is none; ``until`` (Unix s) when that will have passed by itself; ``reason`` as it was given."""

    why: Why
    until: int | None = None
    reason: str | None = field(default=None, repr=False)


def judge(record: AccessRecord, hours: Hours, zone: tzinfo, now: int, *, full: bool = False) -> NoCode | None:
    """Why ``record`` draws no phone codes at ``now``; None when it does."""
    if record.revoked or (record.not_after is not None and now >= record.not_after):
        return NoCode(Why.REVOKED)
    paused = max(record.suspended_until or 0, record.not_before or 0)
    if now < paused:
        return NoCode(Why.SUSPENDED, paused)
    match record.kind:
        case Kind.STAFF:
            return NoCode(Why.STAFF)
        case Kind.PAPER:
            return NoCode(Why.PAPER)
    if not hours.open_at(now, zone):
        return NoCode(Why.OUTSIDE_HOURS, hours.next_opening(now, zone))
    return NoCode(Why.ROOM_FULL) if full else None
