"""Codes: derive a secret, issue and parse attempts, tell which steps are acceptable (PROTOCOL §1)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

import pyotp

MAX_GENERATION = 2**31 - 1
CARD_PAIRS_AHEAD = 10
EPOCH = date(1970, 1, 1)


class Kind(StrEnum):
    """How a member draws codes."""

    PHONE = "phone"
    STAFF = "staff"
    PAPER = "paper"
    CARD = "card"


PAPER2 = "paper2"  # derives the second code of a paper sheet; never a kind on record


class CodeError(ValueError):
    """These digits cannot be an attempt."""


@dataclass(frozen=True, slots=True)
class Window:
    """How long a step lasts and how far around it a code is accepted, in seconds."""

    step: int
    skew: int
    grace: int

    def __post_init__(self) -> None:
        if self.step < 1 or self.skew < 0 or self.grace < 0:
            raise ValueError("a window has a step of at least 1 s, and neither skew nor grace below 0")


WINDOWS: Mapping[Kind, Window] = {
    Kind.PHONE: Window(step=120, skew=30, grace=60),
    Kind.STAFF: Window(step=30, skew=10, grace=20),
    Kind.PAPER: Window(step=86_400, skew=0, grace=6 * 3600),
}


@dataclass(frozen=True, slots=True)
class Codes:
    """The form of the codes in force: one owner, the server."""

    digits: int = 6
    member_digits: int = 4
    windows: Mapping[Kind, Window] = field(default_factory=lambda: dict(WINDOWS))
    bundle_seconds: int = 1800
    paper_uses: int = 10
    time_zone: tzinfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    room: str = "study room"

    def __post_init__(self) -> None:
        if not 6 <= self.digits <= 8:
            raise ValueError(f"digits must be 6 to 8, not {self.digits}")
        if not 3 <= self.member_digits <= 6:
            raise ValueError(f"member_digits must be 3 to 6, not {self.member_digits}")
        if set(self.windows) != set(WINDOWS):
            raise ValueError(f"windows must be those of {', '.join(WINDOWS)}")
        if self.bundle_seconds < self.windows[Kind.PHONE].step:
            raise ValueError("bundle_seconds must be at least one step of phone")
        if self.paper_uses < 1:
            raise ValueError(f"paper_uses must be at least 1, not {self.paper_uses}")

    @property
    def length(self) -> int:
        """Digits of a whole attempt."""
        return self.member_digits + self.digits

    def step(self, kind: Kind, t: int) -> int:
        """The step of ``kind`` that lasts at Unix second ``t``."""
        if kind is Kind.PAPER:
            return (datetime.fromtimestamp(t, self.time_zone).date() - EPOCH).days
        return t // self.windows[kind].step

    def begin(self, kind: Kind, step: int) -> int:
        """Unix second at which ``step`` begins."""
        if kind is Kind.PAPER:
            midnight = datetime.combine(EPOCH + timedelta(days=step), time(), self.time_zone)
            return int(midnight.astimezone(UTC).timestamp())
        return step * self.windows[kind].step

    def end(self, kind: Kind, step: int) -> int:
        """Unix second at which ``step`` ends."""
        return self.begin(kind, step + 1)

    def acceptable(self, kind: Kind, t: int, *, window: Window | None = None) -> range:
        """Steps whose [begin − skew, end + grace) holds ``t``, oldest first."""
        w = window or self.windows[kind]
        last = self.step(kind, t + w.skew)
        first = self.step(kind, t - w.grace)
        # A step that ended exactly at t − grace is over; step() has put t − grace into the next one.
        return range(max(first, 0), last + 1)  # a clock at 1970 must not ask for a counter below 0


def kdf(key: bytes, info: str, n: int) -> bytes:
    """The ``n`` bytes that ``key`` yields for ``info``; at most 8160."""
    return hkdf_expand(key, info.encode(), n)


def hkdf_expand(key: bytes, info: bytes, n: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869 §2.3)."""
    out = block = b""
    counter = 1
    while len(out) < n:
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out += block
        counter += 1
    return out[:n]


def derive(door_key: bytes, door: str, kind: str, member: str, generation: int) -> bytes:
    """The 20-byte secret of one member, kind and generation."""
    return kdf(door_key, f"door-code/v1/{door}/{kind}/{member}/{generation}", 20)


class Generator(pyotp.HOTP):
    """RFC 4226 codes of a secret in bytes, ``at(counter)`` each; base32 and back would double their price."""

    def __init__(self, secret: bytes, digits: int) -> None:
        self._bytes = secret
        super().__init__("", digits=digits)

    def byte_secret(self) -> bytes:
        """The secret as it is."""
        return self._bytes


def otp(secret: bytes, counter: int, digits: int) -> str:
    """One code: RFC 4226 truncation over HMAC-SHA-1."""
    return Generator(secret, digits).at(counter)


def match(secret: bytes, typed: str, steps: Iterable[int]) -> int | None:
    """The newest of ``steps`` whose code is ``typed`` (ASCII digits, see ``parse``), or None.

    Every step is tried and compared in constant time, so the work tells nothing; 10 µs a step.
    Among 5,000 steps two have the same code once in 200 searches: look for a pair as a pair.
    """
    found = None
    for step in _matches(secret, typed, steps):
        found = step
    return found


def match_newest(secret: bytes, typed: str, steps: Sequence[int]) -> int | None:
    """``match`` that ends when one fits: for where the answer to a right code tells more than its work."""
    return next(_matches(secret, typed, reversed(steps)), None)


def _matches(secret: bytes, typed: str, steps: Iterable[int]) -> Iterator[int]:
    codes = Generator(secret, len(typed))
    return (step for step in steps if hmac.compare_digest(codes.at(step), typed))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Digits typed: a whole attempt, or (``member`` None) the otp digits of a second one alone."""

    member: str | None
    otp: str = field(repr=False)


def parse(digits: str, codes: Codes) -> Attempt:
    """Split typed digits; raises ``CodeError`` for anything but ASCII digits of a right length."""
    if not (digits.isascii() and digits.isdigit()):
        raise CodeError("an attempt is ASCII digits only")
    if len(digits) == codes.digits:
        return Attempt(None, digits)
    if len(digits) == codes.length:
        return Attempt(digits[: codes.member_digits], digits[codes.member_digits :])
    raise CodeError(f"an attempt has {codes.length} digits, or {codes.digits} after a first one")


def is_member(text: object, codes: Codes) -> bool:
    """Whether ``text`` is a member number that can be issued."""
    return (
        isinstance(text, str)
        and len(text) == codes.member_digits
        and text.isascii()
        and text.isdigit()
        and text.strip("0") != ""
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """A code as its holder sees it: good from ``begins`` until ``ends`` (Unix seconds)."""

    digits: str = field(repr=False)
    second: str = field(repr=False)
    step: int
    begins: int
    ends: int


def issue(
    door_key: bytes, door: str, kind: Kind, member: str, generation: int, step: int, codes: Codes
) -> Issued:
    """The code of one step (for ``card`` the number of a pair, from 1) with the second one beside it.

    Raises ``ValueError`` for a number that is never issued: of another length, or all zeros.
    """
    if not is_member(member, codes):
        raise ValueError(f"a member number has {codes.member_digits} digits and is not all zeros")
    if kind is Kind.CARD and step < 1:
        raise ValueError("pairs of a card count from 1")
    secret = derive(door_key, door, kind, member, generation)
    if kind is Kind.CARD:
        first, second = (otp(secret, 2 * step + half, codes.digits) for half in (0, 1))
        return Issued(member + first, second, step, 0, 0)
    if kind is Kind.PAPER:
        second = otp(derive(door_key, door, PAPER2, member, generation), step, codes.digits)
    else:
        second = otp(secret, step + 1, codes.digits)
    first = otp(secret, step, codes.digits)
    return Issued(member + first, second, step, codes.begin(kind, step), codes.end(kind, step))


def bundle(door_key: bytes, door: str, member: str, generation: int, now: int, codes: Codes) -> list[Issued]:
    """The ``phone`` codes of the next ``bundle_seconds``; the one code more is the second of the last.

    None begins more than ``bundle_seconds`` ahead, seconds included: that is what lets a door learn
    from an accepted step that its beginning less 30 min has passed.
    """
    first = codes.step(Kind.PHONE, now)
    one_more = codes.step(Kind.PHONE, now + codes.bundle_seconds)
    steps = range(first, one_more)
    return [issue(door_key, door, Kind.PHONE, member, generation, step, codes) for step in steps]
