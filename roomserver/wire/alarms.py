"""What the server noticed and somebody should look at; the same again is counted, not repeated."""

from __future__ import annotations

import logging
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from roomserver.notify import noted
from roomserver.storage.schema import Alarm

log = logging.getLogger("roomserver.wire.alarms")


class Noticed(StrEnum):
    """Alarms of the server's own; a door's alarms are in its state and its rows."""

    FORK = "fork"
    BAD_HASH = "bad-hash"
    BROKEN_CHAIN = "broken-chain"
    GAP = "gap"
    UNREADABLE_ROW = "unreadable-row"


_WORDS = {
    Noticed.FORK: "sent another row under a number that is stored already (an older disk image restored?)",
    Noticed.BAD_HASH: "or somebody else sent a row whose hash is not right; it was not stored",
    Noticed.BROKEN_CHAIN: "sent a row that does not follow the one before it; both are stored",
    Noticed.GAP: "no longer has rows that never arrived here",
    Noticed.UNREADABLE_ROW: "sent a row that this program cannot place; it was not stored",
}


def sound(session: Session, door_id: int, door: str, kind: Noticed, subject: str, now: int) -> None:
    """Raise an alarm, or count one more of the same that nobody has looked at yet."""
    same = select(Alarm).where(
        Alarm.door_id == door_id, Alarm.kind == kind, Alarm.subject == subject, Alarm.seen_at.is_(None)
    )
    if (known := session.scalar(same)) is not None:
        known.count += 1
        known.last_at = now
        return
    alarm = Alarm(door_id=door_id, kind=kind, subject=subject, first_at=now, last_at=now)
    session.add(alarm)
    session.flush()
    noted.of_alarm(session, door_id, alarm.id, now)
    log.warning("door %s %s [%s %s]", door, _WORDS[kind], kind, subject)


def open_alarms(session: Session) -> list[Alarm]:
    """Alarms nobody has looked at, oldest first."""
    return list(session.scalars(select(Alarm).where(Alarm.seen_at.is_(None)).order_by(Alarm.id)))
