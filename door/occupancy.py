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
STILL_MS = 60_000  # a door untouched for so long: what moves inside did not just come in or go out


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
    certain: bool = False  # put, and since then nobody can have come or gone
    moving: bool = False  # the motion sensor's level
    moved: Moment = 0  # when that level last changed
    witnessed: bool = False  # it has seen somebody since the room was last empty, so it works


def restore(fact: object, now: Moment) -> Occupancy:
    """The count as it was kept: people may have come and gone, so it is no more than a number."""
    match fact:
        case {"count": int() as count, "since": int() as since} if count >= 0:
            return Occupancy(count, Confidence.UNKNOWN, since, touched=now)
        case _:
            return Occupancy(touched=now)


def let_in(
    occupancy: Occupancy, member: str, *, waiting: bool, nothing_tells: bool, beams: bool, now: Moment
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """A member was let in: he counts once the door opens, or at once where nothing can tell.

    Who was let in before is expected with him while the door is still unlocked for both (``waiting``).
    """
    before = occupancy.expected if waiting else ()
    expected = (*before, member)[-EXPECTED_AT_MOST:]
    occupancy = replace(occupancy, touched=now, certain=False, expected=expected)
    return entered(occupancy, now, beams=beams) if nothing_tells else (occupancy, ())


def entered(occupancy: Occupancy, now: Moment, *, beams: bool) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The door opened for whoever was let in; where there are ``beams``, they tell who passes."""
    occupancy = touch(occupancy, now)
    if beams or not occupancy.expected:
        return occupancy, ()
    rows = tuple(Record("entered", member) for member in occupancy.expected)
    return _counted(replace(occupancy, expected=()), len(rows), *rows)


def left(occupancy: Occupancy, now: Moment, *, beams: bool) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The door opened for the exit button."""
    occupancy = touch(occupancy, now)
    if beams:
        return occupancy, ()
    return _counted(occupancy, -1, Record("left"))


def crossed(occupancy: Occupancy, inward: bool, now: Moment) -> tuple[Occupancy, tuple[Effect, ...]]:
    """Somebody passed both beams: that is exact."""
    occupancy = touch(occupancy, now)
    if inward:
        member, rest = next(iter(occupancy.expected), None), occupancy.expected[1:]
        return _counted(replace(occupancy, expected=rest), +1, Record("entered", member))
    return _counted(occupancy, -1, Record("left"))


def touch(occupancy: Occupancy, now: Moment) -> Occupancy:
    """The door moved: somebody may be in."""
    return replace(occupancy, touched=now, certain=False)


def doubt(occupancy: Occupancy, most: Confidence = Confidence.ESTIMATE) -> Occupancy:
    """Somebody may have passed unseen: the count is no surer than ``most``."""
    return replace(occupancy, confidence=min(occupancy.confidence, most, key=list(Confidence)[::-1].index))


def put(
    occupancy: Occupancy, count: int, why: str, unix: int, now: Moment, *, beams: bool
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """The count is known to be this, now; ``beams`` keep it exact from here on."""
    sure = Confidence.EXACT if beams else Confidence.ESTIMATE
    occupancy = replace(
        occupancy,
        count=count,
        confidence=sure,
        since=unix,
        touched=now,
        expected=(),
        certain=True,
        witnessed=occupancy.witnessed and count > 0,
    )
    return occupancy, (_counted_anew(count, why), _remembered(occupancy))


def motion(
    occupancy: Occupancy, moving: bool, open_: bool | None, now: Moment
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """Something moves inside, or no longer. Behind a still door, in a room thought empty, it is somebody."""
    if moving == occupancy.moving:
        return occupancy, ()
    occupancy = replace(occupancy, moving=moving, moved=now, witnessed=True)
    if not moving or occupancy.count or open_ or now - occupancy.touched < STILL_MS:
        return occupancy, ()
    occupancy = replace(doubt(occupancy), count=1, certain=False)
    return occupancy, (_counted_anew(1, "motion"), _remembered(occupancy))


def last_sign(occupancy: Occupancy) -> Moment:
    """When there was last a sign of somebody; while something moves, that is now."""
    return max(occupancy.touched, occupancy.moved)


def surely_empty(occupancy: Occupancy) -> bool:
    """Empty beyond doubt: counted so by beams, or known to be and nobody came since."""
    return occupancy.count == 0 and (occupancy.confidence is Confidence.EXACT or occupancy.certain)


def surely_full(occupancy: Occupancy, capacity: int) -> bool:
    """Full beyond doubt: only then is anyone refused for it."""
    return occupancy.confidence is Confidence.EXACT and occupancy.count >= capacity


def due(occupancy: Occupancy, open_: bool | None, rules: Rules) -> Moment | None:
    """When a shut door, and silence behind it, will have shown that the room is empty.

    Silence is believed of a motion sensor that has seen somebody since; of a dead one, the door alone.
    """
    if open_ is not False or occupancy.moving or _known_empty(occupancy):
        return None
    silent = rules.has_motion and occupancy.witnessed
    return last_sign(occupancy) + (rules.motion_silent_ms if silent else rules.empty_after_ms)


def tick(
    occupancy: Occupancy, open_: bool | None, unix: int, now: Moment, rules: Rules, *, beams: bool
) -> tuple[Occupancy, tuple[Effect, ...]]:
    """Set the count to zero once there was no sign of anybody for long enough."""
    moment = due(occupancy, open_, rules)
    if moment is None or now < moment:
        return occupancy, ()
    why = "silent" if rules.has_motion and occupancy.witnessed else "untouched"
    return put(occupancy, 0, why, unix, now, beams=beams)


def _known_empty(occupancy: Occupancy) -> bool:
    return occupancy.count == 0 and occupancy.confidence is not Confidence.UNKNOWN


def _counted(occupancy: Occupancy, by: int, *rows: Record) -> tuple[Occupancy, tuple[Effect, ...]]:
    count = occupancy.count + by
    if count < 0:
        count, occupancy = 0, doubt(occupancy)
    occupancy = replace(occupancy, count=count)
    return occupancy, (*rows, _remembered(occupancy))


def _counted_anew(count: int, why: str) -> Record:
    return Record("count", detail={"count": count, "why": why})


def _remembered(occupancy: Occupancy) -> Effect:
    return Remember("occupancy", {"count": occupancy.count, "since": occupancy.since})
