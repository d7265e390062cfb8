"""The table of docs/reliability.md: what a run of the rig has measured replaces what stood there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- rig: begin -->", "<!-- rig: end -->"
HEAD = ["| what | measured | bound | when |", "|---|---|---|---|"]


def table(text: str, found: Mapping[str, tuple[str, str]]) -> str:
    """The page with these figures, ``{what: (measured, bound)}``, in place of older ones, by name."""
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    rows = dict(re.findall(r"^\| ((?!what|-).+?) \| (.*) \|$", old, re.MULTILINE))
    when = f"{datetime.now(UTC):%Y-%m-%d}, {version('studyroom')}"
    rows |= {what: f"{measured} | {bound} | {when}" for what, (measured, bound) in found.items()}
    lines = [*HEAD, *(f"| {what} | {rows[what]} |" for what in sorted(rows))]
    return "\n".join([before + BEGIN, "", *lines, "", END + after])


def write(found: Mapping[str, tuple[str, str]]) -> None:
    """Put them into the page."""
    PAGE.write_text(table(PAGE.read_text("utf-8"), found), "utf-8")


def spread(values: list[float], unit: str = "ms") -> str:
    """Median, 99th percentile and greatest."""
    ordered = sorted(values)
    median, late, last = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99) - 1], ordered[-1]
    return f"median {median:.1f}, 99 % {late:.1f}, greatest {last:.1f} {unit} ({len(values)})"
