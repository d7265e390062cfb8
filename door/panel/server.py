"""Serves the panel on loopback, to whoever has its address: the page, what happens as events, gestures.

The address has a random token. Another ``Host`` (a name that somebody has pointed at loopback) and another
``Origin`` (a page of somebody else in the same browser) are refused, whatever token they have.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from door.errors import AskedError
from door.panel.gestures import GestureError, NotNowError, parse
from door.panel.world import Pocket, World
from door.voice import SHIPPED

PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
}
MOST_BYTES = 1_000  # of a gesture
PULSE_SECONDS = 10  # an empty event, by which a page that was closed is noticed
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
FILES = {file.name: file for file in PAGE.iterdir() if file.suffix in TYPES}
FILES |= {f"clips/{clip.parent.name}/{clip.name}": clip for clip in SHIPPED.glob("*/*.wav")}


class RefusedError(Exception):
    """This is not answered: ``status``, and why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves ``world`` at ``url``; port 0 takes any."""

    daemon_threads = True
    block_on_close = False  # pages listen for ever

    def __init__(self, world: World, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Visitor)
        self.world = world
        self.token = secrets.token_urlsafe(18)
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        self.url = f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed in the middle of a word is no news."""


@contextmanager
def opened(
    config: Path, port: int = 0, *, log: Path | None = None, pocket: Pocket | None = None
) -> Iterator[Server]:
    """The panel of the door of ``config``, its power on; ``AskedError`` when the port cannot be had."""
    world = World(config, log=log, pocket=pocket)
    try:
        try:
            server = Server(world, port)
        except OSError as error:
            raise AskedError(f"--port: {port} cannot be had ({error.strerror}); take another") from None
        with server:
            threading.Thread(target=server.serve_forever, name="panel", daemon=True).start()
            world.switch("power", True)
            yield server
            world.close()
            server.shutdown()
    finally:
        world.close()


class Visitor(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "door-panel"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """The page and what belongs to it, or the stream of events."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """A gesture."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: an address has the token."""

    def _answer(self, act: Any) -> None:
        try:
            act(self._admitted())
        except RefusedError as refused:
            self.close_connection = True  # whatever it still has to say is not read
            self._send(refused.status, "text/plain", f"{refused}\n".encode())

    def _admitted(self) -> str:
        """The path behind the token; ``RefusedError`` for whoever must not be here."""
        if self.headers.get("Host") not in self.server.hosts:
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, "the panel answers at 127.0.0.1 alone")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.server.hosts}:
            raise RefusedError(HTTPStatus.FORBIDDEN, "only the panel's own page may ask")
        token, _, rest = self.path.removeprefix("/").partition("/")
        if not compare_digest(token.encode(), self.server.token.encode()):
            raise RefusedError(HTTPStatus.FORBIDDEN, "open the address that `door panel` has printed")
        return rest

    def _get(self, path: str) -> None:
        if path == "events":
            self._stream()
        elif path == "pocket":
            if (pocket := self.server.world.pocket) is None:
                raise RefusedError(HTTPStatus.NOT_FOUND, "nobody holds anything here")
            self._send(HTTPStatus.OK, "application/json", json.dumps(pocket.things()).encode())
        elif (file := FILES.get(path or "index.html")) is not None:
            self._send(HTTPStatus.OK, TYPES[file.suffix], file.read_bytes())
        else:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here; the panel is one folder up")

    def _post(self, path: str) -> None:
        if path != "gesture":
            raise RefusedError(HTTPStatus.NOT_FOUND, "a gesture is posted to gesture")
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a gesture is application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "a gesture has a Content-Length")
        if len(length) > 9 or int(length) > MOST_BYTES:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a gesture has {MOST_BYTES} bytes at most"
            )
        try:
            self.server.world.do(parse(self.rfile.read(int(length))))
        except GestureError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None
        except NotNowError as error:
            raise RefusedError(HTTPStatus.CONFLICT, str(error)) from None
        self._send(HTTPStatus.NO_CONTENT, None, b"")

    def _stream(self) -> None:
        """Everything as it is and as it happened, and then each change, until one of us goes."""
        self._head(HTTPStatus.OK, "text/event-stream")
        self.close_connection = True
        journal, version, serial = self.server.world.journal, 0, 0
        while not journal.closed:
            news = journal.news(version, serial, PULSE_SECONDS)
            fresh, version, serial = serial > 0, news.version, news.serial
            told = {"state": news.state, "happened": news.happened, "fresh": fresh}
            try:
                self.wfile.write(f"data: {json.dumps(told, ensure_ascii=False)}\n\n".encode())
            except OSError:
                return

    def _send(self, status: HTTPStatus, kind: str | None, body: bytes) -> None:
        self._head(status, kind, len(body))
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str | None, length: int | None = None) -> None:
        self.send_response(status)
        if kind is not None:
            self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind[:5] == "text/" else kind)
        if length is not None and status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(length))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
