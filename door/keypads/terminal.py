"""A terminal, or any text stream, as a keypad: for the demo, for tests, for whoever has a shell."""

from __future__ import annotations

import atexit
import codecs
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, current_thread
from typing import Any, TextIO

from door.events import KeyPressed
from door.keypad import KEYS, Post

NOTE = "只认 0-9 * #,其他字符已忽略 / Only 0-9 * # are keys here; other characters are passed over"
_CLEARS = "\b\x7f"
_ENDS = "\x04"  # Ctrl-D, which a terminal read key by key hands on as it is
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[A-Za-z])?")  # an arrow key's bytes hold digits


class LineKeys:
    """Characters into keys, one at a time; what it knows of a line is how many digits stand at its end.

    The end of a line is ``#``, but only after digits that are not a whole attempt already: neither an
    empty line nor one that ended itself says ``#`` twice.
    """

    def __init__(self, full_length: int) -> None:
        self._full_length = full_length
        self._digits = 0

    def key(self, character: str) -> str | None:
        """The key that ``character`` is; "" for one without a meaning, None for one that is no key."""
        if character in "\r\n":
            key = "#" if self._digits and self._digits % self._full_length else ""
        elif character in _CLEARS:
            key = "*"
        elif character.isspace():
            return ""  # codes are shown in groups
        elif character in KEYS:
            key = character
        else:
            return None
        self._digits = self._digits + 1 if key.isdigit() else 0
        return key


class TerminalKeypad:
    """Keys from a text stream.

    On a terminal each key counts at once, Enter is ``#``, Backspace is ``*``, and ``stop`` gives the
    terminal back as it was. Elsewhere lines are read; the end of a line enters what stands on it (see
    ``LineKeys``; the last line needs no end). At the end of input, or Ctrl-D, ``on_end`` is called once.
    What is no ASCII key is never made into one; ``note`` is told so, once::

        keypad = TerminalKeypad(post, on_end=lambda: post(Stopping("end of input")))
        keypad.start()  # from now on post(KeyPressed("terminal", "5"))
        keypad.stop()
    """

    def __init__(
        self,
        post: Post,
        *,
        stream: TextIO | None = None,
        full_length: int = 10,
        name: str = "terminal",
        on_end: Callable[[], None] = lambda: None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._post, self._on_end = post, on_end
        self._note: Callable[[str], None] | None = note or _to_stderr
        self._fd = (stream or sys.stdin).fileno()
        self._is_terminal = os.isatty(self._fd)
        self._keys = LineKeys(full_length)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._before: list[Any] | None = None
        self._pipe: tuple[int, int] | None = None  # closing its second end wakes the thread
        self._thread = Thread(target=self._run, name=f"keypad-{name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._pipe = os.pipe()
        if self._is_terminal:
            self._before = termios.tcgetattr(self._fd)
            atexit.register(self._restore)
            tty.setcbreak(self._fd, termios.TCSADRAIN)
        self._thread.start()

    def stop(self) -> None:
        """Post nothing more and give the terminal back as it was; may be called from ``on_end``."""
        self._restore()
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        os.close(pipe[1])
        if self._thread is not current_thread():
            self._thread.join(5)
        os.close(pipe[0])

    def _restore(self) -> None:
        atexit.unregister(self._restore)
        before, self._before = self._before, None
        if before is not None:
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._fd, termios.TCSADRAIN, before)

    def _run(self) -> None:
        assert self._pipe is not None
        if self._read_all(self._pipe[0]):
            self._on_end()

    def _read_all(self, stopped: int) -> bool:
        """Read to the end; False when stopped before it."""
        while True:
            readable, _, _ = select.select([self._fd, stopped], [], [])
            if stopped in readable:
                return False
            chunk = self._chunk()
            text = _SEQUENCE.sub("", self._decoder.decode(chunk))
            for character in text.partition(_ENDS)[0]:
                self._take(character)
            if not chunk or _ENDS in text:
                if not self._is_terminal:
                    self._take("\n")
                return True

    def _chunk(self) -> bytes:
        try:
            return os.read(self._fd, 4096)
        except OSError:  # a terminal that was closed answers EIO
            return b""

    def _take(self, character: str) -> None:
        if self._is_terminal and character in "\r\n":
            character = "#"
        key = self._keys.key(character)
        if key:
            self._post(KeyPressed(self.name, key))
        elif key is None and self._note is not None:
            self._note(NOTE)
            self._note = None


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
