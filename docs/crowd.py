"""Months of a study room, by chance from a seed: who comes and goes, and what that does to beams and contacts.

Nothing here knows a rule of the door. Bodies have a thickness and a pace, and what breaks a beam, and when, is
worked out from where they are; so are two on each other's heels, who turns back, and arms that swing ahead.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
APART_M = 0.10  # the beams from each other
ARM_M = 0.04
SEATS = 15
BY_HOUR = (1, 0, 0, 0, 0, 0, 1, 4, 6, 6, 4, 3, 3, 5, 5, 4, 3, 3, 5, 6, 4, 3, 2, 1)  # who comes in the hour

Happening = tuple[int, str, object]  # when (ms), what, and more of it
Spans = dict[str, list[tuple[float, float]]]  # of each beam, when it is broken (s)

# How often what is not as it should be happens; shares are of passages.
TAILGATED, TWO_CODES = 0.10, 0.05  # a friend slips in with one; two come with a code each
LEAVE_TOGETHER, MEET, TURN_BACK = 0.15, 0.02, 0.04
UNSEEN, EDGE_LOST, ARM_SWINGS = 0.003, 0.003, 0.10
PROPPED_DAYS, BAG_DAYS, CUT_DAYS, GHOST_DAYS = 3, 10, 30, 2  # once in so many


@dataclass
class Crowd:
    """The people of ``days``; ``happenings`` is all that happens, in order."""

    seed: int
    days: int
    inside: int = 0
    found: list[Happening] = field(default_factory=list)
    waiting: list[tuple[int, int, str]] = field(default_factory=list)  # who will come or go, when

    def happenings(self) -> list[Happening]:
        """Everything, in order."""
        self.chance = random.Random(self.seed)
        self._plan()
        free_at = 0
        while self.waiting:
            at, _, what = heapq.heappop(self.waiting)
            free_at = getattr(self, f"_{what}")(max(at, free_at)) + 2_000
        self.found.extend(self._motion())
        return sorted(self.found, key=lambda happening: happening[0])

    def _plan(self) -> None:
        for day in range(self.days):
            for hour, mean in enumerate(BY_HOUR):
                at = day * DAY + hour * HOUR
                while mean and (at := at + int(self._exp(HOUR / mean))) < day * DAY + (hour + 1) * HOUR:
                    self._later(at, "comes")
        for what, days in (("propped", PROPPED_DAYS), ("bag", BAG_DAYS), ("cut", CUT_DAYS)):
            at = 0
            while (at := at + int(self._exp(days * DAY))) < self.days * DAY:
                self._later(at, what)

    # -- who comes and goes -----------------------------------------------------------------------

    def _comes(self, at: int) -> int:
        if self.inside >= SEATS:
            return at
        people, codes = 1, 1
        if self._maybe(TAILGATED):
            people = 2
        elif self._maybe(TWO_CODES):
            people = codes = 2
        for n in range(codes):
            self._note(at + 3_000 * n, "grant")
        at += 3_000 * (codes - 1) + 1_000
        self._note(at, "open")
        if self._maybe(TURN_BACK):
            self._cross(at + 700, [self._turned()])
            self._note(at + 5_000, "close")
            return at + 5_000
        gone = self._maybe(MEET) and self.inside > 0
        at = self._leaves(at + 600) if gone else at + 700
        at = self._enters(at, people)
        self._note(at + 2_500, "close")
        return at + 2_500

    def _goes(self, at: int) -> int:
        if not self.inside:
            return at
        people = 2 if self._maybe(LEAVE_TOGETHER) and self.inside > 1 else 1
        if people == 2 and self.waiting:  # a friend who would have gone later
            self._drop_one_who_goes()
        self._note(at, "exit")
        self._note(at + 600, "open")
        at = self._leaves(at + 1_200, people)
        self._note(at + 2_500, "close")
        return at + 2_500

    def _propped(self, at: int) -> int:
        """Somebody goes for tea with a shoe in the door, and comes back; a neighbour uses it."""
        if not self.inside:
            return at
        self._note(at, "exit")
        self._note(at + 600, "open")
        at = self._leaves(at + 1_200)
        at = self._enters(at + 60_000, 1)
        if self.inside < SEATS:
            at = self._enters(at + 20_000, 1)
        self._note(at + 3_000, "close")
        return at + 3_000

    def _bag(self, at: int) -> int:
        """A bag stands in the outer beam for a quarter of an hour."""
        self.found += [(at, "beam", ("outer", True)), (at + 15 * MINUTE, "beam", ("outer", False))]
        return at

    def _cut(self, at: int) -> int:
        self._note(at, "cut")
        return at + 60_000

    def _enters(self, at: int, people: int) -> int:
        for _ in range(people):
            self._later(at + MINUTE * 5 + int(self._exp(2.5 * HOUR)), "goes")
        return self._pass(at, people, inward=True)

    def _leaves(self, at: int, people: int = 1) -> int:
        return self._pass(at, people, inward=False)

    # -- what that does to the beams ----------------------------------------------------------------

    def _pass(self, at: int, people: int, *, inward: bool) -> int:
        walkers, start = [], 0.0
        for _ in range(people):
            pace, thick = 0.5 + 0.9 * self.chance.random(), 0.22 + 0.13 * self.chance.random()
            walkers.append(self._walker(start, pace, thick))
            start += (thick + 0.02 + 0.8 * self.chance.random()) / pace
        end = self._cross(at, walkers, inward=inward)
        self.inside += people if inward else -people
        self._note(end, "inside", self.inside)
        return end

    def _walker(self, start: float, pace: float, thick: float) -> Spans:
        if self._maybe(UNSEEN):
            return {"outer": [], "inner": []}
        far, through = APART_M / pace, thick / pace
        spans: Spans = {"outer": [(start, start + through)], "inner": [(start + far, start + far + through)]}
        if self._maybe(ARM_SWINGS):  # a hand ahead of the body
            ahead = start - (ARM_M + 0.05 + 0.1 * self.chance.random()) / pace
            spans["outer"].append((ahead, ahead + ARM_M / pace))
            spans["inner"].append((ahead + far, ahead + far + ARM_M / pace))
        return spans

    def _turned(self) -> Spans:
        """Somebody as far as ``deep`` into the doorway, and back."""
        pace, thick = 0.4 + 0.6 * self.chance.random(), 0.22 + 0.13 * self.chance.random()
        deep = 0.02 + 0.4 * self.chance.random()
        outer = [(0.0, 2 * deep / pace)]
        if deep > thick:
            outer = [(0.0, thick / pace), ((2 * deep - thick) / pace, 2 * deep / pace)]
        inner = [(APART_M / pace, (2 * deep - APART_M) / pace)] if deep > APART_M else []
        return {"outer": outer, "inner": inner}

    def _cross(self, at: int, walkers: list[Spans], *, inward: bool = True) -> int:
        """Everybody's shadows on each beam as one; on the way out the beams change places."""
        edges, end = [], at
        for beam, other in (("outer", "inner"), ("inner", "outer")):
            spans = [span for walker in walkers for span in walker[beam if inward else other]]
            for begin, over in merged(spans):
                edges += [(at + int(1000 * begin), beam, True), (at + int(1000 * over), beam, False)]
        edges.sort(key=lambda edge: edge[0])
        if edges and self._maybe(EDGE_LOST):
            del edges[int(len(edges) * self.chance.random())]
        for when, beam, broken in edges:
            self._note(when, "beam", (beam, broken))
            end = max(end, when)
        return end

    # -- the rest -----------------------------------------------------------------------------------

    def _motion(self) -> Iterator[Happening]:
        """A sensor that sees somebody move every few minutes, and every other day a ghost."""
        inside, at, changes = 0, 0, sorted(h for h in self.found if h[1] == "inside")
        while at < self.days * DAY:
            at += 9_000 + int(self._exp(4 * MINUTE / inside if inside else GHOST_DAYS * DAY))
            while changes and changes[0][0] <= at:
                changed = changes.pop(0)
                if not inside and changed[2]:
                    at = changed[0]  # whoever comes in is seen
                inside = int(str(changed[2]))
            yield at, "motion", True
            yield at + 8_000, "motion", False

    def _drop_one_who_goes(self) -> None:
        for n, (_, _, what) in enumerate(sorted(self.waiting)):
            if what == "goes":
                self.waiting = [one for m, one in enumerate(sorted(self.waiting)) if m != n]
                return

    def _later(self, at: int, what: str) -> None:
        heapq.heappush(self.waiting, (at, len(self.waiting), what))

    def _note(self, at: int, what: str, more: object = None) -> None:
        self.found.append((at, what, more))

    def _maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def _exp(self, mean: float) -> float:
        return self.chance.expovariate(1 / mean)


def merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that overlap, as one."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
