"""The neighbour: pushes the door when the strike lets go, goes in, and lets it fall shut behind him."""

from __future__ import annotations

import threading
from typing import Protocol

from gpiozero import Device
from gpiozero.pins.mock import MockFactory

WALK_SECONDS = 0.6
THROUGH_SECONDS = 1.5
LOOK_SECONDS = 0.05


class Latch(Protocol):
    """Whether the door gives way."""

    @property
    def unlocked(self) -> bool: ...


class Neighbour:
    """Moves the magnet of the door contact at ``pin``; closed to ground while the door is closed."""

    def __init__(self, pin: int) -> None:
        assert isinstance(Device.pin_factory, MockFactory)
        self._contact = Device.pin_factory.pin(pin)
        self._leave = threading.Event()
        self._contact.drive_low()

    def wait_at(self, latch: Latch) -> None:
        """Stand in front of the door from now on."""
        threading.Thread(target=self._wait, args=(latch,), name="neighbour", daemon=True).start()

    def leave(self) -> None:
        """Go home."""
        self._leave.set()

    def _wait(self, latch: Latch) -> None:
        while not self._leave.wait(LOOK_SECONDS):
            if not latch.unlocked:
                continue
            self._leave.wait(WALK_SECONDS)
            self._contact.drive_high()
            self._leave.wait(THROUGH_SECONDS)
            self._contact.drive_low()
