"""Tell systemd that the door is ready, alive, stopping (sd_notify(3)). Silent without systemd."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


class Supervisor:
    """The notify socket of the unit; ``alive_ms`` is how often systemd wants to hear of us."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        watchdog = os.environ.pop("WATCHDOG_USEC", "")
        self.alive_ms = int(watchdog) // 2_000 if watchdog.isdigit() and int(watchdog) else None

    def tell(self, state: str) -> None:
        """Send ``READY=1``, ``WATCHDOG=1``, ``STATUS=…`` or ``STOPPING=1``."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), address)
