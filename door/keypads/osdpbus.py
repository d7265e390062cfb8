"""The RS-485 line of an OSDP keypad, in a process of its own: ``python -m door.keypads.osdpbus``.

The protocol asks the keypad twenty times a second, and libosdp is C that reads what comes from outside the
door: neither is to be in the process that holds the keys and the strike. A line of JSON on standard input
says which keypad (``Line``), further ones are commands for it; standard output tells, a line each, ``key 5``,
``card``, ``online``, and why nothing can be told: ``offline WHY``, ``broken WHY``.
The end of standard input is the end; a loop that hangs is ended by the kernel.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import termios
import time
import tty
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from door.keypads.inotify import Appearances

ASK_SECONDS = 0.05  # libosdp asks this often; bytes that come wake us sooner
RENEW_SECONDS = 3.0  # libosdp leaves a keypad alone for 300 s after some answers; begun anew it does not
HANGS_SECONDS = 10
AGAIN_SECONDS = 5.0
MOST_BYTES = 4096
ONLINE = "online"
SILENT = (
    "offline it does not answer with our key: look at its current and its cable, "
    "then at its address, its speed and secure_key"
)
KEYS = {0x7F: "*", 0x0D: "#", **{ord(key): key for key in "0123456789*#"}}


@dataclass(frozen=True, slots=True)
class Line:
    """Which keypad on which line; ``key`` in hex."""

    device: str
    baud: int
    address: int
    key: str = field(repr=False)

    def as_json(self) -> str:
        """One line, for the beginning of standard input."""
        return json.dumps(asdict(self)) + "\n"


class Wire:
    """The serial device, as libosdp wants a channel to be."""

    id = 0

    def __init__(self, device: str, baud: int) -> None:
        self.fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        tty.setraw(self.fd)
        mode = termios.tcgetattr(self.fd)
        mode[2] |= termios.CLOCAL | termios.CREAD
        mode[4] = mode[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)
        self._came = bytearray()

    def take(self) -> None:
        """Read what has come; ``OSError`` when the device is gone."""
        if not (data := os.read(self.fd, MOST_BYTES)):
            raise OSError("it is gone")
        self._came += data
        del self._came[:-MOST_BYTES]

    def forget(self) -> None:
        """Whatever has come was for somebody before."""
        self._came.clear()
        termios.tcflush(self.fd, termios.TCIOFLUSH)

    def read(self, most: int) -> bytes:
        """What libosdp takes of it."""
        taken = bytes(self._came[:most])
        del self._came[: len(taken)]
        return taken

    def write(self, data: bytes) -> int:
        """Send; how much was sent."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Give the device back."""
        os.close(self.fd)


class Bus:
    """One keypad on one line."""

    def __init__(self, line: Line, wire: Wire) -> None:
        self._line, self._wire = line, wire
        self._said = ""
        self._begun = 0.0

    def run(self) -> None:
        """Until the end of standard input."""
        rest = b""
        panel = self._begin()
        while True:
            readable, _, _ = select.select([self._wire.fd, 0], [], [], ASK_SECONDS)
            if self._wire.fd in readable:
                self._wire.take()
            if 0 in readable:
                if not (data := os.read(0, MOST_BYTES)):
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._command(panel, json.loads(line))
            panel.refresh()
            self._tell(panel)
            if self._overdue:
                panel = None  # ends it before the next begins
                panel = self._begin()
            signal.alarm(HANGS_SECONDS)

    def _begin(self) -> Any:
        import osdp_sys

        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)  # its log would say what is typed
        self._wire.forget()
        panel = osdp_sys.ControlPanel(
            [
                {
                    "name": "keypad", "address": self._line.address, "flags": osdp_sys.FLAG_ENFORCE_SECURE,
                    "scbk": bytes.fromhex(self._line.key), "channel": self._wire, "version": 1, "model": 1,
                    "vendor_code": 0, "serial_number": 0, "firmware_version": 0,
                }
            ]
        )  # fmt: skip
        panel.set_event_callback(self._event)
        self._begun = time.monotonic()
        return panel

    def _event(self, _: int, event: dict[str, Any]) -> int:
        import osdp_sys

        if event["event"] == osdp_sys.EVENT_KEYPRESS:
            for byte in event["data"]:
                if byte in KEYS:
                    say(f"key {KEYS[byte]}")
        elif event["event"] == osdp_sys.EVENT_CARDREAD:
            say("card")
        return 0

    def _tell(self, panel: Any) -> None:
        """Say what is new; a keypad that has only just been asked may take its time."""
        online = bool(panel.sc_status() & 1)
        if online and self._said != ONLINE:
            self._said = ONLINE
            say(ONLINE)
        elif not online and (self._said == ONLINE or (not self._said and self._overdue)):
            self._said, self._begun = SILENT, time.monotonic()
            say(SILENT)

    @property
    def _overdue(self) -> bool:
        return self._said != ONLINE and time.monotonic() - self._begun > RENEW_SECONDS

    def _command(self, panel: Any, command: dict[str, Any]) -> None:
        import osdp_sys

        if command["command"] == "led":
            fixed = {"command": osdp_sys.CMD_LED, "led_number": 0, "control_code": 2, "temporary": True}
            panel.submit_command(0, {**command, **fixed, "reader": 0, "off_color": 0})
        else:
            panel.submit_command(0, {**command, "command": osdp_sys.CMD_BUZZER, "reader": 0})


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Be the line until standard input ends."""
    first = bytearray()
    while not first.endswith(b"\n"):  # byte by byte: what follows is for select
        if not (byte := os.read(0, 1)):
            return 0
        first += byte
    line = Line(**json.loads(first))
    while True:
        try:
            with closing(Wire(line.device, line.baud)) as wire:
                Bus(line, wire).run()
            return 0
        except ImportError:
            say("broken the package libosdp is not installed: pip install 'studyroom[osdp]'")
            return 1
        except OSError as error:
            signal.alarm(0)
            say(f"broken {line.device} cannot be used: {error.strerror or error}")
        if not _appeared(Path(line.device)):
            return 0


def _appeared(device: Path) -> bool:
    """Wait until the device is plugged in again; False at the end of standard input."""
    with closing(Appearances(device)) as appearances:
        while True:
            appearances.watch()
            # There already: just replugged, or of no use whatever we do.
            wait = AGAIN_SECONDS if device.exists() else None
            readable, _, _ = select.select([appearances.fileno(), 0], [], [], wait)
            if 0 in readable and not os.read(0, MOST_BYTES):
                return False
            if appearances.fileno() in readable or not readable:
                return True


if __name__ == "__main__":
    sys.exit(main())
