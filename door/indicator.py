"""Who shows the cues: a lamp and a buzzer on pins, and a terminal. What they show stands in ``cues.py``."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import Protocol, TextIO

from door.cues import COLOURS, SIGNALS, Playing, Scene
from door.effects import Cue

_LOG = logging.getLogger(__name__)


class Indicator(Protocol):
    """Shows cues; a newer one replaces the older; nothing here waits."""

    def show(self, cue: Cue, ms: int | None) -> None:
        """Show ``cue``; ``ms`` bounds one that lasts (None: as long as its signal says)."""
        ...

    def close(self) -> None:
        """Dark and silent."""
        ...


class Together:
    """Several that show the same cues, each in its way; one that fails keeps no other from showing."""

    def __init__(self, *parts: Indicator) -> None:
        self._parts = parts

    def show(self, cue: Cue, ms: int | None) -> None:
        """Have each show it."""
        for part in self._parts:
            try:
                part.show(cue, ms)
            except Exception:  # noqa: BLE001  (each has its own; a mute chime is no reason for a dark lamp)
                _LOG.exception("a cue could not be shown by %s", type(part).__name__)

    def close(self) -> None:
        """Close each."""
        for part in self._parts:
            with suppress(Exception):  # each has its own, and the others are closed too
                part.close()


class PinIndicator:
    """A lamp and a buzzer at the door.

    The lamp is three LEDs or one RGB LED with common cathode, each anode through 330 Ω to its pin; without
    ``blue`` a red-and-green one will do. The buzzer goes between its pin and ground (a transistor above
    15 mA): with ``tonal`` a piezo disc, which plays the tones; without, one that beeps by itself and keeps
    the rhythm. ``quiet`` says whether the neighbours sleep::

        lamp = PinIndicator(red=23, green=24, blue=25, buzzer=12)
        lamp.show(Cue.ACCEPTED, 5000)
        lamp.close()
    """

    def __init__(
        self,
        *,
        red: int,
        green: int,
        blue: int | None = None,
        buzzer: int | None = None,
        tonal: bool = False,
        quiet: Callable[[], bool] = lambda: False,
    ) -> None:
        from gpiozero import LED

        self._leds = [LED(pin) for pin in (red, green, blue) if pin is not None]
        self._sound, self._silence = _buzzer(buzzer, tonal=tonal)
        self._quiet = quiet
        self._scene = Scene()
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="indicator", daemon=True)
        self._thread.start()

    def show(self, cue: Cue, ms: int | None) -> None:
        """Show ``cue`` in place of what is shown; ``ms`` bounds one that lasts."""
        with self._changed:
            self._scene = self._scene.then(Playing(cue, _now(), ms))
            self._changed.notify()

    def close(self) -> None:
        """Dark and silent; the pins are given back."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(5)
        for led in self._leds:
            led.close()
        self._silence()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now = _now()
                colour, tone, until = self._scene.at(now)
                if tone is not None and self._scene.hushed(now, self._quiet):
                    tone = None
                for led, on in zip(self._leds, COLOURS.get(colour or "", (False,) * 3), strict=False):
                    led.value = on
                self._sound(tone)
                # Asleep for good when nothing more will change: an idle lamp costs nothing.
                self._changed.wait(None if until is None else max(0, until - _now()) / 1000)


_PAINT = {"white": "37", "green": "32", "red": "31", "blue": "34", "amber": "33"}


class TerminalIndicator:
    """Cues as lines: the word and the sentence; on a terminal also a colour, and a dot for each key."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_terminal = self._stream.isatty()
        self._in_line = False

    def show(self, cue: Cue, ms: int | None) -> None:  # noqa: ARG002  (a line has no duration)
        """Write the cue's line."""
        if cue is Cue.KEY:
            if self._is_terminal:
                self._write("•")
                self._in_line = True
            return
        self._write(("\n" if self._in_line else "") + self._line(cue) + "\n")
        self._in_line = False

    def close(self) -> None:
        """End a line begun."""
        if self._in_line:
            self._write("\n")
            self._in_line = False

    def _line(self, cue: Cue) -> str:
        signal = SIGNALS[cue]
        words = f"{cue:<12} {signal.zh} / {signal.en}" if signal.zh else str(cue)
        if not self._is_terminal:
            return words
        colour = next(shade for shade, _ in signal.light.steps if shade)
        return f"\x1b[{_PAINT[colour]}m{words}\x1b[0m"

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()


def _now() -> int:
    return time.monotonic_ns() // 1_000_000


def _buzzer(pin: int | None, *, tonal: bool) -> tuple[Callable[[int | None], None], Callable[[], None]]:
    """How to sound a tone (None: silence), and how to give the buzzer back."""
    from gpiozero import Buzzer, TonalBuzzer
    from gpiozero.tones import Tone

    if pin is None:
        return lambda _: None, lambda: None
    if tonal:
        piezo = TonalBuzzer(pin, octaves=2)  # 110 to 1760 Hz
        return lambda tone: piezo.play(None if tone is None else Tone.from_frequency(tone)), piezo.close
    beeper = Buzzer(pin)

    def sound(tone: int | None) -> None:
        beeper.value = tone is not None

    return sound, beeper.close
