"""What can happen in a story: each sentence beside what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from contract.hours import Hours
from door.effects import Mode
from door.events import Event, FaultChanged, FireChanged, MotionChanged, TamperChanged
from door.simulation.people import CannotError
from door.simulation.phrases import Code, Shape, When
from door.simulation.scene import Scene
from door.simulation.templates import Member, Sentence

Act = Callable[..., None]
BETWEEN_GUESSES_MS = 1_000
NEXT_PERSON_MS = 10_000


def _types_and_enters(scene: Scene, name: str, code: Code) -> None:
    scene.type(name, code)
    scene.go_in()


def _guesses(scene: Scene, name: str, count: int, first: str | None = None) -> None:
    for _ in range(count):
        scene.type(name, Code(Shape.WRONG, owner=first or name))
        scene.world.wait(BETWEEN_GUESSES_MS)


def _whoever(act: Callable[[Scene], None]) -> Act:
    """The same whoever does it."""
    return lambda scene, **_: act(scene)


def _told(event: Event) -> Act:
    """A sensor tells."""
    return lambda scene: scene.world.post(event)


def _leaves(scene: Scene) -> None:
    scene.world.press_exit()
    scene.world.wait(500)
    scene.pass_through(inward=False)


def _all_go_in(scene: Scene, first: str, last: str) -> None:
    names = list(scene.cast.people)
    for name in names[names.index(first) : names.index(last) + 1]:
        _types_and_enters(scene, name, Code(Shape.CODE))
        scene.world.wait(NEXT_PERSON_MS)


def _clock_off(scene: Scene, name: str, duration: int) -> None:
    scene.person(name).ahead = duration


def _power(*, on: bool) -> Act:
    def act(scene: Scene) -> None:
        world = scene.world
        if world.around.power is on:
            raise CannotError(f"the power is {'on' if on else 'off'} already")
        (world.power_on if on else world.power_off)()

    return act


def _around(**what: bool) -> Act:
    """Something around the door stops working, or works again."""

    def act(scene: Scene) -> None:
        for name, works in what.items():
            setattr(scene.world.around, name, works)
        office = scene.world.office
        if not scene.world.around.server:
            office.dead_since = scene.world.unix if office.dead_since is None else office.dead_since
        else:
            office.dead_since = None
        scene.world.changed()

    return act


def _server_clock(scene: Scene, duration: int = 0) -> None:
    scene.world.around.server_ahead = duration * 1000


def _ntp(scene: Scene, duration: int = 0) -> None:
    scene.world.around.ntp, scene.world.around.ntp_ahead = True, duration * 1000


def _no_ntp(scene: Scene) -> None:
    scene.world.around.ntp, scene.world.around.ntp_held_at = False, None


def _office(change: Callable[..., None]) -> Act:
    """The committee changes the list at the server, which hints the door at it."""

    def act(scene: Scene, **values: Any) -> None:
        change(scene, **values)
        scene.world.hint()

    return act


def _adds(scene: Scene, member: Member) -> None:
    scene.cast.join(member.name, member.number)
    scene.world.office.add(member.number, member.kind, scene.world.unix)


def _reissues(scene: Scene, name: str, thing: Any) -> None:
    scene.world.office.reissue(scene.number(name), thing, scene.world.unix)


def _revokes(scene: Scene, name: str) -> None:
    scene.world.office.revoke(scene.number(name), scene.world.unix)


def _reinstates(scene: Scene, name: str) -> None:
    record = scene.world.office.record(scene.number(name))
    scene.world.office.reissue(record.member, record.kind, scene.world.unix)


def _suspends(scene: Scene, name: str, when: When) -> None:
    record, zone = scene.world.office.record(scene.number(name)), scene.timeline.zone
    until = when.at(scene.world.unix, zone)
    scene.world.office.put(replace(record, suspended_until=until), scene.world.unix)


def _rules(change: Callable[..., None]) -> Act:
    def act(scene: Scene, **values: Any) -> None:
        change(scene, **values)
        scene.world.office.rules_revision += 1
        scene.world.hint()

    return act


def _sets_hours(scene: Scene, hours: Hours) -> None:
    scene.world.office.hours = hours


def _sets_seats(scene: Scene, count: int) -> None:
    scene.world.office.capacity, scene.world.office.when_full = count, "refuse"


def _commands(verb: str, **args: object) -> Act:
    """A verb of PROTOCOL §4, from the server."""
    return lambda scene, **values: scene.world.command(verb, {**args, **_args(scene, values)})


def _asks(verb: str, **args: object) -> Act:
    """The same (and two more) by the administrator at the door."""
    return lambda scene, **values: scene.world.ask(verb, {**args, **_args(scene, values)})


def _args(scene: Scene, values: dict[str, Any]) -> dict[str, object]:
    args: dict[str, object] = {}
    if "count" in values:
        args["count"] = values["count"]
    if "name" in values:
        args["member"] = scene.number(values["name"])
    if "when" in values:
        args["until"] = values["when"].at(scene.world.unix, scene.timeline.zone)
    return args


def _trusts(scene: Scene, when: When) -> None:
    scene.world.ask("clock", {"unix": when.at(scene.world.unix, scene.timeline.zone)})


SENTENCES: tuple[Sentence[Act], ...] = (
    Sentence("NAME types CODE and goes in", _types_and_enters),
    Sentence("NAME types COUNT wrong codes for FIRST", _guesses),
    Sentence("NAME types COUNT wrong codes", _guesses),
    Sentence("NAME types CODE", lambda scene, name, code: scene.type(name, code)),
    Sentence("NAME clears the keypad", _whoever(lambda scene: scene.press("*"))),
    Sentence("NAME goes in", _whoever(lambda scene: scene.go_in())),
    Sentence("NAME presses the exit button", _whoever(lambda scene: scene.world.press_exit())),
    Sentence("NAME leaves", _whoever(_leaves)),
    Sentence("NAME slips in behind", _whoever(lambda scene: scene.world.cross(inward=True))),
    Sentence("NAME turns back in the doorway", _whoever(lambda s: s.world.cross(inward=True, back=True))),
    Sentence("NAME rings the bell", _whoever(lambda scene: scene.ring())),
    Sentence("NAME presses the star three times", _whoever(lambda scene: scene.press("***"))),
    Sentence("FIRST to LAST go in", _all_go_in),
    Sentence("the clock of NAME is DURATION fast", _clock_off),
    Sentence("the clock of NAME is DURATION slow", lambda s, name, duration: _clock_off(s, name, -duration)),
    Sentence("the door opens", lambda scene: scene.world.move(True)),
    Sentence("the door closes", lambda scene: scene.world.move(False)),
    Sentence("nothing happens", lambda _: None),
    Sentence("something stands in the doorway", lambda scene: scene.world.block(True)),
    Sentence("the doorway is clear", lambda scene: scene.world.block(False)),
    Sentence("something moves inside", _told(MotionChanged(True))),
    Sentence("all is still inside", _told(MotionChanged(False))),
    Sentence("the fire alarm begins", _told(FireChanged(True))),
    Sentence("the fire alarm ends", _told(FireChanged(False))),
    Sentence("a housing is opened", _told(TamperChanged(True))),
    Sentence("the housing is closed", _told(TamperChanged(False))),
    Sentence("the mains fail", _told(FaultChanged("power-failed", True))),
    Sentence("the mains return", _told(FaultChanged("power-failed", False))),
    Sentence("the power fails", _power(on=False)),
    Sentence("the power returns", _power(on=True)),
    Sentence("the network fails", _around(network=False)),
    Sentence("the network returns", _around(network=True)),
    Sentence("the broker fails", _around(broker=False)),
    Sentence("the broker returns", _around(broker=True)),
    Sentence("the server fails", _around(server=False)),
    Sentence("the server returns", _around(server=True)),
    Sentence("the server's certificate is not valid", _around(certificate=False)),
    Sentence("the server's certificate is valid", _around(certificate=True)),
    Sentence("the server's clock is DURATION ahead", _server_clock),
    Sentence("the server's clock is right", _server_clock),
    Sentence("NTP is DURATION ahead", _ntp),
    Sentence("NTP is right", _ntp),
    Sentence("there is no NTP", _no_ntp),
    Sentence("the disk fails", lambda scene: scene.world.fail_disk(True)),
    Sentence("the disk works again", lambda scene: scene.world.fail_disk(False)),
    Sentence("the committee adds MEMBER", _office(_adds)),
    Sentence("the committee gives NAME a new THING", _office(_reissues)),
    Sentence("the committee revokes NAME", _office(_revokes)),
    Sentence("the committee reinstates NAME", _office(_reinstates)),
    Sentence("the committee suspends NAME until WHEN", _office(_suspends)),
    Sentence("the committee opens the room daily HOURS", _rules(_sets_hours)),
    Sentence("the committee allows COUNT seats and refuses more", _rules(_sets_seats)),
    Sentence("the committee sets the count to COUNT", _commands("count")),
    Sentence("the committee unlocks the door", _commands("unlock")),
    Sentence("the committee locks the room down until WHEN", _commands("mode", mode=Mode.LOCKDOWN.value)),
    Sentence("the committee locks the room down", _commands("mode", mode=Mode.LOCKDOWN.value)),
    Sentence("the committee opens the door until WHEN", _commands("mode", mode=Mode.OPEN.value)),
    Sentence("the committee ends it", _commands("mode", mode=Mode.NORMAL.value)),
    Sentence("the administrator revokes NAME at the door", _asks("revoke")),
    Sentence("the administrator reinstates NAME at the door", _asks("reinstate")),
    Sentence("the administrator finds COUNT in the room", _asks("count")),
    Sentence("the administrator locks the room down", _asks("mode", mode=Mode.LOCKDOWN.value)),
    Sentence("the administrator ends it", _asks("mode", mode=Mode.NORMAL.value)),
    Sentence("the administrator sets the door's clock to WHEN", _trusts),
)
