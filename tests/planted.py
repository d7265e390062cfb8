"""``door`` with a bug planted in it, for tests that must find it: ``python -m planted BUG --config …``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from door import cli
from door.effects import Remember, Use
from door.ledger import Ledger
from door.loop import Loop

SLOW_CARD_SECONDS = 0.04  # a commit on a worn SD card; less than the loop waits for it


def slow_card() -> None:
    """No bug: the disk takes its time."""
    write = Ledger.write

    def slowly(self: Ledger, batches: Any) -> None:
        time.sleep(SLOW_CARD_SECONDS)
        write(self, batches)

    Ledger.write = slowly  # type: ignore[method-assign]


def cue_before_row() -> None:
    """The answer is shown without waiting for its record."""
    slow_card()

    def at_once(self: Loop, kept: Future[float]) -> None:
        """Wait for nothing."""

    Loop._settle = at_once  # type: ignore[method-assign]


def _never_written(skip: Callable[[object], bool]) -> None:
    perform = Ledger._perform

    def most(self: Ledger, effect: Any) -> None:
        if not skip(effect):
            perform(self, effect)

    Ledger._perform = most  # type: ignore[method-assign]


def used_in_memory() -> None:
    """Used steps live as long as the process."""
    _never_written(lambda effect: isinstance(effect, Use))


def budget_in_memory() -> None:
    """The budget is full again after each start."""
    _never_written(lambda effect: isinstance(effect, Remember) and effect.name == "budget")


def window_in_memory() -> None:
    """Which commands were taken is forgotten."""
    _never_written(lambda effect: isinstance(effect, Remember) and effect.name == "commands")


PLANTS = (slow_card, cue_before_row, used_in_memory, budget_in_memory, window_in_memory)

if __name__ == "__main__":
    {plant.__name__: plant for plant in PLANTS}[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))
