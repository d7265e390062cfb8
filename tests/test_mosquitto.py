"""Debian's Mosquitto as ``roomserver init --mosquitto`` sets it up, and a thief with one door's password."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from broker import free_port
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from patience import until
from serving import Ledger, RoomServer, answers

from contract import messages
from contract.messages import Ack, Topics
from door.mqtt import Account
from roomserver.cli import main
from roomserver.wire.mosquitto import HEARS, SAYS

TREE = (*SAYS, *HEARS)
SERVER_SAYS = ("audit/ack", "access", "command")


@dataclass
class User:
    """A connection with all that it hears; what it may not subscribe to it is told in ``granted``."""

    port: int
    ca: Path
    name: str
    password: str
    client_id: str = ""
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    granted: list[bool] = field(default_factory=list)
    ended: int = 0

    def __post_init__(self) -> None:
        self._client = Client(
            CallbackAPIVersion.VERSION2, self.client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set(self.name, self.password)
        self._client.tls_set_context(ssl.create_default_context(cafile=self.ca))
        self._client.on_message = lambda _c, _d, m: self.heard.append((m.topic, bytes(m.payload)))
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = lambda *_: setattr(self, "ended", self.ended + 1)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        until(self._client.is_connected)

    def subscribe(self, *topics: str) -> None:
        """Ask to hear, and wait for the answer."""
        before = len(self.granted)
        self._client.subscribe([(topic, 1) for topic in topics])
        until(lambda: len(self.granted) == before + len(topics))

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish, and wait; whether the broker took it."""
        reasons: list[Any] = []
        self._client.on_publish = lambda _c, _d, _mid, reason, _p: reasons.append(reason)
        self._client.publish(topic, payload, 1, retain)
        until(lambda: reasons)
        return not reasons[0].is_failure

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribed(self, _c: Any, _d: Any, _mid: int, reasons: list[Any], _p: Any) -> None:
        self.granted += [not reason.is_failure for reason in reasons]


class House:
    """A server and its broker, as ``init`` and the printed commands make them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.config = folder / "roomserver.toml"
        init = ("init", "--mosquitto", "127.0.0.1", "--mqtt-port", str(self.port))
        assert main(["-c", str(self.config), *init, "--http-port", str(free_port())]) == 0
        self.files = folder / "mosquitto"
        self.broker = self._start()
        self.server = RoomServer.of(self.config)
        self.server.start()
        self.homes = {name: self._enroll(name) for name in ("front", "back")}
        self.users: list[User] = []

    def _start(self) -> subprocess.Popen[bytes]:
        """As Debian's: a main file that takes in what lies in a folder."""
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            pytest.skip("mosquitto is not installed")
        (self.folder / "conf.d").mkdir()
        (self.folder / "conf.d/studyroom.conf").symlink_to(self.files / "studyroom.conf")
        self.kept = self.folder / "kept"
        self.kept.mkdir()
        main_file = self.folder / "mosquitto.conf"
        lines = [
            "persistence true",
            f"persistence_location {self.kept}/",
            f"include_dir {self.folder}/conf.d",
        ]
        lines = ["user root", *lines] if os.getuid() == 0 else lines
        main_file.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            started = subprocess.Popen([program, "-c", str(main_file)], stdout=log, stderr=log)
        until(lambda: started.poll() is not None or answers(self.port), 30)
        assert started.poll() is None, (self.folder / "mosquitto.log").read_text()
        return started

    def _enroll(self, name: str) -> dict[str, Any]:
        token = self.server.json("door", "add", name)["token"]
        self.broker.send_signal(signal.SIGHUP)
        body = {"token": token, "door": name}
        home: dict[str, Any] = httpx.post(
            f"{self.server.url}/api/v1/doors/enroll", json=body, timeout=30
        ).json()
        assert home["mqtt"] | {"password": ""} == {
            "host": "127.0.0.1", "port": self.port, "username": name, "password": "", "tls": True,
        }  # fmt: skip
        return home

    def user(self, name: str, client_id: str = "") -> User:
        """A connection with the credentials of a door, or of the server."""
        secret = (self.files / "server-password").read_text().strip()
        password = secret if name == "roomserver" else self.homes[name]["mqtt"]["password"]
        made = User(self.port, self.files / "ca.pem", name, password, client_id)
        self.users.append(made)
        return made

    def close(self) -> None:
        """Stop everything."""
        for user in self.users:
            user.close()
        self.server.kill()
        self.broker.kill()
        self.broker.wait()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two doors at one broker."""
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.close()


def test_rows_arrive_and_are_acknowledged(house: House) -> None:
    """Everything a door needs is allowed: what init wrote is not only safe, it works."""
    door, ledger = house.user("front"), Ledger("front", bytes.fromhex(house.homes["front"]["door_key"]))
    topics = Topics("front")
    door.subscribe(*(f"studyroom/front/{topic}" for topic in HEARS))
    assert all(door.granted)
    for topic in (*SAYS[:5], "command/result"):
        assert door.say(f"studyroom/front/{topic}", b"{}", retain=topic in SAYS[:4])
    assert door.say("homeassistant/device/front/config", b"{}", retain=True)
    assert door.say(topics.audit, ledger.add("log-began", previous=None, reason="new").raw)
    key = messages.command_key(ledger_key(house), "front")
    until(lambda: any(topic == topics.ack for topic, _ in door.heard), 30)
    ack = next(raw for topic, raw in door.heard if topic == topics.ack)
    assert messages.ack_from(messages.check(key, topics.ack, ack)) == ledger.ack(1)


def ledger_key(house: House) -> bytes:
    """The key of the front door."""
    return bytes.fromhex(house.homes["front"]["door_key"])


def test_a_stolen_password_reads_nothing_of_another_door(house: House) -> None:
    """Neither by name, nor by any wildcard, nor as a share, and also nothing that is retained."""
    thief, server = house.user("back"), house.user("roomserver")
    tries = [
        "#",
        "+/#",
        "studyroom/#",
        "studyroom/+/audit",
        "studyroom/front/#",
        "$share/a/studyroom/+/audit",
    ]
    tries += ["$share/roomserver/studyroom/front/command", "$SYS/#", "homeassistant/#"]
    thief.subscribe(*tries, *(f"studyroom/front/{topic}" for topic in TREE))
    server.subscribe("studyroom/front/#")
    front = house.user("front")
    for topic in SAYS:
        assert front.say(f"studyroom/front/{topic}", b"private", retain=topic == "state")
    for topic in SERVER_SAYS:
        assert server.say(f"studyroom/front/{topic}", b"private")
    until(lambda: len([1 for _, raw in server.heard if raw == b"private"]) >= len(TREE), 30)
    assert server.say("studyroom/back/access", b"last")
    thief.subscribe("studyroom/back/access")
    assert server.say("studyroom/back/access", b"very last")
    until(lambda: ("studyroom/back/access", b"very last") in thief.heard, 30)
    assert {topic for topic, _ in thief.heard if "front" in topic or topic.startswith("$SYS")} == set()


def test_a_stolen_password_writes_nothing_to_another_door_and_forges_nothing_at_its_own(house: House) -> None:
    """No row, state, result; no ack, hint or command: not even to the door it was stolen from."""
    thief, server, front = house.user("back"), house.user("roomserver"), house.user("front")
    server.subscribe("studyroom/#")
    front.subscribe(*(f"studyroom/front/{topic}" for topic in HEARS))
    for topic in TREE:
        assert not thief.say(f"studyroom/front/{topic}", b"forged", retain=True), topic
    for topic in SERVER_SAYS:
        assert not thief.say(f"studyroom/back/{topic}", b"forged", retain=True), topic
    for topic in (
        "homeassistant/device/front/config",
        "homeassistant/status",
        "studyroom",
        "$SYS/broker/log",
    ):
        assert not thief.say(topic, b"forged", retain=True), topic
    assert server.say("studyroom/front/access", b"the end")
    until(lambda: ("studyroom/front/access", b"the end") in front.heard, 30)
    until(lambda: ("studyroom/front/access", b"the end") in server.heard, 30)
    assert b"forged" not in {raw for _, raw in server.heard + front.heard}


def test_what_a_thief_may_say_in_his_own_tree_is_not_believed(house: House) -> None:
    """A row without the door's key is refused and alarmed, a result is that of no command."""
    thief = house.user("back")
    forger = Ledger("back", bytes(32))
    assert thief.say("studyroom/back/audit", forger.add("log-began", previous=None, reason="new").raw)
    thief_result = {"id": "0" * 16, "ok": True, "error": None}
    signed = messages.sign(bytes(32), "studyroom/back/command/result", thief_result)
    assert thief.say("studyroom/back/command/result", signed)

    def alarmed() -> bool:
        return any(a["kind"] == "bad-hash" for a in house.server.json("status")["alarms"])

    until(alarmed, 30, 0.2)
    assert not [row for row in house.server.rows() if row["door"] == "back"]
    acks = Ack(forger.log, 1, forger.rows[0].hash)
    assert not thief.say(
        "studyroom/back/audit/ack", messages.sign(bytes(32), "studyroom/back/audit/ack", acks.as_json())
    )


def test_a_thief_cannot_push_another_door_off_the_broker(house: House) -> None:
    """A broker ends the older of two connections with one client id; a door's cannot be guessed."""
    password = house.homes["front"]["mqtt"]["password"]
    account = Account("127.0.0.1", house.port, "front", password, None)
    front = house.user("front", account.client_id("front"))
    stolen = Account("127.0.0.1", house.port, "back", house.homes["back"]["mqtt"]["password"], None)
    for guess in ("door-front", "front", stolen.client_id("front")):
        house.user("back", guess)
    assert front.say("studyroom/front/cue", b"{}")
    assert front.ended == 0
    assert account.client_id("front") == account.client_id("front") != stolen.client_id("front")


def refused(house: House, name: str, password: str) -> bool:
    """Whether the broker turns somebody away."""
    told: list[Any] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(name, password)
    client.tls_set_context(ssl.create_default_context(cafile=house.files / "ca.pem"))
    client.on_connect = lambda _c, _d, _f, reason, _p: told.append(reason)
    client.connect("127.0.0.1", house.port)
    client.loop_start()
    until(lambda: told)
    client.disconnect()
    client.loop_stop()
    return bool(told[0].is_failure)


def test_nobody_comes_in_without_a_password_or_with_an_old_one(house: House) -> None:
    """A new key is a new password, and the old one is dead once Mosquitto was reloaded."""
    old = house.homes["back"]["mqtt"]["password"]
    assert refused(house, "front", old)
    assert refused(house, "nobody", old)
    assert not refused(house, "back", old)
    house.server.cli("door", "rekey", "back")
    house.broker.send_signal(signal.SIGHUP)
    until(lambda: refused(house, "back", old), 30, 0.5)


def test_what_is_retained_is_on_the_disk_at_once(house: House) -> None:
    """Mosquitto writes its database after each change: a power cut takes no retained message."""
    front = house.user("front")
    assert front.say("studyroom/front/health", b"kept through a power cut", retain=True)
    kept = house.kept / "mosquitto.db"
    until(lambda: kept.exists() and b"kept through a power cut" in kept.read_bytes(), 30)


def test_no_other_user_may_read_the_files(house: House) -> None:
    """Keys and passwords are for the server and for Mosquitto's group."""
    assert house.files.stat().st_mode & 0o007 == 0
    modes = {file.name: file.stat().st_mode & 0o777 for file in house.files.iterdir()}
    assert modes.pop("server-password") == 0o600
    assert set(modes.values()) == {0o640}
    text = (house.files / "passwords").read_text()
    assert house.homes["front"]["mqtt"]["password"] not in text
    assert sorted(line.split(":")[0] for line in text.splitlines()) == ["back", "front", "roomserver"]


def test_a_door_cannot_have_the_servers_name(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be the server's user at the broker."""
    assert main(["-c", str(house.config), "door", "add", "roomserver"]) == 2
    assert "Name the door otherwise" in capsys.readouterr().err


def test_a_server_that_is_there_is_not_set_up_anew(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in house.files.iterdir()}
    assert main(["-c", str(house.config), "init", "--mosquitto", "127.0.0.1"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert before == {file: file.read_bytes() for file in house.files.iterdir()}
