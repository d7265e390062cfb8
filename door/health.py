"""What ``health`` says: the door's own condition, for whoever comes with a screwdriver (PROTOCOL §4)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from door import view
from door.events import Moment
from door.rules import Rules
from door.state import State
from door.timesource import system_ms

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
HWMON = Path("/sys/class/hwmon")
SUPPLY = "rpi_volt"  # the kernel's name for the firmware's watch over the supply, on every Pi


class Stored(Protocol):
    """The store's figures."""

    log: str
    seq: int
    ack: int
    commit_ms: float
    late_grants: int

    @property
    def ok(self) -> bool: ...


class Linked(Protocol):
    """The link's figures."""

    @property
    def up(self) -> bool: ...
    @property
    def at(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Health:
    """Where the figures come from; ``told(state, rules, now)`` gathers them."""

    store: Stored
    link: Linked | None
    outbox: Callable[[], dict[str, object]]
    keypads: tuple[str, ...]
    disk: Path
    began: Moment
    system_ms: Callable[[], int] = system_ms

    def told(self, state: State, rules: Rules, now: Moment) -> dict[str, object]:
        """The payload of ``health``, and of the administrator's ``status``."""
        lost = {name for alarm, name in state.faults if alarm == "keypad-lost"}
        link = {"up": self.link.up, "at": self.link.at} if self.link else {"up": False, "at": 0}
        store = self.store
        return {
            "version": program_version(),
            "uptime_s": (now - self.began) // 1000,
            "clock": view.clock(state, now, self.system_ms()),
            "link": link,
            "outbox": self.outbox(),
            "audit": {"log": store.log, "seq": store.seq, "ack": store.ack},
            "list": {"revision": state.access.revision, "at": state.list_at},
            "store": {"ok": store.ok, "commit_ms": round(store.commit_ms), "late_grants": store.late_grants},
            "keypads": {name: name not in lost for name in self.keypads},
            "cpu_c": temperature(),
            "undervoltage": undervoltage(),
            "disk_free_mb": free_mb(self.disk),
            "codes": {"digits": rules.codes.digits, "member_digits": rules.codes.member_digits},
            "at": state.reading(now).best,
        }


def free_mb(folder: Path) -> int | None:
    """Free space of the disk; None when it is gone."""
    try:
        return shutil.disk_usage(folder).free >> 20
    except OSError:
        return None


@cache
def program_version() -> str:
    """The version installed when it was first asked for: it is read from the disk."""
    try:
        return version("studyroom")
    except PackageNotFoundError:
        return "unknown"


def temperature(source: Path = TEMPERATURE) -> int | None:
    """Degrees Celsius of the processor, where the kernel tells."""
    try:
        return int(source.read_text()) // 1000
    except (OSError, ValueError):
        return None


def undervoltage(hwmon: Path = HWMON) -> bool | None:
    """Whether the supply is or was just too weak; None where the kernel does not tell.

    The kernel looks every two seconds of its own; reading what it found asks nothing of the firmware.
    """
    try:
        for chip in sorted(hwmon.iterdir()):
            if (chip / "name").read_text().strip() == SUPPLY:
                return bool(int((chip / "in0_lcrit_alarm").read_text()))
    except (OSError, ValueError):
        pass
    return None
