"""The control socket: how the administrator's command talks to the running door. One JSON line each way.

The kernel says who may open the socket (its mode) and who it is (``SO_PEERCRED``); that name goes into the row.
"""

from __future__ import annotations

import json
import logging
import pwd
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from contract.messages import loads
from door.errors import DoorError
from door.events import Asked, Event, Reply

MAX_LINE = 16_384
TALK_SECONDS = 5.0
MODE = 0o660


class ControlError(DoorError, ConnectionError):
    """The running door cannot be asked; ``str(error)`` says what to do."""


class Control:
    """Listens at ``path``; acts go to ``post`` and are answered when done, ``status`` is answered at once."""

    def __init__(
        self, path: Path, *, post: Callable[[Event], None], status: Callable[[], Mapping[str, object]]
    ) -> None:
        self._path, self._post, self._status = path, post, status
        self._waiting: dict[str, Future[Reply]] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Take questions from now on; a socket left behind by a killed door is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        self._path.chmod(MODE)
        self._socket.listen(8)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def stop(self) -> None:
        """Take no more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def reply(self, reply: Reply) -> None:
        """The loop has done what was asked."""
        if waiting := self._waiting.pop(reply.id, None):
            waiting.set_result(reply)

    def _accept(self) -> None:
        while True:
            try:
                talk, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(talk,), name="control-talk", daemon=True).start()

    def _answer(self, talk: socket.socket) -> None:
        with talk, suppress(OSError):
            talk.settimeout(TALK_SECONDS)
            try:
                question = loads(_line(talk), MAX_LINE)
                answer = self._ask(question, _peer(talk))
            except ValueError as error:
                answer = {"ok": False, "error": f"not understood: {error}"}
            talk.sendall(json.dumps(answer).encode() + b"\n")

    def _ask(self, question: Mapping[str, Any], by: str) -> Mapping[str, object]:
        verb, args = question.get("verb"), question.get("args", {})
        if not isinstance(verb, str) or not isinstance(args, dict):
            raise ValueError("a question has a verb and args")
        if verb == "status":
            return {"ok": True, "error": None, **self._status()}
        asked = Asked(secrets.token_hex(8), verb, args, by)
        waiting = self._waiting[asked.id] = Future()
        self._post(asked)
        try:
            reply = waiting.result(TALK_SECONDS)
        except TimeoutError:
            self._waiting.pop(asked.id, None)
            return {"ok": False, "error": "the door did not answer in time"}
        return {"ok": reply.error is None, "error": reply.error}


def ask(path: Path, verb: str, args: Mapping[str, object]) -> dict[str, Any]:
    """Ask the running door; ``ControlError`` when there is none or it may not be asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
        talk.settimeout(2 * TALK_SECONDS)
        try:
            talk.connect(str(path))
            talk.sendall(json.dumps({"verb": verb, "args": dict(args)}).encode() + b"\n")
            return loads(_line(talk), 1 << 20)
        except PermissionError:
            raise ControlError(f"{path} may not be opened by you: try it with sudo") from None
        except (OSError, ValueError) as error:
            raise ControlError(f"no door answers at {path} ({error}): is it running?") from None


def _line(talk: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = talk.recv(65_536)
        if not part or len(line) > MAX_LINE * 64:
            break
        line += part
    return line


def _peer(talk: socket.socket) -> str:
    _, uid, _ = struct.unpack("3i", talk.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        return pwd.getpwuid(uid).pw_name[:32]
    except KeyError:
        return f"uid {uid}"
