"""Opening hours as people ask for them: until when, which days are alike, which dates differ soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import groupby

from contract.hours import Hours, Span

DAY_MINUTES = 1440
SOON_DAYS = 60
LOOK_AHEAD_DAYS = 7


@dataclass(frozen=True, slots=True)
class Days:
    """Weekdays in a row that are alike, Monday is 0; ``last`` is included."""

    first: int
    last: int
    spans: tuple[Span, ...]


def open_until(hours: Hours, zone: tzinfo, t: int) -> int | None:
    """When the room that is open at ``t`` closes; None when it does not close within a week."""
    day = datetime.fromtimestamp(t, zone).date()
    minute = (t - _midnight(day, zone)) // 60
    for _ in range(LOOK_AHEAD_DAYS):
        end = _end_of_stretch(_spans(hours, day), minute)
        if end < DAY_MINUTES:
            return _midnight(day, zone) + end * 60
        day, minute = day + timedelta(days=1), 0
        if not any(begin == 0 for begin, _ in _spans(hours, day)):
            return _midnight(day, zone)
    return None


def week(hours: Hours) -> list[Days]:
    """The week, days that are alike together."""
    alike = groupby(range(7), key=lambda day: tuple(sorted(hours.week[day])))
    grouped = [(list(days), spans) for spans, days in alike]
    return [Days(days[0], days[-1], spans) for days, spans in grouped]


def differing(hours: Hours, today: date) -> Sequence[tuple[date, tuple[Span, ...]]]:
    """Dates within ``SOON_DAYS`` that differ from their weekday, in order."""
    found = [(date.fromisoformat(name), tuple(sorted(spans))) for name, spans in hours.dates.items()]
    return sorted(one for one in found if today <= one[0] <= today + timedelta(days=SOON_DAYS))


def span_text(span: Span) -> str:
    """``08:00–22:00``."""
    return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span)


def _end_of_stretch(spans: Sequence[Span], minute: int) -> int:
    """The minute at which the stretch that holds ``minute`` ends; spans may touch or overlap."""
    end = minute
    for begin, until in sorted(spans):
        if begin <= end < until:
            end = until
    return end


def _spans(hours: Hours, day: date) -> Sequence[Span]:
    special = hours.dates.get(day.isoformat())
    return hours.week[day.weekday()] if special is None else special


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())
