"""Stores for tests: real files, started and stopped, and what the outside says of their rows."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from contract import audit
from contract.audit import FIRST_PREV, Row
from door.effects import Record, Remember, Use
from door.events import StoreChanged
from door.store import Remembered, Store
from tests.patience import Posted

PROCESSES = multiprocessing.get_context("forkserver")  # a process in milliseconds: it has imported all this
PROCESSES.set_forkserver_preload(["__main__", "tests.stores"])
DOOR = "front"
KEY = b"k" * 32
T = TypeVar("T")


def granted(step: int, member: str = "0427") -> tuple[Record, Use]:
    """A grant as the core decides it: the row, and the step that is used up."""
    row = Record("granted", member=member, detail={"kind": "phone"}, at=1_700_000_000 + step, clock="ntp")
    return row, Use(member, "phone", 1, step)


def note(at: int = 1_700_000_000, **detail: object) -> Record:
    """A row that changes nothing but the log."""
    return Record("bell", detail=detail, at=at, clock="ntp")


def now(future: Future[T]) -> T:
    """The result, with a deadline."""
    return future.result(timeout=10)


@contextmanager
def running(path: Path, posted: Callable[..., None] | None = None, **how: Any) -> Iterator[Store]:
    """A started store; stopped at the end."""
    store, _ = begun(path, posted, **how)
    try:
        yield store
    finally:
        store.stop(10)


@contextmanager
def occupied(store: Store) -> Iterator[None]:
    """The store's thread is busy with a question until the block ends."""
    asked, answered = threading.Event(), threading.Event()

    def busy(_: object) -> bool:
        asked.set()
        return answered.wait(10)

    done = store.ask(busy)
    try:
        assert asked.wait(10)
        yield
    finally:
        answered.set()
    assert now(done)


def begun(path: Path, posted: Callable[..., None] | None = None, **how: Any) -> tuple[Store, Remembered]:
    """A started store and what it remembered."""
    how = {"door": DOOR, "report_key": KEY, "retry_seconds": (3600.0, 3600.0), **how}
    store = Store(path, post=posted or Posted(), **how)
    return store, store.start()


def faults(posted: Posted) -> list[str | None]:
    """The faults told, in order."""
    return [event.fault for event in posted.of(StoreChanged)]


def read(path: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """What another program sees in the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def chain(path: Path, log: str | None = None, key: bytes = KEY) -> list[Row]:
    """The rows of a log (default: the newest one), each verified and each linked to the one before."""
    log = log or read(path, "SELECT log FROM logs ORDER BY position DESC LIMIT 1")[0][0]
    raws = [raw for (raw,) in read(path, "SELECT raw FROM rows WHERE log = ? ORDER BY seq", log)]
    return linked(raws, key)


def linked(raws: list[bytes], key: bytes = KEY) -> list[Row]:
    """The rows of these bytes, after checking that they are a whole log."""
    rows, previous = [], FIRST_PREV
    for seq, raw in enumerate(raws, 1):
        row = audit.parse(raw)
        assert audit.verify(key, DOOR, raw) == row.hash
        assert (row.seq, row.prev) == (seq, previous)
        previous = row.hash
        rows.append(row)
    return rows


def write_for_ever(path: Path, told: Connection) -> None:
    """Grant one step after the other, and tell each that is durable."""
    store, remembered = begun(path)
    step = max((used.step for used in remembered.access.used.values()), default=0)
    told.send(step)
    while True:
        step += 1
        store.keep([*granted(step), Remember("budget", step)]).result()
        told.send(step)
