"""A door in virtual time for tests of the core: what is decided is applied, nothing else happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from contract.access import AccessRecord
from contract.codes import Issued, Kind, issue
from door import budget
from door.accesslist import AccessList
from door.controller import decide
from door.effects import DURABLE, Cue, Effect, Record, Relock, Remember, Show, Unlock
from door.events import (
    Beam,
    BeamChanged,
    ContactChanged,
    Event,
    ExitPressed,
    KeyPressed,
    ListReceived,
    ServerTime,
    Started,
    TimerFired,
)
from door.rules import Rules
from door.state import State, restore

KEY = bytes(range(32))
NOW = 1_795_485_600  # 2026-11-24 09:00 in Shanghai: the beginning of a phone step
E = TypeVar("E")


@dataclass
class House:
    """One door: ``now`` in ms, ``log`` of all effects, ``facts`` as the store would keep them."""

    rules: Rules = field(default_factory=lambda: Rules("yuexin", KEY))
    access: AccessList = field(default_factory=AccessList)
    facts: dict[str, object] = field(default_factory=dict)
    now: int = 1_000_000
    unix_ms: int = NOW * 1000  # what time it really is
    clock: bool = True  # the server has told the time
    log: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        """Power comes: the state is what was remembered."""
        self.state: State = restore(self.facts, self.access, self.now, self.rules)
        self.post(Started(False if self.rules.has_contact else None, "test"))
        if self.clock:
            self.post(ServerTime(self.unix_ms))

    def power_cut(self, seconds: int = 0) -> None:
        """The power fails, comes back later, and the monotonic clock begins anew."""
        self.now, self.unix_ms = 1_000, self.unix_ms + seconds * 1000
        self.boot()

    def post(self, event: Event) -> tuple[Effect, ...]:
        """One event, decided and applied."""
        self.state, effects = decide(self.state, event, self.now, self.rules)
        for effect in effects:
            if isinstance(effect, DURABLE):
                self.access.apply(effect)
            if isinstance(effect, Remember):
                self.facts[effect.name] = effect.value
        self.log.extend(effects)
        return effects

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, waking when the door asked to be woken."""
        return self.until(self.unix_ms + round(seconds * 1000))

    def until(self, unix_ms: int) -> list[Effect]:
        """Let time pass until it really is ``unix_ms``."""
        end, happened, woken = self.now + unix_ms - self.unix_ms, [], 0
        while (due := self.state.timer(self.rules)) <= end:
            woken = woken + 1 if due <= self.now else 0
            assert woken < 20, "woken again and again with nothing to do"
            self._to(max(due, self.now))
            happened.extend(self.post(TimerFired()))
        self._to(end)
        return happened

    def enrol(self, *records: AccessRecord) -> tuple[Effect, ...]:
        """An answer of the server with all there are."""
        return self.post(ListReceived(self.access.revision + 1, f"{self.now:064}", True, records))

    def type(self, digits: str, *, keypad: str = "front", gap: float = 0.2) -> list[Effect]:
        """Type keys at the pace of a person; what happened from the first key to the last."""
        before = len(self.log)
        for key in digits:
            self.wait(gap)
            self.post(KeyPressed(keypad, key))
        return self.log[before:]

    def at_once(self, digits: str, *, keypad: str = "front") -> list[Effect]:
        """Type so fast that no time passes."""
        return self.type(digits, keypad=keypad, gap=0)

    def double(
        self, member: str, kind: Kind = Kind.PHONE, generation: int = 1, *, later: int = 0
    ) -> list[Effect]:
        """Type a double code, as the page or the sheet shows it."""
        issued = self._issued(member, kind, generation, later)
        return [*self.at_once(issued.digits), *self.at_once(issued.second + "#")]

    def code(self, member: str, kind: Kind = Kind.PHONE, generation: int = 1, *, later: int = 0) -> str:
        """What the member's phone (app, sheet) shows now, or ``later`` steps on."""
        return self._issued(member, kind, generation, later).digits

    def second(self, member: str, kind: Kind = Kind.PHONE, generation: int = 1, *, later: int = 0) -> str:
        """The six digits after it."""
        return self._issued(member, kind, generation, later).second

    def card(self, member: str, pair: int, generation: int = 1) -> tuple[str, str]:
        """A pair of the wallet card."""
        issued = issue(KEY, self.rules.door, Kind.CARD, member, generation, pair, self.rules.codes)
        return issued.digits, issued.second

    def open_and_close(self, seconds: float = 4) -> None:
        """Somebody goes through."""
        self.wait(0.5)
        self.post(ContactChanged(True))
        self.wait(seconds)
        self.post(ContactChanged(False))

    def leave(self) -> None:
        """Somebody presses the exit button and goes out."""
        self.post(ExitPressed())
        self.open_and_close()

    def drain(self, member: str = "9998") -> None:
        """Spend the whole budget on wrong guesses."""
        while not self.state.budget.lockout:
            self.at_once(wrong(self.code(member)))

    @property
    def tokens(self) -> float:
        """What is left of the budget."""
        return budget.level(self.state.budget, self.now, self.rules) / self.rules.budget_refill_ms

    @property
    def unlocked(self) -> bool:
        """Whether the lock is open, by the effects and not by the state."""
        moved = [effect for effect in self.log if isinstance(effect, (Unlock, Relock))]
        return bool(moved) and isinstance(moved[-1], Unlock)

    def rows(self, type_: str | None = None) -> list[Record]:
        """The audit rows so far."""
        return [e for e in self.log if isinstance(e, Record) and type_ in (None, e.type)]

    def _issued(self, member: str, kind: Kind, generation: int, later: int) -> Issued:
        step = self.rules.codes.step(kind, self.unix_ms // 1000) + later
        return issue(KEY, self.rules.door, kind, member, generation, step, self.rules.codes)

    def _to(self, moment: int) -> None:
        self.unix_ms += moment - self.now
        self.now = moment


def cross(house: House, *, inward: bool, step_ms: int = 120) -> list[Effect]:
    """Somebody passes both beams, at the pace of a person."""
    before = len(house.log)
    first, second = (Beam.OUTER, Beam.INNER) if inward else (Beam.INNER, Beam.OUTER)
    for beam, broken in ((first, True), (second, True), (first, False), (second, False)):
        house.post(BeamChanged(beam, broken, house.now))
        house.wait(step_ms / 1000)
    return house.log[before:]


def cues(effects: Iterable[Effect]) -> list[Cue]:
    """What was shown, without the click of the keys."""
    return [e.cue for e in effects if isinstance(e, Show) and e.cue is not Cue.KEY]


def of(kind: type[E], effects: Iterable[Effect]) -> list[E]:
    """The effects of one kind."""
    return [e for e in effects if isinstance(e, kind)]


def granted(effects: Iterable[Effect]) -> bool:
    """Whether somebody was let in."""
    return Cue.ACCEPTED in cues(effects)


def reasons(effects: Iterable[Effect]) -> list[str | None]:
    """Why somebody was not let in, by the rows."""
    return [row.reason for row in of(Record, effects) if row.type == "denied"]


def wrong(code: str) -> str:
    """The same number with six digits that are far from right."""
    return code[:-6] + "".join(str((int(d) + 5) % 10) for d in code[-6:])


__all__ = ["KEY", "NOW", "House", "cross", "cues", "granted", "of", "reasons", "replace", "wrong"]
