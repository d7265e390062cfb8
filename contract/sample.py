"""A settings class as the TOML file that an administrator edits: every key, explained, with its default."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

from contract.options import option_of

_WIDTH = 100


def sample(cls: Any) -> str:
    """The file for ``cls``: a docstring explains its table, a ``doc`` its key; it reads back as ``cls()``."""
    return "\n".join([*_comment(inspect.getdoc(cls) or ""), *_tables(cls())]) + "\n"


def _tables(settings: Any) -> Iterator[str]:
    for of in fields(settings):
        value = getattr(settings, of.name)
        if is_dataclass(value):
            yield from _table(f"[{of.name}]", value)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for one in value:
                yield from _table(f"[[{of.name}]]", one)
        else:
            raise TypeError(f"{of.name}: the keys of a sample stand in tables")


def _table(heading: str, settings: Any) -> Iterator[str]:
    yield from ("", "")
    yield from _comment(inspect.getdoc(settings) or "")
    yield heading
    for of in fields(settings):
        yield from ("", *_comment(option_of(of).doc))
        yield _line(of, getattr(settings, of.name))


def _line(of: Field[Any], value: object) -> str:
    example = option_of(of).example
    if example is not None and (value is None or value in ({}, ())):
        return f"# {of.name} = {_toml(example)}"
    return f"{of.name} = {_toml(value)}"


def _comment(text: str) -> list[str]:
    lines = [textwrap.wrap(line, _WIDTH - 2) or [""] for line in text.splitlines()]
    return [f"# {part}".rstrip() for parts in lines for part in parts]


def _toml(value: object) -> str:
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case tuple() | list():
            return "[" + ", ".join(_toml(one) for one in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)
