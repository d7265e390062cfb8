"""A gap of 30 s is asked for again, in virtual time; a silent door ever more rarely."""

from __future__ import annotations

from roomserver.wire.gaps import GAP_SECONDS, MOST_SECONDS, Gaps, Missing


def test_a_gap_is_asked_for_after_thirty_seconds_and_not_before() -> None:
    gaps = Gaps()
    gaps.saw("front", "a", through=4, top=6, now=100)
    assert gaps.timer() == 100 + GAP_SECONDS == 130
    assert gaps.due(129.999) == []
    assert gaps.due(130) == [Missing("front", "a", 5)]


def test_more_rows_above_the_gap_do_not_put_it_off() -> None:
    gaps = Gaps()
    gaps.saw("front", "a", through=4, top=6, now=100)
    gaps.saw("front", "a", through=4, top=9, now=129)
    assert gaps.due(130) == [Missing("front", "a", 5)]


def test_a_gap_that_closed_is_not_asked_for() -> None:
    gaps = Gaps()
    gaps.saw("front", "a", through=4, top=6, now=100)
    gaps.saw("front", "a", through=6, top=6, now=110)
    assert gaps.timer() is None
    assert gaps.due(1_000) == []


def test_progress_gives_the_door_thirty_seconds_more() -> None:
    gaps = Gaps()
    gaps.saw("front", "a", through=4, top=9, now=100)
    gaps.saw("front", "a", through=6, top=9, now=125)
    assert gaps.due(154) == []
    assert gaps.due(155) == [Missing("front", "a", 7)]


def test_each_log_of_each_door_has_a_gap_of_its_own() -> None:
    gaps = Gaps()
    gaps.saw("front", "a", through=0, top=2, now=100)
    gaps.saw("front", "b", through=1, top=3, now=101)
    gaps.saw("back", "a", through=2, top=4, now=102)
    assert gaps.due(131) == [Missing("front", "a", 1), Missing("front", "b", 2)]
    assert gaps.due(132) == [Missing("back", "a", 3)]


def test_a_door_that_does_not_answer_is_asked_ever_more_rarely_but_for_ever() -> None:
    gaps, now, waits = Gaps(), 100.0, []
    gaps.saw("front", "a", through=0, top=2, now=now)
    for _ in range(10):
        due = gaps.timer()
        assert due is not None
        waits.append(due - now)
        now = due
        assert gaps.due(now) == [Missing("front", "a", 1)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert waits[-1] == MOST_SECONDS
