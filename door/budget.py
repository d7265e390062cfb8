"""Wrong guesses: the budget of the whole door, refunds, lockout, and the pause after wrong pairs.

The level counts milliseconds of refill, so that a token is ``rules.budget_refill_ms`` of running time
and nothing is lost to rounding. What a wrong guess costs, a token or a pause, is kept durably before the
answer is given: whoever pulls the plug is rid of neither. In a pause nothing refills, so that nobody has the
guesses of both: pairs all the time, and each single code as it is earned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from door.effects import CountFailures, Effect, Record, Remember, Settle
from door.events import Moment
from door.rules import Rules

REFUND_WITHIN_MS = 5 * 60_000
REFUNDS_AT_MOST = 3
PAUSE_MS = 2_000
PAUSE_AT_MOST_MS = 30_000
PAUSE_FORGOTTEN_MS = 10 * 60_000
BURST_MS = 60_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A token spent for ``member``; ``near`` when a slip of the finger explains it."""

    member: str
    at: Moment
    near: bool


@dataclass(frozen=True, slots=True)
class Burst:
    """What anyone can repeat for ever at no cost, gathered into one row a minute of each kind."""

    began: Moment
    counts: tuple[tuple[str, str, int], ...]  # row type, reason, how often


@dataclass(frozen=True, slots=True)
class Budget:
    """The level at a moment (milliseconds of refill), and what it needs to be fair and slow."""

    level: int
    at: Moment
    lockout: bool = False
    failures: tuple[Failure, ...] = ()
    pause_ms: int = 0
    pause_until: Moment = 0
    burst: Burst | None = None


def full(rules: Rules) -> int:
    """The level of an untouched budget."""
    return rules.budget_tokens * rules.budget_refill_ms


def level(budget: Budget, now: Moment, rules: Rules) -> int:
    """The level carried to ``now``."""
    return min(full(rules), budget.level + max(0, now - budget.at))


def restored(stored: int, pause: object, now: Moment, *, lockout: bool) -> Budget:
    """The budget after a start; the pause begins anew. What cannot be read is the longest."""
    sound = pause is None or (type(pause) is int and 0 <= pause <= PAUSE_AT_MOST_MS)
    ms = int(str(pause or 0)) if sound else PAUSE_AT_MOST_MS
    return Budget(stored, now + ms, lockout=lockout, pause_ms=ms, pause_until=now + ms)


def remembered(budget: Budget, now: Moment, rules: Rules) -> Effect:
    """The level as it is kept across restarts; time without power refills nothing."""
    return Remember("budget", level(budget, now, rules))


def spend(
    budget: Budget, member: str, near: bool, in_a_row: int, now: Moment, rules: Rules
) -> tuple[Budget, tuple[Effect, ...]]:
    """One wrong guess at ``member``: a token, durably, before anything is shown."""
    left = max(0, level(budget, now, rules) - rules.budget_refill_ms)
    recent = tuple(f for f in budget.failures if now - f.at < REFUND_WITHIN_MS)
    budget = replace(budget, level=left, at=now, failures=(*recent, Failure(member, now, near)))
    effects: tuple[Effect, ...] = (
        remembered(budget, now, rules),
        CountFailures(member, in_a_row + 1),
        Settle(),
    )
    if left >= rules.budget_refill_ms or budget.lockout:
        return budget, effects
    return replace(budget, lockout=True), (*effects, Record("lockout"))


def refund(
    budget: Budget, member: str, first_spent_at: Moment | None, now: Moment, rules: Rules
) -> tuple[Budget, tuple[Effect, ...]]:
    """``member`` got in: give back his near misses, and the token of a double code's first half."""
    mine = [f for f in budget.failures if f.member == member and now - f.at <= REFUND_WITHIN_MS]
    near = sum(f.near and f.at != first_spent_at for f in mine)
    tokens = min(REFUNDS_AT_MOST, near) + (first_spent_at is not None)
    rest = tuple(f for f in budget.failures if f.member != member)
    if not tokens:
        return (replace(budget, failures=rest) if mine else budget), ()
    back = min(full(rules), level(budget, now, rules) + tokens * rules.budget_refill_ms)
    budget = replace(budget, level=back, at=now, failures=rest)
    budget, ended = _end_lockout(budget, now, rules)
    return budget, (remembered(budget, now, rules), *ended)


def wrong_pair(budget: Budget, now: Moment, rules: Rules) -> tuple[Budget, tuple[Effect, ...]]:
    """A wrong pair costs a pause, durably: 2 s, doubled to 30 s, forgotten after 10 minutes without one."""
    pause = min(PAUSE_AT_MOST_MS, 2 * budget.pause_ms) or PAUSE_MS
    until = now + pause
    budget = replace(budget, level=level(budget, now, rules), at=until, pause_ms=pause, pause_until=until)
    return budget, (remembered(budget, now, rules), Remember("pause", pause), Settle())


def pausing(budget: Budget, now: Moment) -> int:
    """Milliseconds for which no attempt is taken."""
    return max(0, budget.pause_until - now)


def gather(budget: Budget, row_type: str, reason: str, now: Moment) -> Budget:
    """Count one more ``row_type`` of ``reason``; its row comes at the end of the minute."""
    burst = budget.burst or Burst(now, ())
    count = next((n for t, r, n in burst.counts if (t, r) == (row_type, reason)), 0)
    others = tuple(c for c in burst.counts if c[:2] != (row_type, reason))
    return replace(budget, burst=Burst(burst.began, (*others, (row_type, reason, count + 1))))


def due(budget: Budget, rules: Rules) -> Moment | None:
    """When ``tick`` has something to do."""
    moments = []
    if budget.lockout:
        moments.append(budget.at + rules.budget_refill_ms - budget.level)
    if budget.burst is not None:
        moments.append(budget.burst.began + BURST_MS)
    if budget.pause_ms:
        moments.append(budget.pause_until + PAUSE_FORGOTTEN_MS + 1)
    return min(moments, default=None)


def tick(budget: Budget, now: Moment, rules: Rules) -> tuple[Budget, tuple[Effect, ...]]:
    """End a lockout that has refilled, a minute of wrong attempts, and the memory of pauses."""
    budget, effects = _end_lockout(budget, now, rules)
    if budget.pause_ms and now - budget.pause_until > PAUSE_FORGOTTEN_MS:
        budget, effects = replace(budget, pause_ms=0), (*effects, Remember("pause", 0))
    if budget.burst is not None and now >= budget.burst.began + BURST_MS:
        effects = (*effects, *rows(budget))
        budget = replace(budget, burst=None)
    return budget, effects


def rows(budget: Budget) -> tuple[Effect, ...]:
    """The rows of the minute that is being gathered."""
    counts = budget.burst.counts if budget.burst is not None else ()
    return tuple(Record(t, reason=reason, detail={"count": n}) for t, reason, n in counts)


def _end_lockout(budget: Budget, now: Moment, rules: Rules) -> tuple[Budget, tuple[Effect, ...]]:
    if not budget.lockout or level(budget, now, rules) < rules.budget_refill_ms:
        return budget, ()
    return replace(budget, lockout=False), (Record("lockout-ended"),)
