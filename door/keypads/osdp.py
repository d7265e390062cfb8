"""An OSDP keypad on RS-485: encrypted, supervised, and with a lamp and a buzzer that show the door's cues."""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag
from threading import Lock as Mutex
from threading import Thread

from door.backoff import Backoff, Trouble
from door.effects import Cue
from door.keypad import Post, Reports
from door.keypads.osdpbus import MOST_BYTES, Line
from door.keypads.osdpsignals import commands

ENDS_SECONDS = 2.0
_LOG = logging.getLogger(__name__)
CARD = "was shown a card; this door takes keys alone"


class OsdpKeypad:
    """A keypad that speaks OSDP (IEC 60839-11-5), with its secure channel and nothing less.

    Wire A and B to an RS-485 adapter on USB, or to a transceiver on GPIO14 and 15, with 120 Ω at both ends
    and a common ground. The key of its secure channel is set in it with its maker's tool. A process of its
    own speaks to it (``osdpbus.py``), is asked for nothing while nobody types, and is begun anew when it
    ends. The keypad shows the cues, and clicks by itself::

        keypad = OsdpKeypad(post, line=Line("/dev/ttyUSB0", 9600, 0, key="…"))
        keypad.start()  # from now on post(KeyPressed("osdp", "5")), post(KeypadChanged("osdp", "lost"))
        keypad.show(Cue.ACCEPTED, 5000)
        keypad.stop()
    """

    def __init__(
        self, post: Post, *, line: Line, name: str = "osdp", quiet: Callable[[], bool] = lambda: False
    ) -> None:
        self.name = name
        self._line, self._quiet = line, quiet
        self._reports = Reports(name, post)
        self._trouble = Trouble(_LOG)
        self._backoff = Backoff(1.0, 30.0)
        self._mutex = Mutex()
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: int | None = None  # the pipe to the process
        self._stopping = Flag()
        self._thread = Thread(target=self._run, name=f"keypad-{name}", daemon=True)

    def start(self) -> None:
        """Begin to speak to the keypad."""
        self._thread.start()

    def show(self, cue: Cue, ms: int | None) -> None:
        """Show a cue on the keypad's own lamp and buzzer; one that cannot be shown now never is."""
        lines = "".join(json.dumps(one) + "\n" for one in commands(cue, ms, quiet=self._quiet()))
        with self._mutex:
            if self._commands is not None and lines:
                with suppress(OSError):  # the pipe is full, or its reader has ended: nobody waits for a lamp
                    os.write(self._commands, lines.encode())

    def close(self) -> None:
        """As an indicator there is nothing to give back: ``stop`` ends both."""

    def stop(self) -> None:
        """Post nothing more; the process ends."""
        self._stopping.set()
        self._hang_up()
        if self._thread.is_alive():
            self._thread.join(ENDS_SECONDS)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join(ENDS_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                self._speak()
            except OSError as error:  # no process to be had
                self._trouble.say(f"keypad {self.name}: {error}")
            if self._stopping.is_set():
                return
            self._reports.tell("lost")
            if self._stopping.wait(self._backoff.wait()):
                return

    def _speak(self) -> None:
        """Begin the process and hear it to its end."""
        # -I: what lies in the working directory is not imported. The line goes through the pipe and not
        # into the arguments, which everybody on the machine may read.
        command = [sys.executable, "-I", "-m", "door.keypads.osdpbus"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        with self._mutex:
            self._commands = os.dup(process.stdin.fileno())
        process.stdin.close()
        os.set_blocking(self._commands, False)
        try:
            os.write(self._commands, self._line.as_json().encode())
            if self._stopping.is_set():
                return
            self._hear(process.stdout.fileno())
        finally:
            self._hang_up()
            process.stdout.close()
            _ended(process)

    def _hear(self, told: int) -> None:
        rest = b""
        while True:
            readable, _, _ = select.select([told], [], [], self._reports.wait_seconds())
            if not readable:
                self._reports.tell(None)
                continue
            if not (data := os.read(told, MOST_BYTES)):
                return
            *lines, rest = (rest[-MOST_BYTES:] + data).split(b"\n")
            for line in lines:
                self._take(line.decode("utf-8", "replace"))

    def _take(self, line: str) -> None:
        match line.partition(" "):
            case "key", _, key:
                self._reports.press(key)
                self._reports.tell(None)
            case "online", _, _:
                self._backoff.reset()
                self._reports.tell(None)
                self._trouble.over(f"keypad {self.name}: it answers")
            case "card", _, _:
                self._trouble.say(f"keypad {self.name}: {CARD}")
            case "offline" | "broken", _, why:
                self._trouble.say(f"keypad {self.name}: {why}")
                self._reports.tell("lost")

    def _hang_up(self) -> None:
        """Close the pipe: the process ends with it."""
        with self._mutex:
            commands_, self._commands = self._commands, None
        if commands_ is not None:
            os.close(commands_)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(ENDS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
