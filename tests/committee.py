"""The committee in tests: accounts that are signed in, in a browser without a screen or in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pyotp
from neighbours import Neighbourhood
from playwright.sync_api import BrowserContext
from sqlalchemy import update
from stage import Browser, Stage, stage

from roomserver.committee import accounts, acts, volunteers
from roomserver.committee.office import Account
from roomserver.committee.roles import Role
from roomserver.settings import Settings

PASSWORD = "purple kettle on the moon"


@cache
def hashed() -> str:
    """The password's hash, which takes a while."""
    return accounts.hashed("x" * 32, PASSWORD)


class Committee(Neighbourhood):
    """A room with its door, member 0427, and an account of each role, named after it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.secret = accounts.new_secret()
        with self.opened.database.write() as session:
            for role in Role:
                accounts.add(session, f"the-{role}", role, self.now)
            values = {"password": hashed(), "totp": self.opened.vault.seal_text(self.secret)}
            session.execute(update(Account).values(**values))

    def badge(self, role: Role) -> str:
        """A session's token."""
        with self.opened.database.write() as session:
            return volunteers.begin(session, accounts.get(session, f"the-{role}"), self.now)

    def of(self, role: Role) -> Browser:
        """A browser that is signed in as the account of a role, and asks for pages."""
        made = self.stage.browser({"committee": self.badge(role)})
        made.headers["Accept"] = "text/html"
        return made

    def stranger(self) -> Browser:
        """A browser that asks for pages."""
        made = self.stage.browser()
        made.headers["Accept"] = "text/html"
        return made

    def seated(self, context: BrowserContext, role: Role = Role.ADMIN) -> None:
        """The same in Chromium."""
        cookie = {"name": "committee", "value": self.badge(role), "url": self.stage.url}
        context.add_cookies([cookie])  # type: ignore[list-item]

    def code(self, later: int = 0) -> str:
        """What the authenticator of every account shows."""
        return pyotp.TOTP(self.secret).at(self.now + later)

    def acts(self, member: str | None = None) -> list[str]:
        """What was done, oldest first."""
        with self.opened.database.read() as session:
            return [done.what for done in reversed(acts.listed(session, member=member))]


@contextmanager
def committee(folder: Path, settings: Settings | None = None, public_host: str = "") -> Iterator[Committee]:
    """A running room for the length of a ``with``."""
    with stage(folder, settings, public_host=public_host) as running:
        yield Committee(running)
