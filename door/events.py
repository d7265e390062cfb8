"""What happens at the door (events), and what the door answers (effects).

Both are frozen and say nothing of how they came about or how they are performed.
A ``Moment`` is whole milliseconds of the monotonic clock: timers count in it.
Codes and dates count in whole Unix seconds, which only ``clock.py`` can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.access import AccessRecord
from contract.messages import Command

Moment = int


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


class Mode(StrEnum):
    """How the door behaves until told otherwise."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    OPEN = "open"


# -- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The loop begins. ``contact_open`` is a level read once; None without a door contact."""

    contact_open: bool | None
    version: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """The loop ends in order."""

    reason: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key of ``0123456789*#``."""

    keypad: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeypadChanged:
    """A keypad was lost, is stuck, or (``fault`` None) is well again."""

    keypad: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """The level of the door contact, after an edge."""

    open: bool


@dataclass(frozen=True, slots=True)
class ExitPressed:
    """The exit button was pressed (or a free handle turned)."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """Somebody passed both beams."""

    inward: bool


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The moment ``State.timer()`` asked for has come (or is past)."""


@dataclass(frozen=True, slots=True)
class ServerTime:
    """The server told its time, over TLS or loopback."""

    unix_ms: int


@dataclass(frozen=True, slots=True)
class SystemTime:
    """The system clock was read, and what the kernel says holds it."""

    unix_ms: int
    synchronised: bool
    rtc: bool


@dataclass(frozen=True, slots=True)
class ListReceived:
    """An answer of ``GET …/access``: the records changed, or (``complete``) all there are."""

    revision: int
    digest: str
    complete: bool
    members: tuple[AccessRecord, ...]


@dataclass(frozen=True, slots=True)
class RulesReceived:
    """New rules or codes from the server are in force from this event on."""

    revision: int


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command whose signature is right; freshness is decided here."""

    command: Command


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A message on the command topic that is no command: ``error`` is a word of PROTOCOL §4."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The administrator asks through the local socket; ``verb`` and ``args`` as in a command."""

    id: str
    verb: str
    args: Mapping[str, object]
    by: str


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The store failed (``fault`` is a word) or (None) works again."""

    fault: str | None


@dataclass(frozen=True, slots=True)
class FaultChanged:
    """Something else began to be wrong or is right again (``undervoltage``, ``audit-fork``)."""

    fault: str
    present: bool


Event = (
    Started
    | Stopping
    | KeyPressed
    | KeypadChanged
    | ContactChanged
    | ExitPressed
    | Crossed
    | TimerFired
    | ServerTime
    | SystemTime
    | ListReceived
    | RulesReceived
    | CommandReceived
    | CommandRefused
    | Asked
    | StoreChanged
    | FaultChanged
)

# -- effects --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relock:
    """Release the strike (or energise the maglock) now."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Unlock for ``ms`` milliseconds; None until a ``Relock`` (mode ``open``)."""

    ms: int | None


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
