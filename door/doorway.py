"""The doorway: strike time, door contact, held, forced, exit button.

Levels are read, edges never counted: only a change of the contact's level means anything.
There is one relock time, re-armed by every unlock, so nobody is cut short by who came before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from door.effects import Cue, Effect, Record, Relock, Show, Unlock
from door.events import Moment
from door.rules import Rules

REMIND_MS = 10_000  # the held cue is repeated so often


class Passage(StrEnum):
    """Why the door may open now."""

    IN = "in"
    OUT = "out"
    OTHER = "other"  # unlocked by a command, or free to open


@dataclass(frozen=True, slots=True)
class Doorway:
    """The lock and the leaf. ``open`` is None without a door contact."""

    open: bool | None = None
    opened_at: Moment = 0
    unlocked: bool = False
    relock_at: Moment | None = None  # None while unlocked: until told otherwise (mode open)
    relocked_at: Moment | None = None
    shunt_until: Moment = 0
    exit_until: Moment = 0  # no change of mode locks before: somebody is on the way out
    passage: Passage | None = None
    reminded_at: Moment | None = None
    held: bool = False
    forced: bool = False
    fire: bool = False  # free, whatever else is asked, until the alarm ends


Moved = tuple[Doorway, tuple[Effect, ...]]


def start(doorway: Doorway, contact_open: bool | None, now: Moment) -> Doorway:
    """The level found at start: a door found open was not forced."""
    return replace(doorway, open=contact_open, opened_at=now)


def unlock(doorway: Doorway, passage: Passage, now: Moment, rules: Rules) -> Moved:
    """Unlock for the strike time; while the door is free (mode open) nothing has to be done.

    Through an open door nobody is seen to pass: the next opening begins no passage.
    """
    passage = Passage.OTHER if doorway.open else passage
    if _free(doorway):
        return replace(doorway, passage=passage), ()
    relock_at = now + rules.unlock_ms
    return replace(doorway, passage=passage, unlocked=True, relock_at=relock_at), (Unlock(rules.unlock_ms),)


def moved(doorway: Doorway, at: Moment, ms: int) -> Doorway:
    """The strike time counts from when the lock moved; waiting for the record takes nothing from it."""
    if doorway.relock_at is None:
        return doorway
    return replace(doorway, relock_at=max(doorway.relock_at, at + ms))


def exit_pressed(doorway: Doorway, now: Moment, rules: Rules) -> Moved:
    """Somebody goes out: what opens now was not forced. No mode and no lockout touches this."""
    doorway = replace(doorway, shunt_until=now + rules.exit_shunt_ms)
    if rules.exit_unlocks:
        doorway = replace(doorway, exit_until=now + rules.unlock_ms)
        return unlock(doorway, Passage.OUT, now, rules)
    return replace(doorway, passage=Passage.OUT), ()


def free(doorway: Doorway) -> Moved:
    """Unlocked until told otherwise (mode ``open``)."""
    doorway = replace(doorway, unlocked=True, relock_at=None, passage=Passage.OTHER, reminded_at=None)
    return replace(doorway, held=False), (Unlock(None), *_held_ended(doorway))


def lock(doorway: Doorway, now: Moment) -> Moved:
    """Lock now, whatever was unlocked."""
    return replace(doorway, unlocked=False, relock_at=None, relocked_at=now), (Relock(),)


def shut(doorway: Doorway, now: Moment) -> Moved:
    """Lock for lockdown, but not before whoever pressed the exit button can be out, nor during a fire."""
    if doorway.fire:
        return doorway, ()
    if _free(doorway):  # held is counted from now, not from when it was free to stand open
        doorway = replace(doorway, opened_at=now)
    if now >= doorway.exit_until:
        return lock(doorway, now)
    doorway = replace(doorway, unlocked=True, relock_at=doorway.exit_until)
    return doorway, (Unlock(doorway.exit_until - now),)


def end_free(doorway: Doorway, now: Moment) -> Moved:
    """The end of mode ``open``; a strike time that runs is nobody's to cut short."""
    return shut(doorway, now) if _free(doorway) else (doorway, ())


def fire(doorway: Doorway, burning: bool, now: Moment, *, open_mode: bool) -> Moved:
    """The fire alarm frees the door in every mode; its end locks again (but in mode ``open``)."""
    if burning == doorway.fire:
        return doorway, ()
    doorway = replace(doorway, fire=burning)
    if burning:
        doorway, effects = free(doorway)
        return doorway, (Record("fire"), *effects, Show(Cue.FIRE))
    doorway, effects = (doorway, ()) if open_mode else shut(doorway, now)
    return doorway, (*effects, Record("fire-ended"), Show(Cue.CLEARED))


def contact(
    doorway: Doorway, opened: bool, now: Moment, rules: Rules
) -> tuple[Doorway, Passage | None, tuple[Effect, ...]]:
    """The contact's level; with it the passage that an opening began, if it was a rightful one."""
    if opened == doorway.open:
        return doorway, None, ()
    doorway = replace(doorway, open=opened)
    if not opened:
        return _closed(doorway)
    doorway = replace(doorway, opened_at=now, reminded_at=None)
    if doorway.unlocked or _shunted(doorway, now, rules):
        return _opened_rightly(doorway, now)
    return replace(doorway, forced=True), None, (Record("forced"),)


def due(doorway: Doorway, rules: Rules) -> Moment | None:
    """When ``tick`` has something to do."""
    moments = []
    if doorway.relock_at is not None:
        moments.append(doorway.relock_at)
    if _watched(doorway):
        remind = doorway.opened_at + rules.held_ms
        moments.append(remind if doorway.reminded_at is None else doorway.reminded_at + REMIND_MS)
        if not doorway.held:
            moments.append(doorway.opened_at + rules.held_alarm_ms)
    return min(moments, default=None)


def tick(doorway: Doorway, now: Moment, rules: Rules) -> Moved:
    """Relock when the time is over; remind, then alarm, while the door is held open."""
    effects: tuple[Effect, ...] = ()
    if doorway.relock_at is not None and now >= doorway.relock_at:
        doorway, effects = lock(doorway, now)
    if not _watched(doorway):
        return doorway, effects
    if now >= (
        doorway.opened_at + rules.held_ms if doorway.reminded_at is None else doorway.reminded_at + REMIND_MS
    ):
        doorway, effects = replace(doorway, reminded_at=now), (*effects, Show(Cue.HELD))
    if not doorway.held and now >= doorway.opened_at + rules.held_alarm_ms:
        doorway, effects = replace(doorway, held=True), (*effects, Record("held"))
    return doorway, effects


def _opened_rightly(doorway: Doorway, now: Moment) -> tuple[Doorway, Passage | None, tuple[Effect, ...]]:
    passage = doorway.passage
    doorway = replace(doorway, exit_until=0)
    if _free(doorway):
        return replace(doorway, passage=Passage.OTHER), passage, ()
    doorway, effects = lock(replace(doorway, passage=None), now)
    return doorway, passage, effects


def _closed(doorway: Doorway) -> tuple[Doorway, Passage | None, tuple[Effect, ...]]:
    effects = _held_ended(doorway)
    if doorway.forced:
        effects = (*effects, Record("forced-ended"))
    return replace(doorway, held=False, forced=False, reminded_at=None), None, effects


def _shunted(doorway: Doorway, now: Moment, rules: Rules) -> bool:
    just_relocked = doorway.relocked_at is not None and now - doorway.relocked_at < rules.forced_grace_ms
    return now < doorway.shunt_until or just_relocked


def _watched(doorway: Doorway) -> bool:
    """Whether an open door may be held too long (it may not in mode open)."""
    return bool(doorway.open) and not _free(doorway)


def _free(doorway: Doorway) -> bool:
    return doorway.unlocked and doorway.relock_at is None


def _held_ended(doorway: Doorway) -> tuple[Effect, ...]:
    return (Record("held-ended"),) if doorway.held else ()
