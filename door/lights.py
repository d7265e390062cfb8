"""The room's lights: on for whoever comes, off a while after nobody is left.

They go off only where the room is empty for certain. A count that may be wrong keeps them on: a bill for
current is better than somebody in the dark.
"""

from __future__ import annotations

from door.effects import Effect, Light
from door.events import Moment
from door.occupancy import Occupancy, last_sign, surely_empty
from door.rules import Rules


def follow(
    lit: bool, people: Occupancy, open_: bool | None, now: Moment, rules: Rules
) -> tuple[bool, tuple[Effect, ...]]:
    """Whether the lights are to be on from now, and the change if it is one."""
    if not rules.has_lights:
        return lit, ()
    off_at = _off_at(people, open_, rules)
    wanted = off_at is None or now < off_at
    return wanted, ((Light(wanted),) if wanted != lit else ())


def due(lit: bool, people: Occupancy, open_: bool | None, rules: Rules) -> Moment | None:
    """When the lights are to go off."""
    return _off_at(people, open_, rules) if lit and rules.has_lights else None


def _off_at(people: Occupancy, open_: bool | None, rules: Rules) -> Moment | None:
    if open_ or people.moving or not surely_empty(people):
        return None
    return last_sign(people) + rules.lights_off_ms
