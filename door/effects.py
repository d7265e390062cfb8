"""What the door answers: effects, which say what is to be done and not how (see ``loop.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.access import AccessRecord


class Cue(StrEnum):
    """What anyone at the door can see or hear."""

    KEY = "key"
    ACCEPTED = "accepted"
    WRONG = "wrong"
    SECOND_CODE = "second-code"
    NOT_NOW = "not-now"
    WAIT = "wait"
    CLEARED = "cleared"
    HELD = "held"
    IDENTIFY = "identify"
    BELL = "bell"
    FIRE = "fire"


class Mode(StrEnum):
    """How the door behaves until told otherwise."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Relock:
    """Release the strike (or energise the maglock) now."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Unlock for ``ms`` milliseconds; None until a ``Relock`` (mode ``open``)."""

    ms: int | None


@dataclass(frozen=True, slots=True)
class Light:
    """Switch the room's lights."""

    on: bool


@dataclass(frozen=True, slots=True)
class Show:
    """Show a cue; ``ms`` bounds cues that last."""

    cue: Cue
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An audit row. ``at`` (Unix s) and ``clock`` (source) are filled in by ``controller.ordered``."""

    type: str
    member: str | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    at: int = 0
    clock: str = "none"


@dataclass(frozen=True, slots=True)
class Use:
    """A step (or card pair) of a member is used up, for ever."""

    member: str
    kind: str  # a Kind, or paper2
    generation: int
    step: int


@dataclass(frozen=True, slots=True)
class Learn:
    """This record holds from now on for its member (learnt from a double code, a list, a command)."""

    record: AccessRecord


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the member's record, keeping what merges by maximum."""

    member: str


@dataclass(frozen=True, slots=True)
class CountFailures:
    """The member's failures in a row are now this many."""

    member: str
    failures: int


@dataclass(frozen=True, slots=True)
class TakeList:
    """Merge an access list into what the door holds."""

    revision: int
    digest: str
    complete: bool
    members: tuple[AccessRecord, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep a small fact (budget, mode, known past, command window, count …) across restarts."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait (at most 150 ms) until everything above in this decision is durable."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command or to the administrator: ``error`` is a word, None when done."""

    id: str
    by: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Fetch the access list now."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Send audit rows of ``log`` again from ``seq``."""

    log: str
    seq: int


Effect = (
    Relock
    | Unlock
    | Light
    | Show
    | Record
    | Use
    | Learn
    | Forget
    | CountFailures
    | TakeList
    | Remember
    | Settle
    | Reply
    | Refresh
    | Replay
)
DURABLE = (Record, Use, Learn, Forget, CountFailures, TakeList, Remember)
