"""A real room server and a real Mosquitto on free ports, and the door's side of the wire, for tests."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import broker
import databases
from broker import free_port
from certificates import Pair
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from patience import until

from contract import audit, messages
from contract.audit import FIRST_PREV, Row
from contract.messages import Ack, Topics
from contract.sample import sample
from roomserver.cli import main
from roomserver.place import load
from roomserver.settings import Settings

ROOT = Path(__file__).parent.parent


def answers(port: int) -> bool:
    """Whether something listens on ``port``."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


class Mosquitto(broker.Mosquitto):
    """Debian's Mosquitto with users, and more of them (``admit``) while it runs."""

    def __init__(self, folder: Path, users: Mapping[str, str], pair: Pair | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, users, pair=pair)
        self._admitted: dict[str, str] = {}

    def command(self) -> list[str]:
        """The program and its arguments; writes the files it needs."""
        command = super().command()
        self._write()
        return command

    def admit(self, line: str) -> None:
        """One more user, as a line of the password file; a running broker reads it at once."""
        self._admitted[line.split(":")[0]] = line
        self._write()
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def _write(self) -> None:
        passwords = self.folder / "passwords"
        lines = {line.split(":")[0]: line for line in passwords.read_text().splitlines()} | self._admitted
        passwords.write_text("".join(f"{line}\n" for line in lines.values()))


@contextmanager
def mosquitto(
    folder: Path, users: Mapping[str, str] | None = None, pair: Pair | None = None
) -> Iterator[Mosquitto]:
    """A running Mosquitto for the length of a ``with``; the user ``roomserver`` is always there."""
    running = Mosquitto(folder, {"roomserver": "a password", **(users or {})}, pair)
    running.start()
    try:
        yield running
    finally:
        running.kill()


@dataclass
class RoomServer:
    """``roomserver serve`` as a process of its own, with its place in ``folder``."""

    folder: Path
    broker: Mosquitto | None = None
    settings: Settings = field(default_factory=Settings)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.http_port = free_port()
        self.mqtt_port = self.broker.port if self.broker else free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.config = self.folder / "roomserver.toml"
        mqtt = replace(self.settings.mqtt, port=self.mqtt_port)
        if self.broker:
            password = mqtt.password or self.broker.users["roomserver"]
            mqtt = replace(mqtt, broker="external", password=password)
        http = replace(self.settings.http, port=self.http_port)
        database = databases.setting(self.folder, self.settings.database)
        settings = replace(self.settings, http=http, mqtt=mqtt, database=database)
        self.config.write_text(sample(settings), "utf-8")
        self.cli("init")

    @classmethod
    def of(cls, config: Path) -> RoomServer:
        """A place that is there already."""
        made, settings = cls.__new__(cls), load(config).settings
        made.folder, made.config, made.settings = config.parent, config, settings
        made.broker = made.process = None
        made.http_port, made.mqtt_port = settings.http.port, settings.mqtt.port
        made.url = f"http://127.0.0.1:{made.http_port}"
        return made

    def cli(self, *args: str) -> str:
        """What a command of the administrator prints; ``AssertionError`` if it fails."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = main(["-c", str(self.config), *args])
        assert code == 0, f"roomserver {' '.join(args)} ended with {code}"
        return printed.getvalue()

    def json(self, *args: str) -> Any:
        """The same with ``--json``, parsed."""
        return json.loads(self.cli(*args, "--json"))

    def rows(self) -> list[dict[str, Any]]:
        """Every stored row."""
        found: list[dict[str, Any]] = self.json("rows", "--limit", "0")
        return found

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        log = (self.folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "roomserver", "-c", str(self.config), "serve"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
        log.close()
        until(lambda: self.process is None or self.process.poll() is not None or answers(self.http_port), 45)
        assert self.process.poll() is None, self.log()

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "serve.log").read_text()

    def stop(self) -> int:
        """As systemd would; the exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(15)
        self.process = None
        return code

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def add_door(self, name: str) -> str:
        """The one-time token of a door that the broker knows, too."""
        token: str = self.json("door", "add", name)["token"]
        if self.broker is not None:
            for line in self.cli("door", "mosquitto").splitlines():
                self.broker.admit(line)
        return token

    def enroll(self, name: str) -> dict[str, Any]:
        """What a door takes home."""
        body = json.dumps({"token": self.add_door(name), "door": name}).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v1/doors/enroll", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            home: dict[str, Any] = json.load(answer)
        return home


@contextmanager
def room_server(
    folder: Path, broker: Mosquitto | None = None, settings: Settings | None = None
) -> Iterator[RoomServer]:
    """A running server (with the embedded broker unless one is given) for the length of a ``with``."""
    server = RoomServer(folder, broker, settings or Settings())
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Ledger:
    """A door's audit log, as its store would chain it."""

    def __init__(self, door: str, door_key: bytes, log: str = "0123456789abcdef") -> None:
        self.door, self.log = door, log
        self.at = 1_795_485_600
        self.key = messages.report_key(door_key, door)
        self.rows: list[Row] = []

    def add(self, type: str = "bell", member: str | None = None, **detail: object) -> Row:
        """One more row; the first is ``log-began``."""
        if not self.rows and type != "log-began":
            self.add("log-began", previous=None, reason="new")
        prev = self.rows[-1].hash if self.rows else FIRST_PREV
        row = audit.make(
            self.key, self.door, log=self.log, seq=len(self.rows) + 1, prev=prev, at=self.at,
            clock="server", type=type, member=member, detail=detail,
        )  # fmt: skip
        self.rows.append(row)
        return row

    def ack(self, seq: int) -> Ack:
        """The ack that says all is stored up to ``seq``."""
        return Ack(self.log, seq, self.rows[seq - 1].hash)


class Wire:
    """The door's connection to the broker, with all that the server said to it."""

    def __init__(self, door: str, home: Mapping[str, Any]) -> None:
        self.topics = Topics(door)
        self.key = bytes.fromhex(home["door_key"])
        self.all: list[tuple[str, bytes]] = []
        mqtt = home["mqtt"]
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(mqtt["username"], mqtt["password"])
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_message = lambda _c, _d, m: self._take(m.topic, m.payload)
        self._client.connect_async(
            mqtt["host"], mqtt["port"], clean_start=True
        )  # by default only the first is
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish anything, and wait until the broker has it."""
        until(self._client.is_connected)
        self._client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def send(self, *rows: Row) -> None:
        """Publish audit rows."""
        for row in rows:
            self.publish(self.topics.audit, row.raw)

    def acks(self) -> list[Ack]:
        """Every ack so far whose signature is right."""
        key = messages.command_key(self.key, self.topics.door)
        raws = [raw for topic, raw in list(self.all) if topic == self.topics.ack]
        return [messages.ack_from(messages.check(key, self.topics.ack, raw)) for raw in raws]

    def hints(self) -> list[int]:
        """The revisions of the list hinted at so far."""
        return [json.loads(raw)["revision"] for topic, raw in list(self.all) if topic == self.topics.access]

    def commands(self) -> list[dict[str, Any]]:
        """Every command so far whose signature is right."""
        key = messages.command_key(self.key, self.topics.door)
        raws = [raw for topic, raw in list(self.all) if topic == self.topics.command]
        return [messages.check(key, self.topics.command, raw) for raw in raws]

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: Client, *_: object) -> None:
        own = (self.topics.ack, self.topics.access, self.topics.command)
        client.subscribe([(topic, 1) for topic in own])

    def _take(self, topic: str, payload: bytes) -> None:
        self.all.append((topic, payload))


@contextmanager
def wire(door: str, home: Mapping[str, Any]) -> Iterator[Wire]:
    """A connected door for the length of a ``with``."""
    connected = Wire(door, home)
    try:
        yield connected
    finally:
        connected.close()
