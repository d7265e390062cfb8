"""What a member's phone shows: codes or why there are none, seats, and what happened at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from contract import access
from contract.access import AccessRecord
from contract.codes import Codes, Issued
from contract.hours import Hours
from contract.hours import parse as parse_hours
from roomserver.place import Opened
from roomserver.residents import issue, members, reasons, standing
from roomserver.residents.standing import NoCode, Why
from roomserver.residents.visits import Visits, visits
from roomserver.room import seats
from roomserver.room.seats import Seats
from roomserver.storage.schema import Door
from roomserver.wire import doors, state, terms

ASKING_ALARMS = frozenset({"lockout", "clock-untrusted"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A member's page at one moment; ``door`` is None while there is none."""

    now: int
    visits: Visits
    door: str | None = None
    doors: tuple[str, ...] = ()
    seats: Seats | None = None
    missing: NoCode | None = None
    asks_second: bool = False
    closed: str | None = None  # the committee's note, while the door is in lockdown
    codes: tuple[Issued, ...] = field(default=(), repr=False)


def show(opened: Opened, member: str, now: int, door: str | None = None) -> Shown:
    """What ``member`` is shown for ``door`` (the first, unless it is named)."""
    form = opened.place.settings.codes.codes()
    with opened.database.read() as session:
        found = doors.listed(session)
        seen = visits(session, member, now)
        if not found:
            return Shown(now, seen)
        here = next((one for one in found if one.name == door), found[0])
        rules = terms.rules_json(session)
        free = seats.seats(session, here, capacity(opened, rules), now, but=member)
        record = members.find(session, member) or access.revoke(AccessRecord(member))
        full = not seen.back_soon and seats.surely_full(session, here, free, now)
        missing = standing.judge(record, hours(rules), form.time_zone, now, full=full)
        if missing and missing.why in (Why.REVOKED, Why.SUSPENDED):
            missing = replace(missing, reason=reasons.read(session, opened.vault, member))
        asks, closed = _told(session, here, rules)
        key = opened.vault.open(here.key)
    codes = () if missing else issue.draw(key, here.name, record, form, now).codes
    names = tuple(one.name for one in found)
    return Shown(now, seen, here.name, names, free, missing, asks, closed, codes)


def draw(opened: Opened, shown: Shown, member: str) -> Shown:
    """The codes shown were asked for: they hold a seat, unless another drew for the last one meanwhile.

    A seat held is not worth the wait for a disk: who loses it with the server's power has the codes.
    """
    if not shown.codes or shown.door is None or shown.seats is None:
        return shown
    with opened.database.note() as session:  # one at a time, and what it reads stays true
        free = replace(shown.seats, held=seats.held(session, shown.now, but=member))
        here = doors.get(session, shown.door)
        if not shown.visits.back_soon and seats.surely_full(session, here, free, shown.now):
            return replace(shown, seats=free, missing=NoCode(Why.ROOM_FULL), codes=())
        seats.hold(session, member, shown.now)
    return shown


def hours(rules: Mapping[str, Any]) -> Hours:
    """The hours of the rules in force."""
    return parse_hours(rules.get("hours", {}), rules.get("holidays", {}))


def capacity(opened: Opened, rules: Mapping[str, Any]) -> int:
    """The seats of the rules in force."""
    found = rules.get("capacity")
    return found if type(found) is int else opened.place.settings.rules.capacity


def groups(digits: str, form: Codes) -> str:
    """Digits as they are read: ``0427 719 385``; without a member number ``719 385``."""
    member, otp = digits[: len(digits) - form.digits], digits[len(digits) - form.digits :]
    half = form.digits // 2
    return " ".join(part for part in (member, otp[:half], otp[half:]) if part)


def _told(session: Session, door: Door, rules: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether the door asks for second codes, and whether it is closed to residents, as it said last."""
    told = state.of_door(session, door.id).get("state")
    if told is None:
        return False, None
    asks = told.value["lockout"] or bool(ASKING_ALARMS.intersection(map(str, told.value["alarms"])))
    return asks, state.lockdown_note(session, door.id, rules)
