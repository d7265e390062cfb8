"""Double codes: kept unchecked, judged only as a pair, and what a right pair proves (PROTOCOL §1)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord, revoke
from contract.codes import Kind
from door.accesslist import Used
from door.clock import Source, Tick
from door.effects import Cue, Effect, Learn, Mode, Record, Remember, Settle, Show, Unlock, Use
from door.events import ServerTime, StoreChanged, SystemTime
from door.modes import ModeState
from tests.house import NOW, House, cues, granted, of, reasons, replace, wrong

HOUR = 3_600
DAY = 86_400
PHONE = AccessRecord("0427", revision=1)
STAFF = AccessRecord("0500", Kind.STAFF, revision=1)
PAPER = AccessRecord("0600", Kind.PAPER, revision=1)
RECORDS = (PHONE, STAFF, PAPER)
kinds = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.kind.value)


def room(*records: AccessRecord, **house: object) -> House:
    built = House(**house)
    built.enrol(*RECORDS, *records)
    return built


def lockout(*records: AccessRecord) -> House:
    house = room(*records)
    house.drain()
    return house


def lockdown(*records: AccessRecord) -> House:
    house = room(*records)
    house.state = replace(house.state, mode=ModeState(Mode.LOCKDOWN))
    return house


def no_store(*records: AccessRecord) -> House:
    house = room(*records)
    house.post(StoreChanged("full"))
    return house


def no_clock(*records: AccessRecord) -> House:
    """The power was away for an hour, and nothing tells the time."""
    house = room(*records)
    house.clock = False
    house.power_cut(HOUR)
    assert house.state.reading(house.now).source is Source.NONE
    return house


def guessed_at(*records: AccessRecord) -> House:
    house = room(*records)
    house.access.failures |= {record.member: 100 for record in house.access.records.values()}
    return house


def ntp(*records: AccessRecord, behind: int = HOUR) -> House:
    """NTP holds the clock, and the known past is ``behind`` it by so many seconds."""
    house = room(*records)
    house.clock = False
    house.power_cut(behind)
    house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    return house


UNCHECKED = {f.__name__: f for f in (lockout, lockdown, no_store, no_clock, guessed_at)}
every_case = pytest.mark.parametrize("case", UNCHECKED.values(), ids=UNCHECKED)


# -- neither half alone ---------------------------------------------------------------------------


@every_case
def test_any_first_code_gets_the_same_answer_and_leaves_the_same_state(case):
    def first(digits: str) -> tuple[list[Effect], object]:
        house = case(revoke(AccessRecord("0700")), replace(PHONE, member="0800", suspended_until=NOW + DAY))
        effects = house.at_once(digits)
        firsts = tuple(replace(held, otp="", member="") for held in house.state.firsts)
        return effects, replace(house.state, firsts=firsts, access=house.access.__class__())

    house = case()
    right = house.code("0427")
    answers = [
        first(digits)
        for digits in (
            right,
            wrong(right),
            house.code("0427", later=-3),
            house.code("0427", later=3),
            house.code("0500", Kind.STAFF),
            house.code("0600", Kind.PAPER),
            house.code("0700"),
            house.code("0800"),
            house.card("0427", 1)[0],
            *([house.code("9123"), wrong(house.code("9123"))] if case is not guessed_at else []),
        )
    ]
    assert cues(answers[0][0]) == [Cue.SECOND_CODE]
    assert all(answer == answers[0] for answer in answers)


@every_case
def test_a_first_code_is_not_recorded_not_used_and_costs_nothing(case):
    house = case()
    tokens = house.tokens
    effects = house.at_once(house.code("0427"))
    assert {type(effect) for effect in effects} == {Show}
    assert house.tokens == tokens


@every_case
@kinds
def test_a_pair_of_every_kind_opens(case, record):
    house = case()
    if case is lockdown and record is not STAFF:
        effects = house.double(record.member, record.kind)
        assert reasons(effects) == ["lockdown"]
        assert cues(effects) == [Cue.SECOND_CODE, Cue.NOT_NOW]
    else:
        assert granted(house.double(record.member, record.kind))


@every_case
def test_both_whole_codes_are_a_pair_too(case):
    house = case()
    member, kind = ("0500", Kind.STAFF) if case is lockdown else ("0427", Kind.PHONE)
    house.at_once(house.code(member, kind))
    assert granted(house.at_once(member + house.second(member, kind)))


@pytest.mark.parametrize("half", [0, 1])
def test_a_pair_with_one_half_right_is_as_wrong_as_any(half):
    def answer(first: str, second: str) -> list[Effect]:
        house = lockout()
        return [*house.at_once(first), *house.at_once(second + "#")]

    house = lockout()
    halves = [house.code("0427"), house.second("0427")]
    nearly = [
        h if n == half else wrong("0427" + h)[-len(h) :] if n else wrong(h) for n, h in enumerate(halves)
    ]
    neither = [wrong(halves[0]), wrong("0427" + halves[1])[-6:]]
    assert answer(*nearly) == answer(*neither)
    assert cues(answer(*nearly)) == [Cue.SECOND_CODE, Cue.WRONG]


def test_a_wrong_pair_leaves_a_count_a_minute_and_no_number():
    house = lockout()
    for _ in range(3):
        house.at_once(house.code("0427"))
        house.at_once("111111#")
        house.wait(10)
    rows = of(Record, house.wait(60))
    assert [(r.type, r.member, r.reason, r.detail) for r in rows] == [
        ("denied", None, "unknown-code", {"count": 3})
    ]


# -- the two attempts -----------------------------------------------------------------------------


@pytest.mark.parametrize("ms, shown", [(59_999, Cue.ACCEPTED), (60_000, Cue.ACCEPTED), (60_001, Cue.WRONG)])
def test_the_ends_of_a_pair_are_at_most_60_s_apart(ms, shown):
    house = lockout()
    house.at_once(house.code("0427"))
    second = house.second("0427")
    house.at_once(second)
    house.now, house.unix_ms = house.now + ms, house.unix_ms + ms
    house.state = replace(house.state, keys=replace(house.state.keys, typed=()))
    assert cues(house.at_once(second + "#")) == [shown]


@pytest.mark.parametrize("ms, shown", [(60_000, Cue.ACCEPTED), (60_001, Cue.SECOND_CODE)])
def test_a_whole_second_code_after_60_s_is_a_first_one(ms, shown):
    house = lockout()
    house.at_once(house.code("0427"))
    second = house.second("0427")
    house.until(house.unix_ms + ms)
    assert cues(house.at_once("0427" + second)) == [shown]


def test_attempts_must_be_successive():
    house = lockout()
    house.at_once(house.code("0427"))
    house.at_once(house.code("0428"))
    assert cues(house.at_once("0427" + house.second("0427"))) == [Cue.SECOND_CODE]


def test_an_attempt_of_a_wrong_length_comes_between_too():
    house = lockout()
    house.at_once(house.code("0427"))
    house.at_once("123#")
    assert cues(house.at_once(house.second("0427") + "#")) == [Cue.WRONG]


def test_the_second_of_a_wrong_pair_is_the_new_first_if_it_was_whole():
    house = lockout()
    house.at_once(wrong(house.code("0427")))
    assert cues(house.at_once(house.code("0427"))) == [Cue.WRONG]
    house.wait(2)
    assert granted(house.at_once(house.second("0427") + "#"))


def test_a_second_code_of_six_digits_is_no_new_first():
    house = lockout()
    house.at_once(house.code("0427"))
    house.at_once("111111#")
    house.wait(2)
    assert cues(house.at_once(house.second("0427") + "#")) == [Cue.WRONG]


def test_codes_in_the_wrong_order_are_no_pair():
    house = lockout()
    house.at_once("0427" + house.second("0427"))
    assert cues(house.at_once(house.code("0427")[4:] + "#")) == [Cue.WRONG]


@pytest.mark.parametrize("later", [2, 3, 5])
def test_steps_with_one_between_are_no_pair(later):
    house = lockout()
    house.at_once(house.code("0427"))
    assert cues(house.at_once(house.code("0427", later=later))) == [Cue.WRONG]


def test_the_same_code_twice_is_no_pair_and_costs_nothing():
    """It is the first once more, so that who begins again has begun again; the second still opens."""
    house = lockout()
    before = house.state.budget
    for _ in range(3):
        assert cues(house.at_once(house.code("0427"))) == [Cue.SECOND_CODE]
    assert house.state.budget == before
    assert granted(house.at_once(house.second("0427") + "#"))


def test_who_is_told_wrong_for_another_s_first_code_comes_in_by_beginning_again():
    """A vandal has guessed at her number: her first code ends his pair, and is typed again after the wait."""
    house = lockout()
    house.at_once(wrong(house.code("0427")))
    assert cues(house.at_once(house.code("0427"))) == [Cue.WRONG]
    house.wait(2)
    assert cues(house.at_once(house.code("0427"))) == [Cue.SECOND_CODE]
    assert granted(house.at_once(house.second("0427") + "#"))


# -- which steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ms, opens", [(-1, False), (0, True), (209_999, True), (210_000, False)])
@pytest.mark.parametrize("gap", [0, 1, 999, 30_000])
def test_a_step_is_judged_when_the_first_attempt_was_completed(ms, opens, gap):
    house = lockout()
    begin = NOW + HOUR
    house.until((begin - 30) * 1000 + ms)
    step = begin // 120 - house.unix_ms // 120_000
    code, second = house.code("0427", later=step), house.second("0427", later=step)
    house.at_once(code)
    house.until(house.unix_ms + gap)
    assert granted(house.at_once(second + "#")) is opens


def test_the_higher_step_is_the_last_used():
    house = lockout()
    house.double("0427")
    assert house.access.used["0427", "phone"] == Used(1, NOW // 120 + 1)


@pytest.mark.parametrize("used, opens", [(-1, True), (0, False), (1, False)])
def test_both_steps_are_newer_than_the_last_used(used, opens):
    house = lockout()
    house.access.apply(Use("0427", "phone", 1, NOW // 120 + used))
    assert granted(house.double("0427")) is opens


def test_a_pair_opens_once():
    house = lockout()
    assert granted(house.double("0427"))
    assert not granted(house.double("0427"))


def test_after_a_pair_its_second_code_is_used():
    house = room()
    house.drain()
    house.double("0427")
    house.wait(7_200)
    house.until((house.unix_ms // 120_000 * 120 + 120) * 1000)
    assert granted(house.at_once(house.code("0427")))


def test_a_sheet_of_paper_has_one_pair_a_day():
    house = lockout()
    assert granted(house.double("0600", Kind.PAPER))
    assert not granted(house.double("0600", Kind.PAPER))
    house.until((NOW + DAY) * 1000)
    house.post(ServerTime(house.unix_ms))
    house.drain()
    assert granted(house.double("0600", Kind.PAPER))


def test_a_sheet_of_paper_that_opened_ten_times_has_its_pair():
    house = room()
    for _ in range(10):
        assert granted(house.at_once(house.code("0600", Kind.PAPER)))
        house.wait(1_000)
    house.drain()
    assert granted(house.double("0600", Kind.PAPER))


# -- what a pair proves ---------------------------------------------------------------------------


@pytest.mark.parametrize("ahead, opens", [(1, True), (2, True), (3, True), (4, False)])
@pytest.mark.parametrize("known", [PHONE, revoke(PHONE), replace(PHONE, generation=7, revoked_through=6)])
@pytest.mark.parametrize("case", [room, lockout, no_store], ids=lambda f: f.__name__)
def test_a_generation_up_to_three_ahead_opens_and_revokes_those_below(case, known, ahead, opens):
    house = case(known)
    generation = known.top + ahead
    effects = house.double("0427", generation=generation)
    assert granted(effects) is opens
    if opens:
        learnt = replace(
            known, generation=generation, revoked_through=max(known.revoked_through, generation - 1)
        )
        assert of(Learn, effects) == [Learn(learnt)]
        assert not granted(house.double("0427", generation=known.generation, later=1))


def test_the_codes_of_the_old_generation_stop():
    house = room(PHONE)
    assert granted(house.at_once(house.code("0427")))
    assert granted(house.double("0427", generation=2))
    house.wait(240)
    assert reasons(house.at_once(house.code("0427"))) == ["unknown-code"]
    assert granted(house.at_once(house.code("0427", generation=2)))


def test_a_single_code_of_a_new_generation_proves_nothing():
    house = room()
    assert reasons(house.at_once(house.code("0427", generation=2))) == ["unknown-code"]


def test_halves_of_two_generations_are_no_pair():
    house = lockout()
    house.at_once(house.code("0427", generation=2))
    assert not granted(house.at_once(house.second("0427", generation=3) + "#"))


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.PAPER])
def test_another_kind_opens_with_a_higher_generation_only(kind):
    house = lockout()
    assert not granted(house.double("0427", kind))
    house.wait(60)
    effects = house.double("0427", kind, generation=2)
    assert of(Learn, effects) == [Learn(replace(PHONE, kind=kind, generation=2, revoked_through=1))]
    assert granted(effects)


@pytest.mark.parametrize("kind", [Kind.PHONE, Kind.STAFF, Kind.PAPER])
def test_a_number_with_no_record_may_be_of_any_kind(kind):
    house = lockout()
    assert granted(house.double("9123", kind))
    assert house.access.record("9123").kind is kind


def test_a_card_used_on_a_number_with_no_record_leaves_its_kind_open():
    house = lockout()
    for digits in (house.card("9123", 1)[0], house.card("9123", 1)[1] + "#"):
        effects = house.at_once(digits)
    assert granted(effects)
    house.wait(60)
    assert granted(house.double("9123", Kind.STAFF))


def test_what_a_pair_proved_needs_a_lease_all_the_same():
    house = House()
    house.drain()
    assert reasons(house.double("9123", Kind.STAFF)) == ["lease-ended"]
    assert house.access.record("9123").kind is Kind.PHONE


@pytest.mark.parametrize(
    "record, reason",
    [
        (revoke(PHONE), "revoked"),
        (replace(PHONE, suspended_until=NOW + DAY), "suspended"),
        (replace(PHONE, not_before=NOW + DAY), "suspended"),
        (replace(PHONE, not_after=NOW - DAY), "revoked"),
    ],
)
def test_revocation_suspension_and_dates_still_refuse(record, reason):
    house = lockout(record)
    generation = 1 if record.revoked else 2
    effects = house.double("0427", generation=generation)
    assert reasons(effects) == [reason]
    assert cues(effects) == [Cue.SECOND_CODE, Cue.NOT_NOW]
    assert of(Use, effects) == of(Learn, effects) == []
    assert house.state.budget.pause_until <= house.now


# -- cards ----------------------------------------------------------------------------------------


def card(house: House, pair: int, member: str = "0427", generation: int = 1) -> list[Effect]:
    first, second = house.card(member, pair, generation)
    return [*house.at_once(first), *house.at_once(second + "#")]


@pytest.mark.parametrize("case", [room, lockout, no_store, no_clock, guessed_at], ids=lambda f: f.__name__)
@kinds
def test_a_card_goes_with_every_kind_whatever_the_clock(case, record):
    assert granted(card(case(), 1, record.member))


def test_pairs_of_a_card_only_rise():
    house = lockout()
    assert granted(card(house, 3))
    for pair in (1, 2, 3):
        house.wait(600)
        assert not granted(card(house, pair))
    house.wait(600)
    assert granted(card(house, 4))


@pytest.mark.parametrize("pair, opens", [(5, False), (6, True), (15, True), (16, False)])
def test_the_next_ten_pairs_of_a_card_open(pair, opens):
    assert granted(card(lockout(replace(PHONE, card_pair=5)), pair)) is opens


def test_a_card_changes_nothing_but_its_pair():
    house = lockout(replace(PHONE, generation=4, revoked_through=2, suspended_until=NOW - 1))
    before = house.access.record("0427"), house.state.clock
    effects = card(house, 2, generation=4)
    assert granted(effects)
    assert house.access.record("0427") == replace(before[0], card_pair=2)
    assert house.state.clock == before[1]
    assert of(Use, effects) == [Use("0427", "card", 4, 2)]
    assert ("0427", "phone") not in house.access.used


def test_a_card_opens_at_the_generation_on_record_only():
    house = lockout(replace(PHONE, generation=2, revoked_through=1))
    assert not granted(card(house, 1, generation=1))
    house.wait(60)
    assert not granted(card(house, 1, generation=3))
    house.wait(60)
    assert granted(card(house, 1, generation=2))


def test_half_of_one_pair_and_half_of_another_are_no_pair():
    house = lockout()
    house.at_once(house.card("0427", 1)[0])
    assert cues(house.at_once(house.card("0427", 2)[1] + "#")) == [Cue.WRONG]


def test_a_card_needs_a_lease():
    house = House()
    house.drain()
    assert reasons(card(house, 1)) == ["lease-ended"]


def test_a_card_of_a_revoked_member_is_refused_and_not_used_up():
    house = lockout(revoke(PHONE))
    assert reasons(card(house, 1)) == ["revoked"]
    assert house.access.record("0427").card_pair == 0


def test_a_pair_of_a_card_stays_used_through_a_power_cut():
    house = lockout()
    assert granted(card(house, 1))
    house.power_cut()
    house.drain()
    assert not granted(card(house, 1))


# -- in normal mode -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["card", "generation", "kind"])
def test_a_pair_that_opens_in_normal_mode_gives_the_token_of_its_first_half_back(what):
    house = room()
    match what:
        case "card":
            digits = house.card("0427", 1)
        case "generation":
            digits = house.code("0427", generation=2), house.second("0427", generation=2)
        case "kind":
            digits = house.code("9123", Kind.PAPER), house.second("9123", Kind.PAPER)
    assert cues(house.at_once(digits[0])) == [Cue.WRONG]
    assert house.tokens == 9
    assert granted(house.at_once(digits[1] + "#"))
    assert house.tokens == 10
    assert house.access.failures == {}


def test_a_wrong_second_half_in_normal_mode_costs_a_pause_or_a_token():
    house = room()
    house.at_once(house.card("0427", 1)[0])
    house.at_once("111111#")
    assert (house.tokens, house.state.budget.pause_until) == (9, house.now + 2_000)
    house.wait(2)
    house.at_once(house.card("0427", 1)[0])
    house.at_once("0427111111")
    assert round(house.tokens, 2) == 7


def test_a_used_code_is_no_half_of_a_pair():
    house = room()
    house.at_once(house.code("0427"))
    house.at_once(house.code("0427"))  # explained, free, and held
    assert cues(house.at_once(house.second("0427") + "#")) == [Cue.WRONG]


def test_a_late_code_is_no_half_of_a_pair_while_the_server_tells_the_time():
    house = room()
    house.wait(61)
    assert reasons(house.at_once(house.code("0427", later=-1))) == ["late-code"]
    assert cues(house.at_once(house.second("0427", later=-1) + "#")) == [Cue.WRONG]


# -- the clock ------------------------------------------------------------------------------------


def searched(begin: int, house: House, kind: Kind, member: str) -> bool:
    step = house.rules.codes.step(kind, begin) - house.rules.codes.step(kind, house.unix_ms // 1000)
    return granted(house.double(member, kind, later=step))


SEARCH = {"phone": (PHONE, 168 * HOUR, 120), "staff": (STAFF, 72 * HOUR, 30)}


@pytest.mark.parametrize("kind", SEARCH)
@pytest.mark.parametrize("source", [Source.NTP, Source.RTC, Source.MANUAL, Source.CODE, Source.NONE])
@pytest.mark.parametrize("edge", ["before", "first", "last", "after"])
def test_without_the_server_pairs_reach_from_known_past_on(kind, source, edge):
    record, reach, length = SEARCH[kind]
    house = no_clock()
    house.facts["known_past"] = NOW // length * length
    house.power_cut()
    place(house, source)
    past = house.state.reading(house.now).known_past
    begin = {
        "before": past - length,
        "first": past,
        "last": past + reach + 1_800,
        "after": past + reach + 1_800 + length,
    }[edge]
    assert past == NOW // length * length
    assert searched(begin, house, record.kind, record.member) is (edge in {"first", "last"})


def place(house: House, source: Source) -> None:
    """Have ``source`` tell a time far from where the codes are."""
    if source is not Source.NONE:
        far = Tick((NOW + 40 * DAY) * 1000, house.now)
        house.state = replace(house.state, clock=replace(house.state.clock, ticks={source: far}))
    assert house.state.reading(house.now).source is source


@pytest.mark.parametrize("later", [-10, 10])
def test_with_the_server_only_acceptable_steps_are_a_pair(later):
    house = lockout()
    assert not granted(house.double("0427", later=later))


def test_a_search_finds_no_other_generation():
    house = ntp()
    assert not granted(house.double("0427", generation=2, later=-10))
    house.wait(60)
    assert granted(house.double("0427", generation=1, later=-10))


@pytest.mark.parametrize("generation, opens", [(1, True), (2, False)])
def test_with_no_clock_only_the_generation_on_record_and_cards_open(generation, opens):
    house = no_clock()
    assert granted(house.double("0427", generation=generation)) is opens


def test_with_no_clock_a_number_with_no_record_is_a_phone():
    house = no_clock()
    assert not granted(house.double("9123", Kind.PAPER))
    house.wait(60)
    assert granted(house.double("9123"))


def test_a_clock_that_is_ahead_shuts_nobody_out_for_ever():
    house = ntp()
    house.post(SystemTime((NOW + 2 * DAY) * 1000, synchronised=True, rtc=False))
    assert cues(house.double("0427")) == [Cue.WRONG, Cue.ACCEPTED]
    assert house.tokens == 10


def told_by_a_code(later: int = 0) -> House:
    """A pair of 0428 has told the time, which is in the middle of its window."""
    house = no_clock()
    house.until((house.unix_ms // 120_000 * 120 + 80) * 1000)
    assert granted(house.double("0428"))
    reading = house.state.reading(house.now)
    assert (reading.source, reading.unix) == (Source.CODE, house.unix_ms // 1000)
    return house


@pytest.mark.parametrize(
    "offset, opens", [(-45_001, False), (-45_000, True), (120_000 + 74_999, True), (120_000 + 75_000, False)]
)
def test_with_a_time_from_a_code_single_phone_codes_have_wider_windows(offset, opens):
    house = told_by_a_code()
    begin = (house.unix_ms // 120_000 + 10) * 120
    house.until(begin * 1000 + offset)
    step = begin // 120 - house.unix_ms // 120_000
    effects = house.at_once(house.code("0427", later=step))
    assert cues(effects) == [Cue.ACCEPTED if opens else Cue.SECOND_CODE]


def test_with_a_time_from_a_code_every_other_attempt_is_asked_for_a_second_code():
    house = told_by_a_code()
    right = house.code("0427")
    digits = [
        wrong(right),
        house.code("0427", later=-5),
        house.code("0427", later=5),
        house.code("0500", Kind.STAFF),
        house.code("0600", Kind.PAPER),
        house.card("0427", 1)[0],
        wrong(house.code("9123")),
    ]
    for typed in digits:
        assert cues(house.at_once(typed)) == [Cue.SECOND_CODE]


def test_with_a_time_from_a_code_a_good_half_is_not_told_from_a_bad_one():
    """A late code may be half of a pair here: neither its row nor the disk's delay may say so."""
    house = told_by_a_code()
    late = house.at_once(house.code("0427", later=-3))
    staff = house.at_once(house.code("0500", Kind.STAFF))
    bad = house.at_once(wrong(house.code("0427")))
    assert [type(e) for e in late[-4:]] == [type(e) for e in staff[-4:]] == [Remember, Settle, Show, Show]
    assert [type(e) for e in bad[-3:]] == [Settle, Show, Show]
    assert reasons(late) == reasons(staff) == []
    assert reasons(bad) == ["unknown-code"]


# -- any attempts ---------------------------------------------------------------------------------


otps = st.sampled_from(["111111", "222222", "987654", "000000"])
members = st.sampled_from(["0427", "0500", "9123"])


@given(st.lists(st.tuples(members, otps), min_size=2, max_size=8))
def test_guesses_in_a_lockout_open_nothing_and_cost_no_token(attempts):
    house = lockout()
    house.wait(1)
    level = house.tokens
    for member, otp in attempts:
        effects = house.at_once(member + otp)
        assert of(Unlock, effects) == []
        assert {e.name for e in of(Remember, effects)} <= {"budget", "pause"}
    assert house.tokens == level
    repeats = sum(a[0] == b[0] and a != b for a, b in pairwise(attempts))
    paused = house.state.budget.pause_until > house.now
    assert paused is (repeats > 0)
