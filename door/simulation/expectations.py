"""What a story may expect; each looks at what is so and raises ``NotSoError`` when it is something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from door import budget
from door.simulation.scene import NotSoError, Scene
from door.simulation.templates import Sentence
from door.simulation.timeline import What

Check = Callable[..., None]
RIGHT_WITHIN_SECONDS = 120  # a code tells the time so well


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise NotSoError(f"expected {what} {expected}, but it is {found}")


def _cue(scene: Scene, cue: str) -> None:
    shown = scene.cues()
    if not shown:
        raise NotSoError(f"expected the cue {cue}, but nothing was shown")
    if shown[-1] != cue:
        raise NotSoError(f"expected the cue {cue}, but it was {shown[-1]}")


def _nothing(scene: Scene) -> None:
    if shown := scene.cues():
        raise NotSoError(f"expected no cue, but it was {shown[-1]}")


def _lock(state: str) -> Check:
    return lambda scene: _same("the lock", state, "open" if scene.world.witness.unlocked else "closed")


def _lights(state: str) -> Check:
    return lambda scene: _same("the lights", state, "on" if scene.world.witness.lit else "off")


def _reason(scene: Scene, reason: str) -> None:
    reasons = [str(e.data["reason"]) for e in scene.timeline.since(What.ROW) if e.data["type"] == "denied"]
    if reason not in reasons:
        raise NotSoError(f"expected the reason {reason}, but {_listed(reasons, 'nobody was refused')}")


def _row(scene: Scene, row: str, name: str | None = None) -> None:
    rows = scene.timeline.since(What.ROW)
    number = scene.number(name) if name else None
    if not any(e.data["type"] == row and number in (None, e.data["member"]) for e in rows):
        found = [f"{e.data['type']} {e.data['member'] or ''}".strip() for e in rows]
        whose = f" of {number}" if number else ""
        raise NotSoError(f"expected a row {row}{whose}, but {_listed(found, 'there is no row')}")


def _no_row(scene: Scene, row: str) -> None:
    if any(entry.data["type"] == row for entry in scene.timeline.since(What.ROW)):
        raise NotSoError(f"expected no row {row}, but there is one")


def _listed(found: list[str], nothing: str) -> str:
    return f"there is {', '.join(found)}" if found else nothing


def _alarms(scene: Scene) -> tuple[str, ...]:
    door = scene.world.door
    return door.state.alarms(door.now, door.rules)


def _alarm(scene: Scene, alarm: str) -> None:
    if alarm not in _alarms(scene):
        found = _listed(list(_alarms(scene)), "there is none")
        raise NotSoError(f"expected the alarm {alarm}, but {found}")


def _no_alarm(scene: Scene, alarm: str | None = None) -> None:
    wrong = [a for a in _alarms(scene) if alarm in (None, a)]
    if wrong:
        raise NotSoError(f"expected no alarm {alarm or ''}".strip() + f", but there is {', '.join(wrong)}")


def _in_the_room(scene: Scene, count: int) -> None:
    _same("in the room", count, scene.world.door.state.occupancy.count)


def _confidence(word: str) -> Check:
    return lambda scene: _same("the count", word, scene.world.door.state.occupancy.confidence.value)


def _left(scene: Scene, count: int) -> None:
    door = scene.world.door
    left = budget.level(door.state.budget, door.now, door.rules) // door.rules.budget_refill_ms
    _same("wrong guesses left:", count, left)


def _source(scene: Scene, source: str) -> None:
    door = scene.world.door
    _same("the clock's source", source, door.state.reading(door.now).source.value)


def _time(*, right: bool) -> Check:
    """Whether the door believes what time it is, within two minutes."""

    def check(scene: Scene) -> None:
        door = scene.world.door
        believed = door.state.reading(door.now).unix
        is_right = believed is not None and abs(believed - scene.world.unix) <= RIGHT_WITHIN_SECONDS
        if is_right is right:
            return
        local = "no time at all" if believed is None else _local(scene, believed)
        wanted = "right" if right else "wrong"
        raise NotSoError(f"expected the door's time to be {wanted}, but it believes {local}")

    return check


def _local(scene: Scene, unix: int) -> str:
    return f"{datetime.fromtimestamp(unix, scene.timeline.zone):%Y-%m-%d %H:%M:%S}"


def _mode(scene: Scene, mode: str) -> None:
    _same("the mode", mode, scene.world.door.state.mode.mode.value)


def _revoked(*, at_the_door: bool) -> Check:
    def check(scene: Scene, name: str) -> None:
        number = scene.number(name)
        access = scene.world.door.state.access if at_the_door else scene.world.office
        if not access.record(number).revoked:
            where = "door" if at_the_door else "server"
            raise NotSoError(f"expected that the {where} knows {number} as revoked, but it does not")

    return check


def _waiting(scene: Scene, count: int) -> None:
    _same("rows that wait:", count, len(scene.world.witness.waiting))


def _some_wait(scene: Scene) -> None:
    if not scene.world.witness.waiting:
        raise NotSoError("expected rows to wait for the server, but it has them all")


EXPECTATIONS: tuple[Sentence[Check], ...] = (
    Sentence("no cue", _nothing),
    Sentence("no alarm", _no_alarm),
    Sentence("no alarm ALARM", _no_alarm),
    Sentence("the alarm ALARM", _alarm),
    Sentence("the lock is open", _lock("open")),
    Sentence("the lock is closed", _lock("closed")),
    Sentence("the lights are on", _lights("on")),
    Sentence("the lights are off", _lights("off")),
    Sentence("the reason is REASON", _reason),
    Sentence("no row ROW", _no_row),
    Sentence("a row ROW of NAME", _row),
    Sentence("a row ROW", _row),
    Sentence("COUNT in the room", _in_the_room),
    Sentence("COUNT is in the room", _in_the_room),
    Sentence("the count is exact", _confidence("exact")),
    Sentence("the count is an estimate", _confidence("estimate")),
    Sentence("the count is unknown", _confidence("unknown")),
    Sentence("COUNT wrong guesses left", _left),
    Sentence("the clock goes by SOURCE", _source),
    Sentence("the door's time is right", _time(right=True)),
    Sentence("the door's time is wrong", _time(right=False)),
    Sentence("the mode is MODE", _mode),
    Sentence("the door knows that NAME is revoked", _revoked(at_the_door=True)),
    Sentence("the server knows that NAME is revoked", _revoked(at_the_door=False)),
    Sentence("rows wait for the server", _some_wait),
    Sentence("no row waits", lambda scene: _waiting(scene, 0)),
    Sentence("CUE", _cue),
)


def holds(check: Check, scene: Scene, values: dict[str, Any]) -> str | None:
    """None when it is so, else the sentence that says what is."""
    try:
        check(scene, **values)
    except NotSoError as error:
        return str(error)
    return None
