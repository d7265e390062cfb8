"""``door clock``: where the time comes from in words, who disagrees, and what a person's own word does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shell import Shell, kept
from village import SILENT, Door, codes_of, config, door_at, home, write

from door.clock import Source
from door.commandline.clock import SOURCES
from door.effects import Cue, Remember
from door.events import ServerTime, SystemTime

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Door]:
    """A running door whose clock nothing holds."""
    with door_at(tmp_path, config(tmp_path), clock=SILENT) as door:
        yield door


def local(unix: float) -> str:
    """As it is typed."""
    return f"{datetime.fromtimestamp(unix, SHANGHAI):%Y-%m-%d %H:%M:%S}"


def tell(door: Door, event: ServerTime | SystemTime) -> None:
    """Let the door hear of a time."""
    door.daemon.inbox.put(event)
    door.settled()


def test_every_source_has_its_words() -> None:
    assert SOURCES.keys() == {source.value for source in Source}


def test_a_door_that_knows_no_time_says_what_follows_and_what_to_type(
    lost: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Shell(lost.path, capsys).door("clock").out
    assert "none: nothing: the door knows no time" in out
    assert "not trusted, so everybody is asked for a second code" in " ".join(out.split())
    assert "none yet: neither a server nor a phone's code has told of any" in " ".join(out.split())
    assert "door clock --trust" in out


def test_a_word_for_the_time_is_believed_with_its_consequences_said(
    lost: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the room's own time; single codes open again."""
    shell = Shell(lost.path, capsys)
    assert lost.post(codes_of("0427")[0]) is Cue.SECOND_CODE
    now = local(time.time())
    code, out, err = shell.door("clock", "--trust", now)
    assert (code, err) == (0, "")
    assert out.startswith(f"The door believes your word: {now} CST.\n")
    assert "right codes are refused" in out
    assert "known past stays" in out
    assert lost.status()["health"]["clock"]["source"] == "manual"
    assert lost.post(codes_of("0611")[0]) is Cue.ACCEPTED
    lost.walk_in()
    assert "manual: an administrator's word" in shell.door("clock").out


def test_this_machines_clock_may_be_vouched_for(lost: Door, capsys: pytest.CaptureFixture[str]) -> None:
    out = Shell(lost.path, capsys).door("clock", "--trust").out
    assert out.startswith("The door believes this machine's clock: 20")


def test_a_better_source_is_not_outvoted_and_that_is_said(
    lost: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    now = int(time.time())
    tell(lost, ServerTime(now * 1000))
    out = Shell(lost.path, capsys).door("clock", "--trust", local(now - 3600)).out
    assert "But it has a better source, server, and goes by that" in out


def test_a_word_for_a_time_that_is_known_to_be_past_is_doubted(
    lost: Door, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Believed all the same: the known past itself may be wrong, and somebody must get in."""
    now = int(time.time())
    tell(lost, ServerTime(now * 1000))
    monkeypatch.setattr("door.clock.SERVER_LIFE_MS", -1)  # its answer is too old to tell the time by
    out = Shell(lost.path, capsys).door("clock", "--trust", local(now - 86_400)).out
    assert "That is before the known past" in out
    assert "look at your watch again" in out


def test_who_disagrees_is_named_with_by_how_much(lost: Door, capsys: pytest.CaptureFixture[str]) -> None:
    now = int(time.time())
    tell(lost, SystemTime((now + 7200) * 1000, synchronised=True, rtc=False))
    tell(lost, ServerTime(now * 1000))
    out = " ".join(Shell(lost.path, capsys).door("clock").out.split())
    assert "ntp is 2 h 00 min ahead of server" in out or "ntp is 1 h 59 min ahead of server" in out
    assert "no source disagrees" not in out


def test_a_server_that_set_the_known_past_back_is_told(
    lost: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    now = int(time.time())
    tell(lost, ServerTime((now + 86_400) * 1000))
    tell(lost, ServerTime(now * 1000))
    out = " ".join(Shell(lost.path, capsys).door("clock").out.split())
    assert "the server has set the known past back" in out


def test_json_is_complete(lost: Door, capsys: pytest.CaptureFixture[str]) -> None:
    tell(lost, ServerTime(int(time.time()) * 1000))
    told = json.loads(Shell(lost.path, capsys).door("clock", "--json").out)
    assert {
        "running",
        "source",
        "trusted",
        "offset_ms",
        "known_past",
        "now",
        "system_ms",
        "readings",
        "lowered",
    } == (told.keys())
    assert told["readings"].keys() == {"server"}


@pytest.mark.parametrize("typed", ["2h", "2026-11-24", "soon", "25:00", "１９:02", ""])
def test_what_is_no_time_of_day_is_not_vouched_for(
    lost: Door, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    code, out, err = Shell(lost.path, capsys).door("clock", "--trust", typed)
    assert (code, out) == (2, "")
    assert "19:02" in err
    assert lost.status()["health"]["clock"]["source"] == "none"


def test_a_stopped_door_shows_the_known_past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home(tmp_path)
    kept(tmp_path, [Remember("known_past", 1_795_000_000)])
    shell = Shell(write(tmp_path, config(tmp_path)), capsys)
    code, out, _ = shell.door("clock")
    assert code == 0
    assert "2026-11-18 19:06:40 CST" in out
    assert "systemctl start door" in out
    assert json.loads(shell.door("clock", "--json").out) == {"running": False, "known_past": 1_795_000_000}
