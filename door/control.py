"""The control socket: how the administrator's command talks to the running door. One JSON line each way.

The kernel says who may open the socket (its mode) and who it is (``SO_PEERCRED``): that name goes into the
row.
"""

from __future__ import annotations

import json
import pwd
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from contract.messages import loads
from door.effects import Reply
from door.errors import DoorError
from door.events import Asked, Event

MAX_LINE = 16_384
MAX_ANSWER = 1 << 20
TALK_SECONDS = 5.0
AGAIN_SECONDS = 1.0
BACKLOG = 128  # a full one refuses whoever asks next
MODE = 0o660
NEXT = "is it running? systemctl status door, and journalctl -u door"
SERVER = "server"  # who the server is in a row (``acts.py``)


class ControlError(DoorError, ConnectionError):
    """The running door cannot be asked; ``str(error)`` says what to do."""


class AwayError(ControlError):
    """No door runs here."""


class HungUpError(ControlError):
    """The door stopped in the middle of being asked: whether it was done is not known."""


Question = Callable[[Mapping[str, Any]], Mapping[str, object]]


class Control:
    """Listens at ``path``; acts go to ``post`` and are answered when done, ``status`` is answered at once.

    So is each of ``questions``, by its verb; one may take its time, for every talk has a thread of its own.
    """

    def __init__(
        self,
        path: Path,
        *,
        post: Callable[[Event], None],
        status: Callable[[], Mapping[str, object]],
        questions: Mapping[str, Question] | None = None,
    ) -> None:
        self._path, self._post = path, post
        self._questions = {"status": lambda _: status(), **(questions or {})}
        self._waiting: dict[str, Future[Reply]] = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Take questions from now on; a socket left behind by a killed door is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        self._path.chmod(MODE)
        self._socket.listen(BACKLOG)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def stop(self) -> None:
        """Take no more."""
        self._stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def reply(self, reply: Reply) -> bool:
        """The loop has done what was asked; whether it was asked here."""
        waiting = self._waiting.pop(reply.id, None)
        if waiting is not None:
            waiting.set_result(reply)
        return waiting is not None

    def _accept(self) -> None:
        while True:
            try:
                talk, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(talk,), name="control-talk", daemon=True).start()
            except (OSError, RuntimeError):  # stopped, or short of files or threads
                if self._stopping.wait(AGAIN_SECONDS):
                    return

    def _answer(self, talk: socket.socket) -> None:
        with talk, suppress(OSError):
            try:
                question = loads(_line(talk, MAX_LINE, TALK_SECONDS), MAX_LINE)
                answer = self._ask(question, _peer(talk))
            except ValueError as error:
                answer = {"ok": False, "error": f"not understood: {error}"}
            talk.sendall(json.dumps(answer).encode() + b"\n")

    def _ask(self, question: Mapping[str, Any], by: str) -> Mapping[str, object]:
        verb, args = question.get("verb"), question.get("args", {})
        if not isinstance(verb, str) or not isinstance(args, dict):
            raise ValueError("a question has a verb and args")
        if verb in self._questions:
            return {"ok": True, "error": None, **self._questions[verb](args)}
        asked = Asked(secrets.token_hex(8), verb, args, by)
        waiting = self._waiting[asked.id] = Future()
        self._post(asked)
        try:
            reply = waiting.result(TALK_SECONDS)
        except TimeoutError:
            self._waiting.pop(asked.id, None)
            return {"ok": False, "error": "the door did not answer in time"}
        return {"ok": reply.error is None, "error": reply.error}


def ask(path: Path, verb: str, args: Mapping[str, object], seconds: float = 0) -> dict[str, Any]:
    """Ask the running door; ``AwayError`` when there is none, ``ControlError`` when it may not be asked.

    ``seconds`` is how long the door itself may take for this question, beside the talking.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
        talk.settimeout(2 * TALK_SECONDS + seconds)
        try:
            talk.connect(str(path))
            talk.sendall(json.dumps({"verb": verb, "args": dict(args)}).encode() + b"\n")
            line = _line(talk, MAX_ANSWER, 2 * TALK_SECONDS + seconds)
            if not line:
                raise HungUpError(f"the door at {path} stopped before it answered: {NEXT}")
            return loads(line, MAX_ANSWER)
        except HungUpError:
            raise
        except PermissionError:
            raise ControlError(f"{path} may not be opened by you: try it with sudo") from None
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise AwayError(f"no door answers at {path} ({error.strerror}): {NEXT}") from None
        except ConnectionError as error:
            raise HungUpError(f"no door answers at {path} any more ({error.strerror}): {NEXT}") from None
        except (OSError, ValueError) as error:
            raise ControlError(f"no door answers at {path} ({error}): {NEXT}") from None


def _line(talk: socket.socket, most: int, seconds: float) -> bytes:
    """One line, or what there is of it at ``most`` bytes or the end; ``TimeoutError`` for a slow one."""
    line, end = b"", time.monotonic() + seconds
    while not line.endswith(b"\n") and len(line) <= most:
        talk.settimeout(max(0.001, end - time.monotonic()))
        part = talk.recv(65_536)
        if not part:
            break
        line += part
    talk.settimeout(seconds)
    return line


def _peer(talk: socket.socket) -> str:
    _, uid, _ = struct.unpack("3i", talk.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return name_of(uid)


def name_of(uid: int) -> str:
    """Who somebody is in a row."""
    try:
        name = pwd.getpwuid(uid).pw_name[:32]
    except KeyError:
        name = SERVER
    return f"uid {uid}" if name == SERVER else name  # a user of that name is not the server
