"""An SSD1306 at the other end of a real bus driver: its pixels, made of the bytes that come; and its plug."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from PIL import Image

COLUMNS, PAGES = 128, 8
ADDRESS = 0x3C
COMMAND, DATA = 0x00, 0x40


class Oled:
    """What ``smbus2.SMBus`` is to luma; ``there`` is its plug, ``drawn`` counts whole pictures."""

    def __init__(self) -> None:
        self.there, self.on, self.contrast, self.drawn = True, False, 0, 0
        self.opened = 0  # how often it is held
        self._pixels = Image.new("1", (COLUMNS, 8 * PAGES))

    def bus(self, port: int) -> Oled:
        """Opened by its number, as ``smbus2.SMBus(1)``."""
        assert port == 1
        self.opened += 1
        return self

    def close(self) -> None:
        """Given back."""
        self.opened -= 1

    def write_i2c_block_data(self, address: int, mode: int, data: Sequence[int]) -> None:
        """Commands: on, off, contrast; the others set up a panel that is not here."""
        self._answer(address)
        assert mode == COMMAND
        if data[0] in (0xAE, 0xAF):
            self.on = data[0] == 0xAF
        if data[0] == 0x81:
            self.contrast = data[1]

    def i2c_rdwr(self, message: object) -> None:
        """A whole picture: eight pages of 128 columns, the lowest bit above."""
        self._answer(message.addr)  # type: ignore[attr-defined]
        mode, *data = bytes(message)  # type: ignore[call-overload]
        assert mode == DATA
        if len(data) != COLUMNS * PAGES:
            return
        for n, byte in enumerate(data):
            for bit in range(8):
                self._pixels.putpixel((n % COLUMNS, 8 * (n // COLUMNS) + bit), byte >> bit & 1)
        self.drawn += 1

    def seen(self) -> bytes:
        """The pixels as an image has them."""
        return self._pixels.tobytes() if self.on else bytes(COLUMNS * PAGES)

    def _answer(self, address: int) -> None:
        assert address == ADDRESS
        if not self.there:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
