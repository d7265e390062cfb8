"""The odds of a guess, from the rules in force: for the worst kind, at the best-timed moment.

The guesser knows a member number, never sleeps, and makes each guess when most codes are live. Single codes
are paid for from the budget. Pairs are free but for the pause after each wrong one; that the next is typed
while the pause lasts is granted to him. Counts of live codes are upper bounds, so the odds are too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from contract.codes import CARD_PAIRS_AHEAD, Codes, Kind, Window
from door.budget import PAUSE_AT_MOST_MS
from door.check import LEARNT_WINDOW
from door.clock import Source
from door.pairs import BUNDLE_AHEAD_S, GENERATIONS_AHEAD, ISSUED
from door.rules import Rules

DAY_MS = 86_400_000
YEAR_DAYS = 366
SOURCES = (Source.SERVER, Source.NTP, Source.NONE)  # rtc, manual and code count as ntp does
LOOKED_AT = 4  # steps around a moment: what is live repeats with each


@dataclass(frozen=True, slots=True)
class Odds:
    """Of one sort of guess: codes ``live`` at once ``among`` how many, and how many guesses there are."""

    kind: Kind
    live: int
    among: int
    a_day: int  # the first, with a full budget
    a_year: int

    @property
    def per_try(self) -> float:
        """The chance of one guess."""
        return self.live / self.among

    @property
    def per_day(self) -> float:
        """The chance that one of the first day's guesses is right."""
        return chance(self.per_try, self.a_day)

    @property
    def per_year(self) -> float:
        """The same of a year's."""
        return chance(self.per_try, self.a_year)


def chance(per_try: float, tries: int) -> float:
    """The chance that at least one of so many independent tries is right."""
    return 1.0 if per_try >= 1 else -math.expm1(tries * math.log1p(-per_try))


def by_turns(single: Odds, double: Odds, rules: Rules) -> float:
    """A year of all he can type: what is in store, and then single codes or pairs, whichever is more likely.

    Not both: nothing refills during the pause after a wrong pair (``budget.wrong_pair``).
    """
    store = chance(single.per_try, rules.budget_tokens)
    earned = chance(single.per_try, single.a_year - rules.budget_tokens)
    return 1 - (1 - store) * (1 - max(earned, double.per_year))


def single(kind: Kind, rules: Rules, around: int) -> Odds:
    """Guessing single codes of ``kind`` at the best moment near Unix second ``around``."""
    live = most_live(kind, rules.codes, around)
    if kind is Kind.PHONE:  # a clock that a code has set judges phones by a wider window
        live = max(live, most_live(kind, rules.codes, around, LEARNT_WINDOW))
    refill = rules.budget_refill_ms
    a_day, a_year = (rules.budget_tokens + days * DAY_MS // refill for days in (1, YEAR_DAYS))
    return Odds(kind, live, 10**rules.codes.digits, a_day, a_year)


def double(kind: Kind, source: Source, rules: Rules, around: int, typing_ms: int = 0) -> Odds:
    """Guessing pairs at a number of ``kind`` while the time comes from ``source``.

    ``typing_ms`` is what a pair takes beyond the pause before it; 0 for one typed while the pause lasts.
    """
    every = PAUSE_AT_MOST_MS + typing_ms
    live = pairs_compared(kind, source, rules, around)
    return Odds(kind, live, 10 ** (2 * rules.codes.digits), DAY_MS // every, YEAR_DAYS * DAY_MS // every)


def most_live(kind: Kind, codes: Codes, around: int, window: Window | None = None) -> int:
    """The most steps of ``kind`` ever acceptable at once; what is live changes only where a window begins."""
    skew = (window or codes.windows[kind]).skew
    here = codes.step(kind, around)
    begins = [codes.begin(kind, step) - skew for step in range(max(1, here - LOOKED_AT), here + LOOKED_AT)]
    return max(len(codes.acceptable(kind, moment, window=window)) for moment in begins)


def pairs_compared(kind: Kind, source: Source, rules: Rules, around: int) -> int:
    """How many pairs, at most, a typed one is compared with at a number of ``kind`` (``pairs.find``)."""
    live = {each: most_live(each, rules.codes, around) for each in ISSUED}
    found = CARD_PAIRS_AHEAD
    if source is not Source.NONE:
        others = sum(live.values()) - live[kind] if kind is Kind.PHONE else 0  # a number on no record
        found += live[kind] + others + GENERATIONS_AHEAD * sum(live.values())
    if source is not Source.SERVER:
        found += _searched(kind, rules)
    return found


def _searched(kind: Kind, rules: Rules) -> int:
    """Steps from known past on that a door searches which is not sure of now."""
    reach = (rules.staff_search_seconds if kind is Kind.STAFF else rules.search_seconds) + BUNDLE_AHEAD_S
    return -(-reach // rules.codes.windows[kind].step) + 1


def worst_single(rules: Rules, around: int) -> Odds:
    """Of the kind that is guessed best."""
    return max((single(kind, rules, around) for kind in ISSUED), key=lambda odds: odds.per_try)


def worst_double(source: Source, rules: Rules, around: int) -> Odds:
    """Of the kind whose pairs are guessed best."""
    return max((double(kind, source, rules, around) for kind in ISSUED), key=lambda odds: odds.per_try)
