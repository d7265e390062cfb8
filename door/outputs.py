"""What the door switches inside: the lights of the room, and the chime of the bell."""

from __future__ import annotations

from door.effects import Cue

STROKE_SECONDS, PAUSE_SECONDS, STROKES = 0.4, 0.3, 2


class RoomLights:
    """A relay for the lights of the room; it switches their own supply, never through the Pi's.

    With ``lit_at_rest`` wire COM and NC: the relay is energised to make it dark, and a dead Pi leaves nobody
    in the dark. Else wire COM and NO. A switch on the wall beside it, in parallel, is good manners::

        lights = RoomLights(26)
        lights.switch(on=True)
    """

    def __init__(self, pin: int, *, active_high: bool = True, lit_at_rest: bool = True) -> None:
        from gpiozero import DigitalOutputDevice

        self._lit_at_rest = lit_at_rest
        self._coil = DigitalOutputDevice(pin, active_high=active_high, initial_value=False)

    @property
    def lit(self) -> bool:
        """Whether the lights burn."""
        return bool(self._coil.value) is not self._lit_at_rest

    def switch(self, *, on: bool) -> None:
        """Light or dark, from now."""
        self._coil.value = on is not self._lit_at_rest

    def close(self) -> None:
        """The relay drops and the pin is given back."""
        self._coil.close()


class Chime:
    """A buzzer or gong inside, behind a transistor or a relay: two strokes when the bell is rung.

    It beeps by itself while its pin is high; it shows no other cue::

        chime = Chime(10)
        chime.show(Cue.BELL, None)
    """

    def __init__(self, pin: int) -> None:
        from gpiozero import DigitalOutputDevice

        self._gong = DigitalOutputDevice(pin, initial_value=False)

    def show(self, cue: Cue, ms: int | None) -> None:  # noqa: ARG002  (a stroke has its own length)
        """Ring, if that is the cue."""
        if cue is Cue.BELL:
            self._gong.blink(STROKE_SECONDS, PAUSE_SECONDS, STROKES, background=True)

    def close(self) -> None:
        """Silent; the pin is given back."""
        self._gong.close()
