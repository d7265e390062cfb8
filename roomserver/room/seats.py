"""How many seats are free, and how sure that is: what the door told, less what drawn codes hold (DESIGN §6).

Members may know the number; whoever looks in from outside is told a band, and cannot tell one inside from
none. What the door tells of its count is unsigned: nobody is refused a code unless its rows say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from contract import audit
from contract.bands import Band, band, seen_from_outside
from roomserver.storage.register import Draw
from roomserver.storage.schema import AuditRow, Door, Log
from roomserver.wire import state

HOLD_SECONDS = 20 * 60
SILENT_SECONDS = 20 * 60  # a door asks every 5 minutes; after four times it is silent
COUNTED_BACK_SECONDS = 3 * 86_400


class Sure(StrEnum):
    """How sure the count is: the confidence of PROTOCOL §4, or that the door is silent."""

    EXACT = "exact"
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Seats:
    """What is known of the seats; ``heard_at`` (Unix s) is when the door was surely heard last."""

    capacity: int
    inside: int | None
    held: int
    sure: Sure
    heard_at: int | None

    @property
    def free(self) -> int | None:
        """Seats that are neither taken nor held; None when no count was ever told."""
        return None if self.inside is None else max(0, self.capacity - self.inside - self.held)

    @property
    def band(self) -> Band:
        """Free seats in a word."""
        return Band.UNKNOWN if self.free is None else band(self.free, self.capacity)

    def from_outside(self) -> Seats:
        """The same for a stranger, to whom an empty room looks as if one were in it."""
        if self.inside is None or self.inside > 1:
            return self
        sure = Sure.SILENT if self.sure is Sure.SILENT else Sure.ESTIMATE
        return Seats(self.capacity, seen_from_outside(self.inside), self.held, sure, self.heard_at)


def seats(session: Session, door: Door, capacity: int, now: int, but: str | None = None) -> Seats:
    """The seats behind ``door``; the seat that member ``but`` holds himself counts as free."""
    told = state.of_door(session, door.id)
    occupancy = told["occupancy"].value if "occupancy" in told else None
    online = "availability" in told and told["availability"].value == "online"
    heard_at = _heard_at(door, told, now)
    inside, sure = _inside(occupancy)
    if heard_at is None or now - heard_at > SILENT_SECONDS or not online:
        sure = Sure.SILENT
    return Seats(capacity, inside, held(session, now, but), sure, heard_at)


def surely_full(session: Session, door: Door, now_seats: Seats, now: int) -> bool:
    """Whether a code may be refused for want of a seat: an exact count, and rows that bear it out."""
    if now_seats.sure is not Sure.EXACT or now_seats.free != 0:
        return False
    counted = counted_by_rows(session, door.id, now)
    return counted is not None and counted + now_seats.held >= now_seats.capacity


def held(session: Session, now: int, but: str | None = None) -> int:
    """Seats held by codes drawn a while ago whose members have not gone in since."""
    gone_in = exists().where(
        AuditRow.member == Draw.member, AuditRow.type == "granted", AuditRow.received_at >= Draw.at
    )
    query = select(func.count()).select_from(Draw).where(Draw.at > now - HOLD_SECONDS, ~gone_in)
    if but is not None:
        query = query.where(Draw.member != but)
    return session.scalar(query) or 0


def hold(session: Session, member: str, now: int) -> None:
    """The member has drawn a code now."""
    draw = session.get(Draw, member)
    if draw is None:
        session.add(Draw(member=member, at=now))
    else:
        draw.at = now


def counted_by_rows(session: Session, door_id: int, now: int) -> int | None:
    """How many are inside by the door's signed rows since it was last certain; None when they do not tell."""
    query = (
        select(AuditRow.type, AuditRow.raw)
        .join(Log, Log.id == AuditRow.log_id)
        .where(Log.door_id == door_id, AuditRow.received_at > now - COUNTED_BACK_SECONDS)
        .where(AuditRow.type.in_(("count", "entered", "left")))
        .order_by(Log.heard_at.desc(), Log.id.desc(), AuditRow.seq.desc())
    )
    since = 0
    for kind, raw in session.execute(query):
        if kind == "count":
            count = audit.parse(raw).detail.get("count")
            return count + since if type(count) is int else None
        since += 1 if kind == "entered" else -1
    return None


def _inside(occupancy: Any) -> tuple[int | None, Sure]:
    match occupancy:
        case {"count": int() as count, "confidence": ("exact" | "estimate") as sure}:
            return max(count, 0), Sure(sure)
        case {"count": int() as count}:
            return max(count, 0), Sure.UNKNOWN
    return None, Sure.UNKNOWN


def _heard_at(door: Door, told: dict[str, state.Told], now: int) -> int | None:
    """When the door asked the server last: it asks at its own pace, whoever comes or goes."""
    if door.asked_at is None:
        return None
    availability = told.get("availability")
    if availability is not None and availability.value == "offline":
        return min(door.asked_at, availability.at)
    return min(door.asked_at, now)
