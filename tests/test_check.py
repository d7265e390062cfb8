"""Single codes: kinds and windows, newer than the last used, and every reason not to come in."""

from datetime import UTC, datetime

import pytest

from contract import hours
from contract.access import AccessRecord, revoke
from contract.codes import WINDOWS, Codes, Kind
from door.effects import Cue, Learn, Mode, Record, Unlock, Use
from door.events import ListReceived, ServerTime, SystemTime
from door.modes import ModeState
from door.occupancy import Confidence, Occupancy
from door.rules import Rules
from tests.house import KEY, NOW, House, cues, granted, of, reasons, replace, wrong

PHONE = AccessRecord("0427", revision=1)
STAFF = AccessRecord("0500", Kind.STAFF, revision=1)
PAPER = AccessRecord("0600", Kind.PAPER, revision=1)
MIDNIGHT = 1_795_449_600  # 2026-11-24 00:00 in Shanghai
DAY = 86_400


def room(*records: AccessRecord, **rules: object) -> House:
    house = House(rules=replace(Rules("yuexin", KEY), **rules))
    house.enrol(PHONE, STAFF, PAPER, *records)
    return house


def at(house: House, unix_ms: int) -> None:
    """Let time pass, and the server tell it again."""
    house.until(unix_ms)
    house.post(ServerTime(unix_ms))


# -- kinds and windows ----------------------------------------------------------------------------


@pytest.mark.parametrize("record", [PHONE, STAFF, PAPER], ids=lambda record: record.kind.value)
def test_a_present_code_of_each_kind_opens(record):
    house = room()
    effects = house.type(house.code(record.member, record.kind))
    assert granted(effects)
    assert of(Unlock, effects) == [Unlock(5_000)]
    assert of(Use, effects) == [
        Use(record.member, record.kind, 1, house.rules.codes.step(record.kind, house.unix_ms // 1000))
    ]


def test_a_number_on_no_record_is_a_phone_of_the_first_generation():
    house = House()
    assert granted(house.type(house.code("9123")))


EDGES = {
    "phone": (PHONE, NOW + 3_600, NOW + 3_720, 30, 60),
    "staff": (STAFF, NOW + 3_600, NOW + 3_630, 10, 20),
    "paper": (PAPER, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY, 0, 6 * 3_600),
}


@pytest.mark.parametrize("kind", EDGES)
@pytest.mark.parametrize("ms, opens", [(-1, False), (0, True), (1, True)])
def test_a_code_opens_from_its_beginning_less_the_skew(kind, ms, opens):
    record, begin, _, skew, _ = EDGES[kind]
    house = room()
    at(house, (begin - skew) * 1000 + ms)
    step = house.rules.codes.step(record.kind, begin) - house.rules.codes.step(
        record.kind, house.unix_ms // 1000
    )
    effects = house.at_once(house.code(record.member, record.kind, later=step))
    assert granted(effects) is opens
    assert opens or (cues(effects) == [Cue.WRONG] and house.tokens == 9)


@pytest.mark.parametrize("kind", EDGES)
@pytest.mark.parametrize("ms, opens", [(-1, True), (0, False), (1, False)])
def test_a_code_opens_until_its_end_and_the_grace(kind, ms, opens):
    record, begin, end, _, grace = EDGES[kind]
    house = room()
    at(house, (end + grace) * 1000 + ms)
    step = house.rules.codes.step(record.kind, begin) - house.rules.codes.step(
        record.kind, house.unix_ms // 1000
    )
    effects = house.at_once(house.code(record.member, record.kind, later=step))
    assert granted(effects) is opens
    assert opens or (cues(effects) == [Cue.NOT_NOW] and reasons(effects) == ["late-code"])


@pytest.mark.parametrize("kind", ["phone", "staff"])
def test_a_code_of_another_kind_does_not_open(kind):
    house = room()
    other = Kind.STAFF if kind == "phone" else Kind.PHONE
    record = EDGES[kind][0]
    assert reasons(house.type(house.code(record.member, other))) == ["unknown-code"]


def test_a_code_of_another_member_does_not_open():
    house = room()
    assert reasons(house.type("0428" + house.code("0427")[4:])) == ["unknown-code"]


def test_a_single_code_of_a_card_or_of_the_second_column_of_paper_never_opens():
    house = room()
    assert reasons(house.type(house.card("0427", 1)[0])) == ["unknown-code"]
    assert reasons(house.type("0600" + house.second("0600", Kind.PAPER))) == ["unknown-code"]


def test_the_number_with_all_zeros_is_guessed_like_any_other():
    house = room()
    assert cues(house.type("0000123456")) == [Cue.WRONG]


def test_windows_are_those_of_the_server():
    codes = Codes(windows={**Codes().windows, Kind.PHONE: replace(Codes().windows[Kind.PHONE], grace=0)})
    house = room(codes=codes)
    house.until((NOW + 120) * 1000)
    house.post(ServerTime(house.unix_ms))
    assert reasons(house.at_once(house.code("0427", later=-1))) == ["late-code"]


# -- used, late, early ----------------------------------------------------------------------------


@pytest.mark.parametrize("record", [PHONE, STAFF], ids=lambda record: record.kind.value)
def test_a_used_code_is_explained_and_free(record):
    house = room()
    code = house.code(record.member, record.kind)
    house.at_once(code)
    effects = house.at_once(code)
    assert reasons(effects) == ["used-code"]
    assert cues(effects) == [Cue.NOT_NOW]
    assert house.tokens == 10
    assert house.access.failures == {}


def test_a_code_older_than_the_last_used_is_used():
    house = room()
    house.until((NOW + 100) * 1000)
    assert granted(house.at_once(house.code("0427", later=1)))
    effects = house.at_once(house.code("0427"))
    assert reasons(effects) == ["used-code"]
    assert house.tokens == 10


def test_every_acceptable_newer_code_opens():
    house = room()
    house.until((NOW + 100) * 1000)
    assert granted(house.at_once(house.code("0427")))
    assert granted(house.at_once(house.code("0427", later=1)))


def test_a_code_stays_used_through_a_power_cut():
    house = room()
    code = house.code("0427")
    house.at_once(code)
    house.power_cut()
    assert reasons(house.at_once(code)) == ["used-code"]


def test_a_code_of_one_member_does_not_use_up_that_of_another():
    house = room()
    assert granted(house.at_once(house.code("0427")))
    assert granted(house.at_once(house.code("0428")))


@pytest.mark.parametrize("s, reason, tokens", [(1_799, "late-code", 10), (1_800, "unknown-code", 9)])
def test_late_codes_are_recognised_for_30_min(s, reason, tokens):
    house = room()
    house.until((NOW + 120 + 60 + s) * 1000)
    step = NOW // 120 - house.unix_ms // 120_000
    effects = house.at_once(house.code("0427", later=step))
    assert reasons(effects) == [reason]
    assert house.tokens == tokens


def forged(house: House, seconds: int) -> None:
    """A power cut, no server any more, and whoever answers for NTP says that it is so many seconds later."""
    house.clock = False
    house.power_cut()
    house.post(SystemTime(house.unix_ms + seconds * 1000, synchronised=True, rtc=False))


@pytest.mark.parametrize("record", [PHONE, STAFF], ids=lambda record: record.kind.value)
def test_late_by_a_clock_that_may_be_forged_is_wrong(record):
    """Else he is told for nothing, of half an hour of codes, which to set the clock back to."""
    house = room()
    forged(house, 600)
    effects = house.at_once(house.code(record.member, record.kind))
    assert reasons(effects) == ["unknown-code"]
    assert cues(effects) == [Cue.WRONG]
    assert house.tokens == 9


@pytest.mark.parametrize("record", [PHONE, STAFF], ids=lambda record: record.kind.value)
def test_a_late_code_that_was_explained_opens_by_no_clock_after_a_power_cut(record):
    """Nothing of the known past that its denial was built on is lost with the power."""
    house = room()
    code = house.code(record.member, record.kind)
    house.wait(300)
    assert reasons(house.at_once(code)) == ["late-code"]
    forged(house, 0)
    for seconds in range(0, -900, -10):
        house.post(SystemTime(house.unix_ms + seconds * 1000, synchronised=True, rtc=False))
        assert not granted(house.at_once(code + "*"))
    assert not granted(house.double(record.member, record.kind, later=-(300 // WINDOWS[record.kind].step)))


def test_the_last_used_code_is_told_as_used_also_when_it_is_late():
    house = room()
    code, other = house.code("0427"), house.code("0427", later=-1)
    house.at_once(code)
    house.wait(300)
    assert reasons(house.at_once(code)) == ["used-code"]
    assert reasons(house.at_once(other)) == ["late-code"]


def test_an_early_code_costs_what_a_wrong_one_costs():
    house = room()
    early, far = house.at_once(house.code("0427", later=5)), house.at_once(wrong(house.code("0428")))
    assert (reasons(early), reasons(far)) == (["early-code"], ["unknown-code"])
    assert cues(early) == cues(far) == [Cue.WRONG]
    assert [type(e) for e in early] == [type(e) for e in far]
    assert house.tokens == 8


def test_paper_opens_ten_times_a_day():
    house = room()
    code = house.code("0600", Kind.PAPER)
    for _ in range(10):
        assert granted(house.at_once(code))
        house.wait(1_000)
    effects = house.at_once(code)
    assert reasons(effects) == ["used-code"]
    assert house.tokens == 10


def test_the_paper_code_of_yesterday_is_used_once_today_opened():
    house = room()
    at(house, (MIDNIGHT + DAY + 3_600) * 1000)
    assert granted(house.at_once(house.code("0600", Kind.PAPER)))
    assert reasons(house.at_once(house.code("0600", Kind.PAPER, later=-1))) == ["used-code"]
    assert granted(house.at_once(house.code("0600", Kind.PAPER)))


# -- a right code refused for another reason ------------------------------------------------------


def refused(house: House, record: AccessRecord, reason: str) -> None:
    """The code is right and refused: not used up, not counted, and told in the one way of all reasons."""
    before = house.tokens, dict(house.access.failures), dict(house.access.used)
    effects = house.at_once(house.code(record.member, record.kind, record.generation))
    assert reasons(effects) == [reason]
    assert cues(effects) == [Cue.NOT_NOW]
    assert of(Unlock, effects) == of(Use, effects) == []
    assert (house.tokens, house.access.failures, house.access.used) == before


def opens(house: House, record: AccessRecord) -> None:
    assert granted(house.at_once(house.code(record.member, record.kind, record.generation)))


@pytest.mark.parametrize("record", [PHONE, STAFF, PAPER], ids=lambda record: record.kind.value)
def test_a_revoked_member_is_refused_at_once(record):
    house = room(revoke(record))
    refused(house, record, "revoked")


def test_a_code_of_an_older_generation_is_unknown():
    house = room(replace(PHONE, generation=2, revoked_through=1))
    assert reasons(house.at_once(house.code("0427"))) == ["unknown-code"]
    assert granted(house.at_once(house.code("0427", generation=2)))


def test_a_suspension_ends_when_known_past_reaches_it():
    house = room(replace(PHONE, suspended_until=NOW + 1_000))
    house.until((NOW + 1_000) * 1000)
    refused(house, PHONE, "suspended")  # the known past is behind by what a crystal may be fast
    house.until((NOW + 1_001) * 1000)
    opens(house, PHONE)


def test_a_suspension_does_not_end_by_a_clock_that_is_wrong():
    house = House(clock=False, facts={"known_past": NOW})
    house.enrol(replace(PHONE, suspended_until=NOW + DAY))
    house.unix_ms += 2 * DAY * 1000
    house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    refused(house, PHONE, "suspended")


@pytest.mark.parametrize("s, reason", [(-1, "suspended"), (0, None)])
def test_a_member_comes_in_from_his_first_second(s, reason):
    house = room(replace(PHONE, not_before=NOW + 1_000))
    house.until((NOW + 1_000 + s) * 1000)
    refused(house, PHONE, reason) if reason else opens(house, PHONE)


@pytest.mark.parametrize("s, reason", [(0, None), (1, "revoked")])
def test_a_member_comes_in_until_his_last_second(s, reason):
    house = room(replace(PHONE, not_after=NOW + 1_000))
    house.until((NOW + 1_000 + s) * 1000)
    refused(house, PHONE, reason) if reason else opens(house, PHONE)


@pytest.mark.parametrize("record", [STAFF, PAPER], ids=lambda record: record.kind.value)
def test_staff_and_paper_need_an_answer_of_the_server_in_this_store(record):
    house = House()
    house.access.records[record.member] = record
    refused(house, record, "lease-ended")
    house.enrol(record)
    opens(house, record)


@pytest.mark.parametrize("record", [STAFF, PAPER], ids=lambda record: record.kind.value)
@pytest.mark.parametrize("s, reason", [(-1, None), (0, None), (1, "lease-ended")])
def test_a_lease_ends_14_days_after_the_last_list_by_known_past(record, s, reason):
    house = room()
    house.wait(14 * DAY - 10)
    house.unix_ms = (NOW + 14 * DAY + s) * 1000
    house.post(ServerTime(house.unix_ms))
    refused(house, record, reason) if reason else opens(house, record)


def test_a_phone_has_no_lease():
    house = room()
    house.wait(20 * DAY)
    house.post(ServerTime(house.unix_ms))
    opens(house, PHONE)


def test_a_lease_is_kept_through_a_power_cut_and_grows_by_none():
    house = room()
    house.wait(1)
    house.unix_ms += 7 * DAY * 1000
    house.post(ServerTime(house.unix_ms))
    house.post(ListReceived(2, "e" * 64, False, ()))
    house.clock = False
    house.power_cut()
    assert house.state.list_at == house.state.reading(house.now).known_past == NOW + 7 * DAY + 1


WEEK = hours.parse({"tue": ["08:00-22:00"]}, {"2026-11-25": [], "2026-11-26": ["10:00-12:00"]})


@pytest.mark.parametrize(
    "local_time, reason",
    [
        ("2026-11-24 21:59:59", None),
        ("2026-11-24 22:00:00", "outside-hours"),
        ("2026-11-24 23:59:59", "outside-hours"),
        ("2026-11-25 00:00:00", "outside-hours"),
        ("2026-11-25 23:59:59", "outside-hours"),
        ("2026-11-26 09:59:59", "outside-hours"),
        ("2026-11-26 10:00:00", None),
        ("2026-11-26 11:59:59", None),
        ("2026-11-26 12:00:00", "outside-hours"),
        ("2026-11-27 00:00:00", None),
    ],
)
def test_hours_and_holidays_are_kept_to_the_second(local_time, reason):
    house = room(hours=WEEK)
    local = datetime.fromisoformat(local_time).replace(tzinfo=house.rules.codes.time_zone)
    at(house, int(local.astimezone(UTC).timestamp()) * 1000)
    refused(house, PHONE, reason) if reason else opens(house, PHONE)


def test_hours_are_not_for_staff():
    house = room(hours=hours.parse({day: [] for day in hours.DAYS}, {}))
    refused(house, PHONE, "outside-hours")
    opens(house, STAFF)


def test_a_member_enters_four_times_in_half_an_hour():
    house = room()
    for _ in range(4):
        opens(house, PHONE)
        house.wait(300)
    refused(house, PHONE, "too-many-entries")
    opens(house, replace(PHONE, member="0428"))


@pytest.mark.parametrize("ms, reason", [(-1, "too-many-entries"), (0, None)])
def test_an_entry_counts_for_half_an_hour(ms, reason):
    house = room()
    opens(house, PHONE)
    first = house.unix_ms
    for _ in range(3):
        house.wait(300)
        opens(house, PHONE)
    house.until(first + 1_800_000 + ms)
    refused(house, PHONE, reason) if reason else opens(house, PHONE)


def full(house: House, confidence: Confidence = Confidence.EXACT) -> House:
    house.state = replace(house.state, occupancy=Occupancy(15, confidence))
    return house


def test_a_full_room_refuses_by_the_rules_and_only_when_the_count_is_exact():
    refused(full(room(when_full="refuse")), PHONE, "room-full")
    opens(full(room()), PHONE)
    opens(full(room(when_full="refuse"), Confidence.ESTIMATE), PHONE)
    opens(full(room(when_full="refuse"), Confidence.UNKNOWN), PHONE)
    opens(full(room(when_full="refuse", capacity=16)), PHONE)


def test_a_full_room_never_refuses_staff():
    opens(full(room(when_full="refuse")), STAFF)


@pytest.mark.parametrize("ms, reason", [(-1, None), (0, "room-full")])
def test_a_full_room_never_refuses_who_went_in_within_three_hours(ms, reason):
    house = room(when_full="refuse")
    opens(house, PHONE)
    house.until(house.unix_ms + 3 * 3_600_000 + ms)
    full(house)
    refused(house, PHONE, reason) if reason else opens(house, PHONE)


def test_a_code_refused_for_a_reason_opens_once_the_reason_is_gone():
    house = room(revoke(PHONE))
    code = house.code("0427", generation=1)
    assert reasons(house.at_once(code)) == ["revoked"]
    house.access.records["0427"] = PHONE
    assert granted(house.at_once(code))


def test_a_code_refused_is_no_first_half():
    house = room(replace(PHONE, suspended_until=NOW + DAY))
    house.at_once(house.code("0427"))
    assert house.state.firsts == ()


def test_a_grant_says_what_it_was_and_no_digit_of_it():
    house = room()
    code = house.code("0500", Kind.STAFF)
    row = next(r for r in of(Record, house.at_once(code)) if r.type == "granted")
    assert row.detail == {"kind": "staff", "generation": 1, "double": False, "step": NOW // 30}
    assert (row.member, row.reason, row.at, row.clock) == ("0500", None, NOW, "server")
    assert code[4:] not in repr(row)


def test_a_single_code_teaches_nothing():
    house = room()
    assert of(Learn, house.at_once(house.code("0427"))) == []


def test_mode_open_judges_codes_as_ever():
    house = room()
    house.state = replace(house.state, mode=ModeState(Mode.OPEN))
    opens(house, PHONE)
    assert cues(house.at_once(wrong(house.code("0428")))) == [Cue.WRONG]
