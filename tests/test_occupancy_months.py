"""docs/occupancy.md says what the seeded simulation gives, which is of people and not of the rule."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from docs import occupancy
from docs.crowd import DAY, Crowd, merged
from docs.draw import redrawn


@pytest.mark.timeout(240)
def test_the_figures_of_the_first_week_are_those_of_the_seeded_run() -> None:
    text = occupancy.DOCUMENT.read_text("utf-8")
    assert redrawn(text, occupancy.drawn(occupancy.SAMPLE_DAYS)) == text, "run: python -m docs.occupancy"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_figures_of_the_months_are_those_of_the_seeded_run() -> None:
    text = occupancy.DOCUMENT.read_text("utf-8")
    assert redrawn(text, occupancy.drawn(occupancy.DAYS)) == text, "run: python -m docs.occupancy"


def test_the_picture_is_well_formed_and_described() -> None:
    names = [
        element.tag.rpartition("}")[2] for element in ET.fromstring(occupancy.PICTURE.read_text("utf-8"))
    ]
    assert names[:2] == ["title", "desc"]
    assert names.count("polyline") == len(occupancy.DRAWN)


def test_the_crowd_is_the_same_from_the_same_seed_and_another_from_another() -> None:
    assert Crowd(1, 2).happenings() == Crowd(1, 2).happenings() != Crowd(2, 2).happenings()


def test_nobody_leaves_an_empty_room_and_each_beam_is_broken_before_it_is_clear() -> None:
    happenings = Crowd(3, 20).happenings()
    inside = [int(str(more)) for _, what, more in happenings if what == "inside"]
    assert min(inside) == 0
    assert 8 <= max(inside) <= 17
    assert sum(what == "grant" for _, what, _ in happenings) > 20 * 40
    assert [at for at, _, _ in happenings] == sorted(at for at, _, _ in happenings)
    assert happenings[-1][0] < 22 * DAY


def test_shadows_that_overlap_are_one() -> None:
    assert merged([(3, 4), (0, 1), (0.5, 2), (2, 2.5)]) == [(0, 2.5), (3, 4)]
