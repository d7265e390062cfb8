"""Two beams: who passes and which way, whatever people do in a doorway; to the millisecond."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from door import beams
from door.beams import CLOSE_MS, GRAZE_MS, Beams
from door.effects import Record
from door.events import Beam, BeamChanged
from door.rules import Rules

RULES = Rules("yuexin", bytes(32), has_beams=True)
BLOCKED = RULES.beam_blocked_ms


def walk(edges: Iterable[tuple[str, int]], across: Beams | None = None) -> tuple[list[bool], bool, Beams]:
    """Edges (O, I: broken; o, i: clear again) after gaps in ms: who passed, whether oddly, what is left."""
    passed, odd, now = [], False, 1_000
    across = across or Beams()
    for edge, gap in edges:
        now += gap
        beam = Beam.OUTER if edge.lower() == "o" else Beam.INNER
        across, found, _ = beams.changed(across, BeamChanged(beam, edge.isupper(), now), now)
        odd = odd or found.odd
        if found.inward is not None:
            passed.append(found.inward)
    return passed, odd, replace(across, grazed=None)  # a hand is forgotten by itself


def paced(edges: str, ms: int = 120) -> tuple[list[bool], bool, Beams]:
    return walk((edge, ms) for edge in edges)


IN, OUT = [True], [False]
GESTURES = {
    "walks in": ("OIoi", IN),
    "walks out": ("IOio", OUT),
    "looks in and goes": ("Oo", []),
    "breaks both and turns back": ("OIio", []),
    "has a foot in the room and turns back": ("OIoOio", []),
    "from inside, turns back": ("IOiIoi", []),
    "rocks in the doorway and goes in": ("OIiIoOoi", IN),
    "in and at once out again": ("OIoiIOio", [True, False]),
    "two with a step between them": ("OIoiOIoi", [True, True]),
    "two meet in the doorway, one gives way": ("OIiIoi", IN),
    "a thin handle passes": ("OoIi", []),
    "a hand dips in": ("OoOIoi", IN),
    "an arm swings ahead": ("OoIOiIoi", IN),
    "an arm swings ahead, on the way out": ("IiOIoOio", OUT),
    "an arm swings ahead and is past before the body comes": ("OoIiOIoi", IN),
    "an arm swings ahead, and its owner turns back": ("OoIOio", []),
    "an arm swings behind": ("OIoiIi", IN),
}


@pytest.mark.parametrize("name", GESTURES)
@pytest.mark.parametrize("ms", [CLOSE_MS, CLOSE_MS + 1, GRAZE_MS - 1])
def test_whatever_one_does_in_a_doorway_is_counted_right(name: str, ms: int) -> None:
    edges, passed = GESTURES[name]
    assert paced(edges, ms) == (passed, False, Beams())


def test_a_bag_held_in_the_beam_is_one_passage_however_long() -> None:
    assert walk([("O", 0), ("I", 90), ("o", BLOCKED - 100), ("i", 9)])[:2] == (IN, False)


@pytest.mark.parametrize("inward", [True, False])
@pytest.mark.parametrize("ms, passed", [(CLOSE_MS - 1, 2), (CLOSE_MS, 1), (CLOSE_MS + 1, 1)])
def test_two_on_each_others_heels_are_two_where_one_would_have_to_be_thin(
    inward: bool, ms: int, passed: int
) -> None:
    """The second breaks the first beam before the first has left the last: a retreat takes longer."""
    edges = [("O", 0), ("I", 100), ("o", 250), ("O", 60), ("i", ms), ("I", 60), ("o", 250), ("i", 100)]
    if not inward:
        edges = [(edge.translate(str.maketrans("OIoi", "IOio")), gap) for edge, gap in edges]
    found, odd, across = walk(edges)
    assert found == [inward] * passed
    assert odd is (passed == 2)  # and so the count is an estimate from here on
    assert across == Beams()


@pytest.mark.parametrize("edges", ["OO", "oOIoi", "OIoiI", "OIIoi"])
def test_an_edge_that_was_missed_makes_the_count_doubtful(edges: str) -> None:
    assert paced(edges)[1] is (edges != "OIoiI")


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_beam_is_blocked_after_its_time_and_nobody_is_counted_by_it(late: int) -> None:
    _, _, across = walk([("I", 0), ("O", 5)])
    assert beams.due(across, RULES) == 1_000 + BLOCKED
    across, effects = beams.tick(across, 1_000 + BLOCKED + late, RULES)
    blocked = late >= 0
    assert effects == ((Record("fault", reason="beam-blocked", detail={"of": "inner"}),) if blocked else ())
    assert beams.due(across, RULES) == (None if blocked else 1_000 + BLOCKED)
    assert walk([("i", 1), ("o", 1)], across)[0] == ([] if blocked else OUT)


def test_a_blockade_ends_with_its_own_beam() -> None:
    _, _, across = walk([("I", 0), ("O", 5)])
    across, _ = beams.tick(across, 1_000 + BLOCKED, RULES)
    across, _, effects = beams.changed(across, BeamChanged(Beam.OUTER, False, 0), 200_000)
    assert (effects, across.blocked) == ((), Beam.INNER)
    across, _, effects = beams.changed(across, BeamChanged(Beam.INNER, False, 0), 200_001)
    assert effects == (Record("fault-ended", reason="beam-blocked", detail={"of": "inner"}),)
    assert across == Beams()


def test_beams_that_are_broken_at_start_let_nobody_through() -> None:
    """A Pi that boots before the senders have warmed up would count a ghost."""
    across = Beams()
    for beam in Beam:
        across, _, _ = beams.changed(across, BeamChanged(beam, True, 0, found=True), 1_000)
    passed, odd, across = walk([("o", 900), ("i", 100)], across)
    assert (passed, odd, across) == ([], False, Beams())
    across, _, _ = beams.changed(across, BeamChanged(Beam.INNER, True, 0, found=True), 1_000)
    assert walk([("O", 300), ("i", 300), ("o", 300)], across)[0] == []
    assert paced("OIoi", 120)[0] == IN


@pytest.mark.parametrize("ms, passed", [(GRAZE_MS - 1, IN), (GRAZE_MS, []), (GRAZE_MS + 1, [])])
def test_a_hand_belongs_to_the_body_behind_it_for_a_third_of_a_second(ms: int, passed: list[bool]) -> None:
    """Later it is somebody's who came to the other beam from the other side, and lets him pass."""
    edges = [("O", 0), ("o", 60), ("I", ms), ("O", 40), ("i", 30), ("I", 60), ("o", 250), ("i", 100)]
    assert walk(edges)[:2] == (passed, False)


def test_whoever_comes_in_past_a_hand_from_inside_is_no_hand_to_the_next() -> None:
    """He broke both beams; the next begins at the outer one, however close behind."""
    first = [("I", 0), ("i", 60), ("O", 60), ("I", 300), ("o", 300), ("i", 300)]
    assert walk([*first, *((edge, 160) for edge in "OIoi")])[0] == IN


def test_no_beam_is_waited_for_while_the_doorway_is_clear() -> None:
    assert beams.due(Beams(), RULES) is None
    assert beams.tick(Beams(), 10**12, RULES) == (Beams(), ())


people = st.lists(st.sampled_from(sorted(GESTURES)), max_size=12)


@given(people, st.integers(CLOSE_MS, GRAZE_MS - 1))
def test_one_after_the_other_they_are_all_counted_right(names: list[str], ms: int) -> None:
    """With a moment between them, so that a hand is nobody else's."""
    edges = [(edge, ms if n else GRAZE_MS) for name in names for n, edge in enumerate(GESTURES[name][0])]
    passed = [way for name in names for way in GESTURES[name][1]]
    assert walk(edges)[:2] == (passed, False)


@given(st.lists(st.tuples(st.sampled_from("OIoi"), st.integers(0, 400)), max_size=60))
def test_whatever_the_edges_a_clear_doorway_begins_anew(edges: list[tuple[str, int]]) -> None:
    across = walk(edges)[2]
    broken = [beam for beam, _ in across.broken]
    assert len(set(broken)) == len(broken) <= 2
    ends = "".join({Beam.OUTER: "o", Beam.INNER: "i"}[beam] for beam in broken)
    assert walk([(edge, 200) for edge in ends], across)[2] == Beams()
