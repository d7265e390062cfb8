"""The bell: ``*`` held for three seconds, or pressed three times where a keypad cannot tell holding.

It sounds a chime inside and leaves a row. Nothing opens by itself: whoever is in goes and looks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from door.effects import Cue, Effect, Record, Show
from door.events import Moment
from door.rules import Rules

KEY = "*"
TIMES = 3
TOGETHER_MS = 3_000  # three presses within so long are meant
REST_MS = 20_000  # a finger that stays rings no more often


@dataclass(frozen=True, slots=True)
class Bell:
    """The latest presses of ``*``, on one keypad and with no other key between, and the last ring."""

    keypad: str = ""
    presses: tuple[Moment, ...] = ()
    rung_at: Moment | None = None


Rung = tuple[Bell, tuple[Effect, ...]]


def pressed(bell: Bell, keypad: str, key: str, now: Moment, rules: Rules) -> Rung:
    """One key: the third ``*`` in a row rings."""
    if not rules.has_bell:
        return bell, ()
    if key != KEY:
        return (replace(bell, presses=()) if bell.presses else bell), ()
    before = bell.presses if bell.keypad == keypad else ()
    presses = (*(at for at in before if now - at < TOGETHER_MS), now)
    if len(presses) < TIMES:
        return replace(bell, keypad=keypad, presses=presses), ()
    return _ring(replace(bell, presses=()), keypad, now)


def held(bell: Bell, keypad: str, key: str, now: Moment, rules: Rules) -> Rung:
    """A key is being held: ``*`` rings."""
    if not rules.has_bell or key != KEY:
        return bell, ()
    return _ring(replace(bell, presses=()), keypad, now)


def _ring(bell: Bell, keypad: str, now: Moment) -> Rung:
    if bell.rung_at is not None and now - bell.rung_at < REST_MS:
        return bell, ()
    return replace(bell, rung_at=now), (Record("bell", detail={"keypad": keypad}), Show(Cue.BELL))
