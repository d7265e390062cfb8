"""What reaches the machine from far away: the cables to server and broker, and the time."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from door.credentials import Broker
from door.panel.cable import Cable

LONG_AGO = 365 * 86_400  # a wall clock before 1971 is one that has just woken


class Cables:
    """To server and broker, where these are reached without TLS (else their ends could not be moved)."""

    def __init__(self, url: str | None, broker: Broker) -> None:
        server = urlsplit(url or "")
        self._server = None
        if server.scheme == "http" and server.hostname is not None:
            self._server = Cable(server.hostname, server.port or 80)
        self._broker = None if broker.tls else Cable(broker.host, broker.port)

    @property
    def there(self) -> bool:
        """Whether there is any that can be pulled."""
        return self._server is not None or self._broker is not None

    @property
    def ends(self) -> dict[str, object]:
        """Where the machine finds them: a URL, a port, and None for what stays as configured."""
        url = None if self._server is None else f"http://127.0.0.1:{self._server.port}"
        return {"server": url, "broker": None if self._broker is None else self._broker.port}

    def plug(self, *, network: bool, broker: bool) -> None:
        """Without the network there is no broker either."""
        if self._server is not None:
            self._server.plug(network)
        if self._broker is not None:
            self._broker.plug(network and broker)


class WallClock:
    """The system clock of the machine: how far it is off, and what holds it."""

    def __init__(self) -> None:
        self.skew_ms = 0
        self._network, self._battery = True, False

    def set(self, seconds: int) -> None:
        """Make it wrong by so much; right for 0."""
        self.skew_ms = seconds * 1000

    def hold(self, *, network: bool, battery: bool) -> None:
        """By NTP, by a battery, by both or nothing; NTP finds one that has just woken."""
        self._network, self._battery = network, battery
        if network and time.time() + self.skew_ms / 1000 < LONG_AGO:
            self.skew_ms = 0

    def wake(self) -> None:
        """The power is back: a Pi has no battery clock, and wakes in 1970 unless something holds it."""
        if not (self._network or self._battery):
            self.skew_ms = -time.time_ns() // 1_000_000

    @property
    def orders(self) -> dict[str, object]:
        """As the machine is told."""
        return {"clock": {"skew_ms": self.skew_ms, "ntp": self._network, "rtc": self._battery}}
