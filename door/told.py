"""What the outside tells the door: times, lists, rules, faults, its own start and end."""

from __future__ import annotations

from dataclasses import replace

from door import accesslist, budget, clock, doorway
from door.events import (
    Effect,
    Event,
    FaultChanged,
    KeypadChanged,
    ListReceived,
    Moment,
    Record,
    Relock,
    Remember,
    RulesReceived,
    ServerTime,
    Started,
    Stopping,
    StoreChanged,
    SystemTime,
)
from door.rules import Rules
from door.state import State, with_fault

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
