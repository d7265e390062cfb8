"""Audit rows from the outbox to the server: in order, until each is acknowledged (PROTOCOL §4).

Rows of one log go out from ack + 1 on, at most ``WINDOW`` ahead of the server's ack.
Ten seconds without progress mean that rows were lost or that nobody listens, so the next thing sent is the
first row that is missing, alone: a server that is back says how far it is, and the window opens again.
(Two hundred rows every ten seconds for a server that is away would be a gigabyte a day.)
Older logs come first.  One that makes no progress lets the next have its turn, so that a log which the
server will not take never stops the rows of today.

A ``replay`` takes the position back to the row asked for; from there all is as ever.
Rows that the door no longer has are answered by ``audit.gap``, which is verified like a row.

One thread calls all of this; it waits for the store, and for nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from contract.messages import Ack

if TYPE_CHECKING:
    from door.ledger import AckResult, Outstanding

WINDOW = 200  # rows sent and not yet acknowledged
TOGETHER = 100  # rows fetched at once
SILENCE_SECONDS = 10
REPEATED_SECONDS = 1  # after an ack that brings nothing new
STORE_SECONDS = 5
_LOG = logging.getLogger(__name__)


class Outbox(Protocol):
    """The store, as far as delivery sees it."""

    @property
    def log(self) -> str:
        """The log that is being written."""

    def outstanding(self) -> Future[tuple[Outstanding, ...]]:
        """The logs with rows not acknowledged, oldest first."""

    def rows(self, log: str, after: int, limit: int) -> Future[list[tuple[int, bytes]]]:
        """The rows of ``log`` above ``after``, in order."""

    def acknowledge(self, log: str, seq: int, hash: str) -> Future[AckResult]:
        """The server has all rows of ``log`` up to ``seq``; ``hash`` is that of row ``seq``."""

    def new_log(self, reason: str) -> Future[float]:
        """Begin a new log: the server knows this one otherwise."""


class Delivery:
    """Sends rows through ``send``; ``turn`` says when it wants to be called again.

    ``on_fork`` is called when the server has other rows of the log that is being written.
    """

    def __init__(
        self,
        outbox: Outbox,
        send: Callable[[bytes], None],
        gap: Callable[[str, int, int], bytes],
        on_fork: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._send = send
        self._gap = gap
        self._on_fork = on_fork
        self.begin()

    def begin(self) -> None:
        """A new connection: whatever was under way is sent again."""
        self._log: str | None = None
        self._acked = self._sent = 0
        self._asked: int | None = None  # a replay of which no row was found yet
        self._quiet_since = 0.0
        self._silences = 0
        self._window = WINDOW

    def ack(self, ack: Ack, now: float) -> None:
        """Take an acknowledgement of the server, whose signature is right."""
        result = self._outbox.acknowledge(ack.log, ack.seq, ack.hash).result(STORE_SECONDS)
        if result == "different":
            if ack.log == self._outbox.log:
                _LOG.warning("the server has other rows than the door in log %s, at %d", ack.log, ack.seq)
                self._outbox.new_log("ack-mismatch").result(STORE_SECONDS)
                self._on_fork()
            self._log = None
        elif result == "ours" and ack.log == self._log:
            self._take(ack.seq, now)

    def _take(self, seq: int, now: float) -> None:
        if seq > self._acked:
            self._acked = seq
            self._sent = max(self._sent, seq)
            self._quiet_since = now
            self._window = WINDOW
        else:  # the server is there, and lacks what was sent last: it has just come back
            self._quiet_since = min(self._quiet_since, now + REPEATED_SECONDS - SILENCE_SECONDS)

    def replay(self, log: str, seq: int) -> None:
        """The server asks for the rows of ``log`` from ``seq`` on."""
        self._log, self._asked, self._window = log, seq, WINDOW
        self._acked = self._sent = seq - 1

    def turn(self, now: float) -> float | None:
        """Send what may be sent now; seconds until the next turn, None until something new comes."""
        if self._log is None and not self._choose():
            return None
        if self._sent > self._acked and now - self._quiet_since >= SILENCE_SECONDS:
            self._silences += 1
            self._log = None
            return 0
        room = self._acked + self._window - self._sent
        if room > 0 and self._send_next(min(room, TOGETHER), now):
            return 0
        if self._sent > self._acked:
            return self._quiet_since + SILENCE_SECONDS - now
        return self._finished()

    def _choose(self) -> bool:
        """Take up the oldest log that has something to send, after each silence the next."""
        waiting = self._outbox.outstanding().result(STORE_SECONDS)
        if not waiting:
            self._silences = 0
            return False
        chosen = waiting[self._silences % len(waiting)]
        self._log, self._acked, self._sent = chosen.log, chosen.ack, chosen.ack
        self._asked = None
        self._window = 1 if self._silences else WINDOW
        return True

    def _send_next(self, limit: int, now: float) -> bool:
        assert self._log is not None
        rows = self._outbox.rows(self._log, self._sent, limit).result(STORE_SECONDS)
        if not rows:
            return False
        if self._sent == self._acked:
            self._quiet_since = now
        self._asked = None
        for seq, raw in rows:
            if seq > self._sent + 1:
                self._send(self._gap(self._log, self._sent + 1, seq - 1))
            self._send(raw)
            self._sent = seq
        return True

    def _finished(self) -> float | None:
        """All of this log that there is has been acknowledged (or, in a replay, there is nothing)."""
        assert self._log is not None
        if self._asked is not None:
            self._answer_nothing(self._log, self._asked)
        elif self._log == self._outbox.log and not self._silences:
            return None
        self._log = None
        return 0

    def _answer_nothing(self, log: str, seq: int) -> None:
        """Of a log that the door has not, it can only speak of the row asked for."""
        self._asked = None
        if not self._outbox.rows(log, 0, 1).result(STORE_SECONDS):
            self._send(self._gap(log, seq, seq))
