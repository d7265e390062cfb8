"""A room server, a Mosquitto and a door as processes that can be killed, and what their databases say."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import databases
from patience import until
from serving import ROOT, Mosquitto, RoomServer, mosquitto
from sqlalchemy import text

from contract import audit
from contract.audit import FIRST_PREV, Row
from contract.codes import Codes, Issued, Kind, issue
from contract.messages import report_key
from contract.sample import sample
from door import control, credentials
from door.credentials import Credentials
from roomserver.bell import ring
from roomserver.place import load, now, open_place
from roomserver.storage.database import Database
from roomserver.wire import commands, doors

NAME = "yuexin"
ATTEMPT_CUES = frozenset({"accepted", "wrong", "second-code", "not-now", "wait"})
LATE = "the store took longer than"
CONFIG = """\
[door]
name = "{name}"
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
credentials = "{folder}/door.json"

[server]
url = "{url}"
poll_seconds = 10

[pins]
factory = "mock"

[contact]
fitted = false

[[keypads]]
name = "terminal"
kind = "terminal"

[indicator]
kind = "terminal"

[clock]
trust = "system"
"""
Key = tuple[str, int, str]  # log, seq, hash


class DoorProcess:
    """``door run``, typed at through its standard input, its cues read from its standard output."""

    def __init__(self, folder: Path, program: Sequence[str] = ("-m", "door")) -> None:
        self.folder, self.config = folder, folder / "config.toml"
        self.program = tuple(program)
        self.database = folder / "state" / "door.db"
        self.socket = folder / "run" / "control.sock"
        self.on_cue: Callable[[int], None] = lambda _: None
        self.errors = folder / "door.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._cues: list[str] = []
        self._ended = True
        self._more = threading.Condition()

    def start(self) -> None:
        """Start; it may be typed at from now on."""
        with self.errors.open("a") as log:
            self._process = process = subprocess.Popen(
                [sys.executable, *self.program, "--config", str(self.config), "run"],
                env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "PYTHONUTF8": "1"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
            )  # fmt: skip
        self._cues, self._ended = [], False
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def kill(self) -> None:
        """SIGKILL; the second time nothing happens. Does not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """As systemd stops it. Does not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def ended(self, seconds: float = 20) -> int:
        """Wait for the end, and until all it has said is read; the exit code."""
        assert self._process is not None
        code = self._process.wait(seconds)
        until(lambda: self._ended)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return code

    def stop(self) -> int:
        """Stop in order; the exit code."""
        self.terminate()
        return self.ended()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def type(self, digits: str, seconds: float = 20) -> str | None:
        """Type a line; the cue that answers it, or None when the door died without a word."""
        assert self._process is not None
        assert self._process.stdin is not None
        with self._more:
            before = len(self._cues)
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{digits}\n".encode())
        with self._more:
            told = self._more.wait_for(lambda: len(self._cues) > before or self._ended, seconds)
            assert told, "the door lives and says nothing"
            return self._cues[before] if len(self._cues) > before else None

    def double(self, code: Issued) -> str | None:
        """Type a code and, where the door asks for it, the second one; the last cue."""
        cue = self.type(code.digits)
        return self.type(code.second) if cue == "second-code" else cue

    def pair(self, code: Issued) -> str | None:
        """Type both halves of a card's pair, whatever the first is answered; the last cue."""
        self.type(code.digits)
        return self.type(code.second)

    def ask(self, verb: str, **args: object) -> dict[str, Any] | None:
        """What the administrator's command hears; None when there is no door to ask."""
        try:
            return control.ask(self.socket, verb, args)
        except control.ControlError:
            return None

    def status(self) -> dict[str, Any]:
        """``door status``, as soon as the door answers."""
        found: list[dict[str, Any]] = []

        def answers() -> bool:
            assert self.running, self.errors.read_text()
            found.extend(filter(None, [self.ask("status")]))
            return bool(found)

        until(answers, 45)
        return found[0]

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            word = line.decode().partition(" ")[0].strip()
            if word in ATTEMPT_CUES:
                with self._more:
                    self._cues.append(word)
                    self._more.notify_all()
                self.on_cue(len(self._cues))
        with self._more:
            self._ended = True
            self._more.notify_all()


@dataclass(frozen=True)
class Memory:
    """What a door's database says, read from a copy so that reading changes nothing."""

    rows: tuple[Row, ...]
    acks: dict[str, int]
    used: dict[tuple[str, str], tuple[int, int]]  # member and kind: generation and step
    facts: dict[str, str]
    members: dict[str, dict[str, Any]]
    fault: str | None

    @property
    def keys(self) -> set[Key]:
        """Each row by its place and hash."""
        return {(row.log, row.seq, row.hash) for row in self.rows}

    @property
    def logs(self) -> list[str]:
        """The logs, oldest first."""
        return list(self.acks)

    def of(self, type_: str) -> list[Row]:
        """The rows of a type."""
        return [row for row in self.rows if row.type == type_]


@dataclass
class World:
    """A folder with everything in it; ``door`` is not started."""

    folder: Path
    broker: Mosquitto | None  # None: the server's own, which dies with it
    server: RoomServer
    door: DoorProcess = field(init=False)
    home: dict[str, Any] = field(init=False, repr=False)  # what enrolling gave
    codes: Codes = field(default_factory=Codes)

    def enrol(self, folder: str = "door", program: Sequence[str] = ("-m", "door")) -> DoorProcess:
        """A machine for the door, enrolled with a token of its own; the one before is out."""
        self.door = DoorProcess(self.folder / folder, program)
        self.door.folder.mkdir()
        self.home = self.server.enroll(NAME)
        given = {name: value for name, value in self.home.items() if name != "server_time"}
        credentials.save(credentials.parse({**given, "door": NAME}), self.door.folder / "door.json")
        self.door.config.write_text(
            CONFIG.format(name=NAME, folder=self.door.folder, url=self.server.url), "utf-8"
        )
        return self.door

    @property
    def credentials(self) -> Credentials:
        """What enrolling gave the present machine."""
        return credentials.load(self.door.folder / "door.json")

    def code(
        self, member: str, kind: Kind = Kind.PHONE, generation: int = 1, at: int | None = None
    ) -> Issued:
        """What a member's phone (app, sheet) shows."""
        step = self.codes.step(kind, int(time.time()) if at is None else at)
        return issue(self.credentials.door_key, NAME, kind, member, generation, step, self.codes)

    def card(self, member: str, pair: int, generation: int = 1) -> Issued:
        """A pair of a member's wallet card."""
        return issue(self.credentials.door_key, NAME, Kind.CARD, member, generation, pair, self.codes)

    def members(self, count: int, kind: Kind = Kind.PHONE) -> list[str]:
        """New members, who never came to the door."""
        return [self.server.json("member", "add", "--kind", kind)["member"] for _ in range(count)]

    def enter(self, member: str, generation: int = 1) -> str | None:
        """What a member's phone code is answered at the door."""
        return self.door.type(self.code(member, generation=generation).digits)

    def memory(self, database: Path | None = None) -> Memory:
        """What stands in the door's database now."""
        return remembered(database or self.door.database, report_key(self.credentials.door_key, NAME))

    def stored(self) -> set[Key]:
        """What the server has stored of the door's rows."""
        return set(self.server_asks("SELECT logs.name, seq, hash FROM rows JOIN logs ON logs.id = log_id"))

    def lost(self, before: set[Key]) -> set[Key]:
        """Rows the server had and has not now."""
        return before - self.stored()

    def aside(self) -> set[Key]:
        """What it has kept beside them: other rows under the same numbers."""
        return set(
            self.server_asks("SELECT logs.name, seq, forks.hash FROM forks JOIN logs ON logs.id = log_id")
        )

    def server_asks(self, question: str, **values: object) -> list[tuple[Any, ...]]:
        """The answer of the server's database."""
        database = Database(load(self.server.config).database_url)
        try:
            with database.snapshot() as connection:
                return [tuple(row) for row in connection.execute(text(question), values)]
        finally:
            database.close()

    def command(self, verb: str = "identify") -> tuple[int, str | None]:
        """Have the server ask something of the door; the command's number, and the error it came to."""
        until(lambda: self.door.status()["broker"])
        opened = open_place(load(self.server.config))
        with opened.database.write() as session:
            id_ = commands.ask(session, doors.get(session, NAME).id, verb, {}, now())
        opened.database.close()
        ring(opened.place.bell)
        question = "SELECT n, error FROM commands WHERE id = :id AND done_at IS NOT NULL"
        until(lambda: self.server_asks(question, id=id_), 15)
        n, error = self.server_asks(question, id=id_)[0]
        return n, error

    def in_step(self) -> None:
        """Wait until the running door holds the server's list."""
        until(lambda: self.door.status()["health"]["list"]["revision"] == self.revision(), 30)

    def revision(self) -> int:
        """The revision of the server's list."""
        return int(self.server_asks("SELECT revision FROM head")[0][0])

    def record(self, member: str) -> dict[str, Any]:
        """A member as the server has him."""
        found: list[dict[str, Any]] = self.server.json("member", "list")
        return next(record for record in found if record["member"] == member)

    def agree(self, seconds: float = 45) -> Memory:
        """Wait until the server has exactly the rows the running door has, and the door knows it."""
        found: list[Memory] = []
        self.door.status()  # one that is still starting would agree as it was left

        def same() -> bool:
            memory = self.memory()
            found[:] = [memory]
            last = {row.log: row.seq for row in memory.rows}
            return memory.acks == last and memory.keys <= self.stored() | self.aside()

        until(same, seconds, 0.2)
        return found[0]

    def alarms(self) -> set[str]:
        """What the server noticed."""
        return {kind for (kind,) in self.server_asks("SELECT DISTINCT kind FROM alarms")}

    def restore(self, backup: Path) -> None:
        """The server dies, and may be started elsewhere at the same address, as docs/operations.md says."""
        old, elsewhere = self.server, self.folder / "elsewhere"
        old.kill()
        elsewhere.mkdir()
        shutil.copy(old.folder / "roomserver.key", elsewhere)
        settings = replace(load(old.config).settings, database=databases.setting(elsewhere))
        (elsewhere / "roomserver.toml").write_text(sample(settings), "utf-8")
        self.server = RoomServer.of(elsewhere / "roomserver.toml")
        self.server.cli("init")
        self.server.cli("restore", str(backup))


@contextlib.contextmanager
def world(folder: Path, *, embedded: bool = False) -> Iterator[World]:
    """A running server with Mosquitto or its own broker; whatever was started is killed at the end."""
    with contextlib.nullcontext() if embedded else mosquitto(folder / "broker") as broker:
        server = RoomServer(folder / "server", broker)
        server.start()
        made = World(folder, broker, server)
        try:
            yield made
        finally:
            if hasattr(made, "door") and made.door.running:
                made.door.kill()
                made.door.ended()
            made.server.kill()


def remembered(database: Path, key: bytes) -> Memory:
    """What ``database`` says; its audit rows verified, each against the one before it."""
    aside = database.with_name("looked-at")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for suffix in ("", "-wal"):
        part = database.with_name(database.name + suffix)
        if part.exists():
            shutil.copy(part, aside / part.name)
    with contextlib.closing(sqlite3.connect(aside / database.name)) as db:
        fault = next(
            (f"integrity: {word}" for (word,) in db.execute("PRAGMA quick_check") if word != "ok"), None
        )
        raws = [raw for (raw,) in db.execute("SELECT raw FROM rows ORDER BY log, seq")]
        rows = tuple(audit.parse(raw) for raw in raws)
        acks = dict(db.execute("SELECT log, ack FROM logs ORDER BY position").fetchall())
        used = {
            (m, k): (g, s) for m, k, g, s in db.execute("SELECT member, kind, generation, step FROM used")
        }
        facts = dict(db.execute("SELECT name, value FROM facts").fetchall())
        db.row_factory = sqlite3.Row
        members = {row["member"]: dict(row) for row in db.execute("SELECT * FROM members")}
    shutil.rmtree(aside)
    return Memory(rows, acks, used, facts, members, fault or broken(rows, key))


def broken(rows: Sequence[Row], key: bytes) -> str | None:
    """What is wrong with the chain of each log, if anything is."""
    before: dict[str, Row] = {}
    for row in rows:
        last = before.get(row.log)
        try:
            audit.verify(key, NAME, row.raw)
        except audit.RowError as error:
            return f"row {row.seq} of {row.log}: {error}"
        if (row.seq, row.prev) != ((last.seq + 1, last.hash) if last else (1, FIRST_PREV)):
            return f"row {row.seq} of {row.log} does not follow the one before it"
        before[row.log] = row
    return None
