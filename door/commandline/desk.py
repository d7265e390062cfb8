"""The administrator's desk: the configuration, the running door behind its socket, or else its database."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.zones import zone
from door import config as configuration
from door import credentials
from door.control import AwayError, ControlError, ask
from door.errors import ConfigError, DoorError, StoreError

if TYPE_CHECKING:
    import sqlite3

    from door.config import Config
    from door.ledger import Ledger
    from door.rules import Rules

ERRORS = {
    "bad-args": "that is nothing this door can do: look at the number, and at `door {verb} --help`",
    "failed": "nothing to do: the door holds no revocation and no suspension of that number",
    "unknown-verb": "the running door is older than this command: systemctl restart door",
}


@dataclass(frozen=True)
class Desk:
    """What a command stands on; nothing of it is read before it is needed."""

    path: Path

    @classmethod
    def of(cls, args: argparse.Namespace) -> Desk:
        """The desk of a command's arguments."""
        return cls(args.config)

    @cached_property
    def config(self) -> Config:
        """The configuration; ``ConfigError`` with all that is wrong."""
        return configuration.load(self.path)

    def ask(self, verb: str, given: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The answer of the running door; ``AwayError`` without one, ``ControlError`` for a refusal."""
        answer = ask(self.config.socket, verb, given or {})
        if not answer.get("ok"):
            error = str(answer.get("error"))
            raise ControlError(ERRORS.get(error, error).format(verb=verb))
        return answer

    @cached_property
    def status(self) -> Mapping[str, Any] | None:
        """What the running door knows as the command begins; None when no door runs."""
        try:
            return self.ask("status")
        except AwayError:
            return None

    def running(self) -> Mapping[str, Any]:
        """``status``, or the sentence that no door answers."""
        return self.status if self.status is not None else self.ask("status")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The small facts that the database remembers."""
        with self.ledger() as ledger:
            return ledger.facts()

    @cached_property
    def rules(self) -> Rules:
        """What a door that starts now decides by; ``ConfigError`` when its credentials cannot be had."""
        held = credentials.load(self.config.door.credentials)
        try:
            said = self.facts.get("server")
            return configuration.rules(self.config, held, said if isinstance(said, dict) else None)
        except (StoreError, ConfigError):  # as the daemon does: what the server said last is left aside
            return configuration.rules(self.config, held)

    @cached_property
    def zone(self) -> tzinfo:
        """The time zone of the room: the server's word, or else the configuration's."""
        return zone(str(self._form["time_zone"]))

    @property
    def member_digits(self) -> int:
        """Digits of a member number."""
        return int(self._form["member_digits"])

    @property
    def digits(self) -> int:
        """Digits of a code after the member number."""
        return int(self._form["digits"])

    @property
    def now(self) -> int:
        """Unix seconds: the running door's idea of now, or else this machine's."""
        return int(self.status["health"]["at"]) if self.status else int(time.time())

    @property
    def database(self) -> Path:
        """Where the door remembers."""
        return self.config.door.state_dir / "door.db"

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The database, opened to read; ``StoreError`` says why not, and what to do."""
        from door.ledger import Ledger

        with self._opened() as db:
            yield Ledger(db, door=self.config.door.name, report_key=b"")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        from door import schema

        try:
            found = self.database.exists()
            if found:
                self.database.open("rb").close()
        except PermissionError:
            raise StoreError(f"{self.database} may not be read by you: try it with sudo") from None
        if not found:
            raise StoreError(
                f"there is no database at {self.database}: no door has run here yet; "
                "next: door check, then systemctl start door"
            )
        db, _ = schema.open_to_read(self.database)
        if db is None:
            raise StoreError(
                f"{self.database} cannot be read: it is damaged, or of another version; "
                "next: systemctl restart door, which puts a damaged one aside"
            )
        try:
            yield db
        except sqlite3.Error as error:
            raise StoreError(f"{self.database} cannot be read to its end: {error}") from error
        finally:
            db.close()

    @cached_property
    def _form(self) -> Mapping[str, Any]:
        if self.status is not None:
            return {**self.status["health"]["codes"], "time_zone": self.status["time_zone"]}
        form = self.config.codes
        base = {"digits": form.digits, "member_digits": form.member_digits}
        try:
            codes = self.rules.codes
        except DoorError:  # not readable, or not enrolled: the configuration speaks
            return {**base, "time_zone": self.config.room.time_zone}
        return {"digits": codes.digits, "member_digits": codes.member_digits, "time_zone": codes.time_zone}
