"""A mail server on loopback that says what a test tells it to: aiosmtpd, with TLS, STARTTLS and accounts."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from broker import free_port
from certificates import Pair

ACCOUNT = ("room@example.org", "a mail password")


class PostOffice:
    """Takes letters; ``says`` has other answers than 250: to RCPT (by reader), to DATA, to QUIT."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.readers: list[list[str]] = []
        self.says: dict[str, str] = {}
        self.accounts: list[bytes] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.says.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.says.get("DATA", "250 OK")
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            letter = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
            self.readers.append(list(envelope.rcpt_tos))
        return answer

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self.says.get("QUIT", "221 Bye")

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        """Only the account of this module."""
        assert isinstance(given, LoginPassword)
        self.accounts.append(given.login)
        right = (given.login.decode(), given.password.decode()) == ACCOUNT
        return AuthResult(success=right, handled=False)


@contextmanager
def post_office(pair: Pair | None = None, *, starttls: bool = False) -> Iterator[PostOffice]:
    """A running server for the length of a ``with``: in the clear, or with accounts over (START)TLS."""
    office = PostOffice()
    office.port = free_port()
    more: dict[str, Any] = {}
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.cert, pair.key)
        more["tls_context" if starttls else "ssl_context"] = context
        more |= {"authenticator": office.authenticate, "auth_require_tls": starttls}
        more |= {
            "auth_required": starttls,
            "require_starttls": starttls,
        }  # TLS before SMTP it knows nothing of
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **more)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
