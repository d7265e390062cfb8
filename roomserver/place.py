"""Where a server lives: its ``roomserver.toml``, the folder paths start from, database and vault opened."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from contract.settings import read
from roomserver.notify.settings import Way
from roomserver.settings import Settings
from roomserver.storage.database import Database
from roomserver.storage.vault import Vault, open_key_file
from roomserver.wire import terms

DATABASE_FILE = "roomserver.db"


def now() -> int:
    """The server's time, in whole Unix seconds."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Place:
    """The settings, and the folder their paths start from."""

    folder: Path
    settings: Settings

    def path(self, path: Path) -> Path:
        """``path``, from the folder of ``roomserver.toml`` unless it is absolute."""
        return self.folder / path

    @property
    def key_file(self) -> Path:
        """Where the sealing key lies."""
        return self.path(self.settings.key_file)

    @property
    def bell(self) -> Path:
        """Where the bell of the running server hangs."""
        return self.folder / "roomserver.bell"

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy opens it."""
        return self.settings.database or f"sqlite:///{self.folder / DATABASE_FILE}"

    @property
    def origin(self) -> str:
        """Where browsers find the pages: scheme, host and port, without a slash at the end."""
        http = self.settings.http
        scheme = "https" if http.certificate else "http"
        host = f"[{http.host}]" if ":" in http.host else http.host
        return http.public_url.rstrip("/") or f"{scheme}://{host}:{http.port}"

    @property
    def mqtt_password(self) -> str:
        """This server's password at an external broker."""
        mqtt = self.settings.mqtt
        return self._secret(mqtt.password, mqtt.password_file)

    @property
    def identity_secret(self) -> str:
        """The key with which the identity provider knows us."""
        identity = self.settings.identity
        return self._secret(identity.key_secret, identity.key_secret_file)

    @property
    def wechat_secret(self) -> str:
        """The secret of the mini program."""
        wechat = self.settings.wechat
        return self._secret(wechat.secret, wechat.secret_file)

    def notify_url(self, way: Way) -> str:
        """Where a webhook or a robot listens; its key is part of it."""
        return self._secret(way.url, way.url_file)

    def notify_secret(self, way: Way) -> str:
        """The password or the signing key of a way to notify."""
        return self._secret(way.secret, way.secret_file)

    def _secret(self, given: str, file: Path | None) -> str:
        return self.path(file).read_text("utf-8").strip() if file else given


@dataclass(frozen=True, slots=True)
class Opened:
    """What every command works on."""

    place: Place
    database: Database
    vault: Vault


def load(file: Path) -> Place:
    """Settings from ``file``; ``SettingsError`` with all faults, ``OSError`` when it cannot be read."""
    return Place(file.absolute().parent, read(Settings, file.read_text("utf-8"), name=file.name))


def open_place(place: Place) -> Opened:
    """The database and the vault of a place, checked; ``RoomserverError`` says what to do."""
    database = Database(place.database_url)
    try:
        database.check()
        terms.keep_codes(database, place.settings.codes.codes(), now())
        return Opened(place, database, open_key_file(place.key_file))
    except BaseException:
        database.close()
        raise
