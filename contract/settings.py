"""TOML → frozen dataclasses: every fault at once, "did you mean", secrets masked.

A settings class is a frozen dataclass; its annotations and each ``option(…)`` say what a key may be.
A nested dataclass is a table, ``tuple[Dataclass, …]`` an array of tables; a key ``X | None`` may be left out.
What no single key can tell, a class tells in a method ``faults()`` that yields a ``Fault`` for each.
A faulty key has its default meanwhile, and what ``faults()`` says of it is dropped: one mistake, one fault.

Whatever the text, ``read`` returns a settings object or raises ``SettingsError``; anything else is a bug.
"""

from __future__ import annotations

import json
import re
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from contract.options import Option, choices, converted, expected, fits, option, option_of, shown, sort

__all__ = ["Fault", "Option", "SettingsError", "fill", "option", "read", "suggest"]

T = TypeVar("T")
_FAULTY: Any = object()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with ``key`` (``lock.pin``, ``keypads[1].rows``: counted from 1), and what it may be."""

    key: str
    text: str
    also: tuple[str, ...] = ()  # the other keys it speaks of
    line: int | None = None

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.key}{where}: {self.text}" if self.key else self.text


class SettingsError(ValueError):
    """These settings cannot be used; ``faults`` has all that is wrong with them."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        lines = "".join(f"\n  {fault}" for fault in self.faults)
        count = len(self.faults)
        super().__init__(f"{name} has {count} fault{'s' if count > 1 else ''}:{lines}")


def read(cls: type[T], text: str, *, name: str = "config.toml") -> T:
    """Settings from TOML; ``SettingsError`` with all the faults, each with its line."""
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise SettingsError(name, [Fault("", "brackets are nested too deep")]) from None
    except ValueError as error:  # tells the line; but a number of 5,000 digits is a bare ValueError
        raise SettingsError(name, [Fault("", f"this is not TOML: {error}")]) from None
    try:
        return fill(cls, values, name=name)
    except SettingsError as error:
        located = [replace(fault, line=_line(text, values, fault.key)) for fault in error.faults]
        located.sort(key=lambda fault: fault.line or 0)
        raise SettingsError(name, located) from None


def fill(cls: type[T], values: object, *, name: str, strict: bool = True) -> T:
    """Settings from parsed TOML or JSON; unless ``strict``, unknown keys (a newer peer's) are passed over."""
    reading = _Reading(strict)
    made: T = reading.table(cls, values, "")
    if reading.faults:
        raise SettingsError(name, reading.faults)
    return made


def suggest(word: str, known: Iterable[str]) -> str:
    """``; did you mean "…"?`` when one of ``known`` is close to ``word``, else nothing."""
    import difflib  # only here: whoever makes no mistake has no use for it

    close = difflib.get_close_matches(word[:60], list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


class _Reading:
    """One pass over one file, and the faults it found."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.faults: list[Fault] = []
        self.defaulted: list[str] = []  # keys whose value is faulty

    def fault(self, key: str, text: str) -> Any:
        self.faults.append(Fault(key, text))
        return _FAULTY

    def table(self, cls: Any, value: object, path: str) -> Any:
        if not isinstance(value, Mapping):  # not shown: a secret may have been written in the wrong place
            return self.fault(path, f"must be a table, not {sort(value)}")
        if self.strict:
            self._unknown(value, [of.name for of in fields(cls)], path)
        hints, given, buildable = get_type_hints(cls), {}, True
        for of in fields(cls):
            got = self._key(of, hints[of.name], value, _join(path, of.name))
            if got is not _FAULTY:
                given[of.name] = got
            elif of.name in value:
                self.defaulted.append(_join(path, of.name))
            buildable = buildable and (of.name in given or _has_default(of))
        return self._built(cls, given, path) if buildable else _FAULTY

    def _key(self, of: Any, hint: Any, table: Mapping[str, object], key: str) -> Any:
        if of.name in table:
            return self.value(hint, table[of.name], key, option_of(of))
        if not _has_default(of):
            self.fault(key, f"is missing; it must be {expected(hint, option_of(of))}")
        return _FAULTY

    def value(self, hint: Any, value: object, key: str, limits: Option) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            inner = next(arg for arg in args if arg is not types.NoneType)
            return None if value is None else self.value(inner, value, key, limits)
        if is_dataclass(hint):
            return self.table(hint, value, key)
        if origin in (tuple, list):
            return self._list(origin, args[0], value, key, limits)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(args[1], value, key, limits)
        return self._single(hint, value, key, limits)

    def _list(self, make: Any, hint: Any, value: object, key: str, limits: Option) -> Any:
        if not isinstance(value, list | tuple):
            return self.fault(key, f"must be a list, not {sort(value)}")
        got = [self.value(hint, one, f"{key}[{n}]", limits) for n, one in enumerate(value, 1)]
        return _FAULTY if any(one is _FAULTY for one in got) else make(got)

    def _mapping(self, hint: Any, value: object, key: str, limits: Option) -> Any:
        if not isinstance(value, Mapping):
            return self.fault(key, f"must be a table, not {sort(value)}")
        got = {str(name): self.value(hint, one, _join(key, str(name)), limits) for name, one in value.items()}
        return _FAULTY if any(one is _FAULTY for one in got.values()) else got

    def _single(self, hint: Any, value: object, key: str, limits: Option) -> Any:
        if fits(hint, value, limits):
            return converted(hint, value)
        words = choices(hint, limits)
        close = suggest(value, words) if isinstance(value, str) and not limits.secret else ""
        return self.fault(key, f"must be {expected(hint, limits)}, not {shown(value, limits)}{close}")

    def _unknown(self, table: Mapping[str, object], known: list[str], path: str) -> None:
        for name, value in table.items():
            if name not in known:
                noun = "table" if isinstance(value, Mapping) else "key"
                self.fault(_join(path, name), f"there is no such {noun}{suggest(name, known)}")

    def _built(self, cls: Any, given: Mapping[str, object], path: str) -> Any:
        try:
            made = cls(**given)
        except ValueError as error:  # of a class that checks itself in __post_init__
            return self.fault(path, str(error))
        for fault in made.faults() if hasattr(made, "faults") else ():
            key, also = _join(path, fault.key), tuple(_join(path, other) for other in fault.also)
            if not any(_touch(one, other) for one in (key, *also) for other in self.defaulted):
                self.faults.append(replace(fault, key=key, also=also))
        return made


def _join(path: str, name: str) -> str:
    if not re.fullmatch(r"[\w.\[\]-]{1,60}", name):  # a strange name must not break the lines of a log
        name = json.dumps(name[:60])
    return f"{path}.{name}" if path else name


def _has_default(of: Any) -> bool:
    return of.default is not MISSING or of.default_factory is not MISSING


def _touch(one: str, other: str) -> bool:
    """Whether two keys are the same or one lies within the other."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith((f"{short}.", f"{short}["))


def _line(text: str, values: object, key: str) -> int | None:
    """The line that brings ``key``: the last that names it below a text that still lacks it."""
    path = [int(n) - 1 if n else name for n, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", key)]
    while path and not _has(values, path):  # elements of a list of one line, keys left out
        path.pop()
    names = [part for part in path if isinstance(part, str)]
    lines = text.split("\n")
    for n in reversed(range(len(lines))):
        if names and names[-1] in lines[n]:
            try:
                above = tomllib.loads("\n".join(lines[:n]))
            except ValueError:  # the line lies inside a string or a list
                continue
            if not _has(above, path):
                return n + 1
    return None


def _has(values: object, path: Iterable[str | int]) -> bool:
    for part in path:
        match values, part:
            case dict(), str() if part in values:
                values = values[part]
            case list(), int() if part < len(values):
                values = values[part]
            case _:
                return False
    return True
