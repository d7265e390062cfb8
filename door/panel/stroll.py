"""Moves the street while something in it moves, and tells what its sensors see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from door.panel.street import STEP_SECONDS, Street, step


class Stroll:
    """``moved(street)`` is called after every step that changed it, from a thread of its own."""

    def __init__(self, moved: Callable[[Street], None]) -> None:
        self._moved = moved
        self._changed = threading.Condition()
        self._street = self._told = Street()
        self._unlocked = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="stroll", daemon=True)
        self._thread.start()

    @property
    def street(self) -> Street:
        """Where everybody is."""
        return self._street

    def change(self, how: Callable[[Street], Street]) -> bool:
        """Somebody wants something else; whether that changed anything."""
        with self._changed:
            before, self._street = self._street, how(self._street)
            self._changed.notify()
            return self._street != before

    def unlock(self, unlocked: bool) -> None:
        """The strike has let go, or holds again."""
        with self._changed:
            self._unlocked = unlocked
            self._changed.notify()

    def end(self) -> None:
        """Nobody moves any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._next() != self._told)
                if self._ended:
                    return
                street = self._street = self._told = self._next()
            self._moved(street)
            time.sleep(STEP_SECONDS)

    def _next(self) -> Street:
        return step(self._street, unlocked=self._unlocked)
