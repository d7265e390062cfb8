"""Chatter: a key that presses itself, again and again; it is muted until it rests. Pure.

Ten presses make an attempt: a loose contact would type wrong guesses until the budget is empty.
"""

from __future__ import annotations

from door.events import Moment

RUN = 25  # presses of one key and no other: no code is so, and no thumb means it
PAUSE_MS = 1_000  # between two presses of a run; who waits longer looks where he presses
REST_MS = 5_000  # silent for so long, a key is well again


class Chatter:
    """Which keys of a keypad are muted."""

    def __init__(self) -> None:
        self._key = ""
        self._run = 0
        self._at: Moment = 0
        self._muted: dict[str, Moment] = {}  # each key, and when it was pressed last

    def mutes(self, key: str, now: Moment) -> bool:
        """Take one press; whether it is to be passed over."""
        self._forgive(now)
        goes_on = key == self._key and now - self._at <= PAUSE_MS
        self._key, self._run, self._at = key, self._run + 1 if goes_on else 1, now
        if self._run >= RUN or key in self._muted:
            self._muted[key] = now
        return key in self._muted

    def rest_ms(self, now: Moment) -> int | None:
        """How long until the last muted key is well again, if nothing is pressed; None: none is muted."""
        self._forgive(now)
        return max((at + REST_MS - now for at in self._muted.values()), default=None)

    def _forgive(self, now: Moment) -> None:
        self._muted = {key: at for key, at in self._muted.items() if now - at < REST_MS}
