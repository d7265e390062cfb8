"""The wire to the broker: paho receives and only queues, one thread of ours stores and answers.

Whatever a message says, paho's thread never sees it: an exception there would end it unseen.
"""

from __future__ import annotations

import logging
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from contract.audit import MAX_ROW_BYTES
from roomserver.wire.exchange import SHARED, SUBSCRIPTIONS, Exchange, Incoming, Outgoing

log = logging.getLogger("roomserver.wire.subscriber")

KEEPALIVE_SECONDS = 15
QUEUE_MESSAGES = 10_000  # times 4 KiB; what does not fit is sent again by its door
BATCH_MESSAGES = 1_000  # one transaction, one fsync
STOP_SECONDS = 5


class Signal(Enum):
    """What is queued beside messages, so that one thread does everything in order."""

    CONNECTED = auto()
    LOST = auto()
    CHANGED = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Address:
    """A broker and this server's user there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = False
    ca_file: Path | None = None
    shared: bool = False  # whether several servers divide what comes in among them


class Subscriber:
    """Runs from ``start`` to ``stop``; ``changed`` may be called from any thread."""

    def __init__(self, address: Address, exchange: Exchange, lost: Callable[[], None] = lambda: None) -> None:
        self._address, self._exchange, self._lost = address, exchange, lost
        self._queue: Queue[Incoming | Signal] = Queue(QUEUE_MESSAGES)
        self._stopping = Event()
        self._told = ""  # what was last said of the link
        self._client = self._make_client()
        self._wire = Thread(target=self._keep_connected, name="mqtt", daemon=True)
        self._desk = Thread(target=self._work, name="subscriber", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, whether or not there is a broker."""
        self._queue.put(Signal.CHANGED)
        self._desk.start()
        self._wire.start()

    def stop(self) -> None:
        """Store what was received, then end; within ``STOP_SECONDS``."""
        self._stopping.set()
        self._client.disconnect()
        self._wire.join(STOP_SECONDS)
        self._queue.put(Signal.STOP)
        self._desk.join(STOP_SECONDS)

    def changed(self) -> None:
        """Somebody changed the database: look at it."""
        self._queue.put(Signal.CHANGED)

    # -- paho's thread ------------------------------------------------------------------------------

    def _make_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(self._address.username, self._address.password)
        client.reconnect_delay_set(1, 5)
        client.connect_timeout = 5.0
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.ca_file))
        client.on_connect = self._on_connect
        client.on_disconnect = client.on_connect_fail = self._on_lost
        client.on_message = self._on_message
        return client

    def _keep_connected(self) -> None:
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 0
        self._client.connect_async(
            self._address.host, self._address.port, KEEPALIVE_SECONDS, clean_start=True, properties=session
        )
        while not self._stopping.is_set():
            try:
                self._client.loop_forever(retry_first_connection=True)
            except Exception as error:  # noqa: BLE001  (whatever a broker sends, this thread must go on)
                log.error("the link to the broker broke: %s", type(error).__name__)
                self._stopping.wait(1)

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            if self._told != "refused":  # paho tries again every few seconds: said once
                log.error(
                    "the broker refuses this server: %s. Check mqtt.username and mqtt.password.", reason
                )
            self._told = "refused"
            return
        log.info("linked to the broker at %s:%s", self._address.host, self._address.port)
        self._told = "up"
        share = f"$share/{self._address.username}/" if self._address.shared else ""
        topics = [f"{share if topic in SHARED else ''}studyroom/+/{topic}" for topic in SUBSCRIPTIONS]
        client.subscribe([(topic, 1) for topic in topics])
        self._queue.put(Signal.CONNECTED)

    def _on_lost(self, *_: Any) -> None:
        if self._stopping.is_set():
            return
        if self._told in ("", "up"):
            error = sys.exception()  # paho calls this from where it caught what went wrong
            why = f" ({error})" if error else ""
            log.warning("no link to the broker at %s:%s%s", self._address.host, self._address.port, why)
            self._told = "down"
        self._queue.put(Signal.LOST)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if len(message.payload) > MAX_ROW_BYTES:
            return
        # A full queue: the door sends again. A topic that is no text: not one of ours.
        with suppress(Full, UnicodeDecodeError):
            self._queue.put_nowait(Incoming(message.topic, bytes(message.payload)))

    # -- our thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        batch: list[Incoming | Signal] = []
        while Signal.STOP not in batch:
            batch = self._next_batch()
            try:
                self._serve(batch)
            except Exception:  # a fault in one batch must not silence the doors for good
                log.exception("a batch of messages could not be worked on")

    def _next_batch(self) -> list[Incoming | Signal]:
        """What is waiting; nothing when a gap is due first."""
        due = self._exchange.timer() if self._client.is_connected() else None
        try:
            batch = [self._queue.get(timeout=None if due is None else max(0.0, due - time.monotonic()))]
        except Empty:
            return []
        while len(batch) < BATCH_MESSAGES and not self._queue.empty():  # only this thread takes
            batch.append(self._queue.get_nowait())
        return batch

    def _serve(self, batch: list[Incoming | Signal]) -> None:
        if Signal.LOST in batch:
            self._lost()
        if Signal.CHANGED in batch:
            self._publish(self._exchange.changed())
        if Signal.CONNECTED in batch:
            self._publish(self._exchange.connected())
        if arrived := [message for message in batch if isinstance(message, Incoming)]:
            self._publish(self._exchange.take(arrived))
        if self._client.is_connected():
            self._publish(self._exchange.due())
            if Signal.CHANGED in batch or Signal.CONNECTED in batch:
                self._publish(self._exchange.waiting_commands())

    def _publish(self, outgoing: list[Outgoing]) -> None:
        # Nothing is queued: what is retained goes out at the next connect, a command would be stale.
        for message in outgoing if self._client.is_connected() else ():
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            if message.expiry is not None:
                properties.MessageExpiryInterval = message.expiry
            self._client.publish(message.topic, message.payload, 1, message.retain, properties)
