"""Walks of whole gestures past the door: what people, servers, power and discs do, at the worst moment.

A gesture is a verb with two small numbers, after a gap. The gaps are the durations of every rule, one
millisecond less and one more, read from ``Rules`` and the modules of the core: a new rule is in at once.
Single keys at even gaps miss what goes wrong between two people at a door (STYLE, Tests).

``python walk.py MOST`` walks until something is wrong, ``MOST`` times at most, and says how often.
"""

from __future__ import annotations

import operator
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import ModuleType

from house import KEY, wrong
from hypothesis import strategies as st
from witness import Witness

from contract.access import AccessRecord
from contract.codes import WINDOWS, Kind, issue
from contract.hours import Hours
from contract.messages import Command
from door import controller
from door import events as ev
from door.rules import Rules

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
OPEN_AT_MOST_MS = 4 * MINUTE_MS  # an open door cries every ten seconds: longer tells nothing new
DEFAULT = Rules("yuexin", KEY, search_seconds=3600, staff_search_seconds=1800)
TIGHT = replace(
    DEFAULT,
    budget_tokens=3,
    budget_refill_ms=11 * MINUTE_MS,
    failures_in_a_row=4,
    entries_in_half_an_hour=2,
    lease_seconds=5400,
    list_stale_seconds=2700,
    empty_after_ms=50 * MINUTE_MS,
    capacity=3,
    when_full="refuse",
    codes=replace(DEFAULT.codes, paper_uses=2),
)
MORNING = Hours(week=((((8 * 60, 22 * 60),)),) * 7)
DOORS = (
    TIGHT,
    replace(TIGHT, has_contact=False, search_seconds=DEFAULT.search_seconds),
    DEFAULT,
    replace(TIGHT, exit_unlocks=False, hours=MORNING, trust_system_clock=True, failures_in_a_row=2),
    replace(TIGHT, has_beams=True, has_motion=True, has_lights=True, has_bell=True),
    replace(TIGHT, has_motion=True, motion_silent_ms=20 * MINUTE_MS, has_lights=True),
)
CAST = (
    AccessRecord("0427"),
    AccessRecord("0012", kind=Kind.STAFF, generation=2),
    AccessRecord("0300", kind=Kind.PAPER),
    AccessRecord("0555", generation=3, card_pair=4),
)
STRANGER = "9998"


def core() -> list[ModuleType]:
    """The controller and every module of the door that it reaches."""
    found: list[ModuleType] = []
    ahead = [controller]
    while ahead:
        module = ahead.pop()
        found.append(module)
        reached = [m for m in vars(module).values() if isinstance(m, ModuleType)]
        ahead += [m for m in reached if m.__name__.startswith("door.") and m not in found + ahead]
    return found


def durations() -> set[int]:
    """Every duration a rule goes by, in milliseconds, from a tenth of a second to half a day."""
    found = {s * 1000 for w in WINDOWS.values() for s in (w.step, w.skew, w.grace)}
    for rules in DOORS:
        found |= {getattr(rules, f.name) for f in fields(rules) if f.name.endswith("_ms")}
        found |= {getattr(rules, f.name) * 1000 for f in fields(rules) if f.name.endswith("_seconds")}
    for module in core():
        for name, value in vars(module).items():
            if isinstance(value, int) and name.isupper():
                found |= {value} if name.endswith("_MS") else set()
                found |= {value * 1000} if name.endswith(("_S", "_SECONDS")) else set()
    return {ms for ms in found if 100 <= ms <= DAY_MS}


SHORT = (0, 1, 200, 1000, 2500, 9000)
GAPS = tuple(sorted({ms + by for ms in durations() for by in (-1, 0, 1)}))
WITHIN_MINUTES = tuple(gap for gap in GAPS if gap <= 11 * MINUTE_MS + 1)
BEYOND = tuple(gap for gap in GAPS if gap > 11 * MINUTE_MS + 1)


@dataclass(frozen=True)
class Gesture:
    """``verb`` done ``gap`` ms after what was before; what ``a`` and ``b`` choose is the verb's own."""

    verb: str
    a: int = 0
    b: int = 0
    gap: int = 0


Act = Callable[["Walker", int, int], None]
VERBS: dict[str, Act] = {}
WEIGHTS: list[str] = []


def gesture(weight: int) -> Callable[[Act], Act]:
    """Something that happens at a door, so often."""

    def named(act: Act) -> Act:
        VERBS[act.__name__] = act
        WEIGHTS.extend([act.__name__] * weight)
        return act

    return named


class Walker:
    """Somebody who does to one door whatever the walk says."""

    def __init__(self, door: int) -> None:
        self.w = Witness(DOORS[door % len(DOORS)])
        self.issued = {record.member: record for record in CAST}  # as the server has them
        self.revision, self.n, self.gap = 1, 100, 0  # room below the first command
        self.late = False  # the loop hangs until the next thing happens
        self.last: tuple[str, str] = ("0427", "0427000000")  # what was typed last
        self.list_all()

    def do(self, g: Gesture) -> None:
        """One gesture. A gap is waited for before the first event, or (typing) before the last key."""
        self.gap = min(g.gap, OPEN_AT_MOST_MS) if self.w.m and self.w.m.way.open else g.gap
        VERBS[g.verb](self, g.a, g.b)
        self.pause()

    def pause(self, but: int = 0) -> None:
        """Let what is left of the gap pass."""
        ms, self.gap = max(0, self.gap - but), 0
        if ms and self.late:
            self.w.hang(ms)
        else:
            self.w.until(self.w.unix_ms + ms)
        self.late = False

    def post(self, event: ev.Event) -> None:
        """Something happens after the gap."""
        self.pause()
        self.w.post(event)

    def keys(self, digits: str, keypad: str = "front", pace: int = 150, *, at_end: bool = True) -> None:
        """Type: the gap ends with the last key, or with the first."""
        if len(digits.rstrip("#")) >= 6:
            self.last = (digits[:4], digits)
            self.w.typed |= {digits.rstrip("#"), digits.rstrip("#")[-6:]}
        if digits:
            self.pause(but=pace * (len(digits) - 1) if at_end else 0)
        for n, key in enumerate(digits):
            if n:
                self.w.until(self.w.unix_ms + pace)
            self.w.post(ev.KeyPressed(keypad, key))

    def halves(self, who: int, later: int = 0) -> tuple[str, str]:
        """What the member has in hand: his whole code, and the six digits after it."""
        record = self.issued[CAST[who % 4].member]
        codes = self.w.rules.codes
        step = codes.step(record.kind, self.w.unix_ms // 1000) + later
        shown = issue(KEY, "yuexin", record.kind, record.member, record.generation, max(1, step), codes)
        return shown.digits, shown.second

    def list_all(self, *changed: AccessRecord, complete: bool = True, revision: int | None = None) -> None:
        """An answer of the server."""
        members = tuple(self.issued.values()) if complete else changed
        revision = self.revision if revision is None else revision
        self.post(ev.ListReceived(revision, f"{revision:064}", complete, members))

    def change(self, who: int, **changed: object) -> AccessRecord:
        """The server writes a record anew; the door hears nothing of it yet."""
        self.revision += 1
        record = replace(self.issued[CAST[who % 4].member], revision=self.revision, **changed)  # type: ignore[arg-type]
        self.issued[record.member] = record
        return record

    def command(
        self, verb: str, args: Mapping[str, object] | None = None, *, n: int | None = None, life: int = 30
    ) -> None:
        """A command of the server; what it says of time is what time it really is."""
        self.pause()
        self.n = max(self.n, self.n + 1 if n is None else n)
        number = self.n if n is None else max(1, n)
        self.w.post(
            ev.CommandReceived(Command(f"c{number}", number, verb, args or {}, self.w.unix_ms // 1000 + life))
        )


# -- people at the keypad ---------------------------------------------------------------------------


@gesture(18)
def good(walker: Walker, who: int, b: int) -> None:
    """A member types the code that he has; sometimes a step ahead or behind, or on the other keypad."""
    code, _ = walker.halves(who, (0, 0, 0, 0, 0, -1, 1, 0)[b])
    walker.keys(code, "side" if b == 7 else "front", at_end=b % 2 == 0)


@gesture(12)
def double(walker: Walker, who: int, b: int) -> None:
    """A double code: with ``#``, after the pause, whole, or with a wait in between."""
    code, second = walker.halves(who, (0, 0, 0, 0, 0, -1, 1, 30)[b])
    walker.keys(code)
    if b == 3:
        walker.keys(code[:4] + second)
    elif b == 2:
        walker.keys(second)
        walker.gap = walker.w.rules.second_pause_ms
        walker.pause()
    else:
        walker.keys(second + "#")


@gesture(3)
def first_half(walker: Walker, who: int, b: int) -> None:
    """The first of a double code, and no more for now."""
    walker.keys(walker.halves(who, b % 2)[0])


@gesture(4)
def second_half(walker: Walker, who: int, b: int) -> None:
    """The six digits alone, as if the first had come before: at the gap after it, to the millisecond."""
    code, second = walker.halves(who, -(b // 2 % 2))
    walker.keys((second + "#", second, code[:4] + second)[b % 3])


@gesture(4)
def wrong_pair(walker: Walker, who: int, b: int) -> None:
    """A double code of which the first, the second or both are wrong, or whose halves are swapped."""
    code, second = walker.halves(who)
    first = (wrong(code), code, wrong(code), code[:4] + second)[b % 4]
    after = (second, wrong(second), wrong(second), code[4:])[b % 4]
    walker.keys(first)
    walker.keys(after + "#" if b < 4 else code[:4] + after)


@gesture(4)
def card(walker: Walker, who: int, b: int) -> None:
    """A pair of a wallet card: the next, a later, the last that counts, one too far, an old one."""
    record = walker.issued[CAST[who % 4].member]
    ours = walker.w.access.record(record.member).card_pair
    pair = max(1, ours + (1, 1, 2, 10, 11, 0, 1, 3)[b])
    shown = issue(KEY, "yuexin", Kind.CARD, record.member, record.generation, pair, walker.w.rules.codes)
    halves = (shown.digits, shown.second)
    if b == 6:
        halves = (shown.digits[:4] + shown.second, shown.digits[4:])
    walker.keys(halves[0])
    walker.keys(halves[1] + "#")


@gesture(5)
def bad(walker: Walker, who: int, b: int) -> None:
    """A wrong code, of a member or of nobody."""
    code = STRANGER + f"{b:06}" if b > 4 else wrong(walker.halves(who)[0])
    walker.keys(code, "side" if b == 4 else "front")


@gesture(4)
def slip(walker: Walker, who: int, b: int) -> None:
    """One or two digits wrong (three: no slip any more), and perhaps the right code at once."""
    code, second = walker.halves(who)
    for at in range(1 + b % 3):
        place = 4 + 2 * at
        code = code[:place] + str((int(code[place]) + 1 + b) % 10) + code[place + 1 :]
    walker.keys(code)
    if b >= 3:
        walker.gap = max(walker.gap, 200)
        walker.keys(walker.halves(who)[0])
    elif b == 2:
        walker.keys(second + "#")


@gesture(3)
def typos(walker: Walker, who: int, b: int) -> None:
    """Slip upon slip of the finger, and then right."""
    for n in range(1 + b % 5):
        code = walker.halves(who)[0]
        walker.keys(code[:9] + str((int(code[9]) + 1 + n) % 10))
        walker.gap = 2000
    walker.keys(walker.halves(who)[0])


@gesture(4)
def again(walker: Walker, a: int, b: int) -> None:
    """What was typed last, once more; by whoever stood behind."""
    walker.keys(walker.last[1], "side" if b == 7 else "front")


@gesture(3)
def at_the_edge(walker: Walker, who: int, b: int) -> None:
    """A code whose last key falls on the first or last moment of its window, or one millisecond off."""
    kind = walker.issued[CAST[who % 4].member].kind
    window, codes = WINDOWS[kind], walker.w.rules.codes
    later = (0, -1, 1, 1)[b % 4]
    step = codes.step(kind, walker.w.unix_ms // 1000) + later
    begin, end = codes.begin(kind, step), codes.end(kind, step)
    edge = (end + window.grace, end + window.grace, begin - window.skew, begin - window.skew)[b % 4]
    code, second = walker.halves(who, later)
    walker.gap = edge * 1000 + (0, -1, 1)[b % 3] - walker.w.unix_ms
    if kind is Kind.PAPER and walker.w.m and walker.w.m.way.open:
        walker.gap = 0
    walker.keys(code)
    if b > 5:
        walker.keys(second + "#")


@gesture(3)
def another_step(walker: Walker, who: int, b: int) -> None:
    """A code long past or not yet begun, also at the ends of what is explained (30 minutes)."""
    walker.keys(walker.halves(who, (-2, 2, -15, 15, -17, 17, -3, 3)[b])[0])


@gesture(2)
def short(walker: Walker, who: int, b: int) -> None:
    """Too few digits, entered."""
    walker.keys(walker.halves(who)[0][: (1, 5, 6, 9, 7, 8, 3, 2)[b]] + "#")


@gesture(2)
def clear(walker: Walker, who: int, b: int) -> None:
    """Cleared in the middle, and begun anew."""
    code = walker.halves(who)[0]
    walker.keys(code[: 2 + b] + "*")
    walker.keys(code if b % 2 else "")


@gesture(3)
def stop_typing(walker: Walker, who: int, b: int) -> None:
    """Typed in part; after the gap the rest, which by then may be another attempt."""
    code = walker.halves(who)[0]
    walker.keys(code[: 1 + b])
    walker.gap = (14_999, 15_000, 15_001, 2999, 3000, 3001, 15_000, 1)[b]
    walker.keys(code[1 + b :], at_end=False)


@gesture(3)
def two_at_once(walker: Walker, who: int, b: int) -> None:
    """Two members on two keypads, key by key in turn; or one who has both at the same code."""
    ours = walker.halves(who)[0]
    theirs = ours if b == 7 else walker.halves(who + 1)[0]
    walker.pause()
    for a_key, b_key in zip(ours, theirs, strict=True):
        walker.w.post(ev.KeyPressed("front", a_key))
        walker.w.until(walker.w.unix_ms + 70)
        walker.w.post(ev.KeyPressed("side", b_key))
        walker.w.until(walker.w.unix_ms + 70)


@gesture(2)
def drain(walker: Walker, a: int, b: int) -> None:
    """A vandal types until there is a lockout, at most."""
    walker.pause()
    for n in range(walker.w.rules.budget_tokens):
        walker.gap = 2000
        walker.keys(f"{STRANGER if n % 2 else '7776'}{n + a * 10:06}")
        if walker.w.state.budget.lockout:
            return


# -- the leaf and the way out -----------------------------------------------------------------------


@gesture(8)
def opens(walker: Walker, a: int, b: int) -> None:
    """The door is opened (forced, if it was locked), and perhaps closed."""
    if not walker.w.rules.has_contact:
        return
    until = walker.w.m.way.until if walker.w.m else None
    if b > 5 and until not in (None, -1):  # at the end of the grace that follows the relock
        walker.gap = until - walker.w.now + walker.w.rules.forced_grace_ms + (-1, 0, 1)[a % 3]
    walker.post(ev.ContactChanged(True))
    if b < 5:
        walker.gap = (500, 3000, 1499, 1500, 1501)[b]
        walker.post(ev.ContactChanged(False))


@gesture(4)
def closes(walker: Walker, a: int, b: int) -> None:
    """The door is closed; a level told twice is no news."""
    if walker.w.rules.has_contact:
        walker.post(ev.ContactChanged(False))


@gesture(5)
def leaves(walker: Walker, a: int, b: int) -> None:
    """The exit button, once or again, and perhaps out."""
    if b == 7:
        walker.command("mode", {"mode": "open"})
    walker.post(ev.ExitPressed())
    if a in (1, 2):
        walker.gap = 150 * (a - 1)  # so long the record took
        walker.pause()
        walker.post(ev.LockMoved(walker.w.now))
    if b in (1, 2, 3):
        walker.gap = (700, 3000, walker.w.rules.exit_shunt_ms)[b - 1]
        opens(walker, 0, 0)
    elif b == 4:
        walker.gap = 1000
        walker.post(ev.ExitPressed())
    elif b > 4:
        walker.gap = (1000, 4999, 5000, 1)[a % 4]
        walker.command("mode", {"mode": ("lockdown", "normal", "open")[a % 3]})


# What each beam does, as somebody passes from outside (O, I: broken; o, i: clear again).
PASSAGES = (
    "OIoi",  # in
    "IOio",  # out
    "OIio",  # turned back, having broken both
    "OoIOiIoi",  # in, a hand ahead
    "OIoOioIoi",  # two, the second on the heels of the first; or one who steps back
    "OIoOoi",  # leans back, and goes on
    "OOIoi",  # an edge was missed
    "OI",  # stands in the doorway
)


@gesture(6)
def crosses(walker: Walker, a: int, b: int) -> None:
    """Somebody, two, or a bag in the beams; at a pace around that of two who walk close together."""
    pace = (40, 149, 150, 151, 300, 1000, 74, 75)[a]
    walker.pause()
    for n, edge in enumerate(PASSAGES[b]):
        if n:
            walker.w.until(walker.w.unix_ms + pace)
        beam = ev.Beam.OUTER if edge.lower() == "o" else ev.Beam.INNER
        walker.w.post(ev.BeamChanged(beam, edge.isupper(), walker.w.now))


@gesture(3)
def an_edge(walker: Walker, a: int, b: int) -> None:
    """One edge of one beam, after the gap; its own time may lie before."""
    beam = ev.Beam.OUTER if a % 2 else ev.Beam.INNER
    walker.pause()
    at = walker.w.now - (0, 0, 10, 200)[b % 4]
    walker.w.post(ev.BeamChanged(beam, b > 3, at, found=a > 5))


@gesture(4)
def moves(walker: Walker, a: int, b: int) -> None:
    """The motion sensor: something moves, for a while or for long, or no more."""
    if b > 2:
        walker.post(ev.MotionChanged(True))
        walker.gap = (2500, 60_000, 59_999, 0)[a % 4]
    walker.post(ev.MotionChanged(b == 7))


@gesture(2)
def burns(walker: Walker, a: int, b: int) -> None:
    """The fire alarm begins or ends, and what is done meanwhile."""
    walker.post(ev.FireChanged(b < 5))
    if b < 4:
        walker.gap = 1000
        walker.command("mode", {"mode": ("lockdown", "normal", "open", "lockdown")[b]})
        walker.gap = (1000, 4999, 5000, 1)[a % 4]
        walker.post(ev.ExitPressed() if a > 3 else ev.ContactChanged(a % 2 == 0))
        walker.post(ev.FireChanged(a == 7))


@gesture(2)
def rings(walker: Walker, a: int, b: int) -> None:
    """The star held, or pressed three times, at the edges of what is together and of the bell's rest."""
    if b < 3:
        walker.post(ev.KeyHeld("front", "*#*"[b]))
        return
    for n in range(3 + a % 2):
        walker.gap = (1499, 1500, 999, 2999, 3000)[b - 3] if n else walker.gap
        walker.post(ev.KeyPressed("side" if a == 6 and n == 1 else "front", "*"))


# -- the server, the administrator ------------------------------------------------------------------


@gesture(2)
def reissue(walker: Walker, who: int, b: int) -> None:
    """The server issues anew (another generation, another kind, or both), and the door may not hear of it."""
    old = walker.issued[CAST[who % 4].member]
    kind = (old.kind, old.kind, Kind.PHONE, Kind.PAPER, Kind.STAFF, old.kind, old.kind, old.kind)[b]
    generation = max(old.generation, old.revoked_through) + (1, 1, 1, 2, 3, 4, 1, 2)[b]
    record = walker.change(who, kind=kind, generation=generation)
    if b % 2:
        double(walker, who, 0)
    elif b > 2:
        walker.list_all(record, complete=False)


@gesture(2)
def withdraw(walker: Walker, who: int, b: int) -> None:
    """The server revokes, suspends or dates a member, and the door hears; it may end as he types."""
    now = walker.w.unix_ms // 1000
    walker.pause()
    past_ms = walker.w.m.time.known_past(walker.w.now) if walker.w.m else 0
    ends = past_ms // 1000 + 4
    old = walker.issued[CAST[who % 4].member]
    changed: Mapping[str, object] = (
        {"revoked_through": old.generation},
        {"suspended_until": now + 300},
        {"suspended_until": None},
        {"not_before": now + 120, "not_after": None},
        {"not_before": None, "not_after": now + 120},
        {"suspended_until": ends, "not_before": now + 2, "not_after": now + 6},
        {"revoked_through": old.generation - 1},
        {"not_before": None, "not_after": None, "suspended_until": None},
    )[b]
    walker.list_all(walker.change(who, **changed), complete=b % 2 == 0)
    if b == 5:
        walker.gap = ends * 1000 - past_ms + (-1, 2, 990, 1990)[who // 2]
        good(walker, who, 0)


@gesture(5)
def hears(walker: Walker, who: int, b: int) -> None:
    """The list: all, what changed, an older state (a backup), without one member, twice the same."""
    record = walker.issued[CAST[who % 4].member]
    if b == 0:
        walker.list_all()
    elif b == 1:
        walker.list_all(record, complete=False)
    elif b == 2:
        old = replace(
            record, generation=1, revoked_through=0, card_pair=0, revision=max(0, record.revision - 2)
        )
        walker.list_all(old, complete=False, revision=max(0, walker.revision - 2))
    elif b == 3:
        others = tuple(r for r in walker.issued.values() if r is not record)
        walker.post(ev.ListReceived(walker.revision + 1, "f" * 64, True, others))
    elif b == 4:
        walker.post(ev.ListReceived(0, "0" * 64, True, ()))
    elif b == 5:
        walker.list_all(replace(record, card_pair=record.card_pair + 3), complete=False)
    else:
        walker.list_all()


@gesture(6)
def commands(walker: Walker, a: int, b: int) -> None:
    """A fresh command: unlock, a mode (with an end or without), revoke, count, and what is none."""
    now = walker.w.unix_ms // 1000
    member = CAST[a % 4].member
    kinds: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("unlock", {}),
        ("mode", {"mode": ("lockdown", "open", "normal", "lockdown")[a % 4]}),
        ("mode", {"mode": ("open", "lockdown")[a % 2], "until": now + (2, 60, 600, 90_000)[a // 2]}),
        ("revoke", {"member": member, **({"through": a} if a > 3 else {})}),
        ("count", {"count": a}),
        (("identify", {}), ("forget", {"member": member}), ("refresh", {}))[a % 3],
        (("dance", {}), ("reinstate", {"member": member}), ("clock", {"unix": now}))[a % 3],
        (("unlock", {"wrong": 1}), ("count", {"wrong": -1}), ("mode", {"mode": "normal"}))[a % 3],
    )
    verb, args = kinds[b]
    walker.command(verb, args)


@gesture(4)
def stale_command(walker: Walker, a: int, b: int) -> None:
    """An unlock that must not be: replayed, at the edges of the window, expired, too far ahead, retained."""
    high = max(walker.w.m.taken, default=0) if walker.w.m else 0
    if b < 2:
        walker.command("unlock", n=high - (0, 1, 2, 3, 62, 63, 64, 65)[a])
    elif b == 2:
        walker.command("unlock", n=high + (1, 2, 3, 62, 63, 64, 65, 66)[a])
    elif b == 3:
        walker.command("unlock", life=(-1, 0, 60, 61, -2, 1, 59, 90)[a])
    elif b == 4:
        walker.n += 1
        stale = Command("r", walker.n, "unlock", {}, walker.w.unix_ms // 1000 + 30, retained=True)
        walker.post(ev.CommandReceived(stale))
    else:
        walker.post(ev.CommandRefused("" if a % 2 else "x", "bad-mac"))


@gesture(4)
def asks(walker: Walker, a: int, b: int) -> None:
    """The administrator at the door."""
    now = walker.w.unix_ms // 1000
    member = CAST[a % 4].member
    kinds: tuple[tuple[str, dict[str, object]], ...] = (
        ("unlock", {}),
        ("revoke", {"member": member}),
        ("reinstate", {"member": member}),
        ("clock", {"unix": now + (0, 0, 20, -20, 31, 3600, -7200, 90_000)[a]}),
        ("mode", {"mode": ("normal", "lockdown", "open", "normal")[a % 4]}),
        ("count", {"count": a}),
        ("forget", {"member": member}),
        ("dance", {"wrong": 1}),
    )
    if b == 2 and a > 3:
        walker.post(ev.Asked("a1", *kinds[1], "admin"))
    verb, args = kinds[b]
    walker.post(ev.Asked(f"a{b}", verb, args, "admin"))


@gesture(2)
def another_rule(walker: Walker, a: int, b: int) -> None:
    """The committee changes hours, seats or what happens when they are taken."""
    local = (walker.w.unix_ms // 1000 + 8 * 3600) % 86_400 // 60
    hours = (Hours(), MORNING, Hours(week=(((0, local), (min(local + 2, 1439), 1440)),) * 7), Hours())[b % 4]
    walker.pause()
    walker.w.change_rules(hours=hours, capacity=1 + a % 3, when_full=("refuse", "allow")[a // 4])
    walker.post(ev.RulesReceived(a))


# -- time, power and the disc -----------------------------------------------------------------------


@gesture(4)
def server_time(walker: Walker, a: int, b: int) -> None:
    """The server tells the time: right mostly, sometimes wrong, once nonsense."""
    off = (0, 0, 0, 0, 700, -299_000, -301_000, 3_600_000)[b]
    walker.pause()
    walker.w.post(ev.ServerTime(-1 if a == 7 and b == 7 else walker.w.unix_ms + off))


@gesture(4)
def system_time(walker: Walker, a: int, b: int) -> None:
    """The system clock: held by NTP, by a battery, by nothing; right, and off by seconds, hours, decades."""
    off = (0, 0, 400, -2000, 29_000, 31_000, -86_400_000, 3_600_000)[b]
    walker.pause()
    unix_ms = {0: 0, 1: 2**60}.get(a, walker.w.unix_ms + off)
    walker.w.post(ev.SystemTime(unix_ms, synchronised=a in (0, 1, 2, 3), rtc=a in (4, 5)))


@gesture(3)
def power_cut(walker: Walker, a: int, b: int) -> None:
    """The power fails and comes back at once or later, with or without a server, the door shut or open."""
    walker.pause()
    walker.w.clock, walker.w.contact_open = b % 3 > 0, a == 1
    walker.w.power_cut((0, 0, 0, 60, 3600, 7200, 30_000, 90_000)[a])


@gesture(2)
def stop(walker: Walker, a: int, b: int) -> None:
    """Stopped in order and started again, perhaps from a damaged store."""
    walker.post(ev.Stopping("asked"))
    walker.w.facts["used_steps_lost"] = b > 5
    walker.w.clock, walker.w.contact_open = b % 2 == 0, False
    walker.w.power_cut(a)


@gesture(3)
def store(walker: Walker, a: int, b: int) -> None:
    """The disc is full, well again, full twice."""
    walker.post(ev.StoreChanged(("full", None, "failed", None)[b % 4]))


@gesture(1)
def other_faults(walker: Walker, a: int, b: int) -> None:
    """A keypad is lost, stuck or well; the supply is weak, or fails; a housing is opened."""
    if b < 4:
        walker.post(ev.KeypadChanged("front", ("lost", "stuck", None, "lost")[b]))
    else:
        walker.post(ev.FaultChanged("undervoltage" if a < 4 else "power-failed", b % 2 == 0))
    if a % 4 == 1:
        walker.post(ev.TamperChanged(b % 2 == 0))


@gesture(2)
def hangs(walker: Walker, a: int, b: int) -> None:
    """The loop is kept from its work for the gap; then something happens.

    It may be that a second code stands typed meanwhile, and the door is pulled before anybody judged it.
    """
    if b > 5:
        drain(walker, a, b)
        code, second = walker.halves(a)
        walker.gap = 2500
        walker.keys(code)
        walker.keys(second)
        walker.late, walker.gap = True, walker.w.rules.second_pause_ms + b % 2
        opens(walker, 0, 5)
    walker.late = True


@gesture(2)
def waits(walker: Walker, a: int, b: int) -> None:
    """Nothing happens, for long."""
    walker.gap += (0, 0, 0, 0, HOUR_MS, HOUR_MS, 3 * HOUR_MS, 24 * HOUR_MS)[b]
    if walker.w.m and walker.w.m.way.open:
        walker.gap = min(walker.gap, OPEN_AT_MOST_MS)


# -- walks ------------------------------------------------------------------------------------------


def walk(door: int, gestures: tuple[Gesture, ...] | list[Gesture]) -> Walker:
    """Walk; raises at the first thing that ought not to be."""
    walker = Walker(door)
    for one in gestures:
        walker.do(one)
    return walker


SCENES: tuple[list[Gesture], ...] = (
    [],
    [Gesture("drain"), Gesture("opens", gap=200)],
    [Gesture("power_cut", 4, 0), Gesture("good", gap=1000)],
    [Gesture("power_cut", 3, 0), Gesture("double"), Gesture("opens", gap=1000)],
    [Gesture("commands", 0, 1), Gesture("leaves", gap=200)],
    [Gesture("commands", 1, 1), Gesture("opens", 0, 7), Gesture("closes", gap=2500)],
    [Gesture("store", 0, 0), Gesture("good", gap=200)],
    [
        Gesture("power_cut", 5, 0),
        Gesture("system_time", 2, 0),
        Gesture("withdraw", 0, 1),
        Gesture("good", 0, 0, 300_001),
    ],
    [Gesture("withdraw", 2, 5), Gesture("asks", 0, 1), Gesture("reissue", 0, 1)],
    [Gesture("typos", 3, 4), Gesture("opens", gap=200)],
    [Gesture("crosses", 4, 1), Gesture("asks", 1, 5), Gesture("good"), Gesture("opens", gap=200)],
    [Gesture("asks", 0, 5), Gesture("moves", 3, 4), Gesture("leaves", 0, 1)],
)
small = st.integers(0, 7)
gap = st.one_of(st.sampled_from(SHORT), st.sampled_from(SHORT), st.sampled_from(WITHIN_MINUTES))
gap = st.one_of(*[gap] * 12, st.sampled_from(BEYOND))
one = st.builds(Gesture, st.sampled_from(["waits", *WEIGHTS]), small, small, gap)  # simplest: nothing
scenes = st.sampled_from(SCENES)
walks = st.builds(operator.add, scenes, st.lists(one, min_size=15, max_size=50))
doors = st.integers(0, len(DOORS) - 1)


def drawn(seed: int) -> tuple[int, list[Gesture]]:
    """A walk by chance alone: quicker than Hypothesis, which tries what is like what it has tried."""
    chance = random.Random(seed)

    def gap_() -> int:
        among = chance.choices((SHORT, WITHIN_MINUTES, BEYOND), (8, 5, 1))[0]
        return chance.choice(among)

    def one_() -> Gesture:
        return Gesture(chance.choice(WEIGHTS), chance.randrange(8), chance.randrange(8), gap_())

    scene = chance.choice(SCENES)
    return chance.randrange(len(DOORS)), [*scene, *(one_() for _ in range(chance.randint(10, 40)))]


def shortest(door: int, gestures: list[Gesture]) -> list[Gesture]:
    """The same walk without the gestures that its end does not need."""
    for at in reversed(range(len(gestures))):
        fewer = gestures[:at] + gestures[at + 1 :]
        if broken(door, fewer) is not None:
            gestures = fewer
    return gestures


def broken(door: int, gestures: list[Gesture]) -> str | None:
    """The rule that a walk breaks, in words."""
    try:
        walk(door, gestures)
    except Exception as error:  # noqa: BLE001  (whatever the core raises is a bug found)
        found = traceback.extract_tb(error.__traceback__)[-1].name
        return " ".join([found, type(error).__name__, *str(error).splitlines()[:1]])
    return None


def main(most: int) -> int:
    """Walk on and on; 1 as soon as something is wrong."""
    for walked in range(most):
        door, gestures = drawn(walked)
        told = broken(door, gestures)
        if told is not None:
            print(walked + 1, told)
            return 1
    print(most)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
