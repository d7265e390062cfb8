"""The database: SQLite by default, others by URL; who writes holds the lock from the start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, create_engine, event, inspect, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateColumn

import roomserver.notify.noted
import roomserver.office
import roomserver.register  # noqa: F401  (their tables are among those that are made)
from roomserver.errors import RoomserverError
from roomserver.schema import SCHEMA_VERSION, Base, Head, Meta

BUSY_MS = 10_000  # how long one process waits for another's write


class DatabaseError(RoomserverError, RuntimeError):
    """The database cannot be used; ``str(error)`` says why and what to do."""


class Database:
    """Sessions on one database; ``read`` sees a snapshot, ``write`` holds the write lock until it commits."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(writes=True)

    def create(self) -> None:
        """Make the tables of an empty database; one that has tables is left as it is."""
        if inspect(self.engine).has_table(Meta.__tablename__):
            return
        Base.metadata.create_all(self.engine)
        with self.write() as session:
            session.add_all([Meta(name="schema", value=str(SCHEMA_VERSION)), Head(id=1)])

    def check(self) -> None:
        """Bring an older database up to date; ``DatabaseError`` unless this program can use what is there."""
        found = self._version()
        if found.isdecimal() and int(found) < SCHEMA_VERSION:
            self._upgrade()
            found = self._version()
        if found != str(SCHEMA_VERSION):
            raise DatabaseError(
                f"The database has schema {found}, this program {SCHEMA_VERSION}. Install the newer program."
            )

    def _version(self) -> str:
        try:
            with self.read() as session:
                return str(session.scalar(select(Meta.value).where(Meta.name == "schema")))
        except OperationalError:
            raise DatabaseError("The database has no tables yet. Run: roomserver init") from None

    def _upgrade(self) -> None:
        """Make the tables and columns that are missing, in one transaction; all else stays as it is."""
        with self.write() as session:
            connection = session.connection()
            Base.metadata.create_all(connection)
            there = inspect(connection)
            for table in Base.metadata.sorted_tables:
                known = {column["name"] for column in there.get_columns(table.name)}
                for column in (column for column in table.columns if column.name not in known):
                    made = CreateColumn(column).compile(dialect=connection.dialect)
                    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {made}"))
            session.get_one(Meta, "schema").value = str(SCHEMA_VERSION)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are durable when the block ends, or (on an exception) never were."""
        with Session(self._writing) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and commits; sqlite3 must not do it on its own
    # FULL: an acknowledged row is on the disk. The door deletes what is acknowledged.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A write that began as a read could not wait for the lock: SQLite would fail it at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
