"""What stands in ``door.db``: the audit log, the access list, the facts; written effect by effect.

The statements below go through ``sqlite3`` and stay as they are: sqlite3 keeps each prepared, by its text,
while sqlite-utils' ``insert`` asks for the schema before every row (4 to 5 times the cost of the row) and
creates a table for a misspelt name. sqlite-utils has the schema and its migrations (``migrations.py``).

Nothing here knows of threads, queues or faults: sqlite3's errors pass through, and the ledger is as before.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter

from contract import audit
from contract.access import AccessRecord
from contract.codes import Kind
from door.accesslist import AccessList, Used
from door.effects import CountFailures, Effect, Forget, Learn, Record, Remember, TakeList, Use
from door.schema import atomic

ALL_AT_ONCE = 200  # a list of more members than this is merged in one reading of the table

_ROW = "INSERT INTO rows (log, seq, raw, type, member, at, clock) VALUES (?, ?, ?, ?, ?, ?, ?)"
_LOG = (
    "INSERT INTO logs (log, position, began, previous, reason, ack)"
    " VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM logs), ?, ?, ?, 0)"
)
_MEMBER = "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_USED = "INSERT OR REPLACE INTO used (member, kind, generation, step, uses) VALUES (?, ?, ?, ?, ?)"
_FAILURES = "INSERT OR REPLACE INTO failures (member, n) VALUES (?, ?)"
_NO_FAILURES = "DELETE FROM failures WHERE member = ?"
_ACCESS = "INSERT OR REPLACE INTO access (id, revision, digest) VALUES (1, ?, ?)"
_FACT = "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)"
_EVERYBODY = (
    "SELECT * FROM members",
    "SELECT member, kind, generation, step, uses FROM used",
    "SELECT member, n FROM failures",
)
_ONE_MEMBER = (
    "SELECT * FROM members WHERE member = ?",
    "SELECT member, kind, generation, step, uses FROM used WHERE member = ?",
    "SELECT member, n FROM failures WHERE member = ?",
)
# the table `members` has the fields of a record as its columns, in their order
_as_columns = attrgetter(*(column.name for column in fields(AccessRecord)))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: the row written last."""

    log: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class NewLog:
    """Begin a new log; the rows of the former one stay, and are sent first."""

    reason: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A log with rows the server has not acknowledged; ``oldest`` is the Unix second of the first of them."""

    log: str
    ack: int
    seq: int
    oldest: int


class AckResult(StrEnum):
    """What an acknowledgement turned out to be."""

    OURS = "ours"
    UNKNOWN = "unknown"  # of no log that this database knows
    DIFFERENT = "different"  # names a row that the log lacks or has otherwise


class Ledger:
    """The open database of one door and the head of its log."""

    def __init__(self, db: sqlite3.Connection, *, door: str, report_key: bytes) -> None:
        self.db = db
        self.ack = 0
        self._door = door
        self._report_key = report_key
        self._seen: tuple[int, str, float] | None = None  # at and clock of the last record, when it came
        self.head = Head("", 0, audit.FIRST_PREV)
        self.find_head()

    # -- reading --------------------------------------------------------------------------------

    def find_head(self) -> None:
        """Read where the log stands; a database without a log has an empty name for it."""
        newest = self.db.execute("SELECT log, ack FROM logs ORDER BY position DESC LIMIT 1").fetchone()
        if newest is None:
            return
        log, self.ack = newest
        last = "SELECT seq, raw FROM rows WHERE log = ? ORDER BY seq DESC LIMIT 1"
        seq, raw = self.db.execute(last, (log,)).fetchone() or (self.ack, None)
        # A log without rows is met in a rescue alone: all that could be read of it was acknowledged.
        self.head = Head(log, seq, audit.FIRST_PREV if raw is None else _hash_of(raw))

    def key_is_ours(self) -> bool:
        """Whether the last row was made with this door's report key (another enrolment has another)."""
        for (raw,) in self.db.execute(
            "SELECT raw FROM rows WHERE log = ? AND seq = ?", (self.head.log, self.head.seq)
        ):
            try:
                audit.verify(self._report_key, self._door, raw)
            except audit.RowError:
                return False
        return True

    def access_list(self) -> AccessList:
        """All members, what they have used up, and which list of the server this is."""
        part = self._read(_EVERYBODY)
        for part.revision, part.digest in self.db.execute("SELECT revision, digest FROM access"):
            pass
        return part

    def facts(self) -> dict[str, object]:
        """Every fact by its name."""
        rows = self.db.execute("SELECT name, value FROM facts")
        return {name: json.loads(value) for name, value in rows}

    def rows(self, log: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The rows of ``log`` above ``after``, in order, as they were made."""
        question = "SELECT seq, raw FROM rows WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?"
        return self.db.execute(question, (log, after, limit)).fetchall()

    def outstanding(self) -> tuple[Outstanding, ...]:
        """The logs with unacknowledged rows, oldest log first: the order in which they are sent."""
        rows = self.db.execute(
            "SELECT logs.log, ack, max(seq), (SELECT at FROM rows r WHERE r.log = logs.log AND seq > ack"
            " ORDER BY seq LIMIT 1) FROM logs JOIN rows ON rows.log = logs.log AND seq > ack"
            " GROUP BY logs.log ORDER BY position"
        )
        return tuple(Outstanding(*row) for row in rows)

    def acks(self) -> list[tuple[str, int]]:
        """Every log with what the server has of it, oldest first."""
        return self.db.execute("SELECT log, ack FROM logs ORDER BY position").fetchall()

    # -- writing --------------------------------------------------------------------------------

    def write(self, batches: Iterable[Sequence[Effect | NewLog]]) -> None:
        """Perform the effects of all batches in one transaction, or none of them."""
        before = self.head, self.ack
        try:
            with atomic(self.db):
                for effects in batches:
                    for effect in effects:
                        self._perform(effect)
        except BaseException:
            self.head, self.ack = before
            raise

    def acknowledge(self, log: str, seq: int, digest: str, handed: int) -> AckResult:
        """Take the greatest ack of ``log``.

        A closed log that differs at the server (an older image was restored) is never acknowledged rightly.
        There any answer is enough, for the rows up to ``handed`` that were sent: it would stop the outbox.
        """
        known = dict(self.acks()).get(log)
        if known is None:
            return AckResult.UNKNOWN
        row = self.db.execute("SELECT raw FROM rows WHERE log = ? AND seq = ?", (log, seq)).fetchone()
        ours = seq <= known if row is None else _hash_of(row[0]) == digest
        if ours or log != self.head.log:
            self._set_ack(log, seq if ours else min(seq, handed))
        return AckResult.OURS if ours else AckResult.DIFFERENT

    # -- one effect -----------------------------------------------------------------------------

    def _perform(self, effect: Effect | NewLog) -> None:
        match effect:
            case Record():
                self._seen = (effect.at, effect.clock, time.monotonic())
                self._append(effect)
            case Remember(name, value):
                self.db.execute(_FACT, (name, json.dumps(value, separators=(",", ":"))))
            case NewLog():
                self._begin(effect)
            case TakeList(members=members):
                everybody = effect.complete or len(members) > ALL_AT_ONCE
                self._change(effect, [record.member for record in members], everybody=everybody)
                self.db.execute(_ACCESS, (effect.revision, effect.digest))
            case Learn(record):
                self._change(effect, [record.member])
            case Use(member=member) | Forget(member) | CountFailures(member=member):
                self._change(effect, [member])

    def _append(self, record: Record) -> None:
        row = audit.make(
            self._report_key,
            self._door,
            log=self.head.log,
            seq=self.head.seq + 1,
            prev=self.head.hash,
            at=record.at,
            clock=record.clock,
            type=record.type,
            member=record.member,
            reason=record.reason,
            detail=record.detail,
        )
        self.db.execute(_ROW, (row.log, row.seq, row.raw, row.type, row.member, row.at, row.clock))
        self.head = Head(row.log, row.seq, row.hash)

    def _begin(self, new: NewLog) -> None:
        previous = self.head.log or None
        at, clock = self._now()
        self.head = Head(secrets.token_hex(8), 0, audit.FIRST_PREV)
        self.ack = 0
        self.db.execute(_LOG, (self.head.log, at, previous, new.reason))
        detail = {"previous": previous, "reason": new.reason, **new.detail}
        self._append(Record("log-began", detail=detail, at=at, clock=clock))

    def _now(self) -> tuple[int, str]:
        """The time by the newest record; before any, the system's, which then counts as no source."""
        if self._seen is None:
            return int(time.time()), "none"
        at, clock, seen = self._seen
        return at + int(time.monotonic() - seen), clock

    def _change(self, effect: Effect, members: Sequence[str], *, everybody: bool = False) -> None:
        """Let the loop's own ``AccessList`` say what the effect means, and write what it changed."""
        part = self._read(_EVERYBODY) if everybody else self._part(members)
        records, used, failures = dict(part.records), dict(part.used), dict(part.failures)
        part.apply(effect)
        self.db.executemany(_MEMBER, map(_as_columns, _changed(part.records, records)))
        for (member, kind), last in part.used.items():
            if used.get((member, kind)) != last:
                self.db.execute(_USED, (member, kind, last.generation, last.step, last.uses))
        self.db.executemany(_NO_FAILURES, [(member,) for member in failures.keys() - part.failures.keys()])
        self.db.executemany(_FAILURES, [p for p in part.failures.items() if failures.get(p[0]) != p[1]])

    def _part(self, members: Sequence[str]) -> AccessList:
        part = AccessList()
        for member in members:
            one = self._read(_ONE_MEMBER, member)
            part.records |= one.records
            part.used |= one.used
            part.failures |= one.failures
        return part

    def _read(self, questions: tuple[str, str, str], *member: str) -> AccessList:
        records, used, failures = (self.db.execute(question, member) for question in questions)
        part = AccessList()
        for number, kind, *rest in records:
            part.records[number] = AccessRecord(number, Kind(kind), *rest)
        for number, kind, *last in used:
            part.used[number, kind] = Used(*last)
        part.failures.update(failures)
        return part

    # -- the logs -------------------------------------------------------------------------------

    def _set_ack(self, log: str, seq: int) -> None:
        with atomic(self.db):
            self.db.execute("UPDATE logs SET ack = ? WHERE log = ? AND ack < ?", (seq, log, seq))
        if log == self.head.log:
            self.ack = max(self.ack, seq)


def _changed(now: dict[str, AccessRecord], before: dict[str, AccessRecord]) -> list[AccessRecord]:
    return [record for member, record in now.items() if before.get(member) != record]


def _hash_of(raw: bytes) -> str:
    return raw[-66:-2].decode("ascii", "replace")
