"""The thread that owns ``door.db``: performs in order what ``store.py`` puts on its queue.

All decisions that wait when the thread comes round share one commit; a lone one is one commit, one fsync.
While nothing waits, nothing happens here; a timer runs only while the disk is to be tried again.

When the disk does not do its part, the door works on:

- ``full``, ``read-only``, ``failed``: futures fail at once. Decisions stay in memory, in order, and are tried
  again with a growing pause. Past ``HELD_ROWS`` rows are let go and counted, which a row says later.
- ``corrupt``: the file is set aside, what can be read of it is copied, a new log begun, the fact
  ``used_steps_lost`` set; then all is well again.
- ``newer``: the file is not touched. A database in memory takes its place, so that the server still gets the
  rows; every future fails.

Whenever the used steps could not all be read, the fact ``used_steps_lost`` says so.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from door import schema
from door.accesslist import AccessList
from door.backlog import Backlog, Batch
from door.errors import StoreError
from door.events import Event, StoreChanged
from door.ledger import Ledger, Outstanding
from door.opening import open_anyhow, open_ledger
from door.questions import Question, Word, fail, resolve
from door.retention import bound

HELD_ROWS = 20_000  # about 20 MB of memory: weeks of a busy room
TOGETHER = 256  # decisions in one commit
# Changes after which the write-ahead log is folded into the file, when nobody waits. It is then written over
# from its start, and a commit that does not make the file longer takes little more than half the time.
FOLD_AFTER = 100
LATE_SECONDS = 0.150  # what a grant waits for its record (DESIGN §4)

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the door knew when it stopped.

    ``fault`` is what was found wrong now; ``older`` are the former logs with rows still to be sent.
    """

    access: AccessList
    facts: Mapping[str, object]
    log: str = ""
    seq: int = 0
    ack: int = 0
    fault: str | None = None
    older: tuple[Outstanding, ...] = ()


class Keeper:
    """The thread's side of the store; all but ``__init__`` runs on the thread."""

    def __init__(
        self,
        path: Path,
        *,
        door: str,
        report_key: bytes,
        post: Callable[[Event], None],
        retention_days: int = 180,
        retry_seconds: tuple[float, float] = (1.0, 60.0),
        held_rows: int = HELD_ROWS,
    ) -> None:
        self.path = path
        self.on_rows: Callable[[], None] = lambda: None
        self.log, self.seq, self.ack = "", 0, 0
        self.fault: str | None = None
        self.commit_ms = 0.0  # of the newest commit
        self.late_grants = 0  # recorded after LATE_SECONDS or, so far, not at all
        self._post = post
        self._make = lambda db: Ledger(db, door=door, report_key=report_key)
        self._retention_seconds = retention_days * 86_400
        self._ledger: Ledger | None = None
        self._backlog = Backlog(held_rows)
        self._queue: queue.SimpleQueue[Batch | Question | Word] = queue.SimpleQueue()
        self._first_pause, self._longest_pause = retry_seconds
        self._pause = self._first_pause
        self._retry_at: float | None = None  # on the monotonic clock; None while the disk does its part
        self._handed: dict[str, int] = {}  # how far each log was given out to be sent
        self._folded_at = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._remembered: Future[Remembered] = Future()

    def _run(self) -> None:
        self._begin()
        stop = False
        while not stop:
            for job in self._next():
                stop = stop or job is Word.STOP
                self._do(job)
            self._flush()
            self._fold()
        if self._ledger is not None:
            self._ledger.db.close()

    def _next(self) -> list[Batch | Question | Word]:
        """Wait for something to do; by the clock only while the disk is to be tried again."""
        timeout = None if self._retry_at is None else max(0.0, self._retry_at - time.monotonic())
        try:
            jobs = [self._queue.get(timeout=timeout)]
        except queue.Empty:
            return []
        with contextlib.suppress(queue.Empty):
            while len(jobs) < TOGETHER:
                jobs.append(self._queue.get_nowait())
        return jobs

    def _do(self, job: Batch | Question | Word) -> None:
        match job:
            case Batch():
                if self._is_due():
                    self._flush()
                if not self._backlog.hold(job) or self._retry_at is not None:
                    self._refuse(job)
            case Question():
                self._flush()
                self._answer(job)
            case Word():
                self._retry_at = self._retry_at and 0.0

    def _answer(self, question: Question) -> None:
        try:
            if self._ledger is None and question.otherwise is None:
                raise StoreError(self.fault)
            answer = question.otherwise if self._ledger is None else question.ask(self._ledger)
        except Exception as error:  # noqa: BLE001 - it is the asker's
            fail(question.future, error)
            if schema.fault_of(error) == "corrupt":
                self._give_up(error)
        else:
            resolve(question.future, answer)
        finally:
            if self._ledger is not None:
                self._ledger.db.rollback()  # a question that began a transaction must not leave it open
                self._show_figures(self._ledger)

    # -- writing --------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._retry_at is not None and not self._opened_again():
            return
        try:
            while batches := self._backlog.first(TOGETHER):
                self._write(batches)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is a word for it
            self._give_up(error)
        else:
            if self.fault != "newer":
                self._tell(None)

    def _write(self, batches: Sequence[Batch]) -> None:
        assert self._ledger is not None
        began = time.monotonic()
        try:
            self._ledger.write([batch.effects for batch in batches])
        except Exception as error:
            if schema.fault_of(error) is not None:
                raise
            self._write_but_for_the_wrong(batches, error)
            return
        if self.fault == "newer":
            bound(self._ledger, HELD_ROWS)
        self.commit_ms = (time.monotonic() - began) * 1000
        self._show_figures(self._ledger)
        for _ in batches:
            self._settle(self._backlog.written())
        self._call(self.on_rows)

    def _write_but_for_the_wrong(self, batches: Sequence[Batch], error: Exception) -> None:
        """One of these can be written on no disk; its exception is not quoted, for it may quote a code."""
        if len(batches) > 1:
            for batch in batches:
                self._write([batch])
            return
        log.error("a decision could not be recorded: %s", type(error).__name__)
        wrong = self._backlog.written()
        self._backlog.let_go(wrong)
        self.late_grants += wrong.grants
        fail(wrong.future, error)

    def _settle(self, batch: Batch) -> None:
        if self.fault == "newer":
            self._refuse(batch)
            return
        self.late_grants += batch.grants and not batch.future.done() and _is_late(batch)
        resolve(batch.future, self.commit_ms)

    def _refuse(self, batch: Batch) -> None:
        self.late_grants += batch.grants and not batch.future.done()
        fail(batch.future, StoreError(self.fault or "failed"))

    def _show_figures(self, ledger: Ledger) -> None:
        self.log, self.seq, self.ack = ledger.head.log, ledger.head.seq, ledger.ack

    # -- faults ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        opened = open_anyhow(self.path, self._make)
        self._ledger = opened.ledger
        if opened.ledger is not None:
            self._show_figures(opened.ledger)
        older = tuple(log for log in opened.outstanding if log.log != self.log)
        if opened.fault is not None:
            self._tell(opened.fault)
        if opened.fault == "corrupt":
            self._tell(None)
        elif opened.fault != "newer" and opened.fault is not None:
            self._retry_at = time.monotonic() + self._pause
        self._remembered.set_result(
            Remembered(opened.access, opened.facts, self.log, self.seq, self.ack, opened.fault, older)
        )

    def _is_due(self) -> bool:
        return self._retry_at is not None and time.monotonic() >= self._retry_at

    def _opened_again(self) -> bool:
        """Whether it is time to try the disk again, and it opens."""
        if not self._is_due():
            return False
        if self._ledger is not None:
            self._ledger.db.close()
        try:
            opened = open_ledger(self.path, self._make, distrust=self.fault == "corrupt")
        except Exception as error:  # noqa: BLE001 - whatever it is, there is a word for it
            self._ledger = open_anyhow(self.path, self._make).ledger
            self._give_up(error)
            return False
        self._ledger = opened.ledger
        self._folded_at = 0
        if opened.ledger is not None:
            self._show_figures(opened.ledger)
        self._tell(opened.fault or self.fault)
        return True

    def _give_up(self, error: Exception) -> None:
        """Say that the disk does not do its part, fail all who wait, and set the time of the next try."""
        fault = schema.fault_of(error) or "failed"
        at_once = fault == "corrupt" != self.fault
        self._pause = (
            self._first_pause if self._retry_at is None else min(2 * self._pause, self._longest_pause)
        )
        self._retry_at = 0.0 if at_once else time.monotonic() + self._pause
        self._tell(fault)
        for batch in self._backlog:
            self._refuse(batch)

    def _tell(self, fault: str | None) -> None:
        if fault is None:
            self._retry_at = None
        if fault != self.fault:
            log.warning("the store: %s", fault or "works again")
            self.fault = fault
            self._call(self._post, StoreChanged(fault))

    def _call(self, callback: Callable[..., None], *args: object) -> None:
        """Tell others; what goes wrong there is no fault of the disk, and must not end this thread."""
        try:
            callback(*args)
        except Exception:
            log.exception("%r failed", callback)

    def _fold(self) -> None:
        """Fold the write-ahead log into the file when nobody waits (SQLite would do it in a commit)."""
        if self._ledger is None or self.fault is not None or not self._queue.empty():
            return
        changes = self._ledger.db.total_changes
        if changes - self._folded_at < FOLD_AFTER:
            return
        self._folded_at = changes
        try:
            self._ledger.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            log.warning("the write-ahead log could not be folded: %s", error)


def _is_late(batch: Batch) -> bool:
    return time.monotonic() - batch.since > LATE_SECONDS
