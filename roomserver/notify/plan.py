"""What is told now, what later: quiet hours, and a storm told once with a count (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from roomserver.notify.message import Told
from roomserver.notify.settings import Way, over

Same = tuple[str, str]  # door, event


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification that waits for a way: an event or the end of one, and when it happened (Unix s)."""

    id: int
    door: str
    event: str
    at: int

    @property
    def same(self) -> Same:
        """An event and its end are told in one line."""
        return self.door, self.event.removesuffix(over(""))

    @property
    def ends(self) -> bool:
        """Whether it is the end of one."""
        return self.event.endswith(over(""))


@dataclass(frozen=True, slots=True)
class Plan:
    """The notifications to tell now and how they read; ``next_at`` (Unix s) when the next are due."""

    ids: tuple[int, ...] = ()
    told: tuple[Told, ...] = ()
    next_at: int | None = None


def plan(way: Way, waiting: Sequence[Pending], told_at: Mapping[Same, int], zone: tzinfo, now: int) -> Plan:
    """What ``way`` tells at ``now``; ``told_at`` has when each event, and each end of one, was told last."""
    groups: dict[Same, list[Pending]] = {}
    for one in waiting:
        groups.setdefault(one.same, []).append(one)
    awake = quiet_until(way.quiet, zone, now)
    due: list[list[Pending]] = []
    later: list[int] = []
    for same, group in groups.items():
        ready = max(now, _told_last(group, told_at) + 60 * way.gather_minutes)
        if same[1] not in way.urgent:
            ready = max(ready, awake)
        if ready <= now:
            due.append(group)
        else:
            later.append(ready)
    due.sort(key=lambda group: (group[0].same[1] not in way.urgent, group[0].at))
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


def _told_last(group: Sequence[Pending], told_at: Mapping[Same, int]) -> int:
    """When it was told last (Unix s); 0 for a new alarm after people were told that the last one is over."""
    door, event = group[0].same
    began, ended = (told_at.get((door, word), 0) for word in (event, over(event)))
    if all(one.ends for one in group):
        return max(began, ended)
    return began if began > ended else 0


def _told(group: Sequence[Pending]) -> Told:
    begun = [one.at for one in group if not one.ends]
    times = begun or [one.at for one in group]
    last = group[-1]  # as it was noted, whatever the door's clock says
    return Told(*last.same, len(begun), min(times), max(times), last.at if last.ends else None)
