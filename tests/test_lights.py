"""The room's lights: on for whoever comes, off only where the room is empty for certain."""

from __future__ import annotations

import pytest

from door.effects import Light
from door.events import Asked, ContactChanged, MotionChanged
from door.rules import Rules
from tests.house import KEY, House, cross, of, replace

LIT = Rules("yuexin", KEY, has_lights=True)
OFF_SECONDS = LIT.lights_off_ms // 1000


def switched(house: House) -> list[bool]:
    return [effect.on for effect in of(Light, house.log)]


def count(house: House, n: int) -> None:
    house.post(Asked("1", "count", {"count": n}, "admin"))


def test_after_a_start_somebody_may_be_in_the_dark_so_they_are_on() -> None:
    house = House(rules=LIT)
    assert switched(house) == [True]
    house.wait(9 * 3600)
    assert house.state.lit
    house.wait(3600)  # an untouched door is proof
    house.wait(OFF_SECONDS)
    assert switched(house) == [True, False]


@pytest.mark.parametrize("ms, lit", [(-1, True), (0, False)])
def test_they_go_off_a_while_after_the_room_is_empty_for_certain(ms: int, lit: bool) -> None:
    house = House(rules=LIT)
    count(house, 0)
    house.until(house.unix_ms + LIT.lights_off_ms + ms)
    assert house.state.lit is lit


def test_a_grant_lights_the_room_before_the_door_is_open() -> None:
    house = House(rules=LIT)
    count(house, 0)
    house.wait(OFF_SECONDS)
    house.at_once(house.code("0427"))
    assert switched(house) == [True, False, True]


def test_a_count_that_may_be_wrong_puts_nobody_in_the_dark() -> None:
    """Two came in behind one code, and the one who leaves makes the count nought."""
    house = House(rules=LIT)
    count(house, 0)
    house.at_once(house.code("0427"))
    house.open_and_close()
    house.wait(600)
    house.leave()
    assert house.state.occupancy.count == 0
    house.wait(5 * 3600)
    assert house.state.lit


def test_by_beams_the_last_one_out_puts_them_out() -> None:
    house = House(rules=replace(LIT, has_beams=True))
    count(house, 0)
    cross(house, inward=True)
    house.wait(3600)
    cross(house, inward=False)
    house.wait(OFF_SECONDS)
    assert switched(house) == [True, False] or switched(house)[-1] is False
    assert not house.state.lit


@pytest.mark.parametrize("sign", [MotionChanged(True), ContactChanged(True)])
def test_any_sign_of_somebody_keeps_them_on(sign: MotionChanged | ContactChanged) -> None:
    house = House(rules=replace(LIT, has_motion=True))
    count(house, 0)
    house.wait(OFF_SECONDS - 1)
    house.post(sign)
    house.wait(OFF_SECONDS * 2)
    assert house.state.lit


def test_without_the_relay_nothing_is_switched() -> None:
    house = House()
    count(house, 0)
    house.wait(24 * 3600)
    assert switched(house) == []
