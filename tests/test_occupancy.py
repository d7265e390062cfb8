"""Occupancy: who counts, who is told from whom, and when the room is known to be empty (DESIGN §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from door import occupancy
from door.effects import Record, Remember
from door.events import Asked, ContactChanged, Crossed, ExitPressed
from door.occupancy import Confidence, Occupancy
from door.rules import Rules
from tests.house import KEY, NOW, House, of

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
    walker = Occupancy(0, Confidence.EXACT, beams=True)
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


def beams() -> House:
    house = House()
    house.post(Crossed(inward=True))
    set_count(house, 0)
    return house


def test_with_beams_only_a_crossing_counts():
    house = beams()
    let_in(house)
    house.post(ContactChanged(True))
    assert people(house) == (0, "exact")
    house.post(Crossed(inward=True))
    house.post(ContactChanged(False))
    assert people(house) == (1, "exact")
    assert told(house)[1:] == [("entered", "0427")]
    house.post(ExitPressed())
    house.post(ContactChanged(True))
    house.post(Crossed(inward=False))
    assert people(house) == (0, "exact")


def test_with_beams_who_walks_in_behind_a_member_is_nobody():
    house = beams()
    let_in(house)
    house.post(ContactChanged(True))
    house.post(Crossed(inward=True))
    house.post(Crossed(inward=True))
    assert told(house)[1:] == [("entered", "0427"), ("entered", None)]


def test_before_it_is_known_to_be_right_a_count_by_beams_is_not_exact():
    house = House()
    house.post(Crossed(inward=True))
    assert people(house) == (1, "unknown")


# -- any story ------------------------------------------------------------------------------------

steps = st.sampled_from(["in", "out", "open", "close", "inward", "outward", "wait", "count"])


@given(st.lists(st.tuples(steps, st.integers(0, 15_000_000)), max_size=30))
def test_the_count_is_never_negative_and_every_change_is_remembered(story):
    people, open_ = Occupancy(), False
    now = 0
    for what, gap in story:
        now += gap
        people, effects = occupancy.tick(people, open_, NOW + now // 1000, now, Rules("yuexin", KEY))
        before = people
        match what:
            case "in":
                people, effects = occupancy.let_in(
                    people, "0427", waiting=False, nothing_tells=open_, now=now
                )
            case "out":
                people, effects = occupancy.left(people, now)
            case "open":
                open_, (people, effects) = True, occupancy.entered(people, now)
            case "close":
                open_, people, effects = False, occupancy.touch(people, now), ()
            case "inward" | "outward":
                people, effects = occupancy.crossed(people, what == "inward", now)
            case "count":
                people, effects = occupancy.put(people, 5, "admin", NOW, now)
        assert people.count >= 0
        assert people.count == before.count or of(Remember, effects)[-1].value["count"] == people.count
        assert occupancy.surely_full(people, 1) is (
            people.confidence is Confidence.EXACT and people.count >= 1
        )
