"""The control socket: an act is done before it is answered, its row says who, and no message harms."""

from __future__ import annotations

import errno
import getpass
import json
import os
import pwd
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE_TEXTS
from patience import until
from village import Door, codes_of, door_at

from door import control
from door.control import Control, ControlError, ask
from door.effects import Cue, Reply
from door.events import Asked

ME = getpass.getuser()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running door that the tests share."""
    with door_at(tmp_path_factory.mktemp("control")) as running:
        yield running


def asked(door: Door, verb: str, **args: object) -> str | None:
    """The error word of an act, None when it is done."""
    answer = ask(door.daemon.config.socket, verb, args)
    assert answer["ok"] is (answer["error"] is None)
    error: str | None = answer["error"]
    return error


def last(door: Door, type_: str) -> dict[str, Any]:
    """The newest row of a type; it is durable already when the answer comes."""
    row: dict[str, Any] = door.rows(type_)[-1]
    return row


# -- acts -----------------------------------------------------------------------------------------


def test_status_shows_the_whole_door(door: Door) -> None:
    """State, occupancy and health as they are told, and whether the broker has the door."""
    status = ask(door.daemon.config.socket, "status", {})
    told = {"door", "state", "occupancy", "health", "broker", "broker_since", "time_zone"}
    assert {"ok", "error", *told} == status.keys()
    assert (status["door"], status["broker"]) == ("yuexin", False)
    assert status["state"]["mode"] == "normal"
    assert status["health"]["store"]["ok"] is True


def test_unlock_is_answered_when_the_relay_is_energised(door: Door) -> None:
    """And its row is durable, with the name that the kernel vouches for."""
    assert asked(door, "unlock") is None
    assert door.unlocked
    assert last(door, "unlocked")["detail"] == {"by": ME}
    door.walk_in()


def test_modes_are_in_force_when_they_are_answered(door: Door) -> None:
    """``open`` holds the relay, ``lockdown`` keeps members out, ``normal`` ends either."""
    for mode, unlocked in (("open", True), ("lockdown", False)):
        assert asked(door, "mode", mode=mode) is None
        assert door.unlocked is unlocked
    assert door.post(codes_of("0101")[0]) is Cue.SECOND_CODE
    assert door.post(codes_of("0101")[1] + "#") is Cue.NOT_NOW
    assert asked(door, "mode", mode="normal") is None
    assert [row["detail"]["mode"] for row in door.rows("mode")] == ["open", "lockdown", "normal"]
    assert {row["detail"]["by"] for row in door.rows("mode")} == {ME}
    assert door.post(codes_of("0101")[0]) is Cue.ACCEPTED
    door.walk_in()


def test_revoke_and_reinstate(door: Door) -> None:
    """Refused from the answer on; reinstated with a generation above all that was revoked."""
    assert asked(door, "reinstate", member="0202") == "failed"
    assert asked(door, "revoke", member="0202") is None
    assert door.post(codes_of("0202")[0]) is Cue.NOT_NOW
    assert last(door, "revoked")["detail"] == {"generation": 1, "through": 4, "by": ME}
    assert asked(door, "reinstate", member="0202") is None
    assert door.post(codes_of("0202")[0]) is Cue.WRONG
    assert door.post(codes_of("0202", generation=5)[0]) is Cue.ACCEPTED
    door.walk_in()


def test_count_forget_identify_and_refresh(door: Door) -> None:
    """Each is done when it is answered."""
    assert asked(door, "count", count=7) is None
    assert ask(door.daemon.config.socket, "status", {})["occupancy"]["count"] == 7
    assert asked(door, "forget", member="0202") is None
    assert last(door, "forgotten")["member"] == "0202"
    seen = len(door.spy.all)
    assert asked(door, "identify") is None
    until(lambda: Cue.IDENTIFY in door.spy.all[seen:])
    assert asked(door, "refresh") is None


@pytest.mark.parametrize(
    "verb, args, error",
    [
        ("open-sesame", {}, "unknown-verb"),
        ("", {}, "unknown-verb"),
        ("unlock", {"seconds": 3600}, "bad-args"),
        ("revoke", {}, "bad-args"),
        ("revoke", {"member": "0000"}, "bad-args"),
        ("revoke", {"member": 427}, "bad-args"),
        ("revoke", {"member": "０４２７"}, "bad-args"),
        ("count", {"count": -1}, "bad-args"),
        ("count", {"count": 1.5}, None),
        ("count", {"count": True}, "bad-args"),
        ("mode", {"mode": "ajar"}, "bad-args"),
        ("mode", {"mode": ["open"]}, "bad-args"),
        ("clock", {"unix": 2**60}, "bad-args"),
    ],
)
def test_what_cannot_be_done_is_answered_by_a_word(
    door: Door, verb: str, args: dict[str, object], error: str | None
) -> None:
    """And nothing is done; a float is no JSON of ours at all."""
    pulses, rows = door.pulses, len(door.rows())
    answer = ask(door.daemon.config.socket, verb, args)
    assert not answer["ok"]
    assert answer["error"] == error or answer["error"].startswith("not understood")
    assert (door.pulses, len(door.rows())) == (pulses, rows)


def test_answers_find_those_who_asked(door: Door) -> None:
    """Many at once, each its own answer."""
    errors: dict[int, str | None] = {}

    def one(n: int) -> None:
        errors[n] = asked(door, "count", count=n if n % 2 else -n - 1)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert errors == {n: None if n % 2 else "bad-args" for n in range(24)}


# -- what else may arrive -------------------------------------------------------------------------


def raw(door: Door, sent: bytes) -> bytes:
    """What the door says to these bytes."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as talk:
        talk.settimeout(10)
        talk.connect(str(door.daemon.config.socket))
        with suppress(BrokenPipeError):  # it has heard enough
            talk.sendall(sent)
            talk.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):  # it did not hear all
            while part := talk.recv(65_536):
                answer += part
    return answer


NO_QUESTIONS = (b"\n", b"{}\n", b'{"verb": 3}\n', b'{"verb": "status", "args": []}', b'{"verb": "unlock"')


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS.values(), *NO_QUESTIONS])
def test_garbage_is_answered_and_does_nothing(door: Door, text: bytes) -> None:
    """In a sentence, on one line, and the door goes on."""
    pulses = door.pulses
    said = raw(door, text)
    answer = json.loads(said)
    assert answer["ok"] is False
    assert said.count(b"\n") == 1
    assert door.pulses == pulses
    assert asked(door, "refresh") is None


def test_a_huge_line_is_refused_early(door: Door) -> None:
    """64 MiB without an end: the door reads a little more than a line and hangs up."""
    began = time.monotonic()
    said = raw(door, b'{"verb": "' + b"x" * (64 << 20) + b'"}\n')
    assert b"longer than" in said
    assert time.monotonic() - began < 5
    assert asked(door, "refresh") is None


def test_a_slow_client_is_left_and_keeps_nobody_waiting(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is for the whole line, not for each byte of it."""
    monkeypatch.setattr(control, "TALK_SECONDS", 0.4)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as slow:
        slow.settimeout(5)
        slow.connect(str(door.daemon.config.socket))
        began = time.monotonic()
        pause = threading.Event()

        def left() -> bool:
            pause.wait(0.05)
            try:
                slow.sendall(b" ")
            except OSError:
                return True
            return False

        assert asked(door, "refresh") is None
        until(left, 5, step=0)
        assert time.monotonic() - began < 3


def test_a_client_that_hangs_up_does_no_harm(door: Door) -> None:
    """Before the question, within it, and before the answer."""
    for sent in (b"", b'{"verb": "sta', b'{"verb": "count", "args": {"count": 3}}\n'):
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as talk:
            talk.connect(str(door.daemon.config.socket))
            talk.sendall(sent)
    until(lambda: ask(door.daemon.config.socket, "status", {})["occupancy"]["count"] == 3)
    until(lambda: not door.daemon.control._waiting)


# -- who may --------------------------------------------------------------------------------------


class Short:
    """A listening socket that finds no file left for the first who comes."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening, self._short = listening, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listening, name)

    def accept(self) -> Any:
        """Whoever comes, but at first nobody."""
        if self._short:
            self._short = False
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._listening.accept()


def test_a_shortage_ends_and_questions_are_answered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "AGAIN_SECONDS", 0.01)
    path = tmp_path / "control.sock"
    here = Control(path, post=lambda _: None, status=lambda: {"door": "yuexin"})
    monkeypatch.setattr(here, "_socket", Short(here._socket))
    here.start()
    try:
        assert ask(path, "status", {})["door"] == "yuexin"
    finally:
        here.stop()


def test_the_socket_is_for_its_owner_and_group(door: Door) -> None:
    """The kernel keeps all others out."""
    assert stat.S_IMODE(door.daemon.config.socket.stat().st_mode) == 0o660


def test_one_who_may_not_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``PermissionError`` as the kernel gives it to anybody but root."""

    class Shut(socket.socket):
        def connect(self, _address: object) -> None:
            raise PermissionError

    monkeypatch.setattr(socket, "socket", Shut)
    with pytest.raises(ControlError, match="sudo"):
        ask(tmp_path / "sock", "status", {})


def test_where_nobody_answers_that_is_said(tmp_path: Path) -> None:
    """No socket, a file, a path too long for one."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "none", tmp_path / "file", tmp_path / ("x" * 200)):
        with pytest.raises(ControlError, match="is it running"):
            ask(path, "status", {})


@pytest.mark.parametrize("name, by", [("server", "uid "), ("anna", "anna"), (None, "uid ")])
def test_nobody_at_the_door_passes_for_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, by: str
) -> None:
    """In a row, ``server`` is the server; a user of that name is a number."""
    events: list[Asked] = []

    class Entry:
        pw_name = name

    def look_up(uid: int) -> Entry:
        if name is None:
            raise KeyError(uid)
        return Entry()

    def post(event: object) -> None:
        assert isinstance(event, Asked)
        events.append(event)
        assert listening.reply(Reply(event.id, event.by))

    monkeypatch.setattr(pwd, "getpwuid", look_up)
    listening = Control(tmp_path / "sock", post=post, status=dict)
    listening.start()
    try:
        assert ask(tmp_path / "sock", "identify", {})["ok"]
    finally:
        listening.stop()
    assert events[0].by.startswith(by)
    assert events[0].by != "server"


def test_a_loop_that_does_not_answer_is_said_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an answer that comes later disturbs nobody."""
    monkeypatch.setattr(control, "TALK_SECONDS", 0.2)
    events: list[Any] = []
    listening = Control(tmp_path / "sock", post=events.append, status=dict)
    listening.start()
    try:
        assert ask(tmp_path / "sock", "unlock", {})["error"] == "the door did not answer in time"
        assert listening.reply(Reply(events[0].id, "root")) is False
    finally:
        listening.stop()
    assert not (tmp_path / "sock").exists()
