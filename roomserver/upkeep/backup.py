"""Backup and restore: everything in the database as it was at one moment, in one SQLite file.

Whatever the database is, the file is the same, so a backup from SQLite can be restored into PostgreSQL and
the other way round. The key file is not in it: each is of no use without the other.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, FromClause, Table, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from roomserver.committee.office import AccountSession
from roomserver.errors import RoomserverError
from roomserver.residents import members
from roomserver.storage.database import Database, DatabaseError
from roomserver.storage.register import OneTime
from roomserver.storage.schema import Door, EnrolmentToken, Meta
from roomserver.storage.tables import Base
from roomserver.storage.vault import Vault

AT_ONCE = 1000
N_AHEAD = 1_000_000  # more commands than any server sends between two backups
_TABLES = Base.metadata.sorted_tables
# What was good once, or for an evening: since the backup it may have been used, or ended.
_PERISHED = frozenset({OneTime.__table__, EnrolmentToken.__table__, AccountSession.__table__})


class BackupError(RoomserverError, ValueError):
    """The backup cannot be made or restored; ``str(error)`` says why and what to do."""


def back_up(database: Database, file: Path) -> int:
    """Write the database into ``file`` (a new one), while the server runs; how many lines it has."""
    if file.exists():
        raise BackupError(f"{file} exists. A backup overwrites nothing: name another file.")
    folder = file.absolute().parent
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=folder)  # only its owner may read it
    os.close(descriptor)
    made = Path(name)
    try:
        with database.snapshot() as source:
            lines = _write(source, made)
        _on_disk(made)
        made.rename(file)
        _on_disk(folder)
    finally:
        made.unlink(missing_ok=True)
    return lines


def restore(database: Database, vault: Vault, file: Path) -> int:
    """Put a backup into an empty database; how many lines. What the backup lacks, the doors tell again.

    Command counters go up, so that no number a door has taken comes again; and whoever is added from now on
    has codes unlike those of a member the backup does not know. Links, tokens and the committee's sessions
    are left out.
    """
    if not file.exists():
        raise BackupError(f"There is no {file}.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backup.db"  # brought up to date, should it be older; the file stays as it is
        copy.write_bytes(file.read_bytes())
        source = Database(f"sqlite:///{copy}")
        try:
            _check(source, file)
            _check_key(source, vault)
            with source.snapshot() as read, database.write() as session:
                return _fill(read, session)
        finally:
            source.close()


def _check(source: Database, file: Path) -> None:
    try:
        source.check()
    except (DatabaseError, DBAPIError) as error:
        raise BackupError(f"{file} is no backup that this program can read. {error}") from None


def _write(source: Connection, file: Path) -> int:
    target = Database(f"sqlite:///{file}")
    try:
        target.create()
        with target.write() as session:
            lines = _copy(source, session.connection())
        target.engine.dispose()
        with closing(sqlite3.connect(file)) as whole:
            whole.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    finally:
        target.close()
    return lines


def _check_key(source: Database, vault: Vault) -> None:
    """``VaultError`` when the key file is not the backup's."""
    with source.read() as session:
        for door in session.scalars(select(Door)):
            vault.open(door.key)


def _fill(source: Connection, session: Session) -> int:
    if session.scalar(select(func.count()).select_from(Door)):
        raise BackupError(
            "This database has doors in it, and a restore would lose what they sent. Restore into an empty "
            "one: put roomserver.db aside, or name another database in roomserver.toml; then: roomserver init"
        )
    lines = _copy(source, session.connection(), _PERISHED)
    session.execute(update(Door).values(command_n=Door.command_n + N_AHEAD))
    times = members.restores(session) + 1
    session.merge(Meta(name=members.RESTORES, value=str(times)))
    return lines


def _copy(source: Connection, target: Connection, left_out: frozenset[FromClause] = frozenset()) -> int:
    """Every line of every table but those left out, in place of what is there."""
    lines = 0
    for table in reversed(_TABLES):
        target.execute(delete(table))
    for table in (table for table in _TABLES if table not in left_out):
        found = source.execution_options(yield_per=AT_ONCE).execute(select(table))
        for some in found.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in some])
            lines += len(some)
        if target.dialect.name == "postgresql" and table.autoincrement_column is not None:
            _count_on(target, table)
    return lines


def _count_on(target: Connection, table: Table) -> None:
    """PostgreSQL does not see which numbers were given by hand."""
    name, column = table.name, table.autoincrement_column
    highest = target.scalar(select(func.max(column)))
    if highest is not None and column is not None:
        target.execute(select(func.setval(func.pg_get_serial_sequence(name, column.name), highest)))


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
