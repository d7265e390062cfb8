"""``door simulate``: play stories through the real core, and show what the door did.

Exit codes: 0 as expected, 1 something was not as a story expects, 2 a file is no story.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from door.errors import ConfigError

if TYPE_CHECKING:
    from door.simulation.play import Played

ENDING = ".story"


def add_to(commands: Any) -> None:
    """The command, in the parser of ``door``; what plays is imported only when it is asked for."""
    command = commands.add_parser("simulate", help=run.__doc__)
    command.add_argument(
        "file", type=Path, nargs="+", metavar="FILE", help=f"a story, or a folder of *{ENDING}"
    )
    command.add_argument("--json", action="store_true", help="everything, also the click of each key")
    command.add_argument("--store", action="store_true", help="remember in the real store, on a scratch file")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play stories on a virtual clock, and show what the door does and tells."""
    from door.simulation.play import play_file

    played: list[Played] = []
    faults: list[str] = []
    paths = [path for given in args.file for path in _stories(given)]
    for path in paths:
        try:
            played.append(play_file(path, store=args.store))
        except ConfigError as error:
            faults.append(str(error))
    if args.json:
        json.dump([story.as_json() for story in played], sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(played, alone=len(paths) == 1))
    _complain((*faults, *(failure for story in played for failure in story.failures)))
    return 2 if faults else int(not all(story.ok for story in played))


def _stories(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob(f"*{ENDING}"))
    if not found:
        raise ConfigError(f"{path}: no *{ENDING} in this folder; name one that has some")
    return found


def _lines(played: Sequence[Played], *, alone: bool) -> Iterator[str]:
    """The timeline of one story; of several a line each, and the timelines of those that failed."""
    for story in played:
        if not alone:
            yield f"{'ok    ' if story.ok else 'failed'}  {story.story.title}"
        if alone or not story.ok:
            yield from (story.story.title, "", *story.timeline.lines(), "")


def _complain(faults: Sequence[str]) -> None:
    sys.stdout.flush()  # what is wrong comes last, also where both go to one screen
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
