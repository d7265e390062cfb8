"""What each part costs a door in which nothing happens: memory, and how often it wakes.

All doors run at once, each the real daemon in a process of its own, without server and broker, whose threads
are left out: what a part costs does not depend on them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.figures import short
from benchmarks.page import machine, written
from benchmarks.running import IDLE_SECONDS, SETTLE_SECONDS
from contract.sample import sample
from demo.setting import DOOR
from door import credentials, fittings, tables
from door.attachments import Beams, Bell, Display, Fire, Lights, Motion, PowerFail, Tamper, Voice
from door.config import Config
from door.fittings import Keypad
from tests.osdpreader import ADDRESS, KEY, Cable, Reader

PAGE = Path(__file__).parent.parent / "docs" / "hardware.md"
NETWORK = ("paho-mqtt", "link")  # threads that are the same whatever is fitted
BARE, ALL = "bare", "all of them"
HEAD = "| fitted | memory | wake-ups of its threads | of the whole door | its own process: memory, wake-ups |"

Wakes = dict[str, int]


def configs(usb: Path, serial: str) -> dict[str, dict[str, object]]:
    """A door for each part, and one with all; every contact as it is at rest where no wire is connected."""
    keypads = {
        "matrix keypad": Keypad(),
        "Wiegand keypad": Keypad(name="front", kind="wiegand", data=(14, 15)),
        "USB keypad": Keypad(name="desk", kind="usb", device=str(usb)),
        "USB keypad, unplugged": Keypad(
            name="desk", kind="usb", device="/dev/input/by-id/usb-away-event-kbd"
        ),
        "OSDP keypad": Keypad(name="side", kind="osdp", device=serial, address=ADDRESS, secure_key=KEY),
        "terminal": Keypad(name="terminal", kind="terminal"),
    }
    parts: dict[str, dict[str, object]] = {
        "contact and exit button": {
            "contact": fittings.Contact(normally_closed=False),
            "exit_button": fittings.ExitButton(),
        },
        "lamp and buzzer": {"indicator": fittings.Indicator(buzzer=18)},
        "beams": {"beams": Beams(fitted=True, closed_when_clear=False)},
        "motion sensor": {"motion": Motion(fitted=True)},
        "tamper contact, open": {"tamper": Tamper(fitted=True)},
        "fire alarm": {"fire": Fire(fitted=True, normally_closed=False)},
        "battery supply": {"power_fail": PowerFail(fitted=True, normally_closed=False)},
        "lights": {"lights": Lights(fitted=True)},
        "bell": {"bell": Bell(fitted=True, chime=10)},
        "voice": {"voice": Voice(fitted=True)},
        "display": {"display": Display(fitted=True)},
    }
    alone = {name: {"keypads": (keypad,)} for name, keypad in keypads.items()}
    several = tuple(keypad for name, keypad in keypads.items() if name != "USB keypad, unplugged")
    together = {key: table for tables_ in parts.values() for key, table in tables_.items()}
    return {BARE: {}, **alone, **parts, ALL: {"keypads": several, **together}}


@dataclass
class Running:
    """A door that runs; ``children`` are the processes of its own."""

    process: subprocess.Popen[bytes]
    before: Mapping[int, Wakes] = field(default_factory=dict)

    @property
    def pids(self) -> tuple[int, ...]:
        """The door's process, then its children."""
        pid = self.process.pid
        told = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
        return pid, *map(int, " ".join(told).split())

    def wakes(self) -> dict[int, Wakes]:
        """How often each thread woke in its life, by process and name."""
        return {pid: wakes(pid) for pid in self.pids}

    def woken(self, pid: int | None = None) -> Wakes:
        """How often each thread of the door itself, or of its child ``pid``, woke since ``before``."""
        pid = pid or self.process.pid
        return {name: n - self.before[pid].get(name, 0) for name, n in wakes(pid).items()}


def wakes(pid: int) -> Wakes:
    """How often each thread that is not the network's went to sleep of its own will."""
    found: Wakes = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            name, status = (task / "comm").read_text().strip(), (task / "status").read_text()
            if not name.startswith(NETWORK):
                count = next(line for line in status.splitlines() if line.startswith("voluntary_ctxt"))
                found[name] = found.get(name, 0) + int(count.split()[1])
    return found


def memory_kb(pid: int, kind: str = "Rss") -> int:
    """What is resident of a process, or (``Pss``) its share of it."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


@contextmanager
def door(folder: Path, fitted: Mapping[str, object]) -> Iterator[Running]:
    """The real daemon with these parts and no other."""
    config = replace(bare(folder), **fitted)  # type: ignore[arg-type]
    path = folder / ("with-display.toml" if config.display.fitted else "door.toml")
    path.write_text(sample(config), "utf-8")
    command = [sys.executable, "-m", "benchmarks.played", "--config", str(path), "run"]
    with (folder / "log").open("wb") as log:  # read when it does not start
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        yield Running(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def bare(folder: Path) -> Config:
    """A door with a lock and nothing else, enrolled at a server that it never met."""
    held = {"door": DOOR, "door_key": bytes(range(32)).hex(), "api_token": "token"}
    mqtt = {"host": "127.0.0.1", "port": 9, "tls": False, "username": "door", "password": "password"}
    credentials.save(credentials.parse({**held, "mqtt": mqtt}), folder / "door.json")
    return Config(
        door=tables.Door(DOOR, folder / "state", folder / "run", credentials=folder / "door.json"),
        pins=fittings.Pins("mock"),
        contact=fittings.Contact(fitted=False),
        exit_button=fittings.ExitButton(fitted=False),
        keypads=(),
        indicator=fittings.Indicator("none"),
    )


@contextmanager
def doors(folder: Path, *names: str) -> Iterator[dict[str, Running]]:
    """Those of ``configs`` with these names (none: all), running."""
    pipe = folder / "event4"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    with ExitStack() as stack:
        stack.callback(os.close, held)
        running = {}
        for name in names or configs(pipe, ""):
            place = folder / name.replace(" ", "-")
            place.mkdir()
            cable = Cable(place)  # a line for each: two doors on one would answer each other
            stack.callback(cable.close)
            stack.callback(Reader(cable).unplug)
            fitted = configs(pipe, os.ttyname(cable.theirs))[name]
            running[name] = stack.enter_context(door(place, fitted))
        yield running


def figures() -> str:
    """The table."""
    made = tempfile.TemporaryDirectory(prefix="studyroom-parts-", ignore_cleanup_errors=True)
    with made as folder, doors(Path(folder)) as running:
        time.sleep(SETTLE_SECONDS)
        for one in running.values():
            one.before = one.wakes()
        time.sleep(IDLE_SECONDS)
        rows = [_row(name, one, running[BARE]) for name, one in running.items()]
    return "\n".join([HEAD, "|---|---|---|---|---|", *rows])


def _row(name: str, one: Running, least: Running) -> str:
    pid, *children = one.pids
    more = (memory_kb(pid) - memory_kb(least.process.pid)) / 1024
    memory = f"{short(memory_kb(pid) / 1024)} MB" if one is least else f"{more:+.1f} MB"
    woken = one.woken()
    own = sorted(woken.keys() - least.woken().keys())
    mine = ", ".join(f"{thread} {woken[thread]}" for thread in own) or "no thread"
    others = [
        f"{short(memory_kb(child, 'Pss') / 1024)} MB, {sum(one.woken(child).values())}" for child in children
    ]
    return f"| {name} | {memory} | {mine} | {sum(woken.values())} | {'; '.join(others) or '–'} |"


def main() -> int:
    """Measure, print, and put the table in its place."""
    table = f"{machine()}\n\n{figures()}"
    sys.stdout.write(table + "\n")
    written(PAGE, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
