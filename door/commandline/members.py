"""``door members``: everybody the door knows, with standing, kind, last use and failures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contract.access import AccessRecord
from contract.codes import Kind, is_member
from contract.hours import Hours
from door import admission
from door.accesslist import AccessList
from door.admission import Room
from door.clock import Reading, Source
from door.commandline import times, words
from door.commandline.desk import Desk
from door.effects import Mode
from door.errors import AskedError
from door.rules import Rules

HEADS = ("number", "standing", "kind", "generation", "last used", "failures")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a member is judged by: the list, the time, and what the door knows of the server."""

    access: AccessList
    rules: Rules
    now: int
    known_past: int
    list_at: int | None

    def refusal(self, record: AccessRecord) -> str | None:
        """Why a right code would not open for reasons of the member alone, in the door's own words."""
        reading = Reading(Source.NTP, self.now, self.known_past)
        room = Room(Mode.NORMAL, surely_full=False, list_at=self.list_at, recent=())
        return admission.refusal(record, record.kind, reading, room, 0, replace(self.rules, hours=Hours()))

    def last_used(self, record: AccessRecord) -> int | None:
        """Unix second at which the newest step began that was used (a wallet card has no time)."""
        steps = [
            self.rules.codes.begin(Kind(kind), used.step)
            for (member, kind), used in self.access.used.items()
            if member == record.member and kind in tuple(Kind)
        ]
        return max(steps, default=None)


def members(args: argparse.Namespace) -> int:
    """List the members the door knows, or those whose numbers are given."""
    desk = Desk.of(args)
    sight = _sight(desk)
    numbers = _numbers(args.member, sight) or sorted(_known(sight.access))
    found = [_told(sight, number) for number in numbers]
    if args.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return 0
    sys.stdout.writelines(f"{line}\n" for line in _lines(desk, found))
    return 0


def _sight(desk: Desk) -> Sight:
    with desk.ledger() as ledger:
        access, facts = ledger.access_list(), ledger.facts()
    if desk.status is not None:
        health = desk.status["health"]
        return Sight(access, desk.rules, desk.now, health["clock"]["known_past"], health["list"]["at"])
    past, list_at = facts.get("known_past"), facts.get("list_at")
    known = past if type(past) is int else 0
    return Sight(access, desk.rules, desk.now, known, list_at if type(list_at) is int else None)


def _known(access: AccessList) -> set[str]:
    return access.records.keys() | access.failures.keys() | {member for member, _ in access.used}


def _numbers(given: list[str], sight: Sight) -> list[str]:
    for number in given:
        if not is_member(number, sight.rules.codes):
            digits = sight.rules.codes.member_digits
            raise AskedError(
                f"a member number has {digits} of the digits 0 to 9 and is not all zeros; "
                "without one `door members` lists everybody"
            )
    return given


def _told(sight: Sight, number: str) -> dict[str, Any]:
    record = sight.access.record(number)
    return {
        **record.as_json(),
        "on_record": number in sight.access.records,
        "refusal": sight.refusal(record),
        "last_used": sight.last_used(record),
        "failures": sight.access.failures.get(number, 0),
    }


def _lines(desk: Desk, found: list[dict[str, Any]]) -> Iterator[str]:
    if not found:
        yield "Nobody yet: members are known once the server has told them, or once they have come in."
        return
    rows = [
        (
            one["member"],
            _standing(desk, one),
            one["kind"],
            str(one["generation"]),
            _day_or_time(desk, one),
            str(one["failures"]) if one["failures"] else "–",
        )
        for one in found
    ]
    yield from words.table(HEADS, rows)


def _standing(desk: Desk, one: dict[str, Any]) -> str:
    match one["refusal"]:
        case None:
            return "good" if one["on_record"] else "good (on no record)"
        case "suspended" if one["suspended_until"] is not None:
            return f"suspended until {_minute(desk, one['suspended_until'])}"
        case "suspended":
            return f"not before {_minute(desk, one['not_before'])}"
        case "revoked" if one["generation"] > one["revoked_through"]:
            return f"ended {_minute(desk, one['not_after'])}"
        case "lease-ended":
            return "lease ended"
        case refusal:
            return str(refusal)


def _minute(desk: Desk, unix: int) -> str:
    return (
        times.shown(unix, desk.zone).replace(":00 ", " ", 1)
        if unix % 60 == 0
        else times.shown(unix, desk.zone)
    )


def _day_or_time(desk: Desk, one: dict[str, Any]) -> str:
    """The step that was used began then: a phone's came in within minutes of it, paper on that day."""
    if one["last_used"] is None:
        return f"card pair {one['card_pair']}" if one["card_pair"] else "–"
    at = datetime.fromtimestamp(one["last_used"], desk.zone)
    return f"{at:%Y-%m-%d}" if one["kind"] == Kind.PAPER else f"{at:%Y-%m-%d %H:%M %Z}"
