"""A door in virtual time: what the real core decides is applied and kept; nothing else happens."""

from __future__ import annotations

from collections.abc import Callable

from door.controller import decide
from door.effects import DURABLE, Effect
from door.events import Event, KeyPressed, Moment, Started, TimerFired
from door.rules import Rules
from door.simulation.keeping import Keeper
from door.state import State, restore

BOOTED_AT = 1_000  # ms of the monotonic clock, which begins anew with the power
WOKEN_AT_MOST = 20


class WokenError(AssertionError):
    """The core asked again and again to be woken, with nothing to do: a bug of the core."""


class VirtualDoor:
    """The core between a keeper and ``seen``, which is told of every decision's effects.

    ``now`` is the monotonic clock in ms, ``unix_ms`` what time it really is, whatever the door believes.
    """

    def __init__(
        self,
        rules: Rules,
        keeper: Keeper,
        *,
        unix_ms: int,
        seen: Callable[[tuple[Effect, ...]], None] = lambda _: None,
    ) -> None:
        self.rules, self.keeper, self.seen = rules, keeper, seen
        self.now: Moment = BOOTED_AT
        self.unix_ms = unix_ms
        self.state: State

    def boot(self, *events: Event, contact_open: bool | None = False) -> None:
        """Power comes: the state is what was remembered; ``events`` come before the start."""
        self.now = BOOTED_AT
        access, facts = self.keeper.start()
        self.state = restore(facts, access, self.now, self.rules)
        for event in events:
            self.post(event)
        self.post(Started(contact_open if self.rules.has_contact else None, "virtual"))

    def post(self, event: Event) -> tuple[Effect, ...]:
        """One event, decided and applied."""
        self.state, effects = decide(self.state, event, self.now, self.rules)
        durable = [effect for effect in effects if isinstance(effect, DURABLE)]
        for effect in durable:
            self.state.access.apply(effect)
        self.keeper.keep(durable)
        self.seen(effects)
        return effects

    def press(self, key: str, keypad: str = "front") -> tuple[Effect, ...]:
        """One key."""
        return self.post(KeyPressed(keypad, key))

    def until(self, unix_ms: int) -> None:
        """Let time pass until it really is ``unix_ms``, waking when the core asked to be woken."""
        end, woken = self.now + unix_ms - self.unix_ms, 0
        while (due := self.state.timer(self.rules)) <= end:
            woken = woken + 1 if due <= self.now else 0
            if woken >= WOKEN_AT_MOST:
                raise WokenError("woken again and again with nothing to do")
            self._to(max(due, self.now))
            self.post(TimerFired())
        self._to(end)

    def _to(self, moment: Moment) -> None:
        self.unix_ms += moment - self.now
        self.now = moment
