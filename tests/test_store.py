"""The store keeps every decision whole, in order and chained, and gives it back as it was."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from contract.access import AccessRecord
from contract.codes import Kind
from door import migrations, schema
from door.accesslist import AccessList, Used
from door.effects import (
    CountFailures,
    Cue,
    Effect,
    Forget,
    Learn,
    Record,
    Remember,
    Settle,
    Show,
    TakeList,
    Unlock,
    Use,
)
from door.keeper import LATE_SECONDS
from door.ledger import Outstanding
from door.retention import LOOKED_AT_ONCE, PRUNED_AT_ONCE
from door.store import AckResult, Store
from tests.patience import until
from tests.stores import (
    PROCESSES,
    begun,
    chain,
    granted,
    linked,
    note,
    now,
    occupied,
    read,
    running,
    write_for_ever,
)

DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "door.db"


# -- what is kept ---------------------------------------------------------------------------------


def test_the_first_row_of_a_new_database_says_that_its_log_began(path: Path) -> None:
    with running(path) as store:
        assert len(store.log) == 16
        assert int(store.log, 16) >= 0
        assert (store.seq, store.ack, store.ok) == (1, 0, True)
    (first,) = chain(path)
    assert (first.type, first.detail) == ("log-began", {"previous": None, "reason": "new"})


def test_rows_are_chained_across_restarts(path: Path) -> None:
    for step in range(3):
        with running(path) as store:
            now(store.keep(granted(step)))
            assert store.seq == step + 2
    assert [row.type for row in chain(path)] == ["log-began", "granted", "granted", "granted"]


def test_a_row_says_what_was_decided(path: Path) -> None:
    row = Record("denied", member="0427", reason="used-code", detail={"kind": "phone"}, at=7, clock="server")
    with running(path) as store:
        now(store.keep([row]))
    stored = chain(path)[-1]
    assert (stored.member, stored.reason, stored.at, stored.clock) == ("0427", "used-code", 7, "server")
    assert stored.detail == {"kind": "phone"}
    assert read(path, "SELECT type, member, at, clock FROM rows WHERE seq = 2") == [
        ("denied", "0427", 7, "server")
    ]


def test_effects_that_are_not_durable_are_passed_over(path: Path) -> None:
    with running(path) as store:
        assert now(store.keep([Unlock(5000), Show(Cue.ACCEPTED), Settle()])) == 0.0
        assert store.seq == 1
        now(store.keep([*granted(1), Settle(), Unlock(5000)]))
        assert store.seq == 2


def test_facts_come_back_as_they_were(path: Path) -> None:
    facts = {"budget": {"tokens": 7, "at": 12}, "mode": "lockdown", "known_past": 1_700_000_000, "none": None}
    with running(path) as store:
        now(store.keep([Remember("mode", "normal"), *(Remember(*fact) for fact in facts.items())]))
    store, remembered = begun(path)
    store.stop(10)
    assert dict(remembered.facts) == facts
    assert (remembered.log, remembered.seq, remembered.fault) == (store.log, 1, None)


def test_a_grant_alone_is_one_transaction_with_one_commit(path: Path) -> None:
    statements: list[str] = []
    with running(path) as store:
        now(store.ask(lambda db: db.set_trace_callback(statements.append)))
        now(store.keep([*granted(1), CountFailures("0427", 0), Remember("budget", 9)]))
        now(store.ask(lambda db: db.set_trace_callback(None)))
    words = [statement.split()[0] for statement in statements if statement.split()[0] != "SELECT"]
    assert words[0] == "BEGIN"
    assert words[-1] == "COMMIT"
    assert words.count("COMMIT") == words.count("BEGIN") == 1
    assert not [statement for statement in statements if "sqlite_master" in statement]


def test_decisions_that_wait_share_a_commit(path: Path) -> None:
    statements: list[str] = []
    with running(path) as store:
        now(store.ask(lambda db: db.set_trace_callback(statements.append)))
        with occupied(store):
            kept = [store.keep(granted(step)) for step in range(50)]
        assert all(now(future) > 0 for future in kept)
        now(store.ask(lambda db: db.set_trace_callback(None)))
    assert statements.count("COMMIT") == 1
    assert len(chain(path)) == 51


def test_keeping_never_waits_for_the_disk(path: Path) -> None:
    with running(path) as store:
        with occupied(store):
            began = time.monotonic()
            future = store.keep(granted(1))
            assert time.monotonic() - began < 0.1
            assert not future.done()
        assert now(future) > 0


def test_a_grant_recorded_too_late_is_counted(path: Path) -> None:
    with running(path) as store:
        now(store.keep(granted(1)))
        before = store.late_grants  # none, but for a disk that is slow today
        with occupied(store):
            waiting = [store.keep(granted(2)), store.keep([note()])]
            threading.Event().wait(LATE_SECONDS)
        assert all(now(future) > 0 for future in waiting)
        assert store.late_grants == before + 1


def test_the_database_is_safe_from_power_cuts_and_private(path: Path) -> None:
    with running(path) as store:
        assert now(store.ask(lambda db: db.execute("PRAGMA journal_mode").fetchone()[0])) == "wal"
        assert now(store.ask(lambda db: db.execute("PRAGMA synchronous").fetchone()[0])) == 2
        assert now(store.ask(lambda db: db.execute("PRAGMA wal_autocheckpoint").fetchone()[0])) == 0
        assert path.stat().st_mode & 0o077 == 0
        assert path.with_name("door.db-wal").stat().st_mode & 0o077 == 0


def test_the_write_ahead_log_does_not_grow_for_ever(path: Path) -> None:
    with running(path) as store:
        wal = path.with_name("door.db-wal")
        for _ in range(8):
            now(store.keep([note() for _ in range(500)]))
            now(store.ask(lambda db: None))
        assert wal.stat().st_size < 3_000_000
        assert path.stat().st_size > 1_000_000


def test_a_decision_that_can_be_written_on_no_disk_does_not_stop_the_others(path: Path) -> None:
    with running(path) as store:
        with occupied(store):
            before, wrong = store.keep(granted(1)), store.keep([*granted(2), Remember("x", object())])
            after = store.keep(granted(3))
        assert now(before) > 0
        assert now(after) > 0
        with pytest.raises(TypeError):
            now(wrong)
        assert store.ok
    rows = chain(path)
    assert [row.at - 1_700_000_000 for row in rows[1:]] == [1, 3, 2]
    assert (rows[-1].type, rows[-1].detail) == ("fault", {"fault": "rows-lost", "rows": 1})


def test_whoever_is_told_of_new_rows_may_fail(path: Path) -> None:
    told = threading.Event()

    def fail() -> None:
        told.set()
        raise RuntimeError

    with running(path) as store:
        store.on_rows = fail
        assert now(store.keep(granted(1))) > 0
        assert told.wait(10)
        assert now(store.keep(granted(2))) > 0
        assert store.ok


def test_what_comes_after_the_end_is_refused(path: Path) -> None:
    store, _ = begun(path)
    kept = store.keep(granted(1))
    assert store.stop(10)
    assert now(kept) > 0
    with pytest.raises(OSError, match="stopped"):
        now(store.keep(granted(2)))


def test_an_idle_store_sleeps(path: Path) -> None:
    with running(path) as store:
        now(store.keep(granted(1)))
        now(store.ask(lambda db: None))
        (thread,) = [t for t in threading.enumerate() if t.name == "store"]
        switches = Path(f"/proc/self/task/{thread.native_id}/status")

        def count() -> int:
            text = switches.read_text()
            return sum(int(line.split()[1]) for line in text.splitlines() if "ctxt_switches" in line)

        before = count()
        threading.Event().wait(0.5)
        assert count() <= before + 1  # it goes to sleep, and stays asleep


# -- the access list ------------------------------------------------------------------------------

members = st.sampled_from(["0427", "0100", "9999"])
small = st.integers(0, 4)
maybe = st.none() | st.integers(0, 2**40)
records = st.builds(
    AccessRecord,
    member=members,
    kind=st.sampled_from([Kind.PHONE, Kind.STAFF, Kind.PAPER]),
    generation=st.integers(1, 2**31 - 1) | st.integers(1, 3),
    revoked_through=small,
    card_pair=small,
    suspended_until=maybe,
    not_before=maybe,
    not_after=maybe,
    revision=small,
)
kinds = st.sampled_from(["phone", "staff", "paper", "paper2", "card"])
effects = st.one_of(
    st.builds(Use, member=members, kind=kinds, generation=st.integers(1, 3), step=small),
    st.builds(Learn, record=records),
    st.builds(Forget, member=members),
    st.builds(CountFailures, member=members, failures=st.integers(0, 3)),
    st.builds(
        TakeList,
        revision=small,
        digest=st.text("0123456789abcdef", min_size=64, max_size=64),
        complete=st.booleans(),
        members=st.lists(records, max_size=4).map(tuple),
    ),
    st.builds(Remember, name=st.sampled_from("ab"), value=st.integers() | st.text("abc") | st.none()),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(effects, max_size=4), max_size=8))
def test_what_is_loaded_is_what_the_loop_had(
    tmp_path_factory: pytest.TempPathFactory, decisions: list[list[Effect]]
) -> None:
    path = tmp_path_factory.mktemp("walk") / "door.db"
    held, facts = AccessList(), {}
    with running(path) as store:
        kept = []
        for decision in decisions:
            kept.append(store.keep(decision))
            for effect in decision:
                held.apply(effect)
                if isinstance(effect, Remember):
                    facts[effect.name] = effect.value
        assert all(now(future) >= 0 for future in kept)
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.access == held
    assert dict(remembered.facts) == facts
    assert remembered.fault is None


def test_the_columns_of_members_are_the_fields_of_a_record(path: Path) -> None:
    with running(path):
        pass
    columns = [row[1] for row in read(path, "PRAGMA table_info(members)")]
    assert columns == [field.name for field in fields(AccessRecord)]


def test_a_long_list_is_taken_whole_and_soon(path: Path) -> None:
    everybody = tuple(AccessRecord(f"{n:05}", revision=1) for n in range(1, 10_001))
    with running(path) as store:
        began = time.monotonic()
        now(store.keep([TakeList(7, "d" * 64, True, everybody)]))
        assert time.monotonic() - began < 3  # 0.1 s on a PC
        began = time.monotonic()
        now(store.keep([TakeList(8, "e" * 64, True, everybody[:-1])]))  # most are as they were
        assert time.monotonic() - began < 3
    store, remembered = begun(path)
    store.stop(10)
    assert len(remembered.access.records) == 10_000
    assert (remembered.access.revision, remembered.access.digest) == (8, "e" * 64)
    assert remembered.access.record("10000").revision == 0


# -- outbox ---------------------------------------------------------------------------------------


def test_rows_are_given_out_in_order_as_they_were_made(path: Path) -> None:
    with running(path) as store:
        now(store.keep([note(n=n) for n in range(5)]))
        rows = now(store.rows(store.log, 0, 100))
        assert [seq for seq, _ in rows] == [1, 2, 3, 4, 5, 6]
        linked([raw for _, raw in rows])
        assert now(store.rows(store.log, 2, 2)) == rows[2:4]
        assert now(store.rows("0" * 16, 0, 100)) == []


def test_new_durable_rows_are_told(path: Path) -> None:
    with running(path) as store:
        seen: list[int] = []
        store.on_rows = lambda: seen.append(store.seq)
        now(store.keep(granted(1)))
        now(store.ask(lambda db: None))
        assert seen == [2]


def test_an_ack_frees_the_rows_up_to_it_and_never_falls(path: Path) -> None:
    with running(path) as store:
        now(store.keep([note() for _ in range(4)]))
        rows = linked([raw for _, raw in now(store.rows(store.log, 0, 100))])
        assert now(store.acknowledge(store.log, 4, rows[3].hash)) is AckResult.OURS
        assert now(store.acknowledge(store.log, 2, rows[1].hash)) is AckResult.OURS
        assert store.ack == 4
        assert now(store.outstanding()) == (Outstanding(store.log, 4, 5, 1_700_000_000),)
        assert now(store.acknowledge(store.log, 5, rows[4].hash)) is AckResult.OURS
        assert now(store.outstanding()) == ()
    store, remembered = begun(path)
    store.stop(10)
    assert (remembered.ack, remembered.seq) == (5, 5)


def test_an_ack_of_another_log_or_another_row_is_told_apart(path: Path) -> None:
    with running(path) as store:
        now(store.keep(granted(1)))
        assert now(store.acknowledge("0" * 16, 1, "0" * 64)) is AckResult.UNKNOWN
        assert now(store.acknowledge(store.log, 2, "0" * 64)) is AckResult.DIFFERENT
        assert now(store.acknowledge(store.log, 3, "0" * 64)) is AckResult.DIFFERENT
        assert store.ack == 0


def test_rows_of_the_former_log_are_sent_before_those_of_a_new_one(path: Path) -> None:
    with running(path) as store:
        former = store.log
        now(store.keep(granted(1)))
        now(store.new_log("ack-mismatch"))
        now(store.keep(granted(2)))
        assert store.log != former
        assert (store.seq, store.ack) == (2, 0)
        assert [(out.log, out.seq) for out in now(store.outstanding())] == [(former, 2), (store.log, 2)]
    first = chain(path)[0]
    assert first.detail == {"previous": former, "reason": "ack-mismatch"}
    assert first.at == 1_700_000_001
    assert len(chain(path, former)) == 2
    store, remembered = begun(path)
    store.stop(10)
    assert [out.log for out in remembered.older] == [former]


def test_a_new_log_begins_behind_what_was_being_kept(path: Path) -> None:
    with running(path) as store:
        former = store.log
        with occupied(store):
            kept = [store.keep(granted(1)), store.new_log("enrolled"), store.keep(granted(2))]
        assert all(now(future) > 0 for future in kept)
    assert [row.type for row in chain(path, former)] == ["log-began", "granted"]
    assert [row.type for row in chain(path)] == ["log-began", "granted"]


def test_a_closed_log_that_differs_at_the_server_does_not_stop_the_outbox(path: Path) -> None:
    with running(path) as store:
        former = store.log
        now(store.keep([note(), note()]))
        now(store.new_log("ack-mismatch"))
        assert now(store.acknowledge(former, 9, "0" * 64)) is AckResult.DIFFERENT
        assert now(store.outstanding())[0].ack == 0
        now(store.rows(former, 0, 2))  # two of three are sent
        assert now(store.acknowledge(former, 9, "0" * 64)) is AckResult.DIFFERENT
        assert now(store.outstanding())[0].ack == 2
        now(store.rows(former, 2, 2))
        now(store.acknowledge(former, 9, "0" * 64))
        assert [out.log for out in now(store.outstanding())] == [store.log]


def test_another_report_key_begins_another_log(path: Path) -> None:
    with running(path) as store:
        former = store.log
    with running(path, report_key=b"n" * 32) as store:
        assert store.log != former
    assert chain(path, key=b"n" * 32)[0].detail == {"previous": former, "reason": "enrolled"}
    with running(path, report_key=b"n" * 32) as again:
        assert again.log == store.log


def test_an_older_image_opens_as_it_is_and_the_ack_tells(path: Path, tmp_path: Path) -> None:
    with running(path) as store:
        now(store.keep(granted(1)))
    image = path.read_bytes()
    with running(path) as store:
        now(store.keep(granted(2)))
        ack = chain(path)[-1]
    path.write_bytes(image)
    store, remembered = begun(path)
    assert (remembered.fault, remembered.seq) == (None, 2)
    assert now(store.acknowledge(ack.log, ack.seq, ack.hash)) is AckResult.DIFFERENT
    now(store.keep(granted(3)))
    assert now(store.acknowledge(ack.log, ack.seq, ack.hash)) is AckResult.DIFFERENT
    store.stop(10)


# -- questions ------------------------------------------------------------------------------------


def test_a_question_sees_all_that_was_kept_before_it(path: Path) -> None:
    with running(path) as store:
        for step in range(20):
            store.keep(granted(step))
        assert now(store.ask(lambda db: db.execute("SELECT count(*) FROM rows").fetchone()[0])) == 21


def test_a_wrong_question_hurts_only_its_asker(path: Path) -> None:
    with running(path) as store:
        with pytest.raises(ZeroDivisionError):
            now(store.ask(lambda db: 1 / 0))
        with pytest.raises(Exception, match="no such table"):
            now(store.ask(lambda db: db.execute("SELECT * FROM rowz").fetchall()))
        now(store.ask(lambda db: db.execute("BEGIN").rowcount))  # and never ended
        assert now(store.keep(granted(1))) > 0
        assert store.ok
    assert len(chain(path)) == 2


# -- retention ------------------------------------------------------------------------------------


def acknowledged(store: Store, seq: int) -> None:
    """The server has everything up to ``seq``."""
    ((_, raw),) = now(store.rows(store.log, seq - 1, 1))
    assert now(store.acknowledge(store.log, seq, linked_hash(raw))) is AckResult.OURS


def linked_hash(raw: bytes) -> str:
    """The hash that stands at the end of a row."""
    return raw[-66:-2].decode()


def test_what_is_past_retention_is_deleted_once_acknowledged(path: Path) -> None:
    with running(path, retention_days=180) as store:
        now(store.keep([note(at=DAY * day) for day in range(1, 1001)]))
        acknowledged(store, 1001)
        assert now(store.prune(DAY * 1000)) == 820  # log-began, and days 1 to 819
        assert now(store.rows(store.log, 0, 1))[0][0] == 821
        assert now(store.prune(DAY * 1000)) == 0
        now(store.keep(granted(1)))
        assert store.seq == 1002


def test_unacknowledged_rows_are_kept_twice_as_long(path: Path) -> None:
    with running(path, retention_days=180) as store:
        now(store.keep([note(at=DAY * day) for day in range(1, 1001)]))
        acknowledged(store, 101)
        assert now(store.prune(DAY * 400)) == 101  # days 101 to 219 are past retention, but not past twice
        first = now(store.rows(store.log, 0, 1))[0][0]
        assert first == 102
        now(store.prune(DAY * 1000))
        first = now(store.rows(store.log, 0, 1))[0][0]
        assert first == 641  # day 640 is 360 days before


def test_a_row_stamped_by_a_door_without_a_clock_is_as_old_as_its_neighbours(path: Path) -> None:
    with running(path, retention_days=180) as store:
        recent = note(at=DAY * 999)
        now(store.keep([recent, Record("bell", at=3, clock="none"), recent]))
        acknowledged(store, 4)
        assert now(store.prune(DAY * 1000)) == 0


def test_pruning_lets_others_through_and_keeps_the_last_row(path: Path) -> None:
    count = 3 * PRUNED_AT_ONCE
    with running(path, retention_days=180) as store:
        now(store.keep([note(at=DAY) for _ in range(count)]))
        acknowledged(store, count + 1)
        with occupied(store):
            pruned = store.prune(DAY * 1000)
            kept = store.keep(granted(1))
        in_between = [pruned.done() for _ in [now(kept)]]
        assert in_between == [False]
        assert now(pruned) == count + 1
    store, remembered = begun(path)
    store.stop(10)
    assert remembered.seq == count + 2


def test_looking_for_old_rows_lets_others_through(path: Path) -> None:
    """A year of rows takes long to read; found by leading one (``year.py``)."""
    count = 3 * LOOKED_AT_ONCE
    with running(path, retention_days=180) as store:
        now(store.keep([note(at=DAY * 1000) for _ in range(count)]))
        in_between: list[bool] = []
        with occupied(store):
            pruned = store.prune(DAY * 1000)
            asked = [store.ask(lambda _: pruned.done()) for _ in range(2)]
            kept = store.keep(granted(1))
            for done in (*asked, kept):  # on the store's own thread, before it does anything else
                done.add_done_callback(lambda _: in_between.append(pruned.done()))
        now(kept)
        until(lambda: len(in_between) == 3)
        assert in_between == [False, False, False]
        assert now(pruned) == 0


def test_an_old_row_far_behind_newer_ones_makes_all_before_it_old(path: Path) -> None:
    """A clock that ran a year ahead for a day: what it stamped is as old as its neighbours."""
    ahead = [note(at=DAY * 2000) for _ in range(LOOKED_AT_ONCE)]
    with running(path, retention_days=180) as store:
        now(store.keep([note(at=DAY), *ahead, note(at=DAY * 2), note(at=DAY * 999)]))
        acknowledged(store, store.seq)
        assert now(store.prune(DAY * 1000)) == LOOKED_AT_ONCE + 3


def test_a_former_log_that_is_empty_is_forgotten(path: Path) -> None:
    with running(path, retention_days=180) as store:
        former = store.log
        now(store.keep([note(at=DAY), note(at=DAY)]))
        now(store.new_log("enrolled"))
        assert now(store.prune(DAY * 1000)) == 3
        now(store.rows(former, 0, 10))
        assert now(store.acknowledge(former, 3, "0" * 64)) is AckResult.UNKNOWN


# -- power ----------------------------------------------------------------------------------------


def killed_at(path: Path, seconds: float) -> int:
    """The last step that was told to be durable by a writer killed so soon after its first word."""
    ear, mouth = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=write_for_ever, args=(path, mouth), daemon=True)
    writer.start()
    mouth.close()
    promised = ear.recv()
    threading.Event().wait(seconds)
    writer.kill()
    writer.join()
    with suppress(EOFError, OSError):
        while True:
            promised = ear.recv()
    ear.close()
    return int(promised)


def test_what_was_acknowledged_survives_kill_at_any_moment(path: Path) -> None:
    moments = random.Random(20261124)
    promised = 0
    for _ in range(30):
        promised = max(promised, killed_at(path, moments.uniform(0, 0.05)))
        store, remembered = begun(path)
        store.stop(10)
        steps = [row.at - 1_700_000_000 for row in chain(path)[1:]]
        assert steps == list(range(1, len(steps) + 1))
        assert len(steps) >= promised
        if steps:
            assert remembered.access.used == {("0427", "phone"): Used(1, steps[-1])}
            assert remembered.facts == {"budget": steps[-1]}
    assert promised > 5  # else nothing was shown


def test_the_names_of_the_migrations_are_those_that_there_are() -> None:
    """``schema.py`` knows them by heart, so that a door whose file is up to date needs no sqlite-utils."""
    with closing(sqlite3.connect(":memory:")) as connection:
        there_are = migrations.migrations.pending(Database(connection))
    assert tuple(one.name for one in there_are) == schema.MIGRATIONS


def test_a_door_whose_file_is_up_to_date_imports_no_sqlite_utils(tmp_path: Path) -> None:
    """50 ms of the start and 4 MB for good; only a new file, or one of an old version, needs it."""
    asked = (
        "import sys; from pathlib import Path; from door import schema\n"
        f"schema.open_to_write(Path({str(tmp_path / 'door.db')!r})).close()\n"
        "print('sqlite_utils' in sys.modules)"
    )
    told = [subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True) for _ in range(2)]
    assert [one.stdout for one in told] == ["True\n", "False\n"], told
