"""The end of the log for whoever follows it through the control socket: rows as soon as they are durable."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from door.store import Store

AT_ONCE = 100  # rows in one answer: less than half a megabyte
WAIT_AT_MOST = 30.0  # seconds a question may wait for news
STORE_SECONDS = 5.0
_ROWS = "SELECT raw FROM rows WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?"


class Tail:
    """Answers ``{"log", "after", "wait"}`` with ``{"log", "rows"}``: its rows, and the present log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = threading.Condition()

    def written(self) -> None:
        """New rows are durable."""
        with self._news:
            self._news.notify_all()

    def answer(self, args: Mapping[str, Any]) -> Mapping[str, object]:
        """The rows above ``after``; for the present log wait up to ``wait`` seconds until there is one."""
        log, after, wait = args.get("log"), args.get("after"), args.get("wait", 0)
        if not (isinstance(log, str) and isinstance(after, int) and isinstance(wait, int)):
            raise ValueError("rows are asked for by log, after and wait")
        end = time.monotonic() + min(wait, WAIT_AT_MOST)
        with self._news:
            self._news.wait_for(
                lambda: self._store.log != log or self._store.seq > after, max(0.0, end - time.monotonic())
            )
        present = self._store.log  # read first: what is written to another log meanwhile is asked for next
        try:
            rows = self._rows(log, after).result(STORE_SECONDS)
        except Exception:  # noqa: BLE001  (the store says itself what is wrong with it)
            rows = []
        return {"log": present, "rows": rows}

    def _rows(self, log: str, after: int) -> Future[list[str]]:
        def question(db: sqlite3.Connection) -> list[str]:
            found = db.execute(_ROWS, (log, after, AT_ONCE))
            return [raw.decode("ascii", "replace") for (raw,) in found]

        return self._store.ask(question)
