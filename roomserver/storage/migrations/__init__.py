"""The tables' history: brings a database from whatever made it to what this program wants (Alembic).

``versions/`` has one step a file, numbered; CONTRIBUTING tells how to add one.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
HEAD = max(file.name[:4] for file in (FOLDER / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The step a database is at: ``""`` before the first (also one from before Alembic), None when empty."""
    there = inspect(connection)
    if there.has_table("alembic_version"):
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")
    return "" if there.has_table("meta") else None


def upgrade(connection: Connection) -> None:
    """Take every step that is missing, in the transaction of ``connection``."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # what it says is for programmers
    from alembic import command

    command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's settings, to work on ``connection``."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made.attributes["connection"] = connection
    return made
