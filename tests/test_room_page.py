"""The page of the room and SpaceAPI: bands, hours, busy hours, manners, exams; one inside looks like none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from neighbours import FORM, Neighbourhood, neighbourhood

from contract.bands import Band
from contract.hours import DAYS, Hours, parse
from roomserver.room import busy, seats, timetable
from roomserver.room.notices import Notices
from roomserver.room.seats import Seats, Sure
from roomserver.settings import Settings
from roomserver.wire import state

ZONE = FORM.time_zone
NOTICES = Notices(
    manners=("保持安静", "离座带走 <物品>"),
    exams={
        "2026-12-26": "研究生考试",
        "2026-11-24": "今天的",
        "2026-11-25": "明天的",
        "2026-11-01": "过去的",
    },
    address="悦新路 1 号",
    phone="+86 21 5555 0101",
    email="juweihui@example.org",
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Neighbourhood]:
    """A room with its notices."""
    with neighbourhood(tmp_path, replace(Settings(), notices=NOTICES)) as running:
        yield running


def seen(room: Neighbourhood) -> str:
    """The page as a stranger sees it."""
    answer = room.stage.browser().get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def api(room: Neighbourhood) -> dict[str, Any]:
    """SpaceAPI."""
    answer = room.stage.browser().get("/spaceapi.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    told: dict[str, Any] = answer.json()
    return told


def outside(room: Neighbourhood) -> str:
    """All that a stranger can get, in one text."""
    return seen(room) + json.dumps(api(room))


# -- discretion -----------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [0, 2])
@pytest.mark.parametrize("sure", [("exact", "exact"), ("estimate", "exact"), ("unknown", "estimate")])
def test_nobody_outside_can_tell_one_from_none(room: Neighbourhood, held: int, sure: tuple[str, str]) -> None:
    """Whatever the door is sure of, whoever holds a seat, however the one came in or went."""
    room.rules(capacity=3)  # where every seat changes the band
    for number in ("0555", "0556")[:held]:
        room.phone(room.moves_in(number)).get("/code")
    room.counts(1, sure[0])
    room.says()
    one = outside(room)
    room.counts(0, sure[1])
    room.records("left", member=None)
    room.records("count", member=None, count=0, why="untouched")
    assert outside(room) == one
    room.says(lock="UNLOCKED", door="open")
    room.records("granted", member="0557")
    room.records("entered", member="0557")
    room.counts(1, sure[0])
    assert outside(room) == one


def test_the_age_of_the_news_does_not_tell_that_somebody_moved(room: Neighbourhood) -> None:
    room.counts(1)
    room.wait(300)
    quiet = outside(room)
    with room.opened.database.write() as session:  # the door told of a change, and did not ask the server
        told = {"count": 0, "capacity": 15, "occupied": False, "confidence": "estimate", "at": room.now}
        state.keep(session, room.door_id, "occupancy", told, room.now)
    assert outside(room) == quiet
    assert "5 分钟前" in quiet


def test_today_is_not_in_the_picture_of_busy_hours(room: Neighbourhood) -> None:
    a_day(room)
    before = outside(room)
    room.records("entered", member="0557")
    room.wait(3000)
    room.records("entered", member="0558")
    room.wait(-3000)
    assert outside(room) == before


def test_no_number_of_people_is_told_outside(room: Neighbourhood) -> None:
    room.counts(11, "exact")
    assert "大约" not in seen(room)
    assert api(room)["ext_seats"] == {"capacity": 15, "free": "some", "sure": "exact"}
    assert "sensors" not in api(room)


@pytest.mark.parametrize("inside", range(4))
@pytest.mark.parametrize("held", range(3))
@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 15])
def test_from_outside_one_and_none_are_the_same(inside: int, held: int, capacity: int) -> None:
    def view(count: int, sure: Sure) -> Seats:
        return Seats(capacity, count, held, sure, 1000).from_outside()

    for sure in (Sure.EXACT, Sure.ESTIMATE, Sure.UNKNOWN):
        assert view(0, sure) == view(1, Sure.EXACT)
    if inside > 1:
        assert view(inside, Sure.EXACT).inside == inside


# -- bands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside, band",
    [
        (0, "plenty"),
        (7, "plenty"),
        (8, "some"),
        (11, "some"),
        (12, "few"),
        (14, "few"),
        (15, "full"),
        (20, "full"),
    ],
)
def test_bands_of_fifteen_seats(inside: int, band: str) -> None:
    assert Seats(15, inside, 0, Sure.EXACT, None).band == Band(band)
    assert Seats(15, 0, inside, Sure.EXACT, None).band == Band(band)


def test_a_door_that_never_told_is_said_not_to_be_known(room: Neighbourhood) -> None:
    assert "还不知道有没有座位" in seen(room)
    assert api(room)["ext_seats"]["free"] == "unknown"


def test_a_door_that_is_offline_makes_the_news_old(room: Neighbourhood) -> None:
    room.counts(10)
    assert "刚刚" in seen(room)
    room.wait(60)
    with room.opened.database.write() as session:
        state.keep(session, room.door_id, "availability", "offline", room.now)
    room.wait(600)
    assert "门没有联网" in seen(room)
    assert "11 分钟前" in seen(room)


def test_a_door_that_asks_no_more_is_silent_whatever_the_broker_says(room: Neighbourhood) -> None:
    room.counts(10)
    room.wait(seats.SILENT_SECONDS + 1)
    assert api(room)["ext_seats"]["sure"] == "silent"


# -- hours ----------------------------------------------------------------------------------------

DAILY = dict.fromkeys(DAYS, ("08:00-22:00",))


def test_a_room_that_never_closes_says_so_and_has_no_table(room: Neighbourhood) -> None:
    assert "24 小时开放" in seen(room)
    assert "<table" not in seen(room)


def test_the_page_says_until_when_the_room_is_open_and_which_days_are_alike(room: Neighbourhood) -> None:
    room.rules(hours={**DAILY, "sun": ()}, holidays={"2026-12-25": ("10:00-12:00",), "2027-06-01": ()})
    text = seen(room)
    assert "现在开放，到 22:00 为止" in text
    assert "周一 至 周六" in text
    assert "08:00–22:00" in text
    assert ">周日</th><td>不开放<" in text
    assert '>12月25日</th><td><span class="whole">10:00–12:00<' in text
    assert "6月1日" not in text  # too far ahead to matter
    assert api(room)["state"] == {"open": True}


def test_a_closed_room_says_when_it_opens_and_tells_no_seats(room: Neighbourhood) -> None:
    room.counts(10)
    room.rules(hours={"tue": (), "wed": ("09:00-17:00",)})
    text = seen(room)
    assert "现在不开放，明天 09:00 起开放" in text
    assert "还有一些座位" not in text
    assert api(room)["state"] == {"open": False}


def test_a_lockdown_is_told_to_everybody(room: Neighbourhood) -> None:
    room.rules(note="水管维修")
    room.says(mode="lockdown")
    assert "暂停开放。水管维修" in seen(room)
    assert api(room)["state"] == {"open": False}


def hours(week: dict[str, list[str]], dates: dict[str, list[str]] | None = None) -> Hours:
    """Hours; a day left out is closed."""
    return parse({day: week.get(day, []) for day in DAYS}, dates or {})


def at(text: str) -> int:
    """A time in Shanghai; 2026-11-24 is a Tuesday."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


@pytest.mark.parametrize(
    "week, now, until",
    [
        ({"tue": ["08:00-12:00", "13:00-22:00"]}, "2026-11-24T09:30", "2026-11-24T12:00"),
        ({"tue": ["08:00-12:00", "12:00-22:00"]}, "2026-11-24T09:30", "2026-11-24T22:00"),
        ({"tue": ["08:00-24:00"], "wed": ["00:00-02:00"]}, "2026-11-24T23:59", "2026-11-25T02:00"),
        ({"tue": ["08:00-24:00"], "wed": ["01:00-02:00"]}, "2026-11-24T23:59", "2026-11-25T00:00"),
        ({"tue": ["08:00-24:00"]}, "2026-11-24T08:00", "2026-11-25T00:00"),
        ({day: ["00:00-24:00"] for day in DAYS}, "2026-11-24T08:00", None),
    ],
)
def test_open_until_follows_spans_that_touch_also_over_midnight(
    week: dict[str, list[str]], now: str, until: str | None
) -> None:
    assert timetable.open_until(hours(week), ZONE, at(now)) == (at(until) if until else None)


def test_a_holiday_ends_the_stretch() -> None:
    week = {day: ["00:00-24:00"] for day in DAYS}
    closed = hours(week, {"2026-11-26": []})
    assert timetable.open_until(closed, ZONE, at("2026-11-24T09:00")) == at("2026-11-26T00:00")


# -- busy hours -----------------------------------------------------------------------------------


def a_day(room: Neighbourhood) -> None:
    """Yesterday from nine to eleven five people were inside."""
    today = room.now
    room.stage.now = at("2026-11-23T09:00")
    for _ in range(5):
        room.records("entered", member="0555")
    room.stage.now = at("2026-11-23T11:00")
    room.records("count", member=None, count=0, why="set")
    room.stage.now = today


def test_the_picture_shows_when_people_are_inside(room: Neighbourhood) -> None:
    assert "什么时候人多" not in seen(room)
    room.stage.now += 86_400  # the picture is made once a day
    a_day(room)
    text = seen(room)
    assert "09:00 到 11:00 人最多" in text
    assert text.count("<rect") == 24


def test_hours_are_counted_by_how_long_people_stayed() -> None:
    nine = at("2026-11-23T09:00")
    moved = [(nine + 1800, "entered", 0), (nine + 3600, "entered", 0), (nine + 5400, "left", 0)]
    seconds = busy.person_seconds([*moved, (nine + 7200, "left", 0)], nine + 90_000, ZONE)
    assert seconds[9] == 1800
    assert seconds[10] == 1800 * 2 + 1800
    assert sum(seconds) == 1800 + 5400


def test_a_count_that_nobody_corrects_ends_after_a_day_s_stay() -> None:
    nine = at("2026-11-23T09:00")
    seconds = busy.person_seconds([(nine, "entered", 0)], nine + 5 * 86_400, ZONE)
    assert sum(seconds) == busy.MOST_HOURS * 3600


def test_more_leave_than_came_and_nobody_is_less_than_nobody() -> None:
    nine = at("2026-11-23T09:00")
    seconds = busy.person_seconds([(nine, "left", 0), (nine + 60, "entered", 0)], nine + 120, ZONE)
    assert sum(seconds) == 60


# -- what hangs on the wall -----------------------------------------------------------------------


def test_manners_and_exams_come_from_the_configuration(room: Neighbourhood) -> None:
    text = seen(room)
    assert "文明公约" in text
    assert "离座带走 &lt;物品&gt;" in text
    assert "研究生考试：还有 32 天" in text
    assert "今天的：就是今天" in text
    assert "明天的：明天" in text
    assert "过去的" not in text
    assert 'href="tel:+862155550101"' in text


def test_a_room_without_notices_has_no_empty_headings(tmp_path: Path) -> None:
    with neighbourhood(tmp_path) as bare:
        text = seen(bare)
    assert "文明公约" not in text
    assert "考试倒计时" not in text
    assert "联系居委会" not in text


def test_spaceapi_has_what_version_15_requires(room: Neighbourhood) -> None:
    told = api(room)
    assert told["api_compatibility"] == ["15"]
    assert told["space"] == "study room"
    assert told["url"] == room.stage.url
    assert told["logo"].startswith(room.stage.url)
    assert told["contact"] == {"phone": NOTICES.phone, "email": NOTICES.email}
    assert told["location"] == {"address": NOTICES.address}


def test_a_date_that_is_none_is_a_fault_with_what_to_write() -> None:
    faults = [str(fault) for fault in Notices(exams={"2027-6-7": "高考"}).faults()]
    assert faults == ["exams: '2027-6-7' is no date; write 2027-06-07"]


# -- who looks ------------------------------------------------------------------------------------


def test_a_member_finds_his_code_here_and_a_stranger_the_way_in(room: Neighbourhood) -> None:
    assert 'href="/code"' in room.phone().get("/").text
    assert 'href="/join"' in seen(room)
    assert 'href="/code"' not in seen(room)
