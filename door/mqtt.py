"""One connection to the broker, from CONNECT to its end; each connection is a new object (PROTOCOL §4).

So nothing of the last one lingers: paho would send its queued messages again, stale state after the fresh.
A connection whose thread has died is an ended one, whatever ``is_connected()`` says of it.
paho's thread belongs to the network: what is called from it here never blocks and never raises.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from door.backoff import Trouble
from door.errors import LinkError
from door.tls import Context, TlsSettings

QOS = 1
CONNECT_SECONDS = 3  # for the TCP connection, and again for TLS: LANs answer at once, and 5 s is all we have
ANSWER_SECONDS = 5  # for CONNACK; iotcore gives none at all to a wrong password
KEEPALIVE_SECONDS = 10  # a broker whose power failed is missed before it is back
LOOK_SECONDS = 2.0  # how often paho looks at its keep-alive; what comes and goes wakes it at once
MAX_PACKET_BYTES = 16_384  # what the broker may send; the longest signed message has 2 KiB
_LOG = logging.getLogger(__name__)

Take = Callable[[str, bytes, bool], None]


class BrokerError(LinkError):
    """No connection to the broker; ``str(error)`` says why."""


class BrokerRefusedError(BrokerError):
    """The broker does not want this account: trying often will not help."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the broker is, and who the door is to it; plain TCP without ``tls``."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsSettings | None = None

    def client_id(self, door: str) -> str:
        """The same at each connect, so that a broker ends the connection before; nobody else can guess it."""
        return f"door-{door}-{hashlib.sha256(f'client/{self.password}'.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish with QoS 1."""

    topic: str
    raw: bytes = field(repr=False)
    retain: bool = False


class Connection:
    """A connection of ``client_id``; ``take(topic, raw, retained)`` has each message that arrives.

    ``on_end()`` is called when it is over.  ``now()`` is the door's time, which certificates are judged by.
    """

    def __init__(
        self,
        account: Account,
        client_id: str,
        *,
        will: Message,
        take: Take,
        on_end: Callable[[], None],
        trouble: Trouble,
        now: Callable[[], int | None],
    ) -> None:
        self._account = account
        self._take = take
        self._trouble = trouble
        self._answered = threading.Event()
        self._reason: ReasonCode | None = None
        self._on_end = on_end
        self._client = _Client(client_id, self._end)
        self._client.username_pw_set(account.username, account.password)
        self._client.will_set(will.topic, will.raw, QOS, will.retain)
        self._client.connect_timeout = CONNECT_SECONDS
        if account.tls is not None:
            self._client.tls_set_context(Context(account.tls, now))
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe

    @property
    def ended(self) -> bool:
        """Whether nothing will come or go any more."""
        return self._client.ended.is_set()

    def open(self, subscriptions: tuple[str, ...]) -> None:
        """Connect and subscribe; ``BrokerError`` when that fails, and then the connection has ended."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        try:
            self._client.connect(
                self._account.host,
                self._account.port,
                KEEPALIVE_SECONDS,
                clean_start=True,
                properties=properties,
            )
        except (OSError, ValueError) as error:  # ValueError: a name that no resolver takes
            words = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error
            raise BrokerError(f"the broker cannot be reached ({words})") from None
        self._client.loop_start()
        self._answered.wait(ANSWER_SECONDS)
        if self._reason is None:
            self.close(0)
            raise BrokerError("the broker does not answer; is the door's password right?")
        if self._reason.is_failure:
            self.close(0)
            raise BrokerRefusedError(f"the broker refuses the door: {self._reason}")
        self._client.subscribe([(topic, SubscribeOptions(qos=QOS)) for topic in subscriptions])

    def publish(self, message: Message) -> None:
        """Hand over a message; it is lost if the connection ends before it went out."""
        self._client.publish(message.topic, message.raw, QOS, message.retain)

    def close(self, timeout: float, last: Message | None = None) -> None:
        """Disconnect in order, after ``last`` was taken by the broker; wait at most ``timeout`` seconds."""
        if last is not None and not self.ended:
            with suppress(ValueError, RuntimeError):  # it could not even be queued
                self._client.publish(last.topic, last.raw, QOS, last.retain).wait_for_publish(timeout)
        self._client.disconnect()
        self._client.ended.wait(timeout)

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._reason = reason
        self._answered.set()

    def _end(self) -> None:
        self._answered.set()
        self._on_end()

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        try:
            self._take(message.topic, bytes(message.payload), message.retain)
        except Exception:  # noqa: BLE001 - it would end the connection, and the next one gets it again
            _LOG.exception("a message from the broker was not understood")

    def _on_publish(self, _c: Any, _u: Any, _mid: int, reason: ReasonCode, _p: Any) -> None:
        # paho holds locks of its own here: nothing may be published, no lock of ours be taken
        if reason.is_failure:
            self._trouble.say(f"the broker does not take what the door publishes: {reason}")

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        for reason in reasons:
            if reason.is_failure:
                self._trouble.say(f"the broker does not let the door listen: {reason}")


class _Client(paho.Client):
    """paho's client, which tells when its thread ends, also when an exception ended it."""

    def __init__(self, client_id: str, on_end: Callable[[], None]) -> None:
        self.ended = threading.Event()
        self._on_end = on_end
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )

    def loop_forever(
        self, timeout: float = LOOK_SECONDS, retry_first_connection: bool = False
    ) -> MQTTErrorCode:
        """As in paho, but idle for longer at a time, and then ``on_end``."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # noqa: BLE001 - whatever the broker sent, the door connects again
            _LOG.warning("the connection to the broker broke: %s", type(error).__name__)
            return MQTTErrorCode.MQTT_ERR_UNKNOWN
        finally:
            self.ended.set()
            self._on_end()
