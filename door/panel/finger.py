"""The finger that types for the visitor: as fast as the keypad follows, one key after the other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from door.panel.gestures import NotNowError

DOWN_SECONDS = 0.03
UP_SECONDS = 0.06  # longer than a key bounces
SEEN_SECONDS = 2.0  # on a machine that is busy a scan may be late; a finger waits for the click
TRIES = 2  # and presses again when there was none, as anybody would
MOST_WAITING = 3


class Finger:
    """``press(key, down)`` moves the switch; ``show(key)`` says where the finger is (None: nowhere)."""

    def __init__(self, press: Callable[[str, bool], None], show: Callable[[str | None], None]) -> None:
        self._press, self._show = press, show
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._run, name="finger", daemon=True)
        self._thread.start()

    def type(self, keys: str) -> None:
        """Type these soon; ``NotNowError`` while it has enough to do."""
        try:
            self._waiting.put_nowait(keys)
        except queue.Full:
            raise NotNowError("the finger is still typing; wait for it") from None

    def heard(self) -> None:
        """The door has answered a key."""
        self._heard.set()

    def _run(self) -> None:
        while (keys := self._waiting.get()) is not None:
            for key in keys:
                self._tap(key)
            self._show(None)

    def _tap(self, key: str) -> None:
        self._heard.clear()
        self._show(key)
        for _ in range(TRIES):
            self._press(key, True)
            clicked = self._heard.wait(SEEN_SECONDS)
            threading.Event().wait(DOWN_SECONDS)
            self._press(key, False)
            threading.Event().wait(UP_SECONDS)
            if clicked:
                return
