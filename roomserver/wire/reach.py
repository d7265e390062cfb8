"""How far a log goes without a gap, and the ack that says so; computed from what is stored (PROTOCOL §4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from contract.audit import FIRST_PREV
from contract.messages import Ack
from roomserver.storage.schema import AuditRow, Gap, Log

TOGETHER = 500  # rows read at once
BROKEN_CHAIN = "broken-chain"


@dataclass(frozen=True, slots=True)
class Reach:
    """A log is gapless up to ``through``, row ``top`` is known to be, ``ack`` is what the door is told."""

    log: str
    ack: Ack | None
    through: int
    top: int


def locked(session: Session, wanted: Sequence[tuple[int, str]], now: int) -> list[Log]:
    """The logs (door, name), made if they are new, and their rows held until the transaction ends."""
    if not wanted:
        return []
    query = select(Log).where(tuple_(Log.door_id, Log.name).in_(wanted)).order_by(Log.id).with_for_update()
    held = session.scalars(query.execution_options(populate_existing=True))
    found = {(log.door_id, log.name): log for log in held}
    for door_id, name in wanted:
        if (door_id, name) not in found:
            log = Log(door_id=door_id, name=name, through=0, top=0, ack=0, ack_hash=FIRST_PREV, heard_at=now)
            session.add(log)
            found[door_id, name] = log
    session.flush()
    return [found[one] for one in wanted]


Stored = tuple[int, str, str]  # seq, hash, prev


def advance(session: Session, log: Log, new: Sequence[Stored], now: int) -> list[int]:
    """Move ``log`` over every row that now follows; those that do not follow by their hash.

    ``new`` was stored just now: where nothing else is beyond ``through``, nothing needs to be read.
    """
    follows: Iterable[Stored] = sorted(new)
    expected = range(log.through + 1, log.through + 1 + len(new))
    if log.top != log.through or [seq for seq, *_ in follows] != list(expected):
        follows = _following(session, log)
    log.heard_at = now
    log.top = max([log.top, *(seq for seq, *_ in new)])
    broken = []
    for seq, digest, prev in follows:
        if log.ack == seq - 1 and prev != log.ack_hash:
            broken.append(seq)
        log.through = log.ack = seq
        log.ack_hash = digest
    if broken:
        query = update(AuditRow).where(AuditRow.log_id == log.id, AuditRow.seq.in_(broken))
        session.execute(query.values(flag=BROKEN_CHAIN))
    return broken


def of(log: Log) -> Reach:
    """How far ``log`` goes now."""
    # The hash in an ack is one the door can find: that of a row that is here, not of one that is lost.
    ack = Ack(log.name, log.ack, log.ack_hash) if log.ack else None
    return Reach(log.name, ack, log.through, log.top)


def of_door(session: Session, door_id: int) -> list[Reach]:
    """How far each log of a door goes, the one heard last at the end."""
    logs = session.scalars(select(Log).where(Log.door_id == door_id).order_by(Log.heard_at, Log.id))
    return [of(log) for log in logs]


def _following(session: Session, log: Log) -> Iterator[Stored]:
    """``seq``, ``hash`` and ``prev`` of each row after ``through``, until one is missing."""
    query = select(AuditRow.seq, AuditRow.hash, AuditRow.prev).where(AuditRow.log_id == log.id)
    while True:
        beyond = query.where(AuditRow.seq > log.through).order_by(AuditRow.seq).limit(TOGETHER)
        found = session.execute(beyond).all()
        for seq, digest, prev in found:
            if seq != log.through + 1:
                _skip_lost(session, log)
            if seq != log.through + 1:
                return
            yield seq, digest, prev
        if len(found) < TOGETHER:
            _skip_lost(session, log)
            return


def _skip_lost(session: Session, log: Log) -> None:
    """Pass over rows that the door said it lost."""
    lost = select(Gap.last).where(Gap.log_id == log.id)
    while True:
        here = lost.where(Gap.first <= log.through + 1, Gap.last > log.through).order_by(Gap.last.desc())
        last = session.scalar(here.limit(1))
        if last is None:
            return
        # A row that is here after all is not passed over: the chain goes through it.
        first_here = select(AuditRow.seq).where(AuditRow.log_id == log.id, AuditRow.seq > log.through)
        there = session.scalar(first_here.order_by(AuditRow.seq).limit(1))
        if there is not None and there <= last:
            log.through = there - 1
            return
        log.through = last
