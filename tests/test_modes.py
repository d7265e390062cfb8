"""Modes: normal, lockdown, open; how they end and what a restart leaves of them."""

import pytest

from contract.access import AccessRecord
from contract.codes import Kind
from door import modes
from door.clock import Reading, Source
from door.effects import Cue, Mode, Record, Relock, Remember, Unlock
from door.events import Asked, ContactChanged
from tests.house import NOW, House, cues, granted, of, reasons

STAFF = AccessRecord("0500", Kind.STAFF, revision=1)


def mode(house: House, word: str, until: int | None = None) -> tuple:
    return house.post(Asked("1", "mode", {"mode": word, "until": until}, "admin"))


def test_mode_open_unlocks_until_it_ends():
    house = House()
    assert of(Unlock, mode(house, "open")) == [Unlock(None)]
    house.wait(3_600)
    assert house.unlocked
    assert mode(house, "normal")[0] == Relock()
    assert not house.unlocked


def test_in_mode_open_opening_locks_nothing_and_is_not_forced():
    house = House()
    mode(house, "open")
    house.wait(60)
    assert of(Record, house.post(ContactChanged(True))) == []
    house.post(ContactChanged(False))
    assert house.unlocked


@pytest.mark.parametrize("ms, now_is", [(-1, Mode.OPEN), (0, Mode.NORMAL)])
@pytest.mark.parametrize("until", [None, NOW + 3 * 86_400])
def test_mode_open_lasts_at_most_24_hours(until, ms, now_is):
    house = House()
    mode(house, "open", until)
    (row,) = house.rows("mode")
    assert row.detail["until"] == house.state.mode.until == NOW + 86_400  # what is so, not what was asked
    house.until((NOW + 86_400) * 1000 + ms)
    assert house.state.mode.mode is now_is
    assert house.unlocked is (now_is is Mode.OPEN)


@pytest.mark.parametrize("word", ["open", "lockdown"])
@pytest.mark.parametrize("ms, ended", [(-1, False), (0, True)])
def test_a_mode_ends_when_it_was_asked_to(word, ms, ended):
    house = House()
    mode(house, word, NOW + 3_600)
    house.until((NOW + 3_600) * 1000 + ms)
    assert (house.state.mode.mode is Mode.NORMAL) is ended
    told = [row.detail for row in house.rows("mode")][1:]
    assert told == ([{"mode": "normal", "until": None, "by": "time"}] if ended else [])
    assert house.facts["mode"] == (
        {"mode": "normal", "until": None}
        if ended or word == "open"
        else {"mode": "lockdown", "until": NOW + 3_600}
    )


def test_a_mode_that_was_to_end_before_now_ends_at_once():
    house = House()
    mode(house, "open", NOW - 10)
    house.wait(0.001)
    assert not house.unlocked


def test_mode_open_is_not_restored_after_a_restart():
    house = House()
    mode(house, "open")
    house.power_cut()
    assert house.state.mode.mode is Mode.NORMAL
    assert not house.unlocked


def test_a_lockdown_is_restored_after_a_restart():
    house = House()
    mode(house, "lockdown")
    house.power_cut(86_400)
    assert house.state.mode.mode is Mode.LOCKDOWN
    assert cues(house.at_once(house.code("0427"))) == [Cue.SECOND_CODE]


@pytest.mark.parametrize("away, left", [(600, Mode.LOCKDOWN), (3_600, Mode.NORMAL)])
def test_a_restored_lockdown_ends_when_it_was_asked_to(away, left):
    house = House()
    mode(house, "lockdown", NOW + 3_600)
    house.power_cut(away)
    house.wait(1)
    assert house.state.mode.mode is left
    house.wait(3_600)
    assert house.state.mode.mode is Mode.NORMAL


def test_a_restored_lockdown_waits_for_a_trusted_clock_to_end():
    house = House()
    mode(house, "lockdown", NOW + 3_600)
    house.clock = False
    house.power_cut(7_200)
    house.wait(7_200)
    assert house.state.mode.mode is Mode.LOCKDOWN


def test_in_a_lockdown_staff_come_in_by_double_code_only():
    house = House()
    house.enrol(STAFF)
    mode(house, "lockdown")
    assert cues(house.at_once(house.code("0500", Kind.STAFF))) == [Cue.SECOND_CODE]
    assert granted(house.at_once(house.second("0500", Kind.STAFF) + "#"))


def test_in_a_lockdown_a_members_double_code_is_refused_and_not_used_up():
    house = House()
    mode(house, "lockdown")
    assert reasons(house.double("0427")) == ["lockdown"]
    mode(house, "normal")
    assert granted(house.at_once(house.code("0427")))


def test_a_lockdown_locks_at_once_before_anything_else():
    house = House()
    house.at_once(house.code("0427"))
    effects = mode(house, "lockdown")
    assert effects[0] == Relock()
    assert not house.unlocked


def test_a_change_of_mode_is_recorded_and_remembered():
    effects = mode(House(), "lockdown")
    assert of(Remember, effects) == [Remember("mode", {"mode": "lockdown", "until": None})]
    row = of(Record, effects)[0]
    assert (row.type, row.detail) == ("mode", {"mode": "lockdown", "until": None, "by": "admin"})


@pytest.mark.parametrize(
    "fact",
    [None, 3, "lockdown", [], {}, {"mode": "open", "until": None}, {"mode": "lockdown"},
     {"mode": "lockdown", "until": "soon"}, {"mode": ["lockdown"], "until": None}],
)  # fmt: skip
def test_a_mode_that_cannot_be_read_is_normal(fact):
    assert modes.restore(fact) == modes.ModeState()


def test_without_a_clock_mode_open_lasts_24_hours():
    state, _ = modes.change(Mode.OPEN, NOW + 60, "admin", Reading(Source.NONE, None, 0), 1_000)
    assert state.ends == 1_000 + 86_400_000
