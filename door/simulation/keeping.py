"""What a door in virtual time remembers through a power cut: in memory, or in the real store on a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from contract.messages import report_key
from door.accesslist import AccessList
from door.effects import Effect, Remember
from door.rules import Rules

if TYPE_CHECKING:
    from door.store import Store

WRITTEN_WITHIN_SECONDS = 10.0

Remembered = tuple[AccessList, Mapping[str, object]]


class Keeper(Protocol):
    """Keeps what is durable; ``start`` gives it back when power comes, ``stop`` is the end of power."""

    def start(self) -> Remembered: ...
    def keep(self, effects: Sequence[Effect]) -> None: ...
    def stop(self) -> object: ...


class Memory:
    """Facts and access list as the store would keep them."""

    def __init__(self) -> None:
        self.access, self.facts = AccessList(), dict[str, object]()

    def start(self) -> Remembered:
        """Copies: what the running door changes is kept only by ``keep``."""
        return deepcopy(self.access), dict(self.facts)

    def keep(self, effects: Sequence[Effect]) -> None:
        """Take them into account."""
        for effect in effects:
            self.access.apply(effect)
            if isinstance(effect, Remember):
                self.facts[effect.name] = effect.value

    def stop(self) -> None:
        """Nothing is to be closed."""


class OnDisk:
    """The real store on a file; every decision is durable before the next gesture.

    Raises ``StoreError`` when this machine's disk does not do its part.
    """

    def __init__(self, path: Path, rules: Rules) -> None:
        from door.store import Store  # what only this one needs: sqlite

        self._make: Callable[[], Store] = lambda: Store(
            path,
            door=rules.door,
            report_key=report_key(rules.door_key, rules.door),
            post=lambda _: None,  # a fault of the disk is raised by ``keep``
        )
        self._store: Store | None = None

    def start(self) -> Remembered:
        """Open the file, as at the start of the daemon."""
        self._store = self._make()
        remembered = self._store.start()
        return remembered.access, remembered.facts

    def keep(self, effects: Sequence[Effect]) -> None:
        """Write, and wait for the disk."""
        assert self._store is not None  # between ``start`` and ``stop``
        self._store.keep(effects).result(WRITTEN_WITHIN_SECONDS)

    def stop(self) -> None:
        """Close the file; all of it is durable already."""
        if self._store is not None:
            self._store.stop(WRITTEN_WITHIN_SECONDS)
            self._store = None


class Failing:
    """A keeper whose disk may fail: what is decided meanwhile waits, and power takes it away."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper, self._waiting = keeper, list[Effect]()
        self.failing = False

    def start(self) -> Remembered:
        """What was written."""
        return self._keeper.start()

    def keep(self, effects: Sequence[Effect]) -> None:
        """Write, or wait for the disk."""
        self._waiting.extend(effects)
        if not self.failing:
            self._keeper.keep(self._waiting)
            self._waiting = []

    def stop(self) -> list[Effect]:
        """The power goes, and with it what waits: that is lost, and returned."""
        lost, self._waiting = self._waiting, []
        self._keeper.stop()
        return lost
