"""What the store's thread is asked besides keeping decisions, and how it answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from door.ledger import Ledger

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be asked of the ledger between two decisions."""

    ask: Callable[[Ledger], Any]
    future: Future[Any]
    otherwise: Any = None  # the answer when there is no database; None: the future fails


class Word(StrEnum):
    """What the thread is told besides."""

    RETRY = "retry"
    STOP = "stop"


def resolve(future: Future[T], result: T) -> None:
    """Give a result to whoever still waits for it."""
    with contextlib.suppress(InvalidStateError):  # it has failed before, or nobody waits any more
        future.set_result(result)


def fail(future: Future[Any], error: BaseException | None) -> None:
    """Give an error to whoever still waits."""
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)
