"""Counts by the hour, without a member in them: they stay when the rows they were made of are deleted.

``of`` reads them: (door, hour's start in Unix seconds, entries, most inside at once). ``fill`` makes them
from the rows, before housekeeping deletes any, and makes them anew where rows came late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, Select, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from roomserver.room.busy import HOUR, MOST_HOURS, Movement, told
from roomserver.storage.schema import AuditRow, Base, Door, Log, Meta

COUNTED_AT = "counted-at"  # in ``meta``: when the hours were counted last
KEPT_SINCE = "kept-since"  # in ``meta``: what was received before may be deleted
OVERLAP_SECONDS = 3600  # a row may be stored a while after it was received
LOOK_BACK_SECONDS = 3 * 86_400  # how far back a count may come from with which an hour begins


class Hourly(Base):
    """One hour of one door; hours in which nobody came or was inside have no line."""

    __tablename__ = "hourly"
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    peak: Mapped[int]


@dataclass(frozen=True, slots=True)
class Hour:
    """``start`` in Unix seconds, a multiple of 3600; who came in, and the most who were inside at once."""

    door: str
    start: int
    entries: int
    peak: int


def of(session: Session, since: int, until: int) -> list[Hour]:
    """Every hour that began in [``since``, ``until``), by time and door; an hour left out had nobody.

    They are counted again each hour, and reach back to the server's first row.
    """
    query = select(Door.name, Hourly.hour, Hourly.entries, Hourly.peak).join(Door, Door.id == Hourly.door_id)
    query = query.where(Hourly.hour >= since, Hourly.hour < until).order_by(Hourly.hour, Door.name)
    return [Hour(*row) for row in session.execute(query)]


def fill(session: Session, now: int) -> None:
    """Count every hour that a row received since the last time belongs to, and the hours after it."""
    counted = session.get(Meta, COUNTED_AT)
    if counted is None:
        counted = Meta(name=COUNTED_AT, value="0")
        session.add(counted)
    new = AuditRow.received_at > int(counted.value) - OVERLAP_SECONDS
    for door_id in session.scalars(select(Door.id)).all():
        first = session.scalar(_moved(door_id, now).with_only_columns(func.min(AuditRow.at)).where(new))
        if first is not None:
            since = max(first // HOUR * HOUR, _standing(session, door_id))
            _fill(session, door_id, since, now)
    counted.value = str(now)


def close(session: Session, before: int) -> None:
    """What was received up to ``before`` (Unix s) is deleted now: what was counted of it stands for good."""
    kept = session.get(Meta, KEPT_SINCE)
    if kept is None:
        session.add(Meta(name=KEPT_SINCE, value=str(before)))
    else:
        kept.value = str(max(int(kept.value), before))


def _standing(session: Session, door_id: int) -> int:
    """When the hours of a door end (Unix s) that cannot be counted again, since rows of theirs are gone."""
    kept = session.get(Meta, KEPT_SINCE)
    counted = select(func.max(Hourly.hour)).where(Hourly.door_id == door_id)
    last = None if kept is None else session.scalar(counted.where(Hourly.hour <= int(kept.value)))
    return 0 if last is None else last + HOUR


def _moved(door_id: int, now: int) -> Select[int | None, str | None, bytes]:
    """Who came and went at a door; a time that is still to come is a clock's mistake."""
    query = select(AuditRow.at, AuditRow.type, AuditRow.raw).join(Log, Log.id == AuditRow.log_id)
    kinds = AuditRow.type.in_(("count", "entered", "left"))
    return query.where(Log.door_id == door_id, kinds, AuditRow.at <= now)


def _fill(session: Session, door_id: int, since: int, now: int) -> None:
    query = _moved(door_id, now).where(AuditRow.at >= since - LOOK_BACK_SECONDS)
    found = session.execute(query.order_by(AuditRow.at, Log.id, AuditRow.seq))
    moved = [(at or 0, kind or "", told(kind, raw)) for at, kind, raw in found]
    session.execute(delete(Hourly).where(Hourly.door_id == door_id, Hourly.hour >= since))
    lines = [
        {"door_id": door_id, "hour": hour, "entries": entries, "peak": peak}
        for hour, (entries, peak) in tally(moved, now).items()
        if hour >= since
    ]
    if lines:
        session.execute(insert(Hourly), lines)


def tally(moved: Iterable[Movement], now: int) -> Mapping[int, Sequence[int]]:
    """Entries and peak of each hour, from what moved in order; a count that nobody corrects ends some day."""
    hours: dict[int, list[int]] = {}
    inside, since = 0, 0
    for at, kind, count in [*moved, (now, "", 0)]:
        if inside:
            for hour in range(since // HOUR * HOUR, min(at, since + MOST_HOURS * HOUR), HOUR):
                of_hour = hours.setdefault(hour, [0, 0])
                of_hour[1] = max(of_hour[1], inside)
        if at - since > MOST_HOURS * HOUR:
            inside = 0
        if kind == "entered":
            hours.setdefault(at // HOUR * HOUR, [0, 0])[0] += 1
        inside = count if kind == "count" else max(0, inside + (kind == "entered") - (kind == "left"))
        since = at
    return hours
