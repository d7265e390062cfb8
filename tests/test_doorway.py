"""The doorway: strike time, relock, held, forced, exit, and a door without a contact."""

import pytest

from door.doorway import Passage
from door.effects import Cue, Effect, Mode, Record, Relock, Show, Unlock
from door.events import Asked, ContactChanged, ExitPressed, LockMoved, Started, StoreChanged, TimerFired
from door.modes import ModeState
from door.rules import Rules
from tests.house import KEY, House, cues, of, replace


def let_in(house: House, member: str = "0427") -> list[Effect]:
    return house.at_once(house.code(member))


def rows(effects: list[Effect] | tuple[Effect, ...]) -> list[str]:
    return [row.type for row in of(Record, effects)]


# -- strike time ----------------------------------------------------------------------------------


def test_a_door_that_starts_is_locked_first():
    house = House()
    assert isinstance(house.log[0], Relock)
    assert not house.state.doorway.unlocked


@pytest.mark.parametrize("ms, locked", [(4_999, False), (5_000, True)])
def test_the_strike_is_released_when_its_time_is_over(ms, locked):
    house = House()
    let_in(house)
    effects = house.wait(ms / 1000)
    assert of(Relock, effects) == ([Relock()] if locked else [])
    assert house.unlocked is not locked


def test_the_strike_time_counts_from_when_the_lock_moved():
    house = House()
    let_in(house)
    house.wait(0.15)
    house.post(LockMoved(house.now, 5_000))
    assert of(Relock, house.wait(4.999)) == []
    assert of(Relock, house.wait(0.001)) == [Relock()]


def test_a_lock_that_moved_late_neither_shortens_nor_begins_a_strike_time():
    house = House()
    let_in(house)
    first = house.now
    house.wait(1)
    let_in(house, "0001")
    house.post(LockMoved(first, 5_000))
    assert of(Relock, house.wait(4.999)) == []
    assert of(Relock, house.wait(0.001)) == [Relock()]
    house.post(LockMoved(house.now, 5_000))
    assert house.state.doorway.relock_at is None


def test_the_strike_time_is_armed_anew_by_every_entry():
    house = House()
    let_in(house)
    for member in ("0001", "0002", "0003"):
        house.wait(4.999)
        assert Unlock(5_000) in let_in(house, member)
    assert of(Relock, house.wait(4.999)) == []
    assert of(Relock, house.wait(0.001)) == [Relock()]
    assert of(Relock, house.wait(60)) == []


def test_opening_relocks():
    house = House()
    let_in(house)
    assert house.post(ContactChanged(True))[0] == Relock()
    assert of(Relock, house.wait(29)) == []


def test_a_relock_that_is_late_comes_before_what_woke_the_door():
    house = House()
    let_in(house)
    house.now += 60_000
    effects = house.post(ExitPressed())
    assert [type(e) for e in effects if isinstance(e, (Relock, Unlock))] == [Relock, Unlock]


def test_an_unlock_that_an_opening_took_back_is_not_performed():
    """A second code that counts by its pause, and the door opened before anybody woke the loop."""
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    house.at_once(house.second("0427"))
    house.post(ExitPressed())
    house.now += 3_000
    house.unix_ms += 3_000
    effects = house.post(ContactChanged(True))
    assert Cue.ACCEPTED in cues(effects)
    assert of(Unlock, effects) == []
    assert not house.unlocked
    assert not house.state.doorway.unlocked


# -- held -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ms, shown", [(29_999, 0), (30_000, 1), (39_999, 1), (40_000, 2), (119_999, 9), (120_000, 10)]
)
def test_a_door_open_for_30_s_is_reminded_of_every_10_s(ms, shown):
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    effects = house.wait(ms / 1000)
    assert cues(effects).count(Cue.HELD) == shown


@pytest.mark.parametrize("ms, told", [(119_999, []), (120_000, ["held"])])
def test_a_door_open_for_two_minutes_is_an_alarm_once(ms, told):
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    assert rows(house.wait(ms / 1000)) == told
    assert ("held" in house.state.alarms(house.now, house.rules)) is bool(told)
    assert rows(house.wait(500)).count("held") == 1 - len(told)


def test_closing_ends_the_alarm():
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    house.wait(130)
    assert rows(house.post(ContactChanged(False))) == ["held-ended"]
    assert house.wait(60) == []
    assert house.state.alarms(house.now, house.rules) == ()


def test_a_door_closed_in_time_is_no_alarm_and_the_next_opening_counts_anew():
    house = House()
    for _ in range(2):
        let_in(house)
        house.open_and_close(29.999)
        house.wait(150)
    assert Cue.HELD not in cues(house.log)


def test_levels_are_read_and_edges_never_counted():
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    house.wait(10)
    assert house.post(ContactChanged(True)) == ()  # a bounce, or a lost edge: still open since then
    assert cues(house.wait(20)) == [Cue.HELD]
    house.post(ContactChanged(False))
    assert house.post(ContactChanged(False)) == ()


# -- forced ---------------------------------------------------------------------------------------


def test_a_door_opened_without_a_reason_was_forced():
    house = House()
    house.wait(10)
    assert rows(house.post(ContactChanged(True))) == ["forced"]
    assert "forced" in house.state.alarms(house.now, house.rules)
    assert rows(house.post(ContactChanged(False))) == ["forced-ended"]
    assert house.state.alarms(house.now, house.rules) == ()


@pytest.mark.parametrize("ms, told", [(1_499, False), (1_500, True)])
def test_a_door_opened_just_after_the_relock_was_not_forced(ms, told):
    house = House()
    let_in(house)
    house.wait(5 + ms / 1000)
    assert ("forced" in rows(house.post(ContactChanged(True)))) is told


def test_who_opens_in_the_grace_is_counted():
    house = House()
    let_in(house)
    house.wait(6)
    assert rows(house.post(ContactChanged(True))) == ["entered"]


def test_a_door_found_open_was_not_forced():
    house = House()
    house.state = replace(house.state, doorway=replace(house.state.doorway, relocked_at=None))
    effects = house.post(Started(True, "test"))
    assert rows(effects) == ["started"]
    assert house.state.alarms(house.now, house.rules) == ()
    assert cues(house.wait(30)) == [Cue.HELD]
    assert rows(house.post(ContactChanged(False))) == []


def test_a_forced_door_that_stands_open_is_held_too():
    house = House()
    house.wait(10)
    house.post(ContactChanged(True))
    house.wait(120)
    assert house.state.alarms(house.now, house.rules) == ("forced", "held")


# -- the way out ----------------------------------------------------------------------------------


def test_the_exit_button_unlocks_at_once():
    house = House()
    assert house.post(ExitPressed())[0] == Unlock(5_000)
    assert of(Relock, house.wait(5)) == [Relock()]


@pytest.mark.parametrize("ms, told", [(9_999, False), (10_000, True)])
@pytest.mark.parametrize("unlocks", [True, False])
def test_the_exit_button_shunts_the_forced_alarm_for_10_s(unlocks, ms, told):
    house = House(rules=Rules("yuexin", KEY, exit_unlocks=unlocks))
    house.wait(60)
    house.post(ExitPressed())
    house.wait(ms / 1000)
    assert ("forced" in rows(house.post(ContactChanged(True)))) is told


def test_a_button_at_a_door_with_a_free_handle_unlocks_nothing():
    house = House(rules=Rules("yuexin", KEY, exit_unlocks=False))
    assert of(Unlock, house.post(ExitPressed())) == []
    assert rows(house.post(ContactChanged(True))) == ["left"]


def lockdown(house: House) -> None:
    house.post(Asked("1", "mode", {"mode": "lockdown"}, "test"))


def spent(house: House) -> None:
    house.drain()


def broken(house: House) -> None:
    house.post(StoreChanged("full"))


def opened(house: House) -> None:
    house.post(Asked("1", "mode", {"mode": "open"}, "test"))


@pytest.mark.parametrize("trouble", [lockdown, spent, broken, opened])
def test_nothing_touches_the_way_out(trouble):
    house = House()
    trouble(house)
    house.post(ExitPressed())
    assert house.unlocked
    assert rows(house.post(ContactChanged(True))) == ["left"]


@pytest.mark.parametrize("unlock_first", [False, True])
def test_a_lockdown_does_not_lock_who_has_pressed_the_exit_button(unlock_first):
    house = House()
    if unlock_first:
        opened(house)
    house.post(ExitPressed())
    house.wait(2)
    lockdown(house)
    assert house.unlocked
    assert of(Relock, house.wait(2.999)) == []
    assert of(Relock, house.wait(0.001)) == [Relock()]


def test_a_lockdown_after_the_exit_locks():
    house = House()
    house.post(ExitPressed())
    house.post(ContactChanged(True))
    house.post(ContactChanged(False))
    let_in(house)
    lockdown(house)
    assert not house.unlocked


def test_the_end_of_mode_open_does_not_lock_who_has_pressed_the_exit_button():
    house = House()
    until = house.unix_ms // 1000 + 100
    house.post(Asked("1", "mode", {"mode": "open", "until": until}, "test"))
    house.wait(98)
    house.post(ExitPressed())
    house.wait(2)
    assert (house.state.mode.mode, house.unlocked) == (Mode.NORMAL, True)
    assert of(Relock, house.wait(3)) == [Relock()]


def test_the_end_of_a_lockdown_cuts_no_entry_short():
    house = House()
    house.state = replace(house.state, mode=ModeState(Mode.LOCKDOWN, None, house.now + 2_000))
    house.post(ExitPressed())
    assert of(Relock, house.wait(4.999)) == []
    assert house.state.mode.mode is Mode.NORMAL
    let_in(house)
    house.post(Asked("1", "mode", {"mode": "normal"}, "test"))
    assert house.unlocked


def test_a_door_standing_open_is_held_only_from_the_end_of_mode_open_on():
    house = House()
    opened(house)
    house.post(ContactChanged(True))
    assert cues(house.wait(3_600)) == []
    house.post(Asked("1", "mode", {"mode": "normal"}, "test"))
    assert cues(house.wait(29.999)) == []
    assert cues(house.wait(0.001)) == [Cue.HELD]


def test_mode_open_ends_an_alarm_that_it_is_held():
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    house.wait(121)
    assert "held-ended" in rows(house.post(Asked("1", "mode", {"mode": "open"}, "test")))
    assert "held" not in house.state.alarms(house.now, house.rules)


# -- without a contact ----------------------------------------------------------------------------


def bare() -> House:
    return House(rules=Rules("yuexin", KEY, has_contact=False))


def test_without_a_contact_the_door_works_by_time():
    house = bare()
    let_in(house)
    assert house.unlocked
    assert of(Relock, house.wait(5)) == [Relock()]
    assert rows(house.wait(3_600)) == []
    assert house.state.doorway.open is None
    assert house.state.alarms(house.now, house.rules) == ()


def test_without_a_contact_an_entry_and_an_exit_count_at_once():
    house = bare()
    assert rows(let_in(house)) == ["granted", "entered"]
    assert rows(house.post(ExitPressed())) == ["left"]
    assert house.state.occupancy.count == 0


# -- passages -------------------------------------------------------------------------------------


def test_a_passage_is_taken_by_the_first_opening():
    house = House()
    let_in(house)
    assert house.state.doorway.passage is Passage.IN
    house.open_and_close(1)
    house.wait(0.1)
    assert rows(house.post(ContactChanged(True))) == []  # in the grace: neither forced nor a second entry


def test_who_was_let_in_at_an_open_door_is_counted_once():
    house = House()
    let_in(house)
    house.post(ContactChanged(True))
    assert rows(let_in(house, "0428")) == ["granted", "entered"]
    house.post(ContactChanged(False))
    house.wait(1)
    assert rows(house.post(ContactChanged(True))) == []
    assert house.state.occupancy.count == 2


def test_who_leaves_by_an_open_door_is_counted_once():
    house = House()
    for member in ("0427", "0428"):
        let_in(house, member)
        house.open_and_close(1)
    let_in(house, "0429")
    house.post(ContactChanged(True))
    assert rows(house.post(ExitPressed())) == ["left"]
    house.post(ContactChanged(False))
    assert rows(house.post(ContactChanged(True))) == []
    assert house.state.occupancy.count == 2


def test_a_command_that_unlocks_is_nobodys_entry():
    house = House()
    effects = house.post(Asked("1", "unlock", {}, "admin"))
    assert Unlock(5_000) in effects
    assert Show(Cue.ACCEPTED, 5_000) in effects
    assert rows(house.post(ContactChanged(True))) == []
    assert house.state.occupancy.count == 0


def test_a_timer_that_fires_for_nothing_does_nothing():
    house = House()
    state = house.state
    assert house.post(TimerFired()) == ()
    assert house.state == state
