"""Guessers who use every trick at the real core: none has 1 % in a year, and no member is shut out by any."""

from __future__ import annotations

import inspect
import random
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from contract.access import AccessRecord
from contract.codes import Kind, derive, otp
from door import budget, check, odds
from door.accesslist import Used
from door.clock import Source
from tests.attacks import doubles, forger, plug, table
from tests.attacks.meter import Meter
from tests.attacks.table import ATTACKS, Attack, Found
from tests.attacks.target import NUMBERS, Target
from tests.attacks.visitors import visit
from tests.house import KEY, NOW, House

ONE_PERCENT = 0.01
BY_WHAT = {attack.what: attack for attack in ATTACKS}
EACH = [(attack.what, kind) for attack in ATTACKS for kind in attack.kinds]
WRITTEN = table.SECURITY.read_text("utf-8")


@cache
def piece(what: str, kind: Kind) -> Found:
    """A short while of an attack; a year is that over and over again."""
    return table.attacked(BY_WHAT[what], kind, BY_WHAT[what].piece)


# -- under one per cent ---------------------------------------------------------------------------


@pytest.mark.parametrize("what, kind", EACH)
def test_a_guesser_has_less_than_one_percent_in_a_year(what: str, kind: Kind) -> None:
    found = piece(what, kind)
    assert found.meter.singles + found.meter.pairs > 20
    assert 0 < found.chance < ONE_PERCENT
    assert found.meter.later == 0


@pytest.mark.parametrize("what", BY_WHAT)
def test_the_table_in_the_document_is_not_stale(what: str) -> None:
    """What is live, and how often, as a piece finds it; and a chance that is their product."""
    told = table.row(what, WRITTEN)
    found = piece(what, Kind(told["kind"]))
    meter, days = found.meter, found.days
    live, singles, live_pairs, pairs = (int(told[n] or 0) for n in ("live", "singles", "live pairs", "pairs"))
    assert live == meter.live
    assert singles == pytest.approx(meter.singles_a_year(days), rel=0.1)
    if not singles:
        assert live_pairs == pytest.approx(meter.live_pairs, abs=10)
        assert pairs == pytest.approx(meter.pairs_a_year(days), rel=0.05)
    chance = singles * live / 10**6 + pairs * live_pairs / 10**12
    assert float(told["chance"].split()[0]) == pytest.approx(100 * chance, rel=0.06)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.what)
def test_a_whole_year_is_as_it_is_written(attack: Attack) -> None:
    found = table.worst(attack)
    assert found.chance < ONE_PERCENT
    assert table.line(attack, found) in WRITTEN.splitlines()


@pytest.mark.parametrize("kind", table.ALL)
def test_door_odds_says_what_the_attack_finds(kind: Kind) -> None:
    rules = Target().rules
    single, found = odds.single(kind, rules, NOW), piece("single codes, at all numbers", kind)
    assert found.meter.live == single.live
    assert 0.7 * single.per_year < found.chance <= single.per_year * 1.0001
    for what, source in (
        ("pairs in a lockout", Source.SERVER),
        ("pairs in a lockout, time from NTP", Source.NTP),
    ):
        double, found = odds.double(kind, source, rules, NOW), piece(what, kind)
        assert 0.85 * double.live <= found.meter.live_pairs <= double.live
        assert found.meter.pairs_a_year(found.days) == pytest.approx(double.a_year, rel=0.05)


# -- what is counted is what opens ----------------------------------------------------------------


def asked(house: House) -> check.Asked:
    """What an attempt is judged by at this moment."""
    return check.Asked(
        house.state.access, house.state.reading(house.now), house.state.room(house.rules),
        house.state.budget.lockout, house.now, house.rules,
    )  # fmt: skip


def moments() -> list[tuple[str, House, str, Kind]]:
    """Doors at moments of every sort: fresh, after a used code, by another clock, in the small hours."""
    found = []
    for kind in table.ALL:
        number = NUMBERS[kind][0]
        for name, seconds, used in (
            ("fresh", 0, None),
            ("two live", 100, None),
            ("used", 100, 0),
            ("night", 62_000, None),
        ):
            house = Target()
            house.sleep(seconds)
            if used is not None:
                step = house.rules.codes.step(kind, house.unix_ms // 1000)
                house.access.used[number, kind] = Used(1, step, 10)
            found.append((f"{name} {kind}", house, number, kind))
    by_code = Target()
    by_code.silence()
    by_code.double("0815")
    return [*found, ("by a code phone", by_code, NUMBERS[Kind.PHONE][0], Kind.PHONE)]


MOMENTS = moments()


def counted(house: House, number: str) -> int:
    """How many codes the meter says are live."""
    meter = Meter()
    with meter.counting():
        check.answer(number + "000000", None, asked(house))
    return meter.live


def opening(house: House, number: str, codes: list[str]) -> set[str]:
    """Those that the door would let in."""
    judged = asked(house)
    return {code for code in codes if isinstance(check.answer(number + code, None, judged), check.Grant)}


@pytest.mark.parametrize("name, house, number, kind", MOMENTS, ids=[name for name, *_ in MOMENTS])
def test_so_many_codes_open_as_are_counted(
    name: str, house: House, number: str, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of all steps around, and thousands by chance: exactly so many are let in."""
    secret = derive(KEY, house.rules.door, kind, number, 1)
    here = house.rules.codes.step(kind, house.unix_ms // 1000)
    codes = {otp(secret, step, 6) for step in range(here - 300, here + 300)}
    rng = random.Random(name)
    codes |= {f"{rng.randrange(10**6):06}" for _ in range(1000)}
    monkeypatch.setattr(check, "EXPLAINED_S", 0)  # what is explained does not open, and takes longest
    assert len(opening(house, number, sorted(codes))) == counted(house, number)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name, house, number, kind", MOMENTS[::4], ids=[name for name, *_ in MOMENTS[::4]])
def test_of_all_the_million_codes_so_many_open(
    name: str, house: House, number: str, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "EXPLAINED_S", 0)
    codes = [f"{n:06}" for n in range(10**6)]
    assert len(opening(house, number, codes)) == counted(house, number)


def test_no_moment_was_chosen_for_having_nothing_live() -> None:
    assert {counted(house, number) for _, house, number, _ in MOMENTS} == {0, 1, 2}


# -- the attacks find what they look for ----------------------------------------------------------


def worse(patch: pytest.MonkeyPatch, module: ModuleType, name: str, old: str, new: str) -> None:
    """A function of the core with a hole in it."""
    text = inspect.getsource(getattr(module, name))
    assert text.count(old) == 1
    scope: dict[str, Any] = {}
    exec(
        compile("from __future__ import annotations\n" + text.replace(old, new), name, "exec"),
        vars(module),
        scope,
    )
    patch.setattr(module, name, scope[name])


def test_a_plug_that_ended_the_pause_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    worse(
        monkeypatch, budget, "restored", "ms = int(str(pause or 0)) if sound else PAUSE_AT_MOST_MS", "ms = 0"
    )
    meter = Meter(every=100)
    plug.pairs(Target(), Kind.STAFF, 0.05, meter)
    assert meter.chance(0.05) > 2 * ONE_PERCENT


@pytest.mark.parametrize("kind, live", [(Kind.PHONE, 14), (Kind.STAFF, 55)])
def test_a_late_code_told_by_a_forged_clock_would_be_found(
    kind: Kind, live: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse(monkeypatch, check, "_wrong_single", "min(over, acceptable.start)", "acceptable.start")
    meter = Meter()
    forger.single_codes(Target(), kind, 0.5, meter)
    assert meter.live + meter.later >= live
    assert meter.chance(0.5) > 5 * ONE_PERCENT


def test_tokens_that_came_back_during_pauses_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    worse(
        monkeypatch, budget, "wrong_pair", "level=level(budget, now, rules), at=until, pause_ms", "pause_ms"
    )
    meter = Meter(every=1000)
    doubles.by_turns(Target(), Kind.PHONE, 0.5, meter)
    assert meter.chance(0.5) > 1.2 * ONE_PERCENT


def test_a_budget_full_again_after_each_cut_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    full = "Budget(10 * 7_200_000, now + ms, lockout=False"
    worse(monkeypatch, budget, "restored", "Budget(stored, now + ms, lockout=lockout", full)
    meter = Meter()
    plug.single_codes(Target(), Kind.PHONE, 0.2, meter)
    assert meter.chance(0.2) > 2 * ONE_PERCENT


# -- nobody is shut out ---------------------------------------------------------------------------

DAY = [(Kind.PHONE, "0427"), (Kind.STAFF, NUMBERS[Kind.STAFF][5]), (Kind.PAPER, NUMBERS[Kind.PAPER][5])] + [
    (Kind.PHONE, f"{number:04}") for number in range(500, 509)
]


def empties_the_budget(door: Target) -> None:
    door.drain()


def types_pairs(door: Target) -> None:
    door.drain()
    for _ in range(8):
        door.whole("8888")


def pulls_the_plug(door: Target) -> None:
    door.drain()
    door.whole("8888")
    door.power_cut(5)


def cuts_plug_and_line(door: Target) -> None:
    door.silence()
    for _ in range(3):
        door.whole("8888")


def leaves_digits(door: Target) -> None:
    door.drain()
    door.at_once("88881234")


def leaves_a_first_half(door: Target) -> None:
    door.drain()
    door.at_once(door.code("0427"))


VANDALS = (
    empties_the_budget,
    types_pairs,
    pulls_the_plug,
    cuts_plug_and_line,
    leaves_digits,
    leaves_a_first_half,
)


@pytest.mark.parametrize("vandal", VANDALS, ids=lambda vandal: vandal.__name__)
def test_no_visit_of_the_day_is_shut_out_by_a_vandal(vandal: Any) -> None:
    """He steps aside, members of every kind come at once, and an hour later he is back."""
    door = Target()
    for kind, member in DAY:
        vandal(door)
        went = visit(door, member, kind)
        assert went.let_in, went
        assert went.seconds < 60, went
        door.sleep(3600)


def test_a_member_who_is_guessed_at_all_day_gets_in_at_once() -> None:
    """Hundreds of failures at his number, and no lockout: he is asked for a second code, and that is all."""
    door = Target()
    door.access.failures["0427"] = 400
    went = visit(door, "0427", Kind.PHONE)
    assert (went.let_in, went.doubled) == (True, True)
    assert went.seconds < 20
    door.sleep(300)
    assert visit(door, "0427", Kind.PHONE).doubled is False


# -- what is said plainly -------------------------------------------------------------------------


def test_who_knows_the_first_half_guesses_2880_second_ones_a_day() -> None:
    """Of a sheet, in a lockout: one in a million each, limited by the pauses alone."""
    door, guesses = Target(), 0
    door.drain()
    number = NUMBERS[Kind.PAPER][0]
    first = door.code(number, Kind.PAPER)
    end = door.unix_ms + 3_600_000
    while door.unix_ms < end:
        door.wait(max(0, door.state.budget.pause_until - door.now) / 1000)
        door.at_once(first)
        door.at_once("000000#")
        guesses += 1
    assert guesses == pytest.approx(2880 / 24, abs=5)
    assert door.access.record(number) == AccessRecord(number, Kind.PAPER)


def test_a_near_guess_at_the_next_code_is_given_back_when_its_member_gets_in_before() -> None:
    """The leak that security.md speaks of: who sees the level learns that his guess was near."""
    door = Target()
    door.sleep(100)
    after = door.code("0427", later=1)
    door.at_once(after[:-1] + str((int(after[-1]) + 1) % 10))
    assert round(door.tokens, 1) == 9
    door.at_once(door.code("0427"))
    assert round(door.tokens, 1) == 10
