"""The database: SQLite by default, others by URL; who writes holds the lock from the start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from roomserver import migrations
from roomserver.errors import RoomserverError

BUSY_MS = 10_000  # how long one process waits for another's write
_UPGRADE_LOCK = 7_264_013  # any number that means only this


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
        """Make the tables of an empty database, or bring those that are there up to date."""
        if self._step() != migrations.HEAD:
            self._upgrade()
        self.check()

    def check(self) -> None:
        """Bring an older database up to date; ``DatabaseError`` unless this program can use what is there."""
        step = self._step()
        if step is None:
            raise DatabaseError("The database has no tables yet. Run: roomserver init")
        if step < migrations.HEAD:
            self._upgrade()
        elif step > migrations.HEAD:
            raise DatabaseError(
                f"The database is at step {step}, this program at {migrations.HEAD}. Install the newer one."
            )

    def _step(self) -> str | None:
        with self.engine.connect() as connection:
            return migrations.current(connection)

    def _upgrade(self) -> None:
        """All steps in one transaction, by one program at a time: the others wait, and find it done."""
        engine = create_engine(self.engine.url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "connect", _let_tables_be_replaced)
            event.listen(engine, "begin", _begin_sqlite)
        try:
            with engine.execution_options(writes=True).begin() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
                if (migrations.current(connection) or "") < migrations.HEAD:
                    migrations.upgrade(connection)
        finally:
            engine.dispose()

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


def _let_tables_be_replaced(connection: SqliteConnection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")  # else a table could not be dropped for its new form


def _begin_sqlite(connection: Connection) -> None:
    # A write that began as a read could not wait for the lock: SQLite would fail it at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
