"""The use of the room: counted right, told in counts alone, one and two never told apart."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browser import browser, violations, watch
from playwright.sync_api import Browser, Page
from rooms import Room, room_in

from contract.hours import Hours, parse
from roomserver.cli import main
from roomserver.pages import look, weeks
from roomserver.pages.words import Language
from roomserver.room import hourly, usage
from roomserver.room.hourly import Hourly
from roomserver.settings import Settings
from roomserver.wire import rows

__all__ = ["browser"]
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 16)
BEGIN = int(datetime(2026, 11, 16, tzinfo=ZONE).timestamp())
HOUR, DAY = 3600, 86_400
LATER = BEGIN + 30 * DAY
CAPACITY = 15


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room with a door and no rows."""
    with room_in(tmp_path, replace(Settings(), codes=replace(Settings().codes, room="悦心自习室"))) as made:
        yield made


def counted(room: Room, day: int, hour: int, entries: int, peak: int) -> None:
    """What was counted in an hour of the ``day`` after Monday."""
    with room.opened.database.write() as session:
        at = BEGIN + day * DAY + hour * HOUR
        session.add(Hourly(door_id=room.door.id, hour=at, entries=entries, peak=peak))


def use(room: Room, rules: Hours = Hours(), now: int = LATER, weeks_: int = 1) -> usage.Use:  # noqa: B008
    """The use of the room in the week of ``MONDAY``."""
    with room.opened.database.read() as session:
        return usage.use(session, "front", MONDAY, weeks_, rules, ZONE, CAPACITY, now)


# -- counting -------------------------------------------------------------------------------------


def test_a_week_is_counted_by_its_days(room: Room) -> None:
    counted(room, 0, 9, 4, 3)
    counted(room, 0, 19, 12, 15)
    counted(room, 6, 23, 1, 1)
    counted(room, 7, 0, 50, 15)  # Monday of the next
    counted(room, -1, 23, 50, 15)  # Sunday of the one before
    found = use(room)
    assert (found.entries, found.full, len(found.hours)) == (17, 1, 168)
    assert found.of_day(MONDAY) == (16, 15, 1)
    assert found.of_day(MONDAY + timedelta(days=6)) == (1, 1, 0)
    assert found.fullest is not None
    assert (found.fullest.day, found.fullest.hour, found.fullest.peak) == (MONDAY, 19, 15)


def test_levels_are_means_of_peaks_in_eighths_rounded_up(room: Room) -> None:
    counted(room, 0, 9, 0, 15)
    counted(room, 7, 9, 0, 0)
    counted(room, 1, 9, 0, 1)
    counted(room, 8, 9, 0, 0)
    counted(room, 2, 9, 0, 20)
    counted(room, 9, 9, 0, 20)
    levels = use(room, weeks_=2).levels()
    assert [levels[day, 9] for day in range(4)] == [4, 1, 8, 0]


def test_closed_hours_and_those_to_come_count_for_nothing(room: Room) -> None:
    rules = parse({"sat": ["08:00-12:00"], "sun": []}, {"2026-11-17": []})
    assert len(use(room, rules).hours) == 4 * 24 + 4
    now = BEGIN + 10 * HOUR + 1800
    assert [hour.hour for hour in use(room, now=now).hours] == list(range(10))
    assert use(room, now=BEGIN - DAY).hours == ()


def test_who_was_inside_outside_the_hours_is_counted(room: Room) -> None:
    counted(room, 6, 3, 2, 2)
    found = use(room, parse({"sun": []}, {}))
    assert [hour.hour for hour in found.hours if hour.day == MONDAY + timedelta(days=6)] == [3]


def test_another_door_is_another_room(room: Room) -> None:
    counted(room, 0, 9, 4, 3)
    with room.opened.database.read() as session:
        other = usage.use(session, "back", MONDAY, 1, Hours(), ZONE, CAPACITY, LATER)
    assert other.entries == 0


def test_from_rows_of_the_door_to_the_report(room: Room) -> None:
    """The hours counted by ``hourly`` are those that the report finds."""
    ledger = room.ledger(0)
    ledger.at = BEGIN + 19 * HOUR + 60
    for type_ in ("entered", "entered", "entered", "left"):
        ledger.add(type_)
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [row.raw for row in ledger.rows], BEGIN + 20 * HOUR)
        hourly.fill(session, BEGIN + 21 * HOUR)
    found = use(room)
    assert found.of_day(MONDAY)[:2] == (3, 3)
    assert found.fullest is not None
    assert found.fullest.hour == 19


# -- discretion -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count, said", [(0, "0"), (1, "1–2"), (2, "1–2"), (3, "3"), (188, "188")])
def test_one_and_two_are_told_alike(count: int, said: str) -> None:
    assert usage.told(count) == said


def test_one_and_two_look_alike_in_every_form(tmp_path: Path) -> None:
    """Page and table of a room with one visitor are those of a room with two."""
    seen = []
    for peak in (1, 2):
        folder = tmp_path / str(peak)
        folder.mkdir()
        with room_in(folder) as room:
            counted(room, 2, 19, peak, peak)
            with room.opened.database.read():
                found = weeks.read(room.opened, None, MONDAY, 1, LATER)
        pages = [look.by_itself(one, "report.html", "r", **weeks.shown(found, one)) for one in Language]
        seen.append((usage.as_csv(found.use), *pages))
    assert seen[0] == seen[1]


def test_no_member_number_gets_in(room: Room) -> None:
    ledger = room.ledger(0)
    ledger.at = BEGIN + 19 * HOUR
    for type_ in ("granted", "entered"):
        ledger.add(type_, "0427")
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [row.raw for row in ledger.rows], BEGIN + 20 * HOUR)
        hourly.fill(session, BEGIN + 21 * HOUR)
    found = weeks.read(room.opened, None, MONDAY, 1, LATER)
    text = look.by_itself(Language.EN, "report.html", "r", **weeks.shown(found, Language.EN))
    assert "0427" not in text + usage.as_csv(found.use)


# -- weeks, CSV, command --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, first",
    [("2026-W47", date(2026, 11, 16)), ("2026-W53", date(2026, 12, 28)), ("2026-W01", date(2025, 12, 29))],
)
def test_weeks_have_their_iso_names(name: str, first: date) -> None:
    assert usage.week_of(name) == first
    assert usage.week_name(first) == name
    assert usage.monday(first + timedelta(days=6)) == first


@pytest.mark.parametrize(
    "name", ["", "2026", "2026-W00", "2025-W53", "2026-W1", "2026-W٠١", "26-W01", "0000-W01", "x"]
)
def test_what_is_no_week_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="no week"):
        usage.week_of(name)


def test_the_table_has_a_line_for_each_hour(room: Room) -> None:
    counted(room, 0, 19, 7, 15)
    lines = list(csv.DictReader(io.StringIO(usage.as_csv(use(room)))))
    assert len(lines) == 168
    assert lines[19] == {
        "date": "2026-11-16", "weekday": "mon", "hour": "19:00", "entries": "7", "most_inside": "15",
        "seats": "15", "full": "1",
    }  # fmt: skip


def test_the_command_writes_a_page_or_a_table(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    counted(room, 0, 19, 7, 15)
    assert main("report --week 2026-W47".split()) == 0
    assert "进门 7 次" in (tmp_path / "report-2026-W47.html").read_text("utf-8")
    assert main("report --week 2026-W47 --lang en --out mine.html".split()) == 0
    assert "7 entries" in (tmp_path / "mine.html").read_text("utf-8")
    assert main("report --week 2026-W47 --csv".split()) == 0
    assert (tmp_path / "report-2026-W47.csv").read_bytes().startswith(b"\xef\xbb\xbfdate,weekday")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main("report --week 2026-47".split())
    assert "write 2026-W47" in capsys.readouterr().err
    assert main("report --door back".split()) == 2


# -- how it looks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("spoken", list(Language))
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_the_report_is_clean_fits_and_prints_on_one_page(
    room: Room, browser: Browser, spoken: Language, scheme: str, width: int
) -> None:
    for day in range(7):
        for hour in range(24):
            counted(room, day, hour, hour, min(CAPACITY, day + hour // 2))
    found = weeks.read(room.opened, None, MONDAY, 1, LATER)
    text = look.by_itself(spoken, "report.html", "悦心自习室", **weeks.shown(found, spoken))
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    faults = watch(page)
    page.set_content(text)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".heat > svg rect").count() == 168
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) == 1
    assert faults == []
    context.close()


def test_a_week_without_records_says_so(room: Room, browser: Browser) -> None:
    terms_ = weeks.read(room.opened, None, MONDAY, 4, LATER)
    text = look.by_itself(Language.EN, "report.html", "r", **weeks.shown(terms_, Language.EN))
    assert "Nothing is recorded for this time" in text
    page: Page = browser.new_page()
    page.set_content(text)
    assert violations(page) == []
    page.close()
