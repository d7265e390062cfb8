"""How a story says things: numbers in words, durations, times, and codes, which are never digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from contract.settings import suggest

WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "year": 31_536_000}
DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1, "last night": -1}


class PhraseError(ValueError):
    """This cannot be meant; ``str(error)`` says why."""


@dataclass(frozen=True, slots=True)
class When:
    """A time as somebody says it: so many seconds from now, or a time of a day near today."""

    ahead: int = 0
    days: int = 0
    minute: int | None = None

    def at(self, now: int, zone: tzinfo) -> int:
        """Unix seconds, said at ``now``."""
        if self.minute is None:
            return now + self.ahead
        day = datetime.fromtimestamp(now, zone).date() + timedelta(days=self.days)
        return int(datetime.combine(day, time(self.minute // 60, self.minute % 60), zone).timestamp())


class Shape(StrEnum):
    """What sort of digits are typed."""

    CODE = "code"
    AGAIN = "again"  # the digits typed last
    SECOND = "second"  # the shorter code beside the one typed last
    WRONG = "wrong"
    NEAR = "near"
    HALF = "half"
    PAIR = "pair"  # of a wallet card


@dataclass(frozen=True, slots=True)
class Code:
    """Digits as a story describes them; ``owner`` None is whoever types."""

    shape: Shape
    owner: str | None = None
    old: bool = False  # of what he had before it was re-issued
    when: When = When()
    pair: int = 0
    printed: bool = False  # on the sheet that he holds now, whatever the day
    second: bool = False  # and then the second one


def count(text: str) -> int:
    """``12``, ``twelve``, ``a``, ``nobody``."""
    if text == "nobody":
        return 0
    if text in ("a", "an"):
        return 1
    if text in WORDS:
        return WORDS.index(text)
    if text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    raise PhraseError(f'"{text}" is no number; write 12, or twelve')


def days(text: str) -> int:
    """A count of days, of a hundred years at most."""
    found = count(text)
    if found > 100 * 365:
        raise PhraseError(f"{text} days are more than a hundred years")
    return found


def duration(text: str) -> int:
    """Seconds: ``two minutes``, ``half an hour``, ``80 hours``; a hundred years at most."""
    if text == "half an hour":
        return 1800
    found = re.fullmatch(r"(\w+) (\w+?)s?", text)
    if not found or found[2] not in SECONDS:
        raise PhraseError(f'"{text}" is no length of time; write two minutes, half an hour, 80 hours')
    seconds = count(found[1]) * SECONDS[found[2]]
    if seconds > 100 * SECONDS["year"]:
        raise PhraseError(f"{text} are more than a hundred years")
    return seconds


def clock(text: str) -> int:
    """Minutes of the day: ``22:10``."""
    found = re.fullmatch(r"(\d\d):(\d\d)", text, re.ASCII)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise PhraseError(f'"{text}" is no time; write 22:10')
    return int(found[1]) * 60 + int(found[2])


def when(text: str) -> When:
    """``22:10``, ``yesterday at 22:10``, ``tomorrow at 08:00``, ``three days ago at 22:10``."""
    day, _, at = text.rpartition(" at ")
    if not day:
        return When(minute=clock(text.removeprefix("at ")))
    if found := re.fullmatch(r"(\w+) days? (ago|from now)", day):
        ahead = days(found[1])
        return When(days=-ahead if found[2] == "ago" else ahead, minute=clock(at))
    if day not in DAYS:
        raise PhraseError(f'"{day}" is no day{suggest(day, DAYS)}; write yesterday, or three days ago')
    return When(days=DAYS[day], minute=clock(at))


_OWNER = r"(?P<owner>his|her|their|the|.+?'s)"
_SHAPES = (
    (r"(?P<day>today|yesterday|tomorrow)'s (paper )?code( of (?P<target>.+))?", Shape.CODE),
    (r"the same (code )?again", Shape.AGAIN),
    (r"the second (code|one)", Shape.SECOND),
    (r"(?P<wrong>a wrong code)( for (?P<target>.+))?", Shape.WRONG),
    (rf"a near miss( of {_OWNER} code)?", Shape.NEAR),
    (r"half a code", Shape.HALF),
    (rf"pair (?P<pair>\w+) of {_OWNER} (?P<old>old )?card", Shape.PAIR),
    (rf"{_OWNER} (?P<old>old )?(paper )?code", Shape.CODE),
    (rf"{_OWNER} (?P<old>old )?code of (?P<ago>.+) ago", Shape.CODE),
    (rf"{_OWNER} (?P<old>old )?code for (?P<at>.+)", Shape.CODE),
    (rf"{_OWNER} (?P<old>old )?code that (he|she|they) saw (?P<saw>.+)", Shape.CODE),
    (r"(?P<owner>.+?'s) (?P<old>old )?code (?P<seen>seen .+)", Shape.CODE),
)
CODES = (
    "his code",
    "his old code",
    "Mr Wang's code",
    "the code of two minutes ago",
    "the code for 19:30",
    "the code that she saw yesterday at 22:10",
    "Mr Wang's code seen yesterday at 22:10",
    "today's paper code",
    "pair 1 of her card",
    "a wrong code",
    "a near miss",
    "half a code",
    "the second code",
    "the same code again",
    "his code and the second one",
)


def code(text: str) -> Code:
    """Digits described in words; never digits themselves."""
    if re.search(r"\d{5}", text):
        raise PhraseError(
            "a story never holds a code in digits; write his code, or the code of two minutes ago"
        )
    first, second, _ = text.partition(" and the second one")
    if not second:
        first, second, _ = text.partition(" and the second code")
    for pattern, shape in _SHAPES:
        if found := re.fullmatch(pattern, first):
            return _code(shape, found.groupdict(), bool(second))
    raise PhraseError(f'"{text}" is no way to say a code{suggest(text, CODES)}')


def _code(shape: Shape, said: dict[str, str | None], second: bool) -> Code:
    owner = said.get("target") or said.get("owner") or ""
    owner = owner.removesuffix("'s")
    return Code(
        shape,
        owner=None if owner in ("his", "her", "their", "the", "") else owner,
        old=bool(said.get("old")),
        when=_when(said),
        pair=count(said.get("pair") or "no"),
        printed=bool(said.get("day")),
        second=second,
    )


def _when(said: dict[str, str | None]) -> When:
    if ago := said.get("ago"):
        return When(ahead=-duration(ago))
    if at := said.get("at") or said.get("saw"):
        return when(at)
    if seen := said.get("seen"):
        return when(seen.removeprefix("seen "))
    if day := said.get("day"):
        return When(days=DAYS[day], minute=12 * 60)
    return When()
