"""An attempt into its answer: a grant, a denial, or the request for a second code.

A single code is judged at once when nothing stands against it. In a lockout, with an untrusted clock,
in a lockdown, without a store, and for a number that is being guessed at, it is kept unchecked:
right or wrong it gets the same answer after the same work, and only the pair is checked (PROTOCOL §1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract.access import AccessRecord
from contract.codes import Attempt, CodeError, Generator, Kind, Window, derive, match, match_newest, parse
from door import admission, pairs
from door.accesslist import AccessList
from door.admission import Room
from door.clock import Reading, Source
from door.effects import CountFailures, Cue, Effect, Learn, Mode, Record, Use
from door.events import Moment
from door.pairs import First
from door.rules import Rules

EXPLAINED_S = 30 * 60  # late, used and early codes are recognised this far around now
NEAR_DIGITS = 2
LEARNT_WINDOW = Window(step=120, skew=45, grace=75)  # of a phone code, when a code told the time
NOT_NOW = Cue.NOT_NOW


@dataclass(frozen=True, slots=True)
class Grant:
    """Come in: what is used up and, from a double code, the record it proves."""

    member: str
    kind: Kind
    record: AccessRecord
    step: int
    uses: tuple[Use, ...]
    first: First | None = None  # of a double code


@dataclass(frozen=True, slots=True)
class Denial:
    """Not so: the true ``reason``, and the ``cue`` that tells strangers nothing."""

    reason: str
    cue: Cue
    member: str | None = None
    wrong_single: bool = False  # spends a token
    wrong_pair: bool = False  # costs a pause
    near: bool = False
    hold: First | None = None


@dataclass(frozen=True, slots=True)
class Second:
    """Kept unchecked: now the next code. ``durable`` where a wrong code that costs has the same cue."""

    hold: First
    durable: bool


Answer = Grant | Denial | Second


@dataclass(frozen=True, slots=True)
class Asked:
    """What an attempt is judged by: the list, the time, the room, and what stands against single codes."""

    access: AccessList
    reading: Reading
    room: Room
    double_only: bool  # lockout, or no store
    now: Moment
    rules: Rules

    def needs_pair(self, member: str) -> bool:
        """Whether this number's single codes are kept unchecked."""
        if self.double_only or self.room.mode is Mode.LOCKDOWN:
            return True  # before anything is looked up: a number on record takes a microsecond less
        if self.access.failures.get(member, 0) >= self.rules.failures_in_a_row:
            return True
        if self.reading.trusted:
            return False
        return not (self.reading.source is Source.CODE and self.access.record(member).kind is Kind.PHONE)


def answer(digits: str, first: First | None, asked: Asked) -> Answer:
    """The answer to typed ``digits`` that follow the attempt kept as ``first``."""
    if first is not None and asked.now - first.at > asked.rules.pair_ms:
        first = None
    try:
        attempt = parse(digits, asked.rules.codes)
    except CodeError:
        return Denial("wrong-length", Cue.WRONG)
    if attempt.member is None:
        return _otp_alone(attempt, first, asked)
    if asked.needs_pair(attempt.member):
        return _pair_only(attempt.member, attempt, first, asked)
    return _single(attempt.member, attempt, first, asked)


def _otp_alone(attempt: Attempt, first: First | None, asked: Asked) -> Answer:
    if first is None:
        return Denial("wrong-length", Cue.WRONG)
    return _pair(first, attempt, asked) or Denial("unknown-code", Cue.WRONG, first.member, wrong_pair=True)


def _pair_only(member: str, attempt: Attempt, first: First | None, asked: Asked) -> Answer:
    hold = First(member, attempt.otp, asked.now)
    second = Second(hold, durable=asked.reading.source is Source.CODE)
    if first is None or first.member != member:
        return second
    if (paired := _pair(first, attempt, asked)) is not None:
        return paired
    # Judged and paid for as a single code: this one was asked for by nobody. Or begun again.
    if first.spent_at is not None or first.otp == attempt.otp:
        return second
    return Denial("unknown-code", Cue.WRONG, member, wrong_pair=True, hold=hold)


def _single(member: str, attempt: Attempt, first: First | None, asked: Asked) -> Answer:
    record = asked.access.record(member)
    window = LEARNT_WINDOW if asked.reading.source is Source.CODE else None
    now = asked.reading.unix or 0
    acceptable = asked.rules.codes.acceptable(record.kind, now, window=window)
    secret = derive(asked.rules.door_key, asked.rules.door, record.kind, member, record.generation)
    fresh = _fresh(record, acceptable, asked)
    step = match_newest(secret, attempt.otp, fresh)
    if step is not None:
        use = Use(member, record.kind, record.generation, step)
        return _admit(Grant(member, record.kind, record, step, (use,)), asked)
    if first is not None and (granted := _pair(first, attempt, asked)):
        return granted
    return _wrong_single(member, attempt, secret, fresh, acceptable, asked)


def _fresh(record: AccessRecord, acceptable: range, asked: Asked) -> range:
    """Acceptable steps newer than the last used (paper: the same day, until its uses are spent)."""
    used = asked.access.last_used(record.member, record.kind, record.generation)
    if used is None:
        return acceptable
    again = record.kind is Kind.PAPER and used.uses < asked.rules.codes.paper_uses
    return range(max(acceptable.start, used.step + (0 if again else 1)), acceptable.stop)


def _wrong_single(
    member: str, attempt: Attempt, secret: bytes, fresh: range, acceptable: range, asked: Asked
) -> Answer:
    """Late and used codes are recognised and free; early ones cost as much as any wrong one.

    A late code is one that no clock can bring back: it was over by the known past. Otherwise whoever forges
    NTP would be told, for nothing, which of half an hour of codes to set the clock to.
    """
    record, codes = asked.access.record(member), asked.rules.codes
    untrusted = asked.reading.source is Source.CODE
    now = asked.reading.unix or 0
    first_late = codes.acceptable(record.kind, now - EXPLAINED_S).start
    last_early = codes.acceptable(record.kind, now + EXPLAINED_S).stop
    known = match(secret, attempt.otp, range(first_late, last_early))
    near = _near(secret, attempt.otp, fresh)
    hold = First(member, attempt.otp, asked.now)
    if untrusted and known is not None and known < acceptable.stop:
        return Second(hold, durable=True)  # perhaps a good half: nothing may tell it from any other
    used = asked.access.last_used(member, record.kind, record.generation)
    over = codes.acceptable(record.kind, asked.reading.known_past).start
    dead = max(min(over, acceptable.start), used.step + 1 if used is not None else 0)
    if known is not None and known < min(dead, acceptable.stop):
        was_used = used is not None and (known == used.step or (known < used.step and known in acceptable))
        reason = "used-code" if was_used else "late-code"
        return Denial(reason, NOT_NOW, member, hold=hold)
    reason = "unknown-code" if known is None or known < acceptable.stop else "early-code"
    cue = Cue.SECOND_CODE if untrusted else Cue.WRONG
    hold = replace(hold, spent_at=asked.now)
    return Denial(reason, cue, member, wrong_single=True, near=near, hold=hold)


def _near(secret: bytes, typed: str, steps: range) -> bool:
    codes = Generator(secret, len(typed))
    return any(
        0 < sum(a != b for a, b in zip(codes.at(step), typed, strict=True)) <= NEAR_DIGITS for step in steps
    )


def _pair(first: First, second: Attempt, asked: Asked) -> Grant | Denial | None:
    pair = pairs.find(first, second, asked.access, asked.reading, asked.now, asked.rules)
    if pair is None:
        return None
    return _admit(Grant(first.member, pair.kind, pair.record, pair.step, pair.uses, first), asked)


def _admit(grant: Grant, asked: Asked) -> Grant | Denial:
    reason = admission.refusal(grant.record, grant.kind, asked.reading, asked.room, asked.now, asked.rules)
    return grant if reason is None else Denial(reason, NOT_NOW, grant.member)


def traces(grant: Grant, access: AccessList) -> tuple[Effect, ...]:
    """What a grant leaves behind: its row, what it used up, the record it proved, failures forgotten."""
    detail = {
        "kind": grant.kind.value,
        "generation": grant.record.generation,
        "double": grant.first is not None,
        "pair" if grant.kind is Kind.CARD else "step": grant.step,
    }
    effects: list[Effect] = [Record("granted", grant.member, detail=detail), *grant.uses]
    if grant.record != access.record(grant.member):
        effects.append(Learn(grant.record))
    if grant.member in access.failures:
        effects.append(CountFailures(grant.member, 0))
    return tuple(effects)
