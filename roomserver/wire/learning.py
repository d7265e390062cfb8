"""What the server learns of its members from a door's rows; all of it merges by maximum, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from contract.access import AccessRecord
from contract.audit import Row
from contract.codes import MAX_GENERATION, Kind
from roomserver.residents import members

_TEACHING = frozenset({"granted", "revoked", "reinstated", "forgotten"})


def teaches(row: Row) -> bool:
    """Whether there may be something to learn from ``row``."""
    number = row.member
    if row.type not in _TEACHING or number is None:
        return False
    return number.isascii() and number.isdigit() and 3 <= len(number) <= 6


def learn(session: Session, row: Row, now: int) -> bool:
    """Merge what ``row`` proves into its member's record; whether that changed the list."""
    if not teaches(row) or row.member is None:
        return False
    ours = members.find(session, row.member)
    theirs = (_granted if row.type == "granted" else _told)(ours or AccessRecord(row.member), row.detail)
    if members.news(ours, theirs) is None:  # nearly always
        return False
    with session.begin_nested():
        return members.merge(session, theirs, f"door-{row.type}", now)


def _granted(ours: AccessRecord, detail: Mapping[str, object]) -> AccessRecord:
    """A grant proves the generation, and one above ours (a double code) kills those below it."""
    kind, generation = detail.get("kind"), _whole(detail, "generation")
    if kind == Kind.CARD:
        return replace(ours, card_pair=max(ours.card_pair, _whole(detail, "pair"), _whole(detail, "step")))
    if generation <= ours.generation or kind not in tuple(Kind):
        return ours if ours.revision else replace(ours, kind=_kind(kind, ours))
    through = max(ours.revoked_through, generation - 1)
    return replace(ours, kind=Kind(str(kind)), generation=generation, revoked_through=through)


def _told(ours: AccessRecord, detail: Mapping[str, object]) -> AccessRecord:
    """A door's own record, as far as the row tells it."""
    fresher = not ours.revision or _whole(detail, "generation") > ours.generation
    return replace(
        ours,
        kind=_kind(detail.get("kind"), ours) if fresher else ours.kind,
        generation=max(ours.generation, _whole(detail, "generation")),
        revoked_through=max(
            ours.revoked_through, _whole(detail, "through"), _whole(detail, "revoked_through")
        ),
        card_pair=max(ours.card_pair, _whole(detail, "card_pair")),
    )


def _kind(value: object, ours: AccessRecord) -> Kind:
    return Kind(str(value)) if value in tuple(Kind) and value != Kind.CARD else ours.kind


def _whole(detail: Mapping[str, object], name: str) -> int:
    value = detail.get(name)
    return value if type(value) is int and 0 <= value <= MAX_GENERATION else 0
