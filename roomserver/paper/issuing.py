"""Codes drawn to be printed, for pages and shell; a phone's codes live for minutes and are not."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Session

from contract.codes import Kind
from roomserver.place import Opened
from roomserver.residents import issue, members
from roomserver.residents.issue import SHEET_DAYS, Drawn, IssueRefusedError
from roomserver.storage.schema import Door

DAYS = (7, 14, 28)


class WrongPaperError(IssueRefusedError):
    """This paper is for members of another kind."""


class Paper(StrEnum):
    """What is printed of a member's codes."""

    SHEET = "sheet"
    CARD = "card"
    AUTHENTICATOR = "authenticator"


_KINDS = {Paper.SHEET: Kind.PAPER, Paper.AUTHENTICATOR: Kind.STAFF}


def of(kind: Kind) -> list[Paper]:
    """What can be printed for a member of ``kind``; a card goes with every kind."""
    return [*(paper for paper, needs in _KINDS.items() if needs is kind), Paper.CARD]


def draw(
    session: Session, opened: Opened, door: Door, number: str, paper: Paper, now: int, days: int = SHEET_DAYS
) -> Drawn:
    """The codes of ``number`` for ``paper``; ``MemberError`` or ``IssueRefusedError`` say why not."""
    record = members.present(session, number)
    if paper not in of(record.kind):
        raise WrongPaperError(
            f"Member {number} is of kind {record.kind}; a {paper} is for {_KINDS[paper]}. "
            f"Draw a wallet card: roomserver paper card {number}"
        )
    form, key = opened.place.settings.codes.codes(), opened.vault.open(door.key)
    return issue.draw(key, door.name, record, form, now, card=paper is Paper.CARD, days=days)
