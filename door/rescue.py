"""What can be saved of a corrupt database: each table from both ends, as far as its pages can be read.

What is saved is believed only where it has the right shape. It is never taken for the whole: the used steps
count as lost, and the server is asked for its complete list.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from contract import access, audit
from door.schema import connect

Columns = tuple[object, ...]

_UP = {
    "logs": "SELECT rowid, * FROM logs ORDER BY rowid",
    "rows": "SELECT rowid, * FROM rows ORDER BY rowid",
    "members": "SELECT rowid, * FROM members ORDER BY rowid",
    "used": "SELECT rowid, * FROM used ORDER BY rowid",
    "failures": "SELECT rowid, * FROM failures ORDER BY rowid",
    "facts": "SELECT rowid, * FROM facts ORDER BY rowid",
}
_PUT = {
    "logs": "INSERT OR IGNORE INTO logs VALUES (?, ?, ?, ?, ?, ?)",
    "rows": "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)",
    "members": "INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "used": "INSERT OR IGNORE INTO used VALUES (?, ?, ?, ?, ?)",
    "failures": "INSERT OR IGNORE INTO failures VALUES (?, ?)",
    "facts": "INSERT OR IGNORE INTO facts VALUES (?, ?)",
}
_ORPHANS = (
    "INSERT INTO logs SELECT log, (SELECT coalesce(max(position), 0) FROM logs) + row_number() OVER"
    " (ORDER BY min(rowid)), min(at), NULL, 'rescued', 0 FROM rows"
    " WHERE log NOT IN (SELECT log FROM logs) GROUP BY log"
)


def rescue(aside: Path, db: sqlite3.Connection) -> dict[str, int]:
    """Copy what can be read of ``aside`` into the new ``db``, in the caller's transaction; says how much.

    Of the audit rows only those that the server has not acknowledged: the others are safe there.
    """
    saved = dict.fromkeys(_PUT, 0)
    try:
        old = connect(aside, "mode=ro")
    except sqlite3.Error:
        return saved
    acks: dict[object, object] = {}
    for table, put in _PUT.items():
        for columns in _both_ways(old, _UP[table]):
            if table == "logs":
                acks[columns[0]] = columns[-1]
            if _SOUND[table](columns, acks):
                with contextlib.suppress(sqlite3.IntegrityError):
                    saved[table] += db.execute(put, columns).rowcount
    db.execute(_ORPHANS)
    old.close()
    return saved


def _both_ways(conn: sqlite3.Connection, up: str) -> Iterator[Columns]:
    """All rows up to the first bad page, then from the end down to the last one."""
    seen = set()
    for question in (up, f"{up} DESC"):
        with contextlib.suppress(sqlite3.Error):
            for rowid, *columns in conn.execute(question):
                if rowid in seen:
                    return
                seen.add(rowid)
                yield tuple(columns)


def _sound_log(columns: Columns, _: dict[object, object]) -> bool:
    return isinstance(columns[0], str) and isinstance(columns[-1], int)


def _sound_row(columns: Columns, acks: dict[object, object]) -> bool:
    log, seq, raw = columns[:3]
    ack = acks.get(log, 0)
    if not (isinstance(raw, bytes) and isinstance(seq, int) and isinstance(ack, int) and seq > ack):
        return False
    try:
        row = audit.parse(raw)
    except audit.RowError:
        return False
    return (row.log, row.seq) == (log, seq)


def _sound_member(columns: Columns, _: dict[object, object]) -> bool:
    names = (column.name for column in fields(access.AccessRecord))
    try:
        access.from_json(dict(zip(names, columns, strict=True)))
    except ValueError:
        return False
    return True


def _sound_counts(columns: Columns, _: dict[object, object]) -> bool:
    return all(isinstance(value, str) or (isinstance(value, int) and value >= 0) for value in columns)


def _sound_fact(columns: Columns, _: dict[object, object]) -> bool:
    try:
        json.loads(str(columns[1]))
    except ValueError:
        return False
    return True


_SOUND: dict[str, Callable[[Columns, dict[object, object]], bool]] = {
    "logs": _sound_log,
    "rows": _sound_row,
    "members": _sound_member,
    "used": _sound_counts,
    "failures": _sound_counts,
    "facts": _sound_fact,
}
