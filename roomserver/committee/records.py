"""The doors' rows for whoever looks something up: filtered, newest first, a page at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from roomserver.storage.schema import AuditRow, Door, Log


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of a type, a member, a door, received before a moment (Unix s)."""

    type: str = ""
    member: str = ""
    door: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and ``place``: what the next page begins after."""

    door: str
    seq: int
    at: int
    type: str
    member: str | None
    reason: str | None
    detail: dict[str, Any]
    flag: str | None
    place: str


def listed(session: Session, wanted: Wanted, after: str, most: int) -> list[Row]:
    """The rows, newest first, behind ``after``."""
    query = (
        select(Door.name, AuditRow).join(Log, Log.id == AuditRow.log_id).join(Door, Door.id == Log.door_id)
    )
    for value, column in (
        (wanted.type, AuditRow.type),
        (wanted.member, AuditRow.member),
        (wanted.door, Door.name),
    ):
        query = query.where(column == value) if value else query
    if wanted.before is not None:
        query = query.where(AuditRow.received_at < wanted.before)
    if (place := _place(after)) is not None:
        at, log, seq = place
        query = query.where(
            or_(
                AuditRow.received_at < at,
                and_(AuditRow.received_at == at, AuditRow.log_id < log),
                and_(AuditRow.received_at == at, AuditRow.log_id == log, AuditRow.seq < seq),
            )
        )
    order = (AuditRow.received_at.desc(), AuditRow.log_id.desc(), AuditRow.seq.desc())
    return [_row(door, row) for door, row in session.execute(query.order_by(*order).limit(most))]


def _place(after: str) -> tuple[int, int, int] | None:
    parts = after.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        return None
    at, log, seq = map(int, parts)
    return at, log, seq


def _row(door: str, row: AuditRow) -> Row:
    told = json.loads(row.raw)
    reason, detail = told.get("reason"), told.get("detail")
    return Row(
        door,
        row.seq,
        row.at or row.received_at,
        row.type or "",
        row.member,
        reason if isinstance(reason, str) else None,
        detail if isinstance(detail, dict) else {},
        row.flag,
        f"{row.received_at}-{row.log_id}-{row.seq}",
    )
