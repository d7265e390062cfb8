"""The committee's passkeys: as the residents', but an account's, and asked for on their own page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes

from roomserver.committee.office import Account, AccountPasskey
from roomserver.residents import once, passkeys
from roomserver.residents.once import Purpose
from roomserver.residents.passkeys import MOST, PasskeyRefusedError, Site


def listed(session: Session, account: int) -> list[AccountPasskey]:
    """The passkeys of an account."""
    query = select(AccountPasskey).where(AccountPasskey.account_id == account)
    return list(session.scalars(query.order_by(AccountPasskey.made_at)))


def ask_for_new(session: Session, site: Site, account: Account, now: int) -> dict[str, Any]:
    """What the browser of a signed-in account needs to make one."""
    known = [key.id for key in listed(session, account.id)]
    if len(known) >= MOST:
        raise PasskeyRefusedError("too many passkeys")
    options, token = passkeys.new_options(site, account.handle, account.name, known)
    once.make(session, Purpose.ACCOUNT_PASSKEY_NEW, now, account=account.id, token=token)
    return options


def take_new(session: Session, site: Site, account: int, answer: dict[str, Any], now: int) -> None:
    """Keep the one its browser made; ``PasskeyRefusedError`` if it is none."""
    taken, key = passkeys.answered(session, site, answer, now, Purpose.ACCOUNT_PASSKEY_NEW, AccountPasskey)
    if taken.account != account:
        raise PasskeyRefusedError("no such challenge")
    key.account_id = account
    session.add(key)


def ask_to_sign_in(session: Session, site: Site, now: int) -> dict[str, Any]:
    """What any browser needs to sign in: the same for everybody."""
    options, token = passkeys.in_options(site)
    once.make(session, Purpose.ACCOUNT_PASSKEY_IN, now, token=token)
    return options


def take_sign_in(session: Session, site: Site, answer: dict[str, Any], now: int) -> Account:
    """The account whose passkey answered; ``PasskeyRefusedError`` if none of ours did."""
    challenge = passkeys.challenge_of(answer)
    key = session.get(AccountPasskey, passkeys.id_of(answer), with_for_update=True)
    if once.take(session, Purpose.ACCOUNT_PASSKEY_IN, challenge, now) is None or key is None:
        raise PasskeyRefusedError("no such challenge or passkey")
    key.sign_count = passkeys.signed_by(site, answer, challenge, key.public_key, key.sign_count)
    key.used_at = now
    account = session.get_one(Account, key.account_id)
    if account.disabled_at is not None:
        raise PasskeyRefusedError("disabled")
    return account


def remove(session: Session, account: int, id_: str) -> bool:
    """Forget a passkey of the account, and whether there was one; another's is not touched."""
    try:
        raw = base64url_to_bytes(id_)
    except ValueError:
        return False
    mine = (AccountPasskey.id == raw, AccountPasskey.account_id == account)
    gone = session.execute(delete(AccountPasskey).where(*mine).returning(AccountPasskey.id))
    return gone.first() is not None
