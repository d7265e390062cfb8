"""Edges of the budget and the judge of attempts that mutation testing found bare."""

from __future__ import annotations

import pytest

from contract.access import AccessRecord
from contract.codes import PAPER2, Attempt, Kind, issue
from door import budget, check, controller, pairs
from door import state as states
from door.accesslist import AccessList
from door.admission import Room
from door.budget import Budget, Burst, Failure
from door.check import Denial, Grant, Second
from door.clock import Reading, Source, Tick
from door.effects import CountFailures, Cue, Mode, Record, Relock, Remember, Settle, Show, Use
from door.events import Asked, ExitPressed, KeyPressed, ServerTime, TimerFired
from door.pairs import First
from door.rules import Rules
from tests.house import KEY, House, replace, wrong

RULES = Rules("yuexin", KEY)
TOKEN, FULL = RULES.budget_refill_ms, 10 * RULES.budget_refill_ms
MINUTE = 60_000
NOW = 100 * MINUTE
NEAR = Failure("0427", NOW - 1, near=True)
FAR = Failure("0427", NOW - 2, near=False)
OTHER = Failure("0012", NOW - 3, near=True)


def test_the_numbers_of_the_budget_are_these():
    """In figures: a test that takes the name of a number agrees with whatever it becomes."""
    assert (budget.REFUND_WITHIN_MS, budget.REFUNDS_AT_MOST) == (5 * MINUTE, 3)
    assert (budget.PAUSE_MS, budget.PAUSE_AT_MOST_MS) == (2_000, 30_000)
    assert (budget.PAUSE_FORGOTTEN_MS, budget.BURST_MS) == (10 * MINUTE, MINUTE)
    assert budget.full(RULES) == FULL == 20 * 3_600_000


@pytest.mark.parametrize("pause, ms", [(None, 0), (0, 0), (4_000, 4_000), (30_000, 30_000)])
@pytest.mark.parametrize("lockout", [False, True])
def test_a_pause_that_was_kept_begins_anew_and_nothing_refills_in_it(pause, ms, lockout):
    kept = budget.restored(5, pause, NOW, lockout=lockout)
    assert kept == Budget(5, NOW + ms, lockout=lockout, pause_ms=ms, pause_until=NOW + ms)
    assert budget.level(kept, NOW, RULES) == 5


@pytest.mark.parametrize("pause", [-1, 30_001, True, "0", 1.5, []])
def test_a_pause_that_cannot_be_read_is_the_longest(pause):
    assert budget.restored(5, pause, NOW, lockout=False).pause_ms == 30_000


@pytest.mark.parametrize(
    "before, left, lockout",
    [(FULL, FULL - TOKEN, False), (2 * TOKEN, TOKEN, False), (2 * TOKEN - 1, TOKEN - 1, True)],
)
def test_a_guess_takes_a_token_and_less_than_one_is_a_lockout(before, left, lockout):
    after, effects = budget.spend(Budget(before, NOW), "0427", True, 6, NOW, RULES)
    failure = Failure("0427", NOW, near=True)
    assert after == Budget(left, NOW, lockout=lockout, failures=(failure,))
    told = (Remember("budget", left), CountFailures("0427", 7), Settle())
    assert effects == (*told, *((Record("lockout"),) if lockout else ()))


def test_a_lockout_is_told_once_and_the_level_never_falls_below_nought():
    after, effects = budget.spend(Budget(TOKEN - 1, NOW, lockout=True), "0427", False, 0, NOW, RULES)
    assert (after.level, after.lockout) == (0, True)
    assert Record("lockout") not in effects


@pytest.mark.parametrize("ago, kept", [(5 * MINUTE - 1, True), (5 * MINUTE, False)])
def test_a_failure_is_kept_for_five_minutes(ago, kept):
    old = Failure("0427", NOW - ago, near=True)
    after, _ = budget.spend(Budget(FULL, NOW, failures=(old,)), "0012", False, 0, NOW, RULES)
    assert (old in after.failures) is kept


@pytest.mark.parametrize(
    "failures, first, tokens",
    [
        ((), None, 0),
        ((FAR, OTHER), None, 0),
        ((NEAR,), None, 1),
        ((NEAR, FAR, OTHER), None, 1),
        ((NEAR,) * 3, None, 3),
        ((NEAR,) * 4, None, 3),
        ((NEAR,), NEAR.at, 1),  # the first half of a double code is given back once
        ((FAR,), FAR.at, 1),
        ((replace(NEAR, at=NOW - 9), NEAR), NEAR.at, 2),
        ((replace(NEAR, at=NOW - 5 * MINUTE),), None, 1),
        ((replace(NEAR, at=NOW - 5 * MINUTE - 1),), None, 0),
    ],
)
def test_who_gets_in_has_his_slips_back_and_nobody_else_has(failures, first, tokens):
    before = Budget(TOKEN, NOW, failures=failures)
    after, effects = budget.refund(before, "0427", first, NOW, RULES)
    mine = [f for f in failures if f.member == "0427" and NOW - f.at <= 5 * MINUTE]
    rest = tuple(f for f in failures if f.member != "0427") if mine or tokens else failures
    assert after == replace(before, level=TOKEN * (1 + tokens), failures=rest)
    assert effects == ((Remember("budget", TOKEN * (1 + tokens)),) if tokens else ())


def test_a_token_given_back_ends_a_lockout_and_no_budget_is_more_than_full():
    empty = Budget(0, NOW, lockout=True, failures=(NEAR,))
    after, effects = budget.refund(empty, "0427", None, NOW, RULES)
    assert after == Budget(TOKEN, NOW)
    assert effects == (Remember("budget", TOKEN), Record("lockout-ended"))
    after, _ = budget.refund(Budget(FULL - 1, NOW, failures=(NEAR,)), "0427", None, NOW, RULES)
    assert after == Budget(FULL, NOW)


@pytest.mark.parametrize(
    "before, pause", [(0, 2_000), (2_000, 4_000), (14_999, 29_998), (16_000, 30_000), (30_000, 30_000)]
)
def test_a_wrong_pair_doubles_the_pause_and_stops_the_refill(before, pause):
    after, effects = budget.wrong_pair(Budget(7, NOW - 3, pause_ms=before), NOW, RULES)
    assert after == Budget(10, NOW + pause, pause_ms=pause, pause_until=NOW + pause)
    assert effects == (Remember("budget", 10), Remember("pause", pause), Settle())
    assert [budget.pausing(after, NOW + ms) for ms in (0, pause - 1, pause, pause + 1)] == [pause, 1, 0, 0]


def test_what_is_gathered_is_counted_by_type_and_reason():
    state = Budget(FULL, NOW)
    for at, word in enumerate(("late", "used", "late")):
        state = budget.gather(state, "denied", word, NOW + at)
    state = budget.gather(state, "command", "late", NOW + 9)
    counts = (("denied", "used", 1), ("denied", "late", 2), ("command", "late", 1))
    assert state.burst == Burst(NOW, counts)
    told = budget.rows(state)
    assert told == tuple(Record(t, reason=r, detail={"count": n}) for t, r, n in counts)
    assert budget.rows(Budget(FULL, NOW)) == ()


@pytest.mark.parametrize("late", [-1, 0])
def test_the_minute_of_what_is_gathered_ends_to_the_millisecond(late):
    state = Budget(FULL, NOW, burst=Burst(NOW, (("denied", "late", 2),)))
    assert budget.due(state, RULES) == NOW + MINUTE
    after, effects = budget.tick(state, NOW + MINUTE + late, RULES)
    assert (after, effects) == ((state, ()) if late else (Budget(FULL, NOW), budget.rows(state)))


@pytest.mark.parametrize("late", [-1, 0])
def test_a_pause_is_forgotten_after_ten_minutes_to_the_millisecond(late):
    state = Budget(FULL, NOW, pause_ms=4_000, pause_until=NOW)
    due = NOW + 10 * MINUTE + 1
    assert budget.due(state, RULES) == due
    after, effects = budget.tick(state, due + late, RULES)
    assert effects == (() if late else (Remember("pause", 0),))
    assert after == (state if late else replace(state, pause_ms=0))


@pytest.mark.parametrize("late", [-1, 0])
def test_a_lockout_ends_when_a_token_has_refilled_to_the_millisecond(late):
    state = Budget(TOKEN - 500, NOW, lockout=True)
    assert budget.due(state, RULES) == NOW + 500
    after, effects = budget.tick(state, NOW + 500 + late, RULES)
    assert (after.lockout, effects) == ((True, ()) if late else (False, (Record("lockout-ended"),)))


def test_of_all_that_ends_the_first_wakes_the_door():
    state = Budget(TOKEN - 500, NOW, lockout=True, burst=Burst(NOW - MINUTE, ()), pause_ms=1, pause_until=NOW)
    assert budget.due(state, RULES) == NOW
    assert budget.due(Budget(0, NOW), RULES) is None


def test_a_budget_fills_to_the_brim_and_never_backwards():
    assert budget.level(Budget(7, NOW), NOW - 1, RULES) == 7
    assert budget.level(Budget(7, NOW), NOW + 5, RULES) == 12
    assert budget.level(Budget(7, NOW), NOW + 10 * FULL, RULES) == FULL


def test_an_untouched_budget_has_nothing_to_do_and_a_late_one_all_of_it():
    assert budget.tick(Budget(FULL, 0), NOW, RULES) == (Budget(FULL, 0), ())
    gathered = Burst(0, (("denied", "late", 2),))
    state = Budget(TOKEN, 0, lockout=True, burst=gathered, pause_ms=1, pause_until=0)
    after, effects = budget.tick(state, NOW, RULES)
    assert after == Budget(TOKEN, 0)
    assert effects == (Record("lockout-ended"), Remember("pause", 0), *budget.rows(state))


# -- the state ------------------------------------------------------------------------------------

FRONT, SIDE = First("0427", "719385", 5_000, keypad="front"), First("0012", "000000", 3_000, keypad="side")


@pytest.mark.parametrize("firsts", [(FRONT, SIDE), (SIDE, FRONT)])
def test_each_keypad_has_a_first_code_of_its_own_and_the_older_wakes_the_door(firsts):
    house = House(clock=False)
    state = states.with_firsts(house.state, firsts)
    assert (state.first("front"), state.first("side"), state.first("back")) == (FRONT, SIDE, None)
    assert state.keys.firsts == {"front", "side"}
    assert state.timer(RULES) == 3_000 + RULES.pair_ms + 1


@pytest.mark.parametrize(
    "known, past", [(0, 0), (1, 1), (7, 7), (2**37, 2**37), (2**37 + 1, 0), (-1, 0), (True, 0), ("7", 0)]
)
def test_a_known_past_that_cannot_be_is_none(known, past):
    told = states.restore({"known_past": known}, AccessList(), NOW, RULES)
    assert (told.clock.past, told.clock.remembered) == (Tick(past * 1000, NOW), NOW)


@pytest.mark.parametrize(
    "level, restored", [(0, 0), (TOKEN - 1, TOKEN - 1), (TOKEN, TOKEN), (-1, FULL), ("7", FULL), (None, FULL)]
)
@pytest.mark.parametrize("lost", [False, True])
def test_a_budget_that_was_kept_is_had_again_and_lost_steps_empty_it(level, restored, lost):
    told = states.restore({"budget": level, "used_steps_lost": lost}, AccessList(), NOW, RULES).budget
    left = 0 if lost else restored
    assert told == Budget(left, NOW, lockout=left < TOKEN, pause_until=NOW)


@pytest.mark.parametrize("kept, list_at", [(0, 0), (7, 7), (True, None), ("7", None), (None, None)])
def test_the_time_of_the_list_is_had_again(kept, list_at):
    assert states.restore({"list_at": kept}, AccessList(), NOW, RULES).list_at == list_at


@pytest.mark.parametrize("late, stale", [(0, False), (1, True)])
def test_a_list_is_stale_after_its_last_second(late, stale):
    house = House()
    past = house.state.reading(house.now).known_past
    state = replace(house.state, list_at=past - RULES.list_stale_seconds - late)
    assert state.alarms(house.now, RULES) == (("list-stale",) if stale else ())


# -- the judge of attempts ------------------------------------------------------------------------

UNIX = 1_795_485_600
ROOM = Room(Mode.NORMAL, surely_full=False, list_at=None, recent=())
HERE = Reading(Source.SERVER, UNIX, UNIX)


def asked(
    reading: Reading = HERE, *, at: int = 0, double_only: bool = False, access: AccessList | None = None
) -> check.Asked:
    return check.Asked(access or AccessList(), reading, ROOM, double_only, at, RULES)


def shown(kind: Kind = Kind.PHONE, generation: int = 1, *, later: int = 0) -> tuple[str, str]:
    """A code of 0427 and the one after it, as they are in hand at ``UNIX``."""
    step = RULES.codes.step(kind, UNIX) + later
    code = issue(KEY, RULES.door, kind, "0427", generation, step, RULES.codes)
    return code.digits, code.second


def test_a_number_that_nobody_failed_at_is_judged_at_once():
    strict = replace(asked(), rules=replace(RULES, failures_in_a_row=1))
    assert not strict.needs_pair("0427")


@pytest.mark.parametrize("at, granted", [(60_000, True), (60_001, False)])
def test_a_first_code_of_a_minute_ago_is_none(at, granted):
    code, second = shown()
    first = First("0427", code[4:], at=0)
    later = Reading(Source.SERVER, UNIX + 60, UNIX + 60)
    told = check.answer(second, first, asked(later, at=at))
    assert isinstance(told, Grant) is granted
    assert granted or told == Denial("wrong-length", Cue.WRONG)
    again = check.answer("0427" + second, first, asked(later, at=at, double_only=True))
    assert isinstance(again, Grant if granted else Second)


def test_a_wrong_pair_is_an_unknown_code_however_it_is_typed():
    first, hold = First("0427", "000000", at=0), First("0427", "000001", at=5)
    wrong = Denial("unknown-code", Cue.WRONG, "0427", wrong_pair=True)
    assert check.answer("000001", first, asked(at=5)) == wrong
    whole = check.answer("0427000001", first, asked(at=5, double_only=True))
    assert whole == replace(wrong, hold=hold)


@pytest.mark.parametrize(
    "source, durable", [(Source.CODE, True), (Source.SERVER, False), (Source.NONE, False)]
)
def test_what_is_kept_is_kept_durably_where_a_wrong_code_has_the_same_cue(source, durable):
    reading = Reading(source, None if source is Source.NONE else UNIX, UNIX)
    told = check.answer("0427000000", None, asked(reading, double_only=True))
    assert told == Second(First("0427", "000000", at=0), durable=durable)


@pytest.mark.parametrize(
    "source, off, granted",
    [
        *((Source.CODE, s, -45 <= s < 195) for s in (-46, -45, 194, 195)),
        *((Source.SERVER, s, -30 <= s < 180) for s in (-31, -30, 179, 180)),
    ],
)
def test_a_time_that_a_code_told_has_a_window_of_its_own(source, off, granted):
    told = check.answer(shown()[0], None, asked(Reading(source, UNIX + off, UNIX - 9_999)))
    assert isinstance(told, Grant) is granted


def test_two_whole_codes_of_what_was_issued_meanwhile_open_in_normal_mode_too():
    code, second = shown(generation=2)
    first = First("0427", code[4:], at=0, spent_at=0)
    told = check.answer("0427" + second, first, asked())
    assert isinstance(told, Grant)
    assert (told.record.generation, told.record.revoked_through, told.first) == (2, 1, first)


LATE, USED = ("late-code", Cue.NOT_NOW, False), ("used-code", Cue.NOT_NOW, False)
EARLY, UNKNOWN = ("early-code", Cue.WRONG, True), ("unknown-code", Cue.WRONG, True)
FORGED = Reading(Source.NTP, UNIX, UNIX - 9_999)  # time may have been set back: nothing lately is surely over


@pytest.mark.parametrize(
    "reading, used, later, told",
    [
        *((HERE, None, n, told) for n, told in ((-17, UNKNOWN), (-16, LATE), (-2, LATE))),
        *((HERE, None, n, told) for n, told in ((1, EARLY), (15, EARLY), (16, UNKNOWN))),
        *((HERE, 0, n, told) for n, told in ((-2, LATE), (-1, USED), (0, USED), (1, EARLY))),
        *((HERE, -5, n, told) for n, told in ((-6, LATE), (-5, USED), (-4, LATE))),
        *((FORGED, -10, n, told) for n, told in ((-11, LATE), (-10, USED), (-9, UNKNOWN), (1, EARLY))),
    ],
)
def test_a_code_that_is_late_used_or_early_is_told_from_a_guess(reading, used, later, told):
    access = AccessList()
    if used is not None:
        access.apply(Use("0427", Kind.PHONE, 1, RULES.codes.step(Kind.PHONE, UNIX) + used))
    code = shown(later=later)[0]
    reason, cue, guess = told
    hold = First("0427", code[4:], at=5, spent_at=5 if guess else None)
    answer = check.answer(code, None, asked(reading, at=5, access=access))
    assert isinstance(answer, Denial)
    assert replace(answer, near=False) == Denial(reason, cue, "0427", wrong_single=guess, hold=hold)


@pytest.mark.parametrize("later, kept", [(-2, True), (-16, True), (1, False), (2, False), (-17, False)])
def test_by_a_time_that_a_code_told_a_good_half_looks_like_any_other(later, kept):
    code, reading = shown(later=later)[0], Reading(Source.CODE, UNIX, UNIX - 9_999)
    answer = check.answer(code, None, asked(reading, at=5))
    if kept:
        assert answer == Second(First("0427", code[4:], at=5), durable=True)
    else:
        assert isinstance(answer, Denial)
        assert (answer.cue, answer.wrong_single) == (Cue.SECOND_CODE, True)


@pytest.mark.parametrize("kind, word", [(Kind.CARD, "pair"), (Kind.PHONE, "step"), (Kind.PAPER, "step")])
def test_a_grant_is_recorded_by_its_step_or_its_pair(kind, word):
    grant = Grant("0427", kind, AccessRecord("0427"), 7, ())
    detail = {"kind": kind.value, "generation": 1, "double": False, word: 7}
    assert check.traces(grant, AccessList()) == (Record("granted", "0427", detail=detail),)


# -- the pair of a sheet of paper -----------------------------------------------------------------

AT_NIGHT = UNIX - 6 * 3600  # three in the morning: yesterday's sheet holds until six
PAPER = AccessRecord("0427", Kind.PAPER)


@pytest.mark.parametrize(
    "used, later, found", [(None, -1, True), (-1, -1, True), (0, -1, False), (0, 0, True)]
)
def test_a_pair_of_paper_is_of_the_day_last_used_or_a_newer_one(used, later, found):
    access, day = AccessList(records={"0427": PAPER}), RULES.codes.step(Kind.PAPER, UNIX)
    if used is not None:
        access.apply(Use("0427", Kind.PAPER, 1, day + used))
    code, second = shown(Kind.PAPER, later=later)
    reading = Reading(Source.SERVER, AT_NIGHT, AT_NIGHT)
    pair = pairs.find(First("0427", code[4:], at=0), Attempt(None, second), access, reading, 0, RULES)
    uses = (Use("0427", Kind.PAPER, 1, day + later), Use("0427", PAPER2, 1, day + later))
    assert pair == (pairs.Pair(Kind.PAPER, PAPER, day + later, uses) if found else None)


def test_a_pair_of_paper_opens_once():
    access = AccessList(records={"0427": PAPER})
    code, second = shown(Kind.PAPER)
    first, attempt = First("0427", code[4:], at=0), Attempt(None, second)
    pair = pairs.find(first, attempt, access, HERE, 0, RULES)
    assert pair is not None
    access.apply(pair.uses[1])
    assert pairs.find(first, attempt, access, HERE, 0, RULES) is None


# -- the order of things --------------------------------------------------------------------------


def test_nothing_is_settled_where_nothing_was_to_be_kept():
    assert controller.ordered((Settle(), Show(Cue.KEY)), HERE) == (Show(Cue.KEY),)


def test_a_lowered_past_is_recorded_when_the_server_tells_it_and_not_again():
    house = House()
    told = house.post(ServerTime(house.unix_ms - 600_000))
    assert [e.reason for e in told if isinstance(e, Record)] == ["known-past-lowered"]
    assert [e for e in house.post(KeyPressed("front", "1")) if isinstance(e, Record)] == []


def test_the_last_key_clicks_before_it_is_answered():
    house = House()
    house.at_once("042700000")
    assert [e.cue for e in house.post(KeyPressed("front", "0")) if isinstance(e, Show)] == [
        Cue.KEY,
        Cue.WRONG,
    ]


def test_a_first_code_at_one_keypad_leaves_that_of_the_other():
    house = House()
    house.drain()
    house.at_once(house.code("0427"), keypad="front")
    house.at_once(house.code("0012"), keypad="side")
    assert [(f.keypad, f.member) for f in house.state.firsts] == [("front", "0427"), ("side", "0012")]


def test_by_a_time_that_a_code_told_a_code_that_is_kept_costs_the_disc_what_a_wrong_one_does():
    staff = AccessList(records={"0012": AccessRecord("0012", Kind.STAFF)})
    house = House(access=staff, clock=False, facts={"known_past": UNIX})
    house.double("0427")
    assert house.state.reading(house.now).source is Source.CODE
    for digits in (house.code("0012", Kind.STAFF), wrong(house.code("0427"))):
        effects = house.at_once(digits)
        assert Show(Cue.SECOND_CODE, RULES.pair_ms) in effects
        assert Settle() in effects
        assert any(isinstance(e, Remember) and e.name == "budget" for e in effects)


@pytest.mark.parametrize("ms", [0, 10_000])
def test_a_double_code_tells_what_time_its_first_half_was_typed(ms):
    house = House(clock=False, facts={"known_past": UNIX})
    code, second = house.code("0427"), house.second("0427")
    house.at_once(code)
    house.wait(ms / 1000)
    house.at_once(second + "#")
    reading = house.state.reading(house.now)
    assert (reading.source, reading.unix) == (Source.CODE, UNIX + 80 + ms // 1000)


def test_who_is_let_in_while_the_door_is_unlocked_for_another_reason_is_expected_alone():
    house = House()
    house.at_once(house.code("0012"))
    house.at_once(house.code("0427"))
    assert house.state.occupancy.expected == ("0012", "0427")
    house.post(ExitPressed())
    house.at_once(house.code("0300"))
    assert house.state.occupancy.expected == ("0300",)


@pytest.mark.parametrize("ago, held", [(60_000, True), (60_001, False)])
def test_a_first_code_is_held_for_its_last_millisecond_whatever_else_is_due(ago, held):
    house = House()
    house.post(Asked("a", "unlock", {}, "ada"))
    first = First("0427", "000000", house.now + 5_000 - ago, keypad="front")
    state = states.with_firsts(house.state, (first,))
    after, effects = controller.decide(state, TimerFired(), house.now + 5_000, RULES)
    assert Relock() in effects
    assert after.firsts == ((first,) if held else ())


def test_a_key_leaves_what_stands_at_the_other_keypads_to_the_next_call():
    house = House()
    house.post(KeyPressed("side", "1"))
    house.now += RULES.silence_ms
    house.post(KeyPressed("front", "2"))
    assert {typed.keypad for typed in house.state.keys.typed} == {"front", "side"}
    house.post(TimerFired())
    assert {typed.keypad for typed in house.state.keys.typed} == {"front"}


def test_a_second_code_that_is_complete_is_answered_after_all_that_was_due_before():
    house = House()
    house.drain()
    house.at_once(house.code("0427") + wrong(house.second("0427")))
    house.post(Asked("a", "unlock", {}, "ada"))
    house.now += 5_000
    effects = house.post(TimerFired())
    assert effects[0] == Relock()
    assert Show(Cue.WRONG) in effects
