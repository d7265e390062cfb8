"""A house whose decisions a real store keeps, in the order in which the loop has them kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from door.controller import decide
from door.effects import DURABLE, Effect, Remember, Settle
from door.events import Event
from door.store import Store
from tests.house import House


@dataclass
class KeptHouse(House):
    """Virtual time at the door, a real database behind it."""

    store: Store = field(kw_only=True)

    def post(self, event: Event) -> tuple[Effect, ...]:
        """One event: decided, kept, applied; what is to be settled is waited for."""
        self.state, effects = decide(self.state, event, self.now, self.rules)
        pending: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Settle):
                self.keep(pending).result(30)
                pending = []
            elif isinstance(effect, DURABLE):
                pending.append(effect)
                self.access.apply(effect)
            if isinstance(effect, Remember):
                self.facts[effect.name] = effect.value
        if pending:
            self.keep(pending)
        self.log.extend(effects)
        return effects

    def keep(self, effects: Sequence[Effect]) -> Future[float]:
        """Have one decision kept."""
        return self.store.keep(effects)
