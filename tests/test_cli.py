"""``door``: every command says in a sentence what it did or why it could not, and ends with 0, 1 or 2."""

from __future__ import annotations

import datetime as dt
import getpass
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from certificates import Authority, Pair
from servers import Asked, Said, serving
from serving import ROOT, room_server
from shell import Done, Shell
from village import DOOR, Door, codes_of, config, door_at, home, write

from door import credentials
from door.commandline import times
from door.effects import Cue


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running door that the tests share."""
    with door_at(tmp_path_factory.mktemp("cli")) as door:
        yield door


@pytest.fixture
def shell(running: Door, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside the running door."""
    return Shell(running.path, capsys)


@pytest.fixture
def lonely(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell where no door runs."""
    home(tmp_path)
    return Shell(write(tmp_path, config(tmp_path)), capsys)


# -- beside a running door ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, said",
    [
        ("unlock", "Unlocked. "),
        ("mode lockdown", "The door is in mode lockdown. "),
        ("mode lockdown --until 4102444800", "The door is in mode lockdown until 2100-01-01 08:00:00 CST. "),
        ("mode normal", "The door is in mode normal. "),
        ("revoke 0427", "0427 is revoked at this door. "),
        ("reinstate 0427", "0427 may draw new codes. "),
        ("forget 0427", "0427 is forgotten at this door. "),
        ("count 0", "0 are in. "),
        ("count 1", "One is in. "),
        ("count 12", "12 are in. "),
        ("identify", "Look and listen.\n"),
        ("refresh", "Asked.\n"),
    ],
)
def test_an_act_that_is_done(shell: Shell, words: str, said: str) -> None:
    """Exit code 0; what is true now, and of what is recorded whether the server knows; no more."""
    code, out, err = shell.door(*words.split())
    assert (code, err) == (0, "")
    assert out.startswith(said)
    rest = out.removeprefix(said)
    assert not rest or rest.startswith("The server has not heard yet: the broker is away since ")
    assert bool(rest) is said.endswith(" ")


@pytest.mark.parametrize(
    "words, said",
    [
        ("revoke 427", "look at the number"),
        ("revoke 0000", "look at the number"),
        ("revoke ０４２７", "look at the number"),
        ("revoke ٠٤٢٧", "look at the number"),
        ("reinstate 427", "look at the number"),
        ("forget x", "look at the number"),
        ("count 10000", "up to 9999"),
        ("mode open --until 2020-01-01", "is past"),
        ("reinstate 0999", "holds no revocation"),
    ],
)
def test_an_act_that_cannot_be_done(shell: Shell, running: Door, words: str, said: str) -> None:
    """A sentence on standard error, and nothing has changed; exit code 2 where the words are wrong."""
    rows = len(running.rows())
    code, out, err = shell.door(*words.split())
    assert (code, out) == (1 if "0999" in words else 2, "")
    assert err.startswith("door: ")
    assert said in err
    assert len(running.rows()) == rows


@pytest.mark.parametrize(
    "words",
    [
        "",
        "open",
        "mode ajar",
        "count",
        "count many",
        "count １２",
        "count -1",
        "count 1.5",
        "count 99999999999999999999",
        "mode open --until tomorrow",
        "mode",
        "unlock 5",
        "status --verbose",
    ],
)
def test_a_command_that_is_none(shell: Shell, running: Door, words: str) -> None:
    """Exit code 2 and the usage; nothing is asked of the door."""
    rows = len(running.rows())
    code, out, err = shell.door(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith("usage: door")
    assert len(running.rows()) == rows


def test_status_is_whole_and_json(shell: Shell) -> None:
    """All of state, occupancy and health."""
    code, out, err = shell.door("status", "--json")
    assert (code, err) == (0, "")
    status = json.loads(out)
    assert status["state"]["lock"] in ("LOCKED", "UNLOCKED")
    assert status["health"]["store"]["ok"] is True


def test_clock_tells_its_source_and_takes_a_word_for_it(shell: Shell) -> None:
    """`--trust` is the administrator's word."""
    assert "ntp" in shell.door("clock").out.splitlines()[0]
    code, out, _ = shell.door("clock", "--trust")
    assert code == 0
    assert out.startswith("The door believes this machine's clock: 20")


def test_an_act_of_the_command_line_is_an_act(shell: Shell, running: Door) -> None:
    """Revoked there, refused here."""
    shell.door("mode", "normal")
    assert shell.door("revoke", "0611").code == 0
    assert running.post(codes_of("0611")[0]) is Cue.NOT_NOW


@pytest.mark.parametrize("until", [[], ["--until", "48h"], ["--until", "24h"]], ids=["", "48h", "24h"])
def test_open_is_said_to_end_when_it_ends(shell: Shell, running: Door, until: list[str]) -> None:
    """It lasts 24 hours at most, whatever was asked; the command, ``status`` and the row say so."""
    done = shell.door("mode", "open", *until)
    status = running.status()
    ends = status["state"]["until"]
    assert abs(ends - status["health"]["at"] - 86_400) < 60
    shown = times.shown(ends, ZoneInfo(status["time_zone"]))
    assert done.out.startswith(f"The door is in mode open until {shown}. ")
    assert (
        shell.door("audit", "--type", "mode").out.splitlines()[-1].count(f"mode open, until {shown}, by ")
        == 1
    )
    shell.door("mode", "normal")


# -- words that are wrong -------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["unlock now", "verify x", "reinstate 0427 0428", "check --online x"])
def test_a_word_too_many_is_told_by_the_command_it_was_given_to(lonely: Shell, words: str) -> None:
    code, out, err = lonely.door(*words.split())
    command, *_, last = words.split()
    assert (code, out) == (2, "")
    assert err.startswith(f"usage: door {command} ")
    assert err.endswith(f"door {command}: too much is given: {last}; next: door {command} --help\n")


@pytest.mark.parametrize(
    "words",
    [
        "0427719385",
        "0427 719385",
        "mode 0427719385",
        "reinstate 0427 719 385",
        "count 0427-719385",
        "unlock 719385",
    ],
)
def test_a_code_in_a_wrong_place_is_not_repeated(lonely: Shell, words: str) -> None:
    code, out, err = lonely.door(*words.split())
    assert (code, out) == (2, "")
    assert not re.search(r"719 ?385", err)
    assert err.endswith("--help\n")


def test_a_time_that_it_may_be_now_is_no_duration(lonely: Shell) -> None:
    """What is said to be right is taken."""
    err = lonely.door("clock", "--trust", "25:99").err
    assert "write it like 19:02, or '2026-11-24 19:02'; next: door clock --help" in err


@pytest.mark.parametrize("words", ["revoke", "enroll --url https://room.example.org"])
def test_an_end_of_input_where_something_is_asked_for_is_no_traceback(
    lonely: Shell, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Ctrl-D at the prompt, which stays on a line of its own."""

    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", ended)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    told = "\ndoor: nothing was typed: give the command again, and then what it asks for\n"
    assert lonely.door(*words.split()) == (2, "", told)


# -- where something is missing -------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["status", "unlock", "mode normal", "revoke 0427", "clock", "clock --trust"]
)
def test_where_no_door_runs_that_is_said(lonely: Shell, words: str) -> None:
    """Exit code 1, and what to look at."""
    code, out, err = lonely.door(*words.split())
    assert (code, out) == (1, "")
    assert "is it running?" in err


@pytest.mark.parametrize("words", ["run", "check", "status", "unlock", "enroll"])
def test_a_missing_configuration_is_exit_code_2(lonely: Shell, words: str) -> None:
    """With its path."""
    lonely.path.unlink()
    code, out, err = lonely.door(words)
    assert (code, out) == (2, "")
    assert err.startswith(
        f"door: {lonely.path} cannot be read: No such file or directory; put the file there"
    )


@pytest.mark.parametrize("words", ["run", "check", "status", "enroll"])
@pytest.mark.parametrize("text", [b"\xff\xfe", b"[door", b"[door]\nnaem = 'x'\n", b"[lock]\npin = 2\n"])
def test_a_faulty_configuration_is_exit_code_2(lonely: Shell, words: str, text: bytes) -> None:
    """Every command that reads it says the same."""
    lonely.path.write_bytes(text)
    code, out, err = lonely.door(words)
    assert (code, out) == (2, "")
    assert err.startswith("door: ")
    assert str(lonely.path) in err


def test_a_folder_for_a_configuration_is_no_file(lonely: Shell, tmp_path: Path) -> None:
    """``IsADirectoryError`` is a sentence."""
    lonely.path = tmp_path
    assert f"{tmp_path} cannot be read: Is a directory; put the file there" in lonely.door("check").err


@pytest.mark.parametrize("words", ["run", "check"])
def test_without_credentials_the_next_step_is_told(lonely: Shell, tmp_path: Path, words: str) -> None:
    """Exit code 2: run door enroll."""
    (tmp_path / "door.json").unlink()
    code, _, err = lonely.door(words)
    assert code == 2
    assert "run: door enroll" in err


def test_check_finds_nothing_wrong(lonely: Shell) -> None:
    """And says how a change comes into force."""
    code, out, err = lonely.door("check")
    assert (code, err) == (0, "")
    assert "nothing wrong" in out
    assert "systemctl reload door" in out


def test_relock_says_nothing_when_it_is_done(lonely: Shell) -> None:
    """systemd runs it after every stop."""
    assert lonely.door("relock") == (0, "", "")


def test_a_real_process_ends_with_these_codes(tmp_path: Path) -> None:
    """``python -m door``, as systemd sees it; no traceback."""
    for words, code in ((("check",), 2), (("--help",), 0), (("nonsense",), 2)):
        done = subprocess.run(
            [sys.executable, "-m", "door", "--config", str(tmp_path / "none.toml"), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == code
        assert "Traceback" not in done.stderr


# -- enroll ---------------------------------------------------------------------------------------


def enroll(shell: Shell, monkeypatch: pytest.MonkeyPatch, token: str, *words: str) -> Done:
    """Enroll with a token on standard input, as a script pipes it; it is never shown again."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(token + "\n"))
    done = shell.door("enroll", *words)
    assert not token or token not in done.out + done.err
    return done


def test_enroll_ends_with_credentials_for_nobody_else(
    lonely: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a real server, mode 0600, and the same token is good once."""
    (tmp_path / "door.json").unlink()
    with room_server(tmp_path / "server") as server:
        token = server.add_door(DOOR)
        code, out, err = enroll(lonely, monkeypatch, token, "--url", server.url)
        assert (code, err) == (0, "")
        assert out.startswith(f"Enrolled as {DOOR};")
        assert "systemctl restart door" in out
        again = enroll(lonely, monkeypatch, token, "--url", server.url)
        wrong = enroll(lonely, monkeypatch, "not-a-token", "--url", server.url)
    assert (tmp_path / "door.json").stat().st_mode & 0o777 == 0o600
    assert credentials.load(tmp_path / "door.json").door == DOOR
    for done in (again, wrong):
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("door: ")
        assert "roomserver door" in done.err


def test_enroll_without_an_address_or_a_token(lonely: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and what is missing."""
    code, _, err = enroll(lonely, monkeypatch, "token")
    assert (code, "--url" in err) == (2, True)
    code, _, err = enroll(lonely, monkeypatch, "", "--url", "http://127.0.0.1:9")
    assert (code, "no token" in err) == (2, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "ftp://room.example.org", "http://room.example.org", "x"]
)
def test_enroll_at_an_address_that_is_none(lonely: Shell, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Exit code 1 and a sentence: nobody there, no TLS, no URL."""
    done = enroll(lonely, monkeypatch, "token", "--url", url)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("door: ")


@pytest.mark.parametrize("body", [b"", b"<html>", {"server_time": 1}, {"server_time": 1, "door_key": "00"}])
def test_enroll_at_something_that_is_no_room_server(
    lonely: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    """What it answers is not kept."""
    before = (tmp_path / "door.json").read_bytes()

    def answer(_asked: Asked) -> Said:
        return Said(body)

    with serving(answer) as server:
        done = enroll(lonely, monkeypatch, "token", "--url", server.url)
    assert done.code in (1, 2)
    assert done.err.startswith("door: ")
    assert (tmp_path / "door.json").read_bytes() == before


def test_enroll_at_a_certificate_that_nobody_signed(
    lonely: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is not told to it."""
    asked: list[Asked] = []

    def answer(one: Asked) -> Said:
        asked.append(one)
        return Said({})

    with serving(answer, own_pair(tmp_path)) as server:
        done = enroll(lonely, monkeypatch, "token", "--url", server.url)
    assert (done.code, done.out, asked) == (1, "", [])
    assert "--ca" in done.err


def own_pair(folder: Path) -> Pair:
    """A certificate for this machine, signed by an authority that nobody knows."""
    begins, ends = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
    return Authority(folder).issue("server", begins, ends)


def test_enroll_where_nothing_may_be_written(
    lonely: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is a file: a sentence, exit code 1, and the token is good yet."""
    (tmp_path / "file").write_text("")
    good = config(tmp_path)
    bad = replace(good, door=replace(good.door, credentials=tmp_path / "file" / "door.json"))
    with room_server(tmp_path / "server") as server:
        token = server.add_door(DOOR)
        write(tmp_path, bad)
        done = enroll(lonely, monkeypatch, token, "--url", server.url)
        write(tmp_path, good)
        assert enroll(lonely, monkeypatch, token, "--url", server.url).code == 0
    assert (done.code, done.out) == (1, "")
    assert str(tmp_path / "file") in done.err
