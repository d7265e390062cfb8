"""What follows from an attempt: what is used up or spent, who is let in, and what the door shows."""

from __future__ import annotations

from dataclasses import replace

from contract.codes import Kind
from door import admission, budget, check, clock, doorway, occupancy
from door.check import Answer, Denial, Grant, Second
from door.doorway import Passage
from door.events import CountFailures, Cue, Effect, Learn, Moment, Record, Settle, Show
from door.rules import Rules
from door.state import State

Decided = tuple[State, tuple[Effect, ...]]


def attempt(state: State, digits: str, now: Moment, rules: Rules) -> Decided:
    """Answer typed digits, unless wrong pairs have earned a pause."""
    pause = budget.pausing(state.budget, now)
    if pause:
        return state, (Show(Cue.WAIT, pause),)
    double_only = state.budget.lockout or state.store_fault is not None
    asked = check.Asked(state.access, state.reading(now), state.room(rules), double_only, now, rules)
    return _follow(state, check.answer(digits, state.first, asked), now, rules)


def _follow(state: State, answer: Answer, now: Moment, rules: Rules) -> Decided:
    match answer:
        case Grant():
            return _granted(replace(state, first=None), answer, now, rules)
        case Denial():
            return _denied(replace(state, first=answer.hold), answer, now, rules)
        case Second(hold):
            return replace(state, first=hold), (Show(Cue.SECOND_CODE, rules.pair_ms),)


def _granted(state: State, grant: Grant, now: Moment, rules: Rules) -> Decided:
    """Record first, then unlock, then cue (DESIGN §4): ``controller.ordered`` sees to it."""
    state, told = _learnt_time(state, grant, now, rules)
    spent_at = grant.first.spent_at if grant.first is not None else None
    purse, refunded = budget.refund(state.budget, grant.member, spent_at, now, rules)
    way, unlocking = doorway.unlock(state.doorway, Passage.IN, now, rules)
    nothing_tells = not rules.has_contact or bool(way.open)
    people, counted = occupancy.let_in(state.occupancy, grant.member, nothing_tells, now)
    recent = admission.keep(state.recent, grant.member, now)
    state = replace(state, budget=purse, doorway=way, occupancy=people, recent=recent)
    rows = (_row(grant), *grant.uses, *_learnt_record(state, grant), *told, *refunded, *counted)
    return state, (*rows, Settle(), *unlocking, Show(Cue.ACCEPTED, rules.unlock_ms))


def _row(grant: Grant) -> Effect:
    step = "pair" if grant.kind is Kind.CARD else "step"
    detail = {
        "kind": grant.kind.value,
        "generation": grant.record.generation,
        "double": grant.first is not None,
        step: grant.step,
    }
    return Record("granted", grant.member, detail=detail)


def _learnt_record(state: State, grant: Grant) -> tuple[Effect, ...]:
    learnt = grant.record != state.access.record(grant.member)
    failed = grant.member in state.access.failures
    effects: tuple[Effect, ...] = (Learn(grant.record),) if learnt else ()
    return (*effects, CountFailures(grant.member, 0)) if failed else effects


def _learnt_time(state: State, grant: Grant, now: Moment, rules: Rules) -> Decided:
    """A ``phone`` code proves that time has passed; a pair of them may even tell what time it is."""
    if grant.kind is not Kind.PHONE:
        return state, ()
    begin = rules.codes.begin(grant.kind, grant.step)
    told = clock.prove(state.clock, grant.kind, begin, now)
    if grant.first is not None:
        told = clock.learn(told, begin, grant.first.at, now)
    effects: tuple[Effect, ...] = ()
    if told.past != state.clock.past:
        told, effects = clock.remember(told, now)
    return replace(state, clock=told), effects


def _denied(state: State, denial: Denial, now: Moment, rules: Rules) -> Decided:
    """Only a wrong single code costs; what anyone can repeat for ever is gathered into a row a minute."""
    cue = Show(denial.cue, rules.pair_ms if denial.cue is Cue.SECOND_CODE else None)
    if denial.wrong_single and denial.member is not None:
        failures = state.access.failures.get(denial.member, 0)
        purse, spent = budget.spend(state.budget, denial.member, denial.near, failures, now, rules)
        row = Record("denied", denial.member, denial.reason)
        return replace(state, budget=purse), (row, *spent, cue)
    if denial.wrong_pair or denial.reason == "wrong-length":
        purse = budget.gather(state.budget, "denied", denial.reason, now)
        purse = budget.wrong_pair(purse, now) if denial.wrong_pair else purse
        return replace(state, budget=purse), (cue,)
    return state, (cue, Record("denied", denial.member, denial.reason))
