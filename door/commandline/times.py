"""Times as an administrator types and reads them: in the time zone of the room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_AGO = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
_UNIX = re.compile(r"\d{9,11}", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d?:\d\d(?::\d\d)?))?", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
CLOCK_FORMS = "19:02, or '2026-11-24 19:02'"
FORMS = f"2h (or 30m, 3d), 2026-11-24, {CLOCK_FORMS}"


class TimeError(ValueError):
    """This is no time."""


@dataclass(frozen=True, slots=True)
class When:
    """A time as typed; which moment it is depends on now and on the room."""

    seconds: int | None = None  # of a duration
    at: int | None = None  # Unix seconds
    day: date | None = None
    clock: time | None = None

    def before(self, now: int, zone: tzinfo) -> int:
        """Unix seconds of the last such moment that is not after ``now``; a date is that date."""
        return self._moment(now, zone, -1)

    def after(self, now: int, zone: tzinfo) -> int:
        """Unix seconds of the next such moment from ``now`` on; a date is that date."""
        return self._moment(now, zone, +1)

    def _moment(self, now: int, zone: tzinfo, way: int) -> int:
        if self.seconds is not None:
            return max(0, now + way * self.seconds)
        if self.at is not None:
            return self.at
        clock = self.clock or time()
        if self.day is not None:
            return _unix(self.day, clock, zone)
        today = datetime.fromtimestamp(now, zone).date()
        found = _unix(today, clock, zone)
        if (found - now) * way >= 0:
            return found
        return _unix(today + timedelta(days=way), clock, zone)


NOW = When(seconds=0)


def parse(text: str, forms: str = FORMS) -> When:
    """A time as typed; ``TimeError`` says how one is written. Only the digits 0 to 9 are digits."""
    text = text.strip()
    try:
        if found := _AGO.fullmatch(text):
            return When(seconds=int(found[1]) * _SECONDS[found[2]])
        if _UNIX.fullmatch(text):
            return When(at=int(text))
        if _CLOCK.fullmatch(text):
            return When(clock=_clock(text))
        if found := _DATE.fullmatch(text):
            day = date(int(found[1]), int(found[2]), int(found[3]))
            if not 1970 <= day.year < 9000:
                raise ValueError
            return When(day=day, clock=_clock(found[4]) if found[4] else None)
    except ValueError:
        pass
    raise TimeError(f"{text[:30]!r} is no time; write it like {forms}")


def shown(unix: int | None, zone: tzinfo, *, now: int | None = None) -> str:
    """A moment for reading; of today (as ``now`` is) only its time; ``–`` for none."""
    if not unix:
        return "–"
    at = datetime.fromtimestamp(unix, zone)
    if now is not None and at.date() == datetime.fromtimestamp(now, zone).date():
        return f"{at:%H:%M:%S %Z}"
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"


def lasted(seconds: float) -> str:
    """A duration in the two largest units that matter."""
    left = max(0, int(seconds))
    if left < 60:
        return f"{left} s"
    if left < 3600:
        return f"{left // 60} min"
    if left < 86_400:
        return f"{left // 3600} h {left % 3600 // 60:02} min"
    return f"{left // 86_400} d {left % 86_400 // 3600} h"


def _clock(text: str) -> time:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _unix(day: date, clock: time, zone: tzinfo) -> int:
    return int(datetime.combine(day, clock, zone).timestamp())
