"""The display's thread: it draws when something changes, once a minute for the clock, and else sleeps."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from math import ceil
from pathlib import Path
from threading import Condition, Thread
from typing import TYPE_CHECKING, Protocol

from door.display.lines import COLUMNS, NO_TIME, Lines, lasts_ms, lines, told, untrusted, width
from door.effects import Cue
from door.events import FaultChanged

if TYPE_CHECKING:
    from PIL.Image import Image

DISPLAY_LOST = "display-lost"
FONT = Path(__file__).with_name("unifont.otf")  # made by tools/make-font; LICENSE.unifont beside it
NOP = 0xE3  # of each of these chips: does nothing, and fails where nobody answers
DIMMED = 1  # of 255: still read at night, and lights no stairwell
CELL = 16  # pixels: a line is so high, a column half as wide
SIZE = (COLUMNS * CELL // 2, 4 * CELL)
_LOG = logging.getLogger(__name__)


class Panel(Protocol):
    """The device: what luma calls one, and its emulator is."""

    def display(self, image: Image) -> None: ...
    def contrast(self, level: int) -> None: ...
    def cleanup(self) -> None: ...


def open_panel(kind: str, *, port: int, address: int, upside_down: bool) -> Panel:
    """The display of ``kind`` at ``address`` of I²C bus ``port``; imports the extra ``display``.

    ``ImportError`` without it; luma's own errors and ``OSError`` when nothing answers there.
    """
    from luma.core.interface.serial import i2c
    from luma.oled import device

    bus = i2c(port=port, address=address)
    try:
        bus.command(NOP)  # nobody there: find out before luma makes a driver, which it keeps until the end
        panel: Panel = getattr(device, kind)(bus, rotate=2 if upside_down else 0)
    except Exception:
        bus.cleanup()
        raise
    return panel


def give_back(panel: Panel) -> None:
    """Let go of a display that no longer answers: its own ``cleanup`` would speak to it first, and fail.

    luma holds every driver until the process ends, to darken it then; emptied it costs nothing.
    """
    held = vars(panel)
    with suppress(Exception):  # the bus may be gone with it
        held["_serial_interface"].cleanup()
    held.clear()


def picture(said: Lines) -> Image:
    """Four lines as 128 × 64 pixels, each line in the middle."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("1", SIZE)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"  # pixels as the font has them; grey ones would be lost
    font = ImageFont.truetype(FONT, CELL)
    for row, line in enumerate(said):
        x = (COLUMNS - width(line)) * CELL // 4
        draw.text((x, row * CELL), line, fill=1, font=font, anchor="la")
    return image


class Display:
    """A small OLED at the door: the time, free seats in a word, and what to do next.

    Wire SDA and SCL to GPIO2 and GPIO3, its supply to 3.3 V. Whatever it needs for drawing happens in a
    thread of its own; a display that does not answer is the alarm ``display-lost``, is tried again each
    minute, and keeps nobody waiting::

        display = Display(lambda: open_panel("ssd1306", …), post, local=local, languages=["zh", "en"])
        display.tell("occupancy", {"count": 3, "capacity": 15, "confidence": "exact"})
        display.show(Cue.ACCEPTED, 5000)
        display.close()
    """

    def __init__(
        self,
        open_: Callable[[], Panel],
        post: Callable[[FaultChanged], None],
        *,
        local: Callable[[], datetime],
        languages: Collection[str],
        contrast: int = 128,
        quiet: Callable[[], bool] = lambda: False,
    ) -> None:
        self._open, self._post, self._local, self._languages = open_, post, local, languages
        self._contrast, self._quiet = contrast, quiet
        self._panel: Panel | None = None
        self._lost = False
        self._told: dict[str, Mapping[str, object]] = {"state": {}, "occupancy": {}}
        self._cue: Cue | None = None
        self._cue_ends: float | None = None
        self._changed = Condition()
        self._news, self._closed = False, False
        self._thread = Thread(target=self._run, name="display", daemon=True)

    def show(self, cue: Cue, ms: int | None) -> None:
        """A cue's sentence, in place of what stood there; a key's click says nothing."""
        if cue is Cue.KEY:
            return
        lasts = lasts_ms(cue, ms)
        with self._changed:
            self._cue = cue
            self._cue_ends = None if lasts is None else time.monotonic() + lasts / 1000
            self._notify()

    def tell(self, word: str, payload: Mapping[str, object]) -> None:
        """``state`` and ``occupancy`` as the door tells them outside; with the first of them it lights up."""
        with self._changed:
            if word in self._told:
                self._told[word] = payload
                self._notify()
            if self._thread.ident is None:
                self._thread.start()

    def close(self) -> None:
        """Dark."""
        with self._changed:
            self._closed = True
            self._notify()
        if self._thread.ident is not None:
            self._thread.join(5)

    def _notify(self) -> None:
        self._news = True
        self._changed.notify()

    def _run(self) -> None:
        drawn: tuple[Lines, int] | None = None
        while True:
            with self._changed:
                if self._closed:
                    break
                self._news = False
                said, seconds = self._due()
            wanted = said, DIMMED if self._quiet() else self._contrast
            if wanted != drawn or self._panel is None:
                drawn = wanted if self._drawn(*wanted) else None
            with self._changed:
                self._changed.wait_for(lambda: self._news, seconds)
        if self._panel is not None:
            with suppress(Exception):  # luma's own errors; it may be gone by now
                self._panel.cleanup()

    def _due(self) -> tuple[Lines, float]:
        """What is to stand there, and in how many seconds that can be something else by itself."""
        now, local = time.monotonic(), self._local()
        view = told(self._told["state"], self._told["occupancy"])
        waits = 60 - local.second - local.microsecond / 1e6
        left = None if self._cue_ends is None else self._cue_ends - now
        # A fire is told for as long as it burns, whoever gets a sentence meanwhile.
        if view.cue is None and self._cue is not None and (left is None or left > 0):
            seconds = 0 if left is None or self._cue is not Cue.WAIT else ceil(left)
            view = replace(view, cue=self._cue, seconds=seconds)
            if left is not None:
                waits = min(waits, left - (seconds - 1 if seconds else 0))
        clock = NO_TIME if untrusted(self._told["state"]) else f"{local:%H:%M}"
        return lines(replace(view, clock=clock), self._languages), waits

    def _drawn(self, said: Lines, contrast: int) -> bool:
        """Whether it stands there now; a fault is told once, and so is its end."""
        try:
            if self._panel is None:
                self._panel = self._open()
            self._panel.contrast(contrast)
            self._panel.display(picture(said))
        except Exception as error:  # noqa: BLE001  (luma, Pillow, the bus and the kernel each raise their own)
            if self._panel is not None:
                give_back(self._panel)
                self._panel = None
            if not self._lost:
                _LOG.warning("the display does not answer: %s", error)
                self._lost = True
                self._post(FaultChanged(DISPLAY_LOST, present=True))
            return False
        if self._lost:
            self._lost = False
            self._post(FaultChanged(DISPLAY_LOST, present=False))
        return True
