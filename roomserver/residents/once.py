"""What is good once: a token by its hash, for one purpose, until a time; whoever takes it first has it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from roomserver.storage.register import OneTime
from roomserver.storage.vault import new_token, token_hash


class Purpose(StrEnum):
    """What a token is for; one for another purpose is as wrong as a forged one."""

    LINK = "link"
    TICKET = "ticket"
    PASSKEY_NEW = "passkey-new"
    PASSKEY_IN = "passkey-in"
    ACCOUNT_LINK = "account-link"
    ACCOUNT_PASSKEY_NEW = "account-passkey-new"
    ACCOUNT_PASSKEY_IN = "account-passkey-in"


LIFE_SECONDS = {
    Purpose.LINK: 24 * 3600,
    Purpose.TICKET: 60,
    Purpose.PASSKEY_NEW: 300,
    Purpose.PASSKEY_IN: 300,
    Purpose.ACCOUNT_LINK: 24 * 3600,
    Purpose.ACCOUNT_PASSKEY_NEW: 300,
    Purpose.ACCOUNT_PASSKEY_IN: 300,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a token stood for."""

    member: str | None
    wechat_tag: str | None
    account: int | None = None


def make(
    session: Session,
    purpose: Purpose,
    now: int,
    *,
    member: str | None = None,
    wechat_tag: str | None = None,
    account: int | None = None,
    token: str | None = None,
) -> str:
    """A new token (or the caller's own); only its hash is kept."""
    token = token or new_token()
    expires = now + LIFE_SECONDS[purpose]
    session.add(
        OneTime(
            hash=token_hash(token),
            purpose=purpose,
            member=member,
            wechat_tag=wechat_tag,
            account_id=account,
            made_at=now,
            expires_at=expires,
        )
    )
    return token


def take(session: Session, purpose: Purpose, token: str, now: int) -> Taken | None:
    """Use up ``token``; None if it is forged, used, too old, or for something else, and which is not told."""
    # Deleting and reading in one statement: of two who race for it one gets the row.
    query = delete(OneTime).where(OneTime.hash == token_hash(token), OneTime.purpose == purpose)
    found = session.execute(
        query.returning(OneTime.member, OneTime.wechat_tag, OneTime.account_id, OneTime.expires_at)
    ).one_or_none()
    if found is None or found.expires_at <= now:
        return None
    return Taken(found.member, found.wechat_tag, found.account_id)


def drop(session: Session, purpose: Purpose, member: str) -> None:
    """Kill what was made for a member and not used: only the newest is on the table."""
    session.execute(delete(OneTime).where(OneTime.purpose == purpose, OneTime.member == member))


def drop_account(session: Session, account: int) -> None:
    """The same for one of the committee, whatever it was made for."""
    session.execute(delete(OneTime).where(OneTime.account_id == account))
