"""The budget, the doorway and the people as they ought to be: DESIGN §3 and §6 told a second time.

Each part is told what happens and adds the rows, cues and openings that must follow to an ``Expected``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

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
    lights: list[bool] = field(default_factory=list)


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
    fire: bool = False

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

    def felt(self, at: int, ms: int) -> None:
        """The lock moved, perhaps later than decided: the whole time from then."""
        if self.until is not None and not self.free:
            self.until = max(self.until, at + ms)

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
        """Lock, but not in a fire, nor before whoever pressed the button is out; held counts from now."""
        if self.fire:
            return
        if self.free:
            self.opened_at = now
        if now < self.exit_until:
            self.until = self.exit_until
        else:
            self.lock(now, e)

    def alarm(self, burning: bool, open_mode: bool, now: int, e: Expected) -> bool:
        """The fire alarm's contact: free until it ends, whatever was asked meanwhile; whether it is news."""
        if burning == self.fire:
            return False
        self.fire = burning
        e.rows.append(("fire" if burning else "fire-ended", None, None))
        e.cues.append("fire" if burning else "cleared")
        if burning:
            self.set_free(e)
        elif not open_mode:
            self.shut(now, e)
        return True

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
class Doorway:
    """Two beams. ``path`` is which were broken, one after the other, since the doorway was clear."""

    rules: Rules
    broken: dict[str, int] = field(default_factory=dict)  # since when
    path: list[tuple[str, int]] | None = field(default_factory=list)  # None: nobody knows how it began
    hand: tuple[str, int] = ("", 0)  # broken alone and clear again: which beam, and until when
    blocked: str = ""

    def pass_time(self, now: int, e: Expected) -> bool:
        """Whether a beam has now been broken for too long."""
        late = [beam for beam, since in self.broken.items() if now >= since + self.rules.beam_blocked_ms]
        if self.blocked or not late:
            return False
        self.blocked, self.path = min(late, key=lambda beam: self.broken[beam]), None
        e.rows.append(("fault", None, "beam-blocked"))
        return True

    def edge(
        self, beam: str, broken: bool, at: int, now: int, e: Expected, *, found: bool
    ) -> tuple[int, bool]:
        """Who has passed (+1 in, −1 out), and whether it may be otherwise."""
        missed = broken == (beam in self.broken)
        if self.blocked == beam and not broken:
            self.blocked = ""
            e.rows.append(("fault-ended", None, "beam-blocked"))
        self.broken.pop(beam, None)
        self.broken |= {beam: now} if broken else {}
        here = "".join(sorted(self.broken, key="outer inner".split().index))
        if missed:
            self.path = None if here == "outerinner" else [(here, at)] if here else []
            self.hand = ("", 0)
            return 0, True
        if found:
            self.path, self.hand = None, ("", 0)
            return 0, False
        if not here:
            path, self.path = self.path, []
            alone = {word for word, _ in path or []}
            self.hand = (path[0][0], at) if path and len(alone) == 1 else ("", 0)
            return self._through(path), False
        if broken and here == beam:
            ahead = self.hand[0] not in ("", beam) and at - self.hand[1] < 300
            self.path = [self.hand] if ahead else []
        if self.path is None:
            return 0, False
        self.path.append((here, at))
        if self._followed(at):
            passed, self.path = self._way(self.path[0][0]), self.path[-1:]
            return passed, True
        return 0, False

    def _followed(self, at: int) -> bool:
        """Back at the first beam, past both, faster than a body is drawn back."""
        assert self.path is not None
        words = [here for here, _ in self.path]
        first, other = words[0], {"outer": "inner", "inner": "outer"}.get(words[0])
        wide = (first, "outerinner") in pairwise(words[:-1])
        return words[-3:] == [other, "outerinner", first] and wide and at - self.path[-2][1] < 150

    def _through(self, path: list[tuple[str, int]] | None) -> int:
        words = [here for here, _ in path or []]
        if not words or {words[0], words[-1]} != {"outer", "inner"}:
            return 0
        return self._way(words[0]) if (words[0], "outerinner") in pairwise(words) else 0

    @staticmethod
    def _way(first: str) -> int:
        return 1 if first == "outer" else -1


@dataclass
class People:
    """Who is in. ``sure``: 0 unknown, 1 an estimate, 2 exact."""

    rules: Rules
    count: int = 0
    sure: int = 0
    touched: int = 0
    expected: list[str] = field(default_factory=list)
    beams: bool = False  # they are fitted, and none is blocked
    put_and_still: bool = False
    moving: bool = False
    moved: int = 0
    seen: bool = False  # by the motion sensor, since the room was last empty
    lit: bool = False

    def surely_full(self, capacity: int) -> bool:
        """Full beyond doubt."""
        return self.sure == 2 and self.count >= capacity

    def empty_at(self, closed: bool) -> int | None:
        """When no sign of anybody will have been proof that the room is empty."""
        if not closed or self.moving or (self.count == 0 and self.sure > 0):
            return None
        if self.rules.has_motion and self.seen:
            return max(self.touched, self.moved) + self.rules.motion_silent_ms
        return max(self.touched, self.moved) + self.rules.empty_after_ms

    def pass_time(self, closed: bool, now: int, e: Expected) -> None:
        """A door shut and untouched, and a motion sensor silent, for long enough: the room is empty."""
        at = self.empty_at(closed)
        if at is not None and now >= at:
            self.put(0, now, e)

    def put(self, count: int, now: int, e: Expected) -> None:
        """The count is known."""
        self.count, self.sure, self.touched, self.expected = count, 1 + self.beams, now, []
        self.put_and_still, self.seen = True, self.seen and count > 0
        e.rows.append(("count", None, None))
        e.kept.add("occupancy")

    def touch(self, now: int) -> None:
        """The door moved, or somebody may."""
        self.touched, self.put_and_still = now, False

    def motion(self, moving: bool, door_open: bool, now: int, e: Expected) -> None:
        """Whatever moves behind a door that was still for a minute is somebody."""
        if moving == self.moving:
            return
        self.moving, self.moved, self.seen = moving, now, True
        if moving and not self.count and not door_open and now - self.touched >= MINUTE_MS:
            self.count, self.sure, self.put_and_still = 1, min(self.sure, 1), False
            e.rows.append(("count", None, None))
            e.kept.add("occupancy")

    def light(self, door_open: bool, now: int, e: Expected) -> None:
        """On for any sign of anybody, off a while after the last one in a room surely empty."""
        if not self.rules.has_lights:
            return
        empty = self.count == 0 and (self.sure == 2 or self.put_and_still)
        long_ago = now >= max(self.touched, self.moved) + self.rules.lights_off_ms
        wanted = not (empty and long_ago and not door_open and not self.moving)
        if wanted != self.lit:
            e.lights.append(wanted)
        self.lit = wanted

    def let_in(self, member: str, waiting: bool, at_once: bool, now: int, e: Expected) -> None:
        """A member may go in; he counts when the door opens, or at once where nothing tells."""
        self.touch(now)
        self.expected = [*(self.expected if waiting else []), member][-8:]
        if at_once:
            self.entered(now, e)

    def entered(self, now: int, e: Expected) -> None:
        """The door opened for all who were let in."""
        self.touch(now)
        if self.beams:
            return
        for member in self.expected:
            self._move(+1, ("entered", member, None), e)
        self.expected = []

    def left(self, now: int, e: Expected) -> None:
        """The door opened for the exit button."""
        self.touch(now)
        if not self.beams:
            self._move(-1, ("left", None, None), e)

    def crossed(self, inward: bool, now: int, e: Expected) -> None:
        """Somebody passed both beams."""
        self.touch(now)
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
