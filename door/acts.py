"""What a command or the administrator has done: an act for each verb of PROTOCOL §4, and two of our own.

The number of a command is stored before anything is done, so that nothing is ever done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from contract.access import revoke
from contract.codes import MAX_GENERATION
from contract.messages import Command
from door import budget, clock, commands, doorway, modes, occupancy
from door.doorway import Passage
from door.effects import Cue, Effect, Forget, Learn, Mode, Record, Refresh, Replay, Reply, Settle, Show
from door.events import Asked, CommandRefused, Moment
from door.rules import Rules
from door.state import State

Decided = tuple[State, tuple[Effect, ...]]
Done = tuple[State, tuple[Effect, ...], str | None]

IDENTIFY_MS = 10_000
SERVER = "server"


def commanded(state: State, command: Command, now: Moment, rules: Rules) -> Decided:
    """Take a command of the server, once, or say why not."""
    stale = commands.stale(command, state.taken, state.reading(now))
    if stale is not None:
        return refused(state, CommandRefused(command.id, stale), now)
    state = replace(state, taken=state.taken.take(command.n))
    row = Record("command", detail={"n": command.n, "verb": command.verb[:16], "id": command.id})
    wrong = commands.fault(command.verb, command.args, rules)
    if wrong is not None:
        done: Done = (state, (), wrong)
    else:
        done = _act(state, command.verb, command.args, SERVER, now, rules)
    state, effects, error = done
    row = replace(row, reason=error)
    return state, (state.taken.remembered(), row, *effects, Settle(), Reply(command.id, SERVER, error))


def refused(state: State, event: CommandRefused, now: Moment) -> Decided:
    """A message that is not taken: gathered, so that a hostile broker cannot fill the log."""
    state = replace(state, budget=budget.gather(state.budget, "command", event.error, now))
    return state, (Reply(event.id, SERVER, event.error),) if event.id else ()


def asked(state: State, event: Asked, now: Moment, rules: Rules) -> Decided:
    """Do what the administrator asks at the door."""
    wrong = commands.fault(event.verb, event.args, rules, local=True)
    if wrong is not None:
        return state, (Reply(event.id, event.by, wrong),)
    state, effects, error = _act(state, event.verb, event.args, event.by, now, rules)
    return state, (*effects, Settle(), Reply(event.id, event.by, error))


def _act(state: State, verb: str, args: Mapping[str, object], by: str, now: Moment, rules: Rules) -> Done:
    """Arguments were checked by ``commands.fault``."""
    member, number = cast(str, args.get("member", "")), cast(int, args.get("count", 0))
    match verb:
        case "unlock":
            return _unlock(state, by, now, rules)
        case "mode":
            return _mode(state, Mode(cast(str, args["mode"])), cast("int | None", args.get("until")), by, now)
        case "revoke":
            return _revoke(state, member, cast("int | None", args.get("through")), by)
        case "reinstate":
            return _reinstate(state, member, by)
        case "forget":
            return state, (Forget(member), Record("forgotten", member)), None
        case "count":
            unix, beams = state.reading(now).best, state.by_beams(rules)
            people, effects = occupancy.put(state.occupancy, number, by, unix, now, beams=beams)
            return replace(state, occupancy=people), effects, None
        case "clock":
            told = clock.vouch(state.clock, cast(int, args["unix"]) * 1000, now)
            return replace(state, clock=told), (), None
        case "identify":
            return state, (Show(Cue.IDENTIFY, IDENTIFY_MS),), None
        case "replay":
            return state, (Replay(cast(str, args["log"]), cast(int, args["from"])),), None
        case _:
            return state, (Refresh(),), None


def _unlock(state: State, by: str, now: Moment, rules: Rules) -> Done:
    way, effects = doorway.unlock(state.doorway, Passage.OTHER, now, rules)
    shown = Show(Cue.ACCEPTED, rules.unlock_ms)
    return replace(state, doorway=way), (Record("unlocked", detail={"by": by}), *effects, shown), None


def _mode(state: State, mode: Mode, until: int | None, by: str, now: Moment) -> Done:
    mode_state, effects = modes.change(mode, until, by, state.reading(now), now)
    match mode:
        case Mode.OPEN:
            way, moved = doorway.free(state.doorway)
        case Mode.LOCKDOWN:
            way, moved = doorway.shut(state.doorway, now)
        case Mode.NORMAL:
            way, moved = doorway.end_free(state.doorway, now)
    return replace(state, mode=mode_state, doorway=way), (*effects, *moved), None


def _revoke(state: State, member: str, through: int | None, by: str) -> Done:
    record = revoke(state.access.record(member), through)
    detail = {"generation": record.generation, "through": record.revoked_through, "by": by}
    return state, (Learn(record), Record("revoked", member, detail=detail)), None


def _reinstate(state: State, member: str, by: str) -> Done:
    record = state.access.record(member)
    if not (record.revoked or record.suspended_until is not None) or record.top >= MAX_GENERATION:
        return state, (), "failed"
    record = replace(record, generation=record.top + 1, suspended_until=None)
    return (
        state,
        (Learn(record), Record("reinstated", member, detail={"generation": record.generation, "by": by})),
        None,
    )
