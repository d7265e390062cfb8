"""``door audit``: the rows that were asked for, whole and in order, for eyes, programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from patience import until
from serving import ROOT
from shell import Shell, keeping
from village import answered, config, door_at, door_process, home, write

from contract.messages import ROW_TYPES
from door import tables
from door.commandline import rows
from door.effects import Record

AT = 1_795_000_000  # 2026-11-18 19:06:40 in Shanghai
ROWS = (
    Record("granted", "0427", detail={"kind": "phone", "generation": 1, "double": False}, at=AT, clock="ntp"),
    Record("denied", "0427", "late-code", at=AT + 60, clock="ntp"),
    Record("denied", "0611", "unknown-code", at=AT + 120, clock="none"),
    Record("mode", detail={"mode": "open", "by": 'wang, "xiao"\n=1+1'}, at=AT + 86_400, clock="server"),
)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside a stopped door with two logs."""
    home(tmp_path)
    with keeping(tmp_path) as store:
        store.keep(ROWS[:2]).result(10)
        store.new_log("ack-mismatch").result(10)
        store.keep(ROWS[2:]).result(10)
    return Shell(write(tmp_path, config(tmp_path)), capsys)


def asked(shell: Shell, *words: str) -> list[dict[str, Any]]:
    """The rows of ``door audit --json``, but for what every log begins with."""
    done = shell.door("audit", "--json", *words)
    assert (done.code, done.err) == (0, "")
    found = [json.loads(line) for line in done.out.splitlines()]
    return [row for row in found if row["type"] != "log-began"]


def test_all_rows_come_in_the_order_of_the_logs(shell: Shell) -> None:
    assert [row["type"] for row in asked(shell)] == ["granted", "denied", "denied", "mode"]


def test_json_is_the_row_as_it_was_made(shell: Shell) -> None:
    """Every field, one row a line."""
    row = asked(shell)[0]
    assert list(row) == "log seq prev at clock type member reason detail hash".split()
    assert row["detail"] == {"kind": "phone", "generation": 1, "double": False}


@pytest.mark.parametrize(
    "words, places",
    [
        (["--type", "denied"], [1, 2]),
        (["--type", "denied,mode"], [1, 2, 3]),
        (["--type", "denied", "--type", "granted"], [0, 1, 2]),
        (["--member", "0427"], [0, 1]),
        (["--member", "0427", "--member", "0611", "--type", "denied"], [1, 2]),
        (["--since", "2026-11-18 19:07:40"], [1, 2, 3]),
        (["--since", "2026-11-19"], [3]),
        (["--since", str(AT + 120)], [2, 3]),
        (["--since", "2026-11-20"], []),
        (["--member", "0999"], []),
    ],
)
def test_a_filter_keeps_what_was_asked_for(shell: Shell, words: list[str], places: list[int]) -> None:
    expected = [(ROWS[n].type, ROWS[n].at) for n in places]
    assert [(row["type"], row["at"]) for row in asked(shell, *words)] == expected


def test_a_row_for_eyes_has_the_rooms_time_and_its_doubts(shell: Shell) -> None:
    lines = shell.door("audit").out.splitlines()
    assert "2026-11-18 19:06:40  granted       0427   kind phone, generation 1" in lines
    assert "2026-11-18 19:07:40  denied        0427   late-code" in lines
    assert "2026-11-18 19:08:40  denied        0611   unknown-code (clock unsure)" in lines
    assert not any("\x1b" in line for line in lines)


def test_csv_is_what_rfc_4180_says(shell: Shell) -> None:
    """A head, CRLF, quotes doubled; a name with a comma and a line end stays in its cell."""
    out = shell.door("audit", "--csv").out
    assert out.count("\r\n") == 1 + 2 + len(ROWS)
    head, *lines = csv.reader(io.StringIO(out, newline=""), strict=True)
    assert tuple(head) == rows.COLUMNS
    table = [dict(zip(head, line, strict=True)) for line in lines]
    assert {len(line) for line in lines} == {len(head)}
    assert table[1]["time"] == "2026-11-18T19:06:40+08:00"
    assert (table[1]["member"], table[1]["reason"]) == ("0427", "")
    assert json.loads(table[-1]["detail"]) == ROWS[-1].detail
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line)


@pytest.mark.parametrize(
    "words, said",
    [
        (["--type", "grantd"], 'did you mean "granted"'),
        (["--type", "zzz"], "there are bell, "),
        (["--type", ""], "there are bell, "),
        (["--member", "427"], "4 of the digits 0 to 9"),
        (["--member", "０４２７"], "4 of the digits 0 to 9"),
        (["--member", "0427719385"], "4 of the digits 0 to 9"),
    ],
)
def test_a_filter_that_can_match_nothing_is_told(shell: Shell, words: list[str], said: str) -> None:
    code, out, err = shell.door("audit", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "719385" not in err


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--json", "--csv"], ["--since"], ["0427"]])
def test_words_that_are_none_are_exit_code_2(shell: Shell, words: list[str]) -> None:
    assert shell.door("audit", *words).code == 2


def test_where_there_is_no_database_nothing_is_written_but_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home(tmp_path)
    lonely = Shell(write(tmp_path, config(tmp_path)), capsys)
    done = lonely.door("audit", "--csv")
    assert (done.code, done.out) == (1, "")
    assert "no door has run here yet; next: door check" in done.err


def test_where_no_row_is_as_asked_for_that_is_said(shell: Shell) -> None:
    """To who reads; a pipe gets what there is, nothing."""
    told = "door: no row is like that; `door audit` alone shows all there are\n"
    assert shell.door("audit", "--member", "0999") == (0, "", told)
    assert shell.door("audit", "--member", "0999", "--json") == (0, "", "")


def test_every_type_of_row_can_be_asked_for(shell: Shell) -> None:
    assert shell.door("audit", *(f"--type={word}" for word in sorted(ROW_TYPES))).code == 0


def test_a_row_that_cannot_be_read_stops_no_report() -> None:
    """``door verify`` says what is wrong with it."""
    for text in ("", "[]", "{}", '{"at": "x"}', "[" * 100_000, '{"at": 1e400}'):
        assert rows.parsed(text)["type"] == "unreadable"


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell) -> None:
    """``door audit | head -1``: no message, no traceback."""
    command = f"{sys.executable} -m door --config {shell.path} audit --csv | head -c 3"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (done.stdout, done.stderr) == ("log", "")


# -- following ------------------------------------------------------------------------------------


class Follower:
    """``door audit --follow`` as a process; its lines come as they are said."""

    def __init__(self, path: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "door", "--config", str(path), "audit", "--follow", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def close(self) -> None:
        """Kill it, if it still runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def says(self, word: str) -> str:
        """The next line with this word."""
        while word not in (line := self._lines.get(timeout=15)):
            pass
        return line


@contextmanager
def following(path: Path, *words: str) -> Iterator[Follower]:
    """A follower for the length of a ``with``, ended by Ctrl-C."""
    follower = Follower(path, *words)
    try:
        yield follower
        follower.process.send_signal(signal.SIGINT)
        assert follower.process.wait(15) == 130
        assert follower.process.stderr is not None
        assert follower.process.stderr.read() == ""
    finally:
        follower.close()


def test_follow_tells_each_new_row_and_every_row_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those of a log that begins meanwhile."""
    with door_at(tmp_path, config(tmp_path, clock=tables.Clock(trust="system"))) as door:
        shell = Shell(door.path, capsys)
        with following(door.path, "--json") as follower:
            seen = [json.loads(follower.says("started"))]
            shell.door("count", "3")
            seen.append(json.loads(follower.says('"count"')))
            door.daemon.store.new_log("ack-mismatch").result(5)
            seen.append(json.loads(follower.says("log-began")))
            shell.door("count", "4")
            seen.append(json.loads(follower.says('"count"')))
    assert [row["detail"].get("count") for row in seen if row["type"] == "count"] == [3, 4]
    assert [row["seq"] for row in seen[-2:]] == [1, 2]


def test_follow_filters_what_comes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with door_at(tmp_path) as door:
        shell = Shell(door.path, capsys)
        with following(door.path, "--type", "count", "--csv") as follower:
            assert follower.says("log,seq")
            shell.door("unlock")
            shell.door("count", "5")
            assert ",count," in follower.says(",")


def test_a_follower_waits_for_a_door_that_is_killed_and_started_again(tmp_path: Path) -> None:
    """In the middle of a question."""
    with door_process(tmp_path) as first:
        until(lambda: answered(tmp_path / "run" / "control.sock"))
        first.type("1111111111")
        with following(tmp_path / "config.toml") as follower:
            follower.says("denied")
            first.process.kill()
            first.wait()
            with door_process(tmp_path):
                follower.says("started")
