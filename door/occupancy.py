"""Occupancy: how many are in, and how sure the door is of it (DESIGN §6).

Every estimate drifts: each one says how it came about, and evidence of an empty room sets it to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from door.effects import Effect, Record, Remember
from door.events import Moment
from door.rules import Rules

EXPECTED_AT_MOST = 8  # so many stand at a door together


class Confidence(StrEnum):
    """How sure the count is."""

    EXACT = "exact"  # counted by beams since a certain zero, without an anomaly
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The count; ``since`` is the Unix second at which it was last known to be right."""

    count: int = 0
    confidence: Confidence = Confidence.UNKNOWN
    since: int = 0
    touched: Moment = 0  # when the door last moved, or somebody was let in
    expected: tuple[str, ...] = ()  # let in, and the door has not opened yet
    beams: bool = False


def restore(fact: object, now: Moment) -> Occupancy:
    """The count as it was kept: people may have come and gone, so it is no more than a number."""
    match fact:
        case {"count": int() as count, "since": int() as since} if count >= 0:
            return Occupancy(count, Confidence.UNKNOWN, since, touched=now)
        case _:
            return Occupancy(touched=now)


def let_in(
    occupancy: Occupancy, member: str, *, waiting: bool, nothing_tells: bool, now: Moment
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """A member was let in: he counts once the door opens, or at once where nothing can tell.

    Who was let in before is expected with him while the door is still unlocked for both (``waiting``).
    """
    before = occupancy.expected if waiting else ()
    occupancy = replace(occupancy, touched=now, expected=(*before, member)[-EXPECTED_AT_MOST:])
    return entered(occupancy, now) if nothing_tells else (occupancy, ())


def entered(occupancy: Occupancy, now: Moment) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The door opened for whoever was let in; where there are beams, they tell who passes."""
    occupancy = replace(occupancy, touched=now)
    if occupancy.beams or not occupancy.expected:
        return occupancy, ()
    rows = tuple(Record("entered", member) for member in occupancy.expected)
    return _counted(replace(occupancy, expected=()), len(rows), *rows)


def left(occupancy: Occupancy, now: Moment) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The door opened for the exit button."""
    occupancy = replace(occupancy, touched=now)
    if occupancy.beams:
        return occupancy, ()
    return _counted(occupancy, -1, Record("left"))


def crossed(occupancy: Occupancy, inward: bool, now: Moment) -> tuple[Occupancy, tuple[Effect, ...]]:
    """Somebody passed both beams: that is exact."""
    occupancy = replace(occupancy, touched=now, beams=True)
    if inward:
        member, rest = next(iter(occupancy.expected), None), occupancy.expected[1:]
        return _counted(replace(occupancy, expected=rest), +1, Record("entered", member))
    return _counted(occupancy, -1, Record("left"))


def touch(occupancy: Occupancy, now: Moment) -> Occupancy:
    """The door moved: somebody may be in."""
    return replace(occupancy, touched=now)


def put(
    occupancy: Occupancy, count: int, why: str, unix: int, now: Moment
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The count is known to be this, now."""
    sure = Confidence.EXACT if occupancy.beams else Confidence.ESTIMATE
    occupancy = replace(occupancy, count=count, confidence=sure, since=unix, touched=now, expected=())
    return occupancy, (Record("count", detail={"count": count, "why": why}), _remembered(occupancy))


def surely_full(occupancy: Occupancy, capacity: int) -> bool:
    """Full beyond doubt: only then is anyone refused for it."""
    return occupancy.confidence is Confidence.EXACT and occupancy.count >= capacity


def due(occupancy: Occupancy, open_: bool | None, rules: Rules) -> Moment | None:
    """When an untouched door will have shown that the room is empty."""
    if open_ is not False or _known_empty(occupancy):
        return None
    return occupancy.touched + rules.empty_after_ms


def tick(
    occupancy: Occupancy, open_: bool | None, unix: int, now: Moment, rules: Rules
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """Set the count to zero once the door was shut and untouched for long enough."""
    moment = due(occupancy, open_, rules)
    if moment is None or now < moment:
        return occupancy, ()
    return put(occupancy, 0, "untouched", unix, now)


def _known_empty(occupancy: Occupancy) -> bool:
    return occupancy.count == 0 and occupancy.confidence is not Confidence.UNKNOWN


def _counted(occupancy: Occupancy, by: int, *rows: Record) -> tuple[Occupancy, tuple[Effect, ...]]:
    count, confidence = occupancy.count + by, occupancy.confidence
    if count < 0:
        count, confidence = 0, min(confidence, Confidence.ESTIMATE, key=list(Confidence)[::-1].index)
    occupancy = replace(occupancy, count=count, confidence=confidence)
    return occupancy, (*rows, _remembered(occupancy))


def _remembered(occupancy: Occupancy) -> Effect:
    return Remember("occupancy", {"count": occupancy.count, "since": occupancy.since})
