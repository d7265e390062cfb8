"""What must not lie open in the database: door keys are sealed with a key file, tokens kept as hashes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from roomserver.errors import RoomserverError

TOKEN_BYTES = 24


class VaultError(RoomserverError, RuntimeError):
    """The key file is missing, unreadable, or not the one the database was sealed with."""


class Vault:
    """Seals with the first key of the file, opens with any of them (so that keys can be rotated)."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: bytes) -> bytes:
        """``secret`` as it may lie in the database."""
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed; ``VaultError`` when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise VaultError(
                "The key file is not the one this database was sealed with. Bring back the right one."
            ) from None


def make_key_file(path: Path) -> None:
    """Write a new key file that only its owner can read; ``FileExistsError`` if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")


def open_key_file(path: Path) -> Vault:
    """The vault of a key file: one key a line, the newest first."""
    try:
        return Vault(path.read_bytes().split())
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be read ({error.strerror}). Run: roomserver init"
        ) from None
    except ValueError:
        raise VaultError(f"{path} is no key file. Bring back the right one.") from None


def new_token() -> str:
    """A token nobody guesses, safe to paste into a shell."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is kept of a token: it is random enough that a plain SHA-256 tells nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
