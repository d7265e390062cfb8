"""When the room is busy: people inside by the hour of the day, from the rows of the last four weeks.

Only whole days that are over are counted, and only in eighths of all seats: nobody can see an entry in it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import audit
from roomserver.place import Opened
from roomserver.storage.schema import AuditRow, Log

DAYS = 28
LEVELS = 8
HOUR = 3600
MOST_HOURS = 16  # a count that nobody corrects means nothing after so long


@dataclass(frozen=True, slots=True)
class Busy:
    """The mean of each hour, in ``LEVELS`` parts of all seats (rounded up); empty while nothing is known."""

    levels: tuple[int, ...] = ()

    @property
    def peak(self) -> tuple[int, int] | None:
        """The first and the last of the busiest hours that follow each other; None while nothing is known."""
        if not any(self.levels):
            return None
        first = last = self.levels.index(max(self.levels))
        while last < 23 and self.levels[last + 1] == self.levels[first]:
            last += 1
        return first, last


class BusyHours:
    """Counted once a day."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._of: tuple[int, Busy] = (-1, Busy())

    def on(self, now: int, capacity: int) -> Busy:
        """The picture that holds on the day of ``now``."""
        zone = self._opened.place.settings.codes.codes().time_zone
        until = _midnight(now, zone)
        with self._lock:
            if self._of[0] != until:
                with self._opened.database.read() as session:
                    self._of = until, count(session, until, zone, capacity)
            return self._of[1]


Movement = tuple[int, str, int]  # at, type, count


def count(session: Session, until: int, zone: tzinfo, capacity: int) -> Busy:
    """The picture of the four weeks before midnight ``until``."""
    since = until - DAYS * 24 * HOUR
    query = (
        select(AuditRow.at, AuditRow.type, AuditRow.raw)
        .join(Log, Log.id == AuditRow.log_id)
        .where(AuditRow.received_at >= since, AuditRow.type.in_(("count", "entered", "left")))
        .where(AuditRow.at >= since, AuditRow.at < until)
        .order_by(AuditRow.at, Log.id, AuditRow.seq)
    )
    moved = [(at or 0, kind or "", told(kind, raw)) for at, kind, raw in session.execute(query)]
    if not moved:
        return Busy()
    seconds = person_seconds(moved, until, zone)
    days = max(1, (until - moved[0][0]) // (24 * HOUR))
    shares = (each / HOUR / days / capacity for each in seconds)
    return Busy(tuple(min(LEVELS, -int(-share * LEVELS // 1)) for share in shares))


def person_seconds(moved: Iterable[Movement], until: int, zone: tzinfo) -> Sequence[int]:
    """How long people were inside in each hour of the day, all together."""
    hours = [0] * 24
    inside, since = 0, 0
    for at, kind, number in [*moved, (until, "", 0)]:
        end = min(at, since + MOST_HOURS * HOUR)
        while inside and since < end:
            local = datetime.fromtimestamp(since, zone)
            step = min(end - since, HOUR - local.minute * 60 - local.second)
            hours[local.hour] += inside * step
            since += step
        inside = number if kind == "count" else max(0, inside + (kind == "entered") - (kind == "left"))
        since = at
    return hours


def told(kind: str | None, raw: bytes) -> int:
    """The count that a row of this type and these bytes tells; 0 for none."""
    found = audit.parse(raw).detail.get("count") if kind == "count" else 0
    return found if type(found) is int and found >= 0 else 0


def _midnight(now: int, zone: tzinfo) -> int:
    today = datetime.fromtimestamp(now, zone).date()
    return int(datetime.combine(today, time(), zone).timestamp())
