"""A walk from its first gesture to its last; the rule that it breaks, if any, told as short as it can be."""

from __future__ import annotations

import traceback

from walk.chance import drawn
from walk.walker import Gesture, Walker


def walk(door: int, gestures: tuple[Gesture, ...] | list[Gesture]) -> Walker:
    """Walk; raises at the first thing that ought not to be."""
    walker = Walker(door)
    for one in gestures:
        walker.do(one)
    return walker


def broken(door: int, gestures: list[Gesture]) -> str | None:
    """The rule that a walk breaks, in words."""
    try:
        walk(door, gestures)
    except Exception as error:  # noqa: BLE001  (whatever the core raises is a bug found)
        found = traceback.extract_tb(error.__traceback__)[-1].name
        return " ".join([found, type(error).__name__, *str(error).splitlines()[:1]])
    return None


def shortest(door: int, gestures: list[Gesture]) -> list[Gesture]:
    """The same walk without the gestures that its end does not need."""
    for at in reversed(range(len(gestures))):
        fewer = gestures[:at] + gestures[at + 1 :]
        if broken(door, fewer) is not None:
            gestures = fewer
    return gestures


def main(most: int) -> int:
    """Walk on and on; 1 as soon as something is wrong."""
    for walked in range(most):
        told = broken(*drawn(walked))
        if told is not None:
            print(walked + 1, told)
            return 1
    print(most)
    return 0
