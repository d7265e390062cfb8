"""People at the keypad: who has a code, who guesses, who slips, who rings."""

from __future__ import annotations

from house import KEY, wrong

from contract.codes import WINDOWS, Kind, issue
from door import bell
from door import events as ev
from walk.doors import CAST, STRANGER
from walk.walker import Walker, gesture


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


@gesture(2)
def rings(walker: Walker, a: int, b: int) -> None:
    """The star held till the bell has rested; or pressed three times, at the edge of what is together."""
    if b < 3:
        walker.post(ev.KeyHeld("front", "*#*"[b]))
        walker.gap = bell.REST_MS + (-1, 0, 1, -18_999)[a % 4]
        walker.post(ev.KeyHeld("front", "*"))
        return
    for n in range(3 + a % 2):
        walker.gap = (1499, 1500, 999, 2999, 3000)[b - 3] if n else walker.gap
        walker.post(ev.KeyPressed("side" if a == 6 and n == 1 else "front", "*"))
