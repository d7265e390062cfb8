"""The database: SQLite by default, others by URL; who writes holds the lock from the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, create_engine, event, insert, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from roomserver.errors import RoomserverError
from roomserver.storage import migrations

BUSY_MS = 10_000  # how long one process waits for another's write
# libpq's: without them a machine that is gone is waited for as long as TCP likes, minutes or hours.
_REACH = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_WRITE_LOCK = 7_264_013  # any number that means only this
_EXAMPLE = "Leave it empty, or write postgresql://USER:PASSWORD@HOST/NAME."


class DatabaseError(RoomserverError, RuntimeError):
    """The database cannot be used; ``str(error)`` says why and what to do."""


class Database:
    """Sessions on one database; ``read`` sees a snapshot, ``write`` and ``note`` lock it for writing."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = _engine(url)
        self._writing = self.engine.execution_options(writes=True)
        self._noting = self.engine.execution_options(writes=True, durable=False)
        self._reading = self.engine
        if self.engine.dialect.name == "postgresql":
            self._reading = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

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
        try:
            with self.engine.connect() as connection:
                return migrations.current(connection)
        except OperationalError as error:
            raise DatabaseError(
                f"The database cannot be reached. {error.orig} Check database in roomserver.toml."
            ) from None

    def _upgrade(self) -> None:
        """All steps in one transaction, by one program at a time: the others wait, and find it done."""
        engine = _engine(self.engine.url, upgrading=True)
        try:
            with engine.execution_options(writes=True).begin() as connection:
                if (migrations.current(connection) or "") < migrations.HEAD:
                    migrations.upgrade(connection)
        finally:
            engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with Session(self._reading) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The same without the models: one state, however long the reading takes."""
        with self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are durable when the block ends, or (on an exception) never were."""
        with Session(self._writing) as session, session.begin():
            yield session

    @contextmanager
    def note(self) -> Iterator[Session]:
        """The same for what may be lost with the power: it waits for no disk."""
        with Session(self._noting) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def insert_all(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows, all with the same columns, in one statement."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(insert(model), rows)
        return
    # An array for each column is less work, here and there, than a statement for each row.
    columns = {name: model.__table__.c[name].type.compile(connection.dialect) for name in rows[0]}
    arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in columns.items())
    statement = f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"  # noqa: S608  (names of ours)
    connection.execute(text(statement), {name: [row[name] for row in rows] for name in columns})


def _engine(url: str | URL, *, upgrading: bool = False) -> Engine:
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() == "postgresql":
            # A program that hangs, or whose machine is gone, must not keep the lock from the others.
            options = f"-c lock_timeout={BUSY_MS} -c idle_in_transaction_session_timeout={6 * BUSY_MS}"
            engine = create_engine(address, connect_args={**_REACH, "options": options}, pool_pre_ping=True)
            event.listen(engine, "begin", _begin_postgresql)
            return engine
        engine = create_engine(address)
    except (ArgumentError, ValueError):
        raise DatabaseError(f"database is no URL. {_EXAMPLE}") from None
    except ModuleNotFoundError:
        raise DatabaseError(
            "For PostgreSQL install the driver: pip install 'studyroom[postgresql]'"
        ) from None
    if engine.dialect.name != "sqlite":
        raise DatabaseError(f"The database is SQLite or PostgreSQL. {_EXAMPLE}")
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if upgrading:
        event.listen(engine, "connect", _let_tables_be_replaced)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    # One writer at a time, as on SQLite: what a transaction has read stays true until it commits.
    options = connection.get_execution_options()
    if options.get("writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
    if not options.get("durable", True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and commits; sqlite3 must not do it on its own
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _let_tables_be_replaced(connection: SqliteConnection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")  # else a table could not be dropped for its new form


def _begin_sqlite(connection: Connection) -> None:
    # A write that began as a read could not wait for the lock: SQLite would fail it at once.
    options = connection.get_execution_options()
    if options.get("writes", False):
        # FULL: an acknowledged row is on the disk. The door deletes what is acknowledged.
        how = "FULL" if options.get("durable", True) else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous={how}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
