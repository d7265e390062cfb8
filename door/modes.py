"""Modes of the door: normal, lockdown, open; how long each lasts and what survives a restart."""

from __future__ import annotations

from dataclasses import dataclass

from door.clock import Reading
from door.effects import Effect, Mode, Record, Remember
from door.events import Moment

OPEN_AT_MOST_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class ModeState:
    """The mode, and its end: ``until`` in Unix seconds, ``ends`` by running time."""

    mode: Mode = Mode.NORMAL
    until: int | None = None
    ends: Moment | None = None


def change(
    mode: Mode, until: int | None, by: str, reading: Reading, now: Moment
) -> tuple[ModeState, tuple[Effect, ...]]:
    """Another mode; ``open`` lasts at most 24 hours and is not kept through a restart."""
    ends = _ends(until, reading, now)
    if mode is Mode.OPEN:
        most = now + OPEN_AT_MOST_MS
        ends = most if ends is None else min(most, ends)
        until = None if reading.unix is None else reading.unix + (ends - now) // 1000
    if mode is Mode.NORMAL:
        until, ends = None, None
    kept = Mode.NORMAL if mode is Mode.OPEN else mode
    fact = {"mode": kept.value, "until": until if kept is not Mode.NORMAL else None}
    row = Record("mode", detail={"mode": mode.value, "until": until, "by": by})
    return ModeState(mode, until, ends), (Remember("mode", fact), row)


def restore(fact: object) -> ModeState:
    """The mode as it was kept; anything that cannot be read is ``normal``."""
    match fact:
        case {"mode": "lockdown", "until": int() | None as until}:
            return ModeState(Mode.LOCKDOWN, until)
        case _:
            return ModeState()


def aim(state: ModeState, reading: Reading, now: Moment) -> ModeState:
    """A restored end becomes a moment as soon as there is a time to count from."""
    if state.until is None or state.ends is not None or not reading.trusted:
        return state
    return ModeState(state.mode, state.until, _ends(state.until, reading, now))


def over(state: ModeState, now: Moment) -> bool:
    """Whether the mode has ended."""
    return state.ends is not None and now >= state.ends


def _ends(until: int | None, reading: Reading, now: Moment) -> Moment | None:
    if until is None or reading.unix is None:
        return None
    return now + max(0, until - reading.unix) * 1000
