"""The tables' history: from nothing and from the first schema to what the models say, and nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgresql
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, select, text

from contract import audit
from contract.codes import Kind
from roomserver.residents import members
from roomserver.storage import migrations
from roomserver.storage.database import Database, DatabaseError
from roomserver.storage.tables import Base
from roomserver.storage.vault import Vault
from roomserver.wire import commands, doors, rows
from roomserver.wire.rows import Outcome

DATA = Path(__file__).parent / "data"
VAULT = Vault([b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="])
NOW = 1_795_485_700


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each sort."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'roomserver.db'}"
    else:
        with postgresql.database() as made:
            yield made


@pytest.fixture
def first(url: str, tmp_path: Path) -> str:
    """One as the first schema had it, with something in every place."""
    kind = url.partition("+")[0].partition(":")[0]
    script = (DATA / f"schema-1.{kind}.sql").read_text("utf-8")
    if kind == "sqlite":
        connection = sqlite3.connect(tmp_path / "roomserver.db")
        connection.executescript(script)
        connection.close()
    else:
        postgresql.cluster().execute(script, url.rpartition("/")[2])
    return url


def opened(url: str) -> Database:
    """The database, as the server opens it."""
    database = Database(url)
    database.create()
    return database


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    engine, found = create_engine(url), MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        told = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in found.tables.values()
        }
    engine.dispose()
    return told


def differences(database: Database) -> list[Any]:
    """What the models have otherwise than the tables."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_steps_make_what_the_models_say(url: str) -> None:
    """If this fails: make migration (CONTRIBUTING, "Change a table of the server")."""
    database = opened(url)
    assert differences(database) == []
    database.close()


def test_a_database_of_the_first_schema_gets_what_it_lacks_and_loses_nothing(first: str) -> None:
    """Every value is there as before, the door goes on with its next row, and n and revision count on."""
    before = contents(first)
    assert before["forks"]
    assert before["commands"]
    database = opened(first)
    assert differences(database) == []
    after = contents(first)
    before["meta"] = [row for row in before["meta"] if row["name"] != "schema"]  # Alembic counts now
    for table, old in before.items():
        kept = [{name: row[name] for name in old[0]} for row in after[table]] if old else after[table]
        assert kept == old, table
    with database.write() as session:
        door = doors.keys(doors.get(session, "front"), VAULT)
        prev = session.scalar(text("SELECT hash FROM rows WHERE seq = 4"))
        row = audit.make(
            door.report, "front", log="0123456789abcdef", seq=5, prev=str(prev), at=NOW, clock="server",
            type="bell", member=None, detail={},
        )  # fmt: skip
        receipt = rows.receive(session, door, [row.raw], NOW)
        assert receipt.outcomes == (Outcome.STORED,)
        assert receipt.logs[0].through == 5
        assert [signed.topic for signed in commands.sign_waiting(session, door, 1_795_485_610)]
        assert doors.get(session, "front").command_n == 8
        assert members.reinstate(session, "1001", NOW).revision == 4
        assert members.get(session, "0427").kind is Kind.PHONE
    database.close()


def test_of_programs_that_start_at_once_one_takes_the_steps(first: str) -> None:
    """The others wait for it, and all of them can go on."""
    databases = [Database(first) for _ in range(4)]
    faults: list[Exception] = []

    def start(database: Database) -> None:
        try:
            database.check()
        except Exception as fault:  # noqa: BLE001  (whatever it is, the test tells it)
            faults.append(fault)

    threads = [threading.Thread(target=start, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert contents(first)["alembic_version"] == [{"version_num": migrations.HEAD}]
    for database in databases:
        database.close()


def test_a_step_that_fails_leaves_everything_as_it_was(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction."""
    before, database, upgrade = contents(first), Database(first), migrations.upgrade

    def failing(connection: Any) -> None:
        upgrade(connection)
        raise OSError("the disk is full")

    monkeypatch.setattr(migrations, "upgrade", failing)
    with pytest.raises(OSError, match="full"):
        database.check()
    assert contents(first) == before
    monkeypatch.undo()
    database.check()
    database.close()


def test_a_database_of_a_newer_program_is_left_alone(url: str) -> None:
    """It may have what this program would destroy."""
    database = opened(url)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="9999"):
        database.check()
    database.close()


def test_an_empty_database_is_told_to_be_made(url: str) -> None:
    """A command of the administrator's never makes tables by the way."""
    database = Database(url)
    with pytest.raises(DatabaseError, match="roomserver init"):
        database.check()
    database.close()


def test_the_steps_are_one_chain_and_their_numbers_count_it() -> None:
    """A file's number is its step; the last one is known without asking Alembic."""
    script = ScriptDirectory(str(migrations.FOLDER))
    assert script.get_heads() == [migrations.HEAD]
    steps = [step.revision for step in script.walk_revisions()]
    assert steps == [f"{n:04d}" for n in range(len(steps), 0, -1)]
    assert [Path(step.path).name[:4] for step in script.walk_revisions()] == steps
