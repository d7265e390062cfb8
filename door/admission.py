"""Who may come in now, once the code was right: revocation, dates, lease, mode, hours, entries, seats.

A refusal here uses no code up and costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.access import AccessRecord
from contract.codes import Kind
from door.clock import Reading
from door.effects import Mode
from door.events import Moment
from door.rules import Rules

HALF_AN_HOUR_MS = 30 * 60_000
BACK_WITHIN_MS = 3 * 3_600_000  # who went in so recently is never told that the room is full
LEASED = frozenset({Kind.STAFF, Kind.PAPER, Kind.CARD})


@dataclass(frozen=True, slots=True)
class Recent:
    """A member went in at a moment."""

    member: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Room:
    """What the door knows of the room when it decides."""

    mode: Mode
    surely_full: bool
    list_at: int | None  # known past (Unix s) at the last answer with the access list
    recent: tuple[Recent, ...]


def refusal(
    record: AccessRecord, kind: Kind, reading: Reading, room: Room, now: Moment, rules: Rules
) -> str | None:
    """Why a right code of ``kind`` does not open now, as a word of DESIGN §4; None when it does."""
    return (
        _withdrawn(record, reading)
        or _unleased(kind, reading, room, rules)
        or _closed(record, reading, room, rules)
        or _too_often(record.member, room, now, rules)
        or _no_seat(record, room, now, rules)
    )


def keep(recent: tuple[Recent, ...], member: str, now: Moment) -> tuple[Recent, ...]:
    """The entries that still matter, with one more."""
    return (*(r for r in recent if now - r.at < BACK_WITHIN_MS), Recent(member, now))


def _withdrawn(record: AccessRecord, reading: Reading) -> str | None:
    if record.revoked:
        return "revoked"
    if record.suspended_until is not None and reading.known_past < record.suspended_until:
        return "suspended"
    if record.not_before is not None and reading.best < record.not_before:
        return "suspended"
    if record.not_after is not None and reading.best > record.not_after:
        return "revoked"
    return None


def _unleased(kind: Kind, reading: Reading, room: Room, rules: Rules) -> str | None:
    if kind not in LEASED:
        return None
    if room.list_at is None or reading.known_past - room.list_at > rules.lease_seconds:
        return "lease-ended"
    return None


def _closed(record: AccessRecord, reading: Reading, room: Room, rules: Rules) -> str | None:
    if record.kind is Kind.STAFF:
        return None
    if room.mode is Mode.LOCKDOWN:
        return "lockdown"
    if reading.unix is None or rules.hours.open_at(reading.unix, rules.codes.time_zone):
        return None
    return "outside-hours"


def _too_often(member: str, room: Room, now: Moment, rules: Rules) -> str | None:
    entries = sum(r.member == member and now - r.at < HALF_AN_HOUR_MS for r in room.recent)
    return "too-many-entries" if entries >= rules.entries_in_half_an_hour else None


def _no_seat(record: AccessRecord, room: Room, now: Moment, rules: Rules) -> str | None:
    if rules.when_full != "refuse" or not room.surely_full or record.kind is Kind.STAFF:
        return None
    was_in = any(r.member == record.member and now - r.at < BACK_WITHIN_MS for r in room.recent)
    return None if was_in else "room-full"
