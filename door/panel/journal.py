"""What the page is told: the world as it is, and what happened, each once to every page that listens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

KEPT = 300  # things that happened, for a page that is opened late
FLASHES = 100  # changes of lamp and buzzer, for pages that listen now


@dataclass(frozen=True, slots=True)
class News:
    """What is new to one listener: the parts of the state that changed, what happened, where to go on."""

    state: Mapping[str, Any]
    happened: tuple[Mapping[str, Any], ...]
    version: int
    serial: int


class Journal:
    """Any thread may write; any number listen."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state: dict[str, tuple[int, Any]] = {}  # each part with the version it is of
        self._version = 0
        self._happened: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._flashes: deque[dict[str, Any]] = deque(maxlen=FLASHES)
        self._serial = 0
        self._closed = False

    @property
    def state(self) -> Mapping[str, Any]:
        """The world as it is."""
        with self._changed:
            return {name: part for name, (_, part) in self._state.items()}

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def show(self, **parts: Any) -> None:
        """These parts of the state are so from now on."""
        with self._changed:
            new = {name: part for name, part in parts.items() if self._state.get(name, (0, self))[1] != part}
            if new:
                self._version += 1
                self._state.update({name: (self._version, part) for name, part in new.items()})
                self._changed.notify_all()

    def tell(self, what: str, **thing: Any) -> None:
        """Something happened."""
        self._put(self._happened, what, thing)

    def flash(self, what: str, **thing: Any) -> None:
        """Something happened that is soon of no interest."""
        self._put(self._flashes, what, thing)

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def news(self, version: int, serial: int, seconds: float) -> News:
        """What is new since ``version`` and ``serial``; waits for something, but not longer than told."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._version != version or self._serial != serial, seconds
            )
            state = {name: part for name, (since, part) in self._state.items() if since > version}
            new = [thing for thing in (*self._happened, *self._flashes) if thing["n"] > serial]
            new.sort(key=itemgetter("n"))
            return News(state, tuple(new), self._version, self._serial)

    def _put(self, where: deque[dict[str, Any]], what: str, thing: Mapping[str, Any]) -> None:
        with self._changed:
            self._serial += 1
            where.append({"n": self._serial, "what": what, **thing})
            self._changed.notify_all()
