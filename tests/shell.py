"""An administrator's shell for tests: types ``door`` and keeps what it says; and a door that does not run."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from contract.messages import report_key
from door import cli
from door.effects import Effect
from door.store import Store
from tests.village import DOOR

KEY = report_key(bytes(range(32)), DOOR)


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Shell:
    """An administrator who types ``door``."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys

    def door(self, *words: str) -> Done:
        """Run a command; no failure is a traceback."""
        self._capsys.readouterr()
        try:
            code = cli.main(["--config", str(self.path), *words])
        except SystemExit as error:  # argparse's own
            code = int(error.code or 0)
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out, said.err)

    def types(self, text: str, *words: str) -> Done:
        """The same with something on standard input."""
        with patch.object(sys, "stdin", io.StringIO(text)):
            return self.door(*words)


@contextmanager
def keeping(folder: Path) -> Iterator[Store]:
    """The database of a door in ``folder`` that does not run; what is kept is durable at the end."""
    (folder / "state").mkdir(parents=True, exist_ok=True)
    store = Store(folder / "state" / "door.db", door=DOOR, report_key=KEY, post=lambda _: None)
    store.start()
    try:
        yield store
    finally:
        assert store.stop(10)


def kept(folder: Path, *decisions: Sequence[Effect]) -> Path:
    """A database with these decisions in it; where it is."""
    with keeping(folder) as store:
        for effects in decisions:
            store.keep(effects).result(10)
    return folder / "state" / "door.db"
