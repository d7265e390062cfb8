"""Doors that are not heard any more, and those that are heard again."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from roomserver.notify import noted
from roomserver.notify.settings import Event
from roomserver.storage.schema import Door, Latest, Log

OFFLINE_SECONDS = 600
SILENT_SECONDS = 1200  # a door asks every 5 minutes: after four times it is silent, whatever the broker says


def look(session: Session, since: int, now: int) -> None:
    """Note the doors that were not heard for ``OFFLINE_SECONDS``, and the end of that.

    The server listens since ``since``: nothing is held against a door from before.
    """
    for door in session.scalars(select(Door).where(Door.enrolled_at.is_not(None))):
        offline_since, heard = _heard(session, door)
        gone = offline_since is not None and now - max(offline_since, heard) >= OFFLINE_SECONDS
        known = noted.lasting(session, door.id, Event.OFFLINE)
        if gone or now - max(heard, since) >= SILENT_SECONDS:
            if known is None:
                noted.add(session, door.id, Event.OFFLINE, str(heard), heard, now)
        elif known is not None and (spoke := _spoke(session, door)) > known.at:
            noted.end(session, door.id, Event.OFFLINE, known.subject, spoke, now)


def _heard(session: Session, door: Door) -> tuple[int | None, int]:
    """Since when the broker says that a door is offline, and when it was heard last, over HTTP or MQTT."""
    topics = (Latest.door_id == door.id, Latest.topic != "availability")
    told = session.scalar(select(func.max(Latest.at)).where(*topics)) or 0
    availability = session.get(Latest, (door.id, "availability"))
    offline = availability is not None and availability.text == '"offline"'
    told = told if availability is None or offline else max(told, availability.at)
    heard = max(door.asked_at or 0, door.enrolled_at or 0, told)
    return (availability.at if availability is not None and offline else None), heard


def _spoke(session: Session, door: Door) -> int:
    """When it said something itself: what a broker keeps of it arrives again whenever the server connects."""
    rows = session.scalar(select(func.max(Log.heard_at)).where(Log.door_id == door.id))
    return max(door.asked_at or 0, rows or 0)
