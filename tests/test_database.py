"""What waits for the disk and what does not, on both databases."""

from __future__ import annotations

from pathlib import Path

import databases
from databases import on_both
from sqlalchemy import text
from sqlalchemy.orm import Session

from roomserver.storage.database import Database

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
