"""E-mail through a server of one's own or a provider's, over TLS unless it stands on this machine."""

from __future__ import annotations

import logging
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, localtime

from roomserver.notify.message import Message, NotSentError
from roomserver.notify.settings import Way

log = logging.getLogger("roomserver.notify")


class Mail:
    """Sends plain text, one letter to all."""

    def __init__(self, way: Way, password: str) -> None:
        self._way, self._password = way, password

    def send(self, message: Message) -> None:
        """Taken when the server took it for at least one reader; what it said is told as a number."""
        try:
            refused = self._sent(self._letter(message))
        except smtplib.SMTPAuthenticationError:
            raise NotSentError("the mail server refuses username and password", lasting=True) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise _refused("it refuses every reader", min(codes)) from None
        except smtplib.SMTPResponseException as error:
            raise _refused("it refuses the letter", error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise NotSentError(
                "the mail server lacks what security or username ask for", lasting=True
            ) from None
        except ssl.SSLError:
            raise NotSentError("the mail server's certificate or TLS is not right", lasting=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotSentError(f"no answer of the mail server ({type(error).__name__})") from None
        if refused:
            log.warning("notify %s: %d of %d readers are refused", self._way.name, refused, len(self._way.to))

    def _sent(self, letter: EmailMessage) -> int:
        """How many readers the server refuses; none of them all, that raises."""
        server = self._connected()
        try:
            if self._way.username:
                server.login(self._way.username, self._password)
            return len(server.send_message(letter))
        finally:
            with suppress(
                OSError
            ):  # of smtplib, too; the letter is on its way, whatever becomes of the farewell
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        way = self._way
        if way.security == "tls":
            return smtplib.SMTP_SSL(
                way.host, way.port, timeout=way.timeout_seconds, context=ssl.create_default_context()
            )
        server = smtplib.SMTP(way.host, way.port, timeout=way.timeout_seconds)
        if way.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._way.sender, ", ".join(self._way.to)
        letter["Subject"] = message.title
        letter["Date"] = format_datetime(localtime())
        letter["Message-ID"] = f"<{message.id}@{self._way.sender.partition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
        letter.set_content("\n\n".join(message.lines) + "\n")
        return letter


def _refused(what: str, code: int) -> NotSentError:
    """4xx is for now, 5xx for good (RFC 5321 §4.2.1)."""
    return NotSentError(f"mail server: {what} ({code})", lasting=code >= 500)
