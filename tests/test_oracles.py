"""What a guess tells: nothing, by what is shown, by the work done or by the time taken."""

from __future__ import annotations

import gc
import hmac
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import pyotp.otp
import pytest

from contract import codes
from contract.access import AccessRecord, revoke
from contract.codes import Kind
from door import check, controller, pairs, view
from door.effects import Cue, Effect, Record, Remember
from door.events import KeyPressed, ListReceived, StoreChanged, SystemTime
from door.modes import Mode, ModeState
from door.pairs import First
from tests.house import House, cues, replace, wrong

MEMBERS = (
    AccessRecord("0427"),
    AccessRecord("0500", Kind.STAFF),
    AccessRecord("0600", Kind.PAPER),
    AccessRecord("0800", suspended_until=2**33),
    revoke(AccessRecord("0700")),
)


def room() -> House:
    house = House()
    house.post(ListReceived(1, "1" * 64, True, MEMBERS))
    return house


def lockout() -> House:
    house = room()
    house.drain("9998")
    return house


def lockdown() -> House:
    house = room()
    house.state = replace(house.state, mode=ModeState(Mode.LOCKDOWN))
    return house


def no_store() -> House:
    house = room()
    house.post(StoreChanged("io"))
    return house


def no_clock() -> House:
    house = room()
    house.clock = False
    house.power_cut(3600)
    return house


def ntp_in_a_lockout() -> House:
    house = no_clock()
    house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    for number in range(9100, 9110):  # one each, or every guess would be looked for as a pair
        house.at_once(wrong(house.code(str(number))))
    return house


CASES = (lockout, lockdown, no_store, no_clock, ntp_in_a_lockout)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


def halves(house: House) -> dict[str, str]:
    """Attempts that mean something, and others."""
    right = house.code("0427")
    return {
        "right": right,
        "wrong": wrong(right),
        "near": right[:-1] + str((int(right[-1]) + 1) % 10),
        "late": house.code("0427", later=-3),
        "early": house.code("0427", later=3),
        "staff": house.code("0500", Kind.STAFF),
        "staff, wrong": wrong(house.code("0500", Kind.STAFF)),
        "paper": house.code("0600", Kind.PAPER),
        "of a card": house.card("0427", 1)[0],
        "issued anew": house.code("0427", generation=2),
        "revoked": house.code("0700"),
        "suspended": house.code("0800"),
        "on no record": house.code("9123"),
        "on no record, wrong": wrong(house.code("9123")),
        "never issued": "0000123456",
    }


@contextmanager
def working() -> Iterator[Counter[str]]:
    """Counts HMACs and comparisons: the work of a decision, whatever the machine is doing besides."""
    done: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            done[name] += 1
            return real(*args, **kwargs)

        return call

    spy = SimpleNamespace(
        new=counted("otp", hmac.new),
        digest=counted("kdf", hmac.digest),
        compare_digest=counted("compare", hmac.compare_digest),
    )
    modules = (pyotp.otp, codes, pairs)
    with (
        patch.object(modules[0], "hmac", spy),
        patch.object(codes, "hmac", spy),
        patch.object(pairs, "hmac", spy),
    ):
        yield done


def told(case: Callable[[], House], *typed: str) -> tuple[object, ...]:
    """All that anybody can see, hear, read on the broker or measure of attempts typed at a new door."""
    house = case()
    effects: list[Effect] = []
    with working() as done:
        for digits in typed:
            effects += house.at_once(digits)
    house.log.clear()
    later = house.wait(700)
    return (
        effects,
        view.state(house.state, house.now, house.rules),
        view.occupancy(house.state, house.rules),
        later,
        done,
    )


# -- the first of two codes -----------------------------------------------------------------------


@every_case
def test_every_first_code_shows_leaves_and_costs_the_same(case: Callable[[], House]) -> None:
    found = {name: told(case, digits) for name, digits in halves(case()).items()}
    assert cues(found["right"][0]) == [Cue.SECOND_CODE]  # type: ignore[arg-type]
    assert {name for name, seen in found.items() if seen != found["wrong"]} == set()


@every_case
def test_a_door_that_looks_at_the_first_code_is_found_out_by_its_work(
    case: Callable[[], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above could not tell."""
    monkeypatch.setattr(check, "_pair_only", looks_at_the_first)
    typed = halves(case())
    assert told(case, typed["right"])[-1] != told(case, typed["never issued"])[-1]


def looks_at_the_first(
    member: str, attempt: codes.Attempt, first: First | None, asked: check.Asked
) -> check.Answer:
    """A door that stops at the first step that fits, and only then asks for the second code."""
    record = asked.access.record(member)
    secret = codes.derive(asked.rules.door_key, asked.rules.door, record.kind, member, record.generation)
    here = asked.rules.codes.step(record.kind, asked.reading.best)
    for step in range(here - 2, here + 40):
        if codes.otp(secret, step, 6) == attempt.otp:
            break
    return check.Second(First(member, attempt.otp, asked.now), durable=False)


# -- wrong pairs ----------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("member, kind", [("0427", Kind.PHONE), ("0500", Kind.STAFF), ("0600", Kind.PAPER)])
def test_a_pair_with_a_right_half_is_as_wrong_as_any(
    case: Callable[[], House], member: str, kind: Kind
) -> None:
    """The same cue, pause, rows and work; neither half is ever told to be right."""
    house = case()
    first, second = house.code(member, kind), house.second(member, kind)
    bad = wrong(member + second)[len(member) :]
    right_first = told(case, first, bad + "#")
    right_second = told(case, wrong(first), second + "#")
    neither = told(case, wrong(first), bad + "#")
    assert cues(neither[0]) == [Cue.SECOND_CODE, Cue.WRONG]  # type: ignore[arg-type]
    assert right_first == right_second == neither


def test_pauses_are_the_same_whatever_was_guessed() -> None:
    def pauses(second: str) -> list[int]:
        house, found = lockout(), []
        for _ in range(6):
            house.at_once(house.code("0427"))
            house.at_once(second + "#")
            found.append(house.state.budget.pause_until - house.now)
            house.wait(found[-1] / 1000)
        return found

    house = lockout()
    assert pauses("111111") == pauses(house.code("0427")[4:]) == [2000, 4000, 8000, 16_000, 30_000, 30_000]


def test_what_is_gathered_names_nobody() -> None:
    house = lockout()
    house.at_once(house.code("0427"))
    house.at_once("111111#")
    rows = [e for e in house.wait(61) if isinstance(e, Record)]
    assert [(row.type, row.member, row.reason, row.detail) for row in rows] == [
        ("denied", None, "unknown-code", {"count": 1})
    ]


# -- single codes ---------------------------------------------------------------------------------


def test_wrong_single_codes_are_all_alike() -> None:
    """Near, far, early, of another kind, of a generation to come, of a card: no work tells them apart."""
    house = room()
    typed = halves(house)
    alike = ("wrong", "near", "early", "of a card", "issued anew")
    found = {name: told(room, typed[name]) for name in alike}
    for name in alike:
        effects = [e for e in found[name][0] if not isinstance(e, Record)]  # type: ignore[attr-defined]
        assert effects == [e for e in found["wrong"][0] if not isinstance(e, Record)], name  # type: ignore[attr-defined]
        assert found[name][1:4] == found["wrong"][1:4], name
        assert found[name][4] == found["wrong"][4], name


def test_a_number_on_no_record_is_not_told_from_one_that_is() -> None:
    house = room()
    known, unknown = told(room, wrong(house.code("0427"))), told(room, wrong(house.code("9123")))
    assert cues(known[0]) == cues(unknown[0]) == [Cue.WRONG]  # type: ignore[arg-type]
    assert known[1:] == unknown[1:]


def test_the_level_of_the_budget_is_told_to_nobody() -> None:
    """Only whether there is a lockout: a refund, and so a near guess, would show in a level."""
    house = room()
    before = view.state(house.state, house.now, house.rules)
    effects = house.at_once(wrong(house.code("0427")))
    assert view.state(house.state, house.now, house.rules) == before
    assert [e.name for e in effects if isinstance(e, Remember)] == ["budget"]
    assert not any("token" in str(row.detail) or "budget" in str(row.detail) for row in house.rows())


# -- time -----------------------------------------------------------------------------------------

RUNS = 6000
Sample = tuple[float, float]


def standardised(a: list[int], b: list[int]) -> float:
    """The rank sum of Mann and Whitney, in standard deviations from no difference."""
    ranks = {value: [0, 0] for value in sorted({*a, *b})}
    for of, values in enumerate((a, b)):
        for value in values:
            ranks[value][of] += 1
    below, u = 0, 0.0
    for in_a, in_b in ranks.values():
        u += in_b * (below + in_a / 2)
        below += in_a
    n, m = len(a), len(b)
    ties = sum((x + y) ** 3 - (x + y) for x, y in ranks.values()) / ((n + m) * (n + m - 1))
    return (u - n * m / 2) / math.sqrt(n * m / 12 * (n + m + 1 - ties))


def timed(house: House, left: list[str], right: list[str]) -> float:
    """How far apart the times of two attempts are: decided in turns, in the CPU time of this process."""
    state, times, rng = house.state, ([], []), random.Random(1)  # type: ignore[var-annotated]
    gc.collect()
    gc.disable()
    try:
        for _ in range(RUNS):
            for of in rng.sample((0, 1), 2):
                at = state
                for digits in (left, right)[of]:
                    for key in digits[:-1]:
                        at, _ = controller.decide(at, KeyPressed("front", key), house.now, house.rules)
                    last = KeyPressed("front", digits[-1])
                    began = time.process_time_ns()
                    at, _ = controller.decide(at, last, house.now, house.rules)
                    took = time.process_time_ns() - began
                times[of].append(took)
    finally:
        gc.enable()
    return standardised(*times)


def apart(house: House, left: list[str], right: list[str]) -> float:
    """The least of three: one noisy minute of the machine is no difference."""
    return min(abs(timed(house, left, right)) for _ in range(3))


def compared(house: House) -> dict[str, tuple[list[str], list[str]]]:
    """What must take the same time."""
    right, second = house.code("0427"), house.second("0427")
    bad = "".join(str((int(d) + 5) % 10) for d in second)
    return {
        "first, right and wrong": ([right], [wrong(right)]),
        "first, listed and not": ([right], [house.code("9123")]),
        "pair, the first half right": ([right, bad + "#"], [wrong(right), bad + "#"]),
        "pair, the second half right": ([wrong(right), second + "#"], [wrong(right), bad + "#"]),
    }


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("what", list(compared(House())))
def test_the_time_of_an_answer_tells_nothing(what: str) -> None:
    """In thousands of runs of each; four standard deviations are a false alarm in 16,000, and that cubed."""
    house = lockout()
    assert apart(house, *compared(house)[what]) < 4


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_time_of_a_door_that_looks_at_the_first_code_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_pair_only", looks_at_the_first)
    house = lockout()
    assert apart(house, *compared(house)["first, right and wrong"]) > 20
