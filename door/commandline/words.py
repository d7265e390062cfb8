"""How a screen or a table looks: aligned words, and colours that double them where a person reads."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

WIDTH = 80  # of a pipe, which has none


class Tone(Enum):
    """A colour, which never says more than the word it is given to; the numbers are ECMA-48's."""

    GOOD = "32"
    CARE = "33"
    BAD = "1;31"
    TITLE = "1"
    FAINT = "2"


def tint(text: str, tone: Tone) -> str:
    """The text in its colour, for a person who wants colours; plain for a pipe."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{tone.value}m{text}\x1b[0m"


def width() -> int:
    """Columns of the screen; lines for a pipe are as wide as 80 columns allow."""
    return max(40, shutil.get_terminal_size((WIDTH, 24)).columns) if sys.stdout.isatty() else WIDTH


def entry(name: str, text: str, tone: Tone | None = None, *, indent: int = 11) -> Iterator[str]:
    """A name and what is to be said of it, wrapped behind the name; the first word has the colour."""
    lines = textwrap.wrap(text, width() - indent - 2) or [""]
    for n, line in enumerate(lines):
        head, rest = line, ""
        if n == 0 and tone is not None:
            head, comma, rest = line.partition(",")
            rest = comma + rest
        shown = tint(head, tone) if n == 0 and tone is not None else head
        yield f"  {name if n == 0 else '':<{indent}}{shown}{rest}".rstrip()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Aligned columns under their heads, two blanks apart."""
    whole = [tuple(heads), *map(tuple, rows)]
    widths = [max(len(row[n]) for row in whole) for n in range(len(heads))]
    for n, row in enumerate(whole):
        line = "  ".join(f"{cell:<{wide}}" for cell, wide in zip(row, widths, strict=True)).rstrip()
        yield tint(line, Tone.TITLE) if n == 0 else line
