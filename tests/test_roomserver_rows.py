"""Audit rows at the server: in any order, each once, acknowledged as far as there is no gap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import databases
import pytest
from hostile import HOSTILE_TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Ledger
from sqlalchemy import select

from contract import audit
from contract.audit import Row
from contract.messages import Ack
from roomserver.storage.database import Database
from roomserver.storage.schema import AuditRow, Door, Gap, Log
from roomserver.storage.vault import Vault
from roomserver.wire import doors, rows
from roomserver.wire.alarms import open_alarms
from roomserver.wire.doors import Keys
from roomserver.wire.rows import Flag, Outcome, Receipt

KEY = bytes(range(32))
# Hundreds of databases for a property: in memory, where a commit need not wait for the disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
NOW = 1_795_485_600
VAULT_KEY = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass(frozen=True)
class Received:
    """What became of one message."""

    outcome: Outcome
    ack: Ack | None
    through: int
    top: int


class House:
    """A database with the door ``front``, and what the server does with its rows."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(databases.url(folder))
        self.database.create()
        vault = Vault([VAULT_KEY])
        with self.database.write() as session:
            door = Door(name="front", key=vault.seal(KEY), mqtt_password=vault.seal(b"-"), added_at=NOW)
            session.add(door)
            session.flush()
            self.keys: Keys = doors.keys(door, vault)

    def rekey(self, key: bytes, *, enrolled: bool = True) -> None:
        """The door gets ``key``; it had enrolled with the one before, or had not yet."""
        vault = Vault([VAULT_KEY])
        with self.database.write() as session:
            door = doors.get(session, "front")
            door.api_token = "enrolled" if enrolled else None
            doors.rekey(session, vault, "front", NOW)
            door.key = vault.seal(key)
            self.keys = doors.keys(door, vault)

    def receive(self, raw: bytes) -> Received:
        """One message, in a transaction of its own."""
        receipt = self.receive_all([raw])
        (outcome,) = receipt.outcomes
        (reach,) = receipt.logs or (None,)
        return Received(outcome, *(reach.ack, reach.through, reach.top) if reach else (None, 0, 0))

    def receive_all(self, raws: list[bytes]) -> Receipt:
        """A batch."""
        with self.database.write() as session:
            return rows.receive(session, self.keys, raws, NOW)

    def stored(self) -> list[AuditRow]:
        """Every row, by log and seq."""
        with self.database.read() as session:
            return list(session.scalars(select(AuditRow).order_by(AuditRow.log_id, AuditRow.seq)))

    def alarms(self) -> list[tuple[str, int]]:
        """What was noticed, and how often."""
        with self.database.read() as session:
            return [(alarm.kind, alarm.count) for alarm in open_alarms(session)]


@contextmanager
def house_in(folder: Path) -> Iterator[House]:
    """A house whose connections are closed at the end."""
    house = House(folder)
    try:
        yield house
    finally:
        house.database.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of its own for a test."""
    with house_in(tmp_path) as made:
        yield made


def ledger(rows_: int = 0, log: str = "0123456789abcdef") -> Ledger:
    """A log of the door with so many rows."""
    made = Ledger("front", KEY, log)
    while len(made.rows) < rows_:
        made.add()
    return made


def test_rows_from_before_a_rekey_are_stored_and_a_log_nobody_knew_is_not(tmp_path: Path) -> None:
    """Promise 7, also when the key changes while rows wait at the door; a known key begins no log."""
    old, new = ledger(6), Ledger("front", bytes(32), "fedcba9876543210")
    with house_in(tmp_path) as house:
        assert house.receive_all([row.raw for row in old.rows[:3]]).logs[0].through == 3
        house.rekey(bytes(32))
        new.add()
        assert house.receive(new.rows[0].raw).outcome is Outcome.STORED
        assert [house.receive(row.raw).outcome for row in old.rows[3:]] == [Outcome.STORED] * 3
        assert house.receive(old.rows[5].raw).through == 6
        forged = ledger(1, "aaaaaaaaaaaaaaaa")
        assert house.receive(forged.rows[0].raw).outcome is Outcome.REFUSED
        assert house.alarms() == [("bad-hash", 1)]


def test_a_key_that_never_was_at_a_door_takes_no_place(tmp_path: Path) -> None:
    """Two rekeys in a row: the rows at the door were made with the key of its last enrolment."""
    with house_in(tmp_path) as house:
        old = ledger(2)
        house.receive(old.rows[0].raw)
        house.rekey(bytes(32))
        house.rekey(bytes([1]) * 32, enrolled=False)
        assert house.receive(old.rows[1].raw).outcome is Outcome.STORED


LOG = ledger(8)
OTHER = ledger(4, "fedcba9876543210")
ARRIVALS = st.lists(st.sampled_from([*LOG.rows, *OTHER.rows]), max_size=40)


@settings(max_examples=60)
@given(ARRIVALS)
def test_in_any_order_the_ack_is_the_greatest_gapless_row(arrivals: list[Row]) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder, house_in(Path(folder)) as house:
        seen: set[tuple[str, int]] = set()
        for row in arrivals:
            receipt = house.receive(row.raw)
            assert receipt.outcome is (Outcome.KNOWN if (row.log, row.seq) in seen else Outcome.STORED)
            seen.add((row.log, row.seq))
            gapless = 0
            while (row.log, gapless + 1) in seen:
                gapless += 1
            log = LOG if row.log == LOG.log else OTHER
            assert receipt.ack == (log.ack(gapless) if gapless else None)
            assert receipt.top == max(seq for name, seq in seen if name == row.log)
        kept = {(row.hash, row.raw) for row in house.stored()}
        assert kept == {(row.hash, row.raw) for row in arrivals}
        assert len(house.stored()) == len(seen)
        assert house.alarms() == []


@settings(max_examples=25)
@given(ARRIVALS, st.lists(st.integers(min_value=1, max_value=9), min_size=40, max_size=40))
def test_in_any_batches_it_is_the_same_as_one_by_one(arrivals: list[Row], sizes: list[int]) -> None:
    with (
        TemporaryDirectory(dir=MEMORY) as one, TemporaryDirectory(dir=MEMORY) as other,
        house_in(Path(one)) as singly, house_in(Path(other)) as batched,
    ):  # fmt: skip
        wanted = {row.log: singly.receive(row.raw) for row in arrivals}
        expected = [(row.log_id, row.hash, row.raw, row.flag) for row in singly.stored()]
        rest, found, outcomes = [row.raw for row in arrivals], {}, []
        for size in sizes:
            receipt = batched.receive_all(rest[:size])
            rest = rest[size:]
            outcomes += receipt.outcomes
            found |= {reach.log: reach.ack for reach in receipt.logs}
        assert found == {log: received.ack for log, received in wanted.items()}
        assert outcomes.count(Outcome.STORED) == len(expected)
        assert {one[1:] for one in expected} == {(r.hash, r.raw, r.flag) for r in batched.stored()}


@settings(max_examples=25)
@given(ARRIVALS, st.integers(min_value=0, max_value=40))
def test_a_restart_anywhere_changes_nothing(arrivals: list[Row], at: int) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder:
        with house_in(Path(folder)) as house:
            for row in arrivals[:at]:
                house.receive(row.raw)
        again = Database(databases.url(Path(folder)))
        for row in arrivals[at:]:
            with again.write() as session:
                rows.receive(session, house.keys, [row.raw], NOW)
        with again.read() as session:
            found = {log.name: log.ack for log in session.scalars(select(Log))}
        again.close()
        with TemporaryDirectory(dir=MEMORY) as other, house_in(Path(other)) as straight:
            acks = {row.log: straight.receive(row.raw).ack for row in arrivals}
        assert found == {log: ack.seq if ack else 0 for log, ack in acks.items()}


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_garbage_is_refused_and_counted(house: House, text: bytes) -> None:
    assert house.receive(text).outcome is Outcome.REFUSED
    assert house.receive(text).outcome is Outcome.REFUSED
    assert house.stored() == []
    assert house.alarms() == [("bad-hash", 2)]


def test_a_row_with_one_changed_byte_is_refused(house: House) -> None:
    raw = LOG.rows[0].raw
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        assert house.receive(changed).outcome is Outcome.REFUSED
    assert house.stored() == []


def test_a_row_of_another_door_is_refused(house: House) -> None:
    other = Ledger("back", KEY)
    assert house.receive(other.add("log-began").raw).outcome is Outcome.REFUSED


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_what_the_door_signed_without_sense_stops_nothing(house: House, text: bytes) -> None:
    """A broken door signs anything; the rows after it are still stored."""
    body = text[:1000].rstrip(b"}")
    raw = body + b',"hash":"' + audit._hash(house.keys.report, "front", body).encode() + b'"}'
    assert house.receive(raw).outcome is Outcome.REFUSED
    assert house.receive(LOG.rows[0].raw).outcome is Outcome.STORED


def test_what_is_not_understood_is_stored_flagged_and_acknowledged(house: House) -> None:
    log = ledger()
    log.add("log-began")
    log.add("sang-a-song")
    fields = {"log": log.log, "seq": 3, "prev": log.rows[1].hash, "at": "now", "new": {"shape": [1]}}
    raw = audit._sealed(house.keys.report, "front", fields)
    for one in (log.rows[0].raw, log.rows[1].raw, raw):
        receipt = house.receive(one)
    assert receipt.ack is not None
    assert receipt.ack.seq == 3
    assert [row.flag for row in house.stored()] == [None, Flag.UNKNOWN_TYPE, Flag.UNKNOWN_SHAPE]
    assert [row.raw for row in house.stored()][2] == raw


def test_the_same_number_with_another_hash_is_a_fork_and_the_first_stays(house: House) -> None:
    one, other = ledger(), ledger()
    one.add("bell")
    other.add("lockout")
    for row in one.rows:
        house.receive(row.raw)
    receipt = house.receive(other.rows[1].raw)
    assert receipt.outcome is Outcome.FORK
    assert receipt.ack == one.ack(2)  # the door sees by its hash that the server has another row
    assert [row.hash for row in house.stored()] == [row.hash for row in one.rows]
    assert house.alarms() == [("fork", 1)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_row_that_follows_another_than_the_one_before_it_is_alarmed(
    house: House, order: tuple[int, ...]
) -> None:
    log = ledger(2)
    broken = audit.make(
        log.key, "front", log=log.log, seq=3, prev="a" * 64, at=NOW, clock="server", type="bell"
    )
    raws = [log.rows[0].raw, log.rows[1].raw, broken.raw]
    for index in order:
        receipt = house.receive(raws[index])
    assert receipt.ack is not None
    assert receipt.ack.seq == 3
    assert [row.flag for row in house.stored()] == [None, None, Flag.BROKEN_CHAIN]
    assert house.alarms() == [("broken-chain", 1)]


def test_rows_the_door_lost_are_passed_over_and_alarmed(house: House) -> None:
    log = ledger(9)
    for index in (0, 1, 5, 6):
        house.receive(log.rows[index].raw)
    lost = audit.gap(log.key, "front", log.log, 3, 5)
    receipt = house.receive(lost)
    assert (receipt.through, receipt.ack) == (7, log.ack(7))
    assert house.receive(lost).outcome is Outcome.KNOWN
    assert house.alarms() == [("gap", 1)]
    with house.database.read() as session:
        assert [(gap.first, gap.last, gap.raw) for gap in session.scalars(select(Gap))] == [(3, 5, lost)]


def test_an_ack_names_a_row_that_is_here_and_not_one_that_is_lost(house: House) -> None:
    log = ledger(5)
    house.receive(log.rows[0].raw)
    receipt = house.receive(audit.gap(log.key, "front", log.log, 2, 4))
    assert (receipt.through, receipt.ack) == (4, log.ack(1))
    assert house.receive(log.rows[4].raw).ack == log.ack(5)


def test_a_gap_without_its_log_or_with_a_wrong_hash_acknowledges_nothing(house: House) -> None:
    log = ledger(3)
    house.receive(log.rows[0].raw)
    nameless = audit._sealed(log.key, "front", {"type": "gap", "from": 2, "seq": 900})
    forged = audit.gap(bytes(32), "front", log.log, 2, 900)
    turned = audit.gap(log.key, "front", log.log, 900, 2)
    for raw in (nameless, forged, turned):
        assert house.receive(raw).outcome is Outcome.REFUSED
    assert house.receive(log.rows[2].raw).ack == log.ack(1)


def test_a_row_found_again_after_it_was_called_lost_is_stored(house: House) -> None:
    log = ledger(3)
    house.receive(log.rows[0].raw)
    house.receive(audit.gap(log.key, "front", log.log, 2, 2))
    house.receive(log.rows[2].raw)
    assert house.receive(log.rows[1].raw).outcome is Outcome.STORED
    assert [json.loads(row.raw)["seq"] for row in house.stored()] == [1, 2, 3]
