"""Which database the tests' servers have: SQLite, or PostgreSQL with ``STUDYROOM_DATABASE=postgresql``.

With ``-first`` behind either, tables that were made by the first schema and brought up to date. ``on_both``,
imported into a test file, runs that file on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import postgresql
import pytest
from sqlalchemy import make_url, text

from roomserver.storage.database import Database
from roomserver.storage.tables import Base

DATA = Path(__file__).parent / "data"
_VARIABLE = "STUDYROOM_DATABASE"
_NUMBERS = count(1)
_made: dict[Path, str] = {}


def kind() -> str:
    """``sqlite``, ``sqlite-first``, ``postgresql`` or ``postgresql-first``."""
    return os.environ.get(_VARIABLE, "sqlite")


def url(folder: Path) -> str:
    """The database of a server that lives in ``folder``, the same each time it is asked for."""
    if kind().startswith("sqlite"):
        file = folder / "roomserver.db"
        if not file.exists():
            shutil.copy(_ready(kind()), file)  # to take every step each time would be slow
            file.chmod(0o600)
        return f"sqlite:///{file}"
    if folder not in _made:
        forget([other for other in _made if not other.exists()])
        name = f"room{next(_NUMBERS)}"
        _made[folder] = postgresql.cluster().make(name, _template(kind()))
    return _made[folder]


def raw(folder: Path) -> bytes:
    """Every byte that is stored of the server in ``folder``."""
    if kind().startswith("sqlite"):
        return b"".join(path.read_bytes() for path in folder.glob("roomserver.db*"))
    return postgresql.cluster().dump(str(make_url(url(folder)).database))


def setting(folder: Path, given: str = "") -> str:
    """The same as ``database`` in ``roomserver.toml``: what a test gives, or nothing for SQLite."""
    made = url(folder)
    return given or ("" if made.startswith("sqlite") else made)


def forget(folders: Iterable[Path] | None = None) -> None:
    """Drop what was made on PostgreSQL so far, or what these folders have of it."""
    for folder in list(_made) if folders is None else folders:
        postgresql.cluster().drop(str(make_url(_made.pop(folder)).database))


def load_first(url: str) -> None:
    """Put the tables of the first schema, with something in each, into an empty database."""
    address = make_url(url)
    script = (DATA / f"schema-1.{address.get_backend_name()}.sql").read_text("utf-8")
    if address.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(address.database))
        connection.executescript(script)
        connection.close()
    else:
        postgresql.cluster().execute(script, str(address.database))


@cache
def _template(of: str) -> str:
    """A database on PostgreSQL to copy: with up to date tables and nothing in them."""
    made = postgresql.cluster().make(of)
    if of.endswith("-first"):
        load_first(made)
    _finish(made)
    return of


@cache
def _ready(of: str) -> Path:
    """The same as a file of SQLite."""
    file = Path(tempfile.mkdtemp(prefix="studyroom-ready-")) / "ready.db"
    atexit.register(shutil.rmtree, file.parent)
    made = f"sqlite:///{file}"
    if of.endswith("-first"):
        load_first(made)
    _finish(made)
    return file


def _finish(url: str) -> None:
    """Bring it up to date and empty it, as ``roomserver init`` leaves a database."""
    database = Database(url)
    database.create()
    with database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "head":
                session.execute(table.delete())
        session.execute(text(f"UPDATE head SET revision = 0, digest = '{'0' * 64}'"))
    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@pytest.fixture(scope="module", autouse=True, params=["sqlite", "postgresql"])
def on_both(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test of the file on either database; where one is chosen for the whole run, on that alone."""
    with pytest.MonkeyPatch.context() as patched:
        if _VARIABLE not in os.environ:
            patched.setenv(_VARIABLE, request.param)
        elif request.param == "postgresql":
            pytest.skip("the database is chosen for the whole run")
        yield
    forget()
