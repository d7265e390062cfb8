"""A week of honest visitors: whoever mistypes now and then gets in, and seldom needs a second code."""

from __future__ import annotations

import pytest

from contract.codes import Kind
from tests.attacks import table
from tests.attacks.target import Target
from tests.attacks.visitors import MISTAKES, Week, visit
from tests.test_attacks import WRITTEN


@pytest.fixture(scope="module")
def week() -> Week:
    """200 visits a day, one in ten with a mistake, and three passers-by who play."""
    return table.honest(0.1, 3, 7)


def test_hardly_anybody_needs_a_second_code(week: Week) -> None:
    assert len(week.visits) == 1400
    assert week.doubled < 0.02
    assert week.lockouts <= 2


def test_hardly_anybody_goes_away(week: Week) -> None:
    assert week.refused < 0.002


def test_every_mistake_was_made_and_some_cost_a_token(week: Week) -> None:
    """Or the figures would be of people who make none."""
    assert set(MISTAKES) <= week.spent.keys()
    assert week.spent["one digit"] > week.spent["stops"] == week.spent["clears"] == 0
    assert week.least < 10


def test_most_are_in_as_soon_as_they_have_typed(week: Week) -> None:
    seconds = sorted(went.seconds for went in week.visits)
    assert seconds[len(seconds) * 8 // 10] < 5
    assert seconds[len(seconds) * 19 // 20] < 30


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("kind", table.ALL)
def test_whatever_the_mistake_the_next_try_opens(mistake: str, kind: Kind) -> None:
    went = visit(Target(), table.MEMBERS[kind][3], kind, mistake)
    assert went.let_in
    assert not went.doubled


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_weeks_in_the_document_are_not_stale() -> None:
    lines = WRITTEN.splitlines()
    assert [line for line in table.weeks() if line not in lines] == []
