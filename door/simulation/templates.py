"""Sentences with slots: ``NAME types CODE`` matches a line and gives what stands in its slots."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from contract.codes import Kind
from contract.hours import HoursError
from contract.hours import parse as parse_hours
from contract.messages import ALARMS, REASONS, ROW_TYPES
from contract.settings import suggest
from door.clock import Source
from door.effects import Cue, Mode
from door.simulation import phrases
from door.simulation.phrases import PhraseError

T = TypeVar("T")
CLOSE_ENOUGH = 0.5
KINDS = {"phone": Kind.PHONE, "authenticator": Kind.STAFF, "sheet": Kind.PAPER, "paper sheet": Kind.PAPER}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody named in a story: ``Mrs Li (0427), a phone``."""

    name: str
    number: str
    kind: Kind


@dataclass(slots=True)
class Known:
    """The names a story has spoken of so far, each with its number."""

    names: dict[str, str | None] = field(default_factory=dict)
    digits: int = 4  # of a member number

    def name(self, text: str) -> str:
        """A name that was introduced."""
        if text not in self.names:
            raise PhraseError(f'nobody is called "{text}"{suggest(text, self.names)}')
        return text

    def member(self, text: str) -> Member:
        """A member, introduced herewith."""
        found = re.fullmatch(rf"(.+) \((\d{{{self.digits}}})\), (?:a |an )?([a-z ]+)", text, re.ASCII)
        if not found:
            raise PhraseError(f'"{text}" introduces nobody; write Mrs Li (0427), a phone')
        name, number, kind = found[1], found[2], kind_of(found[3])
        if number in self.names.values():
            raise PhraseError(f"the number {number} is somebody else's already")
        if number.strip("0") == "":
            raise PhraseError("a member number is not all zeros")
        self.names[name] = number
        return Member(name, number, kind)

    def code(self, text: str) -> phrases.Code:
        """A code, of somebody who was introduced."""
        code = phrases.code(text)
        if code.owner is not None:
            self.name(code.owner)
        return code


def kind_of(text: str) -> Kind:
    """``phone``, ``authenticator``, ``paper sheet``."""
    return KINDS[_one_of(text, KINDS)]


def _one_of(text: str, words: Iterable[str]) -> str:
    known = sorted(words)
    if text not in known:
        raise PhraseError(f'"{text}" is none of {", ".join(known)}{suggest(text, known)}')
    return text


def _hours(text: str) -> object:
    try:
        return parse_hours({day: [text] for day in "mon tue wed thu fri sat sun".split()}, {})
    except HoursError as error:
        raise PhraseError(str(error)) from error


def _number(text: str, known: Known) -> str:
    return known.name(text)


SLOTS: Mapping[str, Callable[[str, Known], Any]] = {
    "NAME": lambda text, known: known.name(text),
    "MEMBER": lambda text, known: known.member(text),
    "CODE": lambda text, known: known.code(text),
    "FIRST": _number,
    "LAST": _number,
    "COUNT": lambda text, _: phrases.count(text),
    "DURATION": lambda text, _: phrases.duration(text),
    "WHEN": lambda text, _: phrases.when(text),
    "THING": lambda text, _: kind_of(text),
    "HOURS": lambda text, _: _hours(text),
    "CUE": lambda text, _: _one_of(text, Cue),
    "REASON": lambda text, _: _one_of(text, REASONS),
    "ROW": lambda text, _: _one_of(text, ROW_TYPES),
    "ALARM": lambda text, _: _one_of(text, ALARMS),
    "SOURCE": lambda text, _: _one_of(text, Source),
    "MODE": lambda text, _: _one_of(text, Mode),
}
_SLOT = re.compile("|".join(SLOTS))


@dataclass(frozen=True, slots=True)
class Sentence(Generic[T]):
    """A sentence of the language, and what it does (``act`` takes what stands in the slots, by name)."""

    template: str
    act: T

    @property
    def pattern(self) -> re.Pattern[str]:
        """The sentence as an expression."""
        parts, last = [], 0
        for slot in _SLOT.finditer(self.template):
            parts += [re.escape(self.template[last : slot.start()]), f"(?P<{slot[0]}>.+)"]
            last = slot.end()
        return re.compile("".join(parts) + re.escape(self.template[last:]))


@dataclass(frozen=True, slots=True)
class Matched(Generic[T]):
    """A sentence that was found, with the values of its slots."""

    act: T
    values: Mapping[str, Any]


def match(text: str, sentences: Sequence[Sentence[T]], known: Known) -> Matched[T]:
    """The sentence that ``text`` is; ``PhraseError`` says what is wrong, and what may be meant."""
    wrong: list[str] = []
    for sentence in sentences:
        found = sentence.pattern.fullmatch(text)
        if not found:
            continue
        try:
            values = {name.lower(): SLOTS[name](value, known) for name, value in found.groupdict().items()}
        except PhraseError as error:
            wrong.append(str(error))
        else:
            return Matched(sentence.act, values)
    if wrong:
        raise PhraseError(wrong[0])
    raise PhraseError(f'"{text}" is no sentence of a story{_closest(text, sentences, known)}')


def _closest(text: str, sentences: Sequence[Sentence[T]], known: Known) -> str:
    bare = text
    for name in sorted(known.names, key=len, reverse=True):
        bare = bare.replace(name, "NAME")
    bare = re.sub(r"\b(his|her|their|the) (old )?code\b", "CODE", bare)
    templates = [sentence.template for sentence in sentences]
    close = difflib.get_close_matches(bare, templates, n=1, cutoff=CLOSE_ENOUGH)
    return f'; did you mean "{close[0]}"?' if close else "; docs/stories.md lists them"
