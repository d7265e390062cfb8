"""Audit rows: verified on their bytes, stored as received, acknowledged without gaps (PROTOCOL §4).

The order a subscriber sees means nothing: rows come again, late and shuffled.
What is acknowledged is computed from what is stored, while the log's row in the database is locked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import audit
from contract.audit import FIRST_PREV, RowError
from contract.messages import MAX_N, ROW_TYPES, Ack, loads
from roomserver import learning
from roomserver.alarms import Noticed, sound
from roomserver.doors import Keys
from roomserver.schema import AuditRow, Gap, Log

_WORD = re.compile(r"[!-~]{1,32}")  # a log has 16 digits by PROTOCOL; a later version may take more


class Outcome(StrEnum):
    """What became of the bytes."""

    STORED = "stored"
    KNOWN = "known"
    FORK = "fork"
    REFUSED = "refused"


class Flag(StrEnum):
    """Why a stored row deserves a look."""

    UNKNOWN_SHAPE = "unknown-shape"
    UNKNOWN_TYPE = "unknown-type"
    BROKEN_CHAIN = "broken-chain"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the bytes, and (``log`` None when refused) how far its log now goes."""

    outcome: Outcome
    log: str | None = None
    ack: Ack | None = None
    through: int = 0
    top: int = 0


def receive(session: Session, door: Keys, raw: bytes, now: int) -> Receipt:
    """Take one message of the audit topic; whatever it is, the answer is a ``Receipt``."""
    try:
        digest = audit.verify(door.report, door.name, raw)
    except RowError:
        sound(session, door.id, door.name, Noticed.BAD_HASH, "", now)
        return Receipt(Outcome.REFUSED)
    gap = _as_gap(raw)
    if gap is not None:
        return _take_gap(session, door, gap, raw, now)
    try:
        name, seq, prev = audit.place(raw)
    except RowError:
        name, seq, prev = "", 0, ""
    if not (_WORD.fullmatch(name) and _WORD.fullmatch(prev[:32]) and len(prev) == len(FIRST_PREV)):
        sound(session, door.id, door.name, Noticed.UNREADABLE_ROW, "", now)
        return Receipt(Outcome.REFUSED)
    log = _log(session, door.id, name, now)
    known = session.get(AuditRow, (log.id, seq))
    if known is not None:
        return _again(session, door, log, known, digest, now)
    row = AuditRow(log_id=log.id, seq=seq, hash=digest, prev=prev, raw=raw, received_at=now)
    session.add(row)
    _look_inside(session, row, now)
    log.top, log.heard_at = max(log.top, seq), now
    _advance(session, door, log, now)
    return _receipt(Outcome.STORED, log)


def acks(session: Session, door_id: int) -> list[Receipt]:
    """How far each log of a door goes, the one heard last at the end."""
    logs = session.scalars(select(Log).where(Log.door_id == door_id).order_by(Log.heard_at, Log.id))
    return [_receipt(Outcome.KNOWN, log) for log in logs]


def _log(session: Session, door_id: int, name: str, now: int) -> Log:
    query = select(Log).where(Log.door_id == door_id, Log.name == name).with_for_update()
    log = session.scalar(query.execution_options(populate_existing=True))
    if log is None:
        log = Log(door_id=door_id, name=name, heard_at=now)
        session.add(log)
        session.flush()
    return log


def _again(session: Session, door: Keys, log: Log, known: AuditRow, digest: str, now: int) -> Receipt:
    log.heard_at = now
    if known.hash == digest:
        return _receipt(Outcome.KNOWN, log)
    sound(session, door.id, door.name, Noticed.FORK, log.name, now)
    return _receipt(Outcome.FORK, log)


def _look_inside(session: Session, row: AuditRow, now: int) -> None:
    """Fill in what finds the row again, and learn from it; never refuse it for what it says."""
    try:
        parsed = audit.parse(row.raw)
    except RowError:
        row.flag = Flag.UNKNOWN_SHAPE
        return
    row.at, row.type = parsed.at, parsed.type if _WORD.fullmatch(parsed.type) else None
    row.member = parsed.member if parsed.member and re.fullmatch("[0-9]{3,6}", parsed.member) else None
    if parsed.type not in ROW_TYPES:
        row.flag = Flag.UNKNOWN_TYPE
    learning.learn(session, parsed, now)


def _advance(session: Session, door: Keys, log: Log, now: int) -> None:
    """Move ``through`` and ``ack`` over every row that now follows without a gap."""
    while (row := _following(session, log)) is not None:
        expected = FIRST_PREV if row.seq == 1 else log.ack_hash
        if row.prev != expected and log.ack == row.seq - 1:
            row.flag = row.flag or Flag.BROKEN_CHAIN
            sound(session, door.id, door.name, Noticed.BROKEN_CHAIN, f"{log.name} {row.seq}", now)
        log.through = log.ack = row.seq
        log.ack_hash = row.hash


def _following(session: Session, log: Log) -> AuditRow | None:
    """The row after ``through``; what the door said it lost is passed over."""
    while True:
        row = session.get(AuditRow, (log.id, log.through + 1))
        if row is not None:
            return row
        lost = select(Gap.last).where(
            Gap.log_id == log.id, Gap.first <= log.through + 1, Gap.last > log.through
        )
        last = session.scalar(lost.order_by(Gap.last.desc()).limit(1))
        if last is None:
            return None
        log.through = last


def _as_gap(raw: bytes) -> tuple[str, int, int] | None:
    """``log``, ``from`` and ``seq`` of a verified message that says which rows are gone."""
    try:
        fields = loads(raw, audit.MAX_ROW_BYTES)
    except ValueError:
        return None
    log, first, last = fields.get("log"), fields.get("from"), fields.get("seq")
    if fields.get("type") != "gap" or type(first) is not int or type(last) is not int:
        return None
    if not (isinstance(log, str) and _WORD.fullmatch(log) and 1 <= first <= last <= MAX_N):
        return None
    return log, first, last


def _take_gap(session: Session, door: Keys, gap: tuple[str, int, int], raw: bytes, now: int) -> Receipt:
    name, first, last = gap
    log = _log(session, door.id, name, now)
    log.heard_at = now
    if session.get(Gap, (log.id, first, last)) is not None:
        return _receipt(Outcome.KNOWN, log)
    session.add(Gap(log_id=log.id, first=first, last=last, raw=raw, received_at=now))
    session.flush()
    log.top = max(log.top, last)
    sound(session, door.id, door.name, Noticed.GAP, f"{name} {first}-{last}", now)
    _advance(session, door, log, now)
    return _receipt(Outcome.STORED, log)


def _receipt(outcome: Outcome, log: Log) -> Receipt:
    # The hash in an ack is one the door can find: that of a row that is here, not of one that is lost.
    ack = Ack(log.name, log.ack, log.ack_hash) if log.ack else None
    return Receipt(outcome, log.name, ack, log.through, log.top)
