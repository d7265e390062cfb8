"""Time as the door knows it: the sources of now, and the known past (PROTOCOL §1 Time).

A Pi has no battery clock, so no reading is taken at its word: each has a source and the sources a rank.
The *known past* marks time that has really passed; nothing forges it, and leases and retention count from it.
Readings come as events and are carried by the monotonic clock; this file never reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contract.codes import Kind
from door.effects import Effect, Record, Remember
from door.events import Moment, SystemTime
from door.rules import Rules

SERVER_LIFE_MS = 24 * 3_600_000
DISAGREE_MS = 30_000
LOWERED_MS = 5 * 60_000
REMEMBER_EVERY_MS = 10 * 60_000
DRIFT_PER_MILLION = 200  # the slowest crystal we believe in
CODE_PROVES_S = 30 * 60  # a code is issued at most so long before its step
LATEST_MS = 2**37 * 1000  # the year 6325: no reading beyond it is taken, calendars end in 9999
LEARNT_OFFSET_S = 80  # the middle of the moments at which a phone code may be typed


class Source(StrEnum):
    """Where now comes from, best first."""

    SERVER = "server"
    NTP = "ntp"
    RTC = "rtc"
    MANUAL = "manual"
    CODE = "code"
    NONE = "none"


BEST_FIRST = tuple(Source)  # going through an Enum itself takes three times as long
TRUSTED = frozenset({Source.SERVER, Source.NTP, Source.RTC, Source.MANUAL})
OF_THE_SYSTEM = frozenset({Source.NTP, Source.RTC})


@dataclass(frozen=True, slots=True)
class Tick:
    """A reading: Unix milliseconds as they were at a moment."""

    unix_ms: int
    at: Moment

    def ms(self, now: Moment) -> int:
        """The reading carried to ``now``."""
        return self.unix_ms + now - self.at


@dataclass(frozen=True, slots=True)
class Reading:
    """What time it is: ``unix`` seconds (None with source ``none``) and the known past, both in seconds."""

    source: Source
    unix: int | None
    known_past: int
    ms: int = 0  # into the second that ``unix`` is

    @property
    def trusted(self) -> bool:
        """Whether single codes of every kind may be judged by this time."""
        return self.source in TRUSTED

    @property
    def best(self) -> int:
        """Unix seconds for a row: now, or at least the known past."""
        return self.known_past if self.unix is None else self.unix

    def before(self, ms: int) -> int | None:
        """Unix seconds as they were so many milliseconds ago."""
        return None if self.unix is None else (self.unix * 1000 + self.ms - ms) // 1000


@dataclass(frozen=True, slots=True)
class Clock:
    """The readings by source, and the known past."""

    past: Tick = Tick(0, 0)
    ticks: Mapping[Source, Tick] = field(default_factory=dict)
    lowered: bool = False
    remembered: Moment = 0
    told: Source = Source.NONE  # by the last row


def known_past_ms(clock: Clock, now: Moment) -> int:
    """The known past carried by running time, less what a crystal may be fast."""
    ran = now - clock.past.at
    return clock.past.unix_ms + ran - ran * DRIFT_PER_MILLION // 1_000_000


def read(clock: Clock, now: Moment) -> Reading:
    """The best source that holds at ``now``."""
    past = known_past_ms(clock, now)
    for source in BEST_FIRST:
        tick = clock.ticks.get(source)
        if tick is not None and _holds(source, tick, now, past):
            return Reading(source, tick.ms(now) // 1000, past // 1000, tick.ms(now) % 1000)
    return Reading(Source.NONE, None, past // 1000)


def disagrees(clock: Clock, now: Moment) -> bool:
    """Whether the best trusted source contradicts a worse one, or the server set the known past back."""
    best = read(clock, now)
    if not best.trusted:
        return clock.lowered
    ours = clock.ticks[best.source].ms(now)
    old = None if best.source is Source.SERVER else Source.SERVER  # carried so long, it says nothing
    others = [tick.ms(now) for source, tick in clock.ticks.items() if source in TRUSTED - {old}]
    return clock.lowered or any(abs(ours - other) > DISAGREE_MS for other in others)


def server(clock: Clock, unix_ms: int, now: Moment) -> Clock:
    """The server told its time: it is now, and what is known to have passed."""
    if not 0 <= unix_ms <= LATEST_MS:
        return clock
    lowered = known_past_ms(clock, now) - unix_ms > LOWERED_MS
    tick = Tick(unix_ms, now)
    ticks: dict[Source, Tick] = {s: t for s, t in clock.ticks.items() if s is not Source.CODE}
    return replace(clock, past=tick, ticks=ticks | {Source.SERVER: tick}, lowered=lowered)


def system(clock: Clock, event: SystemTime, now: Moment, rules: Rules) -> Clock:
    """The system clock was read; it counts by what holds it."""
    ticks = {source: tick for source, tick in clock.ticks.items() if source not in OF_THE_SYSTEM}
    if not 0 <= event.unix_ms <= LATEST_MS:
        pass
    elif event.synchronised or rules.trust_system_clock:
        ticks[Source.NTP] = Tick(event.unix_ms, now)
    elif event.rtc:
        ticks[Source.RTC] = Tick(event.unix_ms, now)
    return replace(clock, ticks=ticks)


def vouch(clock: Clock, unix_ms: int, now: Moment) -> Clock:
    """The administrator vouches for a time; the known past stays."""
    return replace(clock, ticks={**clock.ticks, Source.MANUAL: Tick(unix_ms, now)})


def prove(clock: Clock, begin: int, now: Moment) -> Clock:
    """An accepted ``phone`` step was issued: the known past is at least its beginning − 30 min."""
    proved = (begin - CODE_PROVES_S) * 1000
    if proved <= known_past_ms(clock, now):
        return clock
    return replace(clock, past=Tick(proved, now))


def learn(clock: Clock, begin: int, typed: Moment, now: Moment) -> Clock:
    """A ``phone`` pair, first typed at ``typed``, tells what time it was, if nothing better does."""
    reading = read(clock, now)
    if reading.source is Source.SERVER or (reading.trusted and reading.best >= reading.known_past):
        return clock
    told = max((begin + LEARNT_OFFSET_S) * 1000 + now - typed, known_past_ms(clock, now))
    ticks = {source: tick for source, tick in clock.ticks.items() if source is not reading.source}
    return replace(clock, ticks=ticks | {Source.CODE: Tick(told, now)})


def granted(
    clock: Clock, kind: Kind, step: int, typed: Moment | None, now: Moment, rules: Rules
) -> tuple[Clock, tuple[Effect, ...]]:
    """What an accepted code tells of time; ``typed`` is when the first of a double code was."""
    if kind is not Kind.PHONE:
        return clock, ()
    begin = rules.codes.begin(kind, step)
    told = prove(clock, begin, now)
    if typed is not None:
        told = learn(told, begin, typed, now)
    return (told, ()) if told.past == clock.past else remember(told, now)


def due(clock: Clock) -> Moment:
    """When ``tick`` has something to do: the known past is stored every 10 minutes."""
    return clock.remembered + REMEMBER_EVERY_MS


def tick(clock: Clock, now: Moment) -> tuple[Clock, tuple[Effect, ...]]:
    """Store the known past now and then, so that a power cut forgets at most ten minutes of it."""
    return (clock, ()) if now < due(clock) else remember(clock, now)


def remember(clock: Clock, now: Moment) -> tuple[Clock, tuple[Effect, ...]]:
    """Store the known past."""
    return replace(clock, remembered=now), (Remember("known_past", known_past_ms(clock, now) // 1000),)


def change(before: Clock, after: Clock, reading: Reading, now: Moment) -> tuple[Clock, tuple[Effect, ...]]:
    """The row for a new source of now (``reading``, of ``after``), also when the old one has only aged."""
    source, was = reading.source, before.told
    lowered = after.lowered and after.ticks.get(Source.SERVER) != before.ticks.get(Source.SERVER)
    if source is was and not lowered:
        return after, ()
    old, new = before.ticks.get(was), after.ticks.get(source)
    jump = None if old is None or new is None else (new.ms(now) - old.ms(now)) // 1000
    detail = {"source": source.value, "before": was.value, "jump_s": jump}
    row = Record("clock", reason="known-past-lowered" if lowered else None, detail=detail)
    return replace(after, told=source), (row,)


def _holds(source: Source, tick: Tick, now: Moment, past_ms: int) -> bool:
    if source is Source.SERVER:
        return now - tick.at <= SERVER_LIFE_MS
    if source in OF_THE_SYSTEM:
        return tick.ms(now) // 1000 >= past_ms // 1000
    return True
