"""What everybody asks of the store; one thread (``keeper.py``) owns ``door.db`` and does it, in order.

Whoever decides never waits for the disk here: ``keep`` puts a decision's effects on a queue.

The entry path is prepared statements through ``sqlite3`` and not sqlite-utils' ``insert``, which asks for the
schema before every row, at 4 to 5 times the cost of the row. Leave it so: ``ledger.py`` says more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from door import schema
from door.backlog import Batch
from door.effects import DURABLE, Effect
from door.errors import StoreError
from door.keeper import Keeper, Remembered
from door.ledger import AckResult, Ledger, NewLog, Outstanding
from door.questions import Question, Word, fail, resolve
from door.retention import Pruning

__all__ = ["AckResult", "Outstanding", "Remembered", "Store"]

T = TypeVar("T")


class Store(Keeper):
    """Everything durable of one door.

    ``log``, ``seq``, ``ack``, ``fault`` and the figures may be read from any thread. ``post`` and ``on_rows``
    (new rows are durable) are called from the store's thread, and must return at once.
    """

    @property
    def ok(self) -> bool:
        """Whether what is kept is durable."""
        return self.fault is None

    @property
    def held(self) -> int:
        """Rows that wait in memory for the disk."""
        return self._backlog.rows

    def start(self) -> Remembered:
        """Open, set aside what is corrupt, migrate, load. A bad file is a ``fault`` and never raises."""
        self._thread.start()
        return self._remembered.result()

    def keep(self, effects: Sequence[Effect]) -> Future[float]:
        """Make one decision's durable effects durable, all or none; the others among them are passed over.

        The result is the milliseconds of the commit. ``StoreError`` says that it is not durable *yet*.
        """
        return self._keep(tuple(effect for effect in effects if isinstance(effect, DURABLE)))

    def new_log(self, reason: str) -> Future[float]:
        """Begin a new log behind all that is being kept; rows of the former one are sent first."""
        return self._keep((NewLog(reason),))

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Answer a question about the database, between two decisions: keep it short."""
        return self._ask(lambda ledger: question(ledger.db))

    def rows(self, log: str, after: int, limit: int) -> Future[list[tuple[int, bytes]]]:
        """The rows of ``log`` above ``after``, in order, as made; none while nothing can be read."""

        def hand_out(ledger: Ledger) -> list[tuple[int, bytes]]:
            rows = ledger.rows(log, after, limit)
            self._handed[log] = max([self._handed.get(log, 0), *(seq for seq, _ in rows)])
            return rows

        return self._ask(hand_out, otherwise=[])

    def outstanding(self) -> Future[tuple[Outstanding, ...]]:
        """All logs with unacknowledged rows, in the order in which to send them."""
        return self._ask(Ledger.outstanding, otherwise=())

    def acknowledge(self, log: str, seq: int, hash: str) -> Future[AckResult]:
        """Take an ack; ``different`` of the present log calls for ``new_log("ack-mismatch")``."""
        return self._ask(
            lambda ledger: ledger.acknowledge(log, seq, hash, self._handed.get(log, 0)),
            otherwise=AckResult.UNKNOWN,
        )

    def prune(self, known_past: int) -> Future[int]:
        """Delete what is past retention, counted from ``known_past`` (Unix s); says how many rows."""
        future: Future[int] = Future()
        self._prune(Pruning(known_past, self._retention_seconds), future)
        return future

    def retry(self) -> None:
        """Try the disk now and not when the timer says (somebody has made room)."""
        self._queue.put(Word.RETRY)

    def stop(self, timeout: float) -> bool:
        """Write what waits and close; whether all of it became durable within ``timeout`` seconds."""
        self._stopping = True
        self._queue.put(Word.STOP)
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._backlog

    def _keep(self, effects: tuple[Effect | NewLog, ...]) -> Future[float]:
        batch = Batch(effects)
        if self._stopping:
            fail(batch.future, StoreError("stopped"))
        elif not effects:
            resolve(batch.future, 0.0)
        else:
            self._queue.put(batch)
        return batch.future

    def _ask(self, ask: Callable[[Ledger], T], otherwise: T | None = None) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put(Question(ask, future, otherwise))
        return future

    def _prune(self, pruning: Pruning, future: Future[int]) -> None:
        def some(ledger: Ledger) -> None:
            if not pruning.step(ledger):
                self._prune(pruning, future)
                return
            schema.prune_set_aside(self.path, pruning.known_past - self._retention_seconds)
            resolve(future, pruning.deleted)

        def failed(done: Future[None]) -> None:
            if done.exception() is not None:
                fail(future, done.exception())

        self._ask(some).add_done_callback(failed)
