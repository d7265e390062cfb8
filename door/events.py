"""What happens at the door: events. They are frozen and say nothing of how they came about.

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
class LockMoved:
    """The lock was unlocked for ``ms`` at this moment: later than decided, after the record."""

    at: Moment
    ms: int


@dataclass(frozen=True, slots=True)
class KeyHeld:
    """A key has been down for three seconds, on a keypad that can tell."""

    keypad: str
    key: str = field(repr=False)


class Beam(StrEnum):
    """Which of the two beams across the doorway; ``outer`` is the one on the side of the street."""

    OUTER = "outer"
    INNER = "inner"


@dataclass(frozen=True, slots=True)
class BeamChanged:
    """A beam was broken or is clear again; ``at`` is when, by the edge itself; ``found`` so at start."""

    beam: Beam
    broken: bool
    at: Moment
    found: bool = False


@dataclass(frozen=True, slots=True)
class MotionChanged:
    """The level of the motion sensor inside."""

    moving: bool


@dataclass(frozen=True, slots=True)
class TamperChanged:
    """The level of the tamper contact: whether a housing is open."""

    open: bool


@dataclass(frozen=True, slots=True)
class FireChanged:
    """The level of the fire alarm's contact."""

    burning: bool


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
    """Something else began to be wrong or is right again (``undervoltage``, ``audit-fork`` …)."""

    fault: str
    present: bool


Event = (
    Started
    | Stopping
    | KeyPressed
    | KeypadChanged
    | ContactChanged
    | ExitPressed
    | LockMoved
    | KeyHeld
    | BeamChanged
    | MotionChanged
    | TamperChanged
    | FireChanged
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
