"""What may be fitted besides: every fault of its tables in words, and the kernel's word on the supply."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.settings import SettingsError, read
from door import health
from door.config import Config

FAULTS = {
    "[beams]\nfitted = true\nouter = 17": ("beams.outer (line 3): GPIO17 is already taken by lock.pin"),
    "[beams]\nfitted = true\ninner = 7": "beams.inner (line 3): GPIO7 is already taken by beams.outer",
    "[beams]\nfitted = true\nouter = 2": "beams.outer (line 3): GPIO2 has a fixed pull-up",
    "[beams]\nouter = 28": "beams.outer (line 2): must be a whole number from 0 to 27, not 28",
    "[beams]\nblocked_seconds = 5": (
        "beams.blocked_seconds (line 2): must be a whole number from 10 to 3600, not 5"
    ),
    "[beams]\nclosed_when_clear = 1": "beams.closed_when_clear (line 2): must be true or false, not 1",
    "[beams]\nmiddle = 4": "beams.middle (line 2): there is no such key",
    '[motion]\nkind = "modul"': (
        'motion.kind (line 2): must be one of "module", "contact", not "modul"; did you mean "module"?'
    ),
    "[motion]\nfitted = true\npin = 27": "motion.pin (line 3): GPIO27 is already taken by contact.pin",
    "[motion]\nsilent_minutes = 4": (
        "motion.silent_minutes (line 2): must be a whole number from 5 to 720, not 4"
    ),
    '[tamper]\npin = "11"': 'tamper.pin (line 2): must be a whole number from 0 to 27, not "11"',
    "[tamper]\nfitted = true\npin = 0": "tamper.pin (line 3): GPIO0 belongs to the identification of HATs",
    '[fire]\nnormally_closed = "yes"': 'fire.normally_closed (line 2): must be true or false, not "yes"',
    "[fire]\nfitted = true\npin = 22": "fire.pin (line 3): GPIO22 is already taken by exit_button.pin",
    "[power_fail]\nfitted = true\npin = 3": "power_fail.pin (line 3): GPIO3 has a fixed pull-up",
    '[lights]\nat_rest = "dark"': 'lights.at_rest (line 2): must be one of "on", "off", not "dark"',
    "[lights]\noff_minutes = 0": "lights.off_minutes (line 2): must be a whole number from 1 to 240, not 0",
    "[lights]\nfitted = true\npin = 23": "lights.pin (line 3): GPIO23 is already taken by indicator.red",
    "[bell]\nfitted = true\nchime = 5": "bell.chime (line 3): GPIO5 is already taken by keypads[1].rows[1]",
    "[bell]\nfitted = 3": "bell.fitted (line 2): must be true or false, not 3",
}


@pytest.mark.parametrize("text", FAULTS)
def test_every_fault_names_its_key_and_says_what_it_may_be(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Config, text)
    found = [str(fault) for fault in caught.value.faults]
    assert any(fault.startswith(FAULTS[text]) for fault in found), found


def test_what_is_not_fitted_takes_no_pin() -> None:
    """Their pins may be anybody else's."""
    lines = [f"[{table}]\npin = 17" for table in ("motion", "tamper", "fire", "power_fail", "lights")]
    config = read(Config, "\n".join([*lines, "[beams]", "outer = 17", "inner = 17"]))
    assert set(config.pins_in_use()) == set(Config().pins_in_use())


def test_everything_can_be_fitted_at_once_on_the_pins_it_has() -> None:
    tables = "beams motion tamper fire power_fail lights bell".split()
    text = "\n".join(f"[{table}]\nfitted = true" for table in tables) + "\nchime = 10\n"
    pins = read(Config, text).pins_in_use()
    assert len(pins) == len(set(pins.values()))
    assert {"beams.outer", "beams.inner", "bell.chime", "lights.pin"} <= pins.keys()


# -- the supply -----------------------------------------------------------------------------------


def chip(hwmon: Path, name: str, number: int, alarm: str | None) -> None:
    """A chip as the kernel shows it."""
    folder = hwmon / f"hwmon{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    if alarm is not None:
        (folder / "in0_lcrit_alarm").write_text(alarm)


@pytest.mark.parametrize("alarm, weak", [("0\n", False), ("1\n", True), ("", None), (None, None)])
def test_the_kernel_says_whether_the_supply_is_weak(
    tmp_path: Path, alarm: str | None, weak: bool | None
) -> None:
    chip(tmp_path, "cpu_thermal", 0, None)
    chip(tmp_path, "rpi_volt", 1, alarm)
    assert health.undervoltage(tmp_path) is weak


def test_where_no_chip_watches_the_supply_nobody_knows(tmp_path: Path) -> None:
    chip(tmp_path, "nvme", 0, "1")
    assert health.undervoltage(tmp_path) is None
    assert health.undervoltage(tmp_path / "nothing") is None
