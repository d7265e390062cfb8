"""What must not lie open in the database: keys, names and phones are sealed, tokens kept as hashes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from roomserver.errors import RoomserverError

TOKEN_BYTES = 24
WAITS = b"+"  # before a key that opens and does not seal yet
_WRONG_KEY = (
    "The key file is not the one this database was sealed with. Bring back the right one; of several servers "
    "each needs the file of the one that has rotated the key."
)


class VaultError(RoomserverError, RuntimeError):
    """The key file is missing, unreadable, or not the one the database was sealed with."""


class Vault:
    """Seals with the first key of the file, opens with any of them, and notices when the file is another."""

    def __init__(self, keys: list[bytes], file: Path | None = None) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._use(keys)

    def seal(self, secret: bytes) -> bytes:
        """``secret`` as it may lie in the database; called within the transaction that stores it."""
        self._look()
        return self._fernet.encrypt(secret)

    def seal_text(self, text: str) -> bytes:
        """The same for a name or a phone."""
        return self.seal(text.encode())

    def open(self, sealed: bytes) -> bytes:
        """What was sealed; ``VaultError`` when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            self._look()  # the keys may have been changed a moment ago
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise VaultError(_WRONG_KEY) from None

    def open_text(self, sealed: bytes) -> str:
        """The same for a name or a phone."""
        return self.open(sealed).decode()

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, sealed with the first key; untouched if it is already."""
        self._look()
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return self._first.encrypt(self.open(sealed))
        return sealed

    def _look(self) -> None:
        """Read the file again if it is another than it was."""
        try:
            seen = None if self._file is None else _signature(self._file)
        except OSError:
            return  # the file may be away (on a stick); what is in memory still holds
        if seen != self._seen:
            self._read()

    def _read(self) -> None:
        if self._file is None:
            return
        seen = _signature(self._file)
        try:
            self._use(read_keys(self._file))
        except ValueError:  # what is sealed from here on could never be opened again
            raise VaultError(f"{self._file} is no key file. Bring back the right one.") from None
        self._seen = seen

    def _use(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._first = Fernet(keys[0])


def open_key_file(path: Path) -> Vault:
    """The vault of a key file: one key a line, the newest first, with ``+`` while it does not seal yet."""
    try:
        vault = Vault(read_keys(path), path)
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be read ({error.strerror}). Run: roomserver init"
        ) from None
    except ValueError:
        raise VaultError(f"{path} is no key file. Bring back the right one.") from None
    return vault


def read_keys(path: Path) -> list[bytes]:
    """The keys in a file: the one that seals, then those that only open."""
    keys = _lines(path)
    return [key for key in keys if not _waits(key)] + [key.removeprefix(WAITS) for key in keys if _waits(key)]


def key_waits(path: Path) -> bool:
    """Whether the newest key in the file does not seal yet."""
    return any(map(_waits, _lines(path)))


def make_key_file(path: Path) -> None:
    """Write a new key file that only its owner can read; ``FileExistsError`` if there is one."""
    _write(path, [Fernet.generate_key()])


def add_key(path: Path, *, waits: bool = False) -> None:
    """Put a new key into the file: it seals from now on unless it ``waits``, and the others still open."""
    new = Fernet.generate_key()
    _replace(path, [WAITS + new if waits else new, *_lines(path)])


def let_seal(path: Path) -> None:
    """From now on the newest key in the file seals."""
    _replace(path, [key.removeprefix(WAITS) for key in _lines(path)])


def drop_old_keys(path: Path) -> int:
    """Keep only the key that seals; how many are gone."""
    keys = read_keys(path)
    _replace(path, keys[:1])
    return len(keys) - 1


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split()


def _waits(key: bytes) -> bool:
    return key.startswith(WAITS)


def _signature(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _replace(path: Path, keys: list[bytes]) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    _write(new, keys)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, keys: list[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\n".join(keys) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def new_token() -> str:
    """A token nobody guesses, safe to paste into a shell."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is kept of a token: it is random enough that a plain SHA-256 tells nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
