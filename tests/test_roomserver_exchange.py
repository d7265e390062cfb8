"""What the server says when: acks after the commit, replay after 30 s, hints, commands and their results."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import on_both
from hostile import HOSTILE_TEXTS
from hypothesis import given
from hypothesis import strategies as st
from rooms import Room, room_in
from sqlalchemy import func, select

from contract import messages
from contract.audit import Row
from contract.codes import Kind
from contract.messages import Ack
from roomserver.cli import main
from roomserver.residents import members
from roomserver.storage.schema import AuditRow, SentCommand
from roomserver.wire import commands, doors, state
from roomserver.wire.alarms import open_alarms
from roomserver.wire.exchange import Exchange, Incoming, Outgoing

__all__ = ["on_both"]  # every test here runs on SQLite and on PostgreSQL

BASE = "studyroom/front"
HEALTH = {"version": "1", "clock": {}, "list": {}, "at": 1_795_485_600}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room with the door ``front``."""
    with room_in(tmp_path) as made:
        yield made


def audit_of(*rows: Row) -> list[Incoming]:
    """Rows as they arrive."""
    return [Incoming(f"{BASE}/audit", row.raw) for row in rows]


def acks(room: Room, outgoing: list[Outgoing]) -> list[Ack]:
    """The acks among what goes out, each with a right signature."""
    topic = f"{BASE}/audit/ack"
    sent = [one for one in outgoing if one.topic == topic]
    assert all(one.retain for one in sent)
    return [messages.ack_from(messages.check(room.keys.command, topic, one.payload)) for one in sent]


def asked(room: Room, outgoing: list[Outgoing]) -> list[messages.Command]:
    """The commands among what goes out, each with a right signature."""
    topic = f"{BASE}/command"
    sent = [one for one in outgoing if one.topic == topic]
    assert all(not one.retain and one.expiry == 10 for one in sent)
    found = [messages.check(room.keys.command, topic, one.payload) for one in sent]
    return [messages.command_from(fields, retained=False) for fields in found]


def result(room: Room, **fields: object) -> Incoming:
    """A door's signed answer to a command."""
    topic = f"{BASE}/command/result"
    return Incoming(topic, messages.sign(room.keys.report, topic, fields))


def rows_stored(room: Room) -> int:
    """How many rows there are."""
    with room.opened.database.read() as session:
        return session.scalar(select(func.count()).select_from(AuditRow)) or 0


def test_a_batch_is_one_ack_for_each_log(room: Room) -> None:
    exchange, log, other = room.exchange(), room.ledger(5), room.ledger(3, "f" * 16)
    out = exchange.take(audit_of(*log.rows, *other.rows))
    assert acks(room, out) == [log.ack(5), other.ack(3)]


def test_the_log_heard_last_is_the_one_whose_ack_stays_retained(room: Room) -> None:
    exchange, log, other = room.exchange(), room.ledger(5), room.ledger(3, "f" * 16)
    out = exchange.take(audit_of(log.rows[0], *other.rows, *log.rows[1:]))
    assert acks(room, out) == [other.ack(3), log.ack(5)]
    room.wait(1)
    exchange.take(audit_of(other.rows[0]))
    assert acks(room, exchange.connected()) == [log.ack(5), other.ack(3)]


def test_a_gap_of_thirty_seconds_is_answered_by_replay(room: Room) -> None:
    exchange, log = room.exchange(), room.ledger(6)
    exchange.take(audit_of(*log.rows[:2], *log.rows[4:]))
    room.wait(29)
    assert exchange.due() == []
    room.wait(1)
    (replay,) = asked(room, exchange.due())
    assert (replay.verb, replay.args) == ("replay", {"log": log.log, "from": 3})
    assert replay.n == 1
    assert 0 < replay.not_after - room.now <= 60
    assert acks(room, exchange.take(audit_of(*log.rows[2:]))) == [log.ack(6)]
    assert exchange.timer() is None


def test_a_restart_does_not_forget_a_gap(room: Room) -> None:
    log = room.ledger(6)
    room.exchange().take(audit_of(log.rows[0], log.rows[5]))
    again = room.exchange()
    room.wait(30)
    assert [command.args["from"] for command in asked(room, again.due())] == [2]


def test_health_that_tells_of_rows_nobody_sent_is_a_gap(room: Room) -> None:
    exchange, log = room.exchange(), room.ledger(3)
    exchange.take(audit_of(*log.rows))
    health = HEALTH | {"audit": {"log": log.log, "seq": 9, "ack": 9}}
    exchange.take([Incoming(f"{BASE}/health", json.dumps(health).encode())])
    room.wait(30)
    assert [command.args["from"] for command in asked(room, exchange.due())] == [4]


def test_a_server_restored_from_a_backup_gets_back_what_the_door_still_has(tmp_path: Path) -> None:
    folder, elsewhere, file = tmp_path / "place", tmp_path / "elsewhere", tmp_path / "backup.db"
    folder.mkdir()
    elsewhere.mkdir()
    with room_in(folder) as room:
        log = room.ledger(12)
        exchange = room.exchange()
        exchange.take(audit_of(*log.rows[:4]))
        assert main(["-c", str(folder / "roomserver.toml"), "backup", str(file)]) == 0
        assert acks(room, exchange.take(audit_of(*log.rows[4:10]))) == [log.ack(10)]
    shutil.copy(folder / "roomserver.key", elsewhere)
    with room_in(
        elsewhere, restored=file
    ) as room:  # the door believes rows 1 to 10 to be safe, and goes on with 11
        exchange = room.exchange()
        assert acks(room, exchange.take(audit_of(log.rows[10]))) == [log.ack(4)]
        room.wait(30)
        (replay,) = asked(room, exchange.due())
        assert replay.args == {"log": log.log, "from": 5}
        assert acks(room, exchange.take(audit_of(*log.rows[4:]))) == [log.ack(12)]
        assert rows_stored(room) == 12


def test_a_changed_list_is_hinted_at_once_and_each_door_hears_it(room: Room) -> None:
    exchange = room.exchange()
    with room.opened.database.write() as session:
        members.add(session, Kind.PHONE, room.opened.place.settings.codes.codes(), room.now)
    assert exchange.changed() == [Outgoing(f"{BASE}/access", b'{"revision": 1}', retain=True)]
    assert exchange.changed() == []
    with room.opened.database.write() as session:
        doors.add(session, room.opened.vault, "back", room.now)
    assert exchange.changed() == [Outgoing("studyroom/back/access", b'{"revision": 1}', retain=True)]
    assert {one.topic for one in exchange.connected()} == {f"{BASE}/access", "studyroom/back/access"}


def test_commands_are_numbered_in_the_database_and_their_results_kept(room: Room) -> None:
    exchange = room.exchange()
    with room.opened.database.write() as session:
        first = commands.ask(session, room.door.id, "identify", {}, room.now)
        second = commands.ask(session, room.door.id, "mode", {"mode": "lockdown", "until": None}, room.now)
    sent = asked(room, exchange.waiting_commands())
    assert [(command.n, command.verb) for command in sent] == [(1, "identify"), (2, "mode")]
    assert exchange.waiting_commands() == []
    exchange.take(
        [result(room, id=first, ok=True, error=None), result(room, id=second, ok=False, error="expired")]
    )
    with room.opened.database.read() as session:
        found = {c.id: (c.done_at, c.error) for c in session.scalars(select(SentCommand))}
    assert found == {first: (room.now, None), second: (room.now, "expired")}


def test_a_command_that_waited_for_the_broker_too_long_is_not_sent(room: Room) -> None:
    exchange = room.exchange()
    with room.opened.database.write() as session:
        commands.ask(session, room.door.id, "unlock", {}, room.now)
    room.wait(commands.LIFE_SECONDS + 1)
    assert exchange.waiting_commands() == []
    with room.opened.database.read() as session:
        assert [(c.n, c.error) for c in session.scalars(select(SentCommand))] == [(None, "not-sent")]


def test_a_result_nobody_may_give_is_passed_over(room: Room) -> None:
    exchange = room.exchange()
    with room.opened.database.write() as session:
        id_ = commands.ask(session, room.door.id, "identify", {}, room.now)
    exchange.waiting_commands()
    topic = f"{BASE}/command/result"
    right = {"id": id_, "ok": True, "error": None}
    forged = messages.sign(bytes(32), topic, right)
    other_topic = messages.sign(room.keys.report, f"{BASE}/audit", right)
    reflected = messages.sign(room.keys.command, topic, right)
    senseless = [right | {"ok": 1}, right | {"id": None}, right | {"error": "whatever"}, right | {"id": "x"}]
    signed = [messages.sign(room.keys.report, topic, fields) for fields in senseless]
    for raw in (forged, other_topic, reflected, *signed, *HOSTILE_TEXTS.values()):
        exchange.take([Incoming(topic, raw)])
    with room.opened.database.read() as session:
        assert [command.done_at for command in session.scalars(select(SentCommand))] == [None]


def test_the_latest_state_is_kept_and_a_mistyped_one_is_not(room: Room) -> None:
    exchange = room.exchange()
    good = {
        "lock": "LOCKED",
        "door": "closed",
        "mode": "normal",
        "until": None,
        "lockout": False,
        "alarms": [],
    }
    good |= {"at": room.now}
    for payload in (good, good | {"lock": 1}, good | {"lockout": "no"}, good | {"alarms": None}, {}):
        exchange.take([Incoming(f"{BASE}/state", json.dumps(payload).encode())])
    exchange.take([Incoming(f"{BASE}/availability", b"online"), Incoming(f"{BASE}/availability", b"gone")])
    with room.opened.database.read() as session:
        told = state.latest(session)["front"]
    assert told["state"].value == good
    assert told["availability"].value == "online"


TOPICS = [
    f"{BASE}/{name}" for name in ("audit", "command/result", "state", "occupancy", "health", "availability")
]
TOPICS += [
    "studyroom/nobody/audit",
    "studyroom/front",
    "studyroom//audit",
    "",
    "a/b/c/d",
    "studyroom/FRONT/audit",
]


@given(st.lists(st.tuples(st.sampled_from(TOPICS), st.binary(max_size=300)), max_size=30))
def test_no_bytes_on_any_topic_raise_anything_or_leave_a_row(
    tmp_path_factory: pytest.TempPathFactory, batch: list[tuple[str, bytes]]
) -> None:
    exchange, room = _shared(tmp_path_factory)
    out = exchange.take([Incoming(topic, payload) for topic, payload in batch])
    assert acks(room, out) == []
    assert rows_stored(room) == 0


_kept: list[tuple[Exchange, Room]] = []


def _shared(factory: pytest.TempPathFactory) -> tuple[Exchange, Room]:
    """One room for all examples: what an earlier one broke, a later one finds."""
    if not _kept:
        manager = room_in(factory.mktemp("garbage"))
        room = manager.__enter__()
        _kept.append((room.exchange(), room))
    return _kept[0]


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    """The shared room is closed after the last test."""
    yield
    for _, room in _kept:
        room.opened.database.close()


def test_what_cannot_be_stored_is_not_acknowledged(room: Room) -> None:
    exchange, log = room.exchange(), room.ledger(2)
    with room.opened.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE rows RENAME TO gone")
    assert acks(room, exchange.take(audit_of(*log.rows))) == []
    with room.opened.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO rows")
    assert acks(room, exchange.take(audit_of(*log.rows))) == [log.ack(2)]
    with room.opened.database.read() as session:
        assert open_alarms(session) == []
