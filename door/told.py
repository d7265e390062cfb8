"""What the outside tells the door: times, lists, rules, faults, its own start and end."""

from __future__ import annotations

from dataclasses import replace

from door import accesslist, budget, clock, doorway
from door.effects import Effect, Record, Remember
from door.events import (
    Event,
    FaultChanged,
    KeypadChanged,
    ListReceived,
    Moment,
    RulesReceived,
    ServerTime,
    Started,
    Stopping,
    StoreChanged,
    SystemTime,
    TamperChanged,
)
from door.rules import Rules
from door.state import USED_STEPS_LOST, State, with_fault

POWER_FAILED = "power-failed"
Decided = tuple[State, tuple[Effect, ...]]


def tell(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    """Take note of it; events of another kind are passed over."""
    match event:
        case ServerTime(unix_ms):
            return replace(state, clock=clock.server(state.clock, unix_ms, now)), ()
        case SystemTime():
            return replace(state, clock=clock.system(state.clock, event, now, rules)), ()
        case ListReceived():
            at = state.reading(now).known_past
            time, past = clock.remember(state.clock, now)  # a lease that outlived a power cut would be longer
            rows = accesslist.received(state.access, event)
            return replace(state, list_at=at, clock=time), (*rows, Remember("list_at", at), *past)
        case RulesReceived(revision):
            return state, (Record("rules", detail={"revision": revision}),)
        case KeypadChanged(keypad, fault):
            return _keypad(state, keypad, fault)
        case StoreChanged(fault):
            return _store(state, fault)
        case FaultChanged(fault, present):
            return _changed(state, fault, present, now)
        case TamperChanged(opened):
            return _tamper(state, opened)
        case Started():
            return _started(state, event, now, rules)
        case Stopping(reason):
            return _stopping(state, reason, now)
        case _:
            return state, ()


def _started(state: State, event: Started, now: Moment, rules: Rules) -> Decided:
    """Locked. A loss of used steps has emptied the budget (``state.restore``), and that is kept instead."""
    way, locking = doorway.lock(doorway.start(state.doorway, event.contact_open, now), now)
    kept = (budget.remembered(state.budget, now, rules), Remember(USED_STEPS_LOST, False))
    row = Record("started", detail={"version": event.version})
    return replace(state, doorway=way), (*locking, row, *kept)


def _keypad(state: State, keypad: str, fault: str | None) -> Decided:
    """A keypad has one fault at a time; the new one replaces the old."""
    alarms = {"lost": "keypad-lost", "stuck": "keypad-stuck"}
    effects: tuple[Effect, ...] = ()
    for name, alarm in alarms.items():
        present = fault == name
        state, row = _fault(state, alarm, keypad, present)
        effects = (*effects, *row)
    return state, effects


def _store(state: State, fault: str | None) -> Decided:
    if fault == state.store_fault:
        return state, ()
    return replace(state, store_fault=fault), (_row("store-failed", fault or "", fault is not None),)


def _changed(state: State, fault: str, present: bool, now: Moment) -> Decided:
    """Where the supply has failed, the battery may be next: running time is kept while there is power."""
    state, rows = _fault(state, fault, "", present)
    if not rows or not present or fault != POWER_FAILED:
        return state, rows
    time, past = clock.remember(state.clock, now)
    return replace(state, clock=time), (*rows, *past)


def _tamper(state: State, opened: bool) -> Decided:
    """A level: told again, it is no news."""
    if opened == (("tamper", "") in state.faults):
        return state, ()
    return with_fault(state, "tamper", "", opened), (Record("tamper" if opened else "tamper-ended"),)


def _fault(state: State, alarm: str, of: str, present: bool) -> Decided:
    """A level: told again, it is no news."""
    if present == ((alarm, of) in state.faults):
        return state, ()
    return with_fault(state, alarm, of, present), (_row(alarm, of, present),)


def _row(alarm: str, of: str, present: bool) -> Effect:
    return Record("fault" if present else "fault-ended", reason=alarm, detail={"of": of} if of else {})


def _stopping(state: State, reason: str, now: Moment) -> Decided:
    """Locked; running time since the last note of it is not lost."""
    way, locking = doorway.lock(state.doorway, now)
    time, past = clock.remember(state.clock, now)
    rows = (*budget.rows(state.budget), Record("stopped", reason=reason))
    state = replace(state, doorway=way, clock=time, budget=replace(state.budget, burst=None))
    return state, (*locking, *rows, *past)
