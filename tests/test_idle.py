"""A door in which nothing happens sleeps, whatever is fitted; and what is not fitted is not in its memory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from patience import until

from benchmarks import parts
from benchmarks.parts import ALL, BARE
from contract.sample import sample

ROOT = Path(__file__).parent.parent
WINDOW_SECONDS = 3.0
# What only a part needs: its modules, and the packages of its extra.
OPTIONAL = {
    "door.keypads.wiegand",
    "door.keypads.usb",
    "door.keypads.osdp",
    "door.keypads.osdpbus",
    "door.voice",
    "door.display.screen",
    "luma",
    "osdp_sys",
    "PIL",
    "smbus2",
}


EVERY_THREAD = {
    "display",
    "indicator",
    "keypad-desk",
    "keypad-front",
    "keypad-outside",
    "keypad-side",
    "keypad-terminal",
    "voice",
}


@pytest.mark.timeout(180)
def test_no_keypad_no_sensor_and_no_indicator_wakes_while_nothing_happens(tmp_path: Path) -> None:
    """Beside a bare door, counted by the kernel; what wakes at all after its start wakes in such a window.

    The display's minute may pass in one of them, and then not in the next.
    """
    with parts.doors(tmp_path, BARE, ALL) as doors:
        everything, bare = doors[ALL].process.pid, doors[BARE].process.pid
        until(lambda: parts.wakes(everything).keys() - parts.wakes(bare).keys() == EVERY_THREAD, 60)

        def asleep() -> bool:
            before = parts.wakes(everything)
            Event().wait(WINDOW_SECONDS)
            after = parts.wakes(everything)
            return all(after[thread] == before[thread] for thread in EVERY_THREAD)

        until(asleep, 60)


@pytest.mark.parametrize(
    "fitted, loaded",
    [
        (BARE, set()),
        ("matrix keypad", set()),
        ("lamp and buzzer", set()),
        ("beams", set()),
        ("Wiegand keypad", {"door.keypads.wiegand"}),
        ("USB keypad", {"door.keypads.usb"}),
        ("OSDP keypad", {"door.keypads.osdp", "door.keypads.osdpbus"}),
        ("voice", {"door.voice"}),
        ("display", {"door.display.screen"}),
    ],
)
def test_a_door_has_loaded_of_the_optional_what_is_fitted_and_no_more(
    fitted: str, loaded: set[str], tmp_path: Path
) -> None:
    """All its parts are made; the display's own packages come with its first picture."""
    config = replace(parts.bare(tmp_path), **parts.configs(tmp_path / "event4", "/dev/ttyUSB0")[fitted])
    path = tmp_path / "config.toml"
    path.write_text(sample(config), "utf-8")
    code = "import sys, pathlib, door.daemon as d; d.Daemon(pathlib.Path(sys.argv[1])); print(*sys.modules)"
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert OPTIONAL.intersection(done.stdout.split()) == loaded
