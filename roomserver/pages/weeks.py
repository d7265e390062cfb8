"""The use of the room as templates show it: picture, table and sentences, on a page or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from roomserver.pages import times
from roomserver.pages.words import Language, word
from roomserver.place import Opened
from roomserver.residents import phone
from roomserver.room import usage
from roomserver.room.usage import Use
from roomserver.wire import doors, terms

LEFT, WIDE, TOP, HIGH = 44, 40, 24, 16  # of the heat map's picture: its margins and one field


@dataclass(frozen=True, slots=True)
class Weeks:
    """Some weeks of a door, the entries of as many before them, and which doors there are."""

    door: str | None
    doors: tuple[str, ...]
    use: Use
    before: int


def read(opened: Opened, door: str | None, first: date, weeks: int, now: int) -> Weeks:
    """The use in ``weeks`` weeks from Monday ``first``, of ``door`` or of the first there is."""
    zone = opened.place.settings.codes.codes().time_zone
    with opened.database.read() as session:
        names = tuple(one.name for one in doors.listed(session))
        name = door if door in names else (names[0] if names else None)
        rules = terms.rules_json(session)
        hours, capacity = phone.hours(rules), phone.capacity(opened, rules)
        use = usage.use(session, name or "", first, weeks, hours, zone, capacity, now)
        start = first - timedelta(days=7 * weeks)
        before = usage.use(session, name or "", start, weeks, hours, zone, capacity, now).entries
    return Weeks(name, names, use, before)


def shown(found: Weeks, spoken: Language) -> Mapping[str, Any]:
    """What ``use_weeks.html`` is given."""
    use = found.use
    return {
        "use": use,
        "door": found.door if len(found.doors) > 1 else None,
        "span": word(spoken, "use.span", first=_day(spoken, use.first), last=_day(spoken, use.last)),
        "sentences": _sentences(found, spoken),
        "cells": _cells(use, spoken),
        "days": _days(use, spoken) if use.weeks == 1 else (),
        "box": f"0 0 {LEFT + 7 * WIDE} {TOP + 24 * HIGH}",
        "left": LEFT,
        "wide": WIDE,
        "top": TOP,
        "high": HIGH,
    }


def _day(spoken: Language, day: date) -> str:
    return times.day(spoken, date(1, 1, 1), day)  # with its year: a report is read later


def _hour(hour: int) -> str:
    return f"{hour:02}:00–{hour + 1:02}:00"


def _sentences(found: Weeks, spoken: Language) -> list[str]:
    use = found.use
    entries = word(spoken, "use.entries", count=usage.told(use.entries))
    before = word(spoken, "use.change", before=usage.told(found.before))
    said = [f"{entries} ({before})" if spoken is Language.EN else f"{entries}（{before}）"]
    if use.fullest is not None:
        day, hour = word(spoken, f"day.{use.fullest.day.weekday()}"), _hour(use.fullest.hour)
        count = usage.told(use.fullest.peak)
        said.append(word(spoken, "use.fullest", day=day, hour=hour, count=count, seats=use.capacity))
    share = round(100 * use.full / len(use.hours)) if use.hours else 0
    said.append(word(spoken, "use.full", full=use.full, open=len(use.hours), share=share))
    return said


def _cells(use: Use, spoken: Language) -> list[dict[str, Any]]:
    return [
        {
            "x": LEFT + day * WIDE,
            "y": TOP + hour * HIGH,
            "level": level,
            "said": word(
                spoken,
                "use.cell",
                day=word(spoken, f"day.{day}"),
                hour=_hour(hour),
                level=word(spoken, f"use.level.{level}"),
            ),
        }
        for (day, hour), level in sorted(use.levels().items())
    ]


def _days(use: Use, spoken: Language) -> list[dict[str, Any]]:
    counted = [(day, *use.of_day(day)) for day in use.days]
    most = max((entries for _, entries, _, _ in counted), default=0) or 1
    return [
        {
            "name": word(spoken, f"day.{day.weekday()}"),
            "date": times.day(spoken, day, day),
            "entries": usage.told(entries),
            "peak": usage.told(peak),
            "full": full,
            "part": round(100 * entries / most) if entries > usage.FEW else min(entries, 1) * 2,
        }
        for day, entries, peak, full in counted
    ]
