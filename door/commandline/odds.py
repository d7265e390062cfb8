"""``door odds``: the odds of guessing a way in, from the numbers in force, in words."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from door import odds as arithmetic
from door.budget import PAUSE_AT_MOST_MS, PAUSE_MS
from door.clock import Source
from door.commandline import words
from door.commandline.desk import Desk
from door.commandline.words import Tone
from door.odds import SOURCES, YEAR_DAYS, Odds
from door.rules import Rules

SAID = {
    Source.SERVER: "while the server tells the time",
    Source.NTP: "a day after the last answer of the server",
    Source.NONE: "while the door knows no time",
}


def odds(args: argparse.Namespace) -> int:
    """Say how likely a guess is to open: a try, a day, a year."""
    desk = Desk.of(args)
    rules, now = desk.rules, desk.now
    single = arithmetic.worst_single(rules, now)
    doubles = {source: arithmetic.worst_double(source, rules, now) for source in SOURCES}
    if args.json:
        sys.stdout.write(json.dumps(_complete(single, doubles, rules), indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(single, doubles, rules))
    return 0


def _complete(single: Odds, doubles: dict[Source, Odds], rules: Rules) -> dict[str, Any]:
    return {
        "single": _figures(single),
        "double": {source.value: _figures(double) for source, double in doubles.items()},
        "year_together": {
            source.value: _together(single, source, double, rules) for source, double in doubles.items()
        },
        "in_force": {
            "digits": rules.codes.digits,
            "windows": {kind.value: asdict(window) for kind, window in rules.codes.windows.items()},
            "budget_tokens": rules.budget_tokens,
            "budget_refill_ms": rules.budget_refill_ms,
            "pause_at_most_ms": PAUSE_AT_MOST_MS,
            "search_seconds": rules.search_seconds,
            "staff_search_seconds": rules.staff_search_seconds,
        },
    }


def _together(single: Odds, source: Source, double: Odds, rules: Rules) -> float:
    """A year of both by turns; without a time no single code opens."""
    return double.per_year if source is Source.NONE else arithmetic.by_turns(single, double, rules)


def _figures(odds: Odds) -> dict[str, Any]:
    chances = {"per_try": odds.per_try, "per_day": odds.per_day, "per_year": odds.per_year}
    return {**asdict(odds), "kind": odds.kind.value, **chances}


def _lines(single: Odds, doubles: dict[Source, Odds], rules: Rules) -> Iterator[str]:
    hours = rules.budget_refill_ms / 3_600_000
    yield words.tint("Guessing at this door", Tone.TITLE)
    yield "by somebody who knows a member number, never sleeps, and picks the best moment."
    yield ""
    yield f"Single codes (worst: {single.kind}; {single.live} live at once, of {single.among:,})"
    earned = f"{rules.budget_tokens} in store, one more every {hours:g} h of running time"
    yield from _three(single, "guesses", earned)
    pause = f"{PAUSE_AT_MOST_MS // 1000} s apart"
    why = (
        f"after a wrong pair the door pauses {PAUSE_MS // 1000} s, then twice as long, up to "
        f"{PAUSE_AT_MOST_MS // 1000} s; he types the next one meanwhile"
    )
    for source, double in doubles.items():
        yield ""
        yield f"Pairs in a lockout, {SAID[source]}"
        yield f"(worst: {double.kind}; at most {double.live:,} live at once, of {double.among:.0e})"
        yield from _three(double, "pairs", pause)
    yield ""
    yield from words.entry("pauses:", why)
    for source, double in doubles.items():
        year = _percent(_together(single, source, double, rules))
        yield from words.entry("a year:", f"{year} for all he can type, {SAID[source]}")
    silent = "`list-stale` is raised after a day without the server, long before a year of it has passed."
    yield from words.entry("", silent)


def _three(odds: Odds, noun: str, pace: str) -> Iterator[str]:
    yield from words.entry("a try", _one_in(odds.per_try))
    yield from words.entry("a day", f"{_one_in(odds.per_day)} ({odds.a_day:,} {noun}: {pace})")
    yield from words.entry(
        "a year", f"{_percent(odds.per_year)} ({odds.a_year:,} {noun} in {YEAR_DAYS} days)"
    )


def _one_in(chance: float) -> str:
    return f"1 in {round(1 / chance):,}"


def _percent(chance: float) -> str:
    return f"{100 * chance:.2g} %"
