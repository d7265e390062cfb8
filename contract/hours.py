"""Opening hours and holidays: is the room open, and when does it open next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)

Span = tuple[int, int]  # minutes of the local day, end exclusive


class HoursError(ValueError):
    """These are not opening hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans for each weekday (Monday first), and for single dates that differ (``YYYY-MM-DD``)."""

    week: tuple[tuple[Span, ...], ...] = ((((0, 1440),)),) * 7
    dates: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def always(self) -> bool:
        """Whether the room never closes."""
        return not self.dates and all(day == ((0, 1440),) for day in self.week)

    def open_at(self, t: int, zone: tzinfo) -> bool:
        """Whether the room is open at Unix second ``t``."""
        local = datetime.fromtimestamp(t, zone)
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self._spans(local))

    def next_opening(self, t: int, zone: tzinfo) -> int | None:
        """Unix second of the next opening after ``t``, at most a year ahead; None if there is none."""
        local = datetime.fromtimestamp(t, zone)
        for day in range(367):
            today = (local + timedelta(days=day)).date()
            midnight = datetime.combine(today, time(), zone)
            for begin, _ in sorted(self._spans(midnight)):
                opens = datetime.combine(today, time(begin // 60, begin % 60), zone)
                if opens.timestamp() > t:
                    return int(opens.timestamp())
        return None

    def _spans(self, day: datetime) -> tuple[Span, ...]:
        special = self.dates.get(day.date().isoformat())
        return self.week[day.weekday()] if special is None else special


def parse(hours: object, holidays: object) -> Hours:
    """Hours from ``{"mon": ["08:00-22:00"], …}`` and ``{"2026-10-01": []}``; a day left out is open."""
    if not isinstance(hours, Mapping) or not isinstance(holidays, Mapping):
        raise HoursError("hours and holidays are tables")
    for name in hours:
        if name not in DAYS:
            raise HoursError(f"hours: no day {_shown(name)}; days are {' '.join(DAYS)}")
    week = tuple(_spans(hours.get(day, ["00:00-24:00"]), day) for day in DAYS)
    dates = {}
    for name, spans in holidays.items():
        if not is_date(name):
            raise HoursError(f"holidays: {_shown(name)} is no date; write 2026-10-01")
        dates[name] = _spans(spans, name)
    return Hours(week, dates)


def _spans(value: object, where: str) -> tuple[Span, ...]:
    if not isinstance(value, list | tuple):
        raise HoursError(f"{where}: a list of spans such as ['08:00-22:00']")
    return tuple(_span(text, where) for text in value)


def _span(text: object, where: str) -> Span:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise HoursError(f"{where}: {_shown(text)} is no span; write 08:00-22:00")
    h1, m1, h2, m2 = map(int, found.groups())
    begin, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or not begin < end <= 1440:
        raise HoursError(f"{where}: {text} must begin before it ends, within 00:00-24:00")
    return begin, end


def is_date(name: object) -> bool:
    """Whether ``name`` is a date as ``open_at`` will look for it: 2026-10-01, not 2026-10-1 or 20261001."""
    try:
        return isinstance(name, str) and date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _shown(value: object) -> str:
    return repr(value[:20]) if isinstance(value, str) else f"a {type(value).__name__}"
