"""What the outside is shown of the state: the retained ``state`` and ``occupancy`` of PROTOCOL §4."""

from __future__ import annotations

from door.events import Moment
from door.rules import Rules
from door.state import State


def state(state: State, now: Moment, rules: Rules) -> dict[str, object]:
    """The lock, the leaf, the mode and the alarms, without the time of telling."""
    door = {None: None, True: "open", False: "closed"}[state.doorway.open]
    return {
        "lock": "UNLOCKED" if state.doorway.unlocked else "LOCKED",
        "door": door,
        "mode": state.mode.mode.value,
        "until": state.mode.until,
        "lockout": state.budget.lockout,
        "alarms": list(state.alarms(now, rules)),
    }


def occupancy(state: State, rules: Rules) -> dict[str, object]:
    """How many are in, and how sure the door is, without the time of telling."""
    return {
        "count": state.occupancy.count,
        "capacity": rules.capacity,
        "occupied": state.occupancy.count > 0,
        "confidence": state.occupancy.confidence.value,
        "since": state.occupancy.since,
    }


def clock(state: State, now: Moment, system_ms: int) -> dict[str, object]:
    """Where the time comes from, and how far the system clock is off it."""
    reading = state.reading(now)
    offset = None if reading.unix is None else system_ms - reading.unix * 1000
    return {
        "source": reading.source.value,
        "trusted": reading.trusted,
        "offset_ms": offset,
        "known_past": reading.known_past,
    }


def readings(state: State, now: Moment, system_ms: int) -> dict[str, object]:
    """The clock as ``clock`` shows it, and what every source says, in Unix milliseconds."""
    return {
        **clock(state, now, system_ms),
        "now": state.reading(now).unix,
        "system_ms": system_ms,
        "readings": {source.value: tick.ms(now) for source, tick in state.clock.ticks.items()},
        "lowered": state.clock.lowered,
    }
