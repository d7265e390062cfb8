"""One story for each kind of keypad: the real daemon, from edges or bytes to the relay on its pin."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace

import osdp_sys
import pytest
from osdpreader import ADDRESS, KEY, Cable, Reader
from patience import until
from test_keypad_usb import PAD, Machine
from test_keypad_wiegand import BURST
from village import Door, codes_of, config, door_at

from door import tables
from door.effects import Cue
from door.fittings import Keypad
from door.keypads import usb

Type = Callable[[str], None]


@contextmanager
def door_with(folder: Path, *keypads: Keypad) -> Iterator[Door]:
    """The daemon with these keypads."""
    settings = config(folder, clock=tables.Clock(trust="system"), keypads=keypads)
    with door_at(folder, settings) as door:
        yield door


def comes_in(door: Door, type_: Type, member: str = "0427") -> None:
    """Somebody mistypes, clears, types his code, goes in; the same code again opens nothing."""
    code = codes_of(member)[0]
    pulses = door.pulses
    type_("12*")
    until(lambda: Cue.CLEARED in door.spy.answers)
    assert not door.unlocked
    type_(code)
    until(lambda: door.unlocked)
    until(lambda: door.spy.answers[-1] is Cue.ACCEPTED)  # shown once it is unlocked
    assert door.pulses == pulses + 1
    door.walk_in()
    type_(code)
    until(lambda: door.spy.answers[-1] is Cue.NOT_NOW)
    assert door.pulses == pulses + 1
    until(lambda: [row["member"] for row in door.rows("granted")][-1:] == [member])
    assert code[4:] not in str(door.rows())


def test_matrix_from_switches_to_the_relay(tmp_path: Path) -> None:
    with door_with(tmp_path, Keypad()) as door:
        comes_in(door, lambda keys: [door.press(key) for key in keys] and None)


@pytest.mark.parametrize("bits", [4, 8])
def test_wiegand_from_edges_to_the_relay(tmp_path: Path, bits: int) -> None:
    with door_with(tmp_path, Keypad(name="front", kind="wiegand", data=(25, 26))) as door:
        wires = door.factory.pin(25), door.factory.pin(26)

        def press(key: str) -> bool:
            """Whether it came: a busy machine may tear a burst apart, and a torn one is no key."""
            seen = len(door.spy.all)
            for bit in BURST[bits](key):
                wires[bit].drive_low()
                wires[bit].drive_high()
                Flag().wait(0.001)  # the pace of a keypad
            with suppress(AssertionError):
                until(lambda: len(door.spy.all) > seen, 3, step=0.002)
            return len(door.spy.all) > seen

        def type_(keys: str) -> None:
            for key in keys:
                assert any(press(key) for _ in range(5)), key

        comes_in(door, type_)


def test_usb_from_the_kernels_bytes_to_the_relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unplugged in the middle of a code, and plugged in again."""
    machine = Machine(tmp_path)
    monkeypatch.setattr(usb, "Places", lambda: machine.places)
    monkeypatch.setattr(usb, "fcntl", SimpleNamespace(ioctl=machine.ioctl))
    machine.plug("event4")
    with door_with(tmp_path, Keypad(name="front", kind="usb", device="USB Keypad")) as door:
        comes_in(door, lambda keys: machine.press("event4", *(PAD[key] for key in keys)))
        machine.press("event4", PAD["0"], PAD["4"])
        until(lambda: door.state.keys.typed)
        machine.unplug("event4")
        until(lambda: "keypad-lost" in door.alarms)
        assert door.status()["health"]["keypads"] == {"front": False}
        machine.plug("event7")
        until(lambda: "keypad-lost" not in door.alarms)
        comes_in(door, lambda keys: machine.press("event7", *(PAD[key] for key in keys)), member="0428")
    for fd in machine.plugged.values():
        os.close(fd)


def test_osdp_from_a_reader_to_the_relay_and_back_to_its_lamp(tmp_path: Path) -> None:
    cable = Cable(tmp_path)
    reader = Reader(cable)
    line = os.ttyname(cable.theirs)
    table = Keypad(name="front", kind="osdp", device=line, address=ADDRESS, secure_key=KEY)
    with door_with(tmp_path, table) as door:
        until(lambda: reader.secure)
        comes_in(door, lambda keys: reader.type(keys.replace("*", "\x7f").encode()))
        until(lambda: len(reader.commands) >= 6)
        lamps = [one["on_color"] for one in reader.commands if one["command"] == osdp_sys.CMD_LED]
        assert lamps == [osdp_sys.LED_COLOR_WHITE, osdp_sys.LED_COLOR_GREEN, osdp_sys.LED_COLOR_AMBER]
        reader.unplug()
        until(lambda: "keypad-lost" in door.alarms, 20)
    cable.close()


def test_terminal_from_bytes_to_the_relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, here = os.pipe()
    with os.fdopen(there) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with door_with(tmp_path, Keypad(name="front", kind="terminal")) as door:
            comes_in(door, lambda keys: os.write(here, keys.encode()) and None)
    os.close(here)


def test_with_one_keypad_gone_the_door_goes_on_with_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them, of which one was never there and one is stuck: each is told by its name."""
    machine = Machine(tmp_path)
    monkeypatch.setattr(usb, "Places", lambda: machine.places)
    keypads = (
        Keypad(),
        Keypad(name="desk", kind="usb", device="USB Keypad"),
        Keypad(name="side", kind="wiegand", data=(25, 26)),
    )
    with door_with(tmp_path, *keypads) as door:
        door.factory.pin(25).drive_low()
        until(lambda: len(door.rows("fault")) == 2)
        assert {(row["reason"], row["detail"]["of"]) for row in door.rows("fault")} == {
            ("keypad-lost", "desk"),
            ("keypad-lost", "side"),
        }
        assert door.status()["health"]["keypads"] == {"outside": True, "desk": False, "side": False}
        comes_in(door, lambda keys: [door.press(key) for key in keys] and None)
