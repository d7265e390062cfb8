"""The budget, the doorway and the people as they ought to be: DESIGN §3 and §6 told a second time.

Each part is told what happens and adds the rows, cues and openings that must follow to an ``Expected``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from door.rules import Rules

MINUTE_MS = 60_000
Row = tuple[str, str | None, str | None]  # type, member, reason


@dataclass
class Expected:
    """What must be seen of one decision."""

    rows: list[Row] = field(default_factory=list)
    cues: list[str] = field(default_factory=list)
    replies: list[str | None] = field(default_factory=list)
    counts: dict[Row, int] = field(default_factory=dict)  # of rows that gather
    kept: set[str] = field(default_factory=set)  # facts that must be remembered
    settles: bool = False
    relocks: bool = False


@dataclass
class Purse:
    """Wrong guesses. The level counts milliseconds of refill; without power nothing refills."""

    rules: Rules
    level: int
    at: int
    lockout: bool = False
    failures: list[tuple[str, int, bool]] = field(default_factory=list)  # member, when, a near miss
    pause_ms: int = 0
    pause_until: int = 0
    gathered: Counter[tuple[str, str]] = field(default_factory=Counter)
    gathering_since: int | None = None

    def now(self, now: int) -> int:
        """The level at ``now``."""
        full = self.rules.budget_tokens * self.rules.budget_refill_ms
        return min(full, self.level + max(0, now - self.at))

    def pass_time(self, now: int, e: Expected) -> None:
        """A lockout ends with the first whole token; what was gathered is told after a minute."""
        self._end_lockout(now, e)
        if self.pause_ms and now - self.pause_until > 10 * MINUTE_MS:
            self.pause_ms = 0
            e.kept.add("pause")
        if self.gathering_since is not None and now >= self.gathering_since + MINUTE_MS:
            self.tell(e)

    def tell(self, e: Expected) -> None:
        """Tell what was gathered."""
        for (type_, reason), count in self.gathered.items():
            e.rows.append((type_, None, reason))
            e.counts[type_, None, reason] = count
        self.gathered.clear()
        self.gathering_since = None

    def gather(self, type_: str, reason: str, now: int) -> None:
        """One more of what costs nothing to repeat."""
        self.gathering_since = now if self.gathering_since is None else self.gathering_since
        self.gathered[type_, reason] += 1

    def spend(self, member: str, near: bool, now: int, e: Expected) -> None:
        """A wrong guess costs a token; when none is left there is a lockout."""
        self.level, self.at = max(0, self.now(now) - self.rules.budget_refill_ms), now
        self.failures.append((member, now, near))
        e.kept.add("budget")
        if self.level < self.rules.budget_refill_ms and not self.lockout:
            self.lockout = True
            e.rows.append(("lockout", None, None))

    def refund(self, member: str, spent_at: int | None, now: int, e: Expected) -> int:
        """Who gets in has back three near misses of five minutes at most, and the first of his pair."""
        mine = [
            f for f in self.failures if f[0] == member and now - f[1] <= 5 * MINUTE_MS and f[1] != spent_at
        ]
        tokens = min(3, sum(near for _, _, near in mine)) + (spent_at is not None)
        self.failures = [f for f in self.failures if f[0] != member]
        if tokens:
            full = self.rules.budget_tokens * self.rules.budget_refill_ms
            self.level = min(full, self.now(now) + tokens * self.rules.budget_refill_ms)
            self.at = now
            e.kept.add("budget")
            self._end_lockout(now, e)
        return tokens

    def wrong_pair(self, now: int, e: Expected) -> None:
        """Two seconds, doubled to thirty, forgotten after ten minutes without one; nothing refills in it."""
        self.level = self.now(now)
        self.pause_ms = 2_000 if self.pause_ms == 0 else min(30_000, self.pause_ms * 2)
        self.at = self.pause_until = now + self.pause_ms
        e.kept |= {"budget", "pause"}
        e.settles = True

    def _end_lockout(self, now: int, e: Expected) -> None:
        if self.lockout and self.now(now) >= self.rules.budget_refill_ms:
            self.lockout = False
            e.rows.append(("lockout-ended", None, None))


@dataclass
class Way:
    """The lock and the leaf. ``until`` is None while locked, −1 while free (mode open)."""

    rules: Rules
    open: bool | None = None
    until: int | None = None
    opened_at: int = 0
    relocked_at: int = -(10**9)
    shunt_until: int = 0
    exit_until: int = 0
    passage: str = ""
    reminded_at: int | None = None
    held: bool = False
    forced: bool = False

    @property
    def free(self) -> bool:
        """Open until told otherwise."""
        return self.until == -1

    def pass_time(self, now: int, e: Expected) -> None:
        """Lock when the time is over; remind every ten seconds, and alarm once, while held open."""
        if self.until is not None and not self.free and now >= self.until:
            self.lock(now, e)
        if not self.open or self.free:
            return
        since = self.reminded_at
        if now >= (self.opened_at + self.rules.held_ms if since is None else since + 10_000):
            self.reminded_at = now
            e.cues.append("held")
        if not self.held and now >= self.opened_at + self.rules.held_alarm_ms:
            self.held = True
            e.rows.append(("held", None, None))

    def unlock(self, passage: str, now: int) -> None:
        """Open for the strike time from now, whoever came before."""
        self.passage = "other" if self.open else passage
        if not self.free:
            self.until = now + self.rules.unlock_ms

    def exit(self, now: int) -> None:
        """Somebody goes out: at once, in whatever mode."""
        self.shunt_until = now + self.rules.exit_shunt_ms
        if not self.rules.exit_unlocks:
            self.passage = "out"
            return
        self.exit_until = now + self.rules.unlock_ms
        self.unlock("out", now)

    def set_free(self, e: Expected) -> None:
        """Mode open: nothing is held."""
        self.until, self.passage, self.reminded_at = -1, "other", None
        self._end_held(e)

    def shut(self, now: int, e: Expected) -> None:
        """Lock, but not before whoever pressed the exit button is out; held counts from now."""
        if self.free:
            self.opened_at = now
        if now < self.exit_until:
            self.until = self.exit_until
        else:
            self.lock(now, e)

    def lock(self, now: int, e: Expected) -> None:
        """Lock."""
        self.until, self.relocked_at, e.relocks = None, now, True

    def moved(self, opened: bool, now: int, e: Expected) -> str:
        """The leaf moved; the passage that began, '' if none did."""
        if opened == self.open:
            return ""
        self.open = opened
        if not opened:
            self._end_held(e)
            self.reminded_at = None
            if self.forced:
                e.rows.append(("forced-ended", None, None))
            self.forced = False
            return ""
        self.opened_at, self.reminded_at = now, None
        rightful = (
            self.until is not None
            or now < self.shunt_until
            or now - self.relocked_at < self.rules.forced_grace_ms
        )
        if not rightful:
            self.forced = True
            e.rows.append(("forced", None, None))
            return ""
        self.exit_until = 0
        passage, self.passage = self.passage, "other" if self.free else ""
        if not self.free:
            self.lock(now, e)
        return passage

    def _end_held(self, e: Expected) -> None:
        if self.held:
            e.rows.append(("held-ended", None, None))
        self.held = False


@dataclass
class People:
    """Who is in. ``sure``: 0 unknown, 1 an estimate, 2 exact."""

    count: int = 0
    sure: int = 0
    touched: int = 0
    expected: list[str] = field(default_factory=list)
    beams: bool = False

    def surely_full(self, capacity: int) -> bool:
        """Full beyond doubt."""
        return self.sure == 2 and self.count >= capacity

    def pass_time(self, closed: bool, now: int, rules: Rules, e: Expected) -> None:
        """A door shut and untouched for long enough has an empty room behind it."""
        known_empty = self.count == 0 and self.sure > 0
        if closed and not known_empty and now >= self.touched + rules.empty_after_ms:
            self.put(0, now, e)

    def put(self, count: int, now: int, e: Expected) -> None:
        """The count is known."""
        self.count, self.sure, self.touched, self.expected = count, 1 + self.beams, now, []
        e.rows.append(("count", None, None))
        e.kept.add("occupancy")

    def let_in(self, member: str, waiting: bool, at_once: bool, now: int, e: Expected) -> None:
        """A member may go in; he counts when the door opens, or at once where nothing tells."""
        self.touched = now
        self.expected = [*(self.expected if waiting else []), member][-8:]
        if at_once:
            self.entered(now, e)

    def entered(self, now: int, e: Expected) -> None:
        """The door opened for all who were let in."""
        self.touched = now
        if self.beams:
            return
        for member in self.expected:
            self._move(+1, ("entered", member, None), e)
        self.expected = []

    def left(self, now: int, e: Expected) -> None:
        """The door opened for the exit button."""
        self.touched = now
        if not self.beams:
            self._move(-1, ("left", None, None), e)

    def crossed(self, inward: bool, now: int, e: Expected) -> None:
        """Somebody passed both beams."""
        self.touched, self.beams = now, True
        if not inward:
            self._move(-1, ("left", None, None), e)
            return
        member = self.expected.pop(0) if self.expected else None
        self._move(+1, ("entered", member, None), e)

    def _move(self, by: int, row: Row, e: Expected) -> None:
        e.rows.append(row)
        e.kept.add("occupancy")
        if self.count + by < 0:
            self.sure = min(self.sure, 1)
        self.count = max(0, self.count + by)
