"""Whether the audit logs are whole: each row as it was made, each behind the one before, none lacking.

A row is verified on its bytes with the door's key; whoever changes one without the key is found, whoever
takes one out leaves a hole. Rows past retention are rightly gone from the front of a log. The end of a log is
vouched for by the server's acknowledgement, and by a running door, which knows how far it has written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from contract import audit
from contract.audit import FIRST_PREV, Row, RowError

_LOGS = "SELECT log, began, previous, reason, ack FROM logs ORDER BY position"
_ROWS = "SELECT seq, raw, type, member, at, clock FROM rows WHERE log = ? ORDER BY seq"
_STRAYS = "SELECT log, min(seq), count(*) FROM rows WHERE log NOT IN (SELECT log FROM logs) GROUP BY log"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as the door wrote it, and where; ``seq`` None: the log as a whole."""

    log: str
    seq: int | None
    what: str  # changed, missing, moved, inserted, broken
    text: str


@dataclass(frozen=True, slots=True)
class Premises:
    """What is held against the rows. Before Unix second ``keep_from`` retention deletes what the server has,
    before ``keep_unsent_from`` everything.
    """

    door: str
    report_key: bytes
    keep_from: int
    keep_unsent_from: int
    written: tuple[str, int] | None = None  # log and seq up to which a running door has written


@dataclass(slots=True)
class Log:
    """One log as it stands, and what was found in it."""

    log: str
    began: int
    previous: str | None
    reason: str
    ack: int
    keyed: bool  # made under the present enrolment, so that the hashes can be checked
    first: int = 0
    last: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, seq: int | None, what: str, text: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(self.log, seq, what, text))


def walk(db: sqlite3.Connection, premises: Premises) -> tuple[list[Log], list[Finding]]:
    """Every log, oldest first, and what belongs to none."""
    found = db.execute(_LOGS).fetchall()
    enrolled = max((n for n, (*_, reason, _) in enumerate(found) if reason == "enrolled"), default=0)
    logs = [
        Log(log, began, previous, reason, ack, n >= enrolled)
        for n, (log, began, previous, reason, ack) in enumerate(found)
    ]
    known: set[str] = set()
    for log in logs:
        _look_behind(log, known, premises)
        known.add(log.log)
        _walk_rows(db, log, premises)
        _look_at_ends(log, premises)
    strays = [
        Finding(name, seq, "inserted", f"{n} rows of a log that the door never began")
        for name, seq, n in db.execute(_STRAYS)
    ]
    if not logs:
        strays.append(
            Finding("–", None, "missing", "there is no log at all; a door begins one with its database")
        )
    return logs, strays


def _look_behind(log: Log, known: set[str], premises: Premises) -> None:
    """A log that is said to come before must be there, unless all its rows may be past retention."""
    if log.previous is not None and log.previous not in known and log.began >= premises.keep_from:
        log.find(None, "missing", f"log {log.previous}, which came before it, is gone")


def _walk_rows(db: sqlite3.Connection, log: Log, premises: Premises) -> None:
    prev: str | None = FIRST_PREV  # None: the row before is not there, or not to be believed
    for seq, raw, *beside in db.execute(_ROWS, (log.log,)):
        expected = log.last + 1
        if log.rows == 0:
            log.first = seq
            prev = FIRST_PREV if seq == 1 else None
        elif seq > expected:
            log.find(expected, "missing", f"{_span(expected, seq - 1)} gone")
            prev = None
        log.rows, log.last = log.rows + 1, seq
        prev = _look_at_row(log, seq, raw, beside, prev, premises)


def _look_at_row(
    log: Log, seq: int, raw: bytes, beside: list[object], prev: str | None, premises: Premises
) -> str | None:
    """The hash that the next row must name, if this row can be believed."""
    try:
        if log.keyed:
            audit.verify(premises.report_key, premises.door, raw)
        row = audit.parse(raw)
    except RowError as error:
        log.find(seq, "changed", f"{error}: changed, or put in by another hand")
        return None
    if (row.log, row.seq) != (log.log, seq):
        log.find(seq, "moved", f"here stands row {row.seq} of log {row.log}")
        return None
    _look_beside(log, row, beside)
    if prev is not None and row.prev != prev:
        log.find(
            seq, "broken", "it was not written behind the row before it: one of the two is of another copy"
        )
    if seq == 1 and row.detail.get("reason") != log.reason and row.type == "log-began":
        log.find(
            seq, "changed", f"the log says that it began because of {log.reason!r}, its first row does not"
        )
    return row.hash


def _look_beside(log: Log, row: Row, beside: list[object]) -> None:
    """The columns beside a row only serve filters, but whoever reads by a filter believes them."""
    for name, value in zip(("type", "member", "at", "clock"), beside, strict=True):
        if value != getattr(row, name):
            log.find(row.seq, "changed", f"its column {name} says otherwise than the row itself")


def _look_at_ends(log: Log, premises: Premises) -> None:
    if log.rows == 0:
        log.find(None, "missing", "it has no rows")
        return
    kept_from = premises.keep_from if log.first <= log.ack + 1 else premises.keep_unsent_from
    if log.first > 1 and log.began >= kept_from:
        log.find(1, "missing", f"{_span(1, log.first - 1)} gone, and retention does not reach so far")
    end, by = log.ack, "the server has acknowledged"
    if premises.written is not None and premises.written[0] == log.log and premises.written[1] > end:
        end, by = premises.written[1], "the running door has written"
    if end > log.last:
        log.find(log.last + 1, "missing", f"{_span(log.last + 1, end)} gone from the end: {by} {end}")


def _span(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def findings(logs: list[Log], strays: list[Finding]) -> Iterator[Finding]:
    """All of them, in the order of the walk."""
    for log in logs:
        yield from log.findings
    yield from strays
