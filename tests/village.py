"""The whole world of one door for tests: a real server, a real broker, the door on wires or as a process."""

from __future__ import annotations

import hmac
import json
import os
import queue
import subprocess
import sys
import threading
import time
from base64 import b32encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from broker import USERS
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from hardware import Matrix, states
from patience import until
from serving import ROOT, Mosquitto, RoomServer

from contract import audit, messages
from contract.audit import FIRST_PREV
from contract.codes import Codes, Kind, issue
from contract.sample import sample
from door import control, credentials, fittings, pins, tables, timesource
from door.config import Config
from door.daemon import Daemon
from door.effects import Cue
from door.events import KeyPressed, Stopping, SystemTime
from roomserver.settings import Settings

DOOR = "yuexin"
KEYS = {key: (r, c) for r, row in enumerate(("123", "456", "789", "*0#")) for c, key in enumerate(row)}
NOWHERE = 9  # the discard port: nobody listens
SILENT = SystemTime(0, synchronised=False, rtc=False)  # a system clock that nothing holds


def secret(door_key: bytes, door: str, kind: str, member: str, generation: int = 1) -> bytes:
    """The secret of PROTOCOL §1, by RFC 5869 and nothing of ours: one block of HKDF-Expand."""
    info = f"door-code/v1/{door}/{kind}/{member}/{generation}".encode()
    return hmac.digest(door_key, info + b"\x01", "sha256")[:20]


def oathtool(*args: str, key: bytes) -> str:
    """One code by Debian's oathtool."""
    done = subprocess.run(
        ["oathtool", *args, "--base32", b32encode(key).decode()], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def totp(key: bytes, step_seconds: int, at: float, later: int = 0) -> str:
    """The code of ``at`` (Unix s), ``later`` steps on."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at + later * step_seconds))
    return oathtool("--totp", f"--time-step-size={step_seconds}s", "--now", moment, key=key)


def hotp(key: bytes, counter: int) -> str:
    """The code of a counter."""
    return oathtool("--hotp", "--counter", str(counter), key=key)


def home(folder: Path, broker: int = NOWHERE, **more: object) -> Path:
    """Credentials of a door that never met its server, in ``folder``; ``broker`` is a port."""
    account = {"username": "door", "password": USERS["door"]}
    mqtt = {"host": "127.0.0.1", "port": broker, "tls": False, **account}
    return save(folder, {"mqtt": mqtt, "door_key": bytes(range(32)).hex(), "api_token": "token", **more})


def save(folder: Path, answer: Mapping[str, Any]) -> Path:
    """Credentials as ``door enroll`` keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "door.json"
    credentials.save(credentials.parse({**answer, "door": DOOR}), path)
    return path


def config(folder: Path, url: str | None = None, **tables_: Any) -> Config:
    """The configuration of a door in ``folder`` on simulated pins."""
    found = Config(
        door=tables.Door(
            name=DOOR,
            state_dir=folder / "state",
            runtime_dir=folder / "run",
            credentials=folder / "door.json",
        ),
        server=tables.Server(url=url, poll_seconds=10),
        pins=fittings.Pins(factory="mock"),
        indicator=fittings.Indicator(kind="pins", buzzer=18),
    )
    return replace(found, **tables_)


def write(folder: Path, settings: Config) -> Path:
    """The configuration as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(sample(settings), "utf-8")
    return path


class Spy:
    """Sees every cue that the indicator shows."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.all: list[Cue] = []

    def show(self, cue: Cue, ms: int | None) -> None:
        """Note it, and let it be shown."""
        self.all.append(cue)
        self._real.show(cue, ms)

    @property
    def answers(self) -> list[Cue]:
        """What was shown, but for the click of the keys."""
        return [cue for cue in list(self.all) if cue is not Cue.KEY]


class Door:
    """The real daemon on simulated copper: its keys are pressed electrically, its relay is looked at."""

    def __init__(self, path: Path) -> None:
        self._before = Device.pin_factory
        factory = pins.use("mock")
        assert isinstance(factory, MockFactory)
        self.factory, self.path = factory, path
        fitted = fittings.Keypad()
        self.matrix = Matrix(factory, fitted.rows, fitted.columns)
        self.relay = factory.pin(fittings.Lock().pin)
        self.contact = factory.pin(fittings.Contact().pin)
        with patch.object(pins, "use", lambda *_: factory):
            self.daemon = Daemon(path)
        self.contact.drive_low()
        self.spy = Spy(self.daemon.indicator)
        self.daemon.loop._indicator = self.spy
        self._thread = threading.Thread(target=self.daemon.run, name="door")

    def start(self) -> Door:
        """Be the door, and wait until it is."""
        self._thread.start()
        until(lambda: answered(self.daemon.config.socket))
        until(lambda: self.state.doorway.open is bool(self.contact.state))
        return self

    def settled(self) -> None:
        """Wait until all that was posted so far has been dealt with."""
        control.ask(self.daemon.config.socket, "refresh", {})

    def stop(self) -> None:
        """As SIGTERM does; a second time does nothing."""
        if self._thread.is_alive():
            self.daemon.inbox.put(Stopping("SIGTERM"))
        self._thread.join(15)
        assert not self._thread.is_alive(), "the door does not stop"

    def close(self) -> None:
        """Stop, and give the pins back."""
        self.stop()
        self.factory.reset()
        Device.pin_factory = self._before

    # -- at the door ------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Press one key, and let it go."""
        row, column = KEYS[key]
        seen = len(self.spy.all)
        self.matrix.press(row, column)
        until(lambda: len(self.spy.all) > seen, step=0.001)
        self.matrix.release(row, column)
        until(lambda: self.matrix.resting, step=0.001)

    def type(self, digits: str) -> Cue:
        """Type an attempt; the cue that answers it."""
        seen = len(self.spy.answers)
        for key in digits:
            self.press(key)
        until(lambda: len(self.spy.answers) > seen, step=0.002)
        return self.spy.answers[seen]

    def post(self, digits: str) -> Cue:
        """The same without the keys, for tests of something else."""
        seen = len(self.spy.answers)
        for key in digits:
            self.daemon.inbox.put(KeyPressed("outside", key))
        until(lambda: len(self.spy.answers) > seen, step=0.002)
        return self.spy.answers[seen]

    def double(self, codes: tuple[str, str]) -> Cue:
        """Type a double code; the cue that answers the pair."""
        self.type(codes[0])
        return self.type(codes[1] + "#")

    def walk_in(self) -> None:
        """Open the door, which relocks it, go through, and let it fall shut."""
        for push, opened in ((self.contact.drive_high, True), (self.contact.drive_low, False)):
            push()
            until(lambda opened=opened: self.state.doorway.open is opened)  # type: ignore[misc]
        assert not self.unlocked

    @property
    def unlocked(self) -> bool:
        """The level of the relay's pin."""
        return bool(self.relay.state)

    @property
    def pulses(self) -> int:
        """How often the relay was energised."""
        levels = states(self.relay)
        return sum(now and not before for before, now in pairwise(levels))

    @property
    def state(self) -> Any:
        """What the daemon knows."""
        return self.daemon.loop.state

    @property
    def alarms(self) -> list[str]:
        """What is wrong, as the administrator sees it."""
        alarms: list[str] = self.status()["state"]["alarms"]
        return alarms

    def status(self) -> dict[str, Any]:
        """What ``door status`` shows."""
        return control.ask(self.daemon.config.socket, "status", {})

    def rows(self, type_: str | None = None) -> list[dict[str, Any]]:
        """The rows of the present log, as they are stored."""
        found = self.daemon.store.rows(self.daemon.store.log, 0, 100_000).result(5)
        rows = [json.loads(raw) for _, raw in found]
        return [row for row in rows if type_ in (None, row["type"])]


@contextmanager
def door_at(
    folder: Path, settings: Config | None = None, *, clock: SystemTime | None = None
) -> Iterator[Door]:
    """A running door alone in the world; ``clock`` is what the system says of its own."""
    if not (folder / "door.json").exists():
        home(folder)
    path = write(folder, settings or config(folder, clock=tables.Clock(trust="system")))
    with patch.object(timesource, "read", lambda: clock or now_of_system()):
        door = Door(path)
        try:
            yield door.start()
        finally:
            door.close()


def now_of_system() -> SystemTime:
    """The system clock as it is, held by nothing: what CI machines say of NTP differs."""
    return SystemTime(timesource.system_ms(), synchronised=False, rtc=False)


def answered(socket: Path) -> bool:
    """Whether a door answers there."""
    with suppress(control.ControlError):
        return bool(control.ask(socket, "status", {})["ok"])
    return False


def codes_of(member: str, generation: int = 1, kind: Kind = Kind.PHONE, later: int = 0) -> tuple[str, str]:
    """The code and its second of a door that has the key of ``home``."""
    form = Codes()
    step = form.step(kind, int(time.time())) + later
    issued = issue(bytes(range(32)), DOOR, kind, member, generation, step, form)
    return issued.digits, issued.second


# -- server, broker and door together -------------------------------------------------------------


@dataclass
class Village:
    """A server, a broker of its own or the embedded one, and an enrolled door; ``close`` ends them all."""

    folder: Path
    broker: Mosquitto | None
    rules: Settings = field(default_factory=Settings)  # of the server

    def __post_init__(self) -> None:
        self.server = RoomServer(self.folder / "server", self.broker, self.rules)
        self.server.start()
        self.home = self.server.enroll(DOOR)
        self.key = bytes.fromhex(self.home["door_key"])
        save(self.folder / "door", self.home)
        self.settings = config(self.folder / "door", self.server.url, clock=tables.Clock(trust="system"))
        self.path = write(self.folder / "door", self.settings)

    def add(self, kind: str = "phone") -> str:
        """A new member's number."""
        number: str = self.server.json("member", "add", "--kind", kind)["member"]
        return number

    def codes(self, member: str, generation: int | None = None) -> tuple[str, str]:
        """What the member's phone shows now, and the second code; ``generation`` for an older phone."""
        if generation is not None:
            form = Codes()
            step = form.step(Kind.PHONE, int(time.time()))
            issued = issue(self.key, DOOR, Kind.PHONE, member, generation, step, form)
            return issued.digits, issued.second
        drawn = self.server.json("code", member)["codes"][0]
        return drawn["code"], drawn["second"]

    def kill_broker(self) -> None:
        """SIGKILL; the embedded one dies with its server."""
        (self.server if self.broker is None else self.broker).kill()

    def start_broker(self) -> None:
        """On the same port again."""
        (self.server if self.broker is None else self.broker).start()

    def kill_all(self) -> None:
        """The server and the broker."""
        self.server.kill()
        if self.broker is not None:
            self.broker.kill()

    def start_all(self) -> None:
        """Both again, in the worse order: the server first."""
        self.server.start()
        if self.broker is not None:
            self.broker.start()

    def hashes(self) -> list[tuple[str, int, str]]:
        """Log, number and hash of all rows that the server has."""
        return sorted((row["log"], row["seq"], row["hash"]) for row in self.server.rows())

    def close(self) -> None:
        """End everything."""
        self.kill_all()


@contextmanager
def village(folder: Path, broker: str, rules: Settings | None = None) -> Iterator[Village]:
    """A running village; ``broker`` is ``mosquitto`` or ``embedded``."""
    external = None
    if broker == "mosquitto":
        external = Mosquitto(folder / "broker", {"roomserver": "a password"})
        external.start()
    made: Village | None = None
    try:
        made = Village(folder, external, rules or Settings())
        yield made
    finally:
        if made is not None:
            made.close()
        elif external is not None:
            external.kill()


def verified(door_key: bytes, raws: list[bytes]) -> list[dict[str, Any]]:
    """The rows of one log, each hash and the chain checked."""
    key, prev, rows = messages.report_key(door_key, DOOR), FIRST_PREV, []
    for seq, raw in enumerate(raws, 1):
        digest = audit.verify(key, DOOR, raw)
        row = json.loads(raw)
        assert (row["seq"], row["prev"], row["hash"]) == (seq, prev, digest)
        prev = digest
        rows.append(row)
    return rows


# -- the door as a process ------------------------------------------------------------------------


class DoorProcess:
    """``door run`` on simulated pins, its terminal keypad fed by lines."""

    def __init__(self, path: Path, **environment: str) -> None:
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "door", "--config", str(path), "run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, line: str) -> None:
        """A line of keys."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def says(self, words: str, seconds: float = 15) -> str:
        """Wait for a line that has these words, after the ones asked for before."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {words!r} in:\n{self.text}") from None
            if words in line:
                return line

    @property
    def text(self) -> str:
        """All it has said."""
        return "\n".join(self.lines)

    def end_of_input(self) -> None:
        """Close its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self, seconds: float = 15) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def close(self) -> None:
        """Kill it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._queue.put(line.rstrip("\n"))


@contextmanager
def door_process(folder: Path, settings: Config | None = None, **environment: str) -> Iterator[DoorProcess]:
    """``door run`` for the length of a ``with``, with words for cues and lines for keys."""
    if not (folder / "door.json").exists():
        home(folder)
    terminal: dict[str, Any] = {
        "keypads": (fittings.Keypad(name="outside", kind="terminal"),),
        "indicator": fittings.Indicator(kind="terminal"),
        "clock": tables.Clock(trust="system"),
        "contact": fittings.Contact(fitted=False),
    }
    path = write(folder, settings or config(folder, **terminal))
    running = DoorProcess(path, **environment)
    try:
        yield running
    finally:
        running.close()
