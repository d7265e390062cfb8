"""A small HTTP server on loopback that says what a test tells it to, over TLS or without."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from certificates import Pair


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    token: str | None
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Said:
    """An answer; ``body`` as bytes goes out as it is."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Server:
    """``answer`` is called for each request; ``asked`` has them all."""

    def __init__(self, answer: Callable[[Asked], Said], pair: Pair | None, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.cut_off = 0  # answers that the client did not hear to the end
        self.answer = answer
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                parts = urlsplit(self.path)
                asked = Asked(
                    self.command,
                    parts.path,
                    parse_qs(parts.query),
                    self.headers.get("Authorization"),
                    self.rfile.read(length),
                    dict(self.headers),
                )
                server.asked.append(asked)
                said = server.answer(asked)
                raw = said.raw()
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(raw)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            do_POST = do_GET  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                """A quiet server."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what some tests are about."""
                server.cut_off += 1

        self._httpd = Quiet(("127.0.0.1", port), Handler)
        self._httpd.daemon_threads = True
        if pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.cert, pair.key)
            self._httpd.socket = context.wrap_socket(
                self._httpd.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._httpd.server_port
        self.url = f"http{'s' if pair else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()

    def paths(self) -> list[str]:
        """The last word of each path asked for, in order."""
        return [asked.path.rsplit("/", 1)[-1] for asked in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Said], pair: Pair | None = None, port: int = 0) -> Iterator[Server]:
    """A server for the length of a ``with``."""
    server = Server(answer, pair, port)
    try:
        yield server
    finally:
        server.close()
