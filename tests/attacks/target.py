"""The door that is guessed at, and what a finger at its keypad can do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from contract.access import AccessRecord
from contract.codes import Kind
from door import budget
from door.events import ListReceived, ServerTime, SystemTime
from tests.house import House

DAY_MS = 86_400_000
NUMBERS = {
    kind: tuple(f"{9000 + 100 * n + of:04}" for of in range(90))
    for n, kind in enumerate((Kind.PHONE, Kind.STAFF, Kind.PAPER))
}
HEARD_MS = 3_600_000  # the link asks every five minutes; that changes nothing here and takes longer


@dataclass
class Target(House):
    """A door with members of every kind; ``server``: whether it hears its server."""

    server: bool = True
    rng: random.Random = field(default_factory=lambda: random.Random(3))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.enrol(*(AccessRecord(number, kind) for kind, some in NUMBERS.items() for number in some))

    def hear(self) -> None:
        """The server answers, with its time and the list."""
        if self.server:
            self.post(ServerTime(self.unix_ms))
            self.post(ListReceived(self.access.revision, self.access.digest, False, ()))
        self.log.clear()

    def silence(self) -> None:
        """Nobody hears the server any more; after a power cut nothing is left of its time."""
        self.server = self.clock = False
        self.power_cut()

    def ntp(self, seconds: float = 0) -> None:
        """Whoever answers for NTP says that it is so many seconds later than it is."""
        self.post(SystemTime(self.unix_ms + round(seconds * 1000), synchronised=True, rtc=False))

    def sleep(self, seconds: float) -> None:
        """Time passes; the server is heard now and then."""
        end = self.unix_ms + round(seconds * 1000)
        while self.unix_ms < end:
            self.until(min(end, self.unix_ms + HEARD_MS))
            self.hear()

    def guess(self, member: str) -> None:
        """Six digits by chance."""
        self.at_once(f"{member}{self.rng.randrange(10**6):06}")

    def wait_for(self, kind: Kind, live: int) -> None:
        """Wait for a moment at which so many steps are acceptable by the true time."""
        while len(self.rules.codes.acceptable(kind, self.unix_ms // 1000)) < live:
            self.sleep(10 if kind is not Kind.PAPER else 600)

    def token(self) -> None:
        """Wait for the next single guess."""
        while self.state.budget.lockout:
            rest = self.rules.budget_refill_ms - budget.level(self.state.budget, self.now, self.rules)
            self.sleep(max(rest, 1) / 1000)

    def whole(self, member: str) -> None:
        """Six digits by chance, the last of them in the very moment in which a pause is over.

        Digits that stand for 15 s are cleared, so he types the others shortly before.
        """
        digits, over = f"{member}{self.rng.randrange(10**6):06}", self.state.budget.pause_until
        self.wait(max(0, over - self.now - 2_000) / 1000)
        self.at_once(digits[:-1])
        self.wait(max(0, over - self.now) / 1000)
        self.at_once(digits[-1])
        self.log.clear()
