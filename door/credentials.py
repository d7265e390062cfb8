"""What enrolling gave this door: its key, its token, its broker account. Loaded, saved, never shown."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from contract.messages import DOOR_NAME, MAX_N, loads
from contract.settings import SettingsError, fill, option
from door.errors import ConfigError

SYSTEMD_NAME = "door"  # LoadCredential=door:… in the unit
MAX_BYTES = 64 * 1024
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Broker:
    """The door's account at the broker; ``ca`` is PEM text, None for the authorities of the system."""

    host: str = option(pattern=r"[!-~]{1,253}", form="a host name or address")
    port: int = option(8883, least=1, most=65535)
    username: str | None = option(None)
    password: str | None = option(None, secret=True)
    tls: bool = option(default=True)
    ca: str | None = option(None, lines=True)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The answer of ``POST /doors/enroll``, and the name it was given for (PROTOCOL §3)."""

    mqtt: Broker
    door: str = option(pattern=DOOR_NAME.pattern, form="1 to 32 of a-z, 0-9 and -")
    door_key: bytes = option(least=KEY_BYTES, most=KEY_BYTES, secret=True)
    api_token: str = option(pattern=r"[!-~]{1,4096}", form="a token without blanks", secret=True)
    command_n: int = option(0, least=0, most=MAX_N)
    codes: Mapping[str, object] = field(default_factory=dict)
    rules: Mapping[str, object] = field(default_factory=dict)


def parse(values: object, *, name: str = "the answer to enrolling") -> Credentials:
    """Credentials from parsed JSON; ``ConfigError`` tells all faults and shows no secret."""
    try:
        return fill(Credentials, values, name=name, strict=False)
    except SettingsError as error:
        raise ConfigError(str(error)) from None


def load(path: Path) -> Credentials:
    """The file at ``path``, or else what systemd passes in (``LoadCredential=door:…``).

    ``ConfigError`` when there is neither, when others can read the file, or when it is faulty.
    """
    passed = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"), SYSTEMD_NAME)
    if not os.access(path, os.R_OK) and passed.is_file():
        return _read(passed)  # systemd guards it with an ACL, whose mask looks like a readable group
    if fault := exposed(path):
        raise ConfigError(fault)
    return _read(path)


def exposed(path: Path) -> str | None:
    """What is wrong with the permissions of the file; None when nothing is, or when there is no file."""
    try:
        mode = path.stat().st_mode & 0o777
    except (OSError, ValueError):
        return None
    if mode & 0o077:
        return f"{path} can be read or changed by others (mode {mode:04o}); run: chmod 600 {path}"
    return None


def save(credentials: Credentials, path: Path) -> None:
    """Write the file, mode 0600; after a power cut it is the old one or the new one, never half of it."""
    text = json.dumps({**asdict(credentials), "door_key": credentials.door_key.hex()}, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise
    _sync_directory(path.parent)


def _read(path: Path) -> Credentials:
    try:
        raw = path.read_bytes()
        values = loads(raw, MAX_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"there are no credentials at {path}; run: door enroll") from None
    except PermissionError:
        raise ConfigError(f"the credentials at {path} may not be read by you: try it with sudo") from None
    except OSError as error:
        raise ConfigError(f"the credentials at {path} cannot be read: {error.strerror}") from None
    except ValueError:  # its text may quote the file
        raise ConfigError(f"the credentials at {path} are not a JSON object; run: door enroll") from None
    return parse(values, name=str(path))


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
