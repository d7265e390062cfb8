"""What waits for the disk and what does not, on both databases."""

from __future__ import annotations

import socket
from pathlib import Path

import databases
import pytest
from databases import on_both
from sqlalchemy import text
from sqlalchemy.orm import Session

from roomserver.storage.database import _REACH, Database, DatabaseError

__all__ = ["on_both"]  # both databases, for every test here

DURABLE = {"sqlite": "2", "postgresql": "on"}  # SQLite's 2 is FULL
NOT_AWAITED = {"sqlite": "1", "postgresql": "off"}  # and 1 is NORMAL


def synchronous(session: Session) -> str:
    """How a commit of this session waits."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    asked = "SHOW synchronous_commit" if postgresql else "PRAGMA synchronous"
    return str(session.scalar(text(asked)))


def test_a_write_waits_for_the_disk_and_a_note_does_not(tmp_path: Path) -> None:
    """One connection serves both in turn; neither leaves its way to the other."""
    database = Database(databases.url(tmp_path))
    kind = database.engine.dialect.name
    try:
        for _ in range(2):
            with database.write() as session:
                assert synchronous(session) == DURABLE[kind]
            with database.note() as session:
                assert synchronous(session) == NOT_AWAITED[kind]
    finally:
        database.close()


@pytest.mark.timeout(60)
def test_a_postgresql_that_takes_the_call_and_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is gone is not waited for as long as TCP likes."""
    monkeypatch.setitem(_REACH, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://tester@127.0.0.1:{silent.getsockname()[1]}/room")
        with pytest.raises(DatabaseError, match="cannot be reached"):
            database.check()
        database.close()
