"""What there is to tell: rows and alarms of the doors, noted once in the database, whoever noticed them.

A row is noted in the transaction that stores it, so that one which arrives once is told once. What several
server processes see (a state, a silence) has the same ``subject`` in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.audit import Row
from roomserver.notify.settings import LASTING, Event, over
from roomserver.storage.schema import Base, Serial, Word

STALE_SECONDS = 86_400
NOTED = "noted"  # in ``session.info`` when there is something to tell after the commit

_BY_ROW: Mapping[str, Event] = {
    str(event): event
    for event in (Event.FIRE, Event.FORCED, Event.TAMPER, Event.HELD, Event.LOCKOUT, Event.BELL)
}
_BY_END: Mapping[str, Event] = {over(event): event for event in _BY_ROW.values() if event in LASTING}
_BY_ALARM: Mapping[str, Event] = {"store-failed": Event.STORE_FAILED}


class Notification(Base):
    """Something to tell; ``at`` is when it happened, ``made_at`` when the server knew."""

    __tablename__ = "notifications"
    __table_args__ = (UniqueConstraint("door_id", "event", "subject"),)
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"))
    event: Mapped[str] = mapped_column(Word)
    subject: Mapped[str]
    at: Mapped[int]
    made_at: Mapped[int] = mapped_column(index=True)


class Delivery(Base):
    """A notification that a way is done with; ``sent`` is false when it was given up."""

    __tablename__ = "deliveries"
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id"), primary_key=True)
    way: Mapped[str] = mapped_column(Word, primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    sent: Mapped[bool]


class WayState(Base):
    """How a way is: who sends by it just now (until ``claimed_until``), and since when it fails, and why."""

    __tablename__ = "ways"
    name: Mapped[str] = mapped_column(Word, primary_key=True)
    since: Mapped[int]
    claimed_until: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[int | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[int | None]
    retry_at: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


def of_row(session: Session, door_id: int, row: Row, now: int) -> None:
    """Note a row that was stored just now, if it is one to tell; an old one that arrives late is none."""
    if row.clock != "none" and now - row.at > STALE_SECONDS:
        return
    if (event := _BY_ROW.get(row.type)) is not None:
        add(session, door_id, event, row.hash, row.at, now)
    elif (ended := _BY_END.get(row.type)) is not None:
        end(session, door_id, ended, row.hash, row.at, now)


def of_state(session: Session, door_id: int, before: Any, state: Mapping[str, Any], now: int) -> None:
    """Note the alarms of a door's ``state`` that no row tells of, when they are new in it or gone from it."""
    known = before.get("alarms", ()) if isinstance(before, Mapping) else ()
    for alarm, event in _BY_ALARM.items():
        if alarm in state["alarms"] and alarm not in known:
            add(session, door_id, event, str(state["at"]), now, now)
        elif alarm in known and alarm not in state["alarms"]:
            end(session, door_id, event, str(state["at"]), now, now)


def of_alarm(session: Session, door_id: int, alarm: int, now: int) -> None:
    """Note an alarm that the server raised itself, about what a door sent."""
    add(session, door_id, Event.RECORDS, str(alarm), now, now)


def add(session: Session, door_id: int, event: str, subject: str, at: int, now: int) -> None:
    """Note what happened at ``at``, unless it is noted already."""
    same = (Notification.door_id == door_id, Notification.event == event, Notification.subject == subject)
    if session.scalar(select(Notification.id).where(*same)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(Notification(door_id=door_id, event=event, subject=subject, at=at, made_at=now))
    except IntegrityError:  # another process noted the same meanwhile
        return
    session.info[NOTED] = True


def end(session: Session, door_id: int, event: Event, subject: str, at: int, now: int) -> None:
    """Note that ``event`` is over since ``at``, if anybody was to be told that it began."""
    if lasting(session, door_id, event) is not None:
        add(session, door_id, over(event), subject, at, now)


def lasting(session: Session, door_id: int, event: Event) -> Notification | None:
    """The last ``event`` that was noted, while it is not over."""
    same = (Notification.door_id == door_id, Notification.event.in_((event, over(event))))
    last = session.scalar(select(Notification).where(*same).order_by(Notification.id.desc()).limit(1))
    return last if last is not None and last.event == event else None


def sweep(session: Session, before: int) -> None:
    """Delete what was noted before ``before``, and that it was told."""
    old = select(Notification.id).where(Notification.made_at <= before)
    session.execute(delete(Delivery).where(Delivery.notification_id.in_(old)))
    session.execute(delete(Notification).where(Notification.made_at <= before))
