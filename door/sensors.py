"""Contacts, the exit button, motion, beams: edges wake us, levels are what we believe; nothing is polled."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock as Mutex
from threading import Timer

from door.events import Beam, BeamChanged, ContactChanged, Event, ExitPressed, MotionChanged

SETTLE_SECONDS = 0.05  # reeds and buttons chatter for a few ms; a slammed door for some tens
TICKS_SECONDS = 1.0  # the kernel's time of an edge is of the monotonic clock, but for very old kernels

Post = Callable[[Event], None]
After = Callable[[float, Callable[[], None]], None]


def after(seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` once, that much later, from a thread that ends with it."""
    timer = Timer(seconds, act)
    timer.daemon = True
    timer.start()


class Contact:
    """A contact between its pin and ground, whose settled level means something; the pull-up is the Pi's.

    ``post(event(True))`` 50 ms after what it watches for has begun, ``post(event(False))`` after its end.
    With ``normally_closed`` that is the opening of the contact, so that a cut wire is noticed. Nothing is
    posted before ``start``, which posts what is so then::

        fire = Contact(21, post, FireChanged, normally_closed=True)
        fire.start()
    """

    def __init__(
        self,
        pin: int,
        post: Post,
        event: Callable[[bool], Event],
        *,
        normally_closed: bool = True,
        pull_up: bool = True,
        settle_seconds: float = SETTLE_SECONDS,
        after: After = after,
    ) -> None:
        from gpiozero import DigitalInputDevice

        self._post, self._event, self._normally_closed = post, event, normally_closed
        self._settle_seconds, self._after = settle_seconds, after
        self._mutex = Mutex()
        self._settling = self._started = False
        self._loop = DigitalInputDevice(pin, pull_up=pull_up)
        self._loop.when_activated = self._loop.when_deactivated = self._edge
        self._told = self.present

    @property
    def present(self) -> bool:
        """The level now: whether it is as the contact watches for."""
        return bool(self._loop.is_active) is not self._normally_closed

    def start(self) -> None:
        """Begin to post; what is so already is posted at once."""
        with self._mutex:
            self._started = True
            if self._told:
                self._post(self._event(True))

    def start_as(self, event: Callable[[bool], Event]) -> None:
        """Begin to post: first the level as ``event`` has it, then its changes."""
        with self._mutex:
            self._started = True
            self._post(event(self._told))

    def close(self) -> None:
        """Post nothing more and give the pin back."""
        with self._mutex:
            self._loop.close()

    def _edge(self) -> None:
        with self._mutex:
            if self._settling:
                return
            self._settling = True
        try:
            self._after(self._settle_seconds, self._settled)
        except RuntimeError:  # no thread to be had; raised here, it would end the one that tells all edges
            self._settled()

    def _settled(self) -> None:
        with self._mutex:
            self._settling = False  # before the level is read, so that an edge after it is not missed
            if self._loop.closed or self.present is self._told:
                return
            self._told = not self._told
            if self._started:
                self._post(self._event(self._told))


class DoorContact(Contact):
    """A reed contact in the frame, its magnet on the door leaf.

    Wire it between the pin and ground; the pull-up is the Pi's own. A contact that is *closed while the
    door is closed* is the better kind: a cut wire then reads as an open door, and is noticed.
    ``inverted`` is for the other kind, closed while the door is open::

        contact = DoorContact(27, post)
        contact.start_as(partial(Started, version="1.0"))  # the level at start
        # from then on post(ContactChanged(open)) 50 ms after each change
    """

    def __init__(self, pin: int, post: Post, *, inverted: bool = False, after: After = after) -> None:
        super().__init__(pin, post, ContactChanged, normally_closed=not inverted, after=after)

    @property
    def open(self) -> bool:
        """The level now: whether the door is open."""
        return self.present


class MotionSensor(Contact):
    """A passive infrared sensor inside that sees every seat.

    A module (HC-SR501 and its like) has 3.3 V at its output while something moves: wire that to the pin,
    and its supply to 5 V and ground. An alarm detector has a contact that opens instead: wire it between
    the pin and ground, and say ``module=False``::

        motion = MotionSensor(4, post)
        motion.start()  # from then on post(MotionChanged(moving)) after each change
    """

    def __init__(self, pin: int, post: Post, *, module: bool = True, after: After = after) -> None:
        super().__init__(
            pin, post, MotionChanged, normally_closed=not module, pull_up=not module, after=after
        )


class BreakBeam:
    """The receiver of a beam across the doorway: a contact (or an open collector) between pin and ground.

    Every edge is posted, with its own time: at a brisk walk the two beams are a tenth of a second apart,
    and who passes is told by their order. Nothing is debounced; the rule does not mind chatter.
    ``closed_when_clear`` is the better kind, because a cut wire then reads as a broken beam::

        outer = BreakBeam(7, Beam.OUTER, post)
        outer.start()  # from then on post(BeamChanged(Beam.OUTER, broken, at)) at each edge
        outer.close()
    """

    def __init__(
        self,
        pin: int,
        beam: Beam,
        post: Post,
        *,
        closed_when_clear: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from gpiozero import InputDevice

        self._beam, self._post, self._clock = beam, post, clock
        self._closed_when_clear = closed_when_clear
        self._receiver = InputDevice(pin, pull_up=True)

    @property
    def broken(self) -> bool:
        """The level now."""
        return self._read(low=bool(self._receiver.is_active))

    def start(self) -> None:
        """Begin to post; a beam that is broken already is posted at once."""
        if self.broken:
            self._tell(True, self._clock(), found=True)
        pin = self._receiver.pin
        pin.edges = "both"  # not DigitalInputDevice's events, which pass over the second of two quick edges
        pin.when_changed = self._edge

    def close(self) -> None:
        """Post nothing more and give the pin back."""
        self._receiver.close()

    def _edge(self, ticks: float, state: int) -> None:
        now = self._clock()
        at = ticks if 0 <= now - ticks < TICKS_SECONDS else now
        self._tell(self._read(low=not state), at)

    def _read(self, *, low: bool) -> bool:
        return low is not self._closed_when_clear

    def _tell(self, broken: bool, at: float, *, found: bool = False) -> None:
        self._post(BeamChanged(self._beam, broken, int(at * 1000), found))


class ExitButton:
    """A push button inside, or the contact of a free handle: between the pin and ground.

    It *tells* the door that somebody leaves. On a maglock its second contact must interrupt the magnet
    by itself; on a strike the handle opens without it. It is answered at its first edge::

        button = ExitButton(22, post)
        button.start()  # from then on post(ExitPressed()) once for each press
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

    def start(self) -> None:
        """Begin to post; a button that is held already is no press."""
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
