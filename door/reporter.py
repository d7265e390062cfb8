"""The reporter: tells the broker what the door shows and records, brings in what is asked (PROTOCOL §4).

One thread makes a connection, serves it until it ends, and makes the next; paho's own thread moves the bytes.
``show``, ``cue`` and ``result`` may be called from the door's loop: they hand over and return.
What is shown is kept here and published again at each connect; audit rows rest in the store (see delivery);
cues and results of an offline door are dropped, as nobody waits for them any more.
The door notices nothing of a broker that is away, refuses, stays silent or lies.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from contract import audit, messages
from contract.messages import Ack, Topics
from door.backoff import Backoff, Trouble
from door.delivery import Delivery, Outbox
from door.errors import DoorError
from door.events import Event, FaultChanged
from door.inbox import Inbox
from door.mqtt import Account, BrokerError, BrokerRefusedError, Connection, Message
from door.tls import TlsSettings

RETRY_SECONDS = (0.5, 2.0)  # with a connect time-out of 3 s: back within 5 s of the broker's return
REFUSED_RETRY_SECONDS = (2.0, 30.0)
AGAIN_SECONDS = 5.0  # when the store has no answer
REPLAYS = 16  # asked for and not begun; the server asks again
_LOG = logging.getLogger(__name__)


class Reporter:
    """Tells the broker at ``host``; ``on_hint(revision)`` when the server has a new access list.

    ``now()`` is the door's time in Unix seconds, which the broker's certificate is judged by.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        tls: TlsSettings | None,
        door: str,
        command_key: bytes,
        report_key: bytes,
        outbox: Outbox,
        post: Callable[[Event], None],
        on_hint: Callable[[int], None],
        now: Callable[[], int | None] = lambda: int(time.time()),
    ) -> None:
        self._account = Account(host, port, username, password, tls)
        self._topics = Topics(door)
        self._report_key = report_key
        self._now = now
        self._trouble = Trouble(_LOG)
        self._inbox = Inbox(self._topics, command_key, post=post, on_ack=self._acked, on_hint=on_hint)
        self._delivery = Delivery(
            outbox,
            self._send_row,
            lambda log, first, last: audit.gap(report_key, door, log, first, last),
            # It stands until the door is started again: somebody is to see that an old image was put back.
            lambda: post(FaultChanged("audit-fork", present=True)),
        )
        self._connection: Connection | None = None
        self.since = time.monotonic()  # the last change of ``connected``
        self._shown: dict[str, Mapping[str, object]] = {}
        self._showing = threading.Lock()  # held while publishing, so never taken on paho's thread
        self._changed = threading.Condition()  # never held while publishing
        self._something = self._stopping = False
        self._acks: dict[Ack, None] = {}  # each once, in order
        self._replays: deque[tuple[str, int]] = deque(maxlen=REPLAYS)
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has the door."""
        connection = self._connection
        return connection is not None and not connection.ended

    def start(self) -> None:
        """Begin connecting."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Say ``offline`` and disconnect; wait at most ``timeout`` seconds for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def show(self, topic_word: str, payload: Mapping[str, object]) -> None:
        """Let ``state``, ``occupancy`` or ``health`` be this, if more than its ``at`` differs."""
        topic = {
            "state": self._topics.state,
            "occupancy": self._topics.occupancy,
            "health": self._topics.health,
        }[topic_word]
        with self._showing:
            if _without_at(self._shown.get(topic, {})) == _without_at(payload):
                return
            self._shown[topic] = dict(payload)
            self._publish(topic, _json(payload), retain=True)

    def cue(self, word: str, at: int) -> None:
        """Tell what anyone in the room could see or hear."""
        self._publish(self._topics.cue, _json({"type": word, "at": at}))

    def result(self, id: str, ok: bool, error: str | None) -> None:
        """Answer a command; ``error`` is a word of PROTOCOL §4."""
        topic = self._topics.result
        self._publish(topic, messages.sign(self._report_key, topic, {"id": id, "ok": ok, "error": error}))

    def rows_written(self) -> None:
        """The store has new rows."""
        self._wake()

    def replay(self, log: str, seq: int) -> None:
        """Send the rows of ``log`` again from ``seq`` on."""
        with self._changed:
            self._replays.append((log, seq))
        self._wake()

    # -- the reporter's thread ------------------------------------------------------------------

    def _run(self) -> None:
        away, refused = Backoff(*RETRY_SECONDS), Backoff(*REFUSED_RETRY_SECONDS)
        while not self._stopping:
            backoff = away
            try:
                connection = self._connect()
                away.reset()
                refused.reset()
                self._serve(connection)
            except BrokerRefusedError as error:
                backoff = refused
                self._trouble.say(str(error))
            except BrokerError as error:
                self._trouble.say(str(error))
            except Exception:  # noqa: BLE001 - whatever it was, the reporter must live on
                _LOG.exception("the reporter failed")
            self._pause(backoff.wait())

    def _connect(self) -> Connection:
        connection = Connection(
            self._account,
            self._account.client_id(self._topics.door),
            will=Message(self._topics.availability, b"offline", retain=True),
            take=self._take,
            on_end=self._wake,
            trouble=self._trouble,
            now=self._now,
        )
        connection.open(self._inbox.subscriptions)
        self._trouble.over("the broker has the door again")
        return connection

    def _serve(self, connection: Connection) -> None:
        self._greet(connection)
        self._delivery.begin()
        try:
            pause: float | None = 0
            while self._wait(pause) and not connection.ended:
                pause = self._deliver()
        finally:
            self._connection, self.since = None, time.monotonic()
            connection.close(1, Message(self._topics.availability, b"offline", retain=True))
        if not self._stopping:
            self._trouble.say("the connection to the broker has ended")

    def _greet(self, connection: Connection) -> None:
        """Publish all that is retained: nothing rests on the broker's memory."""
        with self._showing:
            self._connection, self.since = connection, time.monotonic()
            self._publish(self._topics.availability, b"online", retain=True)
            for topic, payload in self._shown.items():
                self._publish(topic, _json(payload), retain=True)

    def _deliver(self) -> float | None:
        with self._changed:
            acks, self._acks = self._acks, {}
            replays = list(self._replays)
            self._replays.clear()
        now = time.monotonic()
        try:
            for ack in acks:
                self._delivery.ack(ack, now)
            for log, seq in replays:
                self._delivery.replay(log, seq)
            return self._delivery.turn(now)
        except (DoorError, TimeoutError) as error:
            self._trouble.say(f"the store does not give its rows: {error}")
            return AGAIN_SECONDS

    def _wait(self, seconds: float | None) -> bool:
        """Wait until something happens, or so long; whether to go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._something or self._stopping, seconds)
            self._something = False
            return not self._stopping

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _wake(self) -> None:
        with self._changed:
            self._something = True
            self._changed.notify()

    # -- what goes out, what comes in -----------------------------------------------------------

    def _publish(self, topic: str, raw: bytes, *, retain: bool = False) -> None:
        connection = self._connection
        if connection is not None and not connection.ended:
            connection.publish(Message(topic, raw, retain))

    def _send_row(self, raw: bytes) -> None:
        self._publish(self._topics.audit, raw)

    def _take(self, topic: str, raw: bytes, retained: bool) -> None:
        self._inbox.take(topic, raw, retained=retained)

    def _acked(self, ack: Ack) -> None:
        with self._changed:
            self._acks[ack] = None  # also a smaller one: it may name a row that the door has otherwise
        self._wake()


def _json(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()


def _without_at(payload: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in payload.items() if name != "at"}
