"""Whatever arrives from the broker, only what PROTOCOL §4 knows comes out, and never too much of it."""

from __future__ import annotations

import json
import logging

import pytest
from hostile import HOSTILE_TEXTS
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import MAX_N, Ack, Command, Topics, command_key, sign
from door.events import CommandReceived, CommandRefused
from door.inbox import REFUSALS_APART_SECONDS, REMEMBERED, Inbox

DOOR_KEY = bytes(range(32))
TOPICS = Topics("main")
KEY = command_key(DOOR_KEY, "main")
ACK = Ack("0" * 16, 7, "ab" * 32)
COMMAND = Command("c-1", 5, "unlock", {}, 2_000_000_000)
HUGE = b"x" * 2**20


class Rig:
    """An inbox and what came out of it."""

    def __init__(self) -> None:
        self.out: list[object] = []
        self.now = 0.0
        self.inbox = Inbox(
            TOPICS,
            KEY,
            post=self.out.append,
            on_ack=self.out.append,
            on_hint=self.out.append,
            clock=lambda: self.now,
        )

    def take(self, topic: str, raw: bytes, *, retained: bool = False) -> list[object]:
        """What comes out for this message."""
        self.out.clear()
        self.inbox.take(topic, raw, retained=retained)
        return list(self.out)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def command(**changes: object) -> bytes:
    return sign(KEY, TOPICS.command, {**COMMAND.as_json(), **changes})


def test_what_is_right_comes_out(rig: Rig) -> None:
    assert rig.take(TOPICS.ack, sign(KEY, TOPICS.ack, ACK.as_json())) == [ACK]
    assert rig.take(TOPICS.ack, sign(KEY, TOPICS.ack, ACK.as_json()), retained=True) == [ACK]
    assert rig.take(TOPICS.access, b'{"revision": 12}') == [12]
    assert rig.take(TOPICS.command, command()) == [CommandReceived(COMMAND)]


def test_a_retained_command_is_marked_as_such(rig: Rig) -> None:
    (received,) = rig.take(TOPICS.command, command(), retained=True)
    assert isinstance(received, CommandReceived)
    assert received.command.retained


def test_a_mac_is_good_for_its_topic_and_its_door_alone(rig: Rig) -> None:
    assert rig.take(TOPICS.ack, command()) == []
    assert rig.take(TOPICS.ack, sign(KEY, TOPICS.command, ACK.as_json())) == []
    other = sign(command_key(DOOR_KEY, "other"), TOPICS.command, COMMAND.as_json())
    assert rig.take(TOPICS.command, other) == [CommandRefused("", "bad-mac")]


@pytest.mark.parametrize("raw", [*HOSTILE_TEXTS.values(), HUGE], ids=[*HOSTILE_TEXTS, "huge"])
def test_garbage_is_nothing_but_one_refusal_on_the_command_topic(rig: Rig, raw: bytes) -> None:
    assert rig.take(TOPICS.ack, raw) == []
    assert rig.take(TOPICS.access, raw) == []
    assert rig.take("studyroom/other/command", raw) == []
    assert rig.take(TOPICS.command, raw) == ([CommandRefused("", "bad-mac")] if raw else [])


@pytest.mark.parametrize("revision", [None, "7", 1.5, True, -1, MAX_N + 1, [7]])
def test_a_mistyped_hint_is_none(rig: Rig, revision: object) -> None:
    assert rig.take(TOPICS.access, json.dumps({"revision": revision}).encode()) == []


@pytest.mark.parametrize("changes", [{"seq": "7"}, {"seq": True}, {"seq": -1}, {"log": 1}, {"hash": None}])
def test_a_mistyped_ack_is_none_though_it_is_signed(rig: Rig, changes: dict[str, object]) -> None:
    assert rig.take(TOPICS.ack, sign(KEY, TOPICS.ack, {**ACK.as_json(), **changes})) == []


@pytest.mark.parametrize(
    "changes, id_",
    [
        ({"n": "5"}, "c-1"),
        ({"n": 0}, "c-1"),
        ({"n": MAX_N + 1}, "c-1"),
        ({"verb": 7}, "c-1"),
        ({"args": []}, "c-1"),
        ({"not_after": None}, "c-1"),
        ({"id": 9}, ""),
        ({"id": "x" * 500}, "x" * 64),
    ],
)
def test_a_mistyped_command_is_refused_by_its_id(rig: Rig, changes: dict[str, object], id_: str) -> None:
    assert rig.take(TOPICS.command, command(**changes)) == [CommandRefused(id_, "bad-args")]


def test_forgeries_are_one_refusal_a_minute(rig: Rig) -> None:
    assert rig.take(TOPICS.command, b"a") == [CommandRefused("", "bad-mac")]
    rig.now += REFUSALS_APART_SECONDS - 1
    for number in range(1000):
        assert rig.take(TOPICS.command, b"%d" % number) == []
    assert rig.take(TOPICS.command, command()) == [CommandReceived(COMMAND)]
    rig.now += 1
    assert rig.take(TOPICS.command, b"a") == [CommandRefused("", "bad-mac")]


def test_replays_are_let_through_once_a_minute(rig: Rig) -> None:
    """The core refuses each of them and records it; the broker must not fill the log with that."""
    assert rig.take(TOPICS.command, command()) == [CommandReceived(COMMAND)]
    assert rig.take(TOPICS.command, command()) == [CommandReceived(COMMAND)]
    for _ in range(1000):
        assert rig.take(TOPICS.command, command()) == []
    assert rig.take(TOPICS.command, command(n=6)) != []
    rig.now += REFUSALS_APART_SECONDS
    assert rig.take(TOPICS.command, command()) == [CommandReceived(COMMAND)]


def test_what_is_remembered_of_commands_is_bounded(rig: Rig) -> None:
    for n in range(1, REMEMBERED + 2):
        assert rig.take(TOPICS.command, command(n=n)) != []
    assert len(rig.inbox._seen) == REMEMBERED


def test_it_is_said_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10):
        rig.take(TOPICS.ack, b"garbage")
        rig.take(TOPICS.access, b"garbage")
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 2


@given(st.binary(max_size=3000), st.sampled_from([TOPICS.ack, TOPICS.access, TOPICS.command]), st.booleans())
def test_no_bytes_raise(raw: bytes, topic: str, retained: bool) -> None:
    out = Rig().take(topic, raw, retained=retained)
    assert out == [] or out == [CommandRefused("", "bad-mac")]


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_changed_byte_is_a_wrong_mac(at: int, new: bytes) -> None:
    raw = command()
    changed = raw[:at] + new + raw[at + len(new) :]
    if changed != raw:
        assert Rig().take(TOPICS.command, changed) == [CommandRefused("", "bad-mac")]
