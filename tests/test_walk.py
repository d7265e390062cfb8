"""Whole gestures at the worst moments: whatever people, servers, power and discs do, every rule holds."""

from __future__ import annotations

import pytest
import witness
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from walk.chance import drawn
from walk.course import broken, shortest, walk
from walk.doors import DOORS
from walk.gaps import GAPS, core, durations
from walk.strategies import doors, walks
from walk.walker import VERBS, Gesture, Walker

from door import controller
from door import events as ev

G = Gesture
STEADY = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.timeout(240)
@seed(20261124)
@settings(STEADY, max_examples=40)
@given(walks)
def test_no_walk_of_gestures_breaks_a_rule(begun):
    told(*begun)


@pytest.mark.timeout(240)
def test_no_walk_drawn_by_chance_breaks_a_rule():
    by_chance(range(120))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_walk_breaks_a_rule_however_long_one_walks():
    by_chance(range(120, 3000))


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(STEADY, max_examples=1000)
@given(walks)
def test_no_walk_of_gestures_breaks_a_rule_wherever_one_begins(begun):
    told(*begun)


def told(door, gestures):
    """A walk; Hypothesis shows the one that breaks a rule."""
    note(f"door {door}, {gestures}")
    walk(door, gestures)


def by_chance(seeds):
    """Walks by chance; one that breaks a rule is told as short as it can be."""
    for number in seeds:
        door, gestures = drawn(number)
        if broken(door, gestures) is not None:
            gestures = shortest(door, gestures)
            pytest.fail(f"door {door}, {gestures}: {broken(door, gestures)}")


@pytest.mark.parametrize("verb", VERBS)
@settings(STEADY, max_examples=6, derandomize=True)
@given(doors, st.integers(0, 7))
def test_each_gesture_is_done_in_each_of_its_ways(verb, door, a):
    walk(door, [G(verb, a, b, 1200) for b in range(8)])


# Walks that once went wrong, or whose moment is hard to meet by chance: a door, and what happens.
REMEMBERED = {
    "two are let in, and the second has the whole strike time": [
        G("good", 0, 0), G("good", 3, 0, 4999), G("waits", 0, 0, 4999), G("opens", 0, 0, 1),
    ],
    "a vandal drains the budget, and a member gets in by two codes": [
        G("drain"), G("good", 0, 0, 1000), G("second_half", 0, 0, 59_999), G("opens", 0, 0, 1000),
    ],
    "the second code comes a millisecond too late": [
        G("drain"), G("good", 0, 0, 1000), G("second_half", 0, 0, 60_001), G("waits", 0, 3, 0),
    ],
    "lists keep coming, and what has refilled meanwhile is kept all the same": [
        G("drain"), G("hears", 0, 0, 599_999), G("hears", 0, 0, 599_999), G("hears", 0, 0, 599_999),
        G("power_cut", 0, 1, 1000),
    ],
    "the plug is pulled in a lockout": [
        G("drain"), G("power_cut", 0, 0, 0), G("bad", 0, 0, 1000), G("double", 0, 0, 1000),
    ],
    "a clock that nobody vouches for is told the time by a double code": [
        G("power_cut", 4, 1), G("good", 0, 0, 1000), G("second_half", 0, 0, 2000), G("good", 3, 0, 1000),
        G("double", 3, 0, 1000), G("bad", 3, 0, 1000), G("server_time", 0, 0, 1000), G("good", 3, 0, 0),
    ],
    "held open, closed, and open again": [
        G("good", 0, 0), G("opens", 0, 7, 4999), G("closes", 0, 0, 119_999), G("opens", 0, 7, 1500),
        G("closes", 0, 0, 120_001),
    ],
    "somebody is on the way out when the room is locked down": [
        G("leaves", 0, 0), G("commands", 0, 1, 1000), G("opens", 0, 7, 3999), G("closes", 0, 0, 1000),
        G("good", 0, 0, 0), G("double", 1, 0, 0),
    ],
    "issued anew thrice while the door hears nothing": [
        G("reissue", 0, 0), G("reissue", 0, 0), G("double", 0, 0, 1000), G("reissue", 0, 5),
        G("good", 0, 0, 0),
    ],
    "an open mode ends a day later, and a restart ends it at once": [
        G("commands", 1, 1), G("good", 0, 0, 1000), G("waits", 0, 7), G("commands", 1, 1),
        G("power_cut", 0, 0),
    ],
    "a hand from inside, whoever comes in past it, and the next on his heels": [
        G("crosses", 7, 4), G("stands", 3, 4), G("crosses", 1, 3, 1),
    ],
    "a server that set the clock back talks nonsense": [G("server_time", 0, 6), G("server_time", 7, 7)],
    "both keypads have the same code": [G("two_at_once", 0, 7), G("opens", 0, 0, 4999)],
    "a loop that hangs relocks first when it comes back": [
        G("good", 0, 0), G("hangs"), G("bad", 0, 0, 80_000), G("good", 3, 0, 1000),
    ],
}  # fmt: skip


@pytest.mark.parametrize("door", range(len(DOORS)))
@pytest.mark.parametrize("name", REMEMBERED)
def test_what_once_went_wrong_goes_right(name, door):
    walk(door, REMEMBERED[name])


def test_the_gaps_are_those_of_every_rule_a_millisecond_less_and_one_more():
    known = {
        5000,
        1500,
        15_000,
        3000,
        60_000,
        30_000,
        120_000,
        10_000,
        300_000,
        600_000,
        1_800_000,
        7_200_000,
    }
    assert known <= durations()
    assert {ms + by for ms in durations() for by in (-1, 0, 1)} == set(GAPS)


def test_the_gaps_are_read_from_every_file_of_the_core():
    names = {module.__name__.removeprefix("door.") for module in core()}
    assert names >= set(
        "keys check pairs admission budget doorway occupancy clock commands modes acts".split()
    )


def test_every_event_of_the_door_is_in_a_walk(monkeypatch):
    seen = set()
    post = witness.Witness.post

    def note(self, event):
        seen.add(type(event))
        return post(self, event)

    monkeypatch.setattr(witness.Witness, "post", note)
    for door in range(len(DOORS)):
        for verb in VERBS:
            walk(door, [G(verb, a, b, 1200) for a in (0, 1) for b in range(8)])
    walk(0, [G("waits", 0, 3)])
    assert seen == set(ev.Event.__args__)


def test_a_walk_that_breaks_a_rule_is_told_without_what_it_does_not_need(monkeypatch):
    monkeypatch.setattr(controller, "ordered", lambda effects, reading: effects)
    gestures = [G("clear", 0, 0), G("good", 0, 0, 200), G("short", 0, 0, 1000), G("waits", 0, 0, 1000)]
    assert broken(0, gestures) is not None
    assert len(shortest(0, gestures)) < len(gestures)


def test_each_rule_says_in_words_what_it_promises():
    assert len(witness.RULES) >= 20
    assert all(len(rule.__doc__.split()) > 5 for rule in witness.RULES)


def test_a_walk_lets_members_in_and_keeps_others_out():
    walker = Walker(0)
    for g in (G("good", 0, 0), G("again", 0, 0, 1000), G("drain", 0, 0, 1000), G("double", 3, 0, 1000)):
        walker.do(g)
    assert walker.w.m.grants.total() == 2
    assert walker.w.m.spent == 3
