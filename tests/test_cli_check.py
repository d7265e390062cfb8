"""``door check``: each thing in a line, ok or what to do; nothing is driven, and nothing is changed."""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device, InputDevice
from gpiozero.pins.mock import MockFactory
from shell import Shell
from test_keypad_usb import Machine
from village import config, door_at, home, save, village, write

from door import attachments, fittings, pins, tables

FREE_PORT = 0
ROOT = Path(__file__).parent.parent


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    """The pins of this machine, as ``--pins`` finds them."""
    before = Device.pin_factory
    made = pins.use("mock")
    assert isinstance(made, MockFactory)
    monkeypatch.setattr(pins, "use", lambda *_: made)
    yield made
    made.reset()
    Device.pin_factory = before


def shell_of(folder: Path, capsys: pytest.CaptureFixture[str], broker: int = 9, **changes: Any) -> Shell:
    """A shell where this door is configured and does not run."""
    if not (folder / "door.json").exists():
        home(folder, broker)
    return Shell(write(folder, replace(config(folder), **changes)), capsys)


def faults(out: str) -> list[str]:
    """The lines that tell one."""
    return [line for line in out.splitlines() if line.startswith("fault")]


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each thing; folders that are made at the start are no fault."""
    code, out, err = shell_of(tmp_path, capsys).door("check")
    assert (code, err, faults(out)) == (0, "", [])
    for what in (
        "configuration",
        "credentials",
        "time zone",
        "state folder",
        "runtime folder",
        "socket folder",
    ):
        assert f"ok     {what}" in out
    assert "Asia/Shanghai" in out
    assert "made when the door starts" in out
    assert out.splitlines()[-1].endswith("After a change: systemctl reload door (pins: restart)")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").write_text("")
    code, out, _ = shell_of(tmp_path, capsys).door("check")
    assert code == 1
    assert [line.split()[1:3] for line in faults(out)] == [["state", "folder"]]
    assert "is no folder; move what is there" in out


def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere, so the refusal is planted."""
    (tmp_path / "state").mkdir()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "state" and real(path, mode))
    code, out, _ = shell_of(tmp_path, capsys).door("check")
    assert (code, len(faults(out))) == (1, 1)
    assert "may not be written by you; try it as the door's own user, or with sudo" in out
    assert out.splitlines()[-1] == "1 to be put right; then type this again."


# -- pins -----------------------------------------------------------------------------------------


def test_pins_are_claimed_and_given_back_and_none_is_driven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], factory: MockFactory
) -> None:
    shell = shell_of(tmp_path, capsys)
    for _ in range(2):
        code, out, _ = shell.door("check", "--pins")
        assert code == 0
        assert "lock.pin" in out
        assert "keypads[1].rows[1]" in out
    assert factory.pins
    assert {pin.function for pin in factory.pins.values()} == {"input"}


def test_a_pin_that_somebody_else_has_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], factory: MockFactory
) -> None:
    with InputDevice(27):
        code, out, _ = shell_of(tmp_path, capsys).door("check", "--pins")
    assert code == 1
    assert len(faults(out)) == 1
    assert "contact.pin" in faults(out)[0]
    assert "GPIO27 cannot be had" in faults(out)[0]


def test_a_running_door_keeps_its_pins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with door_at(tmp_path) as door:
        code, out, _ = Shell(door.path, capsys).door("check", "--pins")
    assert code == 1
    assert "held by the running door" in faults(out)[0]


# -- online ---------------------------------------------------------------------------------------


def test_server_and_broker_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real ones; the token is tried as well."""
    with village(tmp_path, "mosquitto") as place:
        code, out, _ = Shell(place.path, capsys).door("check", "--online")
        assert (code, faults(out)) == (0, [])
        assert "answers, list revision " in out
        assert "can be reached" in out
        save(tmp_path / "door", {**place.home, "api_token": "another"})
        code, out, _ = Shell(place.path, capsys).door("check", "--online")
    assert code == 1
    assert "server" in faults(out)[0]
    assert "401" in faults(out)[0]


def test_nobody_at_home_is_told_for_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", FREE_PORT))  # bound and not listening: refuses
        port = taken.getsockname()[1]
        server = tables.Server(url=f"http://127.0.0.1:{port}")
        code, out, _ = shell_of(tmp_path, capsys, port, server=server).door("check", "--online")
    assert code == 1
    assert [line.split()[1] for line in faults(out)] == ["server", "broker"]
    assert all("see whether it runs" in line for line in faults(out))


def test_a_door_without_a_server_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shell_of(tmp_path, capsys).door("check", "--online").out
    assert "none is configured: the door goes on with what it knows" in out


def test_a_keypad_that_is_not_plugged_in_is_told_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path)
    monkeypatch.setattr("door.keypads.inputdevices.Places", lambda: machine.places)
    keypads = (fittings.Keypad(name="desk", kind="usb", device="USB Keypod"),)
    code, out, _ = shell_of(tmp_path, capsys, keypads=keypads).door("check")
    assert code == 1
    assert "keypad desk     USB Keypod is not there; plug it in, or name another (there are: none)" in out
    machine.plug("event4")
    code, out, _ = shell_of(tmp_path, capsys, keypads=keypads).door("check")
    assert "(there are: USB Keypad)" in out
    keypads = (replace(keypads[0], device="USB Keypad"),)
    code, out, _ = shell_of(tmp_path, capsys, keypads=keypads).door("check")
    assert (code, faults(out)) == (0, [])
    monkeypatch.setattr(os, "access", lambda path, mode: "event" not in str(path))
    code, out, _ = shell_of(tmp_path, capsys, keypads=keypads).door("check")
    assert "event4 may not be read by you; try it as the door's own user" in out
    machine.unplug("event4")


def test_an_osdp_keypad_lacks_its_package_or_its_adapter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keypad = fittings.Keypad(name="front", kind="osdp", device="/dev/ttyUSB77", secure_key=bytes(16))
    shell = shell_of(tmp_path, capsys, keypads=(keypad,))
    code, out, _ = shell.door("check")
    assert code == 1
    assert "keypad front    /dev/ttyUSB77 is not there; plug the adapter in, or correct device" in out
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, out, _ = shell.door("check")
    assert "the package libosdp is not installed; pip install 'studyroom[osdp]'" in out


def test_each_extra_of_the_door_that_is_missing_is_told_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extras are those of pyproject.toml, so that a new one is told as well."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    doors = extras.keys() - {
        "server",
        "postgresql",
        "tencent",
        "aliyun",
        "dev",
        "pi",
    }  # pi: tests/test_sensors.py
    keypad = fittings.Keypad(name="front", kind="osdp", device="/dev/ttyUSB77", secure_key=bytes(16))
    display, voice = attachments.Display(fitted=True), attachments.Voice(fitted=True)
    shell = shell_of(tmp_path, capsys, keypads=(keypad,), display=display, voice=voice)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    out = shell.door("check").out
    assert {f"pip install 'studyroom[{extra}]'" for extra in doors} == set(re.findall("pip install .*", out))
    assert "apt-get install alsa-utils" in out
