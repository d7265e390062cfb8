"""Times as people say them: near ones by how far they are, far ones by the clock and the day (LOOK)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from roomserver.pages.words import Language, word

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def clock(zone: tzinfo, t: int) -> str:
    """``19:02``."""
    return f"{datetime.fromtimestamp(t, zone):%H:%M}"


def when(language: Language, zone: tzinfo, now: int, t: int) -> str:
    """The clock alone today, ``明天 09:00``, ``11月28日 09:00``; the year when it is another."""
    local, today = datetime.fromtimestamp(t, zone), datetime.fromtimestamp(now, zone).date()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return time
    if local.date() == today + timedelta(days=1):
        return word(language, "time.tomorrow", time=time)
    return word(language, "time.date", day=day(language, today, local.date()), time=time)


def second(language: Language, zone: tzinfo, now: int, t: int) -> str:
    """The same to the second, where it is proof: ``19:02:11``."""
    return f"{when(language, zone, now, t)}:{datetime.fromtimestamp(t, zone):%S}"


def day(language: Language, today: date, of: date) -> str:
    """``11月28日``, ``28 Nov``; with the year when it is another."""
    if language is Language.ZH:
        year = "" if of.year == today.year else f"{of.year}年"
        return f"{year}{of.month}月{of.day}日"
    year = "" if of.year == today.year else f" {of.year}"
    return f"{of.day} {MONTHS[of.month - 1]}{year}"


def ago(language: Language, seconds: int) -> str:
    """``刚刚``, ``2 分钟前``, ``3 小时前``, ``2 天前``."""
    if seconds < 90:
        return word(language, "time.just-now")
    for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * size or unit == "minutes":
            return word(language, f"time.{unit}-ago", count=seconds // size)
    raise AssertionError
