"""What is sent to somebody, who sends it, and why it was not sent: the interface of all ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """One line for programs: what happened at which door, how often, from when until when (Unix s).

    ``over``: since when it is over; ``count`` is 0 when that alone is told.
    """

    door: str
    event: str
    count: int
    first: int
    last: int
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: ``id`` is the same when it is sent again, ``told`` is for programs."""

    id: str
    title: str
    lines: tuple[str, ...]
    told: tuple[Told, ...] = ()

    @property
    def text(self) -> str:
        """Title and lines, for a chat."""
        return "\n".join((self.title, *self.lines))


class NotSentError(Exception):
    """It was not sent: ``str(error)`` says why, without an address, a key, or what the other side wrote.

    ``lasting``: it will not go better soon, somebody must change the settings or the account.
    ``after``: the other side asks to be left alone for so many seconds.
    """

    def __init__(self, why: str, *, lasting: bool = False, after: int = 0) -> None:
        super().__init__(why)
        self.lasting, self.after = lasting, after


class Sender(Protocol):
    """A way to somebody."""

    def send(self, message: Message) -> None:
        """Send it, within the time of the settings; ``NotSentError`` when it was not taken."""
        ...
