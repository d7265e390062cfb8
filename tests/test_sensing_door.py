"""The real daemon with everything fitted, on wires: beams, motion, fire, tamper, mains, lights, bell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hardware import states
from patience import until
from village import Door, codes_of, config, door_at, home, write

from door import tables
from door.attachments import Beams, Bell, Fire, Lights, Motion, PowerFail, Tamper
from door.config import Config
from door.effects import Cue
from door.events import FireChanged, KeyHeld
from door.rules import Rules
from door.sensors import Contact
from tests.house import KEY, House, replace

FITTED = {
    "beams": Beams(fitted=True),
    "motion": Motion(fitted=True),
    "tamper": Tamper(fitted=True),
    "fire": Fire(fitted=True),
    "power_fail": PowerFail(fitted=True),
    "lights": Lights(fitted=True),
    "bell": Bell(fitted=True, chime=10),
}
CLOSED = ("beams.outer", "beams.inner", "tamper.pin", "fire.pin", "power_fail.pin")


def everything(folder: Path) -> Config:
    """The configuration of such a door."""
    return config(folder, clock=tables.Clock(trust="system"), **FITTED)


class Fitted:
    """A door with everything, and its wires by the key of their pins."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.wires = {key: door.factory.pin(pin) for key, pin in door.daemon.config.pins_in_use().items()}

    @property
    def alarms(self) -> set[str]:
        """The alarms of the running door."""
        loop = self.door.daemon.loop
        return set(loop.state.alarms(0, loop.rules)) - {"clock-untrusted", "list-stale"}

    def count(self) -> int:
        """How many are in."""
        return self.door.state.occupancy.count

    def low(self, *keys: str) -> None:
        """Close contacts to ground."""
        for key in keys:
            self.wires[key].drive_low()

    def high(self, *keys: str) -> None:
        """Open them."""
        for key in keys:
            self.wires[key].drive_high()


@pytest.fixture
def fitted(tmp_path: Path) -> Iterator[Fitted]:
    """All is well: every contact that should be closed is."""
    with door_at(tmp_path, everything(tmp_path)) as door:
        here = Fitted(door)
        here.low(*CLOSED)
        until(lambda: here.alarms == set())
        yield here


def test_a_wire_that_is_cut_is_noticed_at_start(tmp_path: Path) -> None:
    """Nothing is connected: fire, tamper and mains say so, and the beams count nobody."""
    with door_at(tmp_path, everything(tmp_path)) as door:
        here = Fitted(door)
        until(lambda: here.alarms >= {"fire", "tamper", "power-failed"})
        until(lambda: door.unlocked)
        assert len(door.state.beams.broken) == 2


def test_a_fire_that_begins_while_the_door_starts_leaves_it_free(tmp_path: Path) -> None:
    """After the contacts are fitted and before the door has begun, which locks it first."""
    home(tmp_path)
    door = Door(write(tmp_path, everything(tmp_path)))
    try:
        here = Fitted(door)
        (fire,) = (
            one for one in door.daemon.sensors if isinstance(one, Contact) and one._event is FireChanged
        )
        for move, level in ((here.low, False), (here.high, True)):
            move("fire.pin")
            until(lambda level=level: fire._told is level)
        door.start()
        until(lambda: door.unlocked and "fire" in here.alarms)
    finally:
        door.close()


@pytest.mark.parametrize("inward", [True, False])
def test_who_walks_through_the_beams_is_counted(fitted: Fitted, inward: bool) -> None:
    first, second = ("beams.outer", "beams.inner") if inward else ("beams.inner", "beams.outer")
    if not inward:
        test_who_walks_through_the_beams_is_counted(fitted, True)
    for move, key in ((fitted.high, first), (fitted.high, second), (fitted.low, first), (fitted.low, second)):
        move(key)
    until(lambda: fitted.count() == int(inward))


def test_a_fire_unlocks_and_its_end_locks(fitted: Fitted) -> None:
    fitted.high("fire.pin")
    until(lambda: fitted.door.unlocked)
    until(lambda: Cue.FIRE in fitted.door.spy.all)
    fitted.low("fire.pin")
    until(lambda: not fitted.door.unlocked and fitted.alarms == set())


@pytest.mark.parametrize("key, alarm", [("tamper.pin", "tamper"), ("power_fail.pin", "power-failed")])
def test_a_contact_that_opens_is_an_alarm_until_it_closes(fitted: Fitted, key: str, alarm: str) -> None:
    fitted.high(key)
    until(lambda: fitted.alarms == {alarm})
    fitted.low(key)
    until(lambda: fitted.alarms == set())


def test_the_bell_rings_inside_and_nothing_opens(fitted: Fitted) -> None:
    fitted.door.daemon.inbox.put(KeyHeld("outside", "*"))
    chime = fitted.wires["bell.chime"]
    until(lambda: states(chime)[-4:] == [True, False, True, False])
    assert not fitted.door.unlocked


def test_the_lights_burn_from_the_start_and_when_the_daemon_ends(fitted: Fitted) -> None:
    """Wired to COM and NC: the relay is at rest."""
    wire = fitted.wires["lights.pin"]
    assert fitted.door.daemon.lights is not None
    until(lambda: fitted.door.state.lit)
    assert fitted.door.daemon.lights.lit
    assert not wire.state
    fitted.door.stop()
    assert wire.function == "input"


def test_motion_is_seen(fitted: Fitted) -> None:
    fitted.high("motion.pin")
    until(lambda: fitted.door.state.occupancy.moving)
    fitted.low("motion.pin")
    until(lambda: not fitted.door.state.occupancy.moving)


def test_with_everything_fitted_a_member_gets_in_as_before(fitted: Fitted) -> None:
    assert fitted.door.type(codes_of("0427")[0]) in (Cue.ACCEPTED, Cue.SECOND_CODE)


def passing(thread: threading.Thread) -> bool:
    """A contact that settles, or the end of an answer to whoever looked at the door."""
    return isinstance(thread, threading.Timer) or thread.name == "control-talk"


def test_no_sensor_has_a_thread_that_could_wake_anybody(tmp_path: Path) -> None:
    def threads(folder: Path, settings: Config | None) -> set[str]:
        with door_at(folder, settings) as door:
            here = Fitted(door)
            here.low(*(key for key in CLOSED if key in here.wires))
            until(lambda: not any(map(passing, threading.enumerate())))
            return {thread.name.rstrip("0123456789") for thread in threading.enumerate()}

    full, bare = tmp_path / "full", tmp_path / "bare"
    assert threads(full, everything(full)) == threads(bare, None)


def test_at_rest_nothing_that_is_fitted_makes_the_core_wake_oftener() -> None:
    """An empty room, a clear doorway, dark: the next moment is the one of a door without all that."""
    bare = Rules("yuexin", KEY)
    full = replace(bare, has_beams=True, has_motion=True, has_lights=True, has_bell=True)
    timers = []
    for rules in (bare, full):
        house = House(rules=rules)
        house.wait(11 * 3600)
        assert house.state.occupancy.count == 0
        timers.append(house.state.timer(rules))
    assert timers[0] == timers[1]
