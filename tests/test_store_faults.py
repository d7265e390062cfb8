"""A store whose disk is full, read-only, failing, corrupt or newer says so, and loses no row's place."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlite_utils import Database

from contract.access import AccessRecord
from door import keeper, migrations, schema
from door.accesslist import Used
from door.backlog import Backlog, Batch
from door.effects import CountFailures, Learn, Record, Remember, TakeList, Use
from door.ledger import NewLog
from door.schema import CorruptError, NewerError, fault_of
from door.store import AckResult, Store
from tests.patience import Posted, until
from tests.stores import PROCESSES, begun, chain, faults, granted, linked, note, now, read, running

ROOT = Path(__file__).parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "door.db"


def refused(future: Future[float], fault: str) -> None:
    """What was kept is not durable yet, and its future says why."""
    with pytest.raises(OSError, match=f"^{fault}$"):
        now(future)


def let_no_page_more(store: Store) -> None:
    """The disk is full, as far as SQLite can tell, for as long as the database stays open."""
    now(store.ask(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone()))


def let_nobody_write(store: Store) -> None:
    """The database is read-only, as far as SQLite can tell, for as long as it stays open."""
    now(store.ask(lambda db: db.execute("PRAGMA query_only = 1").fetchone()))


def long_note() -> Record:
    """A row that needs a page of its own."""
    return note(text="x" * 3500)


# -- full, read-only, failed ----------------------------------------------------------------------


def test_rows_of_a_full_disk_are_written_in_order_when_there_is_room(path: Path) -> None:
    posted = Posted()
    with running(path, posted) as store:
        let_no_page_more(store)
        refused(store.keep([long_note(), long_note(), *granted(1)]), "full")
        refused(store.keep(granted(2)), "full")
        assert (store.ok, store.fault, store.held) == (False, "full", 4)
        store.retry()
        assert now(store.keep(granted(3))) > 0
        until(lambda: (store.ok, store.held) == (True, 0))
        assert faults(posted) == ["full", None]
    assert [row.type for row in chain(path)][1:] == ["bell", "bell", "granted", "granted", "granted"]
    assert read(path, "SELECT step FROM used") == [(3,)]


def test_rows_of_a_read_only_database_are_written_in_order_later(path: Path) -> None:
    posted = Posted()
    with running(path, posted) as store:
        let_nobody_write(store)
        for step in range(1, 4):
            refused(store.keep(granted(step)), "read-only")
        assert len(now(store.rows(store.log, 0, 10))) == 1  # what is there can be read
        store.retry()
        until(lambda: store.ok)
        assert faults(posted) == ["read-only", None]
    assert [row.at - 1_700_000_000 for row in chain(path)[1:]] == [1, 2, 3]


def test_the_disk_is_tried_again_by_itself_and_only_while_it_fails(path: Path) -> None:
    posted = Posted()
    with running(path, posted, retry_seconds=(0.02, 0.1)) as store:
        let_nobody_write(store)
        refused(store.keep(granted(1)), "read-only")
        until(lambda: store.ok)
        assert now(store.keep(granted(2))) > 0
        assert store._retry_at is None
    assert len(chain(path)) == 3


def test_the_pause_between_tries_grows_to_its_bound(path: Path) -> None:
    with running(path.parent / "nowhere" / "door.db", retry_seconds=(10.0, 35.0)) as store:
        refused(store.keep(granted(1)), "failed")
        pauses = []
        for _ in range(4):
            pauses.append(store._pause)
            store.retry()
            assert now(store.rows(store.log, 0, 1)) == []
        assert pauses == [10.0, 20.0, 35.0, 35.0]


def test_no_folder_for_the_database_yet(path: Path) -> None:
    posted = Posted()
    late = path.parent / "later" / "door.db"
    store, remembered = begun(late, posted)
    assert (remembered.fault, remembered.facts) == ("failed", {"used_steps_lost": True})
    refused(store.keep(granted(1)), "failed")
    assert now(store.rows("0" * 16, 0, 10)) == []
    assert now(store.acknowledge("0" * 16, 1, "0" * 64)) is AckResult.UNKNOWN
    with pytest.raises(OSError, match="failed"):
        now(store.ask(lambda db: None))
    late.parent.mkdir()
    assert store.stop(10)  # tries once more
    assert faults(posted) == ["failed", None]
    assert [row.type for row in chain(late)] == ["log-began", "granted"]


def test_the_end_says_when_rows_were_not_written(path: Path) -> None:
    store, _ = begun(path.parent / "nowhere" / "door.db")
    refused(store.keep(granted(1)), "failed")
    assert not store.stop(10)


def test_a_database_in_somebody_elses_hands_is_a_fault_that_passes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    posted = Posted()
    with running(path, posted) as store:
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        refused(store.keep(granted(1)), "failed")
        other.execute("ROLLBACK")
        other.close()
        store.retry()
        until(lambda: store.ok)
    assert len(chain(path)) == 2


def test_a_second_writer_does_not_break_the_chain(path: Path) -> None:
    with running(path) as one, running(path) as two:
        now(two.keep(granted(1)))
        refused(one.keep(granted(2)), "failed")
        one.retry()
        until(lambda: one.ok)
        refused(two.keep(granted(3)), "failed")
        two.retry()
        until(lambda: two.ok)
    assert [row.at - 1_700_000_000 for row in chain(path)[1:]] == [1, 2, 3]


def test_what_is_over_the_bound_is_counted_and_never_what_it_used_up(path: Path) -> None:
    with running(path, held_rows=3) as store:
        let_nobody_write(store)
        for step in range(1, 9):
            refused(store.keep([*granted(step), Remember("budget", step)]), "read-only")
        assert store.held == 3
        store.retry()
        assert now(store.keep(granted(9))) > 0
    rows = chain(path)
    assert [row.type for row in rows] == ["log-began", "granted", "granted", "granted", "fault", "granted"]
    assert (rows[4].detail, rows[4].at) == ({"fault": "rows-lost", "rows": 5}, rows[5].at - 1)
    assert read(path, "SELECT step FROM used") == [(9,)]
    assert read(path, "SELECT value FROM facts WHERE name = 'budget'") == [("8",)]


def test_over_the_bound_only_the_newest_of_a_fact_is_held() -> None:
    backlog = Backlog(1)
    backlog.hold(Batch((Record("bell"),)))
    for n in range(1000):
        backlog.hold(Batch((Record("bell"), Remember("budget", n), CountFailures("0427", n))))
    backlog.hold(Batch((Use("0427", "phone", 1, 2), NewLog("enrolled"))))
    assert len(backlog.first(10)) == 1
    backlog.written()
    (batch,) = backlog.first(10)
    assert [type(effect) for effect in batch.effects] == [Record, Remember, CountFailures, Use, NewLog]
    assert batch.effects[1:3] == (Remember("budget", 999), CountFailures("0427", 999))
    assert backlog.written() is batch
    assert not backlog


def test_a_new_log_waits_its_turn_while_the_disk_fails(path: Path) -> None:
    with running(path) as store:
        former = store.log
        let_nobody_write(store)
        for future in (store.keep(granted(1)), store.new_log("ack-mismatch"), store.keep(granted(2))):
            refused(future, "read-only")
        assert store.log == former
        store.retry()
        until(lambda: store.ok)
        assert store.log != former
    assert [row.type for row in chain(path, former)] == ["log-began", "granted"]
    assert [row.type for row in chain(path)] == ["log-began", "granted"]


def test_grants_that_the_disk_did_not_take_are_counted_as_late(path: Path) -> None:
    with running(path) as store:
        let_nobody_write(store)
        refused(store.keep(granted(1)), "read-only")
        refused(store.keep([note()]), "read-only")
        store.retry()
        until(lambda: store.ok)
        assert store.late_grants == 1


SMALL_DISK = """
import subprocess, sys
from pathlib import Path
from tests.patience import Posted, until
from tests.stores import PROCESSES, begun, chain, faults, granted, note
place = Path(sys.argv[1])
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], stderr=-3).returncode:
    sys.exit(77)
posted = Posted()
store, _ = begun(place / "door.db", posted)
store.keep(granted(1)).result(10)
ballast = place / "ballast"
with ballast.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
kept = [store.keep([*granted(step), note(text="x" * 3500)]) for step in range(2, 30)]
print(*sorted({str(future.exception(10)) for future in kept if future.exception(10)}))
ballast.unlink()
store.retry()
until(lambda: store.ok)
assert store.stop(10)
steps = [row.at - 1_700_000_000 for row in chain(place / "door.db") if row.type == "granted"]
assert steps == list(range(1, 30)), steps
print(*faults(posted))
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    alone = (
        ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    )
    told = subprocess.run(
        [*alone, sys.executable, "-c", SMALL_DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    if told.returncode == 77 or "unshare failed" in told.stderr:
        pytest.skip("no right to mount a small disk here")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == ["full", "full None"]


BROKEN_DISK = """
import resource, sys
from pathlib import Path
from tests.patience import Posted, until
from tests.stores import PROCESSES, begun, chain, faults, granted, note
path = Path(sys.argv[1])
posted = Posted()
store, _ = begun(path, posted)
store.keep(granted(1)).result(10)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("door.db-wal").stat().st_size + 5000, most))
kept = [store.keep([*granted(step), note(text="x" * 3500)]) for step in range(2, 10)]
print(*sorted({str(future.exception(10)) for future in kept if future.exception(10)}))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
store.retry()
until(lambda: store.ok)
assert store.stop(10)
steps = [row.at - 1_700_000_000 for row in chain(path) if row.type == "granted"]
assert steps == list(range(1, 10)), steps
print(*faults(posted))
"""


def test_a_disk_that_does_not_write(path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", BROKEN_DISK, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == ["failed", "failed None"]


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that others can reach (pytest's own are the user's alone)."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)
        Path(place).chmod(0o755)


def as_nobody(path: Path, told: Connection) -> None:
    """Open a store without any right to write, and tell what it knows and what it refuses."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    posted = Posted()
    store, remembered = begun(path, posted)
    error = store.keep(granted(2)).exception(10)
    told.send((remembered, str(error), faults(posted), store.stop(10)))


@pytest.mark.parametrize("power_cut", [False, True])
def test_a_read_only_disk_at_start_is_read_as_far_as_it_goes(anybodys: Path, power_cut: bool) -> None:
    path = anybodys / "door.db"
    with running(path) as store:
        now(
            store.keep([*granted(1), Learn(AccessRecord("0427", generation=3)), Remember("mode", "lockdown")])
        )
        log = store.log
        now(store.ask(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()))
        now(store.keep(granted(5)))
        copies = {file: file.read_bytes() for file in (path, path.with_name("door.db-wal"))}
    if power_cut:
        for file, content in copies.items():
            file.write_bytes(content)
    for file in anybodys.iterdir():
        file.chmod(0o444)
    anybodys.chmod(0o555)
    ear, mouth = PROCESSES.Pipe(duplex=False)
    child = PROCESSES.Process(target=as_nobody, args=(path, mouth))
    child.start()
    remembered, error, told, whole = ear.recv()
    child.join()
    assert (remembered.fault, error, told, whole) == ("read-only", "read-only", ["read-only"], False)
    assert remembered.log == log
    assert remembered.access.record("0427").generation == 3
    assert remembered.facts["mode"] == "lockdown"
    lost = remembered.facts.get("used_steps_lost", False)
    used = remembered.access.used["0427", "phone"]
    assert lost or used == Used(1, 5)  # a step that cannot be read is said to be lost
    assert lost is power_cut


# -- corrupt --------------------------------------------------------------------------------------


def furnished(path: Path, rows: int = 200) -> str:
    """A database with a list, used steps, facts and rows, half of them acknowledged; its log."""
    with running(path) as store:
        members = tuple(AccessRecord(f"{n:04}", revision=1) for n in range(1, 50))
        now(store.keep([TakeList(7, "d" * 64, True, members), Remember("mode", "lockdown")]))
        now(store.keep([CountFailures("0001", 3), Learn(AccessRecord("0002", revoked_through=4))]))
        for step in range(1, rows + 1):
            store.keep(granted(step))
        half = linked([raw for _, raw in now(store.rows(store.log, 0, rows // 2))])[-1]
        assert now(store.acknowledge(half.log, half.seq, half.hash)) is AckResult.OURS
        return store.log


def page_of(path: Path, needle: bytes) -> tuple[int, int]:
    """Where the (last) page with these bytes lies in the file, and how long it is."""
    content = path.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    return content.rindex(needle) // size * size, size


def spoil(path: Path, needle: bytes) -> None:
    """A worn card: the page with these bytes reads as something else."""
    start, size = page_of(path, needle)
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * size)


@pytest.mark.parametrize(
    "garbage", [b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 8000, b"\0" * 9000]
)
def test_garbage_is_set_aside_and_a_new_database_begun(path: Path, garbage: bytes) -> None:
    posted = Posted()
    path.write_bytes(garbage)
    store, remembered = begun(path, posted)
    assert remembered.fault == "corrupt"
    assert remembered.facts == {"used_steps_lost": True}
    assert faults(posted) == ["corrupt", None]
    assert now(store.keep(granted(1))) > 0
    store.stop(10)
    assert path.with_name("door.db.corrupt-1").read_bytes() == garbage
    first = chain(path)[0]
    assert (first.detail["previous"], first.detail["reason"]) == (None, "corrupt")
    assert set(dict(first.detail["rescued"]).values()) == {0}  # type: ignore[call-overload]


def test_what_can_be_read_of_a_corrupt_database_is_rescued(path: Path) -> None:
    log = furnished(path)
    spoil(path, b'"seq":150,')
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.fault == "corrupt"
    assert remembered.facts == {"mode": "lockdown", "used_steps_lost": True}
    assert remembered.access.record("0002").revoked_through == 4
    assert remembered.access.failures == {"0001": 3}
    assert remembered.access.revision == 0  # so that the server is asked for everything
    assert remembered.access.used["0427", "phone"] == Used(1, 200)
    seqs = [seq for (seq,) in read(path, "SELECT seq FROM rows WHERE log = ? ORDER BY seq", log)]
    assert (seqs[0], seqs[-1]) == (
        101,
        201,
    )  # from the first that was not acknowledged, on both sides of the page
    assert 150 not in seqs
    assert 80 < len(seqs) < 101
    (former,) = remembered.older
    assert (former.log, former.ack, former.seq) == (log, 100, 201)
    first = chain(path)[0]
    assert first.detail["previous"] == log
    assert first.detail["rescued"] == {
        "logs": 1,
        "rows": len(seqs),
        "members": 49,
        "used": 1,
        "failures": 1,
        "facts": 1,
    }


def test_a_corrupt_database_is_set_aside_with_all_that_belongs_to_it(path: Path) -> None:
    with running(path) as store:
        now(store.keep(granted(1)))
    path.write_bytes(b"garbage" * 1000)
    path.with_name("door.db-wal").write_bytes(b"more" * 1000)
    path.with_name("door.db.corrupt-1").touch()
    store, _ = begun(path)
    store.stop(10)
    assert {file.name for file in path.parent.iterdir()} >= {
        "door.db",
        "door.db.corrupt-1",
        "door.db.corrupt-2",
        "door.db.corrupt-2-wal",
    }


def test_a_bad_page_found_in_use_is_treated_as_one_found_at_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "WHOLE_CHECK_BYTES", 0)
    log = furnished(path)
    spoil(path, b'"seq":50,')  # acknowledged long ago
    posted = Posted()
    store, remembered = begun(path, posted)
    assert (remembered.fault, remembered.seq) == (None, 201)
    with pytest.raises(sqlite3.DatabaseError):
        now(store.rows(log, 0, 100))
    until(lambda: faults(posted) == ["corrupt", None])
    assert store.log != log
    assert now(store.keep(granted(999))) > 0
    assert [out.log for out in now(store.outstanding())] == [log, store.log]
    store.stop(10)
    assert len(list(path.parent.glob("*.corrupt-?"))) == 1
    assert len(read(path, "SELECT seq FROM rows WHERE log = ?", log)) == 101
    assert read(path, "SELECT value FROM facts WHERE name = 'used_steps_lost'") == [("true",)]


def test_what_the_decisions_rest_on_is_checked_in_the_largest_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "WHOLE_CHECK_BYTES", 0)
    furnished(path)
    spoil(path, b"0049phone")
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.fault == "corrupt"


def test_power_fails_between_setting_aside_and_beginning_anew(path: Path) -> None:
    log = furnished(path)
    spoil(path, b'"seq":150,')
    schema.set_aside(path)
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.facts["used_steps_lost"] is True
    assert [out.log for out in remembered.older] == [log]
    assert chain(path)[0].detail["reason"] == "corrupt"


def test_rows_whose_log_cannot_be_read_are_rescued_all(path: Path) -> None:
    log = furnished(path)
    in_logs = re.search(log.encode() + rb"[\s\S]{4}newd", path.read_bytes())  # when it began, why, ack 100
    assert in_logs
    spoil(path, in_logs.group())
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.fault == "corrupt"
    (former,) = remembered.older
    assert (former.log, former.ack, former.seq) == (log, 0, 201)
    assert len(chain(path, log)) == 201


def test_nonsense_in_sound_pages_is_corrupt_too(path: Path) -> None:
    furnished(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE members SET kind = 'wizard' WHERE member = '0003'")
        other.execute("UPDATE facts SET value = '{'")
    other.close()
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.fault == "corrupt"
    assert len(remembered.access.records) == 48
    assert "0003" not in remembered.access.records
    assert remembered.facts == {"used_steps_lost": True}


def test_somebody_elses_database_is_set_aside(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE rows (breakfast TEXT)")
    other.close()
    store, remembered = begun(path)
    assert remembered.fault == "corrupt"
    assert now(store.keep(granted(1))) > 0
    store.stop(10)
    assert read(path.with_name("door.db.corrupt-1"), "SELECT * FROM rows") == []


def test_what_was_set_aside_goes_when_retention_ends(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)
    os.utime(path, (86_400, 86_400))
    with running(path, retention_days=180) as store:
        now(store.prune(86_400 * 100))
        assert path.with_name("door.db.corrupt-1").exists()
        now(store.prune(86_400 * 1000))
        assert not path.with_name("door.db.corrupt-1").exists()


# -- newer ----------------------------------------------------------------------------------------


FROM_THE_FUTURE = (
    "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('door', 'new', '')"
)


def test_a_database_of_a_newer_program_is_never_touched(path: Path) -> None:
    furnished(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(FROM_THE_FUTURE)
        other.commit()
        copies = {file: file.read_bytes() for file in (path, path.with_name("door.db-wal"))}
    other.close()
    for file, content in copies.items():
        file.write_bytes(content)
    posted = Posted()
    store, remembered = begun(path, posted, retry_seconds=(0.01, 0.01))
    assert (remembered.fault, remembered.facts, remembered.access.records) == (
        "newer",
        {"used_steps_lost": True},
        {},
    )
    refused(store.keep(granted(1)), "newer")
    refused(store.keep(granted(2)), "newer")
    rows = linked([raw for _, raw in now(store.rows(store.log, 0, 10))])  # the server still gets them
    assert [row.type for row in rows] == ["log-began", "granted", "granted"]
    assert rows[0].detail["reason"] == "newer"
    assert now(store.acknowledge(store.log, 3, rows[2].hash)) is AckResult.OURS
    store.stop(10)
    assert faults(posted) == ["newer"]
    assert {file: file.read_bytes() for file in copies} == copies


def test_a_database_of_an_older_program_is_migrated(path: Path) -> None:
    path.touch()
    older = schema.connect(path, "mode=rw")
    migrations.migrations.apply(Database(older, execute_plugins=False), stop_before="facts")
    older.close()
    store, remembered = begun(path)
    assert remembered.fault is None
    assert now(store.keep([Remember("mode", "normal")])) > 0
    store.stop(10)


def test_in_memory_only_the_newest_rows_are_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "HELD_ROWS", 3)
    furnished(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(FROM_THE_FUTURE)
    other.close()
    with running(path) as store:
        for step in range(10):
            refused(store.keep(granted(step)), "newer")
        assert [seq for seq, _ in now(store.rows(store.log, 0, 100))] == [9, 10, 11]


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, fault",
    [
        (NewerError("newer"), "newer"),
        (CorruptError("corrupt"), "corrupt"),
        (OSError(errno.ENOSPC, ""), "full"),
        (OSError(errno.EDQUOT, ""), "full"),
        (OSError(errno.EROFS, ""), "read-only"),
        (OSError(errno.EIO, ""), "failed"),
        (sqlite3.ProgrammingError("cannot bind"), None),
        (TypeError(), None),
    ],
)
def test_every_fault_has_its_word(error: Exception, fault: str | None) -> None:
    assert fault_of(error) == fault
