"""Waiting with a deadline: for a condition, or for what was posted to the door's queue."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], object], seconds: float = 30, step: float = 0.01) -> float:
    """Wait until ``condition()`` is true; the seconds it took. ``AssertionError`` at the deadline."""
    began = time.monotonic()
    pause = threading.Event()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {condition}"
        pause.wait(step)
    return time.monotonic() - began


class Posted:
    """Stands where the door's queue stands, and keeps what is posted."""

    def __init__(self) -> None:
        self.all: list[object] = []
        self._queue: queue.Queue[object] = queue.Queue()

    def __call__(self, event: object) -> None:
        """Post an event."""
        self.all.append(event)
        self._queue.put(event)

    def next(self, kind: type[T], seconds: float = 30) -> T:
        """The next event of this kind; others before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            event = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            if isinstance(event, kind):
                return event

    def of(self, kind: type[T]) -> list[T]:
        """All events of this kind so far."""
        return [event for event in self.all if isinstance(event, kind)]
