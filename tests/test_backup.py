"""A backup made while rows come in, and what a server restored from it knows: on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import databases
import pytest
from rooms import NOW, Room, room_in
from sqlalchemy import select

from contract.codes import Codes, Kind
from roomserver.cli import main
from roomserver.committee import accounts, volunteers
from roomserver.committee.office import AccountSession
from roomserver.committee.roles import Role
from roomserver.residents import members, once, persons
from roomserver.residents.once import Purpose
from roomserver.storage import tags
from roomserver.storage.database import Database
from roomserver.storage.schema import AuditRow, Log, Meta
from roomserver.storage.tables import Base
from roomserver.storage.vault import VaultError, make_key_file, open_key_file
from roomserver.upkeep import backup
from roomserver.upkeep.backup import N_AHEAD, BackupError
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import commands, doors, rows
from roomserver.wire.doors import EnrolmentRefusedError

SORTS = ["sqlite", "postgresql"]
NAME = "王小明"


@pytest.fixture(scope="module", params=SORTS)
def sort(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where the room is that is backed up."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STUDYROOM_DATABASE", request.param)
        yield


@pytest.fixture
def room(sort: None, tmp_path: Path) -> Iterator[Room]:
    """A room with a door, members, rows, and a command that was sent."""
    (tmp_path / "room").mkdir()
    with room_in(tmp_path / "room") as made:
        opened = made.opened
        with opened.database.write() as session:
            rows.receive(session, made.keys, [row.raw for row in made.ledger(5).rows], NOW)
            for number in ("0427", "0428"):
                members.add(session, Kind.PHONE, Codes(), NOW, number)
            members.revoke(session, "0428", NOW)
            tag = tags.identity(tags.key(session, opened.vault), "11010519491231002X")
            persons.enter(session, opened.vault, "0427", persons.details(NAME, "13800138000"), NOW, tag=tag)
            commands.ask(session, made.door.id, "identify", {}, NOW)
            commands.sign_waiting(session, made.keys, NOW)
        yield made


@pytest.fixture(params=SORTS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database elsewhere, also of the other sort."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STUDYROOM_DATABASE", request.param)
        database = Database(databases.url(elsewhere))
    database.create()
    yield database
    database.close()


def contents(database: Database) -> dict[str, list[Any]]:
    """Every line of every table."""
    with database.snapshot() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table)).mappings()))
            for table in Base.metadata.sorted_tables
        }


def test_everything_is_restored_into_either_sort_of_database(
    room: Room, empty: Database, tmp_path: Path
) -> None:
    """Byte for byte, but for the counters, which go up, and the token of the door that has not enrolled."""
    file, vault = tmp_path / "backup.db", room.opened.vault
    lines = backup.back_up(room.opened.database, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup.db"]
    assert backup.restore(empty, vault, file) == lines - 1
    before, after = contents(room.opened.database), contents(empty)
    for table in before.keys() - {"doors", "meta", "enrolment_tokens"}:
        assert after[table] == before[table], table
    with empty.write() as session:
        door = doors.get(session, "front")
        assert vault.open(door.key) == room.key
        assert persons.read(session, vault, "0427") == persons.details(NAME, "13800138000")
        assert doors.next_n(session, door.id) == 1 + N_AHEAD + 1
        doors.add(session, vault, "back", NOW)  # its number is a new one
        ledger = room.ledger(9)
        receipt = rows.receive(session, doors.keys(door, vault), [row.raw for row in ledger.rows], NOW)
        assert receipt.logs[0].ack == ledger.ack(9)


def test_a_number_that_is_given_out_after_a_restore_has_other_codes(
    room: Room, empty: Database, tmp_path: Path
) -> None:
    """Whoever had it since the backup is unknown: his codes must not be the new member's."""
    file = tmp_path / "backup.db"
    backup.back_up(room.opened.database, file)
    with room.opened.database.write() as session:
        lost = members.add(session, Kind.STAFF, Codes(), NOW, "2001")
    backup.restore(empty, room.opened.vault, file)
    with empty.write() as session:
        new = members.add(session, Kind.STAFF, Codes(), NOW, "2001")
        assert new.revoked_through >= lost.generation + 2
        assert new.generation == new.revoked_through + 1
        assert members.reissue(session, "0427", NOW).generation == 2  # he was in the backup


def test_what_was_good_once_is_not_good_again_after_a_restore(
    room: Room, empty: Database, tmp_path: Path
) -> None:
    """Links, the token of a door, and who of the committee was signed in; a member stays signed in."""
    file, vault = tmp_path / "backup.db", room.opened.vault
    with room.opened.database.write() as session:
        token = doors.add(session, vault, "front", NOW)
        account, link = accounts.add(session, "lili", Role.ADMIN, NOW)
        volunteers.begin(session, account, NOW)
        own = once.make(session, Purpose.LINK, NOW, member="0427")
        cookie = sessions.begin(session, Visitor(member="0427"), NOW)
    backup.back_up(room.opened.database, file)
    backup.restore(empty, vault, file)
    for database, good in ((room.opened.database, True), (empty, False)):
        with database.write() as session:
            assert (once.take(session, Purpose.LINK, own, NOW) is not None) == good
            assert (accounts.use_link(session, link, NOW) is not None) == good
            assert (session.scalar(select(AccountSession)) is not None) == good
            assert sessions.find(session, cookie, NOW) is not None
            with nullcontext() if good else pytest.raises(EnrolmentRefusedError):
                doors.enroll(session, vault, token, "front", NOW)


def test_a_backup_made_while_rows_come_in_is_of_one_moment(room: Room, tmp_path: Path) -> None:
    """The acknowledgement in it never goes beyond the rows in it."""
    stop, ledger = threading.Event(), room.ledger(400)

    def receive() -> None:
        for row in ledger.rows[5:]:
            with room.opened.database.write() as session:
                rows.receive(session, room.keys, [row.raw], NOW)
            if stop.is_set():
                return

    sender = threading.Thread(target=receive)
    sender.start()
    try:
        for n in range(4):
            file = tmp_path / f"backup{n}.db"
            backup.back_up(room.opened.database, file)
            source = Database(f"sqlite:///{file}")
            with source.read() as session:
                log = session.scalars(select(Log)).one()
                seqs = sorted(session.scalars(select(AuditRow.seq)))
            source.close()
            assert seqs == list(range(1, log.ack + 1))
    finally:
        stop.set()
        sender.join()


def test_a_backup_overwrites_nothing_and_a_restore_neither(room: Room, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup.back_up(room.opened.database, file)
    with pytest.raises(BackupError, match="exists"):
        backup.back_up(room.opened.database, file)
    before = contents(room.opened.database)
    with pytest.raises(BackupError, match="doors in it"):
        backup.restore(room.opened.database, room.opened.vault, file)
    assert contents(room.opened.database) == before


def test_a_backup_of_another_key_file_or_none_at_all_is_refused(
    room: Room, empty: Database, tmp_path: Path
) -> None:
    """And nothing of it is in the database."""
    file, key = tmp_path / "backup.db", tmp_path / "other.key"
    backup.back_up(room.opened.database, file)
    make_key_file(key)
    with pytest.raises(VaultError, match="right one"):
        backup.restore(empty, open_key_file(key), file)
    other, letter = tmp_path / "other.db", tmp_path / "letter.txt"
    sqlite3.connect(other).close()
    letter.write_text("Dear committee" * 100)
    for wrong in (other, letter):
        with pytest.raises(BackupError, match="no backup"):
            backup.restore(empty, room.opened.vault, wrong)
    with pytest.raises(BackupError, match="There is no"):
        backup.restore(empty, room.opened.vault, tmp_path / "nothing.db")
    with empty.read() as session:
        assert doors.listed(session) == []
        assert session.get(Meta, members.RESTORES) is None


def test_the_commands_say_what_to_do(room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, file = room.opened.place.folder / "roomserver.toml", tmp_path / "backup.db"
    assert main(["-c", str(config), "backup", str(file)]) == 0
    assert "roomserver.key" in capsys.readouterr().out
    assert main(["-c", str(config), "restore", str(file)]) == 2
    assert "roomserver init" in capsys.readouterr().err
    assert main(["-c", str(config), "member", "export", "0427"]) == 0
    assert NAME in capsys.readouterr().out
