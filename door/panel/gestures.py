"""What a visitor of the panel may do, as the page says it: JSON in, a checked gesture out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from door.keypad import KEYS

SWITCHES = frozenset("power network broker disk battery tampered burning mains_failed moving chair".split())
MOST_KEYS = 24
MOST_SKEW = 50 * 365 * 86_400  # seconds


class GestureError(ValueError):
    """This is no gesture; ``str(error)`` says what would be one."""


class NotNowError(RuntimeError):
    """A gesture that cannot be made now; ``str(error)`` says why."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """``do`` is the word, ``at`` its particulars."""

    do: str
    at: Mapping[str, Any]


def parse(raw: bytes) -> Gesture:
    """``{"do": "walk", "to": 100}`` and its like; ``GestureError`` tells what is wrong with it."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        raise GestureError('no JSON; a gesture looks like {"do": "walk", "to": 100}') from None
    if not isinstance(said, dict) or not isinstance(said.get("do"), str):
        raise GestureError('a gesture has a word: {"do": …}')
    do = said.pop("do")
    if do not in FORMS:
        raise GestureError(f"no gesture {do[:20]!r}; there are {', '.join(sorted(FORMS))}")
    form = FORMS[do]
    if said.keys() != form.keys() or not all(fits(said[name]) for name, fits in form.items()):
        raise GestureError(f"{do} is said with {', '.join(form) or 'nothing'}, see docs/panel.md")
    return Gesture(do, said)


Fits = Callable[[Any], bool]


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _whole(least: int, most: int) -> Fits:
    return lambda value: type(value) is int and least <= value <= most


def _key(value: Any) -> bool:
    return isinstance(value, str) and value in KEYS


def _keys(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_KEYS and KEYS.issuperset(value)


def _switch(value: Any) -> bool:
    return isinstance(value, str) and value in SWITCHES


FORMS: Mapping[str, Mapping[str, Fits]] = {
    "key": {"key": _key, "down": _truth},
    "type": {"keys": _keys},
    "walk": {"to": _whole(0, 100)},
    "leave": {},
    "switch": {"name": _switch, "on": _truth},
    "clock": {"seconds": _whole(-MOST_SKEW, MOST_SKEW)},
}
