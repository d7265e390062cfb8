"""What is told now, what later: quiet hours, and a storm told once with a count (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from roomserver.notify.message import Told
from roomserver.notify.settings import Way

Same = tuple[str, str]  # door, event


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification that waits for a way; ``at`` is when it happened (Unix s)."""

    id: int
    door: str
    event: str
    at: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The notifications to tell now and how they read; ``next_at`` (Unix s) when the next are due."""

    ids: tuple[int, ...] = ()
    told: tuple[Told, ...] = ()
    next_at: int | None = None


def plan(way: Way, waiting: Sequence[Pending], told_at: Mapping[Same, int], zone: tzinfo, now: int) -> Plan:
    """What ``way`` tells at ``now``; ``told_at`` has when the same was told last."""
    groups: dict[Same, list[Pending]] = {}
    for one in waiting:
        groups.setdefault((one.door, one.event), []).append(one)
    awake = quiet_until(way.quiet, zone, now)
    due: list[list[Pending]] = []
    later: list[int] = []
    for same, group in groups.items():
        told = told_at.get(same)
        ready = now if told is None else told + 60 * way.gather_minutes
        if same[1] not in way.urgent:
            ready = max(ready, awake)
        if ready <= now:
            due.append(group)
        else:
            later.append(ready)
    due.sort(key=lambda group: (group[0].event not in way.urgent, group[0].at))
    ids = tuple(one.id for group in due for one in group)
    return Plan(ids, tuple(_told(group) for group in due), min(later, default=None))


def quiet_until(hours: str, zone: tzinfo, now: int) -> int:
    """When the quiet hours that hold at ``now`` end (Unix s); ``now`` when there are none."""
    if not hours:
        return now
    begin, end = hours.split("-")
    local = datetime.fromtimestamp(now, zone)
    clock = f"{local:%H:%M}"
    quiet = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not quiet:
        return now
    hour, minute = map(int, end.split(":"))
    ends = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if ends <= local:
        ends += timedelta(days=1)
    return int(ends.timestamp())


def _told(group: Sequence[Pending]) -> Told:
    times = [one.at for one in group]
    return Told(group[0].door, group[0].event, len(group), min(times), max(times))
