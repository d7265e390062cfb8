"""The guesser's odds of docs/security.md, by simple arithmetic from the rules and the door's own code.

How many codes are live at once is counted: single ones by the windows, double ones by how many pairs the door
compares with what was typed.
The guesser knows a member number, never sleeps, times each guess for the moment with the most live codes,
and is never interrupted by a member's success.
"""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from types import SimpleNamespace
from unittest.mock import patch

from contract.access import AccessRecord
from contract.codes import Kind
from door import budget, pairs
from door.events import ServerTime, SystemTime
from door.rules import Rules
from tests.house import NOW, House

YEAR_MS = 366 * 86_400_000
ISSUED = (Kind.PHONE, Kind.STAFF, Kind.PAPER)


@dataclass(frozen=True)
class Odds:
    """Of one sort of guess: codes live at once, among how many, and guesses a year."""

    what: str
    live: int
    among: int
    guesses: int

    @property
    def guess(self) -> float:
        """The chance of one guess."""
        return self.live / self.among

    @property
    def year(self) -> float:
        """The chance of a year of them."""
        return -math.expm1(self.guesses * math.log1p(-self.guess))


def single(kind: Kind, rules: Rules) -> Odds:
    """Guessing single codes: the budget is all there is."""
    window, first = rules.codes.windows[kind], rules.codes.step(kind, NOW)
    begins = (rules.codes.begin(kind, step) - window.skew for step in range(first, first + 9))
    live = max(len(rules.codes.acceptable(kind, moment)) for moment in begins)
    guesses = rules.budget_tokens + YEAR_MS // rules.budget_refill_ms
    return Odds(f"single, {kind}", live, 10**rules.codes.digits, guesses)


def double(kind: Kind, source: str, rules: Rules) -> Odds:
    """Guessing double codes in a lockout: free, but for the pause after each wrong pair."""
    house = House(rules=rules, clock=False)
    house.enrol(AccessRecord("0427", kind, generation=2))
    house.post(ServerTime(NOW * 1000))  # so there is a lease, and a known past to search from
    house.wait(25 * 3600)  # and what the server said of the time is too old
    if source == "ntp":
        house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    if source == "server":
        house.post(ServerTime(house.unix_ms))
    house.drain()
    return Odds(
        f"double, {kind}, time from {source}",
        _compared(house),
        10 ** (2 * rules.codes.digits),
        YEAR_MS // budget.PAUSE_AT_MOST_MS,
    )


def both(kind: Kind, source: str, rules: Rules) -> float:
    """The chance in a year of somebody who spends each token as it comes, and guesses pairs in between."""
    return 1 - (1 - single(kind, rules).year) * (1 - double(kind, source, rules).year)


def table(rules: Rules) -> str:
    """All of them, as the document has it."""
    found = [single(kind, rules) for kind in ISSUED]
    found += [double(kind, source, rules) for source in ("server", "ntp") for kind in ISSUED]
    lines = [
        "| guess | live at once | one guess | guesses a year | chance in a year |",
        "|---|---|---|---|---|",
    ]
    for odds in found:
        one = f"1 in {odds.among // odds.live:,}"
        lines.append(f"| {odds.what} | {odds.live:,} | {one} | {odds.guesses:,} | {100 * odds.year:.2g} % |")
    for source in ("server", "ntp"):
        for kind in ISSUED:
            year = both(kind, source, rules)
            lines.append(f"| both by turns, {kind}, time from {source} | | | | {100 * year:.2g} % |")
    return "\n".join(lines)


def _compared(house: House) -> int:
    """How many pairs a typed one is compared with."""
    counted = []

    def compare(a: bytes, b: bytes) -> bool:
        counted.append(a)
        return hmac.compare_digest(a, b)

    house.at_once("0427000000")
    with patch.object(pairs, "hmac", SimpleNamespace(compare_digest=compare)):
        house.at_once("000000#")
    return len(counted)
