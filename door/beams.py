"""Two break beams across the doorway, a hand apart: who passes, and which way (DESIGN §6).

A passage begins with the beam that is broken first, and counts once the doorway is clear again and the other
beam was the last: outer, both, inner, or the reverse. Whoever turns back leaves by the beam he came to; a
loiterer, or a bag held in the beam, is one passage however long it takes.
Nobody is so thin as never to break both at once; a hand that swings ahead is, and begins the passage of the
body behind it.

Two who walk so close that the second breaks the first beam before the first has left the last one look like
somebody who steps back, but for their haste: no body is thin enough to be drawn back past both beams in
``CLOSE_MS``. They are counted as two, and the count is no longer exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from door.effects import Effect, Record
from door.events import Beam, BeamChanged, Moment
from door.rules import Rules

CLOSE_MS = 150  # from one beam to the other and back: a hand's breadth at a brisk walk
GRAZE_MS = 300  # from one beam to the other with nothing in between: a hand at a slow one


OTHER = {Beam.OUTER: Beam.INNER, Beam.INNER: Beam.OUTER}


@dataclass(frozen=True, slots=True)
class Beams:
    """Which beams are broken, since when, and how far the passage at hand has come."""

    broken: tuple[tuple[Beam, Moment], ...] = ()  # since when, by the loop's clock
    began: Beam | None = None  # the beam that was broken first; None: nobody is passing, or nobody knows
    both: bool = False  # who passes broke both at once, whichever first
    wide: bool = False  # who passes broke the second beam before the first was clear
    turned_at: Moment | None = None  # when the first beam was broken again, by the edge's own time
    grazed: tuple[Beam, Moment] | None = None  # what was broken alone, and clear again
    blocked: Beam | None = None

    @property
    def alone(self) -> Beam | None:
        """The beam that alone is broken."""
        return self.broken[0][0] if len(self.broken) == 1 else None


@dataclass(frozen=True, slots=True)
class Passed:
    """What an edge has shown: ``inward`` None for nobody; ``odd`` when it may be otherwise."""

    inward: bool | None = None
    odd: bool = False


def changed(beams: Beams, event: BeamChanged, now: Moment) -> tuple[Beams, Passed, tuple[Effect, ...]]:
    """The beams after one edge, who has passed, and the end of a blockade."""
    beam, before = event.beam, beams.alone
    if event.broken == any(which is beam for which, _ in beams.broken):
        beams, ended = _moved(beams, beam, event.broken, now)  # an edge was missed
        return _from(beams, beams.alone), Passed(odd=True), ended
    beams, ended = _moved(beams, beam, event.broken, now)
    if event.found:
        return _from(beams, None), Passed(), ended  # nobody knows how it came about
    if not beams.broken:
        return *_clear(beams, before, event.at), ended
    if event.broken and beams.alone is beam:
        return _from(beams, OTHER[beam] if _hand(beams, beam, event.at) else beam), Passed(), ended
    return *_within(beams, before, event.at), ended


def due(beams: Beams, rules: Rules) -> Moment | None:
    """When ``tick`` has something to do."""
    if not beams.broken or beams.blocked is not None:
        return None
    return min(since for _, since in beams.broken) + rules.beam_blocked_ms


def tick(beams: Beams, now: Moment, rules: Rules) -> tuple[Beams, tuple[Effect, ...]]:
    """A beam broken for so long counts nobody: something stands in it, or it is dead."""
    moment = due(beams, rules)
    if moment is None or now < moment:
        return beams, ()
    beam = min(beams.broken, key=lambda broken: broken[1])[0]
    return replace(_from(beams, None), blocked=beam), (_row("fault", beam),)


def _from(beams: Beams, began: Beam | None) -> Beams:
    """A passage that begins so."""
    return replace(beams, began=began, both=False, wide=False, turned_at=None, grazed=None)


def _hand(beams: Beams, beam: Beam, at: Moment) -> bool:
    """Whether what breaks ``beam`` has just left the other, without ever breaking both."""
    grazed = beams.grazed
    return grazed is not None and grazed[0] is OTHER[beam] and at - grazed[1] < GRAZE_MS


def _clear(beams: Beams, before: Beam | None, at: Moment) -> tuple[Beams, Passed]:
    """The doorway is clear again: who was in it has passed, has turned back, or was only a hand."""
    passed = Passed()
    if beams.wide and beams.began is not None and before is OTHER[beams.began]:
        passed = Passed(beams.began is Beam.OUTER)
    grazed = (before, at) if before is not None and before is beams.began and not beams.both else None
    return replace(_from(beams, None), grazed=grazed), passed


def _within(beams: Beams, before: Beam | None, at: Moment) -> tuple[Beams, Passed]:
    """In the middle of a passage: both beams, or one of them after both."""
    if beams.began is None:
        return beams, Passed()
    if beams.alone is None:
        if before is beams.began:
            return replace(beams, both=True, wide=True, turned_at=None), Passed()
        return replace(beams, both=True, turned_at=at if beams.wide else None), Passed()
    hasty = beams.turned_at is not None and at - beams.turned_at < CLOSE_MS
    if beams.alone is beams.began and hasty:
        return _from(beams, beams.began), Passed(beams.began is Beam.OUTER, odd=True)
    return replace(beams, turned_at=None), Passed()


def _moved(beams: Beams, beam: Beam, broken: bool, now: Moment) -> tuple[Beams, tuple[Effect, ...]]:
    others = tuple(one for one in beams.broken if one[0] is not beam)
    if broken:
        return replace(beams, broken=(*others, (beam, now))), ()
    ended = (_row("fault-ended", beam),) if beams.blocked is beam else ()
    return replace(beams, broken=others, blocked=None if ended else beams.blocked), ended


def _row(type_: str, beam: Beam) -> Effect:
    return Record(type_, reason="beam-blocked", detail={"of": beam.value})
