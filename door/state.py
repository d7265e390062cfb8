"""The state of the door: a record of the states of its rules, what was remembered of it, and its timer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract.messages import ALARMS
from door import beams, budget, clock, commands, doorway, keys, lights, modes, occupancy
from door.accesslist import AccessList
from door.admission import Recent, Room
from door.beams import Beams
from door.bell import Bell
from door.budget import Budget
from door.clock import LATEST_MS, Clock, Reading, Tick
from door.commands import Taken
from door.doorway import Doorway
from door.events import Moment
from door.keys import Keys
from door.modes import ModeState
from door.occupancy import Occupancy
from door.pairs import First
from door.rules import Rules

USED_STEPS_LOST = "used_steps_lost"  # the fact that a damaged store leaves behind


@dataclass(frozen=True, slots=True)
class State:
    """Everything ``decide`` knows. ``access`` is read here and written by the loop between two events."""

    budget: Budget
    clock: Clock
    access: AccessList = field(repr=False)
    occupancy: Occupancy = field(default_factory=Occupancy)
    beams: Beams = field(default_factory=Beams)
    lit: bool = False
    bell: Bell = field(default_factory=Bell)
    keys: Keys = field(default_factory=Keys)
    firsts: tuple[First, ...] = ()  # at most one of each keypad
    doorway: Doorway = field(default_factory=Doorway)
    mode: ModeState = field(default_factory=ModeState)
    taken: Taken = field(default_factory=Taken)
    recent: tuple[Recent, ...] = ()
    list_at: int | None = None
    store_fault: str | None = None
    faults: frozenset[tuple[str, str]] = frozenset()  # (alarm, of what)

    def first(self, keypad: str) -> First | None:
        """The first code held for a keypad."""
        return next((first for first in self.firsts if first.keypad == keypad), None)

    def reading(self, now: Moment) -> Reading:
        """What time it is."""
        return clock.read(self.clock, now)

    def by_beams(self, rules: Rules) -> bool:
        """Whether beams tell who passes: they are fitted, and none is blocked."""
        return rules.has_beams and self.beams.blocked is None

    def room(self, rules: Rules) -> Room:
        """The room as admission sees it."""
        full = occupancy.surely_full(self.occupancy, rules.capacity)
        return Room(self.mode.mode, full, self.list_at, self.recent)

    def timer(self, rules: Rules) -> Moment:
        """When ``decide`` wants to be called next, if nothing happens before."""
        moments = (
            keys.due(self.keys, rules),
            min((first.at + rules.pair_ms + 1 for first in self.firsts), default=None),
            doorway.due(self.doorway, rules),
            budget.due(self.budget, rules),
            occupancy.due(self.occupancy, self.doorway.open, rules),
            beams.due(self.beams, rules),
            lights.due(self.lit, self.occupancy, self.doorway.open, rules),
            self.mode.ends,
            clock.due(self.clock),
        )
        return min([moment for moment in moments if moment is not None])

    def alarms(self, now: Moment, rules: Rules) -> tuple[str, ...]:
        """What is wrong now, as words of PROTOCOL §4."""
        reading = self.reading(now)
        stale = self.list_at is not None and reading.known_past - self.list_at > rules.list_stale_seconds
        present = {
            "held": self.doorway.held,
            "forced": self.doorway.forced,
            "fire": self.doorway.fire,
            "beam-blocked": self.beams.blocked is not None,
            "lockout": self.budget.lockout,
            "store-failed": self.store_fault is not None,
            "clock-untrusted": not reading.trusted,
            "clock-disagrees": clock.disagrees(self.clock, now),
            "list-stale": stale,
        }
        named = {alarm for alarm, _ in self.faults} & ALARMS
        return tuple(sorted(named | {alarm for alarm, there in present.items() if there}))


def restore(facts: Mapping[str, object], access: AccessList, now: Moment, rules: Rules) -> State:
    """The state as the store remembers it; a fact that is missing or cannot be read is the cautious one."""
    level, known, list_at = facts.get("budget"), facts.get("known_past"), facts.get("list_at")
    past = known * 1000 if type(known) is int and 0 <= known <= LATEST_MS // 1000 else 0
    stored = level if type(level) is int and level >= 0 else budget.full(rules)
    if facts.get(USED_STEPS_LOST):
        stored = 0  # what was used may be typed again: only double codes, until the budget has refilled
    empty = stored < rules.budget_refill_ms
    return State(
        budget=budget.restored(stored, facts.get("pause"), now, lockout=empty),
        clock=Clock(Tick(past, now), remembered=now),
        access=access,
        occupancy=occupancy.restore(facts.get("occupancy"), now),
        mode=modes.restore(facts.get("mode")),
        taken=commands.restore(facts.get("commands")),
        list_at=list_at if type(list_at) is int else None,
    )


def with_firsts(state: State, firsts: tuple[First, ...]) -> State:
    """The state with these first codes held, and the keypads told of it."""
    if firsts == state.firsts:
        return state
    pads = frozenset(first.keypad for first in firsts)
    return replace(state, firsts=firsts, keys=replace(state.keys, firsts=pads))


def with_fault(state: State, alarm: str, of: str, present: bool) -> State:
    """The state with one fault more or less."""
    fault = (alarm, of)
    return replace(state, faults=state.faults | {fault} if present else state.faults - {fault})
