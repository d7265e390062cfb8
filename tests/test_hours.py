"""Opening hours: open and closed to the second, holidays before weekdays, faults that name their place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hostile import HOSTILE_VALUES
from hypothesis import example, given
from hypothesis import strategies as st

from contract.hours import DAYS, Hours, HoursError, parse

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAILY = {day: ["08:00-22:00"] for day in DAYS}


def unix(zone: ZoneInfo, *local: int) -> int:
    return int(datetime(*local, tzinfo=zone).timestamp())  # type: ignore[misc, arg-type]


# -- open and closed ------------------------------------------------------------------------------


def test_without_hours_the_room_never_closes():
    hours = parse({}, {})
    assert hours.always
    assert hours == Hours()
    assert hours.open_at(unix(SHANGHAI, 2026, 11, 24, 3), SHANGHAI)


@pytest.mark.parametrize("hours, holidays", [({"mon": []}, {}), ({}, {"2026-10-01": []}), (DAILY, {})])
def test_a_room_that_closes_at_all_is_not_always_open(hours, holidays):
    assert not parse(hours, holidays).always


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN], ids=str)
@pytest.mark.parametrize("day", [(2026, 11, 24), (2026, 3, 29), (2026, 10, 25)])
def test_a_span_holds_from_its_first_second_to_the_one_before_its_end(zone, day):
    hours = parse(DAILY, {})
    opens, closes = unix(zone, *day, 8), unix(zone, *day, 22)
    assert [hours.open_at(t, zone) for t in (opens - 1, opens, closes - 1, closes)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_day_may_have_several_spans_or_none():
    hours = parse({"tue": ["08:00-12:00", "14:00-24:00"], "wed": []}, {})
    tuesday = [hours.open_at(unix(SHANGHAI, 2026, 11, 24, hour), SHANGHAI) for hour in (7, 8, 12, 13, 14, 23)]
    assert tuesday == [False, True, False, False, True, True]
    assert not any(hours.open_at(unix(SHANGHAI, 2026, 11, 25, hour), SHANGHAI) for hour in range(24))
    assert all(hours.open_at(unix(SHANGHAI, 2026, 11, 26, hour), SHANGHAI) for hour in range(24))


def test_every_day_of_the_week_is_its_own():
    monday = date(2026, 11, 23)
    for index, name in enumerate(DAYS):
        hours = parse({day: ["00:00-24:00"] if day == name else [] for day in DAYS}, {})
        open_days = [
            hours.open_at(unix(SHANGHAI, *(monday + timedelta(days=n)).timetuple()[:3], 12), SHANGHAI)
            for n in range(7)
        ]
        assert open_days.index(True) == index
        assert sum(open_days) == 1


def test_a_holiday_goes_before_its_weekday():
    hours = parse(DAILY, {"2026-10-01": [], "2026-10-02": ["10:00-11:00"]})
    assert not hours.open_at(unix(SHANGHAI, 2026, 10, 1, 12), SHANGHAI)
    assert not hours.open_at(unix(SHANGHAI, 2026, 10, 2, 9), SHANGHAI)
    assert hours.open_at(unix(SHANGHAI, 2026, 10, 2, 10), SHANGHAI)
    assert hours.open_at(unix(SHANGHAI, 2026, 10, 3, 12), SHANGHAI)


def test_the_same_second_is_another_day_in_another_zone():
    hours = parse({}, {"2026-10-01": []})
    t = unix(SHANGHAI, 2026, 10, 1, 3)
    assert not hours.open_at(t, SHANGHAI)
    assert hours.open_at(t, BERLIN)


# -- the next opening -----------------------------------------------------------------------------


def test_the_next_opening_is_later_the_same_day_or_the_next_day_that_opens():
    hours = parse(DAILY, {"2026-11-26": []})
    assert hours.next_opening(unix(SHANGHAI, 2026, 11, 24, 7), SHANGHAI) == unix(SHANGHAI, 2026, 11, 24, 8)
    assert hours.next_opening(unix(SHANGHAI, 2026, 11, 24, 22), SHANGHAI) == unix(SHANGHAI, 2026, 11, 25, 8)
    assert hours.next_opening(unix(SHANGHAI, 2026, 11, 25, 22), SHANGHAI) == unix(SHANGHAI, 2026, 11, 27, 8)


def test_the_next_opening_is_the_earliest_whatever_the_order_of_the_spans():
    hours = parse({day: ["14:00-16:00", "08:00-12:00"] for day in DAYS}, {})
    assert hours.next_opening(unix(SHANGHAI, 2026, 11, 24, 7), SHANGHAI) == unix(SHANGHAI, 2026, 11, 24, 8)
    assert hours.next_opening(unix(SHANGHAI, 2026, 11, 24, 8), SHANGHAI) == unix(SHANGHAI, 2026, 11, 24, 14)


def test_the_morning_after_the_clocks_change_opens_by_the_wall_clock():
    hours = parse(DAILY, {})
    assert hours.next_opening(unix(BERLIN, 2026, 3, 28, 23), BERLIN) == unix(BERLIN, 2026, 3, 29, 8)
    assert unix(BERLIN, 2026, 3, 29, 8) - unix(BERLIN, 2026, 3, 28, 8) == 23 * 3600
    assert hours.next_opening(unix(BERLIN, 2026, 10, 24, 23), BERLIN) == unix(BERLIN, 2026, 10, 25, 8)


def test_a_room_that_opens_on_one_day_in_a_year_is_found_and_one_that_never_opens_is_told():
    closed = {day: list[str]() for day in DAYS}
    assert parse(closed, {}).next_opening(unix(SHANGHAI, 2026, 11, 24), SHANGHAI) is None
    once = parse(closed, {"2027-11-24": ["09:00-10:00"]})
    assert once.next_opening(unix(SHANGHAI, 2026, 11, 24), SHANGHAI) == unix(SHANGHAI, 2027, 11, 24, 9)


minutes = st.integers(0, 1440)
spans = st.tuples(minutes, minutes).filter(lambda span: span[0] < span[1])
written = spans.map(
    lambda span: "{:02d}:{:02d}-{:02d}:{:02d}".format(*divmod(span[0], 60), *divmod(span[1], 60))
)
weeks = st.dictionaries(st.sampled_from(DAYS), st.lists(written, max_size=3))
dates = st.dictionaries(
    st.dates(date(2026, 11, 1), date(2026, 12, 31)).map(date.isoformat), st.lists(written, max_size=2)
)


@given(weeks, dates, st.integers(unix(SHANGHAI, 2026, 11, 1), unix(SHANGHAI, 2026, 12, 31)))
def test_at_the_next_opening_the_room_is_open_and_until_then_it_stays_closed(week, holidays, t):
    hours = parse(week, holidays)
    opening = hours.next_opening(t, SHANGHAI)
    if opening is None:
        assert not any(hours.week)
        return
    assert opening > t
    assert hours.open_at(opening, SHANGHAI)
    if not hours.open_at(t, SHANGHAI):
        between = range(t - t % 60 + 60, min(opening, t + 2 * 86_400), 60)
        assert not any(hours.open_at(minute, SHANGHAI) for minute in between)


# -- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "span",
    [
        "8:00-22:00", "08:00", "08:00–22:00", "22:00-06:00", "08:00-08:00", "08:60-09:00", "08:00-09:60",
        "23:00-24:01",
        "25:00-26:00", "０８:００-２２:００", "08:00-22:00\n", " 08:00-22:00", "", "-", "\ud800",
    ],
)  # fmt: skip
def test_a_span_that_is_none_is_named_with_its_day(span):
    with pytest.raises(HoursError, match="tue"):
        parse({"tue": [span]}, {})
    with pytest.raises(HoursError, match="2026-10-01"):
        parse({}, {"2026-10-01": [span]})


@pytest.mark.parametrize(
    "name",
    [
        "2026-10-1",
        "2026-13-01",
        "2026-02-29",
        "20261001",
        "2026-W40-4",
        "２０２６-10-01",
        "oct",
        "",
        20261001,
        None,
    ],
)
def test_a_date_that_would_never_come_is_refused(name):
    with pytest.raises(HoursError, match="is no date; write 2026-10-01"):
        parse({}, {name: []})


@pytest.mark.parametrize("name", ["monday", "Mon", "", "\ud800", 1, None, "x" * 5_000])
def test_a_day_that_is_none_is_refused(name):
    with pytest.raises(HoursError, match="days are mon tue wed thu fri sat sun") as told:
        parse({name: ["08:00-22:00"]}, {})
    assert len(str(told.value)) < 100


def test_spans_are_a_list_and_not_a_text():
    with pytest.raises(HoursError, match="mon: a list of spans"):
        parse({"mon": "08:00-22:00"}, {})


nested: object = []
for _ in range(100_000):
    nested = [nested]


@pytest.mark.parametrize("value", [*HOSTILE_VALUES, nested], ids=lambda value: type(value).__name__)
def test_hostile_values_raise_nothing_but_hours_error(value):
    places: list[tuple[object, object]] = [
        (value, {}),
        ({}, value),
        ({"mon": value}, {}),
        ({"mon": [value]}, {}),
    ]
    places += [({}, {"2026-10-01": value}), ({}, {"2026-10-01": [value]})]
    for hours, holidays in places:
        try:
            parse(hours, holidays)
        except HoursError as error:
            told = str(error)
        else:
            assert value in ([], (), {})
            continue
        assert len(told) < 150


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(DAYS), inner),
    max_leaves=6,
)


@given(json_values, json_values | st.dictionaries(st.text(), json_values))
@example({"mon": [["08:00-22:00"]]}, {})
def test_garbage_raises_nothing_but_hours_error(hours, holidays):
    try:
        assert isinstance(parse(hours, holidays), Hours)
    except HoursError:
        return
