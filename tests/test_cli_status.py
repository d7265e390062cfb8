"""``door status``: one screen that has everything, each alarm with what to do, colours only beside words."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from serving import ROOT
from shell import Shell, kept
from village import Door, config, door_at, home, write

from contract.messages import ALARMS
from door import schema
from door.commandline import screen, words
from door.commandline.advice import ADVICE, advice
from door.commandline.words import Tone
from door.effects import Record, Remember

AT = 1_795_000_000
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running door that the tests share."""
    with door_at(tmp_path_factory.mktemp("status")) as door:
        yield door


@pytest.fixture
def shell(running: Door, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside the running door."""
    return Shell(running.path, capsys)


def told(**changes: Any) -> dict[str, Any]:
    """What a running door answers, with every figure; ``changes`` replace what is inside its parts."""
    status: dict[str, Any] = {
        "door": "yuexin",
        "state": {"lock": "LOCKED", "door": "closed", "mode": "normal", "until": None, "lockout": False,
                  "alarms": []},
        "occupancy": {"count": 7, "capacity": 15, "confidence": "exact", "since": AT - 600},
        "health": {
            "version": "1.0", "uptime_s": 90_000, "at": AT,
            "clock": {"source": "server", "trusted": True, "offset_ms": 90_000, "known_past": AT},
            "link": {"up": True, "at": AT - 40}, "outbox": {"rows": 0, "oldest": None},
            "audit": {"log": "0" * 16, "seq": 9, "ack": 9}, "list": {"revision": 17, "at": AT - 40},
            "store": {"ok": True, "commit_ms": 3, "late_grants": 0}, "keypads": {"outside": True},
            "cpu_c": 48, "disk_free_mb": 21_034,
        },
        "broker": True, "broker_since": AT - 3600, "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    for name, value in changes.items():
        part = next(
            part for part in (status["state"], status["health"], status["occupancy"], status) if name in part
        )
        part[name] = {**part[name], **value} if isinstance(value, dict) else value
    return status


def shown(last: tuple[str, ...] = (), **changes: Any) -> str:
    """The screen of such a door, as a pipe gets it."""
    return "\n".join(screen.lines(told(**changes), last, ZONE))


def line(text: str, name: str) -> str:
    """What the screen says of something, joined where it was wrapped."""
    found = re.search(rf"^  {name} +(.*(?:\n {{13}}.*)*)", text, re.MULTILINE)
    assert found, name
    return re.sub(r"\s+", " ", found[1])


# -- what is on the screen ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, said",
    [
        ("lock", "locked"),
        ("door", "closed"),
        ("mode", "normal"),
        ("room", "7 in, 15 seats, exact, counted by beams; last known right 18:56:40 CST"),
        ("clock", "server, trusted, this machine's clock is 1 min ahead"),
        ("link", "up, last answer 40 s ago"),
        ("broker", "connected, since 18:06:40 CST"),
        ("outbox", "empty, the server has every row"),
        ("list", "revision 17, 40 s ago"),
        ("store", "ok, last commit 3 ms"),
        ("keypad", "ok, outside"),
        ("machine", "version 1.0, up 1 d 1 h, 48 °C, 21,034 MB free"),
    ],
)
def test_a_door_that_is_well(name: str, said: str) -> None:
    assert line(shown(), name) == said


@pytest.mark.parametrize(
    "name, said, changes",
    [
        ("lock", "unlocked", {"lock": "UNLOCKED"}),
        ("door", "unknown: no door contact is fitted", {"door": None}),
        ("mode", "open, until 23:06:40 CST", {"mode": "open", "until": AT + 4 * 3600}),
        ("guesses", "lockout, two codes in a row open", {"lockout": True}),
        ("clock", "none, not trusted, unknown",
         {"clock": {"source": "none", "trusted": False, "offset_ms": None}}),
        ("link", "down, no answer since the door started", {"link": {"up": False, "at": 0}}),
        ("broker", "away, since 18:06:40 CST", {"broker": False}),
        ("outbox", "1 row waits", {"audit": {"ack": 8}}),
        ("outbox", "12 rows wait for the server's acknowledgement, the oldest 1 h 00 min ago",
         {"outbox": {"rows": 12, "oldest": AT - 3600}}),
        ("list", "none yet", {"list": {"at": None}}),
        ("store", "failed, last commit 3 ms, 2 entries recorded late",
         {"store": {"ok": False, "late_grants": 2}}),
        ("keypad", "lost, outside", {"keypads": {"outside": False}}),
        ("room", "7 in, 15 seats, an estimate", {"confidence": "estimate"}),
        ("room", "7 in, 15 seats, not sure", {"confidence": "unknown"}),
    ],
)  # fmt: skip
def test_a_door_that_is_not(name: str, said: str, changes: dict[str, Any]) -> None:
    assert line(shown(**changes), name).startswith(said)


def test_every_alarm_says_what_to_do() -> None:
    """And nobody else's alarm does."""
    assert ADVICE.keys() == ALARMS
    text = shown(alarms=sorted(ALARMS))
    assert f"Alarms: {len(ALARMS)}" in text
    for alarm in ALARMS:
        assert re.search(rf"^  {alarm} +{re.escape(ADVICE[alarm][:20])}", text, re.MULTILINE)


def test_an_alarm_of_a_newer_door_is_looked_up() -> None:
    assert advice("hail") == "see docs/operations.md"


def test_no_alarm_is_said_too() -> None:
    assert "Alarms: none" in shown()


def test_the_screen_fits_into_80_columns_and_24_lines_and_a_few_for_alarms() -> None:
    row = json.dumps({"log": "a", "seq": 1, "at": AT, "type": "fault", "reason": "x" * 200, "detail": {}})
    lines = shown((row,) * 5, alarms=["lockout"]).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 26


def test_rows_of_today_have_their_time_and_others_their_date() -> None:
    old = json.dumps({"log": "a", "seq": 1, "at": AT - 86_400, "type": "bell", "clock": "ntp", "detail": {}})
    new = json.dumps({"log": "a", "seq": 2, "at": AT - 60, "type": "bell", "clock": "ntp", "detail": {}})
    text = shown((old, new))
    assert "\n  2026-11-17 19:06:40  bell" in text
    assert "\n  19:05:40  bell" in text


# -- colours --------------------------------------------------------------------------------------


class Terminal:
    """Standard output as a person has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)


def test_colours_double_words_and_are_for_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them the text is the same."""
    plain = shown(lock="UNLOCKED", alarms=["held"])
    Terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    coloured = shown(lock="UNLOCKED", alarms=["held"])
    assert "\x1b[33munlocked\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("name, value", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_whoever_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    Terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert words.tint("held", Tone.BAD) == "held"


# -- beside a running door ------------------------------------------------------------------------


def test_the_outbox_is_counted_when_it_is_asked_for(shell: Shell) -> None:
    """And not as it was at the last whole minute."""
    shell.door("count", "5")
    health = json.loads(shell.door("status", "--json").out)["health"]
    assert health["outbox"]["rows"] == health["audit"]["seq"] - health["audit"]["ack"] > 0


def test_the_screen_of_a_real_door_has_all_its_parts(shell: Shell) -> None:
    """And its last five rows, of which the last is what was done last."""
    for n in (3, 4):
        shell.door("count", str(n))
    code, out, err = shell.door("status")
    assert (code, err) == (0, "")
    assert out.startswith("yuexin  ")
    assert out.splitlines()[0].endswith(" CST")
    for name in "lock door mode room clock link broker outbox list store keypad machine".split():
        assert line(out, name)
    last = out.partition("Last rows\n")[2].partition("\n\n")[0].splitlines()
    assert len(last) <= screen_rows()
    assert "count 4" in last[-1]
    assert "\x1b" not in out


def screen_rows() -> int:
    """How many rows the screen has."""
    from door.commandline.status import LAST_ROWS

    return LAST_ROWS


def test_json_has_all_that_the_door_knows_and_its_last_rows(shell: Shell) -> None:
    status = json.loads(shell.door("status", "--json").out)
    assert status["running"] is True
    assert {
        "door",
        "state",
        "occupancy",
        "health",
        "broker",
        "broker_since",
        "time_zone",
        "rows",
    } <= status.keys()
    assert status["rows"][-1]["seq"] == status["health"]["audit"]["seq"]


def test_watch_shows_a_change_at_once_and_ends_with_ctrl_c(running: Door, shell: Shell) -> None:
    """At a real terminal; exit code 0, nothing left behind."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (40, 100))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-m", "door", "--config", str(running.path), "status", "--watch"]
    with subprocess.Popen(command, stdout=child, stderr=subprocess.PIPE, env=environment) as process:
        os.close(child)
        try:
            read_until(parent, "Alarms")
            shell.door("count", "9")
            began = time.monotonic()
            read_until(parent, "9 in, ")
            assert time.monotonic() - began < 5
            process.send_signal(signal.SIGINT)
            read_to_the_end(parent)
            assert process.wait(30) == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""
        finally:
            process.kill()
            os.close(parent)


def read_until(terminal: int, word: str, seconds: float = 30) -> str:
    """Read the terminal until it has shown this."""
    text, end = "", time.monotonic() + seconds
    while word not in text:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"no {word!r} in {text!r}"
        text += os.read(terminal, 65_536).decode()
    return text


def read_to_the_end(terminal: int) -> None:
    """Read until nobody writes there: who says goodbye to a terminal that is full waits for its reader."""
    with suppress(OSError):  # EIO: the other side is closed
        while os.read(terminal, 65_536):
            pass


# -- with the daemon stopped ----------------------------------------------------------------------


@pytest.fixture
def stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside a door that does not run."""
    home(tmp_path)
    facts = [Remember("mode", {"mode": "lockdown", "until": None}), Remember("known_past", AT),
             Remember("occupancy", {"count": 4, "since": AT})]  # fmt: skip
    kept(tmp_path, [Record("started", at=AT, clock="ntp"), *facts])
    return Shell(write(tmp_path, config(tmp_path)), capsys)


def test_of_a_stopped_door_it_shows_what_it_last_knew(stopped: Shell) -> None:
    """Exit code 1, for whoever watches by it; what to do next on the other stream."""
    code, out, err = stopped.door("status")
    assert code == 1
    assert out.startswith("No door runs here. What it last knew:")
    assert line(out, "mode") == "lockdown"
    assert line(out, "room").startswith("4 in")
    assert line(out, "known past") == "2026-11-18 19:06:40 CST"
    assert line(out, "outbox").startswith("2 rows wait")
    assert "started" in out
    assert "systemctl start door" in err


def test_the_same_as_json(stopped: Shell) -> None:
    code, out, _ = stopped.door("status", "--json")
    status = json.loads(out)
    assert (code, status["running"], status["outbox"]) == (1, False, 2)
    assert status["facts"]["mode"]["mode"] == "lockdown"


@pytest.mark.parametrize("words_", ["status", "members", "audit", "verify", "count 3", "revoke 0427"])
def test_a_database_that_may_not_be_read_is_a_sentence(
    stopped: Shell, monkeypatch: pytest.MonkeyPatch, words_: str
) -> None:
    """Root may read everything, so the refusal is planted."""
    real = Path.open

    def refused(path: Path, *args: Any, **more: Any) -> Any:
        if path.name == "door.db":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **more)

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(schema, "open_to_write", refused)
    code, out, err = stopped.door(*words_.split())
    assert (code, out) == (1, "")
    assert "sudo" in err or "is it running?" in err


def test_a_socket_that_may_not_be_opened_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is done on the database behind the door's back."""
    import socket

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    class Refusing(socket.socket):
        connect = refuse  # type: ignore[assignment]

    monkeypatch.setattr("door.control.socket.socket", Refusing)
    for words_ in ("status", "revoke 0427", "count 3"):
        code, out, err = shell.door(*words_.split())
        assert (code, out) == (1, "")
        assert "try it with sudo" in err
