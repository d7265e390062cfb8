"""Fire, tamper and the mains: levels; fire frees the door in every mode and its end locks again."""

from __future__ import annotations

import pytest

from door.effects import Cue, Relock, Remember, Unlock
from door.events import (
    Asked,
    ContactChanged,
    Event,
    ExitPressed,
    FaultChanged,
    FireChanged,
    Stopping,
    TamperChanged,
)
from tests.house import House, cues, of


def mode(house: House, mode: str) -> None:
    house.post(Asked("1", "mode", {"mode": mode}, "admin"))


def alarms(house: House) -> set[str]:
    return set(house.state.alarms(house.now, house.rules)) & {
        "fire",
        "tamper",
        "power-failed",
        "forced",
        "held",
    }


@pytest.mark.parametrize("before", ["normal", "lockdown", "open"])
def test_a_fire_frees_the_door_in_every_mode_and_says_so(before: str) -> None:
    house = House()
    mode(house, before)
    effects = house.post(FireChanged(True))
    assert house.unlocked
    assert of(Unlock, effects) == [Unlock(None)]
    assert cues(effects) == [Cue.FIRE]
    assert [row.type for row in house.rows("fire")] == ["fire"]
    assert alarms(house) == {"fire"}
    house.wait(3 * 3600)
    assert house.unlocked


@pytest.mark.parametrize("asked", ["normal", "lockdown"])
def test_no_mode_locks_during_a_fire_but_its_end_does(asked: str) -> None:
    house = House()
    house.post(FireChanged(True))
    mode(house, "open")
    mode(house, asked)
    assert house.unlocked
    house.post(FireChanged(False))
    assert not house.unlocked
    assert house.state.mode.mode == asked
    assert alarms(house) == set()
    assert cues(house.log)[-1] is Cue.CLEARED
    assert [row.type for row in house.rows("fire-ended")] == ["fire-ended"]


def test_the_end_of_a_mode_locks_nobody_in_during_a_fire() -> None:
    house = House()
    house.post(Asked("1", "mode", {"mode": "open", "until": house.unix_ms // 1000 + 60}, "admin"))
    house.post(FireChanged(True))
    house.wait(61)
    assert house.state.mode.mode == "normal"
    assert house.unlocked
    house.post(FireChanged(False))
    assert not house.unlocked


def test_after_a_fire_an_open_mode_stays_open() -> None:
    house = House()
    mode(house, "open")
    house.post(FireChanged(True))
    house.post(FireChanged(False))
    assert house.unlocked


@pytest.mark.parametrize("ms, unlocked", [(-1, True), (0, False)])
def test_whoever_is_on_the_way_out_when_it_ends_gets_out(ms: int, unlocked: bool) -> None:
    house = House()
    house.post(FireChanged(True))
    house.post(ExitPressed())
    house.wait(1)
    house.post(FireChanged(False))
    house.until(house.unix_ms + house.rules.unlock_ms - 1000 + ms)
    assert house.unlocked is unlocked


def test_a_door_that_opens_in_a_fire_is_neither_forced_nor_held() -> None:
    house = House()
    house.post(FireChanged(True))
    house.post(ContactChanged(True))
    house.wait(3600)
    assert alarms(house) == {"fire"}
    house.post(FireChanged(False))  # from here on it may be held
    house.wait(house.rules.held_alarm_ms / 1000)
    assert alarms(house) == {"held"}


def test_without_beams_nobody_knows_after_a_fire_who_ran() -> None:
    house = House()
    house.post(Asked("1", "count", {"count": 3}, "admin"))
    house.post(FireChanged(True))
    assert house.state.occupancy.confidence == "unknown"


def test_an_order_to_stop_locks_also_in_a_fire_and_the_next_start_frees_again() -> None:
    """The process ends and the relay with it; the alarm's contact is in the lock's circuit (wiring.md)."""
    house = House()
    house.post(FireChanged(True))
    assert of(Relock, house.post(Stopping("SIGTERM")))
    house.power_cut()
    assert not house.unlocked
    house.post(FireChanged(True))
    assert house.unlocked


@pytest.mark.parametrize(
    "begin, end, rows",
    [
        (FireChanged(True), FireChanged(False), ("fire", "fire-ended")),
        (TamperChanged(True), TamperChanged(False), ("tamper", "tamper-ended")),
        (FaultChanged("power-failed", True), FaultChanged("power-failed", False), ("fault", "fault-ended")),
    ],
)
def test_a_level_that_is_told_again_is_no_news(begin: Event, end: Event, rows: tuple[str, str]) -> None:
    house = House()
    house.log.clear()
    for event in (end, begin, begin, end, end):
        house.post(event)
    assert [row.type for row in house.rows()] == [*rows]
    assert alarms(house) == set()


def test_when_the_mains_fail_running_time_is_kept_at_once() -> None:
    """The battery may be next, and a lease or a budget should not be the longer for it."""
    house = House()
    house.wait(300)
    kept = [e.name for e in house.post(FaultChanged("power-failed", True)) if isinstance(e, Remember)]
    assert set(kept) == {"known_past", "budget"}
    assert alarms(house) == {"power-failed"}
    assert house.post(FaultChanged("undervoltage", True)) != ()
