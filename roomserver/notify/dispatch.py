"""Sends what there is to tell, on threads of its own: nothing at a door or on a page ever waits for it.

What was sent is not sent again: should the database not take that, it is remembered here until it does.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from roomserver.notify import claim, silence, words
from roomserver.notify.message import NotSentError, Sender
from roomserver.notify.plan import Plan
from roomserver.notify.settings import Way
from roomserver.notify.ways import sender_of
from roomserver.place import Opened

log = logging.getLogger("roomserver.notify")

LOOK_SECONDS = 30  # how often silent doors, and what another process noted, are looked for
AGAIN_SECONDS = 5  # after a fault of the database
STOP_SECONDS = 3


class Lane:
    """One way, and the thread that sends by it."""

    def __init__(self, opened: Opened, way: Way, clock: Callable[[], int]) -> None:
        self._opened, self._way, self._clock = opened, way, clock
        self._since = clock()
        self._sender: Sender | None = None
        self._sent: tuple[int, ...] = ()  # what the database does not know of yet
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"notify {way.name}", daemon=True)

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def stop(self) -> None:
        """No more; what waits is sent after the next start."""
        self._stopping = True
        self._wake.set()
        self._thread.join(STOP_SECONDS)

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def step(self) -> float:
        """Send what is due, if this process may; the seconds until something may be due again."""
        self._record()
        found = self._claim()
        if not found.ids:
            wait = LOOK_SECONDS if found.next_at is None else found.next_at - self._clock()
            return min(max(wait, 1), LOOK_SECONDS)
        try:
            self._send(found)
        except NotSentError as error:
            self._failed(error)
        else:
            self._sent = found.ids
            self._record()
        return 0

    def _claim(self) -> Plan:
        now, zone = self._clock(), self._opened.place.settings.codes.codes().time_zone
        with self._opened.database.write() as session:
            silence.look(session, self._since, now)
            lost = claim.give_up(session, self._way, now)
            found = claim.claim(session, self._way, zone, now)
        if lost:
            log.error(
                "notify %s: %d alarms could not be told for three days and are dropped", self._way.name, lost
            )
        return found

    def _send(self, found: Plan) -> None:
        codes, language = self._opened.place.settings.codes.codes(), self._way.language
        id_ = hashlib.sha256(repr(found.ids).encode()).hexdigest()[:16]  # the same when it is tried again
        message = words.message(id_, found.told, codes.room, language, codes.time_zone)
        try:
            self._sender = self._sender or sender_of(self._opened.place, self._way)
            self._sender.send(message)
        except OSError as error:  # of a file with a secret
            raise NotSentError(f"{error.filename}: {error.strerror}", lasting=True) from None

    def _record(self) -> None:
        if not self._sent:
            return
        with self._opened.database.write() as session:
            mended = claim.sent(session, self._way.name, self._sent, self._clock())
        self._sent = ()
        if mended:
            log.info("notify %s: works again", self._way.name)

    def _failed(self, error: NotSentError) -> None:
        with self._opened.database.write() as session:
            news = claim.failed(session, self._way.name, error, self._clock())
        if news:  # said once, however often it is tried
            log.warning("notify %s: not sent: %s", self._way.name, error)

    def _run(self) -> None:
        wait = 0.0
        while True:
            self._wake.wait(wait)
            self._wake.clear()
            if self._stopping:
                return
            try:
                wait = self.step()
            except SQLAlchemyError as error:
                log.error("notify %s: the database does not answer: %s", self._way.name, type(error).__name__)
                wait = AGAIN_SECONDS
            except Exception:  # the next alarm must still be told
                log.exception("notify %s: a message could not be made", self._way.name)
                wait = LOOK_SECONDS


class Dispatcher:
    """Sends by every way of the settings, from ``start`` to ``stop``; ``noted`` may be called anywhere."""

    def __init__(self, opened: Opened, clock: Callable[[], int]) -> None:
        self._opened, self._clock = opened, clock
        self._lanes = [Lane(opened, way, clock) for way in opened.place.settings.notify]

    def start(self) -> None:
        """Begin: a thread for each way, so that a slow one delays no other; what happens now is told."""
        with self._opened.database.write() as session:
            for way in self._opened.place.settings.notify:
                claim.begin(session, way, self._clock())
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """No more."""
        for lane in self._lanes:
            lane.stop()

    def noted(self) -> None:
        """There is something to tell."""
        for lane in self._lanes:
            lane.wake()
