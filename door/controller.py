"""The decision: routes what happens to the rules, and puts what they answer in order. Nothing else.

Two rules:

1. ``decide`` is pure: from ``state``, ``event``, ``now`` and ``rules`` it makes a new state and effects.
   Whatever comes in, it raises nothing; if it does, that is a bug.
2. The order of effects is DESIGN §4: locking comes first, always. What a grant, a wrong guess or a command
   leaves behind is durable before anybody sees the answer (``Settle``). All else is shown, then recorded.

Time that has passed is dealt with before the event, so it makes no difference how late the loop wakes.
The rules are in the files of their subjects; a rule found here is in the wrong place.
"""

from __future__ import annotations

from dataclasses import replace

from door import (
    acts,
    admission,
    bell,
    budget,
    check,
    clock,
    doorway,
    keys,
    lights,
    modes,
    occupancy,
    sensed,
    told,
)
from door.check import Answer, Denial, Grant, Second
from door.clock import Reading
from door.doorway import Passage
from door.effects import DURABLE, Cue, Effect, Mode, Record, Relock, Settle, Show, Unlock
from door.events import (
    Asked,
    BeamChanged,
    CommandReceived,
    CommandRefused,
    ContactChanged,
    Event,
    ExitPressed,
    FireChanged,
    KeyHeld,
    KeyPressed,
    LockMoved,
    Moment,
    MotionChanged,
    TimerFired,
)
from door.keys import Typed
from door.rules import Rules
from door.state import State, with_firsts

Decided = tuple[State, tuple[Effect, ...]]


def decide(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    """What the door does about ``event``."""
    before = state.clock
    state, passed = _pass_time(state, event, now, rules)
    state, answered = _route(state, event, now, rules)
    after = state.reading(now)
    time, changed = clock.change(before, state.clock, after, now)
    mode = modes.aim(state.mode, after, now)
    lit, switched = lights.follow(state.lit, state.occupancy, state.doorway.open, now, rules)
    if time is not state.clock or mode is not state.mode or switched:
        state = replace(state, clock=time, mode=mode, lit=lit)
    noted = time.remembered != before.remembered  # running time was stored: what refilled in it as well
    kept = (budget.remembered(state.budget, now, rules),) if noted else ()
    return state, ordered((*passed, *answered, *switched, *changed, *kept), after)


def ordered(effects: tuple[Effect, ...], reading: Reading) -> tuple[Effect, ...]:
    """The effects in the order in which they are performed; rows get their time."""
    locking: list[Effect] = []
    unlocking: list[Effect] = []
    durable: list[Effect] = []
    others: list[Effect] = []
    settle = False
    for effect in effects:
        if isinstance(effect, Relock):
            locking.append(effect)
            unlocking.clear()  # a relock takes back what was to be unlocked before it
        elif isinstance(effect, Unlock):
            unlocking.append(effect)
        elif isinstance(effect, Settle):
            settle = True
        elif isinstance(effect, DURABLE):
            durable.append(_dated(effect, reading) if isinstance(effect, Record) else effect)
        else:
            others.append(effect)
    if durable and settle:
        return (*locking, *durable, Settle(), *unlocking, *others)
    return (*locking, *unlocking, *others, *durable)


def _route(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    match event:
        case KeyPressed():
            return _key(state, event, now, rules)
        case ContactChanged() | ExitPressed() | BeamChanged() | MotionChanged() | FireChanged() | LockMoved():
            return sensed.sense(state, event, now, rules)
        case KeyHeld(keypad, key):
            rung, effects = bell.held(state.bell, keypad, key, now, rules)
            return replace(state, bell=rung), effects
        case TimerFired():
            return state, ()
        case CommandReceived(command):
            return acts.commanded(state, command, now, rules)
        case CommandRefused():
            return acts.refused(state, event, now)
        case Asked():
            return acts.asked(state, event, now, rules)
        case _:
            return told.tell(state, event, now, rules)


def _key(state: State, event: KeyPressed, now: Moment, rules: Rules) -> Decided:
    pad, typed, effects = keys.press(state.keys, event, now, rules)
    rung, ringing = bell.pressed(state.bell, event.keypad, event.key, now, rules)
    state = replace(state, keys=pad, bell=rung)
    if typed is None:
        return state, (*effects, *ringing)
    state, answered = _attempt(state, typed, now, rules)
    return state, (*effects, *answered)


def _attempt(state: State, typed: Typed, now: Moment, rules: Rules) -> Decided:
    """Answer what was typed, unless wrong pairs have earned a pause."""
    pause = budget.pausing(state.budget, now)
    if pause:
        return state, (Show(Cue.WAIT, pause),)
    double_only = state.budget.lockout or state.store_fault is not None
    asked = check.Asked(state.access, state.reading(now), state.room(rules), double_only, now, rules)
    answer = check.answer(typed.digits, state.first(typed.keypad), asked)
    return _follow(_hold(state, typed.keypad, answer), answer, now, rules)


def _hold(state: State, keypad: str, answer: Answer) -> State:
    """A grant ends what its keypad held; any other answer says what it holds now."""
    others = tuple(first for first in state.firsts if first.keypad != keypad)
    if isinstance(answer, Grant) or answer.hold is None:
        return with_firsts(state, others)
    return with_firsts(state, (*others, replace(answer.hold, keypad=keypad)))


def _follow(state: State, answer: Answer, now: Moment, rules: Rules) -> Decided:
    match answer:
        case Grant():
            return _granted(state, answer, now, rules)
        case Denial():
            return _denied(state, answer, now, rules)
        case Second(durable=durable):
            kept = (budget.remembered(state.budget, now, rules), Settle()) if durable else ()
            return state, (*kept, Show(Cue.SECOND_CODE, rules.pair_ms))


def _granted(state: State, grant: Grant, now: Moment, rules: Rules) -> Decided:
    """Record first, then unlock, then cue (DESIGN §4): ``controller.ordered`` sees to it."""
    typed = grant.first.at if grant.first is not None else None
    told_clock, proved = clock.granted(state.clock, grant.kind, grant.step, typed, now, rules)
    spent_at = grant.first.spent_at if grant.first is not None else None
    purse, refunded = budget.refund(state.budget, grant.member, spent_at, now, rules)
    way, unlocking = doorway.unlock(state.doorway, Passage.IN, now, rules)
    waiting = state.doorway.unlocked and state.doorway.passage is Passage.IN
    nothing_tells = not rules.has_contact or bool(way.open)
    people, counted = occupancy.let_in(
        state.occupancy,
        grant.member,
        waiting=waiting,
        nothing_tells=nothing_tells,
        beams=state.by_beams(rules),
        now=now,
    )
    recent = admission.keep(state.recent, grant.member, now)
    rows = (*check.traces(grant, state.access), *proved, *refunded, *counted)
    state = replace(state, budget=purse, doorway=way, occupancy=people, recent=recent, clock=told_clock)
    return state, (*rows, Settle(), *unlocking, Show(Cue.ACCEPTED, rules.unlock_ms))


def _denied(state: State, denial: Denial, now: Moment, rules: Rules) -> Decided:
    """Only a wrong single code costs; what anyone can repeat for ever is gathered into a row a minute."""
    cue = Show(denial.cue, rules.pair_ms if denial.cue is Cue.SECOND_CODE else None)
    row = Record("denied", denial.member, denial.reason)
    if denial.wrong_single and denial.member is not None:
        failures = state.access.failures.get(denial.member, 0)
        purse, spent = budget.spend(state.budget, denial.member, denial.near, failures, now, rules)
        return replace(state, budget=purse), (row, *spent, cue)
    if denial.wrong_pair or denial.reason == "wrong-length":
        purse = budget.gather(state.budget, "denied", denial.reason, now)
        purse, paid = budget.wrong_pair(purse, now, rules) if denial.wrong_pair else (purse, ())
        return replace(state, budget=purse), (*paid, cue)
    if denial.reason == "late-code":  # nobody who pulls the plug after it finds a clock that takes it
        time, past = clock.remember(state.clock, now)
        return replace(state, clock=time), (row, *past, Settle(), cue)
    return state, (cue, row)


def _pass_time(state: State, event: Event, now: Moment, rules: Rules) -> Decided:
    """Let every rule deal with the time that has passed.

    A key press leaves the other keypads to the next call: two attempts judged by one access list
    could use the same code twice.
    """
    if now < state.timer(rules):
        return state, ()
    unix = state.reading(now).best
    way, relocked = doorway.tick(state.doorway, now, rules)
    purse, refilled = budget.tick(state.budget, now, rules)
    state, blocked = sensed.blocked(state, now, rules)
    people, emptied = occupancy.tick(state.occupancy, way.open, unix, now, rules, beams=state.by_beams(rules))
    time, stored = clock.tick(state.clock, now)
    state = replace(state, doorway=way, budget=purse, occupancy=people, clock=time)
    state, ended = _end_mode(state, now)
    firsts = tuple(first for first in state.firsts if now - first.at <= rules.pair_ms)
    state = state if firsts == state.firsts else with_firsts(state, firsts)
    only = event.keypad if isinstance(event, KeyPressed) else None
    pad, typed, shown = keys.tick(state.keys, now, rules, only)
    state, effects = (
        replace(state, keys=pad),
        (*relocked, *refilled, *blocked, *emptied, *stored, *ended, *shown),
    )
    if typed is None:
        return state, effects
    state, answered = _attempt(state, typed, now, rules)
    return state, (*effects, *answered)


def _end_mode(state: State, now: Moment) -> Decided:
    if not modes.over(state.mode, now):
        return state, ()
    mode, row = modes.change(Mode.NORMAL, None, "time", state.reading(now), now)
    way, locking = doorway.end_free(state.doorway, now)
    return replace(state, mode=mode, doorway=way), (*locking, *row)


def _dated(row: Record, reading: Reading) -> Record:
    return Record(row.type, row.member, row.reason, row.detail, reading.best, reading.source.value)
