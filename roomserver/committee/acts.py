"""The log of acts: who of the committee did what, and when; the words for it are ``pages/words/acts.py``.

An act is written in the transaction that does it, so the log has all that was done, and nothing else.
A detail is short and names nobody: no name, no reason in free words, no code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from roomserver.committee.office import Act


class Did(StrEnum):
    """What can be done; the detail's keys stand in the words."""

    SIGNED_IN = "signed-in"
    ACCOUNT_ADDED = "account-added"
    ACCOUNT_RESET = "account-reset"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_ROLE = "account-role"
    PASSWORD_SET = "password-set"  # noqa: S105  (an act's name)
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    APPROVED = "approved"
    DECLINED = "declined"
    REVEALED = "revealed"
    REVOKED = "revoked"
    REINSTATED = "reinstated"
    REISSUED = "reissued"
    PHONE_LOST = "phone-lost"
    LINKED = "linked"
    SUSPENDED = "suspended"
    LIFTED = "lifted"
    UNLOCKED = "unlocked"
    IDENTIFIED = "identified"
    COUNTED = "counted"
    RULES_SET = "rules-set"
    RULES_OF_FILE = "rules-of-file"
    SEEN = "seen"
    MODE_NORMAL = "mode-normal"
    MODE_OPEN = "mode-open"
    MODE_LOCKDOWN = "mode-lockdown"
    PRINTED_SHEET = "printed-sheet"
    PRINTED_CARD = "printed-card"
    PRINTED_AUTHENTICATOR = "printed-authenticator"
    NOTIFY_TESTED = "notify-tested"


@dataclass(frozen=True, slots=True)
class Done:
    """A line of the log."""

    id: int
    at: int
    who: str | None
    what: str
    member: str | None
    detail: Mapping[str, Any]


def note(
    session: Session, who: str | None, what: Did, now: int, *, member: str | None = None, **detail: object
) -> None:
    """Write an act down; ``who`` is an account's name, or None for whoever sits at the server's shell."""
    text = json.dumps(detail, ensure_ascii=False)
    session.add(Act(at=now, who=who, what=what, member=member, detail=text))


def listed(
    session: Session, *, member: str | None = None, before: int | None = None, most: int = 100
) -> list[Done]:
    """The latest acts, newest first: all, or those on a member; ``before`` an act's number, to read on."""
    query = select(Act).order_by(Act.id.desc()).limit(most)
    query = query if member is None else query.where(Act.member == member)
    query = query if before is None else query.where(Act.id < before)
    return [
        Done(act.id, act.at, act.who, act.what, act.member, json.loads(act.detail))
        for act in session.scalars(query)
    ]
