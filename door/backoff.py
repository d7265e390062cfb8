"""When to try again, and how to say once that something is wrong."""

from __future__ import annotations

import logging
import random


class Backoff:
    """Waits that double from ``least`` to ``most`` seconds, each shortened by up to a quarter.

    The jitter keeps all doors of a district from coming back to their server in the same second.
    """

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self._next = least

    def wait(self) -> float:
        """Seconds to wait before the next try."""
        seconds, self._next = self._next, min(self._next * 2, self._most)
        return jittered(seconds)

    def reset(self) -> None:
        """The last try succeeded."""
        self._next = self._least


def jittered(seconds: float) -> float:
    """``seconds``, shortened by up to a quarter."""
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, keeps no secret


class Trouble:
    """Says each trouble once, and once that all is well again; repetitions go to the debug level."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: set[str] = set()

    def say(self, text: str) -> bool:
        """Say ``text`` unless it is being said already; whether it was new."""
        new = text not in self._said
        self._said.add(text)
        self._log.log(logging.WARNING if new else logging.DEBUG, "%s", text)
        return new

    def over(self, text: str) -> bool:
        """Say ``text`` if there was any trouble; whether there was."""
        if not self._said:
            return False
        self._said.clear()
        self._log.info("%s", text)
        return True
