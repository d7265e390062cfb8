"""Why a member is suspended or revoked, in the committee's words: sealed, and gone when it is over.

A reason belongs to one standing: ``members`` drops it whenever that changes, whoever changed it, so whoever
suspends or revokes gives the reason afterwards.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from roomserver.errors import RoomserverError
from roomserver.storage.register import Reason
from roomserver.storage.schema import Member
from roomserver.storage.vault import Vault

LENGTH = 200


class ReasonError(RoomserverError, ValueError):
    """These are no words for a member to read; ``str(error)`` says why and what to do."""


def words(text: str) -> str:
    """A reason as it is kept, in one line; ``ReasonError`` when it is empty, too long or not text."""
    kept = " ".join(unicodedata.normalize("NFC", text).split())
    if not kept or len(kept) > LENGTH or any(unicodedata.category(c)[0] == "C" for c in kept):
        raise ReasonError(f"A reason is 1 to {LENGTH} characters of plain text; the member reads it.")
    return kept


def give(session: Session, vault: Vault, number: str, text: str, now: int) -> None:
    """Tell the member why; another reason takes the place of the one before."""
    session.merge(Reason(member=number, text=vault.seal_text(words(text)), at=now))


def read(session: Session, vault: Vault, number: str) -> str | None:
    """Why, if it was said."""
    kept = session.get(Reason, number)
    return None if kept is None else vault.open_text(kept.text)


def drop(session: Session, number: str) -> None:
    """It is over, or something else is the matter."""
    session.execute(delete(Reason).where(Reason.member == number))


def sweep(session: Session, now: int) -> None:
    """Delete the reasons of suspensions that ended by themselves."""
    paused = or_(Member.suspended_until > now, Member.generation <= Member.revoked_through)
    session.execute(delete(Reason).where(Reason.member.not_in(select(Member.number).where(paused))))
