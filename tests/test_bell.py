"""The bell: held or pressed three times it rings, leaves a row, and opens nothing."""

from __future__ import annotations

import pytest

from door.effects import Cue, Record, Unlock
from door.events import KeyHeld
from door.rules import Rules
from tests.house import KEY, House, cues, of

BELL = Rules("yuexin", KEY, has_bell=True)


def stars(house: House, gaps: list[float], keypads: str = "aaaa") -> list[Cue]:
    """The star, after each gap in seconds."""
    before = len(house.log)
    for gap, keypad in zip(gaps, keypads, strict=False):
        house.wait(gap)
        house.type("*", keypad=keypad, gap=0)
    return [cue for cue in cues(house.log[before:]) if cue is not Cue.CLEARED]


def test_a_star_that_is_held_rings_and_nothing_opens() -> None:
    house = House(rules=BELL)
    effects = house.post(KeyHeld("front", "*"))
    assert cues(effects) == [Cue.BELL]
    assert [(row.type, row.detail) for row in of(Record, effects)] == [("bell", {"keypad": "front"})]
    assert not of(Unlock, house.log)
    assert not house.unlocked


@pytest.mark.parametrize(
    "gaps, rings",
    [
        ([0, 1, 1.999], True),
        ([0, 1, 2.0], False),
        ([0, 1.5, 1.499], True),
        ([0, 0, 0], True),
        ([0, 1], False),
        ([0, 2.9, 2.9, 0.05], True),
    ],
)
def test_three_presses_within_three_seconds_ring(gaps: list[float], rings: bool) -> None:
    assert stars(House(rules=BELL), gaps) == [Cue.BELL] * rings


def test_presses_on_two_keypads_or_with_a_digit_between_are_no_ring() -> None:
    house = House(rules=BELL)
    assert stars(house, [0, 0.1, 0.1], "aba") == []
    house.wait(10)
    house.type("**5*", gap=0.1)
    assert Cue.BELL not in cues(house.log)


@pytest.mark.parametrize("seconds, rings", [(19.999, 1), (20, 2)])
def test_a_finger_that_stays_rings_every_twenty_seconds(seconds: float, rings: int) -> None:
    house = House(rules=BELL)
    house.post(KeyHeld("front", "*"))
    house.wait(seconds)
    house.post(KeyHeld("front", "*"))
    assert len(house.rows("bell")) == cues(house.log).count(Cue.BELL) == rings


def test_no_other_key_rings_and_no_bell_is_rung_that_is_not_fitted() -> None:
    house = House(rules=BELL)
    assert house.post(KeyHeld("front", "#")) == ()
    bare = House()
    assert stars(bare, [0, 0.1, 0.1]) == []
    assert bare.post(KeyHeld("front", "*")) == ()


def test_whoever_clears_while_typing_loses_nothing_by_the_bell() -> None:
    house = House(rules=BELL)
    code = house.code("0427")
    house.type("123***" + code)
    assert house.unlocked
