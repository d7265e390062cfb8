"""The tables of ``door.db`` and how they came to be; imported only where a file lacks one (``schema.py``)."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

migrations = Migrations("door")


@migrations()
def audit_rows_and_logs(db: Database) -> None:
    """``raw`` is the truth; the columns beside it only serve filters and retention."""
    columns = {"log": str, "seq": int, "raw": bytes, "type": str, "member": str, "at": int, "clock": str}
    needed = {"raw", "type", "at", "clock"}
    db.table("rows").create(columns, pk=("log", "seq"), not_null=needed, strict=True)
    db.table("logs").create(
        {"log": str, "position": int, "began": int, "previous": str, "reason": str, "ack": int},
        pk="log",
        not_null={"position", "began", "reason", "ack"},
        strict=True,
    )


@migrations()
def access_list(db: Database) -> None:
    """Records, what is used up, failures in a row, and which list of the server this is."""
    counters = {"generation": int, "revoked_through": int, "card_pair": int}
    dates = {"suspended_until": int, "not_before": int, "not_after": int}
    db.table("members").create(
        {"member": str, "kind": str, **counters, **dates, "revision": int},
        pk="member",
        not_null={"kind", *counters, "revision"},
        strict=True,
    )
    db.table("used").create(
        {"member": str, "kind": str, "generation": int, "step": int, "uses": int},
        pk=("member", "kind"),
        not_null={"generation", "step", "uses"},
        strict=True,
    )
    db.table("failures").create({"member": str, "n": int}, pk="member", not_null={"n"}, strict=True)
    access = {"id": int, "revision": int, "digest": str}
    db.table("access").create(access, pk="id", not_null={"revision", "digest"}, strict=True)


@migrations()
def facts(db: Database) -> None:
    """Small things remembered across restarts, as JSON."""
    db.table("facts").create({"name": str, "value": str}, pk="name", not_null={"value"}, strict=True)


def apply(db: sqlite3.Connection) -> None:
    """Make what ``db`` lacks, each migration in a transaction of its own."""
    migrations.apply(Database(db, execute_plugins=False))
