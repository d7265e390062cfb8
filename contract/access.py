"""Access records: what the door knows of a member, how two merge, how a list is digested (PROTOCOL §2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from contract.codes import MAX_GENERATION, Kind

REVOKE_AHEAD = 3  # a revocation reaches so far beyond: a generation issued meanwhile cannot walk around it
EMPTY_DIGEST = "0" * 64


class AccessError(ValueError):
    """This is not an access record."""


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One member as the door knows him; times are Unix seconds.

    A number on no record stands for ``AccessRecord(number)``: a phone of generation 1, not revoked.
    """

    member: str
    kind: Kind = Kind.PHONE
    generation: int = 1
    revoked_through: int = 0
    card_pair: int = 0
    suspended_until: int | None = None
    not_before: int | None = None
    not_after: int | None = None
    revision: int = 0

    @property
    def revoked(self) -> bool:
        """Whether every code of the generation on record is dead."""
        return self.generation <= self.revoked_through

    @property
    def top(self) -> int:
        """The highest generation spoken of; the next one issued is above it."""
        return max(self.generation, self.revoked_through)

    def as_json(self) -> dict[str, object]:
        """The record as it travels."""
        return asdict(self)


def merge(ours: AccessRecord, theirs: AccessRecord) -> AccessRecord:
    """Two records of one member: what must never un-happen by maximum, all else from the higher revision."""
    if ours.member != theirs.member:
        raise ValueError("these are records of two members")
    older, newer = (ours, theirs) if theirs.revision >= ours.revision else (theirs, ours)
    return replaced(older, newer)


def replaced(ours: AccessRecord, theirs: AccessRecord) -> AccessRecord:
    """``theirs`` whatever its revision, but for what merges by maximum (a complete list).

    A kind belongs to its generation (a change of kind raises it), so it comes with the higher one.
    """
    kind = theirs.kind if theirs.generation >= ours.generation else ours.kind
    return replace(
        theirs,
        kind=kind,
        generation=max(ours.generation, theirs.generation),
        revoked_through=max(ours.revoked_through, theirs.revoked_through),
        card_pair=max(ours.card_pair, theirs.card_pair),
    )


def bare(record: AccessRecord) -> AccessRecord:
    """What is kept of a number that is missing from a complete list, or forgotten.

    The kind stays with its generation: without it the codes of another kind would open.
    """
    return AccessRecord(
        record.member,
        kind=record.kind,
        generation=record.generation,
        revoked_through=record.revoked_through,
        card_pair=record.card_pair,
    )


def revoke(record: AccessRecord, through: int | None = None) -> AccessRecord:
    """The record with all generations dead up to ``through`` (default: beyond all that may be out)."""
    reach = record.top + REVOKE_AHEAD if through is None else through
    return replace(record, revoked_through=max(record.revoked_through, min(reach, MAX_GENERATION)))


def from_json(value: object) -> AccessRecord:
    """A record from parsed JSON; raises ``AccessError`` naming the first field that is wrong."""
    if not isinstance(value, Mapping):
        raise AccessError("an access record is a JSON object")
    known = {field.name for field in fields(AccessRecord)}
    missing = known - value.keys()
    if missing:
        raise AccessError(f"an access record lacks {', '.join(sorted(missing))}")
    member, kind = value["member"], value["kind"]
    if not (isinstance(member, str) and member.isascii() and member.isdigit() and 3 <= len(member) <= 6):
        raise AccessError("member must be 3 to 6 digits")
    if kind not in tuple(Kind) or kind == Kind.CARD:
        raise AccessError("kind must be phone, staff or paper")
    return AccessRecord(
        member=member,
        kind=Kind(kind),
        generation=_whole(value, "generation", 1, MAX_GENERATION),
        revoked_through=_whole(value, "revoked_through", 0, MAX_GENERATION),
        card_pair=_whole(value, "card_pair", 0, MAX_GENERATION),
        suspended_until=_time(value, "suspended_until"),
        not_before=_time(value, "not_before"),
        not_after=_time(value, "not_after"),
        revision=_whole(value, "revision", 0, 2**53 - 1),
    )


def chain_digest(previous: str, record: AccessRecord) -> str:
    """The digest of a list after one more change: SHA-256 over the digest before it and the record."""
    text = json.dumps(record.as_json(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _whole(value: Mapping[str, object], name: str, least: int, most: int) -> int:
    number = value[name]
    if type(number) is not int or not least <= number <= most:
        raise AccessError(f"{name} must be a whole number from {least} to {most}")
    return number


def _time(value: Mapping[str, object], name: str) -> int | None:
    return None if value[name] is None else _whole(value, name, 0, 2**53 - 1)
