"""Keys into attempts: clear, enter, silence, and the shorter second code.

Each keypad has digits and a first code of its own, so that two of them never mix.
An attempt is complete at full length, or by ``#``.
Where a first code is held, as many digits as a second code has also count after a short pause.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from door.effects import Cue, Effect, Show
from door.events import KeyPressed, Moment
from door.rules import Rules

DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Typed:
    """The digits on one keypad: still standing, or a complete attempt."""

    keypad: str
    digits: str = field(repr=False)
    last: Moment


@dataclass(frozen=True, slots=True)
class Keys:
    """What stands on all keypads; ``firsts`` are those on which a second code may follow."""

    typed: tuple[Typed, ...] = ()
    firsts: frozenset[str] = frozenset()


Pressed = tuple[Keys, Typed | None, tuple[Effect, ...]]
HEARD = (Show(Cue.KEY),)


def press(keys: Keys, event: KeyPressed, now: Moment, rules: Rules) -> Pressed:
    """The keypads after one key, the attempt if it is complete, and what to show."""
    standing = next((t.digits for t in keys.typed if t.keypad == event.keypad), "")
    if event.key in DIGITS:
        typed = Typed(event.keypad, standing + event.key, now)
        if len(typed.digits) >= rules.codes.length:
            return _without(keys, event.keypad), typed, HEARD
        return Keys((*_others(keys, event.keypad), typed), keys.firsts), None, HEARD
    if event.key == "#":
        entered = Typed(event.keypad, standing, now) if standing else None
        return _without(keys, event.keypad), entered, HEARD
    if event.key == "*":
        return _without(keys, event.keypad), None, (Show(Cue.CLEARED),)
    return keys, None, ()


def tick(keys: Keys, now: Moment, rules: Rules, only: str | None = None) -> Pressed:
    """Digits left standing (on keypad ``only``): after the pause a second code, after the silence nothing."""
    for typed in keys.typed:
        if only not in (None, typed.keypad):
            continue
        if _second(keys, typed, rules) and now >= typed.last + rules.second_pause_ms:
            return _without(keys, typed.keypad), typed, ()
        if now >= typed.last + rules.silence_ms:
            return _without(keys, typed.keypad), None, (Show(Cue.CLEARED),)
    return keys, None, ()


def due(keys: Keys, rules: Rules) -> Moment | None:
    """When ``tick`` has something to do."""
    pauses = [
        typed.last + (rules.second_pause_ms if _second(keys, typed, rules) else rules.silence_ms)
        for typed in keys.typed
    ]
    return min(pauses, default=None)


def _second(keys: Keys, typed: Typed, rules: Rules) -> bool:
    return typed.keypad in keys.firsts and len(typed.digits) == rules.codes.digits


def _others(keys: Keys, keypad: str) -> tuple[Typed, ...]:
    return tuple([t for t in keys.typed if t.keypad != keypad])


def _without(keys: Keys, keypad: str) -> Keys:
    return Keys(_others(keys, keypad), keys.firsts)
