"""A damaged store forgot which codes were used: only double codes open until the budget has refilled."""

from __future__ import annotations

from house import House, cues

from door.effects import Cue


def test_after_a_loss_of_used_steps_a_single_code_is_kept_unchecked_and_the_pair_opens() -> None:
    house = House(facts={"used_steps_lost": True})
    assert house.state.alarms(house.now, house.rules) == ("lockout",)
    assert cues(house.type(house.code("0427"))) == [Cue.SECOND_CODE]
    house.type(house.second("0427"))
    assert cues(house.wait(3)) == [Cue.ACCEPTED]


def test_it_ends_by_running_time_and_not_by_another_restart() -> None:
    house = House(facts={"used_steps_lost": True})
    assert house.facts["used_steps_lost"] is False
    house.wait(3600)
    house.power_cut(3600)
    assert cues(house.type(house.code("0427"))) == [Cue.SECOND_CODE]
    house.wait(house.rules.budget_refill_ms / 1000)
    assert cues(house.type(house.code("0001"))) == [Cue.ACCEPTED]
