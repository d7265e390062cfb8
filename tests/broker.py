"""Real brokers on a free port of loopback, with users: Debian's Mosquitto, and the embedded iotcore.

``kill()`` is SIGKILL and ``start()`` afterwards takes the same port again.
"""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from certificates import Pair
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from patience import until

USERS = {"door": "door-secret", "server": "server-secret"}


def free_port() -> int:
    """A port that nobody listens on now, and that Linux gives to no outgoing connection meanwhile."""
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Broker:
    """A broker process; a subclass says how it is started."""

    name = ""

    def __init__(self, folder: Path, users: Mapping[str, str] = USERS) -> None:
        self.folder, self.users = folder, users
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The program and its arguments; writes the files it needs."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._listens)

    def kill(self) -> None:
        """SIGKILL, as a power cut would; a second time does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / f"{self.name}.log").read_text()
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Mosquitto(Broker):
    """Debian's Mosquitto; ``acl`` is the text of its file of topic rights, ``pair`` turns TLS on."""

    name = "mosquitto"

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] = USERS,
        *,
        acl: str | None = None,
        pair: Pair | None = None,
    ) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            pytest.skip("mosquitto is not installed")
        super().__init__(folder, users)
        self._program, self._acl, self._pair = program, acl, pair

    def command(self) -> list[str]:
        passwords, config = self.folder / "passwords", self.folder / "mosquitto.conf"
        passwords.write_text("".join(f"{user}:{word}\n" for user, word in self.users.items()))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
        lines = ["allow_anonymous false", f"password_file {passwords}", f"listener {self.port} 127.0.0.1"]
        if os.getuid() == 0:
            lines.insert(0, "user root")  # else it gives up the right to read these files
        if self._acl is not None:
            rights = self.folder / "rights"
            rights.write_text(self._acl)
            rights.chmod(0o600)
            lines.append(f"acl_file {rights}")
        if self._pair is not None:
            lines += [f"certfile {self._pair.cert}", f"keyfile {self._pair.key}"]
        config.write_text("\n".join(lines) + "\n")
        return [self._program, "-c", str(config)]


class Embedded(Broker):
    """iotcore with one MQTT 5 listener."""

    name = "iotcore"

    def command(self) -> list[str]:
        config = self.folder / "iotcore.toml"
        auth = "\n".join(f"{json.dumps(user)} = {json.dumps(word)}" for user, word in self.users.items())
        config.write_text(_TOML.format(port=self.port, auth=auth))
        return [sys.executable, "-m", "iotcore", "--config", str(config), "--log-level", "CRITICAL"]


_TOML = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 4
[v5.1]
name = "loopback"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 2097152
max_inflight_count = 100
dynamic_filters = true
[v5.1.connections.auth]
{auth}
"""

BROKERS = (Mosquitto, Embedded)


@dataclass(frozen=True)
class Heard:
    """A message as it arrived."""

    topic: str
    payload: bytes
    retained: bool


class Other:
    """Somebody else at the broker, who hears ``topics`` and publishes anything."""

    def __init__(self, port: int, topics: str = "#", *, user: str = "server", tls: Any = None) -> None:
        self.all: list[Heard] = []
        self._queue: queue.Queue[Heard] = queue.Queue()
        self._subscribed: queue.Queue[bool] = queue.Queue()
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.reconnect_delay_set(1, 1)
        client.username_pw_set(user, USERS[user])
        if tls is not None:
            client.tls_set_context(tls)
        client.max_queued_messages_set(0)
        client.on_connect = lambda *_: client.subscribe([(topics, SubscribeOptions(qos=1))])
        client.on_subscribe = lambda *_: self.listening()
        client.on_message = lambda _c, _u, m: self.hear(Heard(m.topic, bytes(m.payload), m.retain))
        self._client = client
        client.connect_async("127.0.0.1", port, clean_start=True)
        client.loop_start()
        self.wait_subscribed()

    def wait_subscribed(self, seconds: float = 10) -> None:
        """Wait until it hears (again, after a broker's return)."""
        self._subscribed.get(timeout=seconds)

    def listening(self) -> None:
        """Called when it hears, and again after each return of the broker."""
        self._subscribed.put(True)

    def hear(self, heard: Heard) -> None:
        """Called with each message on the client's thread."""
        self.all.append(heard)
        self._queue.put(heard)

    def next(self, topic: str, seconds: float = 10) -> Heard:
        """The next message on ``topic``; others before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            heard = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            if heard.topic == topic:
                return heard

    def of(self, topic: str) -> list[bytes]:
        """All payloads on ``topic`` so far."""
        return [heard.payload for heard in self.all if heard.topic == topic]

    def say(self, topic: str, payload: bytes, *, retain: bool = False, expiry: int | None = None) -> None:
        """Publish."""
        properties = None
        if expiry is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry
        self._client.publish(topic, payload, 1, retain, properties)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()
