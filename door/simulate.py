"""``door simulate``: play stories through the real core, and show what the door did.

Exit codes: 0 as expected, 1 something was not as the story expects, 2 the file is no story.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.codes import Codes
from door.rules import Rules
from door.simulation.keeping import Keeper, Memory, OnDisk
from door.simulation.play import Played, play
from door.simulation.story import StoryError, read

ENDING = ".story"


def run(args: argparse.Namespace) -> int:
    """Play stories on a virtual clock and show the timeline of relay, cues and messages."""
    stories = [found for path in args.file for found in _files(path)]
    played, faults = [], []
    for path in stories:
        try:
            played.append(simulate(path, store=args.store))
        except StoryError as error:
            faults.append(str(error))
    if args.json:
        json.dump([story.as_json() for story in played], sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(played, alone=len(stories) == 1))
    for text in (*faults, *(failure for story in played for failure in story.failures)):
        sys.stderr.write(f"{text}\n")
    return 2 if faults else int(not all(story.ok for story in played))


def simulate(path: Path, *, store: bool = False) -> Played:
    """Play one story; with ``store`` through the real store on a temporary file."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise StoryError(f"{path}: not a text in UTF-8") from None
    story = read(text, str(path), Codes().time_zone)
    if not store:
        return play(story, lambda _: Memory())
    with tempfile.TemporaryDirectory(prefix="door-story-") as folder:

        def on_disk(rules: Rules) -> Keeper:
            return OnDisk(Path(folder) / "door.db", rules)

        return play(story, on_disk)


def add_to(commands: Any) -> None:
    """The command in the parser of ``door``."""
    command = commands.add_parser("simulate", help=run.__doc__)
    command.add_argument(
        "file", type=Path, nargs="+", metavar="FILE", help=f"a story, or a folder of *{ENDING}"
    )
    command.add_argument("--json", action="store_true", help="everything, also each key's click")
    command.add_argument(
        "--store", action="store_true", help="remember in the real store, on a temporary file"
    )
    command.set_defaults(run=run)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(path.glob(f"*{ENDING}"))
    if not found:
        raise StoryError(f"{path}: no *{ENDING} in this folder")
    yield from found


def _lines(played: list[Played], *, alone: bool) -> Iterator[str]:
    """The timeline of one story; of several a line each, and the timelines of those that failed."""
    for story in played:
        if not alone:
            yield f"{'ok    ' if story.ok else 'failed'}  {story.story.title}"
        if alone or not story.ok:
            yield from (story.story.title, "", *story.timeline.lines(), "")
