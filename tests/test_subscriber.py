"""The subscriber against real brokers: what arrives is stored and acknowledged, garbage stops nothing."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE_TEXTS
from patience import until
from serving import Ledger, Mosquitto, RoomServer, Wire, mosquitto, room_server, wire


@pytest.fixture(params=["embedded", "mosquitto"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    """A running server with either broker; the tests share it and its door, each with a log of its own."""
    folder = tmp_path_factory.mktemp("subscriber")
    if request.param == "embedded":
        with room_server(folder / "server") as running:
            yield running
        return
    with (
        mosquitto(folder / "broker") as broker,
        room_server(folder / "server", broker) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def home(server: RoomServer) -> dict[str, Any]:
    """What the enrolled door ``front`` has."""
    return server.enroll("front")


@pytest.fixture
def door(server: RoomServer, home: dict[str, Any]) -> Iterator[Wire]:
    """The enrolled door, connected."""
    with wire("front", home) as connected:
        until(lambda: connected.hints() != [])
        yield connected


@pytest.fixture
def log(door: Wire) -> Ledger:
    """A new log of the door, with six rows."""
    log = Ledger("front", door.key, secrets.token_hex(8))
    for _ in range(5):
        log.add()
    return log


def stored(server: RoomServer, log: Ledger) -> list[bytes]:
    """The rows of ``log`` as the server has them, in order."""
    rows = [row for row in server.rows() if row["log"] == log.log]
    return [row["raw"].encode() for row in sorted(rows, key=lambda row: row["seq"])]


def alarms(server: RoomServer) -> dict[str, int]:
    """How often the server noticed what."""
    counts: dict[str, int] = {}
    for alarm in server.json("status")["alarms"]:
        counts[alarm["kind"]] = counts.get(alarm["kind"], 0) + alarm["count"]
    return counts


def test_rows_are_stored_as_received_and_acknowledged(server: RoomServer, door: Wire, log: Ledger) -> None:
    door.send(*log.rows)
    until(lambda: log.ack(6) in door.acks())
    assert stored(server, log) == [row.raw for row in log.rows]


def test_shuffled_and_repeated_rows_are_acknowledged_when_gapless(
    server: RoomServer, door: Wire, log: Ledger
) -> None:
    door.send(*(log.rows[i] for i in (4, 5, 4, 2, 0)))
    until(lambda: log.ack(1) in door.acks())
    door.send(log.rows[5])
    until(lambda: len([ack for ack in door.acks() if ack.log == log.log]) >= 2)
    assert {ack.seq for ack in door.acks() if ack.log == log.log} == {1}
    door.send(log.rows[3], log.rows[1])
    until(lambda: log.ack(6) in door.acks())
    assert stored(server, log) == [row.raw for row in log.rows]


def test_a_row_that_is_stored_already_is_acknowledged_again(door: Wire, log: Ledger) -> None:
    door.send(*log.rows)
    until(lambda: log.ack(6) in door.acks())
    door.all.clear()
    door.send(log.rows[2])
    until(lambda: log.ack(6) in door.acks())


def test_garbage_on_every_topic_stops_nothing_and_leaves_nothing(
    server: RoomServer, door: Wire, log: Ledger
) -> None:
    topics = door.topics
    spoken = [
        topics.audit, topics.result, topics.state, topics.occupancy, topics.health, topics.availability,
        topics.cue, "studyroom/nobody/audit", "studyroom/UPPER/audit",
    ]  # fmt: skip
    before = len(server.rows())
    for topic in spoken:
        for text in HOSTILE_TEXTS.values():
            if len(text) < 8000:  # more is too much for the embedded broker, which hangs up
                door.publish(topic, text, retain=topic == topics.audit)
    door.publish(topics.audit, b"[" * 7000)
    door.send(*log.rows)
    until(lambda: log.ack(6) in door.acks())
    assert len(server.rows()) == before + 6
    assert server.json("status")["doors"]["front"] == {}
    assert "bad-hash" in alarms(server)
    assert "Traceback" not in server.log()


def test_rows_of_a_stranger_are_refused_and_alarmed(server: RoomServer, door: Wire, log: Ledger) -> None:
    before = alarms(server).get("bad-hash", 0)
    stranger = Ledger("front", bytes(32), secrets.token_hex(8))
    stranger.add()
    door.send(*stranger.rows, *log.rows)
    until(lambda: log.ack(6) in door.acks())
    assert stored(server, stranger) == []
    assert alarms(server)["bad-hash"] == before + 2


def test_another_row_under_the_same_number_is_a_fork(server: RoomServer, door: Wire, log: Ledger) -> None:
    door.send(*log.rows)
    until(lambda: log.ack(6) in door.acks())
    other = Ledger("front", door.key, log.log)
    other.add("lockout")
    door.all.clear()
    door.send(other.rows[1])
    until(lambda: log.ack(6) in door.acks())  # by it the door sees that its row is another
    assert stored(server, log) == [row.raw for row in log.rows]
    assert alarms(server)["fork"] == 1


def test_a_change_by_the_cli_reaches_the_door_as_a_hint_at_once(server: RoomServer, door: Wire) -> None:
    revision = door.hints()[-1]
    number = server.json("member", "add")["member"]
    until(lambda: door.hints()[-1] == revision + 1, 5)
    server.cli("member", "revoke", number)
    until(lambda: door.hints()[-1] == revision + 2, 5)


def test_a_revocation_at_the_door_is_in_the_list_and_hinted_at(
    server: RoomServer, door: Wire, log: Ledger
) -> None:
    added = server.json("member", "add")
    number = added["member"]
    log.add("revoked", number, generation=1, through=4)
    door.send(*log.rows)
    until(lambda: door.hints()[-1] == added["revision"] + 1)
    records = {record["member"]: record for record in server.json("member", "list")}
    assert records[number]["revoked_through"] == 4


def test_after_the_broker_was_killed_everything_retained_is_said_again(
    server: RoomServer, door: Wire, log: Ledger
) -> None:
    door.send(*log.rows)
    until(lambda: log.ack(6) in door.acks())
    door.all.clear()
    _kill_broker(server)
    until(lambda: log.ack(6) in door.acks() and door.hints(), 20)
    log.add()
    door.send(log.rows[6])
    until(lambda: log.ack(7) in door.acks())


def test_a_server_killed_and_started_again_goes_on_where_it_was(
    server: RoomServer, door: Wire, log: Ledger
) -> None:
    door.send(*log.rows[:2])
    until(lambda: log.ack(2) in door.acks())
    server.kill()
    before = len(door.acks())
    server.start()
    until(lambda: log.ack(2) in door.acks()[before:], 30)  # said again: it hears the broker
    door.send(log.rows[3], log.rows[2])
    until(lambda: log.ack(4) in door.acks())
    assert stored(server, log) == [row.raw for row in log.rows[:4]]


def _kill_broker(server: RoomServer) -> None:
    if isinstance(server.broker, Mosquitto):
        server.broker.kill()
        server.broker.start()
        return
    assert server.process is not None
    threads = Path(f"/proc/{server.process.pid}/task").iterdir()
    (child,) = [pid for thread in threads for pid in (thread / "children").read_text().split()]
    os.kill(int(child), signal.SIGKILL)
