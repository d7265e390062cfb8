"""The loop: takes events from one queue, has them decided, performs the effects. One thread, no rule.

What must be durable before anybody sees the answer is waited for, but never longer than ``SETTLE_SECONDS``:
a member in front of the door is let in also when the disk is slow (promise 7).
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from door import view
from door.controller import decide
from door.effects import Cue, Effect, Light, Refresh, Relock, Replay, Reply, Settle, Show, Unlock
from door.events import Event, LockMoved, Moment, RulesReceived, Stopping, TimerFired
from door.lock import Lock
from door.rules import Rules
from door.state import State
from door.timesource import moment

SETTLE_SECONDS = 0.150  # DESIGN §4
BEAT_AGAIN_MS = 1000
_LOG = logging.getLogger(__name__)


class Keeper(Protocol):
    """Makes effects durable, in order, in one transaction a call."""

    def keep(self, effects: Sequence[Effect]) -> Future[float]: ...


class Shower(Protocol):
    """Shows a cue at the door."""

    def show(self, cue: Cue, ms: int | None) -> None: ...


class Teller(Protocol):
    """Tells the outside; never waits for it."""

    def show(self, topic_word: str, payload: Mapping[str, object]) -> None: ...
    def cue(self, word: str, at: int) -> None: ...
    def reply(self, reply: Reply) -> None: ...
    def refresh(self) -> None: ...
    def replay(self, log: str, seq: int) -> None: ...


@dataclass(frozen=True, slots=True)
class NewRules:
    """From here on the door decides by these."""

    rules: Rules


Inbox = queue.SimpleQueue[Event | NewRules]


class Loop:
    """Serves ``inbox``, which any thread may put events into, until ``Stopping`` has been performed.

    ``beat`` is called whenever the moment it returned last has come (watchdog, health, the system's clock).
    """

    def __init__(
        self,
        inbox: Inbox,
        state: State,
        rules: Rules,
        *,
        keeper: Keeper,
        lock: Lock,
        indicator: Shower,
        teller: Teller,
        beat: Callable[[Moment], Moment],
        light: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.state = state
        self.rules = rules
        self._inbox = inbox
        self._keeper, self._lock, self._indicator, self._teller = keeper, lock, indicator, teller
        self._beat, self._beat_at = beat, 0
        self._light = light
        self._told: dict[str, Mapping[str, object]] = {}
        self._stopped = False

    def run(self) -> None:
        """Decide and perform, one event after the other."""
        while not self._stopped:
            now = moment()
            if now >= self._beat_at:
                self._beat_at = self._beaten(now)
            self.handle(self._next(moment()))

    def handle(self, item: Event | NewRules) -> None:
        """One event, from decision to effects; a fault in it is logged and ends nothing."""
        if isinstance(item, NewRules):
            self.rules, item = item.rules, RulesReceived(item.rules.revision)
        now = moment()
        try:
            self.state, effects = decide(self.state, item, now, self.rules)
            self._perform(effects, now)
            self._tell(now)
        except Exception:  # noqa: BLE001  (whatever it is, the next member must get in)
            _LOG.exception("a %s could not be dealt with: please report this", type(item).__name__)
        self._stopped = self._stopped or isinstance(item, Stopping)

    def _beaten(self, now: Moment) -> Moment:
        try:
            return self._beat(now)
        except Exception:  # noqa: BLE001  (whatever it is, the next member must get in)
            _LOG.exception("the door's own condition could not be looked at: please report this")
            return now + BEAT_AGAIN_MS

    def _next(self, now: Moment) -> Event | NewRules:
        due = min(self._beat_at, self.state.timer(self.rules))
        try:
            return self._inbox.get(timeout=max(0, due - now) / 1000)
        except queue.Empty:
            return TimerFired()

    def _perform(self, effects: Sequence[Effect], now: Moment) -> None:
        pending: list[Effect] = []
        for effect in effects:
            match effect:
                case Settle():
                    self._settle(self._keeper.keep(pending))
                    pending = []
                case Relock():
                    self._lock.relock()
                case Unlock(None):
                    self._lock.unlock(None)
                case Unlock(int(ms)):
                    self._lock.unlock(ms / 1000)
                    self._inbox.put(LockMoved(moment(), ms))
                case Show(cue, ms):
                    self._show(cue, ms, now)
                case Light(on):
                    self._light(on)
                case Reply():
                    self._teller.reply(effect)
                case Refresh():
                    self._teller.refresh()
                case Replay(log, seq):
                    self._teller.replay(log, seq)
                case _:
                    pending.append(effect)
                    self.state.access.apply(effect)
        if pending:
            self._keeper.keep(pending)

    def _settle(self, kept: Future[float]) -> None:
        try:
            kept.result(SETTLE_SECONDS)
        except TimeoutError:
            _LOG.warning("the store took longer than %.0f ms: going on without it", SETTLE_SECONDS * 1000)
        except Exception as error:  # noqa: BLE001  (the store says itself what is wrong with it)
            _LOG.debug("going on without the store: %s", type(error).__name__)

    def _show(self, cue: Cue, ms: int | None, now: Moment) -> None:
        self._indicator.show(cue, ms)
        if cue is not Cue.KEY:
            self._teller.cue(cue.value, self.state.reading(now).best)

    def _tell(self, now: Moment) -> None:
        """Retained topics, where they say something new."""
        at = self.state.reading(now).best
        shown = {
            "state": view.state(self.state, now, self.rules),
            "occupancy": view.occupancy(self.state, self.rules),
        }
        for word, payload in shown.items():
            if self._told.get(word) != payload:
                self._told[word] = payload
                self._teller.show(word, {**payload, "at": at})
