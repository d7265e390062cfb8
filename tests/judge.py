"""What an attempt deserves: PROTOCOL §1 and DESIGN §3 told a second time, for the walk to compare with.

Nothing here is built like the door: windows are tried step by step, pairs are listed and looked up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from house import KEY

from contract import codes
from contract.access import AccessRecord
from contract.codes import MAX_GENERATION, Kind
from door.effects import Cue

if TYPE_CHECKING:
    from model import Model

HALF_AN_HOUR_S = 1800
ZONE_S = 8 * 3600  # Asia/Shanghai knows no summer time
WINDOWS = {"phone": (120, 30, 60), "staff": (30, 10, 20), "paper": (86_400, 0, 6 * 3600)}
TOLD_BY_CODE = (120, 45, 75)
ISSUED = ("phone", "staff", "paper")


@dataclass(frozen=True)
class Half:
    """An attempt that may be the first of a pair."""

    member: str
    otp: str
    at: int
    spent_at: int | None = None


@dataclass(frozen=True)
class Way:
    """How a code opens: the record it proves, its step, and what nobody can use again."""

    kind: str
    record: AccessRecord
    step: int
    uses: tuple[tuple[str, int], ...]  # kind, step


@dataclass(frozen=True)
class Verdict:
    """What must happen; ``reasons``: any of them may be told."""

    answer: str  # granted, denied, second, wait
    cue: Cue
    member: str = ""
    reasons: frozenset[str] = frozenset()
    way: Way | None = None
    first: Half | None = None
    hold: Half | None = None
    costs: str = ""  # token, pause
    near: bool = False
    settles: bool = False


WRONG_LENGTH = Verdict("denied", Cue.WRONG, reasons=frozenset({"wrong-length"}))


@cache
def otp(kind: str, member: str, generation: int, counter: int) -> str:
    """Six digits as the server issues them."""
    return codes.otp(codes.derive(KEY, "yuexin", kind, member, generation), counter, 6)


def begin(kind: str, step: int) -> int:
    """Unix second at which a step begins."""
    return step * WINDOWS[kind][0] - (ZONE_S if kind == "paper" else 0)


def acceptable(kind: str, t: int, window: tuple[int, int, int] | None = None) -> list[int]:
    """Steps whose [begin − skew, end + grace) holds ``t``."""
    length, skew, grace = window or WINDOWS[kind]
    around = (t + (ZONE_S if kind == "paper" else 0)) // length
    steps = range(max(0, around - 2), around + 3)
    return [s for s in steps if begin(kind, s) - skew <= t < begin(kind, s) + length + grace]


def judge(m: Model, digits: str, first: Half | None, now: int) -> Verdict:
    """The verdict on ``digits`` typed after ``first`` on the same keypad."""
    if now < m.purse.pause_until:
        return Verdict("wait", Cue.WAIT)
    if len(digits) == 6 and first is not None:
        return _pair(m, first, digits, now) or _wrong_pair(first.member, None)
    if len(digits) != 10:
        return WRONG_LENGTH
    member, typed = digits[:4], digits[4:]
    hold = Half(member, typed, now)
    ours = first if first is not None and first.member == member else None
    if not m.pair_only(member, now):
        return _single(m, member, typed, ours, now)
    found = _pair(m, ours, typed, now) if ours is not None else None
    if found is not None:
        return found
    # Else nobody had asked for a second one yet, or somebody begins again.
    if ours is not None and ours.spent_at is None and ours.otp != typed:
        return _wrong_pair(member, hold)
    settles = m.time.source(now) == "code"
    return Verdict("second", Cue.SECOND_CODE, member, hold=hold, settles=settles)


def _wrong_pair(member: str, hold: Half | None) -> Verdict:
    return Verdict("denied", Cue.WRONG, member, frozenset({"unknown-code"}), hold=hold, costs="pause")


def _single(m: Model, member: str, typed: str, first: Half | None, now: int) -> Verdict:
    record = m.record(member)
    kind, generation = record.kind.value, record.generation
    unix = (m.time.unix_ms(now) or 0) // 1000
    by_code = m.time.source(now) == "code"
    open_now = acceptable(kind, unix, TOLD_BY_CODE if by_code else None)
    last, uses = m.used.get((member, kind, generation), (-1, 0))
    again = kind == "paper" and uses < m.rules.codes.paper_uses
    fresh = [s for s in open_now if s > last or (again and s == last)]
    right = [s for s in fresh if otp(kind, member, generation, s) == typed]
    if right:
        return _let_in(m, Way(kind, record, right[-1], ((kind, right[-1]),)), member, None, now)
    found = _pair(m, first, typed, now) if first is not None else None
    return found or _wrong_single(m, Half(member, typed, now), open_now, fresh, unix)


def _wrong_single(m: Model, half: Half, open_now: list[int], fresh: list[int], unix: int) -> Verdict:
    """Late and used codes are told apart and free; early and wrong ones cost a token.

    Late is what no clock can bring back: each second from the known past on is after its window.
    """
    record, by_code = m.record(half.member), m.time.source(half.at) == "code"
    kind, generation = record.kind.value, record.generation
    earliest = acceptable(kind, max(0, unix - HALF_AN_HOUR_S))[0]
    latest = acceptable(kind, unix + HALF_AN_HOUR_S)[-1]
    known = [s for s in range(earliest, latest + 1) if otp(kind, half.member, generation, s) == half.otp]
    if known and known[-1] <= open_now[-1] and by_code:
        return Verdict("second", Cue.SECOND_CODE, half.member, hold=half, settles=True)
    last = m.used.get((half.member, kind, generation), (-1, 0))[0]
    length, _, grace = WINDOWS[kind]
    past = m.time.known_past(half.at) // 1000
    if (
        known
        and known[-1] <= open_now[-1]
        and (
            known[-1] <= last or (known[-1] < open_now[0] and begin(kind, known[-1]) + length + grace <= past)
        )
    ):
        used = known[-1] == last or (known[-1] < last and known[-1] in open_now)
        reason = "used-code" if used else "late-code"
        told = frozenset({reason})
        return Verdict("denied", Cue.NOT_NOW, half.member, told, hold=half, settles=not used)
    slips = (_off(otp(kind, half.member, generation, s), half.otp) for s in fresh)
    return Verdict(
        "denied",
        Cue.SECOND_CODE if by_code else Cue.WRONG,
        half.member,
        frozenset({"early-code" if known and known[-1] > open_now[-1] else "unknown-code"}),
        hold=replace(half, spent_at=half.at),
        costs="token",
        near=any(0 < off <= 2 for off in slips),
    )


def _off(a: str, b: str) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def _pair(m: Model, first: Half, typed: str, now: int) -> Verdict | None:
    for way, codes_ in _pairs(m, first, now):
        if codes_ == first.otp + typed:
            return _let_in(m, way, first.member, first, now)
    return None


def _pairs(m: Model, first: Half, now: int) -> Iterator[tuple[Way, str]]:
    """Every double code that would open; what is newer than the last used, of what may be on record."""
    member, record = first.member, m.record(first.member)
    unix_ms = m.time.unix_ms(now)
    if unix_ms is not None:
        at_first = (unix_ms - (now - first.at)) // 1000
        for learnt in _issued_meanwhile(record):
            for step in acceptable(learnt.kind.value, at_first):
                yield from _steps(m, learnt, step)
    if m.time.source(now) != "server":
        known = m.time.known_past(now) // 1000
        seconds = m.rules.staff_search_seconds if record.kind is Kind.STAFF else m.rules.search_seconds
        for step in _between(record.kind.value, known, known + seconds + HALF_AN_HOUR_S):
            yield from _steps(m, record, step)
    for pair in range(record.card_pair + 1, record.card_pair + 11):
        halves = [otp("card", member, record.generation, 2 * pair + half) for half in (0, 1)]
        yield Way("card", record, pair, (("card", pair),)), "".join(halves)


def _between(kind: str, known: int, latest: int) -> range:
    """Steps from the one in which the known past lies, up to the latest."""
    shift, length = (ZONE_S if kind == "paper" else 0), WINDOWS[kind][0]
    return range((known + shift) // length, (latest + shift) // length + 1)


def _steps(m: Model, record: AccessRecord, step: int) -> Iterator[tuple[Way, str]]:
    kind, member, generation = record.kind.value, record.member, record.generation
    last = m.used.get((member, kind, generation), (-1, 0))[0]
    if kind == "paper":
        last2 = m.used.get((member, "paper2", generation), (-1, 0))[0]
        if step >= last and step > last2:
            both = otp("paper", member, generation, step) + otp("paper2", member, generation, step)
            yield Way(kind, record, step, (("paper", step), ("paper2", step))), both
    elif step > last:
        both = otp(kind, member, generation, step) + otp(kind, member, generation, step + 1)
        yield Way(kind, record, step, ((kind, step + 1),)), both


def _issued_meanwhile(record: AccessRecord) -> Iterator[AccessRecord]:
    """The record, and those the server may have made of it: up to three generations on."""
    yield record
    if record == AccessRecord(record.member, card_pair=record.card_pair):
        yield from (replace(record, kind=Kind(kind)) for kind in ISSUED if kind != record.kind)
    top = max(record.generation, record.revoked_through)
    for generation in range(top + 1, min(top + 3, MAX_GENERATION) + 1):
        for kind in ISSUED:
            yield replace(record, kind=Kind(kind), generation=generation, revoked_through=generation - 1)


def _let_in(m: Model, way: Way, member: str, first: Half | None, now: int) -> Verdict:
    reasons = refusals(m, way, member, now)
    if reasons:
        return Verdict("denied", Cue.NOT_NOW, member, reasons)
    return Verdict("granted", Cue.ACCEPTED, member, way=way, first=first, settles=True)


def refusals(m: Model, way: Way, member: str, now: int) -> frozenset[str]:
    """Everything that keeps the holder of a right code out; he loses nothing by it."""
    record, past, best = way.record, m.time.known_past(now) // 1000, m.time.best(now)
    staff = record.kind is Kind.STAFF
    unix_ms = m.time.unix_ms(now)
    leased = m.list_at is not None and past - m.list_at <= m.rules.lease_seconds
    entries = [at for who, at in m.recent if who == member]
    shut = unix_ms is not None and not m.rules.hours.open_at(unix_ms // 1000, m.rules.codes.time_zone)
    full = m.rules.when_full == "refuse" and m.people.surely_full(m.rules.capacity)
    stands = {
        "revoked": record.generation <= record.revoked_through
        or (record.not_after is not None and best > record.not_after),
        "suspended": (record.suspended_until is not None and past < record.suspended_until)
        or (record.not_before is not None and best < record.not_before),
        "lease-ended": way.kind != "phone" and not leased,
        "lockdown": m.mode == "lockdown" and not staff,
        "outside-hours": shut and not staff,
        "too-many-entries": sum(now - at < 30 * 60_000 for at in entries) >= m.rules.entries_in_half_an_hour,
        "room-full": full and not staff and not any(now - at < 3 * 3_600_000 for at in entries),
    }
    return frozenset(reason for reason, stands_ in stands.items() if stands_)
