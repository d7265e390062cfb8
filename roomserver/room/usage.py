"""How the room is used, in counts alone: entries a day, the fullest hours, a week as weekday × hour.

Made of the hourly counts, which outlive the rows and have no member in them. A count of one or two is told as
such and no closer, so that nobody can be followed through it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy.orm import Session

from contract.hours import DAYS, Hours
from roomserver.room import hourly

HOUR = 3600
LEVELS = 8
FEW = 2


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour that the room was open and that is over; ``start`` in Unix seconds."""

    start: int
    day: date
    hour: int
    entries: int
    peak: int


@dataclass(frozen=True, slots=True)
class Use:
    """Whole weeks of one door from Monday ``first``; hours closed or still to come are left out."""

    first: date
    weeks: int
    capacity: int
    hours: tuple[Hour, ...]

    @property
    def last(self) -> date:
        """The last day, a Sunday."""
        return self.first + timedelta(days=7 * self.weeks - 1)

    @property
    def days(self) -> Sequence[date]:
        """Every day, in order."""
        return [self.first + timedelta(days=n) for n in range(7 * self.weeks)]

    @property
    def entries(self) -> int:
        """How often somebody came in."""
        return sum(hour.entries for hour in self.hours)

    def of_day(self, day: date) -> tuple[int, int, int]:
        """Entries, the most inside at once, and full hours of ``day``."""
        found = [hour for hour in self.hours if hour.day == day]
        full = sum(self.is_full(hour) for hour in found)
        return sum(hour.entries for hour in found), max((hour.peak for hour in found), default=0), full

    def is_full(self, hour: Hour) -> bool:
        """Whether all seats were taken at some moment of it."""
        return hour.peak >= self.capacity

    @property
    def full(self) -> int:
        """How many hours were full."""
        return sum(map(self.is_full, self.hours))

    @property
    def fullest(self) -> Hour | None:
        """The hour with most inside, the first of them; None while nobody came."""
        found = max(self.hours, key=lambda hour: hour.peak, default=None)
        return found if found is not None and found.peak else None

    def levels(self) -> Mapping[tuple[int, int], int]:
        """By weekday (Monday is 0) and hour the mean of the peaks, in ``LEVELS`` parts of the seats."""
        cells: dict[tuple[int, int], list[int]] = {}
        for hour in self.hours:
            peak = FEW if 0 < hour.peak <= FEW else hour.peak
            cells.setdefault((hour.day.weekday(), hour.hour), []).append(peak)
        return {
            cell: min(LEVELS, -(-sum(peaks) * LEVELS // (len(peaks) * self.capacity)))
            for cell, peaks in cells.items()
        }


def use(
    session: Session, door: str, first: date, weeks: int, rules: Hours, zone: tzinfo, capacity: int, now: int
) -> Use:
    """The use of the room behind ``door`` in ``weeks`` weeks from Monday ``first``."""
    since, until = (_midnight(day, zone) for day in (first, first + timedelta(days=7 * weeks)))
    counted = {hour.start: hour for hour in hourly.of(session, since, until) if hour.door == door}
    hours = []
    for start in range(since, min(until, now - HOUR + 1), HOUR):
        local = datetime.fromtimestamp(start, zone)
        found = counted.get(start // HOUR * HOUR)
        if found is None and not rules.open_at(start, zone):
            continue
        entries, peak = (0, 0) if found is None else (found.entries, found.peak)
        hours.append(Hour(start, local.date(), local.hour, entries, peak))
    return Use(first, weeks, capacity, tuple(hours))


def monday(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def week_name(day: date) -> str:
    """``2026-W47`` (ISO 8601)."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def week_of(name: str) -> date:
    """The Monday of ``2026-W47``; ``ValueError`` when there is no such week."""
    found = re.fullmatch(r"(\d{4})-W(\d\d)", name, re.ASCII)
    try:
        return date.fromisocalendar(int(found[1]) if found else 0, int(found[2]) if found else 0, 1)
    except ValueError:
        raise ValueError(f"no week {name[:20]!r}") from None


def told(count: int) -> str:
    """A count as it may be told."""
    return f"1–{FEW}" if 0 < count <= FEW else str(count)


def as_csv(found: Use) -> str:
    """A line for each hour, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(["date", "weekday", "hour", "entries", "most_inside", "seats", "full"])
    for one in found.hours:
        counts = [told(one.entries), told(one.peak), found.capacity, int(found.is_full(one))]
        writer.writerow([one.day.isoformat(), DAYS[one.day.weekday()], f"{one.hour:02}:00", *counts])
    return out.getvalue()


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())
