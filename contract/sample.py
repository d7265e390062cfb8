"""Settings as the TOML file that an administrator edits: every key, explained."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from contract.options import option_of

_WIDTH = 110


def sample(settings: Any) -> str:
    """The file that reads back as ``settings``: a docstring explains its table, a ``doc`` its key."""
    return "\n".join([*_comment(inspect.getdoc(settings) or ""), *_parts(settings)]) + "\n"


def _parts(settings: Any) -> Iterator[str]:
    held = [(of, getattr(settings, of.name)) for of in fields(settings)]
    for of, value in held:  # keys of no table stand before the first one
        if not _rows(value) and not _rows(option_of(of).example):
            yield from ("", *_key(of, value))
    for of, value in held:
        for one in _rows(value):
            yield from _table(f"[{of.name}]" if one is value else f"[[{of.name}]]", one)
        for one in _rows(option_of(of).example) if not value else ():
            lines = _table(f"[[{of.name}]]", one)
            yield from (line if not line or line.startswith("#") else f"# {line}" for line in lines)


def _rows(value: Any) -> tuple[Any, ...]:
    """The tables that a value is made of: one, several, or none."""
    if is_dataclass(value):
        return (value,)
    return value if isinstance(value, tuple) and value and is_dataclass(value[0]) else ()


def _table(heading: str, settings: Any) -> Iterator[str]:
    yield from ("", "")
    yield from _comment(inspect.getdoc(settings) or "")
    yield heading
    for of in fields(settings):
        yield from ("", *_key(of, getattr(settings, of.name)))


def _key(of: Field[Any], value: object) -> list[str]:
    about = option_of(of)
    if about.example is not None and (value is None or value in ({}, ())):
        return [*_comment(about.doc), f"# {of.name} = {_toml(about.example)}"]
    return [*_comment(about.doc), f"{of.name} = {_toml(value)}"]


def _comment(text: str) -> list[str]:
    lines = [textwrap.wrap(line, _WIDTH - 2) or [""] for line in text.splitlines()]
    return [f"# {part}".rstrip() for parts in lines for part in parts]


def _toml(value: object) -> str:
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case tuple() | list():
            return "[" + ", ".join(_toml(one) for one in value) + "]"
        case bytes():
            return json.dumps(value.hex())
        case Mapping():
            return "{ " + ", ".join(f"{_name(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
