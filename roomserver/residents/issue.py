"""What a member draws, by kind: a phone's bundle, an authenticator's link, a paper sheet, a wallet card."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract import codes as contract_codes
from contract.access import AccessRecord
from contract.authenticator import provisioning_uri
from contract.codes import Codes, Issued, Kind
from roomserver.errors import RoomserverError

CARD_PAIRS = 5
SHEET_DAYS = 14  # as long as a lease: a door that hears nothing longer would refuse the rest


class IssueRefusedError(RoomserverError, ValueError):
    """This member draws nothing now; ``str(error)`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a member takes away: codes, or for an authenticator its link."""

    member: str
    kind: Kind
    codes: tuple[Issued, ...] = ()
    uri: str | None = field(default=None, repr=False)


def draw(
    key: bytes,
    door: str,
    record: AccessRecord,
    form: Codes,
    now: int,
    *,
    card: bool = False,
    days: int = SHEET_DAYS,
) -> Drawn:
    """Codes of ``record`` at ``door``; ``IssueRefusedError`` for one who may not enter."""
    refuse_unless_good(record, now)
    if card:
        first = record.card_pair + 1
        return _steps(key, door, record, Kind.CARD, range(first, first + CARD_PAIRS), form)
    match record.kind:
        case Kind.PHONE:
            drawn = contract_codes.bundle(key, door, record.member, record.generation, now, form)
            return Drawn(record.member, Kind.PHONE, tuple(drawn))
        case Kind.STAFF:
            secret = contract_codes.derive(key, door, Kind.STAFF, record.member, record.generation)
            return Drawn(record.member, Kind.STAFF, uri=provisioning_uri(secret, record.member, form))
        case _:
            today = form.step(Kind.PAPER, now)
            return _steps(key, door, record, Kind.PAPER, range(today, today + days), form)


def refuse_unless_good(record: AccessRecord, now: int) -> None:
    """``IssueRefusedError`` for a member who is revoked, suspended, or outside his dates."""
    number = record.member
    if record.revoked:
        raise IssueRefusedError(
            f"Member {number} is revoked and draws no codes. To undo it: roomserver member reinstate {number}"
        )
    if record.suspended_until is not None and now < record.suspended_until:
        raise IssueRefusedError(f"Member {number} is suspended and draws no codes until that ends.")
    if record.not_before is not None and now < record.not_before:
        raise IssueRefusedError(f"Member {number} may not enter yet and draws no codes.")
    if record.not_after is not None and now >= record.not_after:
        raise IssueRefusedError(f"Member {number} may no longer enter and draws no codes.")


def _steps(key: bytes, door: str, record: AccessRecord, kind: Kind, steps: range, form: Codes) -> Drawn:
    issued = (
        contract_codes.issue(key, door, kind, record.member, record.generation, step, form) for step in steps
    )
    return Drawn(record.member, kind, tuple(issued))
