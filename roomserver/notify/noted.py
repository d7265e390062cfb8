"""What there is to tell: rows and alarms of the doors, noted once in the database, whoever noticed them.

A row is noted in the transaction that stores it, so that one which arrives once is told once. What several
server processes see (a state, a silence) has the same ``subject`` in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.audit import Row
from roomserver.notify.settings import Event
from roomserver.storage.schema import Base, Door, Latest, Serial, Word

OFFLINE_SECONDS = 600
SILENT_SECONDS = 1200  # a door asks every 5 minutes: after four times it is silent, whatever the broker says
STALE_SECONDS = 86_400
NOTED = "noted"  # in ``session.info`` when there is something to tell after the commit

_BY_ROW: Mapping[str, Event] = {
    str(event): event
    for event in (Event.FIRE, Event.FORCED, Event.TAMPER, Event.HELD, Event.LOCKOUT, Event.BELL)
}
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
    event = _BY_ROW.get(row.type)
    late = row.clock != "none" and now - row.at > STALE_SECONDS
    if event is not None and not late:
        _add(session, door_id, event, row.hash, row.at, now)


def of_state(session: Session, door_id: int, before: Any, state: Mapping[str, Any], now: int) -> None:
    """Note the alarms of a door's ``state`` that no row tells of, when they are new in it."""
    known = before.get("alarms", ()) if isinstance(before, Mapping) else ()
    for alarm in state["alarms"]:
        event = _BY_ALARM.get(alarm) if isinstance(alarm, str) else None
        if event is not None and alarm not in known:
            _add(session, door_id, event, str(state["at"]), now, now)


def of_alarm(session: Session, door_id: int, alarm: int, now: int) -> None:
    """Note an alarm that the server raised itself, about what a door sent."""
    _add(session, door_id, Event.RECORDS, str(alarm), now, now)


def silent_doors(session: Session, since: int, now: int) -> None:
    """Note the doors that were not heard for ``OFFLINE_SECONDS``; the server listens since ``since``."""
    for door in session.scalars(select(Door).where(Door.enrolled_at.is_not(None))):
        offline_since, heard = _heard(session, door)
        gone = offline_since is not None and now - max(offline_since, heard) >= OFFLINE_SECONDS
        if gone or now - max(heard, since) >= SILENT_SECONDS:
            _add(session, door.id, Event.OFFLINE, str(heard), heard, now)


def sweep(session: Session, before: int) -> None:
    """Delete what was noted before ``before``, and that it was told."""
    old = select(Notification.id).where(Notification.made_at <= before)
    session.execute(delete(Delivery).where(Delivery.notification_id.in_(old)))
    session.execute(delete(Notification).where(Notification.made_at <= before))


def _heard(session: Session, door: Door) -> tuple[int | None, int]:
    """Since when the broker says that a door is offline, and when it was heard last, over HTTP or MQTT."""
    topics = (Latest.door_id == door.id, Latest.topic != "availability")
    told = session.scalar(select(func.max(Latest.at)).where(*topics)) or 0
    availability = session.get(Latest, (door.id, "availability"))
    offline = availability is not None and availability.text == '"offline"'
    told = told if availability is None or offline else max(told, availability.at)
    heard = max(door.asked_at or 0, door.enrolled_at or 0, told)
    return (availability.at if availability is not None and offline else None), heard


def _add(session: Session, door_id: int, event: Event, subject: str, at: int, now: int) -> None:
    same = (Notification.door_id == door_id, Notification.event == event, Notification.subject == subject)
    if session.scalar(select(Notification.id).where(*same)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(Notification(door_id=door_id, event=event, subject=subject, at=at, made_at=now))
    except IntegrityError:  # another process noted the same meanwhile
        return
    session.info[NOTED] = True
