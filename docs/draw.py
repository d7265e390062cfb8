"""Writes into the documents what is read from the code: map, diagrams, odds, cues, configuration, wiring.

After a change of any: ``python -m docs.draw``, from the top folder. A test fails while a document is stale.
What is written stands between two comments, ``<!-- drawn: NAME -->`` and ``<!-- /drawn -->``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

from contract.options import option_of
from docs.diagrams import DIAGRAMS, mermaid
from door import odds
from door.clock import Source
from door.config import Config
from door.cues import SIGNALS
from door.fittings import Keypad, Lock
from door.rules import Rules
from door.wiring.picture import picture as wiring
from roomserver.settings import Settings
from tests.house import NOW

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

# Every file of the three packages, by what it does, in the order in which to read it; a folder is all in it.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "contract": {
        "": "__init__ codes authenticator access audit messages bands hours zones options settings sample"
    },
    "door": {
        "decides": "events effects rules state controller keys check pairs admission budget doorway modes "
        "beams occupancy lights bell clock accesslist commands acts sensed told odds",
        "touches": "pins lock keypad keypads/ sensors cues indicator outputs voice display/",
        "remembers": "store keeper ledger schema migrations backlog questions opening rescue retention proof",
        "tells": "reporter mqtt delivery inbox link answers call tls enroll backoff view health tail",
        "assembles": "__init__ __main__ errors config tables fittings attachments terms credentials daemon "
        "assemble machine alone memory loop timesource supervisor control stopped relock cli commandline/",
        "draws": "wiring/",
        "shows": "panel/",
        "plays": "simulate simulation/",
    },
    "roomserver": {
        "": "__init__ __main__ settings place errors app bell peers cli",
        "keeps": "storage/ upkeep/",
        "hears and speaks": "wire/",
        "knows": "residents/ identity/",
        "looks after": "room/",
        "answers for it": "committee/",
        "tells": "notify/",
        "prints": "paper/",
        "shows": "web/ pages/ commandline/",
    },
}


class DrawError(Exception):
    """A file has no place in ``GROUPS``, or a place there has no file."""


def files(package: str) -> set[str]:
    """Every module of a package, as ``GROUPS`` names it."""
    folder = ROOT / package
    return {str(file.relative_to(folder).with_suffix("")) for file in folder.rglob("*.py")}


def members(package: str, group: str) -> list[str]:
    """The files of a group, in order."""
    there = sorted(files(package))
    return [
        name
        for word in GROUPS[package][group].split()
        for name in ([n for n in there if n.startswith(word)] if word.endswith("/") else [word])
    ]


def purpose(package: str, name: str) -> str:
    """What a file says of itself: the first line of its docstring."""
    text = ast.get_docstring(ast.parse((ROOT / package / f"{name}.py").read_text("utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "`").replace("|", "\\|")


def folder_map(package: str) -> str:
    """The table of a package; ``DrawError`` tells which file has no place in it."""
    named = [name for group in GROUPS[package] for name in members(package, group)]
    there = files(package)
    if wrong := sorted(there ^ set(named)) + [name for name in named if named.count(name) > 1]:
        raise DrawError(f"docs/draw.py: GROUPS and the folder {package}/ differ in {', '.join(wrong)}")
    lines = [f"| {package}/ | what it is |", "|---|---|"]
    for group in GROUPS[package]:
        found = [f"| `{name}.py` | {purpose(package, name)} |" for name in members(package, group)]
        lines += [f"| **{group}** | |", *found] if group and found else found
    return "\n".join(lines)


def cues() -> str:
    """Every cue, and what is said with it."""
    lines = ["| cue | 中文 | English |", "|---|---|---|"]
    lines += [f"| `{cue}` | {signal.zh or '–'} | {signal.en or '–'} |" for cue, signal in SIGNALS.items()]
    return "\n".join(lines)


def chances(rules: Rules) -> str:
    """The odds of every sort of guess, as ``door odds`` counts them."""
    lines = [
        "| guess | live at once | one guess | guesses a year | chance in a year |",
        "|---|---|---|---|---|",
    ]
    single = {kind: odds.single(kind, rules, NOW) for kind in odds.ISSUED}
    lines += [_chance(f"single, {kind}", found) for kind, found in single.items()]
    for source in (Source.SERVER, Source.NTP):
        for kind in odds.ISSUED:
            double = odds.double(kind, source, rules, NOW)
            both = odds.by_turns(single[kind], double, rules)
            lines.append(_chance(f"double, {kind}, time from {source}", double))
            lines.append(f"| both by turns, {kind}, time from {source} | | | | {100 * both:.2g} % |")
    return "\n".join(lines)


def _chance(what: str, found: odds.Odds) -> str:
    one = f"1 in {found.among // found.live:,}"
    return f"| {what} | {found.live:,} | {one} | {found.a_year:,} | {100 * found.per_year:.2g} % |"


def keys(settings: object, table: str = "") -> Iterator[tuple[str, str, str]]:
    """Every key of a configuration, its default, and what it is."""
    for of in fields(settings):  # type: ignore[arg-type]
        found = option_of(of)
        value = getattr(settings, of.name)
        value = found.example if value == () and isinstance(found.example, tuple) else value
        nested = value[0] if isinstance(value, tuple) and value and is_dataclass(value[0]) else value
        if is_dataclass(nested):
            yield from keys(nested, f"{table}{of.name}.")
        else:
            shown = "left out" if value is None else f"`{value_text(value)}`"
            yield f"{table}{of.name}", shown, found.doc.replace("|", "\\|")


def value_text(value: object) -> str:
    """A default, as it would be typed."""
    match value:
        case tuple():
            return json.dumps(list(value), default=str)
        case Mapping():
            return json.dumps(dict(value), default=str)
        case bool() | int():
            return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)


def configuration(settings: object) -> str:
    """The table of a configuration file."""
    rows = [f"| `{key}` | {value} | {doc} |" for key, value, doc in keys(settings)]
    return "\n".join(["| key | default | what it is |", "|---|---|---|", *rows])


def drawn() -> dict[Path, dict[str, str]]:
    """Everything that is drawn, by its document and the name of its place in there."""
    maps = {f"map of {package}": folder_map(package) for package in GROUPS}
    pictures = {name: f"```mermaid\n{mermaid(diagram)}\n```" for name, diagram in DIAGRAMS.items()}
    return {
        DOCS / "architecture.md": maps | pictures,
        DOCS / "security.md": {"odds": chances(Rules("any", bytes(32)))},
        DOCS / "glossary.md": {"cues": cues()},
        DOCS / "configuration.md": {
            "config.toml": configuration(Config()),
            "roomserver.toml": configuration(Settings()),
        },
    }


def wirings() -> dict[Path, str]:
    """The wiring of a door with each keypad, as ``door wiring`` draws it."""
    keypads = {
        "matrix": Keypad(),
        "wiegand": Keypad(kind="wiegand", data=(5, 6)),
        "usb": Keypad(kind="usb", device="USB Keypad"),
        "osdp": Keypad(kind="osdp", device="/dev/ttyUSB0", secure_key=bytes(16)),
    }
    drawings = {
        DOCS / f"wiring-{kind}.svg": wiring(Config(keypads=(keypad,))) for kind, keypad in keypads.items()
    }
    return drawings | {DOCS / "wiring-maglock.svg": wiring(Config(lock=Lock(kind="maglock")))}


def redrawn(text: str, pictures: Mapping[str, str]) -> str:
    """The document with everything drawn anew."""
    for name, picture in pictures.items():
        begin, end = f"<!-- drawn: {name} -->\n", "<!-- /drawn -->"
        if text.count(begin) != 1 or end not in text.partition(begin)[2]:
            raise DrawError(f"there is no single place for {name!r} in the document")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{picture}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for document, pictures in drawn().items():
        document.write_text(redrawn(document.read_text("utf-8"), pictures), "utf-8")
    for file, drawing in wirings().items():
        file.write_text(drawing, "utf-8")
