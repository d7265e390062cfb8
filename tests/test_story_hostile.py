"""Whatever arrives, in any order: the running door lives, and nothing but a fresh command acts."""

from __future__ import annotations

import datetime as dt
import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from broker import BROKERS, USERS, Broker, Mosquitto, Other
from certificates import Authority
from hostile import HOSTILE_TEXTS, HOSTILE_VALUES
from patience import until
from servers import Asked, Said, serving
from village import DOOR, Door, codes_of, config, door_at, home

from contract import messages
from contract.messages import Topics, command_key, report_key
from door import daemon, tables
from door.effects import Cue

KEY = bytes(range(32))
TOPICS = Topics(DOOR)
EVERY = (
    TOPICS.availability, TOPICS.state, TOPICS.occupancy, TOPICS.health, TOPICS.cue, TOPICS.audit,
    TOPICS.ack, TOPICS.access, TOPICS.command, TOPICS.result, TOPICS.base, f"{TOPICS.base}/nothing/known",
)  # fmt: skip
SYSTEM = tables.Clock(trust="system")


@pytest.fixture(params=BROKERS, ids=[broker.name for broker in BROKERS])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A running broker."""
    made: Broker = request.param(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def door(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A door that the broker has; there is no server to take leave of."""
    monkeypatch.setattr(daemon, "FAREWELL_SECONDS", 0)
    home(tmp_path / "door", broker.port)
    with door_at(tmp_path / "door", config(tmp_path / "door", clock=SYSTEM)) as running:
        until(lambda: running.daemon.reporter.connected)
        yield running


@pytest.fixture
def other(broker: Broker, door: Door) -> Iterator[Other]:
    """Somebody who may publish everywhere, with or without the key."""
    made = Other(broker.port, f"{TOPICS.base}/#")
    yield made
    made.close()


def command(verb: str, n: int, *, life: int = 10, args: object = None, **more: object) -> bytes:
    """A command as the server signs it."""
    fields = {"id": secrets.token_hex(4), "n": n, "verb": verb, "args": {} if args is None else args}
    fields |= {"not_after": int(time.time()) + life, **more}
    return messages.sign(command_key(KEY, DOOR), TOPICS.command, fields)


def result(other: Other) -> tuple[str, str | None]:
    """The next answer that the door has signed: the command's id, and the error word."""
    while True:
        with suppress(messages.MessageError):  # what others say there
            fields = messages.check(report_key(KEY, DOOR), TOPICS.result, other.next(TOPICS.result).payload)
            return fields["id"], fields["error"]


def answers(other: Other, *sent: bytes) -> list[str | None]:
    """Send commands; the error words that the door signs in answer, None for what is done."""
    ids = [json.loads(raw)["id"] for raw in sent]
    for raw in sent:
        other.say(TOPICS.command, raw)
    errors: dict[str, list[str | None]] = {}
    while sum(len(errors.get(one, [])) for one in set(ids)) < len(sent):
        about, error = result(other)
        errors.setdefault(about, []).append(error)
    return [errors[one].pop(0) for one in ids]


def still_well(door: Door, other: Other, member: str, n: int) -> None:
    """It lets members in, and hears its server: all that was said before has been heard."""
    until(lambda: door.daemon.reporter.connected)
    assert answers(other, command("identify", n)) == [None]
    assert door.post(codes_of(member)[0]) is Cue.ACCEPTED
    until(lambda: door.unlocked)
    door.walk_in()


def test_garbage_on_every_topic_does_nothing(door: Door, other: Other) -> None:
    """Retained or not; what was not signed leaves at most a row a minute."""
    rows = len(door.rows())
    for topic in EVERY:
        for text in HOSTILE_TEXTS.values():
            other.say(topic, text[:8000])
        other.say(topic, HOSTILE_TEXTS["not UTF-8"], retain=True)
    still_well(door, other, "0427", 1)
    assert door.pulses == 1
    assert len(door.rows()) < rows + 12
    assert door.state.access.records == {}


def test_a_huge_message_costs_at_most_the_connection(door: Door, other: Other) -> None:
    """1 MiB on the command topic; the door is back within seconds."""
    other.say(TOPICS.command, b"x" * (1 << 20))
    other.say(TOPICS.ack, b"x" * (1 << 20), retain=True)
    still_well(door, other, "0427", 1)
    assert door.pulses == 1


def test_signed_commands_of_the_wrong_type_do_nothing(door: Door, other: Other) -> None:
    """The server's own mistakes: every field, every strange value."""
    good: dict[str, Any] = {"id": "a", "n": 1, "verb": "count", "args": {"count": 1}}
    sent = 0
    for name in (*good, "not_after"):
        for value in HOSTILE_VALUES:
            fields = {**good, "not_after": int(time.time()) + 10, name: value}
            try:
                raw = messages.sign(command_key(KEY, DOOR), TOPICS.command, fields)
            except (ValueError, TypeError):
                continue  # cannot be signed
            if fields != {**good, "not_after": fields["not_after"]}:
                other.say(TOPICS.command, raw)
                sent += 1
    assert sent > 30
    assert answers(other, command("unlock", 10, args={"seconds": 3600})) == ["bad-args"]
    assert answers(other, command("open-sesame", 11)) == ["unknown-verb"]
    still_well(door, other, "0427", 12)
    assert door.pulses == 1


def test_a_command_acts_once_while_it_is_fresh(door: Door, other: Other) -> None:
    """Duplicate, reordered, replayed, late, early, forged, of another door: one unlock in all."""
    good = command("unlock", 7)
    assert answers(other, good) == [None]
    until(lambda: door.unlocked)
    door.walk_in()
    assert answers(other, good) == ["replayed"]
    reordered = command("count", 5, args={"count": 3}), command("count", 5, args={"count": 4})
    assert answers(other, *reordered) == [None, "replayed"]
    assert door.state.occupancy.count == 3
    assert answers(other, command("unlock", 8, life=-1)) == ["expired"]
    assert answers(other, command("unlock", 8, life=3600)) == ["expired"]
    forged = messages.sign(b"k" * 32, TOPICS.command, json.loads(good[:-75] + b"}"))
    elsewhere = messages.sign(command_key(KEY, "other"), Topics("other").command, {"id": "x", "n": 9})
    for raw in (forged, elsewhere, good[:-3] + b'0"}', good + b" ", good.upper()):
        other.say(TOPICS.command, raw)
    still_well(door, other, "0427", 100)
    assert door.pulses == 2, "one unlock and one member"


def test_what_a_broker_keeps_opens_nothing_in_the_next_life(door: Door, other: Other, tmp_path: Path) -> None:
    """An unlock that is retained and fresh, and one replayed to the restarted door."""
    used, kept = command("unlock", 3, life=55), command("unlock", 4, life=55)
    assert answers(other, used) == [None]
    door.close()
    other.say(TOPICS.command, kept, retain=True)
    until(lambda: kept in other.of(TOPICS.command))  # the broker has it before the door is back
    with door_at(tmp_path / "door", config(tmp_path / "door", clock=SYSTEM)) as again:
        assert result(other) == (json.loads(kept)["id"], "retained")
        assert answers(other, used) == ["replayed"]
        assert again.pulses == 0


def test_forged_acks_take_no_row_away(door: Door, other: Other) -> None:
    """Unsigned, of another key, of a row that is not there: every row waits for its true ack."""
    log, seq = door.daemon.store.log, door.daemon.store.seq
    fields = {"log": log, "seq": seq, "hash": "0" * 64}
    other.say(TOPICS.ack, json.dumps(fields).encode(), retain=True)
    other.say(TOPICS.ack, messages.sign(report_key(KEY, DOOR), TOPICS.ack, fields), retain=True)
    other.say(TOPICS.ack, messages.sign(command_key(KEY, DOOR), TOPICS.command, fields), retain=True)
    still_well(door, other, "0427", 1)
    assert (door.daemon.store.log, door.daemon.store.ack) == (log, 0)
    rows = door.daemon.store.rows(log, 0, 1000).result(5)
    right = {"log": log, "seq": 2, "hash": json.loads(rows[1][1])["hash"]}
    other.say(TOPICS.ack, messages.sign(command_key(KEY, DOOR), TOPICS.ack, right))
    until(lambda: door.daemon.store.ack == 2)
    older = {"log": log, "seq": 1, "hash": json.loads(rows[0][1])["hash"]}
    other.say(TOPICS.ack, messages.sign(command_key(KEY, DOOR), TOPICS.ack, older))
    assert answers(other, command("identify", 2)) == [None]
    assert door.daemon.store.ack == 2


def test_a_signed_ack_of_a_row_that_differs_begins_a_new_log(door: Door, other: Other) -> None:
    """The door was restored from an older image: the server knows more of this log than the door does."""
    log = door.daemon.store.log
    fields = {"log": log, "seq": 900, "hash": "f" * 64}
    other.say(TOPICS.ack, messages.sign(command_key(KEY, DOOR), TOPICS.ack, fields), retain=True)
    until(lambda: door.daemon.store.log != log)
    until(door.rows)
    assert door.rows()[0]["detail"]["previous"] == log
    still_well(door, other, "0427", 1)


def test_a_broker_that_refuses_the_password_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the door works without; with the right password again it is found."""
    broker = Mosquitto(tmp_path, {**USERS, "door": "another"})
    broker.start()
    home(tmp_path / "door", broker.port)
    log = tmp_path / "mosquitto.log"
    caplog.set_level(logging.INFO)
    try:
        with door_at(tmp_path / "door", config(tmp_path / "door", clock=SYSTEM)) as door:
            until(lambda: log.read_text().count("not authorised") >= 2, 20)
            assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED
            refusals = [record for record in caplog.records if "refuses the door" in record.getMessage()]
            assert len(refusals) == 1
            assert USERS["door"] not in caplog.text
            assert not door.status()["broker"]
    finally:
        broker.kill()


@pytest.mark.parametrize("fault", ["not valid yet", "another name", "another authority"])
def test_a_certificate_that_does_not_fit_is_told_of_and_no_member_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """The token is not sent to it, and the door goes by what it knows."""
    authority = Authority(tmp_path)
    begins = dt.datetime(2090 if fault == "not valid yet" else 2020, 1, 1, tzinfo=dt.UTC)
    ends = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    host = "room.example.org" if fault == "another name" else "127.0.0.1"
    pair = authority.issue("server", begins, ends, host)
    known = Authority(tmp_path, "other") if fault == "another authority" else authority
    asked: list[Asked] = []

    def answer(one: Asked) -> Said:
        asked.append(one)
        return Said({"server_time": int(time.time())})

    with serving(answer, pair) as server:
        home(tmp_path / "door")
        settings = config(tmp_path / "door", server.url, clock=SYSTEM)
        settings = replace(settings, server=replace(settings.server, ca=known.file))
        with door_at(tmp_path / "door", settings) as door:
            until(lambda: "no answer from the server" in caplog.text)
            assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED
            assert door.status()["health"]["link"]["up"] is False
            told = [r for r in caplog.records if "no answer from the server" in r.getMessage()]
            assert len(told) == 1
            assert "certificate" in told[0].getMessage()
    assert [one for one in asked if one.token is not None] == []
