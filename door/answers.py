"""What a call of the server comes to: an answer, or an error in words; and where a token may be sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from door.errors import LinkError

MAX_ROUND_TRIP_SECONDS = 10  # a slower answer tells no time


class UnreachableError(LinkError):
    """No connection, or it broke off: try again later."""


class CertificateError(LinkError):
    """The server did not prove that it is the server."""


class CertificateDatesError(CertificateError):
    """Its certificate fits but for the dates: either it or the door's clock is wrong."""


class RefusedError(LinkError):
    """The server answered with an error."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"the server answered {status}" + (f": {detail}" if detail else ""))
        self.status = status


class MalformedError(LinkError):
    """The answer is none that PROTOCOL knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; ``head_at`` and ``sent_at`` are seconds of the monotonic clock."""

    fields: Mapping[str, Any]
    server_time: int
    sent_at: float
    head_at: float

    def unix_ms(self) -> int | None:
        """The server's time now: half the round trip and what has passed since are added.

        ``server_time`` is in whole seconds, so this is good to about a second.
        None if the answer took so long that it tells no time.
        """
        trip = self.head_at - self.sent_at
        if trip > MAX_ROUND_TRIP_SECONDS:
            return None
        return self.server_time * 1000 + round((trip / 2 + time.monotonic() - self.head_at) * 1000)


def on_this_machine(url: str) -> bool:
    """Whether ``url`` leads to loopback, where plain HTTP is as good as TLS."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(url: str) -> str:
    """``url`` without a slash at its end; ``ValueError`` for one that a token must not be sent to."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("the server's address must look like https://room.example.org")
    if parts.scheme == "http" and not on_this_machine(url):
        raise ValueError("the server's address must begin with https:// unless it is on this machine")
    return url.rstrip("/")
