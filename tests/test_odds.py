"""The odds are those of the door's code: live steps as contract.codes counts them, pairs as it compares."""

from __future__ import annotations

import hmac
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from house import NOW, House
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import Codes, Kind, Window
from door import odds, pairs
from door.check import LEARNT_WINDOW
from door.clock import Source
from door.events import ServerTime, SystemTime
from door.pairs import ISSUED
from door.rules import Rules

RULES = Rules(door="yuexin", door_key=bytes(32))
DAY = 86_400


@pytest.mark.parametrize("kind", ISSUED)
def test_the_most_live_steps_are_those_of_a_search_over_every_second(kind: Kind) -> None:
    """Two days, second by second (paper: minute by minute, windows change at its midnight)."""
    codes = Codes()
    every = 60 if kind is Kind.PAPER else 1
    found = max(
        len(codes.acceptable(kind, t)) for t in range(NOW, NOW + 2 * DAY // (1 if every > 1 else 48), every)
    )
    assert odds.most_live(kind, codes, NOW) == found == 2


@given(
    step=st.integers(10, 300), skew=st.integers(0, 299), grace=st.integers(0, 299), at=st.integers(0, 10**6)
)
def test_for_any_window_no_second_has_more(step: int, skew: int, grace: int, at: int) -> None:
    """And one has as many."""
    skew, grace = skew % (step + 1), grace % (step + 1)
    window = Window(step=step, skew=skew, grace=min(grace, step - skew))
    codes = Codes(windows={**Codes().windows, Kind.STAFF: window})
    moments = range(NOW + at, NOW + at + 2 * step)
    assert odds.most_live(Kind.STAFF, codes, NOW + at) == max(
        len(codes.acceptable(Kind.STAFF, moment)) for moment in moments
    )


def test_a_phone_is_guessed_at_by_its_widest_window() -> None:
    """A clock that a code has set accepts more around now."""
    learnt = odds.most_live(Kind.PHONE, RULES.codes, NOW, LEARNT_WINDOW)
    assert odds.single(Kind.PHONE, RULES, NOW).live == max(2, learnt)


def compared(kind: Kind, source: Source, at: int, *, listed: bool) -> int:
    """How many pairs the door compares a typed one with, at Unix second ``at``."""
    house = House(rules=RULES, clock=False)
    house.wait(max(0, at - NOW))
    if listed:
        house.enrol(AccessRecord("0427", kind, generation=2))
    if source is not Source.NONE:
        house.post(ServerTime(house.unix_ms))
    if source is Source.NTP:
        house.wait(25 * 3600)
        house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    assert house.state.reading(house.now).source is source
    seen: list[bytes] = []

    def compare(a: bytes, b: bytes) -> bool:
        seen.append(a)
        return hmac.compare_digest(a, b)

    first = pairs.First("0427", "000000", house.now)
    second = pairs.Attempt("0427", "000000")
    reading = house.state.reading(house.now)
    with patch.object(pairs, "hmac", SimpleNamespace(compare_digest=compare)):
        pairs.find(first, second, house.state.access, reading, house.now, house.rules)
    return len(seen)


@pytest.mark.parametrize("source", odds.SOURCES)
@pytest.mark.parametrize("kind", ISSUED)
def test_no_pair_is_compared_with_more_than_the_odds_count(kind: Kind, source: Source) -> None:
    """And with nearly as many: the bound is no excuse."""
    midnight = RULES.codes.begin(Kind.PAPER, RULES.codes.step(Kind.PAPER, NOW) + 1)
    moments = (NOW, midnight - 30, midnight, midnight + 59, midnight + 3600)
    most = max(compared(kind, source, at, listed=True) for at in moments)
    bound = odds.pairs_compared(kind, source, RULES, NOW)
    assert most <= bound <= most + 8


def test_a_number_on_no_record_is_no_better_guessed() -> None:
    found = compared(Kind.PHONE, Source.SERVER, NOW, listed=False)
    assert found <= odds.pairs_compared(Kind.PHONE, Source.SERVER, RULES, NOW)


def test_a_day_and_a_year_are_the_budget_and_the_pauses() -> None:
    single = odds.single(Kind.PHONE, RULES, NOW)
    assert (single.a_day, single.a_year) == (10 + 12, 10 + 12 * 366)
    double = odds.double(Kind.PHONE, Source.SERVER, RULES, NOW)
    assert (double.a_day, double.a_year) == (2880, 2880 * 366)
    assert odds.double(Kind.PHONE, Source.SERVER, RULES, NOW, typing_ms=10_000).a_day == 2160


@pytest.mark.parametrize("source", [Source.SERVER, Source.NTP])
def test_a_year_is_under_one_percent_for_every_kind(source: Source) -> None:
    """Promise 4, by the numbers in force; also for whoever types all he can."""
    for kind in ISSUED:
        single = odds.single(kind, RULES, NOW)
        double = odds.double(kind, source, RULES, NOW)
        both = odds.by_turns(single, double, RULES)
        assert max(single.per_year, double.per_year) <= both * 1.000001
        assert 0.008 < both < 0.01


def test_other_numbers_give_other_odds() -> None:
    """Eight digits are a hundred times harder; twice the budget's pace is twice as likely."""
    long = replace(RULES, codes=Codes(digits=8))
    fast = replace(RULES, budget_refill_ms=RULES.budget_refill_ms // 2)
    now = odds.worst_single(RULES, NOW)
    assert odds.worst_single(long, NOW).per_try == now.per_try / 100
    assert odds.worst_single(fast, NOW).per_year == pytest.approx(2 * now.per_year, rel=0.01)


def test_chances_add_up_as_chances_do() -> None:
    assert odds.chance(0.5, 2) == pytest.approx(0.75)
    assert odds.chance(1.0, 1) == 1.0
