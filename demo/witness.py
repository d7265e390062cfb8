"""The witness: listens to the broker, as anybody with an account could, and says what changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract.messages import Topics
from door.credentials import Broker


class Witness:
    """Says one line for each change of the lock, the count, the alarms, and of what the server has stored."""

    def __init__(self, broker: Broker, door: str, say: Callable[[str], None]) -> None:
        self._topics, self._say = Topics(door), say
        self._told: dict[str, str] = {}
        self.stored = 0
        self._more = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(broker.username, broker.password)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{self._topics.base}/#", qos=1)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 5)
        self._client.connect_async(broker.host, broker.port)

    def start(self) -> None:
        """Listen."""
        self._client.loop_start()

    def stop(self) -> None:
        """Listen no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait_stored(self, seq: int, seconds: float) -> bool:
        """Wait until the server has said that it stored row ``seq``."""
        with self._more:
            return self._more.wait_for(lambda: self.stored >= seq, seconds)

    def _heard(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            line = self._line(message.topic, bytes(message.payload))
        except (ValueError, KeyError, TypeError):
            return
        if line is not None and self._told.get(message.topic) != line:
            self._told[message.topic] = line
            self._say(line)

    def _line(self, topic: str, payload: bytes) -> str | None:
        if topic == self._topics.ack:
            return self._acknowledged(json.loads(payload)["seq"])
        if topic == self._topics.state:
            state = json.loads(payload)
            alarms = f", alarms: {' '.join(state['alarms'])}" if state["alarms"] else ""
            return f"broker   lock {state['lock']}, door {state['door']}{alarms}"
        if topic == self._topics.occupancy:
            count = json.loads(payload)
            return f"broker   {count['count']} of {count['capacity']} in ({count['confidence']})"
        if topic == self._topics.audit:
            row = json.loads(payload)
            about = " ".join(str(row[word]) for word in ("member", "reason") if row[word])
            return f"row {row['seq']:<4} {row['type']} {about}".rstrip()
        return None

    def _acknowledged(self, seq: int) -> str:
        with self._more:
            self.stored = max(self.stored, seq)
            self._more.notify_all()
        return f"server   has stored all rows up to {seq}"
