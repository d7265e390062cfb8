"""The pages on a real port, in this process, with a clock that a test sets and browsers without a screen."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import databases
import httpx
import uvicorn
from fastapi import APIRouter
from patience import until
from secrecy import WITNESS
from sqlalchemy.orm import Session

from roomserver.app import bind
from roomserver.pages import site
from roomserver.place import Opened, Place
from roomserver.settings import Http, Settings
from roomserver.storage.database import Database
from roomserver.storage.vault import make_key_file, open_key_file
from roomserver.web.api import make_api
from roomserver.web.server import Server

T = 1_795_485_600  # 2026-11-24 10:00 in Shanghai


class Stage:
    """A server with a database of its own; ``now`` is its clock."""

    def __init__(
        self, folder: Path, settings: Settings, routers: Sequence[APIRouter], public_host: str
    ) -> None:
        self.now = T
        self._listener = bind(Place(folder, Settings(http=Http(port=0))))
        self.port: int = self._listener.getsockname()[1]
        url = f"http://{public_host}:{self.port}" if public_host else ""
        http = replace(settings.http, port=self.port, public_url=url)
        settings = replace(settings, http=http, database=databases.setting(folder, settings.database))
        place = Place(folder, settings)
        make_key_file(place.key_file)
        database = Database(place.database_url)
        database.create()
        self.opened = Opened(place, database, open_key_file(place.key_file))
        self.url = url or f"http://127.0.0.1:{self.port}"
        server = Server(self.opened, clock=lambda: self.now)
        self.app = make_api(server)
        for router in routers:
            site.include(self.app, router)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self.app, log_config=None, access_log=False, log_level="warning", timeout_graceful_shutdown=2
            )
        )
        self._thread = threading.Thread(target=self._uvicorn.run, args=([self._listener],), daemon=True)
        self._browsers: list[Browser] = []

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()
        until(lambda: self._uvicorn.started)

    def close(self) -> None:
        """Stop, and give everything back."""
        for browser in self._browsers:
            browser.close()
        self._uvicorn.should_exit = True
        self._thread.join()
        self._listener.close()
        self.opened.database.close()

    def browser(self, cookies: dict[str, str] | None = None) -> Browser:
        """A browser without cookies, or with these."""
        made = Browser(base_url=self.url, timeout=20)
        for name, value in (cookies or {}).items():
            made.cookies.set(name, value, domain="127.0.0.1", path="/")
        self._browsers.append(made)
        return made


class Browser(httpx.Client):
    """Follows no redirect, keeps cookies, and can fill in a form."""

    def submit(
        self, page: str, fields: dict[str, str] | None = None, to: str | None = None
    ) -> httpx.Response:
        """Open ``page``, take the token of its form, and send the form to ``to`` (or to the page itself)."""
        token = form_token(self.get(page).text)
        WITNESS.word((fields or {}).get("identity"))
        return self.post(to or page, data={"form_token": token, **(fields or {})})


def form_token(text: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', text)
    assert found, text[:2000]
    return found[1]


@contextmanager
def overtaken(database: Database, change: Callable[[Session], object], before: int = 1) -> Iterator[None]:
    """Within it ``change`` is made just ``before`` so manieth write, or at its end if there are fewer."""
    write, writes, waiting = database.write, count(1), [change]

    def make_it() -> None:
        while waiting:
            with write() as session:
                waiting.pop()(session)

    def late() -> AbstractContextManager[Session]:
        if next(writes) == before:
            make_it()
        return write()

    database.write = late  # type: ignore[method-assign]
    try:
        yield
        make_it()
    finally:
        del database.write  # type: ignore[method-assign]


@contextmanager
def stage(
    folder: Path,
    settings: Settings | None = None,
    routers: Sequence[APIRouter] = (),
    public_host: str = "",
) -> Iterator[Stage]:
    """A running server for the length of a ``with``; on loopback, by ``public_host`` if that is given."""
    made = Stage(folder, settings or Settings(), routers, public_host)
    made.start()
    try:
        yield made
    finally:
        made.close()
