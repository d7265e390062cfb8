"""Bugs that a maintainer might make, read from ``data/planted-bugs.txt``: one change of one file each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

LIST = Path(__file__).parent / "data" / "planted-bugs.txt"


@dataclass(frozen=True)
class Bug:
    """In ``file``, ``old`` (which stands there once) becomes ``new``."""

    what: str
    file: str
    old: str = field(repr=False)
    new: str = field(repr=False)

    def plant(self, root: Path) -> None:
        """Write it into the copy of the packages below ``root``."""
        text = (root / self.file).read_text("utf-8")
        (root / self.file).write_text(text.replace(self.old, self.new), "utf-8")


def read(text: str) -> tuple[Bug, ...]:
    """The bugs of a list: ``== file: what``, then lines that go (``- ``) and lines that come (``+ ``)."""
    bugs = []
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        head, *lines = block.splitlines()
        file, what = head.split(": ", 1)
        old, new = ("\n".join(line[2:] for line in lines if line.startswith(sign)) for sign in "-+")
        bugs.append(Bug(what, file, old, new))
    return tuple(bugs)


BUGS = read(LIST.read_text("utf-8"))
