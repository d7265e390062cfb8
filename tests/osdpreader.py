"""A reader at the other end of an RS-485 line: libosdp's peripheral side, on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from pathlib import Path
from typing import Any

import osdp_sys

KEY = bytes(range(1, 17))
ADDRESS = 5


class Cable:
    """Both ends of a line; ``device`` is what the door opens, and stays while readers come and go."""

    def __init__(self, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        tty.setraw(theirs)
        os.set_blocking(self.ours, False)
        self.theirs = (
            theirs  # held open: a pseudo-terminal that nobody has open says so, and a cable does not
        )
        self.device = folder / "ttyUSB0"
        self.device.symlink_to(os.ttyname(theirs))

    def close(self) -> None:
        """Cut it."""
        for end in (self.ours, self.theirs):
            os.close(end)


class Reader:
    """A keypad with a lamp and a buzzer; ``commands`` is what it was told to show."""

    def __init__(self, cable: Cable, key: bytes = KEY) -> None:
        self._cable = cable
        self.commands: list[dict[str, Any]] = []
        self.secure = False
        self._typed: list[bytes] = []
        self._stopping = threading.Event()
        self._key = key
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def type(self, keys: bytes) -> None:
        """Press keys, as its controller reports them."""
        self._typed.append(keys)

    def show_card(self) -> None:
        """Hold a card to it."""
        self._typed.append(b"")

    def unplug(self) -> None:
        """Without current it says nothing more."""
        self._stopping.set()
        self._thread.join(5)

    # -- as libosdp wants a channel to be ----------------------------------------------------------

    id = 0

    def read(self, most: int) -> bytes:
        """What came over the line."""
        try:
            return os.read(self._cable.ours, most)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Say it."""
        return os.write(self._cable.ours, data)

    def flush(self) -> None:
        """Nothing is held back."""

    def _run(self) -> None:
        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)
        while self.read(4096):  # a pseudo-terminal keeps what nobody heard; a line does not
            pass
        info = {
            "name": "reader", "address": ADDRESS, "flags": osdp_sys.FLAG_ENFORCE_SECURE, "scbk": self._key,
            "channel": self, "version": 1, "model": 1, "vendor_code": 1, "serial_number": 1,
            "firmware_version": 1,
        }  # fmt: skip
        codes = (
            osdp_sys.CAP_READER_LED_CONTROL,
            osdp_sys.CAP_READER_AUDIBLE_OUTPUT,
            osdp_sys.CAP_COMMUNICATION_SECURITY,
        )
        able = [{"function_code": code, "compliance_level": 1, "num_items": 1} for code in codes]
        device = osdp_sys.PeripheralDevice(info, capabilities=able)
        device.set_command_callback(lambda command: (self.commands.append(command), (0, None))[1])
        while not self._stopping.is_set():
            device.refresh()
            self.secure = device.is_sc_active()
            while self._typed and self.secure:
                device.submit_event(_event(self._typed.pop(0)))
            select.select([self._cable.ours], [], [], 0.02)


def _event(keys: bytes) -> dict[str, Any]:
    if keys:
        return {"event": osdp_sys.EVENT_KEYPRESS, "reader_no": 0, "data": keys}
    return {
        "event": osdp_sys.EVENT_CARDREAD, "reader_no": 0, "direction": 0, "length": 26, "data": bytes(4),
        "format": osdp_sys.CARD_FMT_RAW_WIEGAND,
    }  # fmt: skip
