"""Wrong guesses: the budget of the door, refunds, lockout, pauses, and what a log cannot be filled with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import Generator, Kind, derive
from door import budget
from door.budget import Budget, Failure
from door.effects import CountFailures, Cue, Record, Remember, Settle, Show, Unlock
from door.events import CommandRefused, ServerTime, Stopping, TimerFired
from door.rules import Rules
from tests.house import KEY, NOW, House, cues, granted, of, reasons, replace, wrong

RULES = Rules("yuexin", KEY)
REFILL = RULES.budget_refill_ms


def slip(code: str, digits: int) -> str:
    """The code with its last ``digits`` digits wrong, right otherwise."""
    return code[:-digits] + "".join(str((int(d) + 1) % 10) for d in code[-digits:])


def present(house: House, member: str = "0427") -> str:
    return house.code(member)


# -- tokens ---------------------------------------------------------------------------------------


def test_a_token_is_durably_spent_before_anything_is_shown():
    house = House()
    effects = house.at_once(wrong(present(house)))[-7:]
    kinds = [type(e) for e in effects if not (isinstance(e, Show) and e.cue is Cue.KEY)]
    assert kinds == [Record, Remember, CountFailures, Settle, Show]
    assert effects.index(Settle()) < effects.index(Show(Cue.WRONG))
    assert house.facts["budget"] == 9 * REFILL


def test_ten_wrong_guesses_are_a_lockout():
    house = House()
    for n in range(10):
        assert not house.state.budget.lockout
        effects = house.at_once(wrong(house.code(f"{n + 1:04}")))
        assert reasons(effects) == ["unknown-code"]
    assert house.state.budget.lockout
    assert [r.type for r in house.rows()][-2:] == ["denied", "lockout"]
    assert cues(house.at_once(house.code("0427"))) == [Cue.SECOND_CODE]


def test_in_a_lockout_a_double_code_opens_at_once():
    house = House()
    house.drain()
    assert granted(house.double("0427"))


@pytest.mark.parametrize("ms, over", [(-1, False), (0, True)])
def test_a_lockout_ends_with_the_next_token(ms, over):
    house = House()
    house.drain()
    began = house.now
    house.until(house.unix_ms + REFILL + ms)
    assert house.state.budget.lockout is not over
    assert bool(house.rows("lockout-ended")) is over
    assert house.now - began == REFILL + ms
    assert granted(house.at_once(present(house))) is over


def test_part_of_a_token_is_no_token():
    house = House()
    for _ in range(9):
        house.at_once(wrong(present(house)))
    house.wait(3_600)
    house.at_once(wrong(present(house)))
    assert (house.tokens, house.state.budget.lockout) == (0.5, True)
    house.power_cut()
    assert house.state.budget.lockout
    house.wait(3_600)
    assert not house.state.budget.lockout


def test_the_token_that_ends_a_lockout_is_good_for_one_guess():
    house = House()
    house.drain()
    house.wait(7_200)
    house.at_once(wrong(present(house)))
    assert house.state.budget.lockout
    assert house.tokens == 0


def test_tokens_come_back_one_in_two_hours_and_no_more_than_ten():
    house = House()
    for _ in range(3):
        house.at_once(wrong(present(house)))
    house.wait(7_200)
    assert house.tokens == 8
    house.wait(100 * 7_200)
    assert house.tokens == 10


def test_a_guesser_who_never_sleeps_has_12_guesses_a_day_and_ten():
    house, days = House(), 3
    end, guesses = house.unix_ms + days * 86_400_000 + 1, 0
    while house.unix_ms < end:
        if house.state.budget.lockout:
            house.until(min(end, house.unix_ms + REFILL))
            house.post(ServerTime(house.unix_ms))
            continue
        house.at_once(wrong(present(house)))
        guesses += 1
    assert guesses == 10 + 12 * days
    assert (10 + 12 * 365) * 2 / 10**6 < 0.01  # two steps are acceptable at the worst moment


def test_only_running_time_gives_tokens_back():
    house = House()
    house.drain()
    house.post(ServerTime(house.unix_ms + 10 * 86_400_000))
    assert house.tokens == 0
    house.power_cut(10 * 86_400)
    assert house.tokens == 0
    assert house.state.budget.lockout


def test_a_power_cut_gives_nothing_back():
    house = House()
    for _ in range(4):
        house.at_once(wrong(present(house)))
    house.power_cut()
    assert house.tokens == 6
    assert not house.state.budget.lockout


def test_running_time_is_remembered_every_ten_minutes_and_at_the_end():
    house = House()
    house.drain()
    house.wait(600)
    assert house.facts["budget"] == 600_000
    house.wait(100)
    house.post(Stopping("SIGTERM"))
    assert house.facts["budget"] == 700_000


@pytest.mark.parametrize("fact", [None, "10", -1, True, 3.5, [], 10**30])
def test_a_budget_that_cannot_be_read_is_never_more_than_a_full_one(fact):
    house = House(facts={"budget": fact})
    assert house.tokens <= 10


def test_wrong_lengths_and_first_codes_cost_nothing():
    house = House()
    house.at_once("123#")
    house.at_once("123456#")
    assert house.tokens == 10
    house.drain()
    house.wait(7_199)
    level = house.tokens
    house.at_once(wrong(present(house)))
    assert house.tokens == level


# -- refunds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits, back", [(1, True), (2, True), (3, False), (6, False)])
def test_a_near_miss_is_at_most_two_digits_off(digits, back):
    house = House()
    house.at_once(slip(present(house), digits))
    assert house.tokens == 9
    house.at_once(present(house))
    assert house.tokens == (10 if back else 9)


def test_a_near_miss_of_a_code_that_would_not_open_is_none():
    house = House()
    code = house.code("0427", later=5)
    assert near_to_none(house, slip(code, 1))
    house.at_once(slip(code, 1))
    house.at_once(present(house))
    assert house.tokens == 9


def near_to_none(house: House, typed: str) -> bool:
    codes = Generator(derive(KEY, "yuexin", Kind.PHONE, typed[:4], 1), 6)
    now = house.unix_ms // 120_000
    return all(
        sum(a != b for a, b in zip(codes.at(step), typed[4:], strict=True)) > 2 for step in (now, now - 1)
    )


def test_at_most_three_near_misses_come_back():
    house = House()
    for _ in range(4):
        house.at_once(slip(present(house), 1))
    house.at_once(present(house))
    assert house.tokens == 9


def test_only_failures_of_the_members_own_number_come_back():
    house = House()
    house.at_once(slip(house.code("0428"), 1))
    house.at_once(present(house))
    assert house.tokens == 9
    house.at_once(house.code("0428"))
    assert house.tokens == 10


@pytest.mark.parametrize("ms, tokens", [(0, 10), (1, 9)])
def test_near_misses_come_back_for_five_minutes(ms, tokens):
    house = House()
    house.at_once(slip(present(house), 1))
    house.until(house.unix_ms + 300_000 + ms)
    house.at_once(present(house))
    assert int(house.tokens) == tokens


def test_near_misses_come_back_once():
    house = House()
    house.at_once(slip(present(house), 1))
    house.at_once(wrong(house.code("0428")))
    house.at_once(present(house))
    assert house.tokens == 9
    house.wait(120)
    house.at_once(present(house))
    assert int(house.tokens) == 9


def test_a_right_code_that_is_refused_gives_nothing_back():
    house = House(access=House().access)
    house.access.records["0427"] = AccessRecord("0427", suspended_until=NOW + 86_400)
    house.at_once(slip(present(house), 1))
    house.at_once(present(house))
    assert house.tokens == 9


def test_the_first_half_of_a_double_code_comes_back_beside_three_near_misses():
    house = House()
    for _ in range(4):
        house.at_once(slip(present(house), 1))
        house.wait(1)
    house.at_once(house.code("0427", generation=2))
    assert int(house.tokens) == 5
    assert granted(house.at_once(house.second("0427", generation=2) + "#"))
    assert int(house.tokens) == 9


def test_a_refund_may_end_a_lockout_and_is_durable():
    house = House()
    for _ in range(9):
        house.at_once(wrong(house.code("0428")))
    house.at_once(slip(present(house), 1))
    assert house.state.budget.lockout
    effects = house.double("0427")
    assert "lockout-ended" in [r.type for r in of(Record, effects)]
    assert house.facts["budget"] == REFILL
    assert not house.state.budget.lockout


def test_a_first_half_that_was_near_by_chance_comes_back_once():
    purse = Budget(5 * REFILL, 7, failures=(Failure("0427", 7, near=True),))
    purse, _ = budget.refund(purse, "0427", 7, 7, RULES)
    assert purse.level == 6 * REFILL


def test_a_refund_is_durable_before_the_door_opens():
    house = House()
    house.at_once(slip(present(house), 1))
    effects = house.at_once(present(house))
    spots = {type(e): n for n, e in enumerate(effects)}
    assert spots[Remember] < spots[Settle] < spots[Unlock]


# -- pauses ---------------------------------------------------------------------------------------


def wrong_pair(house: House) -> int:
    """A wrong pair, and the pause it earned."""
    house.at_once(house.code("0427"))
    house.at_once("111111#")
    return budget.pausing(house.state.budget, house.now)


def test_pauses_after_wrong_pairs_double_to_30_s():
    house = House()
    house.drain()
    pauses = []
    for _ in range(7):
        pauses.append(wrong_pair(house))
        house.wait(pauses[-1] / 1000)
    assert pauses == [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]


@pytest.mark.parametrize("ms, shown", [(1_999, Cue.WAIT), (2_000, Cue.SECOND_CODE)])
def test_no_attempt_is_taken_in_a_pause(ms, shown):
    house = House()
    house.drain()
    wrong_pair(house)
    house.until(house.unix_ms + ms)
    effects = house.at_once(house.code("0500"))
    assert cues(effects) == [shown]
    assert shown is not Cue.WAIT or Show(Cue.WAIT, 1) in effects


def test_a_pause_is_for_single_codes_too():
    house = House()
    house.at_once(house.card("0427", 1)[0])
    house.at_once("111111#")
    assert cues(house.at_once(house.code("0500"))) == [Cue.WAIT]
    house.wait(2)
    assert granted(house.at_once(house.code("0500")))


@pytest.mark.parametrize("ms, pause", [(0, 4_000), (1, 2_000)])
def test_pauses_are_forgotten_ten_minutes_after_the_last_one(ms, pause):
    house = House()
    house.drain()
    wrong_pair(house)
    house.until(house.unix_ms + 2_000 + 600_000 + ms)
    assert wrong_pair(house) == pause


def test_a_pause_just_after_the_start_is_two_seconds():
    purse, _ = budget.wrong_pair(Budget(0, 0), 700_000, House().rules)
    assert budget.pausing(purse, 700_000) == 2_000


def test_a_pause_begins_anew_when_the_power_comes_back():
    """Else whoever pulls the plug types three pairs while others type one."""
    house = House()
    house.drain()
    for pause in (2, 4, 8):
        wrong_pair(house)
        house.wait(pause)
    house.power_cut(60)
    assert budget.pausing(house.state.budget, house.now) == 8_000
    house.wait(8)
    assert wrong_pair(house) == 16_000


def test_a_pause_that_was_forgotten_does_not_come_back_with_the_power():
    house = House()
    house.drain()
    wrong_pair(house)
    house.wait(2 + 600.001)
    house.power_cut()
    assert budget.pausing(house.state.budget, house.now) == 0


@pytest.mark.parametrize("fact", ["2000", -1, True, 3.5, [], 10**30])
def test_a_pause_that_cannot_be_read_is_the_longest(fact):
    house = House(facts={"pause": fact})
    assert budget.pausing(house.state.budget, house.now) == 30_000


def test_nothing_refills_during_a_pause():
    """Else somebody has the guesses of both: pairs all the time, and a single code every two hours."""
    house = House()
    house.drain()
    wrong_pair(house)
    house.wait(2)
    assert house.tokens == 0
    house.wait(7_200)
    assert house.tokens == 1


# -- a number that is guessed at ------------------------------------------------------------------


def test_a_number_with_100_failures_in_a_row_needs_a_double_code_until_its_next_success():
    house = House()
    house.access.failures["0427"] = 99
    house.at_once(wrong(present(house)))
    assert house.access.failures["0427"] == 100
    assert cues(house.at_once(present(house))) == [Cue.SECOND_CODE]
    assert granted(house.at_once(house.second("0427") + "#"))
    assert house.access.failures == {}
    house.wait(240)
    assert granted(house.at_once(present(house)))


def test_who_brings_the_lockout_about_by_a_typo_is_asked_for_a_second_code_and_not_called_wrong():
    house = House()
    for _ in range(9):
        house.at_once(wrong(house.code("0428")))
    house.at_once(slip(present(house), 1))
    assert house.state.budget.lockout
    assert cues(house.at_once(present(house))) == [Cue.SECOND_CODE]
    assert granted(house.at_once(house.second("0427") + "#"))


def test_99_failures_are_no_reason():
    house = House()
    house.access.failures["0427"] = 99
    assert granted(house.at_once(present(house)))
    assert house.access.failures == {}


def test_failures_are_counted_for_each_number_and_across_power_cuts():
    house = House()
    house.at_once(wrong(present(house)))
    house.at_once(wrong(house.code("0428")))
    house.at_once(wrong(present(house)))
    assert house.access.failures == {"0427": 2, "0428": 1}


# -- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ms, rows", [(59_999, 0), (60_000, 1)])
def test_wrong_pairs_are_one_row_a_minute_with_a_count(ms, rows):
    house = House()
    house.drain()
    before = len(house.rows("denied"))
    began = house.unix_ms
    wrong_pair(house)
    house.wait(5)
    wrong_pair(house)
    house.until(began + ms)
    told = house.rows("denied")[before:]
    assert len(told) == rows
    assert all(row.detail == {"count": 2} for row in told)


def test_a_minute_of_everything_at_no_cost_is_one_row_of_each_reason():
    house = House()
    house.drain()
    before = len(house.rows())
    for n in range(50):
        house.at_once("12#")
        house.post(CommandRefused(str(n), "bad-mac"))
    wrong_pair(house)
    house.wait(60)
    assert sorted((r.type, r.reason, r.detail["count"]) for r in house.rows()[before:]) == [
        ("command", "bad-mac", 50), ("denied", "unknown-code", 1), ("denied", "wrong-length", 50),
    ]  # fmt: skip


def test_what_was_gathered_is_told_when_the_door_stops():
    house = House()
    house.at_once("12#")
    effects = house.post(Stopping("SIGTERM"))
    assert [r.type for r in of(Record, effects)] == ["denied", "stopped"]
    assert of(Record, house.wait(120)) == []


# -- any history ----------------------------------------------------------------------------------


gestures = st.sampled_from(["guess", "slip", "right"])
gaps = st.sampled_from([0, 1, REFILL // 2, REFILL - 1, REFILL]) | st.integers(0, 60_000)


@given(st.integers(0, 3 * REFILL), st.lists(st.tuples(gestures, gaps), max_size=30))
def test_the_level_stays_between_none_and_full_and_says_whether_there_is_a_lockout(level, story):
    purse = Budget(level, 0, lockout=level < REFILL)
    now = 0
    for what, gap in story:
        now += gap
        purse, _ = budget.tick(purse, now, RULES)
        if what == "right":
            purse, _ = budget.refund(purse, "0427", None, now, RULES)
        elif not purse.lockout:
            purse, effects = budget.spend(purse, "0427", what == "slip", 0, now, RULES)
            assert effects[0] == Remember("budget", budget.level(purse, now, RULES))
        assert 0 <= budget.level(purse, now, RULES) <= budget.full(RULES)
        assert purse.lockout is (budget.level(purse, now, RULES) < REFILL)
    assert replace(purse, burst=None) == purse


def test_a_lockout_that_ended_while_nobody_looked_has_ended():
    house = House()
    house.drain()
    house.now += REFILL
    house.unix_ms += REFILL
    house.post(TimerFired())
    assert not house.state.budget.lockout
