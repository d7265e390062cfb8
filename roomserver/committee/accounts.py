"""The committee's accounts: made at the shell, set up by their owners with a link that is good once.

An account signs in by password and authenticator together, or by a passkey; the database has neither the
password (an argon2 hash) nor the secret of the authenticator in the clear (it is sealed).
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from threading import BoundedSemaphore

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from roomserver.committee.office import Account, AccountPasskey, AccountSession
from roomserver.committee.roles import Role
from roomserver.errors import RoomserverError
from roomserver.place import Opened
from roomserver.residents import once
from roomserver.residents.once import Purpose
from roomserver.storage.vault import Vault

LEAST_PASSWORD = 10
MOST_PASSWORD = 200
HANDLE_BYTES = 16
STEP_SECONDS = 30
_NAME = re.compile(r"[\w.-]{1,32}")

_hasher = PasswordHasher()  # RFC 9106, the profile for little memory: 64 MiB each
_hashing = BoundedSemaphore(2)  # so many at once: a crowd of guessers waits and takes no memory
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))  # what the password of an unknown account is held against
_NO_SECRET = pyotp.random_base32()


class AccountError(RoomserverError, ValueError):
    """This cannot be done with this account; ``str(error)`` says why and what to do."""


class NameTakenError(AccountError):
    """There is an account of that name already."""


class LastAdminError(AccountError):
    """Without this account nobody could sign in as an administrator."""


class WeakPasswordError(ValueError):
    """A password that is too short, too long, or the account's own name."""


class WrongCodeError(ValueError):
    """Not the present code of this authenticator."""


def plain(name: str) -> str:
    """A name as it is kept, however it was typed."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def find(session: Session, name: str) -> Account | None:
    """The account called ``name``, if there is one."""
    return session.scalar(select(Account).where(Account.name == plain(name)))


def get(session: Session, name: str) -> Account:
    """The same; ``AccountError`` if there is none."""
    account = find(session, name)
    if account is None:
        raise AccountError(f"There is no account {name[:32]}. See: roomserver account list")
    return account


def listed(session: Session) -> list[Account]:
    """Every account, by name."""
    return list(session.scalars(select(Account).order_by(Account.name)))


def held_admins(session: Session) -> list[Account]:
    """The administrators who can sign in, held until the transaction ends."""
    query = select(Account).where(Account.role == Role.ADMIN).order_by(Account.id)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return [one for one in found if one.disabled_at is None and has_way_in(session, one)]


def add(session: Session, name: str, role: Role, now: int) -> tuple[Account, str]:
    """A new account without a way in, and the token of the link that its owner sets it up with."""
    kept = plain(name)
    if not _NAME.fullmatch(kept):
        raise AccountError("The name of an account is 1 to 32 letters, digits, dots, _ or -.")
    if find(session, kept) is not None:
        raise NameTakenError(
            f"There is an account {kept} already. For new ways in: roomserver account reset {kept}"
        )
    account = Account(
        name=kept, role=role, totp_step=0, handle=secrets.token_bytes(HANDLE_BYTES), made_at=now
    )
    session.add(account)
    session.flush()
    return account, _link(session, account, now)


def reset(session: Session, name: str, now: int) -> str:
    """Take all ways in, end all its sessions, and make a link for new ones; a disabled account is back."""
    account = get(session, name)
    _shut(session, account)
    account.password = account.totp = account.disabled_at = None
    session.execute(delete(AccountPasskey).where(AccountPasskey.account_id == account.id))
    return _link(session, account, now)


def disable(session: Session, name: str, now: int) -> None:
    """Nobody signs in with it any more, and who is signed in is out; ``LastAdminError`` for the last one."""
    account = get(session, name)
    _spare_last_admin(session, account)
    _shut(session, account)
    account.disabled_at = account.disabled_at or now


def set_role(session: Session, name: str, role: Role) -> None:
    """What it may do from now on; whoever is signed in is out. ``LastAdminError`` for the last one."""
    account = get(session, name)
    if account.role == role:
        raise AccountError(f"The role of {account.name} is {role} already. See: roomserver account list")
    _spare_last_admin(session, account)
    account.role = role
    _sign_out(session, account)


def use_link(session: Session, token: str, now: int) -> Account | None:
    """Use up a link; None if it is forged, used, too old, or its account is disabled."""
    taken = once.take(session, Purpose.ACCOUNT_LINK, token, now)
    account = None if taken is None or taken.account is None else session.get(Account, taken.account)
    return account if account is not None and account.disabled_at is None else None


def has_way_in(session: Session, account: Account) -> bool:
    """Whether it could sign in again."""
    return account.password is not None or has_passkey(session, account)


def has_passkey(session: Session, account: Account) -> bool:
    """Whether it has a passkey, at least one."""
    keys = select(AccountPasskey.id).where(AccountPasskey.account_id == account.id)
    return session.scalar(keys.limit(1)) is not None


# -- password and authenticator -------------------------------------------------------------------


def hashed(name: str, password: str) -> str:
    """The hash of a new password; ``WeakPasswordError`` for one that is none. Takes a while, on purpose."""
    password = _same(password)
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD or name in password.casefold():
        raise WeakPasswordError
    if len(set(password)) < LEAST_PASSWORD // 2:
        raise WeakPasswordError
    with _hashing:
        return _hasher.hash(password)


def new_secret() -> str:
    """A secret for an authenticator, in base 32 as it is typed."""
    return pyotp.random_base32()


def uri(secret: str, name: str, room: str) -> str:
    """The secret as an authenticator reads it from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=room)


def set_password(
    vault: Vault, account: Account, password_hash: str, secret: str, code: str, now: int
) -> None:
    """Password and authenticator in place of those before; ``WrongCodeError`` unless ``code`` is right."""
    step = _step(secret, code, now, 0)
    if step is None:
        raise WrongCodeError
    account.password, account.totp, account.totp_step = password_hash, vault.seal_text(secret), step


def opened_by(opened: Opened, name: str, password: str) -> str | None:
    """The hash that this password opens, for ``take_sign_in``; None after the same work.

    It takes a while, on purpose, and holds up nobody who writes meanwhile.
    """
    with opened.database.read() as session:
        account = find(session, name)
        kept = account.password if account is not None and account.disabled_at is None else None
    return kept if _matches(kept or _NOBODY, password) else None


def take_sign_in(
    session: Session, vault: Vault, name: str, kept: str | None, code: str, now: int
) -> Account | None:
    """The account that name, password (``kept``, the hash it opened) and code open now; None if they do not.

    Which of them was wrong, or whether there is such an account, neither the answer tells nor its time.
    """
    account = session.scalar(select(Account).where(Account.name == plain(name)).with_for_update())
    sealed = None if account is None else account.totp
    secret = _NO_SECRET if sealed is None else vault.open_text(sealed)
    step = _step(secret, code, now, 0 if account is None else account.totp_step)
    if account is None or sealed is None or step is None or kept is None:
        return None
    if account.password != kept or account.disabled_at is not None:  # changed since it was opened
        return None
    account.totp_step, account.seen_at = step, now
    return account


def _matches(kept: str, password: str) -> bool:
    with _hashing:
        try:
            return _hasher.verify(kept, _same(password)[:MOST_PASSWORD])
        except (Argon2Error, InvalidHashError):
            return False


def _same(password: str) -> str:
    """However a keyboard composes it."""
    return unicodedata.normalize("NFKC", password)


def _step(secret: str, code: str, now: int, used: int) -> int | None:
    """The step that ``code`` is of, if it is one of now and later than the last used."""
    digits = "".join(unicodedata.normalize("NFKC", code).split())
    totp, here = pyotp.TOTP(secret), now // STEP_SECONDS
    found = None
    for step in (here - 1, here, here + 1):
        same = pyotp.utils.strings_equal(totp.generate_otp(step), digits)
        found = step if same and step > used else found
    return found


def _link(session: Session, account: Account, now: int) -> str:
    once.drop_account(session, account.id)
    return once.make(session, Purpose.ACCOUNT_LINK, now, account=account.id)


def _shut(session: Session, account: Account) -> None:
    _sign_out(session, account)
    once.drop_account(session, account.id)


def _sign_out(session: Session, account: Account) -> None:
    session.execute(delete(AccountSession).where(AccountSession.account_id == account.id))


def _spare_last_admin(session: Session, account: Account) -> None:
    others = [one for one in held_admins(session) if one.id != account.id]
    if account.role == Role.ADMIN and account.disabled_at is None and not others:
        raise LastAdminError(
            f"No other administrator than {account.name} can sign in. Add one first, who opens the link: "
            "roomserver account add NAME --role admin"
        )
