"""The reporter at real brokers, with the real store: told, asked, killed, refused, lied to."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from broker import BROKERS, Broker, Embedded, Heard, Mosquitto, Other
from certificates import Authority
from hostile import HOSTILE_TEXTS
from patience import Posted, until

from contract import audit, messages
from contract.messages import Ack, Command, Topics
from door import mqtt, reporter
from door.backoff import Trouble
from door.effects import Record
from door.events import CommandReceived, CommandRefused
from door.reporter import Reporter
from door.store import Store
from door.tls import TlsSettings

DOOR_KEY = bytes(range(32))
COMMAND_KEY = messages.command_key(DOOR_KEY, "main")
REPORT_KEY = messages.report_key(DOOR_KEY, "main")
TOPICS = Topics("main")
COMMAND = Command("c-1", 5, "unlock", {}, 2_000_000_000)


class Door:
    """A store and a reporter, as the daemon puts them together."""

    def __init__(self, folder: Path, port: int, **options: Any) -> None:
        self.posted = Posted()
        self.hints: list[int] = []
        self.store = Store(folder / "door.db", door="main", report_key=REPORT_KEY, post=lambda _: None)
        self.store.start()
        settings: dict[str, Any] = {"username": "door", "password": "door-secret", "tls": None, **options}
        self.reporter = Reporter(
            host="127.0.0.1",
            port=port,
            door="main",
            command_key=COMMAND_KEY,
            report_key=REPORT_KEY,
            outbox=self.store,
            post=self.posted,
            on_hint=self.hints.append,
            **settings,
        )
        self.store.on_rows = self.reporter.rows_written

    def record(self, count: int = 1) -> None:
        for number in range(count):
            self.store.keep([Record("bell", detail={"number": number})])

    def close(self) -> None:
        self.reporter.stop(5)
        self.store.stop(5)


class Listener(Other):
    """A server as far as rows go: keeps them by their place, and says how far it is."""

    def __init__(self, port: int, *, acks: bool = True) -> None:
        self.rows: dict[tuple[str, int], bytes] = {}
        self.order: list[int] = []
        self.acks = acks
        super().__init__(port)

    def hear(self, heard: Heard) -> None:
        super().hear(heard)
        if heard.topic == TOPICS.audit:
            audit.verify(REPORT_KEY, "main", heard.payload)
            row = audit.parse(heard.payload)
            if (row.log, row.seq) not in self.rows:
                self.order.append(row.seq)
            self.rows[row.log, row.seq] = heard.payload
            if self.acks:
                self.ack(row.log)

    def listening(self) -> None:
        super().listening()
        for log in {log for log, _ in self.rows}:
            self.ack(log)

    def ack(self, log: str) -> None:
        seq = 0
        while (log, seq + 1) in self.rows:
            seq += 1
        if seq:
            ack = Ack(log, seq, audit.parse(self.rows[log, seq]).hash)
            self.say(TOPICS.ack, messages.sign(COMMAND_KEY, TOPICS.ack, ack.as_json()), retain=True)


@pytest.fixture(params=BROKERS, ids=lambda kind: kind.name)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with running(request.param(tmp_path)) as broker:
        yield broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    with running(Mosquitto(tmp_path)) as broker:
        yield broker


@contextmanager
def running(broker: Broker) -> Iterator[Broker]:
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def closing() -> Iterator[list[Any]]:
    """What is put in is closed at the end, the last first."""
    opened: list[Any] = []
    yield opened
    for one in reversed(opened):
        one.close()


@pytest.fixture
def server(broker: Broker, closing: list[Any]) -> Listener:
    listener = Listener(broker.port)
    closing.append(listener)
    return listener


@pytest.fixture
def door(broker: Broker, server: Listener, closing: list[Any], tmp_path: Path) -> Door:
    """A door that is being connected."""
    door = Door(tmp_path, broker.port)
    closing.append(door)
    door.reporter.start()
    return door


def test_a_door_is_online_while_it_runs(
    door: Door, server: Listener, broker: Broker, closing: list[Any]
) -> None:
    assert server.next(TOPICS.availability).payload == b"online"
    late = Other(broker.port, TOPICS.availability)
    closing.append(late)
    assert late.next(TOPICS.availability) == Heard(TOPICS.availability, b"online", True)
    door.reporter.stop(5)
    assert server.next(TOPICS.availability).payload == b"offline"
    assert not door.reporter.connected


def test_a_door_that_dies_is_offline_by_its_last_will(broker: Broker, server: Listener) -> None:
    """The connection is cut without a word, as by a killed process."""
    connection = mqtt.Connection(
        mqtt.Account("127.0.0.1", broker.port, "door", "door-secret"),
        "door-main",
        will=mqtt.Message(TOPICS.availability, b"offline", retain=True),
        take=lambda *_: None,
        on_end=lambda: None,
        trouble=Trouble(logging.getLogger()),
        now=lambda: None,
    )
    connection.open((TOPICS.access,))
    sock = connection._client.socket()
    assert isinstance(sock, socket.socket)
    sock.shutdown(socket.SHUT_RDWR)
    assert server.next(TOPICS.availability).payload == b"offline"
    until(lambda: connection.ended)


def test_what_is_shown_is_retained_and_published_when_it_changes(
    door: Door, server: Listener, broker: Broker, closing: list[Any]
) -> None:
    until(lambda: door.reporter.connected)
    for at, lock in enumerate(["LOCKED", "LOCKED", "UNLOCKED"]):
        door.reporter.show("state", {"lock": lock, "at": at})
    door.reporter.show("occupancy", {"count": 3})
    assert json.loads(server.next(TOPICS.state).payload) == {"lock": "LOCKED", "at": 0}
    assert json.loads(server.next(TOPICS.state).payload) == {"lock": "UNLOCKED", "at": 2}
    assert json.loads(server.next(TOPICS.occupancy).payload) == {"count": 3}
    late = Other(broker.port, TOPICS.state)
    closing.append(late)
    assert late.next(TOPICS.state) == Heard(TOPICS.state, b'{"lock":"UNLOCKED","at":2}', True)


def test_cues_and_results_go_out_once(door: Door, server: Listener) -> None:
    until(lambda: door.reporter.connected)
    door.reporter.cue("accepted", 7)
    assert server.next(TOPICS.cue) == Heard(TOPICS.cue, b'{"type":"accepted","at":7}', False)
    door.reporter.result("c-1", False, "expired")
    heard = server.next(TOPICS.result)
    assert messages.check(REPORT_KEY, TOPICS.result, heard.payload) == {
        "id": "c-1",
        "ok": False,
        "error": "expired",
    }
    assert not heard.retained


def test_a_command_and_a_hint_arrive(door: Door, server: Listener) -> None:
    until(lambda: door.reporter.connected)
    server.next(TOPICS.availability)
    server.say(TOPICS.command, messages.sign(COMMAND_KEY, TOPICS.command, COMMAND.as_json()), expiry=10)
    assert door.posted.next(CommandReceived) == CommandReceived(COMMAND)
    server.say(TOPICS.access, b'{"revision": 12}', retain=True)
    until(lambda: door.hints == [12])


def test_a_retained_command_is_known_for_one(
    broker: Broker, server: Listener, closing: list[Any], tmp_path: Path
) -> None:
    server.say(TOPICS.command, messages.sign(COMMAND_KEY, TOPICS.command, COMMAND.as_json()), retain=True)
    server.next(TOPICS.command)
    door = Door(tmp_path, broker.port)
    closing.append(door)
    door.reporter.start()
    assert door.posted.next(CommandReceived).command.retained


# -- rows -----------------------------------------------------------------------------------------


def test_rows_arrive_in_order_and_are_acknowledged(door: Door, server: Listener) -> None:
    door.record(500)
    until(lambda: door.store.ack == door.store.seq == 501, 20)
    assert server.order == list(range(1, 502))


def test_rows_of_an_outage_arrive_afterwards_within_seconds(
    door: Door, server: Listener, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "door.reporter")
    door.record(5)
    until(lambda: door.store.ack == 6)
    server.next(TOPICS.availability)
    door.reporter.show("state", {"lock": "LOCKED"})
    broker.kill()
    until(lambda: not door.reporter.connected)
    door.record(5)
    door.reporter.show("state", {"lock": "UNLOCKED"})
    until(lambda: caplog.text.count("cannot be reached") >= 4)  # it has backed off as far as it does
    broker.start()
    assert until(lambda: door.reporter.connected) < 5
    server.wait_subscribed()
    until(lambda: door.store.ack == 11, 15)
    assert server.order == list(range(1, 12))
    server.all.clear()
    late = Other(broker.port, "studyroom/main/+")
    until(
        lambda: (
            late.of(TOPICS.state) == [b'{"lock":"UNLOCKED"}'] and late.of(TOPICS.availability) == [b"online"]
        )
    )
    late.close()


def test_rows_that_nobody_stored_are_sent_again_at_the_next_start(
    mosquitto: Broker, closing: list[Any], tmp_path: Path
) -> None:
    deaf = Listener(mosquitto.port, acks=False)
    closing.append(deaf)
    first = Door(tmp_path, mosquitto.port)
    first.reporter.start()
    first.record(3)
    until(lambda: len(deaf.rows) == 4)
    first.close()
    assert first.store.ack == 0
    deaf.acks = True
    second = Door(tmp_path, mosquitto.port)
    closing.append(second)
    second.reporter.start()
    until(lambda: second.store.ack == second.store.seq >= 4)
    assert sorted({seq for _, seq in deaf.rows}) == list(range(1, second.store.seq + 1))


def test_a_new_connection_sends_at_once_what_was_not_acknowledged(
    door: Door, server: Listener, closing: list[Any]
) -> None:
    server.acks = False
    door.record(3)
    until(lambda: len(server.rows) == 4)
    server.all.clear()
    connection = door.reporter._connection
    assert connection is not None
    sock = connection._client.socket()
    assert isinstance(sock, socket.socket)
    sock.shutdown(socket.SHUT_RDWR)
    until(lambda: len(server.of(TOPICS.audit)) == 4, 5)


def test_an_ack_of_a_row_that_the_door_lacks_begins_a_new_log(door: Door, server: Listener) -> None:
    until(lambda: door.store.ack == 1)
    former = door.store.log
    ahead = Ack(former, 50, "ab" * 32)
    server.acks = False
    server.say(TOPICS.ack, messages.sign(COMMAND_KEY, TOPICS.ack, ahead.as_json()), retain=True)
    until(lambda: door.store.log != former)
    until(lambda: (door.store.log, 1) in server.rows)
    began = audit.parse(server.rows[door.store.log, 1])
    assert (began.type, began.detail) == ("log-began", {"previous": former, "reason": "ack-mismatch"})


def test_a_forged_ack_marks_nothing_as_stored(door: Door, server: Listener) -> None:
    until(lambda: door.store.ack == 1)
    server.acks = False
    door.record(3)
    until(lambda: len(server.rows) == 4)
    raw = server.rows[door.store.log, 4]
    ack = Ack(door.store.log, 4, audit.parse(raw).hash).as_json()
    server.say(TOPICS.ack, messages.sign(REPORT_KEY, TOPICS.ack, ack))
    server.say(TOPICS.ack, json.dumps(ack).encode())
    server.say(TOPICS.access, b'{"revision": 1}')
    until(lambda: door.hints == [1])  # sent after them, so they have been looked at
    assert door.store.ack == 1


def test_a_replay_brings_acknowledged_rows_again(door: Door, server: Listener) -> None:
    door.record(5)
    until(lambda: door.store.ack == 6)
    log = door.store.log
    for seq in range(3, 7):
        del server.rows[log, seq]
    door.reporter.replay(log, 3)
    until(lambda: {seq for _, seq in server.rows} == set(range(1, 7)))


def test_of_rows_that_are_gone_the_server_is_told(door: Door, server: Listener) -> None:
    server.acks = False
    until(lambda: door.store.seq == 1)
    gone = "f" * 16
    heard: list[bytes] = []
    server.hear = lambda message: heard.append(message.payload) if b'"gap"' in message.payload else None  # type: ignore[method-assign]
    until(lambda: door.reporter.connected)
    door.reporter.replay(gone, 7)
    until(lambda: heard)
    assert heard[0] == audit.gap(REPORT_KEY, "main", gone, 7, 7)


# -- hostile --------------------------------------------------------------------------------------


def test_garbage_on_every_topic_is_one_refusal_and_the_reporter_goes_on(door: Door, server: Listener) -> None:
    until(lambda: door.store.ack == 1)
    server.next(TOPICS.availability)
    texts = [*HOSTILE_TEXTS.values(), b"x" * 2**20, b"x" * 10_000]
    for topic in (TOPICS.command, TOPICS.ack, TOPICS.access):
        for raw in texts:
            server.say(topic, raw, retain=raw == b"[]")
    server.say(TOPICS.access, b'{"revision": 3}')
    until(lambda: door.hints == [3])
    assert door.posted.all == [CommandRefused("", "bad-mac")]
    door.record()
    until(lambda: door.store.ack == 2)
    for topic in (TOPICS.command, TOPICS.ack, TOPICS.access):
        server.say(topic, b"", retain=True)


def test_a_command_sent_a_hundred_times_is_not_a_hundred_events(door: Door, server: Listener) -> None:
    until(lambda: door.reporter.connected)
    server.next(TOPICS.availability)
    for n in (6, 5, *[5] * 100):
        signed = messages.sign(COMMAND_KEY, TOPICS.command, {**COMMAND.as_json(), "n": n})
        server.say(TOPICS.command, signed)
    server.say(TOPICS.access, b'{"revision": 3}')
    until(lambda: door.hints == [3])
    assert [event.command.n for event in door.posted.of(CommandReceived)] == [6, 5, 5]


class Liar:
    """Listens where the broker should, and answers each connection with the next of ``answers``."""

    def __init__(self, port: int, answers: list[bytes]) -> None:
        self.met = 0
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._listening.accept()
            with connection:
                connection.settimeout(5)
                connection.recv(4096)
                connection.sendall(answer)
                self.met += 1
                with_rest(connection)
        self._listening.close()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def with_rest(connection: socket.socket) -> None:
    """Read on until the door hangs up, so that it is the door that does."""
    try:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    except OSError:
        return


CONNACK = bytes.fromhex("20030000 00".replace(" ", ""))
LIES = {
    "nothing": b"",
    "not MQTT": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "CONNACK cut short": CONNACK[:3],
    "CONNACK with an unknown reason": bytes.fromhex("200300f100"),
    "PUBLISH without a topic": CONNACK + bytes.fromhex("3000"),
    "PUBLISH with a topic of no text": CONNACK + bytes.fromhex("30050002fffe00"),
    "PUBLISH with broken properties": CONNACK + bytes.fromhex("30070001612005ff0102"),
    "SUBACK of nothing": CONNACK + bytes.fromhex("9000"),
    "PUBACK of nothing": CONNACK + bytes.fromhex("4000"),
    "DISCONNECT": CONNACK + bytes.fromhex("e0028e00"),
    "a packet without an end": CONNACK + bytes.fromhex("30ffffff7f"),
}


def test_a_broker_that_lies_is_left_and_the_real_one_is_found(
    closing: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "RETRY_SECONDS", (0.05, 0.1))
    real = Embedded(tmp_path)
    liar = Liar(real.port, list(LIES.values()))
    door = Door(tmp_path, real.port)
    closing.append(door)
    door.reporter.start()
    liar.join()
    assert liar.met == len(LIES)
    with running(real):
        until(lambda: door.reporter.connected)
        assert door.posted.all == []


def test_a_network_thread_that_dies_is_an_ended_connection(
    door: Door, server: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: door.reporter.connected)
    first = door.reporter._connection

    def dies(_: object) -> None:
        raise RuntimeError("as if a packet had killed it")

    with monkeypatch.context() as broken:
        broken.setattr(mqtt._Client, "loop_misc", dies)
        until(lambda: "broke: RuntimeError" in caplog.text)
    until(lambda: door.reporter.connected and door.reporter._connection is not first)
    door.record()
    until(lambda: door.store.ack == door.store.seq == 2)


def test_a_wrong_password_is_said_once_and_tried_again(
    broker: Broker, closing: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "door.reporter")
    door = Door(tmp_path, broker.port, password="not-this-one")
    closing.append(door)
    door.reporter.start()
    until(lambda: len(caplog.records) >= 2, 30)
    word = (
        "refuses the door: Not authorized" if broker.name == "mosquitto" else "is the door's password right?"
    )
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert word in said[0]
    assert "not-this-one" not in caplog.text
    assert not door.reporter.connected


def test_rights_that_are_missing_are_said_once(
    closing: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    acl = "user door\ntopic write studyroom/main/availability\ntopic read studyroom/main/#\n"
    with running(Mosquitto(tmp_path, acl=acl)) as broker:
        door = Door(tmp_path, broker.port)
        door.reporter.start()
        until(lambda: door.reporter.connected)
        for number in range(5):
            door.reporter.show("state", {"number": number})
        until(lambda: "does not take what the door publishes: Not authorized" in caplog.text)
        door.close()
    assert caplog.text.count("does not take") == 1


def test_a_broker_with_tls_is_judged_by_the_doors_clock(
    closing: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, now = Authority(tmp_path), dt.datetime.now(dt.UTC)
    pair = authority.issue("broker", now - dt.timedelta(days=1), now + dt.timedelta(days=1))
    time_at_the_door: list[int | None] = [None]
    with running(Mosquitto(tmp_path, pair=pair)) as broker:
        door = Door(tmp_path, broker.port, tls=TlsSettings(authority.file), now=lambda: time_at_the_door[-1])
        closing.append(door)
        door.reporter.start()
        for wrong, word in (
            (None, "does not know the time"),
            (4_070_908_800, "expired"),
            (86_400, "not valid yet"),
        ):
            time_at_the_door.append(wrong)
            until(lambda word=word: word in caplog.text)
        assert not door.reporter.connected
        time_at_the_door.append(int(time.time()))
        until(lambda: door.reporter.connected)
        door.reporter.stop(5)


def test_a_broker_with_another_authoritys_certificate_is_not_spoken_to(
    closing: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = dt.datetime.now(dt.UTC)
    pair = Authority(tmp_path, "stranger").issue("broker", now, now + dt.timedelta(days=1))
    with running(Mosquitto(tmp_path, pair=pair)) as broker:
        door = Door(tmp_path, broker.port, tls=TlsSettings(Authority(tmp_path).file))
        door.reporter.start()
        until(lambda: "cannot be reached (unable to get local issuer certificate)" in caplog.text)
        assert not door.reporter.connected
        door.close()


def test_stopping_while_the_broker_is_away_is_quick(tmp_path: Path) -> None:
    door = Door(tmp_path, Embedded(tmp_path).port)
    door.reporter.start()
    door.reporter.show("state", {"lock": "LOCKED"})
    door.reporter.cue("accepted", 1)
    door.reporter.result("c-1", True, None)
    began = time.monotonic()
    door.close()
    assert time.monotonic() - began < 4
