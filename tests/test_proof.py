"""Each kind of damage to an audit log is found, in a real database, and told with its log and row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from shell import KEY, Done, Shell, keeping
from village import config, door_at, home, write

from contract import audit, messages
from door.effects import Record
from tests.village import DOOR

AT = 1_795_000_000
WHO = "0427"
REWRITE = "UPDATE rows SET raw = CAST(replace(CAST(raw AS TEXT), "
BESIDE = "raw, type, member, at, clock FROM rows WHERE log ="
Damage = Callable[[sqlite3.Connection], object]


def note(n: int, member: str | None = None) -> Record:
    """A row of a minute."""
    return Record("granted", member, detail={"n": n}, at=AT + 60 * n, clock="ntp")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell beside a stopped door with two logs, the older of six rows and the newer of nine."""
    home(tmp_path)
    with keeping(tmp_path) as store:
        for n in range(5):
            store.keep([note(n, WHO)]).result(10)
        store.new_log("ack-mismatch").result(10)
        for n in range(5, 13):
            store.keep([note(n, WHO)]).result(10)
    return Shell(write(tmp_path, config(tmp_path)), capsys)


def logs(shell: Shell) -> list[str]:
    """The names of its logs, the older one first."""
    with closing(sqlite3.connect(database(shell))) as db, db:
        return [name for (name,) in db.execute("SELECT log FROM logs ORDER BY position")]


def database(shell: Shell) -> Path:
    """Its file."""
    return shell.path.parent / "state" / "door.db"


def damaged(shell: Shell, *statements: str | Damage, log: int = 1) -> list[tuple[str, int | None, str]]:
    """What ``door verify`` finds after this was done with sqlite3: which log, which row, what."""
    names = logs(shell)
    with closing(sqlite3.connect(database(shell))) as db, db:
        for statement in statements:
            if callable(statement):
                statement(db)
            else:
                db.execute(
                    statement.replace("LOG", f"'{names[log]}'").replace("OTHER", f"'{names[1 - log]}'")
                )
    done = shell.door("verify", "--json")
    found = json.loads(done.out)
    assert (done.code, found["ok"], done.err) == (1, False, "")
    for one in found["findings"]:  # the same in words, with the place
        text = shell.door("verify")
        assert text.code == 1
        place = f"log {one['log']}" + ("" if one["seq"] is None else f", row {one['seq']}:")
        assert place in text.out
        assert one["what"] in text.out
    return [(("old", "new")[names.index(one["log"])] if one["log"] in names else "?", one["seq"], one["what"])
            for one in found["findings"]]  # fmt: skip


def test_logs_as_the_door_wrote_them_are_whole(shell: Shell) -> None:
    """Exit code 0, and how much was looked at."""
    done = shell.door("verify")
    assert (done.code, done.err) == (0, "")
    assert "Nothing is wrong: 15 rows" in done.out
    assert [log["rows"] for log in json.loads(shell.door("verify", "--json").out)["logs"]] == [6, 9]


@pytest.mark.parametrize(
    "statement",
    [
        f"{REWRITE}'0427', '0611') AS BLOB) WHERE log = LOG AND seq = 4",
        f"{REWRITE}'granted', 'denied') AS BLOB) WHERE log = LOG AND seq = 4",
        "UPDATE rows SET raw = substr(raw, 1, length(raw) - 1) WHERE log = LOG AND seq = 4",
        "UPDATE rows SET raw = x'' WHERE log = LOG AND seq = 4",
        "UPDATE rows SET raw = zeroblob(5000) WHERE log = LOG AND seq = 4",
        "UPDATE rows SET member = '0611' WHERE log = LOG AND seq = 4",
        "UPDATE rows SET type = 'denied' WHERE log = LOG AND seq = 4",
        "UPDATE rows SET at = at + 1 WHERE log = LOG AND seq = 4",
    ],
)
def test_a_changed_row_is_found_where_it_stands(shell: Shell, statement: str) -> None:
    """Its bytes, or what stands beside them for filters."""
    assert damaged(shell, statement) == [("new", 4, "changed")]


@pytest.mark.parametrize("log, place", [(0, "old"), (1, "new")])
def test_a_removed_row_leaves_a_hole(shell: Shell, log: int, place: str) -> None:
    assert damaged(shell, "DELETE FROM rows WHERE log = LOG AND seq = 3", log=log) == [(place, 3, "missing")]


def test_several_removed_rows_are_one_hole_and_two_holes_are_two(shell: Shell) -> None:
    found = damaged(shell, "DELETE FROM rows WHERE log = LOG AND seq IN (3, 4, 7)")
    assert found == [("new", 3, "missing"), ("new", 7, "missing")]
    assert "rows 3 to 4 are gone" in shell.door("verify").out


def swap(first: str, second: str) -> Sequence[str]:
    """Two rows with each other's numbers."""
    return [f"UPDATE rows SET seq = {to} WHERE log = LOG AND seq = {of}" for of, to in
            ((first, "-1"), (second, first), ("-1", second))]  # fmt: skip


def test_reordered_rows_are_both_found(shell: Shell) -> None:
    assert damaged(shell, *swap("3", "6")) == [("new", 3, "moved"), ("new", 6, "moved")]


def test_a_row_put_in_from_another_place_is_found(shell: Shell) -> None:
    """A copy at the end, and one from the other log."""
    copy = (
        "INSERT INTO rows SELECT log, 10, raw, type, member, at, clock FROM rows WHERE log = LOG AND seq = 2"
    )
    assert damaged(shell, copy) == [("new", 10, "moved")]
    other = f"INSERT INTO rows SELECT LOG, 11, {BESIDE} OTHER AND seq = 2"
    assert damaged(shell, other) == [("new", 10, "moved"), ("new", 11, "moved")]


def forged(shell: Shell, seq: int, key: bytes) -> Damage:
    """Puts in a row that is well made but for the key, or its place in the chain."""
    row = audit.make(
        key, DOOR, log=logs(shell)[1], seq=seq, prev="ab" * 32, at=AT, clock="ntp", type="granted"
    )

    def do(db: sqlite3.Connection) -> None:
        values = (row.log, seq, row.raw, row.type, row.member, row.at, row.clock)
        db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    return do


def test_a_row_made_without_the_doors_key_is_found(shell: Shell) -> None:
    """At the end, where nothing follows it."""
    assert damaged(shell, forged(shell, 10, messages.report_key(bytes(32), DOOR))) == [("new", 10, "changed")]


def test_a_true_row_of_another_copy_of_the_log_is_found(shell: Shell) -> None:
    """Made with the key, by the same door on an older image of its card: it follows another row."""
    assert damaged(shell, forged(shell, 5, KEY)) == [("new", 5, "broken"), ("new", 6, "broken")]


def test_rows_of_a_log_that_never_began_are_found(shell: Shell) -> None:
    stray = f"INSERT INTO rows SELECT 'feedfeedfeedfeed', 1, {BESIDE} LOG AND seq = 2"
    assert damaged(shell, stray) == [("?", 1, "inserted")]


def test_a_log_cut_short_is_found_by_the_servers_acknowledgement(shell: Shell) -> None:
    """What the server has had is no longer there."""
    cut = "DELETE FROM rows WHERE log = LOG AND seq > 6"
    assert damaged(shell, "UPDATE logs SET ack = 9 WHERE log = LOG", cut) == [("new", 7, "missing")]
    assert "rows 7 to 9 are gone from the end: the server has acknowledged 9" in shell.door("verify").out


def test_a_log_without_its_beginning_is_found_while_retention_does_not_reach_it(shell: Shell) -> None:
    """Acknowledged or not."""
    head = "DELETE FROM rows WHERE log = LOG AND seq < 4"
    assert damaged(shell, head) == [("new", 1, "missing")]
    assert damaged(shell, "UPDATE logs SET ack = 9 WHERE log = LOG") == [("new", 1, "missing")]


def test_a_log_without_rows_and_a_database_without_logs_are_found(shell: Shell) -> None:
    assert damaged(shell, "DELETE FROM rows WHERE log = LOG") == [("new", None, "missing")]
    assert damaged(shell, "DELETE FROM rows", "DELETE FROM logs") == [("?", None, "missing")]


def test_a_whole_log_that_is_gone_is_found(shell: Shell) -> None:
    """The next one says what came before it."""
    found = damaged(shell, "DELETE FROM rows WHERE log = OTHER", "DELETE FROM logs WHERE log = OTHER")
    assert found == [("new", None, "missing")]


def test_what_retention_has_deleted_is_not_missing(shell: Shell) -> None:
    """Real rows, pruned by the store itself when they were old enough."""
    with keeping(shell.path.parent) as store:
        for log, ack in ((logs(shell)[0], 4), (logs(shell)[1], 9)):
            raw = store.rows(log, ack - 1, 1).result(10)[0][1]
            store.acknowledge(log, ack, raw[-66:-2].decode()).result(10)
        assert store.prune(AT + 60 * 3 + 400 * 86_400).result(10) > 0
    past = f"INSERT OR REPLACE INTO facts VALUES ('known_past', '{AT + 400 * 86_400}')"
    with closing(sqlite3.connect(database(shell))) as db, db:
        db.execute(past)
    assert shell.door("verify").code == 0


def test_rows_of_an_earlier_enrolment_are_checked_in_their_order(shell: Shell) -> None:
    """Their hashes need the key of that time; a hole in them is found all the same."""
    with keeping(shell.path.parent) as store:
        store.new_log("enrolled").result(10)
    names = logs(shell)
    assert "needs" in (said := shell.door("verify").out) or "need the key" in said
    with closing(sqlite3.connect(database(shell))) as db, db:
        db.execute("DELETE FROM rows WHERE log = ? AND seq = 3", (names[0],))
    assert shell.door("verify").code == 1


def test_nobody_exempts_a_log_by_calling_it_enrolled(shell: Shell) -> None:
    """The word beside the log is not what its first row says."""
    renamed = "UPDATE logs SET reason = 'enrolled' WHERE log = LOG"
    assert damaged(shell, renamed) == [("new", 1, "changed")]


def test_beside_a_running_door_all_is_whole_and_its_end_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a running door has written and is not there has been cut off, acknowledged or not."""
    with door_at(tmp_path) as door:
        shell = Shell(door.path, capsys)
        assert shell.door("count", "3").code == 0
        assert shell.door("verify").code == 0
        with closing(sqlite3.connect(database(shell))) as db, db:
            db.execute("DELETE FROM rows WHERE seq = (SELECT max(seq) FROM rows)")
        done: Done = shell.door("verify")
        assert done.code == 1
        assert "gone from the end: the running door has written" in done.out


def test_without_credentials_or_a_database_that_is_said(shell: Shell, tmp_path: Path) -> None:
    """The hashes cannot be checked without the door's key."""
    (tmp_path / "door.json").rename(tmp_path / "away.json")
    assert shell.door("verify").code == 2
    (tmp_path / "away.json").rename(tmp_path / "door.json")
    database(shell).unlink()
    done = shell.door("verify")
    assert (done.code, done.out) == (1, "")
    assert "there is no database" in done.err


@pytest.mark.parametrize("text", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database_is_a_sentence(shell: Shell, text: bytes) -> None:
    for suffix in ("", "-wal", "-shm"):
        database(shell).with_name(f"door.db{suffix}").unlink(missing_ok=True)
    database(shell).write_bytes(text)
    for words in ("verify", "audit", "members", "status"):
        done = shell.door(words)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("door: ")
