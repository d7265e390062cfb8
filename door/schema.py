"""How ``door.db`` is opened, doubted and set aside; its tables are made in ``migrations.py``.

How much is checked at open is bounded, because members wait at the door meanwhile: a file up to
``WHOLE_CHECK_BYTES`` is checked whole (``quick_check`` of 100 MB takes 85 ms from memory on a PC, and about
4 s from a slow card). In a larger one the tables that the decisions rest on are checked; a bad page among old
audit rows is then found when it is read, and is treated as if it had been found at open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from door.errors import StoreError

WHOLE_CHECK_BYTES = 32 * 1024 * 1024
BUSY_SECONDS = 2  # somebody else writes to the file by hand; longer than that is a fault
BESIDE = ("", "-wal", "-shm")  # a database is up to three files
SMALL_TABLES = ("logs", "members", "used", "failures", "facts", "access")
MIGRATIONS = (
    "audit_rows_and_logs",
    "access_list",
    "facts",
)  # of ``migrations.py``
_APPLIED = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'door'"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


class NewerError(StoreError):
    """The database was written by a newer version of the program, and is not touched."""


class CorruptError(StoreError):
    """The file is no database, or not a sound one of ours."""


def fault_of(error: Exception) -> str | None:
    """The word for a fault of the disk or the file; None when what was to be written is itself at fault."""
    match error:
        case NewerError():
            return "newer"
        case CorruptError():
            return "corrupt"
        case sqlite3.Error():
            return _fault_of_code(getattr(error, "sqlite_errorcode", None))
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return "full"
        case OSError(errno=errno.EROFS | errno.EACCES | errno.EPERM):
            return "read-only"
        case OSError():
            return "failed"
    return None


def _fault_of_code(code: int | None) -> str | None:
    if code in (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID):
        return "failed"  # somebody else wrote rows: read again where the log stands
    match None if code is None else code & 0xFF:
        case None | sqlite3.SQLITE_CONSTRAINT | sqlite3.SQLITE_TOOBIG | sqlite3.SQLITE_MISMATCH:
            return None
        case sqlite3.SQLITE_FULL:
            return "full"
        case sqlite3.SQLITE_READONLY:
            return "read-only"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "corrupt"
    return "failed"


def open_to_write(path: Path) -> sqlite3.Connection:
    """The database, sound, migrated and proven writable; raises what ``fault_of`` has a word for."""
    _refuse_newer(path)
    _create_private(path)
    db = connect(path, "mode=rw")
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # NORMAL loses acknowledged rows in a power cut
        db.execute("PRAGMA wal_autocheckpoint = 0")  # the store does it when nobody waits
        db.execute("PRAGMA secure_delete = FAST")  # what retention deletes is not to linger in the file
        db.execute("BEGIN IMMEDIATE")  # a read-only file opens without complaint until here
        db.execute("ROLLBACK")
        _check(db, path)
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def open_to_read(path: Path) -> tuple[sqlite3.Connection | None, bool]:
    """What can be read of a file that cannot be written, and whether that is all that was written to it."""
    log = path.with_name(path.name + "-wal")
    whole = not log.exists() or log.stat().st_size == 0
    # A write-ahead log is read only where a file for its index can be made; else the database without it.
    for options, complete in (("mode=ro", True), ("mode=ro&immutable=1", whole)):
        with contextlib.suppress(sqlite3.Error):
            db = connect(path, options)
            with contextlib.suppress(sqlite3.Error):
                if _is_ours(db):
                    return db, complete
            db.close()
    return None, False


def connect(path: Path, options: str) -> sqlite3.Connection:
    """The file as it is, by SQLite's URI ``options``; nothing is created or changed."""
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)


def in_memory() -> sqlite3.Connection:
    """A database that lasts as long as the process, for a door whose file may not be touched."""
    db = sqlite3.connect(":memory:")
    _migrate(db)
    return db


@contextlib.contextmanager
def atomic(db: sqlite3.Connection) -> Iterator[None]:
    """All of it is written, or nothing; within another such block it is a part of that."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


def set_aside(path: Path) -> Path:
    """Move a corrupt database out of the way, with all that belongs to it; says where it is now."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in reversed(BESIDE):  # the database last: what is interrupted here is begun again
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def last_set_aside(path: Path) -> Path | None:
    """The newest database set aside, if any."""
    number = {part: part.name.rpartition("-")[2] for part in path.parent.glob(f"{path.name}.corrupt-*")}
    found = [part for part in number if number[part].isdigit()]
    return max(found, key=lambda part: int(number[part]), default=None)


def prune_set_aside(path: Path, before: int) -> None:
    """Delete what was set aside before Unix second ``before``: it too holds member numbers."""
    for part in path.parent.glob(f"{path.name}.corrupt-*"):
        if part.stat().st_mtime < before:
            part.unlink()


def _create_private(path: Path) -> None:
    if not path.exists():
        _sync_folders_of(path)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    for needed in (path, path.parent):  # SQLite opens such a file to read, or says only that it cannot
        if not os.access(needed, os.W_OK):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def _sync_folders_of(path: Path) -> None:
    """A folder made just now may be gone after a power cut, with all in it; SQLite syncs its own alone."""
    for above in list(path.absolute().parents)[1:]:
        with contextlib.suppress(OSError):  # one that may not be opened is older than this program
            folder = os.open(above, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _refuse_newer(path: Path) -> None:
    """Look without writing: a writing connection would fold the write-ahead log into the file at its end."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        db = connect(path, "mode=ro")
    except sqlite3.OperationalError:
        return  # opening it to write will say why
    try:
        newer = _is_newer(db)
    except sqlite3.OperationalError:
        return
    finally:
        db.close()
    if newer:
        raise NewerError("newer")


def _applied(db: sqlite3.Connection) -> set[str]:
    """The migrations that this file has been through."""
    if "_sqlite_migrations" not in _tables(db):
        return set()
    return {name for (name,) in db.execute(_APPLIED)}


def _tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute(_TABLES)}


def _is_newer(db: sqlite3.Connection) -> bool:
    return not _applied(db) <= set(MIGRATIONS)


def _is_ours(db: sqlite3.Connection) -> bool:
    return _applied(db) == set(MIGRATIONS)


def _check(db: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size <= WHOLE_CHECK_BYTES:
        questions = ["PRAGMA quick_check(1)"]
    else:
        present = _tables(db)
        questions = [f"PRAGMA quick_check([{table}])" for table in SMALL_TABLES if table in present]
    for question in questions:
        if db.execute(question).fetchone()[0] != "ok":
            raise CorruptError("corrupt")


def _migrate(db: sqlite3.Connection) -> None:
    if _is_ours(db):
        return  # nearly always: sqlite-utils, 50 ms and 4 MB of it, stays where it is
    from door import migrations

    try:
        migrations.apply(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise CorruptError("corrupt") from error  # sound, but these are not our tables
        raise
