"""``door wiring`` draws the door as configured: every pin in use, at its place on a real header."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import hardware
import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import given
from hypothesis import strategies as st

from contract.sample import sample
from door import cli
from door.attachments import Beams, Display, Fire, Lights, Motion, PowerFail, Tamper
from door.config import Config
from door.fittings import Indicator, Keypad, Lock
from door.wiring.header import NAMES, PINS, nearest, pin_of
from door.wiring.parts import parts
from door.wiring.picture import picture

mock_factory = hardware.mock_factory
EVERYTHING = Config(
    lock=Lock(kind="maglock", active_high=False),
    keypads=(
        Keypad(),
        Keypad(name="front", kind="wiegand", data=(10, 25)),
        Keypad(name="desk", kind="usb", device="A & B <Keypad>"),
        Keypad(name="side", kind="osdp", device="/dev/serial0", secure_key=bytes(16)),
        Keypad(name="back", kind="osdp", device="/dev/ttyUSB0", secure_key=bytes(16)),
    ),
    indicator=Indicator(buzzer=18),
    beams=Beams(fitted=True),
    motion=Motion(fitted=True),
    tamper=Tamper(fitted=True),
    fire=Fire(fitted=True),
    power_fail=PowerFail(fitted=True),
    lights=Lights(fitted=True),
    display=Display(fitted=True),
)


def test_the_header_is_that_of_the_pi(mock_factory: MockFactory) -> None:
    """As gpiozero knows it."""
    header = mock_factory.board_info.headers["J8"]  # type: ignore[attr-defined]
    assert {n: pin.name for n, pin in header.pins.items()} == PINS
    assert (header.rows, header.columns) == (20, 2)


@given(st.integers(0, 27))
def test_a_gpio_number_has_its_pin(gpio: int) -> None:
    assert PINS[pin_of(gpio)] == f"GPIO{gpio}"


@given(st.sets(st.integers(1, 40), min_size=1), st.sampled_from(["GND", "5V", "3V3"]))
def test_a_part_takes_its_supply_from_a_pin_that_has_it(pins: set[int], name: str) -> None:
    assert PINS[nearest(name, pins)] == name


@pytest.mark.parametrize("config", [Config(), EVERYTHING], ids=["as delivered", "everything"])
def test_every_pin_in_use_has_its_terminal_and_no_other_gpio_has_one(config: Config) -> None:
    wired = sorted(one.pin for part in parts(config) for one in part.terminals if "GPIO" in PINS[one.pin])
    bus = [2, 3] if config.display.fitted else []  # I²C, where nothing else may be
    assert wired == sorted(pin_of(gpio) for gpio in [*config.pins_in_use().values(), *bus])


def test_every_part_is_drawn_and_told_to_those_who_do_not_see_it() -> None:
    drawing = ET.fromstring(picture(EVERYTHING))
    names = [element.tag.rpartition("}")[2] for element in drawing]
    assert names[:2] == ["title", "desc"]
    said = "".join(drawing[1].itertext())
    written = " ".join("".join(element.itertext()) for element in drawing if element.tag.endswith("}text"))
    for part in parts(EVERYTHING):
        assert part.title in said
        assert part.title in written
        for one in part.terminals:
            assert f"{one.label} to pin {one.pin}" in said
            assert f"{PINS[one.pin]} · pin {one.pin}" in written
    assert "break-glass" in written


def test_each_wire_has_a_lane_of_its_own_and_stays_in_the_picture() -> None:
    text = picture(EVERYTHING)
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', text)[0])
    lanes = re.findall(r'<path class="wire" d="M\d+ \d+(?:l8 13)?H(\d+)V([\d.]+)H(\d+)"', text)
    count = sum(len(part.terminals) for part in parts(EVERYTHING))
    assert len({lane for lane, _, _ in lanes}) == len(lanes) == count
    assert all(int(lane) < int(end) < width and float(y) < height for lane, y, end in lanes)


def test_no_key_of_a_keypad_is_in_the_picture() -> None:
    assert bytes(16).hex() not in picture(EVERYTHING)


def test_the_command_needs_the_configuration_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither credentials nor a Pi: it is drawn before anything is bought."""
    path = tmp_path / "config.toml"
    path.write_text(sample(EVERYTHING), "utf-8")
    assert cli.main(["--config", str(path), "wiring"]) == 0
    assert capsys.readouterr().out == picture(EVERYTHING)
    path.write_text("[lock]\npin = 99\n")
    assert cli.main(["--config", str(path), "wiring"]) == 2
    assert "lock.pin" in capsys.readouterr().err


def test_the_header_has_forty_pins() -> None:
    assert len(NAMES) == 40
    assert sorted(name for name in NAMES if name.startswith("GPIO")) == sorted(f"GPIO{n}" for n in range(28))
