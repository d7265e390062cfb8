"""Times as an administrator types them are moments in the room's time zone, and nothing else is a time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from door.commandline import times

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    """Unix seconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


NOW = at("2026-11-24 21:14:05")


@pytest.mark.parametrize(
    "typed, moment",
    [
        ("30s", "2026-11-24 21:13:35"),
        ("2h", "2026-11-24 19:14:05"),
        (" 3d ", "2026-11-21 21:14:05"),
        ("19:02", "2026-11-24 19:02:00"),
        ("21:14:05", "2026-11-24 21:14:05"),
        ("23:00", "2026-11-23 23:00:00"),
        ("2026-11-24", "2026-11-24 00:00:00"),
        ("2026-11-25", "2026-11-25 00:00:00"),
        ("2026-11-20 07:05", "2026-11-20 07:05:00"),
        ("2026-11-20T07:05:09", "2026-11-20 07:05:09"),
    ],
)
def test_since_is_the_last_such_moment(typed: str, moment: str) -> None:
    assert times.parse(typed).before(NOW, SHANGHAI) == at(moment)


@pytest.mark.parametrize(
    "typed, moment",
    [
        ("2h", "2026-11-24 23:14:05"),
        ("23:00", "2026-11-24 23:00:00"),
        ("19:02", "2026-11-25 19:02:00"),
        ("2026-12-01", "2026-12-01 00:00:00"),
    ],
)
def test_until_is_the_next_such_moment(typed: str, moment: str) -> None:
    assert times.parse(typed).after(NOW, SHANGHAI) == at(moment)


def test_unix_seconds_are_what_they_are() -> None:
    when = times.parse("1795500000")
    assert when.before(NOW, SHANGHAI) == when.after(NOW, BERLIN) == 1_795_500_000


def test_a_clock_time_is_of_the_rooms_own_day() -> None:
    """At 17:00 UTC it is after midnight in Shanghai."""
    now = int(datetime(2026, 11, 24, 17, 0, tzinfo=UTC).timestamp())
    assert times.parse("00:30").before(now, SHANGHAI) == at("2026-11-25 00:30:00")


def test_more_than_has_passed_since_1970_is_1970() -> None:
    assert times.parse("99999d").before(NOW, SHANGHAI) == 0


@pytest.mark.parametrize(
    "typed",
    "tomorrow|24:00|12:60|7|2026-13-01|2026-02-30|2026-11-24 25:00|-2h|2 h|２h|١٢:٠٠|1969-01-01|9999-12-31|"
    "100000d|1e9|2026-1-1||12:00\x00|nan|0x10".split("|"),
)
def test_what_is_no_time_is_told_how_one_is_written(typed: str) -> None:
    with pytest.raises(times.TimeError, match="write it like 2h"):
        times.parse(typed)


def test_a_moment_is_shown_in_the_rooms_zone_by_name() -> None:
    assert times.shown(NOW, SHANGHAI) == "2026-11-24 21:14:05 CST"
    assert times.shown(NOW, SHANGHAI, now=NOW + 60) == "21:14:05 CST"
    assert times.shown(NOW, SHANGHAI, now=NOW + 86_400) == "2026-11-24 21:14:05 CST"
    assert times.shown(at("2026-07-01 12:00", BERLIN), BERLIN) == "2026-07-01 12:00:00 CEST"
    assert times.shown(None, SHANGHAI) == "–"


@pytest.mark.parametrize(
    "seconds, said",
    [(-3, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3660, "1 h 01 min"), (90_000, "1 d 1 h")],
)
def test_a_duration_is_said_in_what_matters_of_it(seconds: float, said: str) -> None:
    assert times.lasted(seconds) == said
