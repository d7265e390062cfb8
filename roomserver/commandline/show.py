"""What the administrator sees in the terminal: words and aligned columns, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from contract.access import AccessRecord
from contract.codes import Codes, Issued, Kind
from roomserver.residents.issue import Drawn
from roomserver.residents.joining import Waiting
from roomserver.storage.schema import Alarm, AuditRow, Door
from roomserver.wire.state import Told


def say(text: str) -> None:
    """One message on standard output."""
    print(text)  # noqa: T201  (the terminal is what this module is for)


def say_json(value: object) -> None:
    """``value``, complete, as JSON."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Columns as wide as what is in them."""
    cells = [list(heads), *([("-" if c is None else str(c)) for c in line] for line in lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def grouped(digits: str, codes: Codes) -> str:
    """``0427719385`` as ``0427 719 385``; without a member number as ``719 385``."""
    member, otp = digits[: -codes.digits], digits[-codes.digits :]
    half = codes.digits // 2
    return " ".join(part for part in (member, otp[:half], otp[half:]) if part)


def moment(t: int | None, zone: tzinfo) -> str:
    """A time as the room's clock shows it."""
    return "-" if t is None else datetime.fromtimestamp(t, zone).strftime("%Y-%m-%d %H:%M:%S")


def drawn_json(drawn: Drawn, door: str) -> dict[str, Any]:
    """What was drawn, complete."""
    codes = [
        {"code": c.digits, "second": c.second, "step": c.step, "begins": c.begins, "ends": c.ends}
        for c in drawn.codes
    ]
    return {"member": drawn.member, "kind": drawn.kind, "door": door, "uri": drawn.uri, "codes": codes}


def drawn_text(drawn: Drawn, door: str, codes: Codes) -> str:
    """What was drawn, to be read out, copied or printed."""
    lines = [_line(one, drawn.kind, codes) for one in drawn.codes]
    match drawn.kind:
        case Kind.PHONE:
            head = f"Codes of member {drawn.member} for door {door}. The second is for when the door asks:"
        case Kind.STAFF:
            return f"Authenticator of member {drawn.member} for door {door}, as a QR code:\n\n{drawn.uri}"
        case Kind.PAPER:
            head = f"Sheet of member {drawn.member} for door {door}: a code a day, the second only if asked:"
        case _:
            head = (
                f"Wallet card of member {drawn.member} for door {door}: both codes of a pair, each pair once:"
            )
    return "\n".join([head, "", *(f"  {line}" for line in lines)])


def _line(one: Issued, kind: Kind, codes: Codes) -> str:
    code, second = grouped(one.digits, codes), grouped(one.second, codes)
    begins, ends = (datetime.fromtimestamp(t, codes.time_zone) for t in (one.begins, one.ends))
    if kind is Kind.CARD:
        return f"{one.step:3}   {code}   then   {second}"
    when = f"{begins:%Y-%m-%d}" if kind is Kind.PAPER else f"{begins:%H:%M} to {ends:%H:%M}"
    return f"{when}   {code}   second {second}"


def members_text(records: Sequence[AccessRecord], now: int) -> str:
    """The members, one a line."""
    lines = [(r.member, r.kind, r.generation, _standing(r, now), r.card_pair or None) for r in records]
    return table(("member", "kind", "generation", "standing", "card pair"), lines)


def _standing(record: AccessRecord, now: int) -> str:
    if record.revoked:
        return "revoked"
    if record.suspended_until is not None and now < record.suspended_until:
        return "suspended"
    return "good"


def applications_text(found: Sequence[Waiting], zone: tzinfo) -> str:
    """The applications that wait, one a line."""
    lines = [
        (one.id, moment(one.applied_at, zone), one.who.name, one.who.phone, one.reason, _seen_before(one))
        for one in found
    ]
    return table(("id", "applied", "name", "phone", "why", "same number as"), lines)


def _seen_before(one: Waiting) -> str | None:
    if one.member is not None:
        return f"member {one.member}"
    return None if one.again is None else f"application {one.again}"


def door_json(door: Door) -> dict[str, Any]:
    """A door, without anything secret."""
    names = ("name", "added_at", "enrolled_at", "asked_at", "holds_revision", "command_n")
    return {name: getattr(door, name) for name in names}


def doors_text(doors: Sequence[Door], revision: int, zone: tzinfo) -> str:
    """The doors, one a line."""
    lines = [
        (
            d.name,
            moment(d.enrolled_at, zone),
            moment(d.asked_at, zone),
            f"{_or_none(d.holds_revision)} of {revision}",
        )
        for d in doors
    ]
    return table(("door", "enrolled", "last asked", "list"), lines)


def row_json(door: str, log: str, row: AuditRow) -> dict[str, Any]:
    """A stored row: the bytes as received, and what the server noted."""
    noted = {
        "door": door,
        "log": log,
        "seq": row.seq,
        "hash": row.hash,
        "flag": row.flag,
        "received_at": row.received_at,
    }
    return noted | {"raw": row.raw.decode("utf-8", "replace")}


def rows_text(rows: Sequence[tuple[str, str, AuditRow]], zone: tzinfo) -> str:
    """Stored rows, one a line."""
    lines = [
        (
            door,
            log[:4],
            row.seq,
            moment(row.at, zone),
            row.type,
            row.member,
            json.loads(row.raw).get("reason"),
            row.flag,
        )
        for door, log, row in rows
    ]
    return table(("door", "log", "seq", "at", "type", "member", "reason", "flag"), lines)


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    """An alarm of the server's own."""
    return {name: getattr(alarm, name) for name in ("kind", "subject", "count", "first_at", "last_at")}


def status_text(told: dict[str, dict[str, Told]], alarms: Sequence[Alarm], now: int) -> str:
    """What each door told last, and what the server noticed."""
    lines = []
    for door, topics in told.items():
        state, room, link = (topics.get(name) for name in ("state", "occupancy", "availability"))
        lines.append(
            (
                door,
                link.value if link else "never heard",
                state.value["lock"].lower() if state else None,
                state.value["mode"] if state else None,
                f"{_or_none(room.value['count'])} ({room.value['confidence']})" if room else None,
                ", ".join(map(str, state.value["alarms"])) if state else None,
                f"{now - max(t.at for t in topics.values())} s ago" if topics else None,
            )
        )
    text = table(("door", "link", "lock", "mode", "inside", "alarms", "heard"), lines)
    noticed = [f"noticed: {a.kind} {a.subject} ({a.count} times)" for a in alarms]
    return "\n".join([text, *noticed])


def _or_none(value: object) -> str:
    return "-" if value is None else str(value)
