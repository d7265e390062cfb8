"""The ``roomserver.toml`` that ``init`` writes: every key with its meaning and its default, from the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from contract.options import option_of
from roomserver.settings import Settings

_HEAD = "# roomserver.toml: what is commented out is the default. Paths start from this file's folder.\n"


def sample(given: Mapping[str, object] | None = None) -> str:
    """The file; ``given`` has values (by dotted key) that stand in it uncommented."""
    return _HEAD + "\n".join(_table(Settings(), "", given or {})) + "\n"


def _table(settings: Any, path: str, given: Mapping[str, object]) -> Iterator[str]:
    tables = []
    for of in fields(settings):
        value, key = getattr(settings, of.name), f"{path}{of.name}"
        if is_dataclass(value):
            tables.append((key, value))
        else:
            yield f"\n# {option_of(of).doc}"
            line = f"{of.name} = {_toml(given.get(key, value))}"
            yield line if key in given else f"# {line}"
    for key, value in tables:
        yield f"\n[{key}]"
        yield from _table(value, f"{key}.", given)


def _toml(value: object) -> str:
    match value:
        case None:
            return '""'
        case Mapping():
            return "{}"
        case Path():
            return json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False)
