"""TLS with a clock that may be wrong: chain and host name always, dates by the door's own time (PROTOCOL §1).

OpenSSL compares a certificate's dates with the system clock and knows no other.
A Pi without a battery clock wakes up in the past: every certificate would be "not yet valid", and the door
could never ask the server for the time.
So where the system clock agrees with the door's own time (within a minute), OpenSSL checks all dates.
Where it does not, OpenSSL is told to leave them out, and the server's own certificate is compared with the
door's time right after the handshake, before one byte of a request is sent.
(The dates of an intermediate are then not compared: no public interface before Python 3.13 shows them.)
``GET /time`` and enrolment leave the dates out altogether and look at ``Context.validity`` afterwards.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which the ssl module has no name
AGREE_SECONDS = 60


class DatesError(ssl.SSLCertVerificationError):
    """The certificate is not valid at the door's time, or the door knows no time."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Whom to trust: the authorities in a PEM file or text; with neither, those of the system."""

    ca: Path | None = None
    pem: str | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """The dates of a certificate, in Unix seconds."""

    begins: int
    ends: int

    def fault(self, at: int, known_past: int | None = None) -> str | None:
        """What is wrong with these dates at ``at``, given that ``known_past`` has passed for certain."""
        if at < self.begins:
            return "the server's certificate is not valid yet"
        if at > self.ends or (known_past is not None and known_past > self.ends):
            return "the server's certificate has expired"
        return None


class _Socket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
            if isinstance(self.context, Context):
                self.context.judge(self.getpeercert())
        except OSError:
            self.close()  # paho would leave it to the garbage collector
            raise


class Context(ssl.SSLContext):
    """A client's context that takes its time from ``now`` (None: dates are left to the caller)."""

    sslsocket_class = _Socket
    validity: Validity | None
    _now: Callable[[], int | None] | None

    def __new__(cls, *_args: object) -> Context:
        """A context for a client, which verifies chain and host name."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, settings: TlsSettings, now: Callable[[], int | None] | None) -> None:
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        self.validity = None
        self._now = now
        if settings.ca is None and settings.pem is None:
            self.load_default_certs()
        else:
            self.load_verify_locations(cafile=settings.ca, cadata=settings.pem)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """As in ``ssl``; OpenSSL checks the dates if the system clock is as good as the door's."""
        now = self._now() if self._now else None
        if now is not None and abs(now - time.time()) <= AGREE_SECONDS:
            self.verify_flags &= ~NO_CHECK_TIME
        else:
            self.verify_flags |= NO_CHECK_TIME
        wrapped = super().wrap_socket(*args, **kwargs)
        if kwargs.get("do_handshake_on_connect", True) and wrapped.version() is None:
            wrapped.close()  # the other side hung up first: ssl then hands over a socket without TLS
            raise ConnectionResetError("the connection ended before the handshake")
        return wrapped

    def judge(self, certificate: dict[str, Any] | None) -> None:
        """Note the dates of the server's certificate; ``DatesError`` if they do not fit the door's time."""
        assert certificate  # the handshake has verified one
        begins, ends = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
        self.validity = Validity(begins, ends)
        if self._now is None:
            return
        now = self._now()
        fault = "the door does not know the time yet" if now is None else self.validity.fault(now)
        if fault:
            raise DatesError(fault)
