"""Writes into ``docs/stories.md`` which stories there are and what can be said in one.

After a change of either: ``python -m docs.stories``, from the top folder. A test fails while it is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contract.codes import Codes
from docs.draw import ROOT, redrawn
from door.simulation.expectations import EXPECTATIONS
from door.simulation.phrases import CODES
from door.simulation.sentences import SENTENCES
from door.simulation.story import Story, read

DOCUMENT = ROOT / "docs" / "stories.md"


def index() -> str:
    """Every story, with the first sentence of what it is about."""
    lines = ["| story | |", "|---|---|"]
    for path in sorted((ROOT / "stories").glob("*.story")):
        story = _story(path)
        first = story.about.partition(". ")[0].rstrip(".")
        lines.append(f"| [{story.title}](../stories/{path.name}) | {first}. |")
    return "\n".join(lines)


def drawn() -> dict[str, str]:
    """What is written, by its place in the document."""
    return {
        "stories": index(),
        "sentences": _listed(sentence.template for sentence in SENTENCES),
        "codes": _listed(CODES),
        "expectations": _listed(f"expect: {sentence.template}" for sentence in EXPECTATIONS),
    }


def _story(path: Path) -> Story:
    return read(path.read_text("utf-8"), path.name, Codes().time_zone)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(["```", *lines, "```"])


if __name__ == "__main__":
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text("utf-8"), drawn()), "utf-8")
