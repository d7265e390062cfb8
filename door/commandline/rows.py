"""Audit rows for reading: which are asked for, and each as a line, as JSON, or as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from door.commandline import times
from door.ledger import Ledger

COLUMNS = ("log", "seq", "at", "time", "clock", "type", "member", "reason", "detail", "prev", "hash")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; what is empty or None asks for all."""

    since: int | None = None
    types: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is asked for."""
        return (
            (self.since is None or row.get("at", 0) >= self.since)
            and (not self.types or row.get("type") in self.types)
            and (not self.members or row.get("member") in self.members)
        )

    def where(self) -> tuple[str, list[object]]:
        """The same for the database, which has an answer sooner."""
        parts, values = ["1"], list[object]()
        if self.since is not None:
            parts.append("at >= ?")
            values.append(self.since)
        for column, words in (("type", self.types), ("member", self.members)):
            if words:
                parts.append(f"{column} IN ({', '.join('?' * len(words))})")
                values += words
        return " AND ".join(parts), values


def stored(ledger: Ledger, wanted: Wanted, newest: int | None = None) -> Iterator[str]:
    """The rows asked for as JSON text, oldest first; of all of them the ``newest`` so many.

    Log by log, in the order in which they lie: a year of rows is not sorted for the last five of them.
    """
    logs = [log for log, _ in ledger.acks()]
    where, values = wanted.where()
    question = f"SELECT raw FROM rows WHERE log = ? AND {where} ORDER BY seq"  # noqa: S608 (? only)
    if newest is None:
        for log in logs:
            for (raw,) in ledger.db.execute(question, [log, *values]):
                yield _text(raw)
        return
    found: list[str] = []
    for log in reversed(logs):
        last = [log, *values, newest - len(found)]
        found += [_text(raw) for (raw,) in ledger.db.execute(f"{question} DESC LIMIT ?", last)]
    yield from reversed(found)


def _text(raw: bytes) -> str:
    return bytes(raw).decode("ascii", "replace")


def parsed(text: str) -> dict[str, Any]:
    """A row as it says of itself; one that cannot be read says so (``door verify`` says more)."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or type(row.get("at")) is not int:
        return {"log": "?", "seq": 0, "at": 0, "clock": "none", "type": "unreadable", "detail": {}}
    return row


def line(row: Mapping[str, Any], zone: tzinfo, *, date: bool = True) -> str:
    """A row for a person: when, what, who, why; without a date only the time of day."""
    at = datetime.fromtimestamp(_second(row["at"]), zone)
    when = f"{at:%Y-%m-%d %H:%M:%S}" if date else f"{at:%H:%M:%S}"
    unsure = " (clock unsure)" if row.get("clock") in ("none", "code") else ""
    said = ", ".join(part for part in (row.get("reason"), detail(row.get("detail"), zone)) if part)
    return f"{when}  {row.get('type', '?'):<13} {row.get('member') or '':<6} {said}{unsure}".rstrip()


def as_csv(row: Mapping[str, Any] | None, zone: tzinfo) -> str:
    """A row as a line of CSV with its local time beside it; the head for None."""
    cells: Sequence[object] = COLUMNS
    if row is not None:
        local = datetime.fromtimestamp(_second(row["at"]), zone).isoformat()
        told = {**row, "time": local, "detail": json.dumps(row.get("detail"), ensure_ascii=False)}
        cells = ["" if told.get(name) is None else told[name] for name in COLUMNS]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _second(at: int) -> int:
    return at if 0 <= at < 2**37 else 0


def detail(found: object, zone: tzinfo) -> str:
    """A row's particulars for a person."""
    if not isinstance(found, dict):
        return ""
    told = {name: value for name, value in found.items() if value not in (None, False)}
    return ", ".join(f"{name} {_word(name, value, zone)}" for name, value in told.items())


def _word(name: str, value: object, zone: tzinfo) -> str:
    if name == "until" and isinstance(value, int):
        return times.shown(_second(value), zone)
    return "yes" if value is True else value if isinstance(value, str) else json.dumps(value)
