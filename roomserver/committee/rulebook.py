"""The room's rules: first those of ``roomserver.toml``, and from the committee's first edit on theirs.

``Meta`` has a mark while the committee's edition is in force. The file then changes nothing, and a server
that starts says so in its log; going back to the file takes the mark away.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.hours import DAYS, HoursError
from contract.hours import parse as parse_hours
from roomserver.settings import RoomRules
from roomserver.storage.schema import AuditRow, Door, Log, Meta
from roomserver.wire import commands, doors, terms

log = logging.getLogger("roomserver.committee.rulebook")

EDITED = "rules-edited-at"
NOTE_LENGTH = 200
MOST_SEATS = 1000
MOST_DATES = 400
ALL_DAY = ("00:00-24:00",)
ALL_DAY_WORDS = frozenset({"全天", "all day"})
CLOSED_WORDS = frozenset({"不开放", "closed"})


class RulesError(ValueError):
    """What is wrong, by field: ``capacity``, ``note``, a weekday, or ``holidays`` with the line."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that hold, since when, and ``edited_at``: when the committee took them over from the file."""

    rules: Mapping[str, Any]
    edited_at: int | None


@dataclass(frozen=True, slots=True)
class Follows:
    """Since when a door goes by the rules in force; None while it has not said so."""

    door: str
    since: int | None


def in_force(session: Session) -> InForce:
    """What holds now."""
    mark = session.get(Meta, EDITED)
    return InForce(terms.rules_json(session), None if mark is None else int(mark.value))


def begin(session: Session, of_file: RoomRules, now: int) -> None:
    """When a server starts: the file's rules, unless the committee has its own."""
    if session.get(Meta, EDITED) is None:
        _publish(session, of_file.as_json(), now)
    elif of_file.as_json() != {k: v for k, v in terms.rules_json(session).items() if k != "revision"}:
        log.info("[rules] of roomserver.toml is passed over: the committee has edited the rules on its pages")


def edit(session: Session, rules: Mapping[str, object], now: int) -> None:
    """The committee's edition, from now on."""
    session.merge(Meta(name=EDITED, value=str(now)))
    _publish(session, rules, now)


def back_to_file(session: Session, of_file: RoomRules, now: int) -> None:
    """The file's again."""
    mark = session.get(Meta, EDITED)
    if mark is not None:
        session.delete(mark)
    _publish(session, of_file.as_json(), now)


def read(
    week: Mapping[str, str], holidays: str, capacity: str, when_full: str, note: str
) -> dict[str, object]:
    """Rules as they are typed; ``RulesError`` tells every fault at once.

    A day is empty or "all day", "closed", or spans such as ``08:00-12:00 13:00-22:00``; a holiday is a date
    and the same behind it, one a line.
    """
    faults: dict[str, str] = {}
    hours: dict[str, list[str]] = {}
    for day in DAYS:
        spans = _spans(week.get(day, ""))
        if not _good({day: spans}, {}):
            faults[day] = ""
        elif tuple(spans) != ALL_DAY:
            hours[day] = spans
    dates: dict[str, list[str]] = {}
    for line in filter(None, (line.strip() for line in holidays.splitlines())):
        name, _, rest = unicodedata.normalize("NFKC", line).partition(" ")
        spans = _spans(rest)
        if not rest.strip() or not _good({}, {name: spans}) or len(dates) >= MOST_DATES:
            faults.setdefault("holidays", line[:40])
        dates[name] = spans
    seats = unicodedata.normalize("NFKC", capacity).strip()
    if not (seats.isascii() and seats.isdigit() and len(seats) < 6 and 1 <= int(seats) <= MOST_SEATS):
        faults["capacity"] = ""
    told = " ".join(unicodedata.normalize("NFC", note).split())
    if len(told) > NOTE_LENGTH or any(unicodedata.category(c)[0] == "C" for c in told):
        faults["note"] = ""
    if faults:
        raise RulesError(faults)
    full = "refuse" if when_full == "refuse" else "allow"
    return {"hours": hours, "holidays": dates, "capacity": int(seats), "when_full": full, "note": told}


def typed(rules: Mapping[str, Any], all_day: str, closed: str) -> dict[str, Any]:
    """Rules as a form shows them, with the words of the reader's language."""
    hours, dates = rules.get("hours", {}), rules.get("holidays", {})
    return {
        "week": {day: _text(hours.get(day, ALL_DAY), all_day, closed) for day in DAYS},
        "holidays": "\n".join(f"{d} {_text(dates[d], all_day, closed)}" for d in sorted(dates)),
        "capacity": str(rules.get("capacity", "")),
        "when_full": rules.get("when_full", "allow"),
        "note": rules.get("note", ""),
    }


def followed(session: Session) -> list[Follows]:
    """Which doors go by the rules in force, by their own rows."""
    revision = terms.rules_json(session)["revision"]
    found = [door for door in doors.listed(session) if door.enrolled_at is not None]
    return [Follows(door.name, _since(session, door, revision)) for door in found]


def _since(session: Session, door: Door, revision: int) -> int | None:
    query = (
        select(AuditRow.at, AuditRow.received_at, AuditRow.raw)
        .join(Log, Log.id == AuditRow.log_id)
        .where(Log.door_id == door.id, AuditRow.type == "rules")
        .order_by(AuditRow.received_at.desc(), AuditRow.seq.desc())
        .limit(1)
    )
    for at, received_at, raw in session.execute(query):
        if json.loads(raw)["detail"].get("revision") == revision:
            return min(at or received_at, received_at)
    return None


def _publish(session: Session, rules: Mapping[str, object], now: int) -> None:
    """Put them in force; the doors are asked to fetch them."""
    if terms.publish_rules(session, rules, now):
        for door in doors.listed(session):
            commands.ask(session, door.id, "refresh", {}, now)


def _good(hours: Mapping[str, Sequence[str]], dates: Mapping[str, Sequence[str]]) -> bool:
    try:
        parse_hours(hours, dates)
    except HoursError:
        return False
    return True


def _spans(text: str) -> list[str]:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not plain or plain in ALL_DAY_WORDS:
        return list(ALL_DAY)
    if plain in CLOSED_WORDS:
        return []
    return [_padded(part) for part in re.split(r"[\s,;、]+", re.sub(r"\s*[-–—~至]\s*", "-", plain)) if part]


def _padded(span: str) -> str:
    """``8:00-22:00`` as the rules have it."""
    return "-".join(f"0{t}" if re.fullmatch(r"\d:\d\d", t) else t for t in span.split("-"))


def _text(spans: Iterable[str], all_day: str, closed: str) -> str:
    listed = tuple(spans)
    return all_day if listed == ALL_DAY else " ".join(listed) or closed
