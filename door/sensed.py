"""What is felt at the door: the leaf, the lock, the exit button, the beams, motion, the fire alarm.

Each goes to the rule of its subject; what it says of who is in goes to ``occupancy.py`` as well.
"""

from __future__ import annotations

from dataclasses import replace

from door import beams, doorway, occupancy
from door.doorway import Passage
from door.effects import Effect, Mode
from door.events import (
    BeamChanged,
    ContactChanged,
    ExitPressed,
    FireChanged,
    LockMoved,
    Moment,
    MotionChanged,
)
from door.occupancy import Confidence, Occupancy
from door.rules import Rules
from door.state import State

Decided = tuple[State, tuple[Effect, ...]]
Sensed = ContactChanged | ExitPressed | BeamChanged | MotionChanged | FireChanged | LockMoved


def sense(state: State, event: Sensed, now: Moment, rules: Rules) -> Decided:
    """Take what a sensor tells to the rules it concerns."""
    match event:
        case ContactChanged(opened):
            return _contact(state, opened, now, rules)
        case ExitPressed():
            return _exit(state, now, rules)
        case BeamChanged():
            return _beam(state, event, now)
        case MotionChanged(moving):
            people, effects = occupancy.motion(state.occupancy, moving, state.doorway.open, now)
            return replace(state, occupancy=people), effects
        case FireChanged(burning):
            return _fire(state, burning, now, rules)
        case LockMoved(at, ms):
            return replace(state, doorway=doorway.moved(state.doorway, at, ms)), ()


def blocked(state: State, now: Moment, rules: Rules) -> Decided:
    """A beam that was broken for too long: what it did not see makes the count less sure."""
    across, effects = beams.tick(state.beams, now, rules)
    if not effects:
        return state, ()
    return replace(state, beams=across, occupancy=occupancy.doubt(state.occupancy)), effects


def _contact(state: State, opened: bool, now: Moment, rules: Rules) -> Decided:
    way, passage, effects = doorway.contact(state.doorway, opened, now, rules)
    people, counted = _passed(state, passage, now, rules)
    return replace(state, doorway=way, occupancy=people), (*effects, *counted)


def _exit(state: State, now: Moment, rules: Rules) -> Decided:
    way, effects = doorway.exit_pressed(state.doorway, now, rules)
    nothing_tells = not rules.has_contact or bool(way.open)
    people, counted = _passed(state, Passage.OUT if nothing_tells else None, now, rules)
    return replace(state, doorway=way, occupancy=people), (*effects, *counted)


def _beam(state: State, event: BeamChanged, now: Moment) -> Decided:
    across, passed, effects = beams.changed(state.beams, event, now)
    people = occupancy.doubt(state.occupancy) if passed.odd else state.occupancy
    if passed.inward is not None:
        people, counted = occupancy.crossed(people, passed.inward, now)
        effects = (*effects, *counted)
    return replace(state, beams=across, occupancy=people), effects


def _fire(state: State, burning: bool, now: Moment, rules: Rules) -> Decided:
    way, effects = doorway.fire(state.doorway, burning, now, open_mode=state.mode.mode is Mode.OPEN)
    people = state.occupancy
    if burning and effects and not state.by_beams(rules):
        people = occupancy.doubt(people, Confidence.UNKNOWN)  # whoever runs presses no button
    return replace(state, doorway=way, occupancy=people), effects


def _passed(
    state: State, passage: Passage | None, now: Moment, rules: Rules
) -> tuple[Occupancy, tuple[Effect, ...]]:
    match passage:
        case Passage.IN:
            return occupancy.entered(state.occupancy, now, beams=state.by_beams(rules))
        case Passage.OUT:
            return occupancy.left(state.occupancy, now, beams=state.by_beams(rules))
        case _:
            return occupancy.touch(state.occupancy, now), ()
