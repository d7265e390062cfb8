"""The time as the door ought to know it: PROTOCOL §1 Time told again, for the walk to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

from door.events import SystemTime

TRUSTED = ("server", "ntp", "rtc", "manual")
LATEST_MS = 2**37 * 1000
DAY_MS = 86_400_000
HALF_AN_HOUR_MS = 30 * 60_000

Reading = tuple[int, int]  # Unix ms, and the moment at which it was so


@dataclass
class Timepiece:
    """Readings by source, best first, and the known past."""

    past: Reading
    readings: dict[str, Reading] = field(default_factory=dict)

    def known_past(self, now: int) -> int:
        """Unix ms that have surely passed: running time counts, less 200 ppm."""
        ran = now - self.past[1]
        return self.past[0] + ran - ran * 200 // 1_000_000

    def source(self, now: int) -> str:
        """The best source that holds: the server for a day, the system's clocks not before the known past."""
        for source in (*TRUSTED, "code"):
            if source not in self.readings:
                continue
            if source == "server" and now - self.readings[source][1] > DAY_MS:
                continue
            if source in ("ntp", "rtc") and self._carried(source, now) // 1000 < self.known_past(now) // 1000:
                continue
            return source
        return "none"

    def trusted(self, now: int) -> bool:
        """Whether single codes of every kind may be judged by it."""
        return self.source(now) in TRUSTED

    def unix_ms(self, now: int) -> int | None:
        """Now, if anything tells it."""
        source = self.source(now)
        return None if source == "none" else self._carried(source, now)

    def best(self, now: int) -> int:
        """Unix seconds for a row."""
        unix_ms = self.unix_ms(now)
        return (self.known_past(now) if unix_ms is None else unix_ms) // 1000

    def told_by_server(self, unix_ms: int, now: int) -> bool:
        """Take the server's word; whether the known past was set back by more than five minutes."""
        if not 0 <= unix_ms <= LATEST_MS:
            return False
        back = self.known_past(now) - unix_ms
        self.past = self.readings["server"] = (unix_ms, now)
        self.readings.pop("code", None)
        return back > 5 * 60_000

    def told_by_system(self, event: SystemTime, trust: bool, now: int) -> None:
        """Take the system clock for what holds it; with neither NTP nor a battery it says nothing."""
        self.readings.pop("ntp", None)
        self.readings.pop("rtc", None)
        if not 0 <= event.unix_ms <= LATEST_MS:
            return
        if event.synchronised or trust:
            self.readings["ntp"] = (event.unix_ms, now)
        elif event.rtc:
            self.readings["rtc"] = (event.unix_ms, now)

    def vouched(self, unix: int, now: int) -> None:
        """The administrator vouches for a time."""
        self.readings["manual"] = (unix * 1000, now)

    def proved(self, begin: int, typed: int | None, now: int) -> bool:
        """A ``phone`` step opened; ``typed``: when the first of a pair was. Whether the past rose."""
        shown = begin * 1000 - HALF_AN_HOUR_MS
        rose = shown > self.known_past(now)
        if rose:
            self.past = (shown, now)
        if typed is not None:
            self._learnt(begin, typed, now)
        return rose

    def _learnt(self, begin: int, typed: int, now: int) -> None:
        """Now is told by the pair where nothing better tells it."""
        source = self.source(now)
        unix_ms = self.unix_ms(now)
        sound = unix_ms is not None and unix_ms // 1000 >= self.known_past(now) // 1000
        if source == "server" or (source in TRUSTED and sound):
            return
        self.readings.pop(source, None)
        self.readings["code"] = (max((begin + 80) * 1000 + now - typed, self.known_past(now)), now)

    def _carried(self, source: str, now: int) -> int:
        unix_ms, at = self.readings[source]
        return unix_ms + now - at
