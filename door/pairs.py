"""Double codes: two successive attempts of one member, judged only together (PROTOCOL §1).

A pair is one guess in about 10^12, so it opens in a lockout and with an untrusted clock,
and what it proves the server issued meanwhile (a new generation, a new kind) is taken from it.
Every candidate is computed whether or not one matched before, so the work tells nothing of either half.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from contract.access import AccessRecord
from contract.codes import CARD_PAIRS_AHEAD, MAX_GENERATION, PAPER2, Attempt, Generator, Kind, derive
from door.accesslist import AccessList
from door.clock import Reading, Source
from door.effects import Use
from door.events import Moment
from door.rules import Rules

GENERATIONS_AHEAD = 3
BUNDLE_AHEAD_S = 30 * 60
ISSUED = (Kind.PHONE, Kind.STAFF, Kind.PAPER)


@dataclass(frozen=True, slots=True)
class First:
    """An attempt kept as the possible first half; ``spent_at`` when a token was spent for it."""

    member: str
    otp: str = field(repr=False)
    at: Moment
    spent_at: Moment | None = None
    keypad: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A right pair: what it uses up, and the record it proves."""

    kind: Kind
    record: AccessRecord
    step: int
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    kind: Kind
    record: AccessRecord
    steps: range


def find(
    first: First, second: Attempt, access: AccessList, reading: Reading, now: Moment, rules: Rules
) -> Pair | None:
    """The pair that the two attempts are, if they are one; ``reading`` is of ``now``."""
    if second.member not in (None, first.member):
        return None
    at_first = reading.before(now - first.at)
    typed = (first.otp + second.otp).encode()
    found = None
    for candidate in _candidates(first.member, access, reading, at_first, rules):
        for step, codes, uses in _codes(candidate, access, rules):
            if hmac.compare_digest(codes.encode(), typed):
                found = found or Pair(candidate.kind, candidate.record, step, uses)
    return found


def _candidates(
    member: str, access: AccessList, reading: Reading, at_first: int | None, rules: Rules
) -> Iterator[_Candidate]:
    record = access.record(member)
    on_record = record != AccessRecord(member, card_pair=record.card_pair)  # a card says nothing of the kind
    if at_first is not None:
        yield _Candidate(record.kind, record, rules.codes.acceptable(record.kind, at_first))
        for learnt in _provable(record, on_record):
            yield _Candidate(learnt.kind, learnt, rules.codes.acceptable(learnt.kind, at_first))
    if reading.source is not Source.SERVER:
        yield _Candidate(record.kind, record, _search(record.kind, reading.known_past, rules))
    card = range(record.card_pair + 1, record.card_pair + CARD_PAIRS_AHEAD + 1)
    yield _Candidate(Kind.CARD, record, card)


def _provable(record: AccessRecord, on_record: bool) -> Iterator[AccessRecord]:
    """Records the server may have issued while the door heard nothing."""
    if not on_record:
        for kind in ISSUED:
            if kind is not record.kind:
                yield replace(record, kind=kind)
    for generation in range(record.top + 1, min(record.top + GENERATIONS_AHEAD, MAX_GENERATION) + 1):
        for kind in ISSUED:
            through = max(record.revoked_through, generation - 1)
            yield replace(record, kind=kind, generation=generation, revoked_through=through)


def _search(kind: Kind, known_past: int, rules: Rules) -> range:
    """Steps from the one of the known past on, for a door that cannot be sure of now.

    Just restarted, the door is still in that step, and so is the phone of whoever stands before it.
    """
    reach = rules.staff_search_seconds if kind is Kind.STAFF else rules.search_seconds
    first = rules.codes.step(kind, known_past)
    return range(first, rules.codes.step(kind, known_past + reach + BUNDLE_AHEAD_S) + 1)


def _codes(
    candidate: _Candidate, access: AccessList, rules: Rules
) -> Iterator[tuple[int, str, tuple[Use, ...]]]:
    """Every pair of the candidate that is newer than the last used: its step, its digits, what it uses."""
    kind, record = candidate.kind, candidate.record
    member, generation = record.member, record.generation
    secret = derive(rules.door_key, rules.door, kind, member, generation)
    codes = Generator(secret, rules.codes.digits)
    if kind is Kind.CARD:
        for pair in candidate.steps:
            yield pair, codes.at(2 * pair) + codes.at(2 * pair + 1), (Use(member, kind, generation, pair),)
    elif kind is Kind.PAPER:
        seconds = Generator(
            derive(rules.door_key, rules.door, PAPER2, member, generation), rules.codes.digits
        )
        steps = _newer(candidate, PAPER2, access, least=_last(access, member, kind, generation))
        for day in steps:
            uses = (Use(member, kind, generation, day), Use(member, PAPER2, generation, day))
            yield day, codes.at(day) + seconds.at(day), uses
    else:
        code = ""
        for step in _newer(candidate, kind, access):
            code = code or codes.at(step)
            after = codes.at(step + 1)
            yield step, code + after, (Use(member, kind, generation, step + 1),)
            code = after


def _newer(candidate: _Candidate, kind: str, access: AccessList, least: int = 0) -> range:
    """The candidate's steps after the last used of ``kind``, and not before ``least``."""
    record = candidate.record
    last = _last(access, record.member, kind, record.generation)
    return range(max(candidate.steps.start, last + 1, least), candidate.steps.stop)


def _last(access: AccessList, member: str, kind: str, generation: int) -> int:
    used = access.last_used(member, kind, generation)
    return -1 if used is None else used.step
