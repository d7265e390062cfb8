"""The decision: routes what happens to the rules, and puts what they answer in order. Nothing else.

Two rules:

1. ``decide`` is pure: it reads ``state``, ``event``, ``now`` and ``rules`` and returns a new state and effects.
   Whatever comes in, it raises nothing; if it does, that is a bug.
2. The order of effects is DESIGN §4: locking comes first, always. What a grant, a wrong guess, a command or
   a mode leaves behind is durable before anybody sees the answer (``Settle``). All else is shown, then recorded.

Time that has passed is dealt with before the event, so it makes no difference how late the loop wakes.
The rules are in the files of their subjects; a rule found here is in the wrong place.
"""

from __future__ import annotations

from dataclasses import replace

from door import accesslist, acts, budget, clock, doorway, keys, modes, occupancy, outcome
from door.clock import Reading
from door.doorway import Passage
from door.events import (
    DURABLE,
    Asked,
    CommandReceived,
    CommandRefused,
    ContactChanged,
    Crossed,
    Effect,
    Event,
    ExitPressed,
    FaultChanged,
    KeypadChanged,
    KeyPressed,
    ListReceived,
    Mode,
    Moment,
    Record,
    Relock,
    Remember,
    RulesReceived,
    ServerTime,
    Settle,
    Started,
    Stopping,
    StoreChanged,
    SystemTime,
    TimerFired,
    Unlock,
)
from door.rules import Rules
from door.state import State, with_fault

Decided = tuple[State, tuple[Effect, ...]]


def decide(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    """What the door does about ``event``."""
    before = state.reading(now)
    state, passed = _pass_time(state, now, rules)
    state, answered = _route(state, event, now, rules)
    after = state.reading(now)
    lowered = isinstance(event, ServerTime) and state.clock.lowered
    told = clock.change(before, after, lowered)
    state = replace(state, mode=modes.aim(state.mode, after, now))
    return state, ordered((*passed, *answered, *told), after)


def ordered(effects: tuple[Effect, ...], reading: Reading) -> tuple[Effect, ...]:
    """The effects in the order in which they are performed; rows get their time."""
    locking = [e for e in effects if isinstance(e, Relock)]
    durable = [_dated(e, reading) if isinstance(e, Record) else e for e in effects if isinstance(e, DURABLE)]
    unlocking = [e for e in effects if isinstance(e, Unlock)]
    others = [e for e in effects if not isinstance(e, (Relock, Unlock, Settle, *DURABLE))]
    if durable and any(isinstance(e, Settle) for e in effects):
        return (*locking, *durable, Settle(), *unlocking, *others)
    return (*locking, *unlocking, *others, *durable)


def _route(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    match event:
        case KeyPressed():
            return _key(state, event, now, rules)
        case ContactChanged(opened):
            return _contact(state, opened, now, rules)
        case ExitPressed():
            return _exit(state, now, rules)
        case Crossed(inward):
            people, effects = occupancy.crossed(state.occupancy, inward, now)
            return replace(state, occupancy=people), effects
        case TimerFired():
            return state, ()
        case CommandReceived(command):
            return acts.commanded(state, command, now, rules)
        case CommandRefused():
            return acts.refused(state, event, now)
        case Asked():
            return acts.asked(state, event, now, rules)
        case _:
            return _told(state, event, now, rules)


def _told(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    """What the outside tells of itself."""
    match event:
        case ServerTime(unix_ms):
            return replace(state, clock=clock.server(state.clock, unix_ms, now)), ()
        case SystemTime():
            return replace(state, clock=clock.system(state.clock, event, now, rules)), ()
        case ListReceived():
            at = state.reading(now).known_past
            return replace(state, list_at=at), (
                *accesslist.received(state.access, event),
                Remember("list_at", at),
            )
        case RulesReceived(revision):
            return state, (Record("rules", detail={"revision": revision}),)
        case KeypadChanged(keypad, fault):
            return _keypad(state, keypad, fault)
        case StoreChanged(fault):
            return _fault(replace(state, store_fault=fault), "store-failed", fault or "", fault is not None)
        case FaultChanged(fault, present):
            return _fault(with_fault(state, fault, "", present), fault, "", present)
        case Started():
            return _started(state, event, now)
        case Stopping(reason):
            return state, (Relock(), *budget.rows(state.budget), Record("stopped", reason=reason))
        case _:
            return state, ()


def _key(state: State, event: KeyPressed, now: Moment, rules: Rules) -> Decided:
    held = state.first is not None and now - state.first.at <= rules.pair_ms
    pad, digits, effects = keys.press(replace(state.keys, first_held=held), event, now, rules)
    state = replace(state, keys=pad)
    if digits is None:
        return state, effects
    state, answered = outcome.attempt(state, digits, now, rules)
    return state, (*effects, *answered)


def _contact(state: State, opened: bool, now: Moment, rules: Rules) -> Decided:
    way, passage, effects = doorway.contact(state.doorway, opened, now, rules)
    people, counted = _passed(state, passage, now)
    return replace(state, doorway=way, occupancy=people), (*effects, *counted)


def _exit(state: State, now: Moment, rules: Rules) -> Decided:
    way, effects = doorway.exit_pressed(state.doorway, now, rules)
    nothing_tells = not rules.has_contact or bool(way.open)
    people, counted = _passed(state, Passage.OUT if nothing_tells else None, now)
    return replace(state, doorway=way, occupancy=people), (*effects, *counted)


def _passed(
    state: State, passage: Passage | None, now: Moment
) -> tuple[occupancy.Occupancy, tuple[Effect, ...]]:
    match passage:
        case Passage.IN:
            return occupancy.entered(state.occupancy, now)
        case Passage.OUT:
            return occupancy.left(state.occupancy, now)
        case _:
            return occupancy.touch(state.occupancy, now), ()


def _started(state: State, event: Started, now: Moment) -> Decided:
    way, locking = doorway.lock(doorway.start(state.doorway, event.contact_open, now), now)
    return replace(state, doorway=way), (*locking, Record("started", detail={"version": event.version}))


def _keypad(state: State, keypad: str, fault: str | None) -> Decided:
    """A keypad has one fault at a time; the new one replaces the old."""
    alarms = {"lost": "keypad-lost", "stuck": "keypad-stuck"}
    effects: tuple[Effect, ...] = ()
    for name, alarm in alarms.items():
        present = fault == name
        if present != ((alarm, keypad) in state.faults):
            state, row = _fault(with_fault(state, alarm, keypad, present), alarm, keypad, present)
            effects = (*effects, *row)
    return state, effects


def _fault(state: State, alarm: str, of: str, present: bool) -> Decided:
    return state, (
        Record("fault" if present else "fault-ended", reason=alarm, detail={"of": of} if of else {}),
    )


def _pass_time(state: State, now: Moment, rules: Rules) -> Decided:
    """Let every rule deal with the time that has passed."""
    unix = state.reading(now).best
    way, relocked = doorway.tick(state.doorway, now, rules)
    purse, refilled = budget.tick(state.budget, now, rules)
    people, emptied = occupancy.tick(state.occupancy, way.open, unix, now, rules)
    told, stored = clock.tick(state.clock, now)
    kept = (budget.remembered(purse, now, rules),) if stored else ()
    state = replace(state, doorway=way, budget=purse, occupancy=people, clock=told)
    state, ended = _end_mode(state, now)
    pad, digits, shown = keys.tick(state.keys, now, rules)
    state, effects = (
        replace(state, keys=pad),
        (*relocked, *refilled, *emptied, *stored, *kept, *ended, *shown),
    )
    if digits is None:
        return state, effects
    state, answered = outcome.attempt(state, digits, now, rules)
    return state, (*effects, *answered)


def _end_mode(state: State, now: Moment) -> Decided:
    if not modes.over(state.mode, now):
        return state, ()
    mode, row = modes.change(Mode.NORMAL, None, "time", state.reading(now), now)
    way, locking = doorway.lock(state.doorway, now)
    return replace(state, mode=mode, doorway=way), (*locking, *row)


def _dated(row: Record, reading: Reading) -> Record:
    return replace(row, at=reading.best, clock=reading.source.value)
