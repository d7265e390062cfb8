"""Keyed tags: they find the same identity number or WeChat account again, and tell nothing of it.

The key lies in the database sealed, so a stolen database without the key file does not allow one guess. With
both, each guess at an identity number still costs the work of ``_WORK`` (scrypt, about 50 ms), and there are
some 10^10 numbers that somebody may have.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy.orm import Session

from roomserver.storage.schema import Meta
from roomserver.storage.vault import Vault

KEY_NAME = "tag-key"
_WORK = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def key(session: Session, vault: Vault) -> bytes:
    """The key of all tags, made when it is first needed (in a session that writes)."""
    found = session.get(Meta, KEY_NAME)
    if found is not None:
        return vault.open(found.value.encode())
    made = secrets.token_bytes(32)
    session.add(Meta(name=KEY_NAME, value=vault.seal(made).decode()))
    session.flush()
    return made


def identity(tag_key: bytes, number: str) -> str:
    """The tag of an identity number; slow on purpose."""
    salt = hmac.digest(tag_key, b"identity/v1", "sha256")
    return hashlib.scrypt(number.encode(), salt=salt, **_WORK).hex()


def wechat(tag_key: bytes, openid: str) -> str:
    """The tag of a WeChat account, whose openid is random enough for a plain keyed hash."""
    return hmac.digest(tag_key, b"wechat/v1\n" + openid.encode("utf-8", "replace"), "sha256").hex()


def session(tag_key: bytes, form: str, identity_tag: str) -> str:
    """The session of whoever sends this form (by its token) with this identity: sent twice, it is one."""
    return hmac.digest(tag_key, f"session/v1\n{form}\n{identity_tag}".encode(), "sha256").hex()
