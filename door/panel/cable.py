"""A cable to a server on this machine, which can be pulled: what is on it breaks, what comes is refused."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 65_536
CONNECT_SECONDS = 5


class Cable:
    """Carries TCP from a port of its own to ``host`` and ``port`` while it is plugged in."""

    def __init__(self, host: str, port: int) -> None:
        self._far = host, port
        self._mutex = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._plugged = True
        self._listener = _listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._carry()

    def plug(self, plugged: bool) -> None:
        """Plug it in, or pull it."""
        if plugged is self._plugged:
            return
        self._plugged = plugged
        if plugged:
            self._listener = _listen(self.port)
            self._carry()
            return
        _end(self._listener)
        with self._mutex:
            for end in self._ends:
                _end(end)

    def _carry(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), name="cable", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(near,), name="cable-talk", daemon=True).start()

    def _talk(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._far, CONNECT_SECONDS)
        except OSError:
            _end(near)
            return
        far.settimeout(None)
        with self._mutex:
            self._ends |= {near, far}
            pulled = not self._plugged
        if not pulled:
            back = threading.Thread(target=_pump, args=(far, near), name="cable-back", daemon=True)
            back.start()
            _pump(near, far)
            back.join()
        with self._mutex:
            self._ends -= {near, far}
        for end in (near, far):
            _end(end)


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """All that comes, until either end is closed; then the sink hears no more."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
