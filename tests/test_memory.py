"""The door stays in memory (``memory.py``), and is none the larger for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parent.parent / "systemd" / "door.service"
SAY = """
import sys
from pathlib import Path
from door import memory
lines = lambda: dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
before = int(lines()["VmRSS"].split()[0])
print(memory.hold())
after = lines()
print(int(after["VmRSS"].split()[0]) - before, int(after["VmLck"].split()[0]))
"""


def test_what_the_door_uses_is_locked_and_nothing_is_added() -> None:
    """Or nothing is, where the limit is too low, and that is no error; the rig shows what it is good for."""
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    said, grown, locked = done.stdout.split()
    assert said == str(int(locked) > 0)
    assert int(grown) < 1024


def test_systemd_sets_no_limit_to_it() -> None:
    """What a later thread or library takes must not fail for it."""
    assert "\nLimitMEMLOCK=infinity\n" in UNIT.read_text("utf-8")
