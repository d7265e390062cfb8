"""What must be true of every decision, in words, checked after each event of a walk.

``Witness.post`` asks the model (model.py) what must come of an event, has the core decide, and compares.
A name of the form ``rule_…`` is one promise; its docstring is the promise, its body the check.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from house import House
from model import Model
from parts import Doorway, Expected, People, Purse, Way
from timepiece import Timepiece

from door import budget, controller
from door.effects import (
    DURABLE,
    CountFailures,
    Cue,
    Effect,
    Light,
    Record,
    Relock,
    Remember,
    Reply,
    Settle,
    Show,
    Unlock,
    Use,
)
from door.events import (
    CommandReceived,
    Event,
    ExitPressed,
    KeyPressed,
    LockMoved,
    ServerTime,
    Started,
    TimerFired,
)
from door.state import restore

TEN_MINUTES_MS = 10 * 60_000
HALF_AN_HOUR_MS = 30 * 60_000
# Six digits that stand as a number are a moment; a code is text, and ten digits are one either way.
LIKE_A_CODE = re.compile(r"(?<!\d)\d{10}(?!\d)|(?<=['\" ])\d{6}(?=['\" ])")


@dataclass
class Seen:
    """One decision, beside what ought to have come of it."""

    event: Event
    effects: tuple[Effect, ...]
    expected: Expected
    unlocked_before: bool

    def first(self, kind: type[Effect]) -> int | None:
        """Where the first effect of a kind stands."""
        return next((n for n, e in enumerate(self.effects) if isinstance(e, kind)), None)

    def rows(self) -> Iterator[Record]:
        """The rows."""
        return (e for e in self.effects if isinstance(e, Record))

    def row(self, type_: str) -> Record | None:
        """The first row of a type."""
        return next((row for row in self.rows() if row.type == type_), None)


@dataclass
class Witness(House):
    """A house that believes nothing: every decision is held against the model and against each rule."""

    contact_open: bool = False
    strike_until: int | None = None  # as the strike was told; −1 until told otherwise
    powered_ms: int = 0  # running time of all lives together
    typed: set[str] = field(default_factory=set)  # every whole code and half that was ever typed
    admitted: dict[str, list[int]] = field(default_factory=dict)  # since power came on
    kept_at: int = 0  # when the known past was last kept
    now_before: int = 0
    m: Model | None = None
    seen: Seen | None = None
    decided: int = 0

    def boot(self) -> None:
        """Power comes: what was remembered is all there is, and it must be enough."""
        before, rules = self.m, self.rules
        level = self.facts.get("budget", rules.budget_tokens * rules.budget_refill_ms)
        assert isinstance(level, int)
        if before is not None:
            rule_power_is_no_refill(before, level, self.now_before)
            level = (
                0 if self.facts.get("used_steps_lost") else level
            )  # only double codes, till it has refilled
            rule_the_known_past_outlives_power(before, self.facts, self.now_before, self.kept_at)
            rule_the_pause_outlives_power(before, self.facts)
        past, pause = self.facts.get("known_past", 0), self.facts.get("pause", 0)
        assert isinstance(past, int)
        assert isinstance(pause, int)
        again = self.now + pause
        self.m = Model(
            rules,
            Timepiece((past * 1000, self.now)),
            Purse(
                rules,
                level,
                again,
                lockout=level < rules.budget_refill_ms,
                pause_ms=pause,
                pause_until=again,
            ),
            Way(rules),
            People(rules, 0 if before is None else before.people.count, touched=self.now),
            Doorway(rules),
        )
        if before is not None:
            for name in "records used failures taken list_at list_of grants spent refunded".split():
                setattr(self.m, name, getattr(before, name))
            if before.mode == "lockdown":
                self.m.mode, self.m.until = "lockdown", before.until
        self.strike_until, self.kept_at, self.admitted = None, self.now, {}
        self.state = restore(self.facts, self.access, self.now, rules)
        self.post(Started(self.contact_open if rules.has_contact else None, "test"))
        if self.clock:
            self.post(ServerTime(self.unix_ms))

    def power_cut(self, seconds: int = 0) -> None:
        """The power fails, comes back later, and the monotonic clock begins anew."""
        self.now_before = self.now
        super().power_cut(seconds)

    def change_rules(self, **changed: object) -> None:
        """From here on the door decides by these."""
        self.rules = replace(self.rules, **changed)  # type: ignore[arg-type]  # named in the walk
        assert self.m is not None
        self.m.rules = self.m.purse.rules = self.m.way.rules = self.rules
        self.m.people.rules = self.m.doorway.rules = self.rules

    def post(self, event: Event) -> tuple[Effect, ...]:
        """One event: foreseen, decided, applied and compared."""
        assert self.m is not None
        unlocked = self.strike_until is not None
        expected = self.m.foresee(event, self.now)
        self.log.clear()
        effects = super().post(event)
        self.decided += 1
        if isinstance(event, LockMoved) and self.strike_until not in {None, -1}:
            self.strike_until = max(self.strike_until, event.at + event.ms)
        for effect in effects:
            self._perform(effect)
        self.seen = Seen(event, effects, expected, unlocked)
        for rule in RULES:
            rule(self, self.seen, self.m)
        return effects

    def until(self, unix_ms: int) -> list[Effect]:
        """Let time pass; whatever was due by then must have been seen to."""
        super().until(unix_ms)
        rule_nothing_due_is_slept_through(self)
        return []

    def hang(self, ms: int) -> None:
        """The loop is kept from its work: time passes and nobody is woken."""
        self._to(self.now + ms)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Relock():
                self.strike_until = None
            case Unlock(ms):
                self.strike_until = -1 if ms is None else self.now + ms
            case Remember("known_past", _):
                self.kept_at = self.now

    def _to(self, moment: int) -> None:
        self.powered_ms += moment - self.now
        super()._to(moment)


# -- the lock ---------------------------------------------------------------------------------------


def rule_the_lock_is_as_it_ought_to_be(w: Witness, s: Seen, m: Model) -> None:
    """Unlocked only for the strike time after a grant, a command or the exit button, and in mode open.

    As long as that, and not a millisecond less because of whoever came before; locked in between.
    """
    until = m.way.until
    if until is None:
        assert w.strike_until is None, "the strike is energised and ought to be locked"
    elif w.strike_until is None:
        raise AssertionError("the strike is locked and ought to be open")
    else:
        assert w.strike_until == until, f"open until {w.strike_until} instead of {until}"
    assert w.state.doorway.unlocked == (until is not None), "the state says otherwise than the strike"


def rule_locking_comes_first(w: Witness, s: Seen, m: Model) -> None:
    """A relock stands before everything else, and is there whenever the time to lock has come."""
    locking = [n for n, e in enumerate(s.effects) if isinstance(e, Relock)]
    assert locking == list(range(len(locking))), "something stands before the relock"
    assert bool(locking) == s.expected.relocks, "a relock too many or too few"


def rule_the_way_out_works_at_once(w: Witness, s: Seen, m: Model) -> None:
    """The exit button opens in this very decision, whatever the mode, the lockout or the store."""
    if isinstance(s.event, ExitPressed) and w.rules.exit_unlocks:
        left = -1 if w.strike_until == -1 else (w.strike_until or 0) - w.now
        assert left == -1 or left >= w.rules.unlock_ms, "whoever pressed the exit button stands before a lock"
        if s.unlocked_before is False:
            assert s.first(Unlock) is not None, "the exit button opened nothing"


def rule_no_unlock_without_a_cause(w: Witness, s: Seen, m: Model) -> None:
    """An unlock needs a grant, a command or a mode recorded in the same decision, or the exit button."""
    if s.first(Unlock) is None or isinstance(s.event, ExitPressed):
        return
    assert any(s.row(type_) for type_ in ("granted", "unlocked", "mode", "fire", "fire-ended")), (
        "unlocked for no reason"
    )


# -- order ------------------------------------------------------------------------------------------


def rule_durable_before_it_is_shown(w: Witness, s: Seen, m: Model) -> None:
    """What a grant, a wrong guess or a command leaves behind is settled before anybody sees the answer."""
    settle = s.first(Settle)
    needed = s.expected.settles and any(isinstance(e, DURABLE) for e in s.effects)
    assert (settle is not None) == needed, "settled without need, or not settled"
    if settle is None:
        return
    before, after = s.effects[:settle], s.effects[settle + 1 :]
    assert not any(isinstance(e, (Unlock, Show, Reply)) for e in before), "seen before it was durable"
    assert not any(isinstance(e, DURABLE) for e in after), "left for after the answer"


def rule_a_record_before_every_entry(w: Witness, s: Seen, m: Model) -> None:
    """The unlock of a grant or of a command comes after its row and the settling of it."""
    for type_ in ("granted", "unlocked"):
        row, opened = s.row(type_), s.first(Unlock)
        if row is not None and opened is not None:
            assert s.effects.index(row) < (s.first(Settle) or 0) < opened, "unlocked before it was recorded"


def rule_shown_then_recorded(w: Witness, s: Seen, m: Model) -> None:
    """Where nothing has to be durable first, the cue does not wait behind rows."""
    if s.first(Settle) is None:
        shown = [n for n, e in enumerate(s.effects) if isinstance(e, (Show, Unlock, Relock))]
        rows = [n for n, e in enumerate(s.effects) if isinstance(e, DURABLE)]
        assert not shown or not rows or max(shown) < min(rows), "recorded first, shown later"


# -- who gets in ------------------------------------------------------------------------------------


def rule_the_answer_is_the_right_one(w: Witness, s: Seen, m: Model) -> None:
    """Right codes open unless something stands against them, wrong ones never; cues tell no more."""
    shown = Counter(e.cue.value for e in s.effects if isinstance(e, Show))
    assert shown == Counter(s.expected.cues), f"shown {shown}, not {Counter(s.expected.cues)}"


def rule_every_decision_leaves_its_row(w: Witness, s: Seen, m: Model) -> None:
    """Each grant, denial, change and alarm has its row, at once or gathered by the minute; no row is idle."""
    rows = Counter((row.type, row.member, row.reason) for row in s.rows())
    expected = Counter(s.expected.rows)
    v = m.verdict
    if v is not None and v.answer == "denied" and len(v.reasons) > 1:  # any of these may be told
        told = next((reason for reason in sorted(v.reasons) if rows["denied", v.member, reason]), None)
        expected -= Counter([("denied", v.member, min(v.reasons))])
        expected += Counter([("denied", v.member, told)])
    assert rows == expected, f"rows {rows - expected} too many, {expected - rows} too few"
    for row in s.rows():
        count = s.expected.counts.get((row.type, row.member, row.reason))
        assert count is None or row.detail["count"] == count, "the minute was counted wrong"


def rule_rows_carry_the_time_and_its_source(w: Witness, s: Seen, m: Model) -> None:
    """A row says when it was, by the best time the door has, and what that is worth."""
    at, source = m.time.best(w.now), m.time.source(w.now)
    for row in s.rows():
        assert (row.at, row.clock) == (at, source), f"dated {row.at} by {row.clock}, not {at} by {source}"


def rule_one_code_one_entry(w: Witness, s: Seen, m: Model) -> None:
    """No step of a member, kind and generation grants twice (paper: its uses a day), ever."""
    if m.verdict is None or m.verdict.answer != "granted":
        assert not any(isinstance(e, Use) for e in s.effects), "a code was used up and nobody let in"
        return
    for key, times in m.grants.items():
        assert times <= (w.rules.codes.paper_uses if key[1] == "paper" else 1), "let in twice by one code"
    way, row = m.verdict.way, s.row("granted")
    assert way is not None
    assert row is not None
    told = row.detail.get("pair" if way.kind == "card" else "step")
    assert (row.detail["kind"], row.detail["generation"], told, row.detail["double"]) == (
        way.kind,
        way.record.generation,
        way.step,
        m.verdict.first is not None,
    ), "the row tells of another code"


def rule_nobody_but_staff_in_lockdown(w: Witness, s: Seen, m: Model) -> None:
    """In lockdown only staff go in, and only by a double code."""
    row = s.row("granted")
    if row is not None and row.member is not None and m.mode == "lockdown":
        assert m.record(row.member).kind == "staff", "let in during a lockdown"
        assert row.detail["double"], "a single code opened during a lockdown"


def rule_a_revoked_member_stays_out(w: Witness, s: Seen, m: Model) -> None:
    """No grant is of a generation that was revoked."""
    row = s.row("granted")
    if row is not None and row.member is not None:
        assert int(str(row.detail["generation"])) > m.record(row.member).revoked_through, (
            "revoked, and let in"
        )


def rule_four_entries_in_half_an_hour(w: Witness, s: Seen, m: Model) -> None:
    """A shared screenshot is a bundle of codes: no member goes in more often than that."""
    row = s.row("granted")
    if row is not None and row.member is not None:
        times = w.admitted.setdefault(row.member, [])
        times.append(w.now)
        lately = sum(w.now - at < HALF_AN_HOUR_MS for at in times)
        assert lately <= w.rules.entries_in_half_an_hour, "too many entries"


def rule_the_list_is_as_it_ought_to_be(w: Witness, s: Seen, m: Model) -> None:
    """Generations, revocations and card pairs never fall; the rest comes from whoever is newer."""
    assert w.access.records == m.records, "the access list is another"
    assert (w.access.revision, w.access.digest) == m.list_of, "the list is known by another revision"
    assert w.access.failures == dict(m.failures), "failures in a row were counted wrong"


# -- guessing ---------------------------------------------------------------------------------------


def rule_guesses_are_paid_for(w: Witness, s: Seen, m: Model) -> None:
    """A wrong guess spends a token, durably and before the cue; nothing else does; refunds have a limit."""
    level = budget.level(w.state.budget, w.now, w.rules)
    assert level == m.purse.now(w.now), f"a level of {level}, not {m.purse.now(w.now)}"
    assert w.state.budget.lockout == m.purse.lockout, "in a lockout, or not"
    for effect in s.effects:
        if isinstance(effect, Remember) and effect.name == "budget":
            assert effect.value == level, "remembered another level"
    assert (
        any(isinstance(e, CountFailures) for e in s.effects)
        or m.verdict is None
        or (m.verdict.costs != "token")
    ), "a failure that nobody counts"


def rule_no_more_guesses_than_tokens(w: Witness, s: Seen, m: Model) -> None:
    """Since the door was built: tokens spent ≤ the budget + running time / refill + refunds, power or not."""
    full = w.rules.budget_tokens * w.rules.budget_refill_ms
    assert m.spent * w.rules.budget_refill_ms <= full + w.powered_ms + m.refunded * w.rules.budget_refill_ms


def rule_the_pause_is_as_long_as_earned(w: Witness, s: Seen, m: Model) -> None:
    """After a wrong pair 2 s, doubled up to 30 s, and the wait cue says how long it still is."""
    assert budget.pausing(w.state.budget, w.now) == max(0, m.purse.pause_until - w.now), "another pause"
    for effect in s.effects:
        if isinstance(effect, Show) and effect.cue is Cue.WAIT:
            assert effect.ms == m.purse.pause_until - w.now, "the cue lasts another time than the pause"


# -- the leaf, the mode, the room -------------------------------------------------------------------


def rule_alarms_tell_the_truth(w: Witness, s: Seen, m: Model) -> None:
    """Held only after its time, forced only when locked, unshunted and not found open; both until closed."""
    alarms = w.state.alarms(w.now, w.rules)
    expected = {"held": m.way.held, "forced": m.way.forced, "lockout": m.purse.lockout}
    expected |= {"store-failed": m.store_fault is not None, "clock-untrusted": not m.time.trusted(w.now)}
    expected |= {"fire": m.way.fire, "beam-blocked": bool(m.doorway.blocked)}
    expected |= {"tamper": ("tamper", "") in m.faults, "power-failed": ("power-failed", "") in m.faults}
    for alarm, there in expected.items():
        assert (alarm in alarms) == there, f"{alarm} is told wrong"
    assert w.state.doorway.open == m.way.open, "the leaf stands otherwise"


def rule_modes_end_when_they_end(w: Witness, s: Seen, m: Model) -> None:
    """Open lasts a day at most and no restart; lockdown survives it; each ends at its hour, none before."""
    mode = w.state.mode
    assert (mode.mode, mode.until, mode.ends) == (m.mode, m.until, m.ends), (
        "another mode, or another end of it"
    )


def rule_the_count_is_honest(w: Witness, s: Seen, m: Model) -> None:
    """Never below none; up by who was let in, down by who left, nought behind a door long untouched."""
    people = w.state.occupancy
    sure = ("unknown", "estimate", "exact").index(people.confidence.value)
    assert people.count == m.people.count, f"{people.count} in the room, not {m.people.count}"
    assert people.count >= 0
    assert sure == m.people.sure, "surer or less sure than it may be"


def rule_the_light_is_on_while_somebody_may_be_in(w: Witness, s: Seen, m: Model) -> None:
    """The lights go on with the first sign of anybody, and off only in a room surely empty, after a while."""
    assert [e.on for e in s.effects if isinstance(e, Light)] == s.expected.lights, "the lights were switched"
    assert w.state.lit == m.people.lit


# -- time -------------------------------------------------------------------------------------------


def rule_time_is_what_the_best_source_says(w: Witness, s: Seen, m: Model) -> None:
    """The known past is moved by the server, by phone codes and by running time alone, and never down but
    by the server; now comes from the best source that holds.
    """
    reading, unix_ms = w.state.reading(w.now), m.time.unix_ms(w.now)
    assert reading.source == m.time.source(w.now), f"{reading.source}, not {m.time.source(w.now)}"
    assert reading.known_past == m.time.known_past(w.now) // 1000, "another known past"
    assert reading.unix == (None if unix_ms is None else unix_ms // 1000), "another now"


def rule_facts_are_kept(w: Witness, s: Seen, m: Model) -> None:
    """What must outlive the power is remembered in the decision that changes it."""
    kept = {e.name for e in s.effects if isinstance(e, Remember)}
    kept |= {"budget"} if w.facts.get("budget") == m.purse.now(w.now) else set()  # in this very millisecond
    assert s.expected.kept <= kept, f"{s.expected.kept - kept} not remembered"
    past = [e.value for e in s.effects if isinstance(e, Remember) and e.name == "known_past"]
    assert past in ([], [m.time.known_past(w.now) // 1000]), "remembered another known past"


def rule_power_is_no_refill(m: Model, level: int, now: int) -> None:
    """Pulling the plug gives no token back, and takes no more than ten minutes of refilling."""
    assert m.purse.now(now) - TEN_MINUTES_MS <= level <= m.purse.now(now), "a power cut changed the budget"


def rule_the_known_past_outlives_power(m: Model, facts: dict[str, object], now: int, kept_at: int) -> None:
    """A power cut forgets at most ten minutes of running time."""
    assert now - kept_at <= TEN_MINUTES_MS, "the known past was not kept for too long"
    assert (
        int(str(facts.get("known_past", 0))) <= max(m.time.known_past(now), 0) // 1000 or m.time.readings
    ), "more has passed than can have"


def rule_the_pause_outlives_power(m: Model, facts: dict[str, object]) -> None:
    """Pulling the plug shortens no pause: it begins anew, and doubles as before."""
    assert facts.get("pause", 0) == m.purse.pause_ms, "a power cut changed the pause"


# -- commands ---------------------------------------------------------------------------------------


def rule_commands_are_taken_once(w: Witness, s: Seen, m: Model) -> None:
    """Fresh, never before, by a trusted clock (or unable to open); each is answered with the right word."""
    replies = [e.error for e in s.effects if isinstance(e, Reply)]
    assert replies == s.expected.replies, f"answered {replies}, not {s.expected.replies}"
    if isinstance(s.event, CommandReceived) and "commands" in s.expected.kept:
        names = [e.name for e in s.effects if isinstance(e, Remember)]
        assert "commands" in names, "a command that is not remembered can be played again"


# -- always -----------------------------------------------------------------------------------------


def rule_nothing_typed_is_told(w: Witness, s: Seen, m: Model) -> None:
    """No code, whole or half, stands in an effect or in the state as they would be printed."""
    if isinstance(s.event, KeyPressed) or m.verdict is not None:
        told = repr(s.effects) + repr(w.state) + repr(s.event)
        assert not w.typed.intersection(LIKE_A_CODE.findall(told)), "a typed code is told"


def rule_the_timer_is_never_in_the_past(w: Witness, s: Seen, m: Model) -> None:
    """Once called for nothing else, the core has nothing left to do now (a busy loop would burn the Pi)."""
    state = w.state
    for _ in range(len(state.keys.typed) + 2):
        if state.timer(w.rules) > w.now:
            return
        state, _ = controller.decide(state, TimerFired(), w.now, w.rules)
    raise AssertionError("woken again and again with nothing to do")


def rule_nothing_due_is_slept_through(w: Witness) -> None:
    """The core asks to be woken for whatever comes: no lock, alarm, silence, end or note is late."""
    m = w.m
    assert m is not None
    asked = Expected()
    was = (m.way.reminded_at, m.way.held)
    m.way.pass_time(w.now, asked)
    m.way.reminded_at, m.way.held = was
    slept = {
        "the lock or the leaf": bool(asked.relocks or asked.cues or asked.rows),
        "the end of a mode": m.ends is not None and w.now >= m.ends,
        "the end of a lockout": m.purse.lockout and m.purse.now(w.now) >= w.rules.budget_refill_ms,
        "what was gathered": m.purse.gathering_since is not None
        and w.now >= m.purse.gathering_since + 60_000,
        "digits left standing": any(w.now >= last + w.rules.silence_ms for _, last in m.typed.values()),
        "a second code": any(
            pad in m.firsts and len(digits) == 6 and w.now >= last + w.rules.second_pause_ms
            for pad, (digits, last) in m.typed.items()
        ),
        "a first code that is over": any(w.now - f.at > w.rules.pair_ms for f in m.firsts.values()),
        "the known past": w.now - w.kept_at >= TEN_MINUTES_MS,
        "an empty room": w.now >= (m.people.empty_at(m.way.open is False) or w.now + 1),
        "a blocked beam": not m.doorway.blocked
        and any(w.now >= since + w.rules.beam_blocked_ms for since in m.doorway.broken.values()),
        "the lights": _lights_late(m, w.now),
    }
    assert not any(slept.values()), f"slept through {[what for what, was_ in slept.items() if was_]}"


def _lights_late(m: Model, now: int) -> bool:
    asked, lit = Expected(), m.people.lit
    m.people.light(bool(m.way.open), now, asked)
    m.people.lit = lit
    return bool(asked.lights)


Rule = Callable[[Witness, Seen, Model], None]
_AT_OTHER_TIMES = {"rule_power_is_no_refill", "rule_the_known_past_outlives_power"}
_AT_OTHER_TIMES |= {"rule_nothing_due_is_slept_through", "rule_the_pause_outlives_power"}
RULES: tuple[Rule, ...] = tuple(
    rule for name, rule in list(globals().items()) if name.startswith("rule_") and name not in _AT_OTHER_TIMES
)
