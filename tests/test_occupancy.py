"""Occupancy: who counts, who is told from whom, and when the room is known to be empty (DESIGN §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from door import occupancy
from door.effects import Record, Remember
from door.events import Asked, Beam, BeamChanged, ContactChanged, ExitPressed, MotionChanged
from door.occupancy import Confidence, Occupancy
from door.rules import Rules
from tests.house import KEY, NOW, House, cross, of, replace

EMPTY_AFTER = 10 * 3_600


def let_in(house: House, member: str = "0427") -> None:
    house.at_once(house.code(member))


def people(house: House) -> tuple[int, str]:
    return house.state.occupancy.count, house.state.occupancy.confidence.value


def told(house: House) -> list[tuple[str, str | None]]:
    return [(row.type, row.member) for row in house.rows() if row.type in {"entered", "left"}]


def set_count(house: House, count: int) -> None:
    house.post(Asked("1", "count", {"count": count}, "admin"))


def test_a_grant_counts_once_the_door_opens():
    house = House()
    let_in(house)
    assert people(house) == (0, "unknown")
    house.open_and_close()
    assert people(house) == (1, "unknown")
    assert told(house) == [("entered", "0427")]


def test_a_grant_whose_door_never_opens_counts_for_nobody():
    house = House()
    let_in(house)
    house.wait(60)
    let_in(house, "0428")
    house.open_and_close()
    assert told(house) == [("entered", "0428")]


def test_two_who_were_let_in_before_the_door_opened_both_count():
    house = House()
    let_in(house)
    house.wait(2)
    let_in(house, "0428")
    house.open_and_close()
    assert told(house) == [("entered", "0427"), ("entered", "0428")]
    assert house.state.occupancy.count == 2


def test_an_exit_counts_once_the_door_opens():
    house = House()
    set_count(house, 3)
    house.post(ExitPressed())
    assert people(house) == (3, "estimate")
    house.open_and_close()
    assert people(house) == (2, "estimate")
    house.leave()
    assert told(house) == [("left", None)] * 2


def test_an_exit_button_that_nobody_follows_counts_for_nobody():
    house = House()
    set_count(house, 3)
    house.post(ExitPressed())
    house.wait(60)
    assert people(house) == (3, "estimate")


def test_nobody_leaves_an_empty_room_and_the_count_is_the_less_sure_for_it():
    house = House()
    set_count(house, 0)
    house.leave()
    assert people(house) == (0, "estimate")
    walker = Occupancy(0, Confidence.EXACT)
    walker, _ = occupancy.crossed(walker, False, 1)
    assert (walker.count, walker.confidence) == (0, Confidence.ESTIMATE)
    walker, _ = occupancy.crossed(Occupancy(), False, 1)
    assert (walker.count, walker.confidence) == (0, Confidence.UNKNOWN)


def test_a_count_is_remembered_with_every_change():
    house = House()
    let_in(house)
    house.open_and_close()
    assert house.facts["occupancy"] == {"count": 1, "since": 0}
    set_count(house, 7)
    assert house.facts["occupancy"] == {"count": 7, "since": NOW + 4}


def test_an_administrator_sets_the_count():
    house = House()
    before = len(house.log)
    set_count(house, 7)
    assert people(house) == (7, "estimate")
    row = of(Record, house.log[before:])[0]
    assert (row.type, row.detail) == ("count", {"count": 7, "why": "admin"})


def test_after_a_restart_the_count_is_a_number_that_nobody_vouches_for():
    house = House()
    set_count(house, 7)
    house.power_cut()
    assert people(house) == (7, "unknown")
    assert house.state.occupancy.since == NOW


@pytest.mark.parametrize(
    "fact", [None, 3, [], {}, {"count": -1, "since": 0}, {"count": "7", "since": 0}, {"count": 7}]
)
def test_a_count_that_cannot_be_read_is_unknown(fact):
    assert occupancy.restore(fact, 5) == Occupancy(touched=5)


# -- empty ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ms, count", [(-1, 3), (0, 0)])
def test_a_shut_and_untouched_door_says_that_the_room_is_empty(ms, count):
    house = House()
    set_count(house, 3)
    house.until((NOW + EMPTY_AFTER) * 1000 + ms)
    assert people(house) == (count, "estimate")
    assert [row.detail for row in house.rows("count")][1:] == (
        [{"count": 0, "why": "untouched"}] if not count else []
    )
    assert house.state.occupancy.since == (NOW if count else NOW + EMPTY_AFTER)


@pytest.mark.parametrize("touch", ["in", "out", "moved"])
def test_whatever_moves_the_door_says_that_somebody_may_be_in(touch):
    house = House()
    set_count(house, 3)
    house.wait(EMPTY_AFTER - 1)
    match touch:
        case "in":
            let_in(house)
        case "out":
            house.post(ExitPressed())
        case _:
            house.post(ContactChanged(True))
            house.post(ContactChanged(False))
    house.wait(EMPTY_AFTER - 1)
    assert house.state.occupancy.count == 3
    house.wait(1)
    assert house.state.occupancy.count == 0


def test_a_door_that_stands_open_never_says_that_the_room_is_empty():
    house = House()
    set_count(house, 3)
    let_in(house)
    house.post(ContactChanged(True))
    house.wait(3 * EMPTY_AFTER)
    assert house.state.occupancy.count == 4


def test_without_a_contact_nothing_says_that_the_room_is_empty():
    house = House(rules=Rules("yuexin", KEY, has_contact=False))
    set_count(house, 3)
    house.wait(3 * EMPTY_AFTER)
    assert house.state.occupancy.count == 3


def test_an_empty_room_is_told_once():
    house = House()
    house.wait(10 * EMPTY_AFTER)
    assert len(house.rows("count")) == 1


# -- beams ----------------------------------------------------------------------------------------

BEAMS = Rules("yuexin", KEY, has_beams=True)


def beams() -> House:
    house = House(rules=BEAMS)
    set_count(house, 0)
    return house


def test_with_beams_only_a_crossing_counts():
    house = beams()
    let_in(house)
    house.post(ContactChanged(True))
    assert people(house) == (0, "exact")
    cross(house, inward=True)
    house.post(ContactChanged(False))
    assert people(house) == (1, "exact")
    assert told(house) == [("entered", "0427")]
    house.post(ExitPressed())
    house.post(ContactChanged(True))
    cross(house, inward=False)
    assert people(house) == (0, "exact")


def test_from_the_first_grant_on_it_is_the_configuration_that_says_whether_there_are_beams():
    """A door that learnt it from the first crossing would count the first entry twice."""
    house = beams()
    let_in(house)
    house.post(ContactChanged(True))
    assert people(house) == (0, "exact")
    without = House()
    cross(without, inward=True)
    let_in(without)
    without.post(ContactChanged(True))
    assert told(without) == [("entered", None), ("entered", "0427")]


def test_with_beams_who_walks_in_behind_a_member_is_nobody():
    house = beams()
    let_in(house)
    house.post(ContactChanged(True))
    cross(house, inward=True)
    cross(house, inward=True)
    assert told(house) == [("entered", "0427"), ("entered", None)]


def test_before_it_is_known_to_be_right_a_count_by_beams_is_not_exact():
    house = House(rules=BEAMS)
    cross(house, inward=True)
    assert people(house) == (1, "unknown")


@pytest.mark.parametrize("ms, alarm", [(-1, False), (0, True)])
def test_a_beam_broken_for_too_long_is_an_alarm_and_grants_count_meanwhile(ms, alarm):
    house = beams()
    house.post(BeamChanged(Beam.OUTER, True, house.now))
    house.until(house.unix_ms + BEAMS.beam_blocked_ms + ms)
    assert ("beam-blocked" in house.state.alarms(house.now, house.rules)) is alarm
    assert people(house) == (0, "estimate" if alarm else "exact")
    if alarm:
        let_in(house)
        house.open_and_close()
        assert people(house)[0] == 1
    house.post(BeamChanged(Beam.OUTER, False, house.now))
    assert "beam-blocked" not in house.state.alarms(house.now, house.rules)
    rows = [(row.type, row.detail) for row in house.rows() if row.reason == "beam-blocked"]
    assert rows == [("fault", {"of": "outer"}), ("fault-ended", {"of": "outer"})] * alarm
    cross(house, inward=True)
    assert people(house)[0] == 1 + alarm


# -- motion ---------------------------------------------------------------------------------------

MOTION = Rules("yuexin", KEY, has_motion=True)
SILENT = MOTION.motion_silent_ms


def watched() -> House:
    """Three in the room, one of whom has just moved, and the door long shut."""
    house = House(rules=MOTION)
    set_count(house, 3)
    house.wait(600)
    house.post(MotionChanged(True))
    house.wait(5)
    house.post(MotionChanged(False))
    return house


@pytest.mark.parametrize("ms, count", [(-1, 3), (0, 0)])
def test_a_silent_sensor_behind_a_shut_door_says_that_the_room_is_empty(ms, count):
    house = watched()
    house.until(house.unix_ms + SILENT + ms)
    assert people(house) == (count, "estimate")
    assert [row.detail for row in house.rows("count")][1:] == [{"count": 0, "why": "silent"}] * (not count)


def test_silence_begins_anew_with_the_door_and_never_while_something_moves():
    house = watched()
    house.wait(SILENT / 1000 - 1)
    house.post(ContactChanged(True))
    house.post(ContactChanged(False))
    house.wait(SILENT / 1000 - 1)
    assert people(house)[0] == 3
    house.post(MotionChanged(True))
    house.wait(20 * SILENT / 1000)
    assert people(house)[0] == 3


def test_a_sensor_that_has_seen_nobody_may_be_dead_and_proves_nothing():
    house = House(rules=MOTION)
    set_count(house, 3)
    house.wait(EMPTY_AFTER - 1)
    assert people(house)[0] == 3
    house.wait(1)
    assert house.rows("count")[-1].detail == {"count": 0, "why": "untouched"}
    house.wait(600)
    set_count(house, 2)  # and what it saw before the room was empty is no proof either
    house.wait(EMPTY_AFTER - 1)
    assert people(house)[0] == 2


@pytest.mark.parametrize("ms, count", [(-1, 0), (0, 1)])
def test_what_moves_behind_a_still_door_is_somebody(ms, count):
    """But not who has just come in, and is counted by the beams in a moment."""
    house = House(rules=MOTION)
    set_count(house, 0)
    house.until(house.unix_ms + occupancy.STILL_MS + ms)
    house.post(MotionChanged(True))
    assert people(house) == (count, "estimate")
    assert [row.detail["why"] for row in house.rows("count")] == ["admin", *["motion"] * count]


def test_what_moves_in_a_room_with_people_is_no_news():
    house = watched()
    assert house.post(MotionChanged(True)) == ()
    assert house.post(MotionChanged(True)) == ()
    assert people(house) == (3, "estimate")


def test_evidence_of_somebody_makes_an_exact_count_an_estimate_until_the_next_silence():
    house = House(rules=replace(MOTION, has_beams=True))
    set_count(house, 0)
    house.wait(600)
    house.post(MotionChanged(True))
    assert people(house) == (1, "estimate")
    house.post(MotionChanged(False))
    house.wait(SILENT / 1000)
    assert people(house) == (0, "exact")


# -- any story ------------------------------------------------------------------------------------

steps = st.sampled_from(["in", "out", "open", "close", "inward", "outward", "wait", "count"])


@given(st.lists(st.tuples(steps, st.integers(0, 15_000_000)), max_size=30))
def test_the_count_is_never_negative_and_every_change_is_remembered(story):
    people, open_ = Occupancy(), False
    now = 0
    for what, gap in story:
        now += gap
        people, effects = occupancy.tick(
            people, open_, NOW + now // 1000, now, Rules("yuexin", KEY), beams=False
        )
        before = people
        match what:
            case "in":
                people, effects = occupancy.let_in(
                    people, "0427", waiting=False, nothing_tells=open_, beams=False, now=now
                )
            case "out":
                people, effects = occupancy.left(people, now, beams=False)
            case "open":
                open_, (people, effects) = True, occupancy.entered(people, now, beams=False)
            case "close":
                open_, people, effects = False, occupancy.touch(people, now), ()
            case "inward" | "outward":
                people, effects = occupancy.crossed(people, what == "inward", now)
            case "count":
                people, effects = occupancy.put(people, 5, "admin", NOW, now, beams=True)
        assert people.count >= 0
        assert people.count == before.count or of(Remember, effects)[-1].value["count"] == people.count
        assert occupancy.surely_full(people, 1) is (
            people.confidence is Confidence.EXACT and people.count >= 1
        )
