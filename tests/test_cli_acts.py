"""What is done at the door: in force before the command returns, and said with whether the server knows."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import until
from shell import KEY, Shell, keeping, kept
from stores import read
from village import Door, Village, codes_of, config, door_at, home, village, write

from contract import audit
from contract.access import AccessRecord
from door import tables
from door.alone import Alone
from door.effects import Cue, Forget, Learn, Record, Remember
from tests.village import DOOR


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A running door that the tests share."""
    with door_at(tmp_path_factory.mktemp("acts")) as door:
        yield door


@pytest.fixture
def shell(running: Door, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside the running door."""
    return Shell(running.path, capsys)


@pytest.fixture
def stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside a door that has run before, and does not run now."""
    home(tmp_path)
    kept(
        tmp_path,
        [Record("started", at=1_795_000_000, clock="ntp"), Learn(AccessRecord("0427", generation=2))],
    )
    return Shell(write(tmp_path, config(tmp_path, clock=tables.Clock(trust="system"))), capsys)


# -- a typed code ---------------------------------------------------------------------------------


def test_a_code_is_asked_for_unseen_and_only_its_number_is_used(
    shell: Shell, running: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a terminal by getpass, whose prompt is all that is shown."""
    code = codes_of("0611")[0]
    asked: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or code)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    done = shell.door("revoke")
    assert (done.code, done.err, len(asked)) == (0, "", 1)
    assert done.out.startswith("0611 is revoked at this door. ")
    assert running.rows("revoked")[-1]["member"] == "0611"
    assert code[4:] not in done.out + json.dumps(running.rows())


@pytest.mark.parametrize("typed", ["0612 123 456\n", "0612123456\n", "0612\n"])
def test_a_code_or_a_number_may_be_piped(shell: Shell, running: Door, typed: str) -> None:
    assert shell.types(typed, "revoke").out.startswith("0612 is revoked at this door.")


@pytest.mark.parametrize(
    "typed", ["", "\n", "061\n", "06121234567\n", "０６１２\n", "0000\n", "0000123456\n", "abcd\n"]
)
def test_what_is_typed_and_no_code_is_refused_and_not_repeated(
    shell: Shell, running: Door, typed: str
) -> None:
    rows = len(running.rows())
    done = shell.types(typed, "revoke")
    assert (done.code, done.out) == (2, "")
    assert typed.strip() == "" or typed.strip() not in done.err
    assert len(running.rows()) == rows


@pytest.mark.parametrize("verb", ["revoke", "reinstate", "forget"])
@pytest.mark.parametrize("argument", ["0427719385", "0427-719-385", "０４２７７１９３８５", "04277193"])
def test_a_code_in_a_command_line_is_refused_with_the_reason(
    shell: Shell, running: Door, verb: str, argument: str
) -> None:
    rows = len(running.rows())
    done = shell.door(verb, argument)
    assert (done.code, done.out) == (2, "")
    assert "must not stand in a command line" in done.err
    assert "719" not in done.err
    assert "７１９" not in done.err
    assert len(running.rows()) == rows


def test_a_code_in_several_arguments_is_refused_as_well(shell: Shell) -> None:
    done = shell.door("revoke", "0427", "719", "385")
    assert (done.code, done.out) == (2, "")
    assert "719" not in done.err


# -- in force -------------------------------------------------------------------------------------


def test_what_was_revoked_opens_nothing_when_the_command_returns(shell: Shell, running: Door) -> None:
    code = codes_of("0613")[0]
    assert shell.door("revoke", "0613").code == 0
    assert running.post(code) is Cue.NOT_NOW


def test_the_end_of_a_mode_is_a_time_to_come(shell: Shell, running: Door) -> None:
    assert shell.door("mode", "lockdown", "--until", "2h").code == 0
    until_ = running.status()["state"]["until"]
    assert 7190 <= until_ - running.status()["health"]["at"] <= 7200
    assert shell.door("mode", "normal").code == 0


# -- whether the server knows ---------------------------------------------------------------------


def test_the_server_knows_or_the_command_says_since_when_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a real broker and server: knowing is the acknowledgement of the row."""
    with village(tmp_path, "mosquitto") as place, door_at(tmp_path / "door", place.settings) as door:
        member = known(place, door)
        shell = Shell(door.path, capsys)
        assert shell.door("revoke", member).out == f"{member} is revoked at this door. The server knows.\n"
        row = door.rows("revoked")[-1]
        assert (row["log"], row["seq"], row["hash"]) in place.hashes()
        place.kill_broker()
        until(lambda: not door.status()["broker"])
        said = shell.door("reinstate", member).out
        assert said.startswith(
            f"{member} may draw new codes. The server has not heard yet: the broker is away"
        )
        assert said.rstrip().endswith("; it will.")


def known(place: Village, door: Door) -> str:
    """A member's number, once the door has its list and the server its rows."""
    member = place.add()
    until(lambda: door.status()["broker"] and door.status()["health"]["list"]["at"])
    return member


def test_a_server_that_does_not_acknowledge_is_not_said_to_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The broker is there, the server is not: after two seconds that is said."""
    with village(tmp_path, "mosquitto") as place, door_at(tmp_path / "door", place.settings) as door:
        known(place, door)
        place.server.kill()
        done = Shell(door.path, capsys).door("count", "4")
    assert (
        done.out == "4 are in. The server has not heard yet: it has not acknowledged within 2 s; it will.\n"
    )


# -- with the daemon stopped ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, type_, fact",
    [
        ("revoke 0427", "revoked", {"generation": 2, "through": 5}),
        ("revoke 0999", "revoked", {"generation": 1, "through": 4}),
        ("forget 0427", "forgotten", {}),
        ("count 7", "count", {"count": 7}),
    ],
)
def test_what_is_done_at_a_stopped_door_is_a_row_of_the_same_core(
    stopped: Shell, words: str, type_: str, fact: dict[str, object]
) -> None:
    """Durable, in the chain, with the name of whoever did it."""
    done = stopped.door(*words.split())
    assert (done.code, done.err) == (0, "")
    assert "The door does not run; the server hears of it after the next start." in done.out
    row = rows_of(stopped)[-1]
    assert row["type"] == type_
    assert fact.items() <= row["detail"].items()
    assert type_ == "forgotten" or getpass.getuser() in row["detail"].values()
    assert row["clock"] == "ntp"


def rows_of(shell: Shell) -> list[dict[str, object]]:
    """The rows of the present log, each verified and linked."""
    path = shell.path.parent / "state" / "door.db"
    found, prev = [], audit.FIRST_PREV
    for (raw,) in read(path, "SELECT raw FROM rows ORDER BY seq"):
        assert json.loads(raw)["prev"] == prev
        prev = audit.verify(KEY, DOOR, raw)
        found.append(json.loads(raw))
    return found


def test_what_was_revoked_while_stopped_stays_so_when_the_door_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what was reinstated opens with the new generation only."""
    settings = config(tmp_path, clock=tables.Clock(trust="system"))
    with door_at(tmp_path, settings) as door:
        path = door.path
    shell = Shell(path, capsys)
    assert shell.door("revoke", "0427").code == 0
    assert shell.door("revoke", "0611").code == 0
    assert shell.door("reinstate", "0611").code == 0
    with door_at(tmp_path, settings) as door:
        assert door.post(codes_of("0427")[0]) is Cue.NOT_NOW
        assert door.post(codes_of("0611", generation=5)[0]) is Cue.ACCEPTED
        assert [row["seq"] for row in door.rows()] == list(range(1, len(door.rows()) + 1))


def test_reinstating_nobody_is_exit_code_1_also_when_stopped(stopped: Shell) -> None:
    before = rows_of(stopped)
    done = stopped.door("reinstate", "0427")
    assert (done.code, done.out) == (1, "")
    assert "holds no revocation" in done.err
    assert [row["type"] for row in rows_of(stopped)[len(before) :]] in ([], ["clock"])


@pytest.mark.parametrize("words", ["unlock", "mode lockdown", "identify", "refresh", "clock --trust"])
def test_what_needs_the_door_itself_says_that_none_runs(stopped: Shell, words: str) -> None:
    done = stopped.door(*words.split())
    assert (done.code, done.out) == (1, "")
    assert "is it running?" in done.err


def test_a_door_that_starts_just_now_is_left_alone(stopped: Shell) -> None:
    """Its folder is held, though it does not answer yet: nothing is written beside it."""
    folder = stopped.path.parent
    held = Alone(folder / "state", folder / "run" / "control.sock")
    try:
        before = rows_of(stopped)
        done = stopped.door("revoke", "0427")
    finally:
        held.release()
    assert (done.code, done.out) == (1, "")
    assert "running already" in done.err
    assert rows_of(stopped) == before


def test_the_servers_last_rules_hold_at_a_stopped_door(stopped: Shell) -> None:
    """Numbers have the length that the server said last."""
    said = {"codes": {"member_digits": 3}, "rules": {}}
    with keeping(stopped.path.parent) as store:
        store.keep([Remember("server", said), Forget("0427")]).result(10)
    assert stopped.door("revoke", "0427").code == 2
    assert stopped.door("revoke", "042").out.startswith("042 is revoked")
