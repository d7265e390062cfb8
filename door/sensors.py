"""The door contact and the exit button: edges wake us, levels are what we believe; nothing is polled."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock as Mutex
from threading import Timer

from door.events import ContactChanged, Event, ExitPressed

SETTLE_SECONDS = 0.05  # reeds and buttons chatter for a few ms; a slammed door for some tens

Post = Callable[[Event], None]
After = Callable[[float, Callable[[], None]], None]


def after(seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` once, that much later, from a thread that ends with it."""
    timer = Timer(seconds, act)
    timer.daemon = True
    timer.start()


class DoorContact:
    """A reed contact in the frame, its magnet on the door leaf.

    Wire it between the pin and ground; the pull-up is the Pi's own. A contact that is *closed while the
    door is closed* is the better kind: a cut wire then reads as an open door, and is noticed.
    ``inverted`` is for the other kind, closed while the door is open::

        contact = DoorContact(27, post)
        contact.told  # the level at start
        # from then on post(ContactChanged(open)) 50 ms after each change
    """

    def __init__(
        self,
        pin: int,
        post: Post,
        *,
        inverted: bool = False,
        settle_seconds: float = SETTLE_SECONDS,
        after: After = after,
    ) -> None:
        from gpiozero import DigitalInputDevice

        self._post, self._inverted = post, inverted
        self._settle_seconds, self._after = settle_seconds, after
        self._mutex = Mutex()
        self._settling = False
        self._loop = DigitalInputDevice(pin, pull_up=True)
        self._loop.when_activated = self._loop.when_deactivated = self._edge
        self._told = self.open

    @property
    def open(self) -> bool:
        """The level now: whether the door is open."""
        return bool(self._loop.is_active) is self._inverted

    @property
    def told(self) -> bool:
        """The level that what is posted next differs from, also for a door that moves while we start."""
        return self._told

    def close(self) -> None:
        """Post nothing more and give the pin back."""
        with self._mutex:
            self._loop.close()

    def _edge(self) -> None:
        with self._mutex:
            if self._settling:
                return
            self._settling = True
        self._after(self._settle_seconds, self._settled)

    def _settled(self) -> None:
        with self._mutex:
            self._settling = False  # before the level is read, so that an edge after it is not missed
            if self._loop.closed or self.open is self._told:
                return
            self._told = not self._told
            self._post(ContactChanged(self._told))


class ExitButton:
    """A push button inside, or the contact of a free handle: between the pin and ground.

    It *tells* the door that somebody leaves. On a maglock its second contact must interrupt the magnet
    by itself; on a strike the handle opens without it. It is answered at its first edge::

        button = ExitButton(22, post)
        # post(ExitPressed()) once for each press
        button.close()
    """

    def __init__(
        self,
        pin: int,
        post: Post,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from gpiozero import DigitalInputDevice

        self._post, self._settle_seconds, self._clock = post, settle_seconds, clock
        self._last_edge = float("-inf")
        self._button = DigitalInputDevice(pin, pull_up=True)
        self._button.when_activated = self._down
        self._button.when_deactivated = self._up

    def close(self) -> None:
        """Post nothing more and give the pin back."""
        self._button.close()

    def _down(self) -> None:
        if self._rested():
            self._post(ExitPressed())

    def _up(self) -> None:
        self._rested()

    def _rested(self) -> bool:
        """Whether the contact had been at rest until this edge: else the edge is chatter."""
        now, last = self._clock(), self._last_edge
        self._last_edge = now
        return now - last >= self._settle_seconds
