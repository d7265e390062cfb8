"""Edges of what is sensed (beams, fire, lights) that mutation testing found bare."""

from __future__ import annotations

import pytest

from door import beams, lights, occupancy
from door.beams import Beams
from door.effects import Light, Record, Remember
from door.events import Asked, Beam, BeamChanged, FireChanged
from door.occupancy import STILL_MS, Confidence, Occupancy
from door.rules import Rules
from tests.house import KEY, House, replace


def test_the_numbers_of_the_beams_are_these() -> None:
    """In figures: a test that takes the name of a number agrees with whatever it becomes."""
    assert (beams.CLOSE_MS, beams.GRAZE_MS) == (150, 300)


def began(edges: str) -> Beam | None:
    """Where the passage at hand began, after edges 100 ms apart (O, I: broken; o, i: clear again)."""
    across = Beams()
    for at, edge in enumerate(edges, start=1):
        beam = Beam.OUTER if edge.lower() == "o" else Beam.INNER
        across, _, _ = beams.changed(across, BeamChanged(beam, edge.isupper(), at * 100), at * 100)
    return across.began


def test_a_hand_ahead_begins_the_passage_of_its_body() -> None:
    """Else the two tests below could not tell."""
    assert began("OoI") is Beam.OUTER


def test_a_body_that_turned_back_was_no_hand() -> None:
    assert began("OIioI") is Beam.INNER


def test_a_hand_is_forgotten_when_an_edge_was_missed() -> None:
    assert began("OoiI") is Beam.INNER


@pytest.mark.parametrize("burning", [True, False])
def test_only_the_beginning_of_a_fire_makes_a_count_unsure(burning: bool) -> None:
    """Who is in may be counted while it burns; the alarm told again, or its end, takes nothing from that."""
    house = House()
    house.post(FireChanged(True))
    house.post(Asked("1", "count", {"count": 2}, "admin"))
    house.post(FireChanged(burning))
    assert (house.state.occupancy.count, house.state.occupancy.confidence) == (2, Confidence.ESTIMATE)


def test_the_lights_stay_on_while_something_moves() -> None:
    rules = Rules("yuexin", KEY, has_lights=True)
    empty = Occupancy(confidence=Confidence.EXACT)
    late = rules.lights_off_ms
    assert lights.follow(True, empty, False, late, rules) == (False, (Light(False),))
    moving = Occupancy(confidence=Confidence.EXACT, moving=True)
    assert lights.follow(True, moving, False, late, rules) == (True, ())


STILL = Occupancy(0, Confidence.ESTIMATE, certain=True)


def test_what_moves_is_somebody_and_nothing_is_certain_any_more() -> None:
    people, effects = occupancy.motion(STILL, True, False, STILL_MS)
    assert people == replace(STILL, count=1, certain=False, moving=True, moved=STILL_MS, witnessed=True)
    row = Record("count", detail={"count": 1, "why": "motion"})
    assert effects == (row, Remember("occupancy", {"count": 1, "since": 0}))


def test_what_moves_no_longer_or_still_is_nobody_else() -> None:
    moving = replace(STILL, moving=True)
    assert occupancy.motion(moving, True, False, STILL_MS) == (moving, ())
    rests = replace(STILL, moved=STILL_MS, witnessed=True)
    assert occupancy.motion(moving, False, False, STILL_MS) == (rests, ())


@pytest.mark.parametrize("witnessed", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_sensor_is_a_witness_until_the_room_is_empty(witnessed: bool, count: int) -> None:
    people, _ = occupancy.put(Occupancy(witnessed=witnessed), count, "admin", 0, 5, beams=False)
    assert people.witnessed == (witnessed and count > 0)


def test_where_no_sensor_is_fitted_any_more_the_door_alone_tells() -> None:
    rules = Rules("yuexin", KEY)
    people = Occupancy(3, Confidence.ESTIMATE, witnessed=True)
    _, effects = occupancy.tick(people, False, 0, rules.empty_after_ms, rules, beams=False)
    assert Record("count", detail={"count": 0, "why": "untouched"}) in effects
