"""A story as a file: title, what it is about, who is in it, and what happens when.

Every fault of the file is told at once, with its line, before anything is played.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from contract.settings import suggest
from door.errors import ConfigError
from door.simulation import phrases
from door.simulation.expectations import EXPECTATIONS
from door.simulation.people import STRANGERS
from door.simulation.phrases import PhraseError
from door.simulation.sentences import SENTENCES
from door.simulation.templates import Known, Member, Sentence, match

MONTHS = "January February March April May June July August September October November December".split()
YEARS = range(2000, 3000)
HEADINGS = ("Day", "People", "Room")
_TIME = re.compile(r"(\d\d:\d\d)(:\d\d)?\s+(\S.*)", re.ASCII)
_HEADING = re.compile(r"([A-Z][a-z]+):\s+(\S.*)")
_DATE = re.compile(r"(?:([A-Z][a-z]+day) )?(\d{1,2}) ([A-Z][a-z]+) (\d{4})", re.ASCII)


class StoryError(ConfigError):
    """The file is no story; ``str(error)`` has every fault with its line."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: a sentence to be played at ``at`` (Unix s), or an expectation after it.

    ``exact`` when the time has seconds; else it is that minute, or as soon in it as what came before is over.
    """

    line: int
    text: str
    act: Any
    values: Mapping[str, Any]
    expects: bool
    at: int | None = None
    exact: bool = False
    note: str = ""  # what the teller says before it


@dataclass(frozen=True, slots=True)
class Room:
    """What the door and the room of a story are like."""

    seats: int = 15
    refuses: bool = False
    beams: bool = False
    motion: bool = False
    lights: bool = False
    bell: bool = False
    contact: bool = True
    battery: bool = False


@dataclass(slots=True)
class Story:
    """A story, checked and ready to be played."""

    name: str
    title: str = ""
    about: str = ""
    room: Room = Room()
    members: list[Member] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def begins(self) -> int:
        """Unix seconds of the first line."""
        return next(step.at for step in self.steps if step.at is not None)


def read(text: str, name: str, zone: tzinfo) -> Story:
    """The story in ``text``; ``StoryError`` tells all that is wrong with it."""
    reading = _Reading(Story(name), zone)
    for number, line in enumerate(text.splitlines(), 1):
        reading.line(number, line.rstrip())
    return reading.story_or_faults()


class _Reading:
    """One pass over one file, and the faults it found."""

    def __init__(self, story: Story, zone: tzinfo) -> None:
        self.story, self.zone = story, zone
        self.known = Known(dict.fromkeys(STRANGERS))
        self.faults: list[str] = []
        self.day: date | None = None
        self.last = 0
        self.heading = ""
        self.note = ""
        self.timed = False  # a time was seen, be its line right or wrong

    def story_or_faults(self) -> Story:
        """The story, unless something is wrong with it."""
        if not self.faults and not any(step.at is not None for step in self.story.steps):
            self.faults.append(
                f"{self.story.name}: nothing happens in it; write lines such as 19:02  the door opens"
            )
        if self.faults:
            raise StoryError("\n".join(self.faults))
        return self.story

    def line(self, number: int, line: str) -> None:
        """One line, or what is wrong with it."""
        try:
            self._line(number, line)
        except PhraseError as error:
            self.faults.append(f"{self.story.name}:{number}: {error}")

    def _line(self, number: int, line: str) -> None:
        text = line.strip()
        if not text:
            self.heading = ""
        elif not self.story.title:
            self.story.title = text
        elif text.startswith("#"):
            self.note = f"{self.note} {text.lstrip('# ')}".strip()
        elif found := _TIME.fullmatch(line):
            self.timed = True
            self._timed(number, *found.groups())
        elif found := _HEADING.fullmatch(line):
            self.heading = found[1]
            self._headed(found[2])
        elif self.heading and line != text:
            self._headed(text)
        elif self.day is None:
            self.story.about = f"{self.story.about} {text}".strip()
        elif line != text:
            self._step(number, text)
        else:
            self._new_day(text)

    def _headed(self, text: str) -> None:
        match self.heading:
            case "Day":
                self.day = _date(text)
            case "Room":
                self.story.room = _room(text)
            case "People":
                self.story.members.extend(_members(text, self.known))
            case other:
                raise PhraseError(f'a story has no heading "{other}:"{suggest(other, HEADINGS)}')

    def _timed(self, number: int, minute: str, second: str | None, text: str) -> None:
        if self.day is None:
            raise PhraseError(
                "there must be a line such as Day: Tuesday 24 November 2026 before the first time"
            )
        clock = phrases.clock(minute)
        if second is not None and int(second[1:]) > 59:
            raise PhraseError(f'"{minute}{second}" is no time; write 22:10:05')
        local = datetime(
            self.day.year, self.day.month, self.day.day, clock // 60, clock % 60, tzinfo=self.zone
        )
        at = int(local.timestamp()) + (int(second[1:]) if second else 0)
        if at < self.last:
            raise PhraseError(f"{minute} is before the line above; for another day write: the next day")
        self.last = at
        self._step(number, text, at, exact=second is not None)

    def _step(self, number: int, text: str, at: int | None = None, *, exact: bool = False) -> None:
        expects = text.startswith("expect:")
        if not self.timed:
            raise PhraseError("the first line of what happens needs a time")
        table: tuple[Sentence[Any], ...] = EXPECTATIONS if expects else SENTENCES
        found = match(text.removeprefix("expect:").strip(), table, self.known)
        step = Step(number, text, found.act, found.values, expects, at, exact, self.note)
        self.story.steps.append(step)
        self.note = ""

    def _new_day(self, text: str) -> None:
        assert self.day is not None  # asked before
        if text == "the next day":
            self.day = _played(self.day + timedelta(days=1), text)
        elif found := re.fullmatch(r"(\w+) days later", text):
            self.day = _played(self.day + timedelta(days=phrases.days(found[1])), text)
        else:
            day = _date(text)
            if day < self.day:
                raise PhraseError(f"{text} is before the day above")
            self.day = day


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    if not found or found[3] not in MONTHS:
        raise PhraseError(
            f'"{text}" is no day; write Tuesday 24 November 2026, the next day, or three days later'
        )
    try:
        day = date(int(found[4]), MONTHS.index(found[3]) + 1, int(found[2]))
    except ValueError:
        raise PhraseError(f'"{text}" is in no calendar') from None
    weekday = f"{day:%A}"
    if found[1] not in (None, weekday):
        raise PhraseError(f"{text.partition(' ')[2]} is a {weekday}")
    return _played(day, text)


def _played(day: date, text: str) -> date:
    if day.year not in YEARS:  # far from it the calendar ends, and what is said of other days is out of it
        raise PhraseError(f'"{text}" is not between {YEARS[0]} and {YEARS[-1]}')
    return day


def _room(text: str) -> Room:
    said: dict[str, Any] = {}
    words = {
        "refuses more": {"refuses": True},
        "two beams": {"beams": True},
        "a motion sensor": {"motion": True},
        "lights": {"lights": True},
        "a bell": {"bell": True},
        "no door contact": {"contact": False},
        "a battery clock": {"battery": True},
    }
    for part in text.split(", "):
        if found := re.fullmatch(r"(\w+) seats", part):
            said["seats"] = phrases.count(found[1])
        elif part in words:
            said |= words[part]
        else:
            raise PhraseError(f'"{part}" says nothing of a room{suggest(part, ["15 seats", *words])}')
    return Room(**said)


def _members(text: str, known: Known) -> Iterator[Member]:
    """``Mrs Li (0427), a phone``, or ``0101 to 0114, phones``: those go by their numbers."""
    found = re.fullmatch(rf"(\d{{{known.digits}}}) to (\d{{{known.digits}}}), ([a-z ]+)s", text, re.ASCII)
    if not found:
        yield known.member(text)
        return
    for n in range(int(found[1]), int(found[2]) + 1):
        number = f"{n:0{known.digits}d}"
        yield known.member(f"{number} ({number}), {found[3]}")
