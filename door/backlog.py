"""Decisions that are not yet durable: in order, bounded, and honest about what went over the bound."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import islice

from door.effects import CountFailures, Effect, Record, Remember
from door.ledger import NewLog


@dataclass(frozen=True, slots=True)
class Batch:
    """The durable effects of one decision; ``future`` becomes the milliseconds of their commit."""

    effects: tuple[Effect | NewLog, ...]
    future: Future[float] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)

    @property
    def records(self) -> list[Record]:
        """The audit rows among the effects."""
        return [effect for effect in self.effects if isinstance(effect, Record)]

    @property
    def grants(self) -> bool:
        """Whether somebody stands at the door and waits for this."""
        return any(record.type == "granted" for record in self.records)


class Backlog:
    """At most ``most`` rows; past that the newest are counted and let go, but never what they used up.

    What is let go is said in one row when everything before it has been written.
    """

    def __init__(self, most: int) -> None:
        self.rows = 0
        self._most = most
        self._batches: deque[Batch] = deque()
        self._over: dict[Hashable, Effect | NewLog] = {}  # in order; of a fact or a count only the newest
        self._lost: Record | None = None  # stands for all rows let go

    def __bool__(self) -> bool:
        return bool(self._batches or self._over or self._lost)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)

    def hold(self, batch: Batch) -> bool:
        """Keep a decision, behind those that wait already; whether it is kept whole."""
        room = not self._batches or self.rows + len(batch.records) <= self._most
        if room and not self._over and self._lost is None:
            self._batches.append(batch)
            self.rows += len(batch.records)
            return True
        for effect in batch.effects:
            self._hold_over(effect)
        return False

    def first(self, most: int) -> list[Batch]:
        """The next decisions to write."""
        if not self._batches and (self._lost or self._over):
            self._batches.append(Batch((*filter(None, [self._lost]), *self._over.values())))
            self.rows += len(self._batches[0].records)
            self._lost, self._over = None, {}
        return list(islice(self._batches, most))

    def written(self) -> Batch:
        """The first decision is done with."""
        batch = self._batches.popleft()
        self.rows -= len(batch.records)
        return batch

    def let_go(self, batch: Batch) -> None:
        """Count the rows of a decision that cannot be written at all."""
        for record in batch.records:
            self._hold_over(record)

    def _hold_over(self, effect: Effect | NewLog) -> None:
        match effect:
            case Record():
                lost = self._lost or Record("fault", detail={"fault": "rows-lost", "rows": 0})
                rows = int(str(lost.detail["rows"])) + 1
                detail = {"fault": "rows-lost", "rows": rows}
                self._lost = replace(lost, at=effect.at, clock=effect.clock, detail=detail)
            case Remember(name=name):
                self._over["fact", name] = effect
            case CountFailures(member=member):
                self._over["failures", member] = effect
            case _:
                self._over[len(self._over)] = effect
