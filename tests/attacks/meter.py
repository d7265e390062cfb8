"""Counts what a guesser gets: for every attempt the door judged, how many of all it would have taken.

Nobody hopes for a hit: a chance of two in a million is added up, not drawn, so no luck is in the result.
What is live is asked of the door itself: the steps its check compares with, and the pairs its search does.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from door import check, pairs

YEAR_DAYS = 366


@dataclass
class Meter:
    """Attempts that were judged, the most codes that were live for one, and the hits to be expected."""

    every: int = 1  # of so many pairs one is searched for in earnest: a search may take 90 ms
    singles: int = 0
    pairs: int = 0
    explained: int = 0  # single codes that were told to be late or used, for nothing
    opened: int = 0  # by luck after all
    live: int = 0
    later: int = 0  # more that a guess tells of, and that open afterwards
    live_pairs: int = 0
    hits: float = 0.0
    _steps: list[int] = field(default_factory=list)

    def chance(self, days: float, tokens: int = 10, digits: int = 6) -> float:
        """The chance of a year, from what was seen in so many days; what is in store is there but once."""
        first = min(tokens, self.singles)
        share = self.hits / self.singles if self.singles else 0.0
        share *= 1 + self.later / max(1, self.live)
        singles = share * (first + (self.singles - first) * YEAR_DAYS / days)
        of_pairs = self.live_pairs * self.pairs_a_year(days) / 10 ** (2 * digits)
        return -math.expm1(-singles - of_pairs)

    def singles_a_year(self, days: float, tokens: int = 10) -> int:
        """So many single guesses, the store of tokens counted once."""
        first = min(tokens, self.singles)
        return first + round((self.singles - first) * YEAR_DAYS / days)

    def pairs_a_year(self, days: float) -> int:
        """So many pairs."""
        return round(self.pairs * YEAR_DAYS / days)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """While the block runs, everything that any door judges is counted."""
        real = SimpleNamespace(answer=check.answer, newest=check.match_newest, find=pairs.find)
        with (
            patch.object(check, "answer", lambda *asked: self._answer(real.answer, *asked)),
            patch.object(check, "match_newest", lambda *asked: self._match(real.newest, *asked)),
            patch.object(pairs, "find", lambda *asked: self._find(real.find, *asked)),
        ):
            yield

    def _answer(self, real: Any, digits: str, first: Any, asked: Any) -> Any:
        self._steps.clear()
        answer = real(digits, first, asked)
        if isinstance(answer, check.Grant):
            self.opened += 1
        if self._steps:  # what opens is searched for with ``match_newest``
            if answer.__class__ is check.Denial and answer.cue is check.NOT_NOW:
                self.explained += 1
            self.singles += 1
            self.live = max(self.live, self._steps[0])
            self.hits += self._steps[0] / 10**asked.rules.codes.digits
        return answer

    def _match(self, real: Any, secret: bytes, typed: str, steps: range) -> Any:
        self._steps.append(len(steps))
        return real(secret, typed, steps)

    def _find(self, real: Any, first: Any, second: Any, *asked: Any) -> Any:
        if second.member not in (None, first.member):
            return None
        self.pairs += 1
        if self.pairs % self.every != 1 % self.every:
            return None
        compared: list[bytes] = []

        def compare(a: bytes, b: bytes) -> bool:
            compared.append(a)
            return hmac.compare_digest(a, b)

        with patch.object(pairs, "hmac", SimpleNamespace(compare_digest=compare)):
            found = real(first, second, *asked)
        self.live_pairs = max(self.live_pairs, len(compared))
        return found
