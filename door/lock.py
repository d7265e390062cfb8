"""The lock: a strike or a maglock behind a relay that is energised only to unlock.

Both lock themselves again from gpiozero's own thread, should everything else hang.
"""

from __future__ import annotations

from threading import Lock as Mutex
from typing import Protocol

from door.errors import PinError


class Lock(Protocol):
    """What the door needs of a lock; nothing here waits."""

    @property
    def unlocked(self) -> bool:
        """Whether somebody outside could open the door now."""
        ...

    def unlock(self, seconds: float | None) -> None:
        """Unlock for ``seconds`` (> 0) from now, whatever was asked before; None until ``relock``."""
        ...

    def relock(self) -> None:
        """Lock now."""
        ...

    def close(self) -> None:
        """Lock and give the pin back."""
        ...


class Relay:
    """A relay at rest while the door is locked; ``Strike`` and ``Maglock`` say how to wire it."""

    def __init__(self, pin: int, *, active_high: bool = True) -> None:
        from gpiozero import DigitalOutputDevice

        self._mutex = Mutex()
        self._coil = DigitalOutputDevice(pin, active_high=active_high, initial_value=False)

    @property
    def unlocked(self) -> bool:
        """Whether the relay is energised."""
        return not self._coil.closed and bool(self._coil.value)

    def unlock(self, seconds: float | None) -> None:
        """Energise for ``seconds`` (> 0) from now, whatever was asked before; None until ``relock``.

        Raises ``PinError`` and stays locked when nothing would lock it again.
        """
        if seconds is not None and not seconds > 0:
            raise ValueError(f"an unlock time is above 0 s, not {seconds}")
        with self._mutex:
            self._coil.on()  # ends the former pulse without a gap, and holds when this returns
            if seconds is not None:
                self._pulse(seconds)

    def relock(self) -> None:
        """Let the relay drop."""
        with self._mutex:
            self._coil.off()

    def close(self) -> None:
        """Let the relay drop and give the pin back."""
        with self._mutex:
            if not self._coil.closed:
                self._coil.off()
                self._coil.close()

    def _pulse(self, seconds: float) -> None:
        try:
            self._coil.blink(on_time=seconds, off_time=0, n=1, background=True)
        except RuntimeError as error:  # no thread to be had: nothing would end the pulse
            self._coil._blink_thread = None  # or gpiozero would wait for the one that never started
            self._coil.off()
            raise PinError("the lock stays locked: no thread to be had that would lock it again") from error


class Strike(Relay):
    """An electric strike, fail-secure: without current it is locked from outside.

    Wire the relay's **COM and NO** into the strike's supply. A dead Pi, a hung one, one that boots and
    one without power all leave the relay at rest and the strike locked; the handle inside opens always.
    Put a flyback diode across the strike's coil, and give it a supply of its own.
    ``active_high=False`` is for relay boards that switch on a low input; such a board needs a pull-up
    of its own on that input (most have one), so that a Pi that boots does not switch it::

        strike = Strike(17)
        strike.unlock(5)
        strike.relock()
    """


class Maglock(Relay):
    """A magnetic lock, fail-safe: without current it is open, so a power cut traps nobody.

    Wire the relay's **COM and NC** into the magnet's supply: at rest the magnet holds, and the relay is
    energised to *interrupt* it. So a dead or booting Pi leaves the door locked from outside, as with
    a strike. (With NO, each reboot would open the room to the street.)
    Getting out must not depend on the Pi: wire a green break-glass and the exit button's second contact
    **in series** with the magnet, and the fire alarm's contact where there is one. When the magnet's
    supply fails the door is open: a battery keeps the room shut, the contact says when it is not::

        lock = Maglock(17)
        lock.unlock(5)
        lock.relock()
    """
