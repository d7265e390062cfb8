"""Edges of the core that mutation testing found bare: the last moment that holds, the first that does not."""

from __future__ import annotations

import pytest

from contract.access import AccessRecord
from contract.codes import Kind
from door import admission, keys
from door.admission import Room
from door.clock import Reading, Source
from door.effects import Cue, Mode, Show
from door.events import KeyPressed
from door.keys import Keys, Typed
from door.rules import Rules
from tests.house import KEY, NOW, House, granted

RULES = Rules("yuexin", KEY)
CLICK = (Show(Cue.KEY),)

# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing, key", [("042771938", "5"), ("71938", "#"), ("", "#"), ("", "4")])
def test_every_key_that_counts_clicks(standing, key):
    stands = Keys((Typed("front", standing, 0),) if standing else ())
    assert keys.press(stands, KeyPressed("front", key), 100, RULES)[2] == CLICK


@pytest.mark.parametrize("only", [None, "front"])
@pytest.mark.parametrize("late, complete", [(-1, False), (0, True)])
def test_a_second_code_stands_for_its_pause_and_then_counts(only, late, complete):
    stands = Keys((Typed("front", "719385", 5_000),), frozenset({"front"}))
    after, typed, _ = keys.tick(stands, 5_000 + RULES.second_pause_ms + late, RULES, only)
    assert (typed is not None, after.typed == ()) == (complete, complete)
    assert keys.tick(stands, 60_000, RULES, "side") == (stands, None, ())


def test_of_two_keypads_the_one_that_is_due_first_wakes_the_door():
    for at in ((1_000, 2_000), (2_000, 1_000)):
        stands = Keys((Typed("front", "1", at[0]), Typed("side", "1", at[1])))
        assert keys.due(stands, RULES) == 1_000 + RULES.silence_ms


# -- double codes ---------------------------------------------------------------------------------


def test_the_second_half_under_another_number_makes_no_pair():
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    assert not granted(house.at_once("0428" + house.second("0427")))


def test_the_second_half_under_the_same_number_makes_a_pair():
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    assert granted(house.at_once("0427" + house.second("0427")))


# -- admission ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.PAPER, Kind.CARD])
@pytest.mark.parametrize("late, told", [(-1, None), (0, None), (1, "lease-ended")])
def test_a_lease_holds_to_its_last_second(kind, late, told):
    reading = Reading(Source.SERVER, NOW, NOW)
    room = Room(Mode.NORMAL, surely_full=False, list_at=NOW - RULES.lease_seconds - late, recent=())
    assert admission.refusal(AccessRecord("0427"), kind, reading, room, 0, RULES) == told
