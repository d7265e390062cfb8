"""Time at the door: sources and their rank, the known past, and what a code tells (PROTOCOL §1 Time)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import Kind
from door import clock
from door.clock import LATEST_MS, Clock, Source, Tick
from door.effects import Record, Remember
from door.events import Asked, ServerTime, Stopping, SystemTime, TimerFired
from door.rules import Rules
from tests.house import KEY, NOW, House, granted, of, replace

RULES = Rules("yuexin", KEY)
DAY = 86_400
MS = NOW * 1000


def source(house: House) -> Source:
    return house.state.reading(house.now).source


def alarms(house: House) -> tuple[str, ...]:
    return house.state.alarms(house.now, house.rules)


def dark(known_past: int = NOW, **rules: object) -> House:
    """A door that nobody has told the time."""
    return House(rules=replace(RULES, **rules), clock=False, facts={"known_past": known_past})


def system(house: House, unix_ms: int, *, ntp: bool = True, rtc: bool = False) -> None:
    house.post(SystemTime(unix_ms, synchronised=ntp, rtc=rtc))


# -- sources --------------------------------------------------------------------------------------


def test_sources_have_a_rank():
    house = dark()
    assert (source(house), house.state.reading(house.now).unix) == (Source.NONE, None)
    assert granted(house.double("0427"))
    assert source(house) is Source.CODE
    house.post(Asked("1", "clock", {"unix": NOW + 5}, "admin"))
    assert source(house) is Source.MANUAL
    system(house, MS + 5_000, ntp=False, rtc=True)
    assert source(house) is Source.RTC
    system(house, MS + 5_000)
    assert source(house) is Source.NTP
    house.post(ServerTime(MS + 5_000))
    assert source(house) is Source.SERVER


@pytest.mark.parametrize("s, now", [(DAY, Source.SERVER), (DAY + 1, Source.NTP)])
def test_an_answer_of_the_server_is_now_for_24_hours(s, now):
    house = House()
    system(house, house.unix_ms)
    house.wait(s)
    assert source(house) is now


def test_an_answer_of_the_server_does_not_outlive_a_power_cut():
    house = House()
    house.clock = False
    house.power_cut()
    assert source(house) is Source.NONE


@pytest.mark.parametrize("ntp, rtc", [(True, False), (False, True)])
@pytest.mark.parametrize("ms, holds", [(-1, False), (0, True)])
def test_the_system_clock_counts_only_from_known_past_on(ntp, rtc, ms, holds):
    house = dark()
    system(house, MS + ms, ntp=ntp, rtc=rtc)
    assert source(house) is ((Source.NTP if ntp else Source.RTC) if holds else Source.NONE)


def test_a_system_clock_that_nothing_holds_is_no_source():
    house = dark()
    system(house, MS, ntp=False)
    assert source(house) is Source.NONE


def test_a_system_clock_may_be_taken_at_its_word():
    house = dark(trust_system_clock=True)
    system(house, MS, ntp=False)
    assert source(house) is Source.NTP


def test_a_system_clock_that_lost_its_hold_is_no_source_any_more():
    house = dark()
    system(house, MS)
    system(house, MS, ntp=False)
    assert source(house) is Source.NONE


@pytest.mark.parametrize("year", [0, 4_102_444_800])
def test_a_clock_in_1970_opens_nothing_and_one_in_2099_nothing_for_ever(year):
    house = dark()
    system(house, year * 1000)
    assert source(house) is (Source.NTP if year else Source.NONE)
    assert not granted(house.at_once(house.code("0427")))
    assert granted(house.at_once(house.second("0427") + "#"))
    assert house.state.reading(house.now).known_past < NOW + DAY


@pytest.mark.parametrize("unix_ms", [-1, LATEST_MS + 1, 10**30, -(10**30)])
def test_a_time_beyond_the_calendar_is_no_time(unix_ms):
    house = dark()
    house.post(ServerTime(unix_ms))
    system(house, unix_ms)
    assert source(house) is Source.NONE
    house.post(Asked("1", "clock", {"unix": unix_ms}, "admin"))
    assert source(house) is Source.NONE


@pytest.mark.parametrize("kind", [Kind.PHONE, Kind.STAFF, Kind.PAPER])
@pytest.mark.parametrize("unix_ms", [0, LATEST_MS])
def test_at_the_ends_of_the_calendar_the_door_still_decides(unix_ms, kind):
    house = House(unix_ms=unix_ms)
    house.enrol(AccessRecord("0427", kind))
    house.at_once("0427123456")
    assert house.at_once("0427123456")


def test_a_better_source_wins_and_a_disagreement_is_an_alarm():
    house = House()
    system(house, MS + 30_000)
    assert alarms(house) == ()
    system(house, MS + 30_001)
    assert (source(house), alarms(house)) == (Source.SERVER, ("clock-disagrees",))
    system(house, MS - 30_001)
    assert alarms(house) == ("clock-disagrees",)
    system(house, MS)
    assert alarms(house) == ()


def test_a_server_time_that_has_grown_old_disagrees_with_nobody():
    house = House()
    house.wait(2 * DAY)
    system(house, house.unix_ms + 40_000)  # the crystal was slow, NTP is right
    assert (source(house), alarms(house)) == (Source.NTP, ("list-stale",) if house.state.list_at else ())


def test_an_untrusted_clock_is_an_alarm():
    assert alarms(dark()) == ("clock-untrusted",)
    assert alarms(House()) == ()


def test_every_new_source_is_a_row_once():
    house = dark()
    system(house, MS)
    system(house, MS + 1)
    house.post(ServerTime(MS + 7_000))
    rows = [(row.reason, row.detail) for row in house.rows("clock")]
    assert rows == [
        (None, {"source": "ntp", "before": "none", "jump_s": None}),
        (None, {"source": "server", "before": "ntp", "jump_s": 6}),
    ]


def test_a_source_that_only_grew_too_old_is_a_row_too():
    house = House()
    house.wait(2 * DAY)
    assert [row.detail["source"] for row in house.rows("clock")] == ["server", "none"]


# -- the known past -------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-10, -1, 1, 400])
def test_the_server_sets_known_past_up_or_down(days):
    house = House()
    house.post(ServerTime(MS + days * DAY * 1000))
    assert house.state.reading(house.now).known_past == NOW + days * DAY


@pytest.mark.parametrize("ms, alarmed", [(300_000, False), (300_001, True)])
def test_known_past_set_down_by_more_than_five_minutes_is_alarmed(ms, alarmed):
    house = House()
    house.post(ServerTime(MS - ms))
    assert (alarms(house) == ("clock-disagrees",)) is alarmed
    rows = [row.reason for row in house.rows("clock")]
    assert rows == [None, *(["known-past-lowered"] if alarmed else [])]
    house.post(ServerTime(MS - ms + 1))
    assert alarms(house) == ()


def test_a_server_that_talks_nonsense_has_set_nothing_back():
    house = House()
    house.post(ServerTime(MS - 300_001))
    house.post(ServerTime(-1))
    assert [row.reason for row in house.rows("clock")] == [None, "known-past-lowered"]


def test_known_past_runs_with_time_less_what_a_crystal_may_be_fast():
    house = dark()
    house.wait(1_000_000)
    assert house.state.reading(house.now).known_past == NOW + 1_000_000 - 200


@pytest.mark.parametrize("ms, stored", [(599_999, None), (600_000, NOW + 599)])
def test_known_past_is_stored_every_ten_minutes(ms, stored):
    house = dark()
    del house.facts["known_past"]
    house.until(MS + ms)
    assert house.facts.get("known_past") == stored


def test_known_past_is_stored_at_the_end():
    house = dark()
    house.wait(500)
    house.post(Stopping("SIGTERM"))
    assert house.facts["known_past"] == NOW + 499


def test_a_power_cut_is_not_running_time():
    house = dark()
    house.wait(600)
    house.power_cut(DAY)
    assert house.state.reading(house.now).known_past == NOW + 599


def test_neither_ntp_nor_rtc_nor_the_administrator_moves_known_past():
    house = dark()
    for tell in (
        lambda: system(house, MS + DAY * 1000),
        lambda: system(house, MS + DAY * 1000, ntp=False, rtc=True),
        lambda: house.post(Asked("1", "clock", {"unix": NOW + DAY}, "admin")),
    ):
        tell()
        assert house.state.reading(house.now).known_past == NOW


@pytest.mark.parametrize("hours, proved", [(0, NOW), (2, NOW + 2 * 3_600 - 1_800)])
def test_an_accepted_phone_code_raises_known_past_to_30_min_before_it(hours, proved):
    house = dark()
    system(house, MS + hours * 3_600_000)
    house.unix_ms += hours * 3_600_000
    assert granted(house.at_once(house.code("0427")))
    assert house.state.reading(house.now).known_past == proved
    assert house.facts["known_past"] == proved


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.PAPER, Kind.CARD])
def test_codes_of_other_kinds_never_move_known_past(kind):
    house = dark()
    house.enrol(AccessRecord("0500", kind if kind is not Kind.CARD else Kind.PHONE))
    house.unix_ms += 2 * 3_600_000
    system(house, house.unix_ms)
    if kind is Kind.CARD:
        house.at_once(house.card("0500", 1)[0])
        assert granted(house.at_once(house.card("0500", 1)[1] + "#"))
    else:
        assert granted(house.at_once(house.code("0500", kind)))
    assert house.state.reading(house.now).known_past == NOW


def test_a_refused_phone_code_proves_nothing():
    house = dark()
    house.access.records["0427"] = AccessRecord("0427", not_after=NOW)
    house.unix_ms += 2 * 3_600_000
    system(house, house.unix_ms)
    assert not granted(house.at_once(house.code("0427")))
    assert house.state.reading(house.now).known_past == NOW


# -- what a pair tells ----------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0, 1, 45, 59])
def test_a_phone_pair_tells_the_time_at_the_end_of_its_first_attempt(gap):
    house = dark()
    house.at_once(house.code("0427", later=10))
    second = house.second("0427", later=10)
    house.wait(gap)
    assert granted(house.at_once(second + "#"))
    reading = house.state.reading(house.now)
    assert (reading.source, reading.unix) == (Source.CODE, NOW + 1_200 + 80 + gap)


def test_a_second_pair_tells_the_time_again():
    house = dark()
    house.double("0427", later=10)
    house.double("0428", later=5)
    assert house.state.reading(house.now).unix == NOW + 600 + 80


def test_a_pair_never_tells_a_time_below_known_past():
    learnt = clock.learn(Clock(Tick(MS, 0)), NOW - 500, 0, 0)
    assert clock.read(learnt, 0).unix == NOW


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.PAPER])
def test_pairs_of_other_kinds_tell_no_time(kind):
    house = dark()
    house.enrol(AccessRecord("0500", kind))
    assert granted(house.double("0500", kind))
    assert source(house) is Source.NONE


def test_a_single_code_tells_no_time():
    house = dark()
    house.double("0427")
    before = house.state.reading(house.now)
    house.wait(240)
    assert granted(house.at_once(house.code("0428")))
    assert house.state.reading(house.now).unix == before.unix + 240


@pytest.mark.parametrize("ntp, rtc", [(True, False), (False, True)])
def test_a_pair_does_not_move_a_trusted_clock(ntp, rtc):
    house = dark()
    system(house, MS + DAY * 1000, ntp=ntp, rtc=rtc)
    before = source(house)
    assert granted(house.double("0427")) is True
    assert source(house) is before


def test_a_pair_moves_a_manual_time_that_was_below_known_past():
    house = dark()
    house.post(Asked("1", "clock", {"unix": NOW - 2 * DAY}, "admin"))
    assert granted(house.double("0427"))
    reading = house.state.reading(house.now)
    assert (reading.source, reading.unix) == (Source.CODE, NOW + 80)


def test_a_pair_does_not_move_a_manual_time_from_known_past_on():
    house = dark()
    house.post(Asked("1", "clock", {"unix": NOW + 2 * DAY}, "admin"))
    assert granted(house.double("0427"))
    assert source(house) is Source.MANUAL


def test_the_server_ends_what_a_code_has_told():
    house = dark()
    house.double("0427")
    house.post(ServerTime(house.unix_ms))
    house.wait(DAY + 1)
    assert source(house) is Source.NONE


@pytest.mark.parametrize("fact", [None, "x", -1, True, 1.5, 10**30, LATEST_MS])
def test_a_known_past_that_cannot_be_read_is_none(fact):
    assert House(clock=False, facts={"known_past": fact}).state.reading(1_000_000).known_past == 0


def test_rows_have_the_best_time_and_say_where_it_is_from():
    house = dark()
    row = of(Record, house.at_once("12#") + list(house.post(Stopping("x"))))[0]
    assert (row.at, row.clock) == (NOW, "none")
    house = House()
    row = of(Record, house.post(Stopping("x")))[0]
    assert (row.at, row.clock) == (NOW, "server")


@given(
    st.lists(st.tuples(st.sampled_from(["ntp", "rtc", "manual", "wait"]), st.integers(0, 10**9)), max_size=12)
)
def test_known_past_never_falls_without_the_server(story):
    house = dark()
    for what, number in story:
        before = house.state.reading(house.now).known_past
        match what:
            case "ntp" | "rtc":
                system(house, number * 2_000, ntp=what == "ntp", rtc=True)
            case "manual":
                house.post(Asked("1", "clock", {"unix": number * 2}, "admin"))
            case _:
                house.now += number
                house.post(TimerFired())
        assert house.state.reading(house.now).known_past >= before
        remembered = [e.value for e in of(Remember, house.log) if e.name == "known_past"]
        assert remembered == sorted(remembered)
