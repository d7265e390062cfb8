"""Writes into the documents what is read from the code: folder map, state diagrams, odds, cues.

After a change of any: ``python -m docs.draw``, from the top folder. A test fails while a document is stale.
What is written stands between two comments, ``<!-- drawn: NAME -->`` and ``<!-- /drawn -->``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from docs import odds
from docs.diagrams import DIAGRAMS, mermaid
from door.cues import SIGNALS
from door.rules import Rules

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

# Every file of the three packages, by what it does, in the order in which to read it.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "contract": {"": "__init__ codes access audit messages hours zones options settings sample"},
    "door": {
        "decides": "events effects rules state controller keys check pairs admission budget doorway modes "
        "occupancy clock accesslist commands acts told",
        "touches": "pins lock keypad keypads/__init__ keypads/terminal sensors cues indicator",
        "remembers": "store keeper ledger schema backlog questions opening rescue retention",
        "tells": "reporter mqtt delivery inbox link call tls enroll backoff view health",
        "assembles": "__init__ __main__ errors config tables fittings terms credentials daemon assemble alone "
        "loop timesource supervisor control cli relock",
    },
    "roomserver": {
        "keeps": "settings place database schema vault members doors terms issue",
        "hears": "rows reach learning alarms state commands gaps exchange",
        "speaks": "subscriber broker mosquitto bell api problems show desk",
        "assembles": "__init__ __main__ errors app cli",
    },
}


class DrawError(Exception):
    """A file has no place in ``GROUPS``, or a place there has no file."""


def files(package: str) -> set[str]:
    """Every module of a package, as ``GROUPS`` names it."""
    folder = ROOT / package
    return {str(file.relative_to(folder).with_suffix("")) for file in folder.rglob("*.py")}


def purpose(package: str, name: str) -> str:
    """What a file says of itself: the first line of its docstring."""
    text = ast.get_docstring(ast.parse((ROOT / package / f"{name}.py").read_text("utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "`").replace("|", "\\|")


def folder_map(package: str) -> str:
    """The table of a package; ``DrawError`` tells which file has no place in it."""
    named = [name for names in GROUPS[package].values() for name in names.split()]
    there = files(package)
    if wrong := sorted(there ^ set(named)) + [name for name in named if named.count(name) > 1]:
        raise DrawError(f"docs/draw.py: GROUPS and the folder {package}/ differ in {', '.join(wrong)}")
    lines = [f"| {package}/ | what it is |", "|---|---|"]
    for group, names in GROUPS[package].items():
        if group:
            lines.append(f"| **{group}** | |")
        lines += [f"| `{name}.py` | {purpose(package, name)} |" for name in names.split()]
    return "\n".join(lines)


def cues() -> str:
    """Every cue, and what is said with it."""
    lines = ["| cue | 中文 | English |", "|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{cue}` | {signal.zh or '–'} | {signal.en or '–'} |" for cue, signal in SIGNALS.items())]
    )


def drawn() -> dict[Path, dict[str, str]]:
    """Everything that is drawn, by its document and the name of its place in there."""
    maps = {f"map of {package}": folder_map(package) for package in GROUPS}
    pictures = {name: f"```mermaid\n{mermaid(diagram)}\n```" for name, diagram in DIAGRAMS.items()}
    return {
        DOCS / "architecture.md": maps | pictures,
        DOCS / "security.md": {"odds": odds.table(Rules("any", bytes(32)))},
        DOCS / "glossary.md": {"cues": cues()},
    }


def redrawn(text: str, pictures: Mapping[str, str]) -> str:
    """The document with everything drawn anew."""
    for name, picture in pictures.items():
        place = re.compile(rf"(<!-- drawn: {re.escape(name)} -->\n).*?(<!-- /drawn -->)", re.DOTALL)
        if len(place.findall(text)) != 1:
            raise DrawError(f"there is no single place for {name!r} in the document")
        text = place.sub(lambda found, p=picture: f"{found[1]}\n{p}\n\n{found[2]}", text)
    return text


if __name__ == "__main__":
    for document, pictures in drawn().items():
        document.write_text(redrawn(document.read_text("utf-8"), pictures), "utf-8")
