"""The embedded broker (iotcore): one MQTT 5 listener on loopback, users from the database.

It has no topic rights, so it serves one door; it forgets all when it stops, and nothing rests on its memory.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from iotcore import Broker

from roomserver.errors import RoomserverError

SERVER_USER = "roomserver"
MAX_PAYLOAD = 8192  # twice the largest message of PROTOCOL §4


class BrokerError(RoomserverError, RuntimeError):
    """The embedded broker does not run; ``str(error)`` says why and what to do."""


class EmbeddedBroker:
    """A broker whose users are read at its start, so it starts again when they change."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self._config, self._host, self._port = folder / "broker.toml", host, port
        self._broker: Broker | None = None
        self._users: dict[str, str] = {}
        self._lock = Lock()
        self._stopped = False
        self.password = secrets.token_urlsafe(24)  # of this server; a new one each time it starts

    def serve(self, doors: Mapping[str, str]) -> bool:
        """Run with these doors and their passwords; whether it had to be started (again)."""
        with self._lock:
            return not self._stopped and self._serve({SERVER_USER: self.password, **doors})

    def stop(self) -> None:
        """Stop the broker for good."""
        with self._lock:
            self._stopped = True
            self._halt()

    def _serve(self, users: dict[str, str]) -> bool:
        if self._broker is not None and self._broker.is_running and users == self._users:
            return False
        self._halt()
        self._write(users)
        try:
            self._broker = Broker(config_path=str(self._config))
            self._broker.start()
        except RuntimeError as error:
            self._broker = None
            raise BrokerError(f"The embedded broker does not start: {error}.") from None
        except OSError:
            self._broker = None
            raise BrokerError(
                f"Port {self._port} is taken, so the embedded broker cannot listen there. "
                'Set mqtt.port in roomserver.toml, or use that other broker: mqtt.broker = "external".'
            ) from None
        finally:
            self._config.unlink(missing_ok=True)  # it has passwords, and was read at the start
        self._users = users
        return True

    def _halt(self) -> None:
        if self._broker is not None:
            self._broker.stop()
            self._broker = None

    def _write(self, users: Mapping[str, str]) -> None:
        address = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        auth = "\n".join(f"{json.dumps(user)} = {json.dumps(password)}" for user, password in users.items())
        text = _CONFIG.format(listen=json.dumps(address), payload=MAX_PAYLOAD, auth=auth)
        self._config.unlink(missing_ok=True)
        descriptor = os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)


_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 4

[v5.1]
name = "loopback"
listen = {listen}
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true

[v5.1.connections.auth]
{auth}
"""
