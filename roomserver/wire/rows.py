"""Audit rows: verified on their bytes, stored as received, acknowledged without gaps (PROTOCOL §4).

The order a subscriber sees means nothing: rows come again, late and shuffled.
They are taken in batches, a handful of statements for hundreds of rows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import audit
from contract.audit import Row, RowError
from contract.messages import MAX_N, ROW_TYPES, Ack, loads
from roomserver.notify import noted
from roomserver.residents import members
from roomserver.storage.database import insert_all
from roomserver.storage.schema import AuditRow, Fork, Gap, Log
from roomserver.wire import learning, reach
from roomserver.wire.alarms import Noticed, sound
from roomserver.wire.doors import Keys
from roomserver.wire.reach import Reach

logger = logging.getLogger("roomserver.wire.rows")
_WORD = re.compile(r"[!-~]{1,32}")  # a log has 16 digits by PROTOCOL; a later version may take more
_MEMBER = re.compile(rb'"member":"([0-9]{3,6})"')


class Outcome(StrEnum):
    """What became of a message."""

    STORED = "stored"
    KNOWN = "known"
    FORK = "fork"
    REFUSED = "refused"


class Flag(StrEnum):
    """Why a stored row deserves a look."""

    UNKNOWN_SHAPE = "unknown-shape"
    UNKNOWN_TYPE = "unknown-type"
    NOT_LEARNT = "not-learnt"
    BROKEN_CHAIN = reach.BROKEN_CHAIN


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of each message, and how far each log among them now goes (the last heard at the end).

    ``forks`` name the first row known otherwise in each log: they tell the door to begin a new one.
    """

    outcomes: tuple[Outcome, ...]
    logs: tuple[Reach, ...]
    forks: tuple[Ack, ...] = ()


@dataclass(frozen=True, slots=True)
class _Placed:
    """A verified message and where it belongs: a row, or (``lost_from``) that rows up to it are lost."""

    index: int
    log: str
    seq: int
    prev: str
    hash: str
    raw: bytes = field(repr=False)
    row: Row | None = field(default=None, repr=False)  # None: of a shape that this version does not know
    lost_from: int | None = None


@dataclass(slots=True)
class _Arrived:
    """What came of one log of one door."""

    door: Keys
    name: str
    outcomes: list[Outcome] = field(repr=False)  # of all messages of this door
    rows: list[_Placed] = field(default_factory=list)
    lost: list[_Placed] = field(default_factory=list)
    new: list[_Placed] = field(default_factory=list)
    forks: list[Ack] = field(default_factory=list)


def receive(session: Session, door: Keys, messages: Sequence[bytes], now: int) -> Receipt:
    """Take messages of the audit topic; whatever they are, the answer is a ``Receipt``."""
    return receive_all(session, [(door, messages)], now)[0]


def receive_all(session: Session, batch: Sequence[tuple[Keys, Sequence[bytes]]], now: int) -> list[Receipt]:
    """The same for many doors, in as few statements as for one; a receipt for each."""
    outcomes = [[Outcome.REFUSED] * len(messages) for _, messages in batch]
    sorted_ = [
        _by_log(session, door, messages, of, now)
        for (door, messages), of in zip(batch, outcomes, strict=True)
    ]
    arrived = [one for of_door in sorted_ for one in of_door]
    logs = reach.locked(session, [(one.door.id, one.name) for one in arrived], now)
    numbers = {number.decode() for _, raws in batch for raw in raws for number in _MEMBER.findall(raw)}
    mentioned = members.held(session, numbers)  # read at once; the session forgets what nobody holds
    new: list[dict[str, object]] = []
    for one, log in zip(arrived, logs, strict=True):
        _take_lost(session, log, one, now)
        new += _take_rows(session, log, one, now)
    if new:
        insert_all(session, AuditRow, new)
    for one, log in zip(arrived, logs, strict=True):
        for seq in reach.advance(session, log, [(a.seq, a.hash, a.prev) for a in one.new], now):
            sound(session, one.door.id, one.door.name, Noticed.BROKEN_CHAIN, f"{one.name} {seq}", now)
    del mentioned
    reached = iter([reach.of(log) for log in logs])
    return [
        Receipt(
            tuple(of), tuple(next(reached) for _ in found), tuple(a for one in found for a in one.forks[:1])
        )
        for of, found in zip(outcomes, sorted_, strict=True)
    ]


def _by_log(
    session: Session, door: Keys, messages: Sequence[bytes], outcomes: list[Outcome], now: int
) -> list[_Arrived]:
    """What may be stored, each log by itself, the one heard last at the end."""
    logs: dict[str, _Arrived] = {}
    for index, raw in enumerate(messages):
        placed = _place(session, door, index, raw, now)
        if placed is not None:
            of_log = logs.pop(placed.log, None) or _Arrived(door, placed.log, outcomes)
            logs[placed.log] = of_log
            (of_log.rows if placed.lost_from is None else of_log.lost).append(placed)
    return list(logs.values())


def _place(session: Session, door: Keys, index: int, raw: bytes, now: int) -> _Placed | None:
    """Verify the bytes, then find out where they belong; None when refused."""
    digest = _verified(door.report, door, raw) or _from_before_a_rekey(session, door, raw)
    if digest is None:
        sound(session, door.id, door.name, Noticed.BAD_HASH, "", now)
        return None
    row = _parsed(raw)
    if (row is None or row.type == "gap") and (gap := _as_gap(raw)) is not None:
        log, first, last = gap
        return _Placed(index, log, last, "", digest, raw, lost_from=first)
    try:
        log, seq, prev = audit.place(raw) if row is None else (row.log, row.seq, row.prev)
    except RowError:
        log, seq, prev = "", 0, ""
    if not (_WORD.fullmatch(log) and re.fullmatch("[!-~]{64}", prev)):
        sound(session, door.id, door.name, Noticed.UNREADABLE_ROW, "", now)
        return None
    return _Placed(index, log, seq, prev, digest, raw, row)


def _parsed(raw: bytes) -> Row | None:
    try:
        return audit.parse(raw)
    except RowError:
        return None


def _verified(key: bytes, door: Keys, raw: bytes) -> str | None:
    try:
        return audit.verify(key, door.name, raw)
    except RowError:
        return None


def _from_before_a_rekey(session: Session, door: Keys, raw: bytes) -> str | None:
    """A rekey must lose no row: the key before it still vouches for logs that were begun with it."""
    digest = None if door.former_report is None else _verified(door.former_report, door, raw)
    if digest is None:
        return None
    gap = _as_gap(raw)
    try:
        log = gap[0] if gap is not None else audit.place(raw)[0]
    except RowError:
        return None
    known = session.scalar(select(Log.id).where(Log.door_id == door.id, Log.name == log))
    return digest if known is not None else None


def _as_gap(raw: bytes) -> tuple[str, int, int] | None:
    """``log``, ``from`` and ``seq`` of a verified message that says which rows are lost."""
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


def _take_rows(session: Session, log: Log, arrived: _Arrived, now: int) -> list[dict[str, object]]:
    """What is to be stored; rows that are here otherwise are kept aside, and named as they are here."""
    known: dict[int, str] = {}
    if any(one.seq <= log.top for one in arrived.rows):  # beyond it there is none
        wanted = select(AuditRow.seq, AuditRow.hash).where(AuditRow.log_id == log.id)
        found = session.execute(wanted.where(AuditRow.seq.in_({one.seq for one in arrived.rows})))
        known = {seq: digest for seq, digest in found}  # noqa: C416  (dict() of rows has no types)
    new = []
    for one in arrived.rows:
        if one.seq not in known:
            known[one.seq] = one.hash
            arrived.outcomes[one.index] = Outcome.STORED
            arrived.new.append(one)
            new.append({"log_id": log.id, "received_at": now, **_columns(session, arrived.door, one, now)})
        elif known[one.seq] == one.hash:
            arrived.outcomes[one.index] = Outcome.KNOWN
        else:
            arrived.outcomes[one.index] = Outcome.FORK
            arrived.forks.append(Ack(log.name, one.seq, known[one.seq]))
            _keep_fork(session, arrived.door, log, one, now)
            sound(session, arrived.door.id, arrived.door.name, Noticed.FORK, log.name, now)
    return new


def _keep_fork(session: Session, door: Keys, log: Log, one: _Placed, now: int) -> None:
    """What happened at the door happened, also when an older image of its disk counted it."""
    if session.get(Fork, (log.id, one.seq, one.hash)) is None:
        _columns(session, door, one, now)  # learns from it
        session.add(Fork(log_id=log.id, seq=one.seq, hash=one.hash, raw=one.raw, received_at=now))
        session.flush()


def _columns(session: Session, door: Keys, one: _Placed, now: int) -> dict[str, object]:
    """A row as it is stored: its bytes, and what finds it again; never refused for what it says."""
    columns: dict[str, object] = {"seq": one.seq, "hash": one.hash, "prev": one.prev, "raw": one.raw}
    columns |= {"at": None, "type": None, "member": None, "flag": None}
    row = one.row
    if row is None:
        return columns | {"flag": Flag.UNKNOWN_SHAPE}
    columns |= {"at": row.at, "type": row.type if _WORD.fullmatch(row.type) else None}
    columns |= {"member": row.member if row.member and re.fullmatch("[0-9]{3,6}", row.member) else None}
    if row.type not in ROW_TYPES:
        return columns | {"flag": Flag.UNKNOWN_TYPE}
    noted.of_row(session, door.id, row, now)
    try:
        learning.learn(session, row, now)
    except Exception:  # a fault of ours in one row must not make the door send it for ever
        logger.exception("a row of type %s is stored, but nothing could be learnt from it", row.type)
        return columns | {"flag": Flag.NOT_LEARNT}
    return columns


def _take_lost(session: Session, log: Log, arrived: _Arrived, now: int) -> None:
    door = arrived.door
    for one in arrived.lost:
        known = session.get(Gap, (log.id, one.lost_from, one.seq)) is not None
        arrived.outcomes[one.index] = Outcome.KNOWN if known else Outcome.STORED
        if not known:
            session.add(Gap(log_id=log.id, first=one.lost_from, last=one.seq, raw=one.raw, received_at=now))
            session.flush()
            log.top = max(log.top, one.seq)
            sound(session, door.id, door.name, Noticed.GAP, f"{log.name} {one.lost_from}-{one.seq}", now)
