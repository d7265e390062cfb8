"""One call of the server over HTTP: bounded in bytes and time, every failure told in words (PROTOCOL §3).

Imported by whoever calls, when he does: requests takes 60 ms, and members may come in before that.

Plain HTTP is for a server on the same machine: a token never crosses a wire in clear text.
Redirects, proxies and ``.netrc`` are not followed: the door speaks to its server and to nobody else.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from contract.messages import loads
from door.answers import (
    Answer,
    CertificateDatesError,
    CertificateError,
    MalformedError,
    RefusedError,
    UnreachableError,
)
from door.errors import LinkError
from door.tls import Context, DatesError

MAX_ANSWER_BYTES = 16 * 2**20
MAX_PROBLEM_BYTES = 16 * 2**10
CONNECT_SECONDS = 5
READ_SECONDS = 10  # without a byte
WHOLE_SECONDS = 120
FIRST_TIME, LAST_TIME = 1_600_000_000, 2**33  # nobody's server has a clock outside these


def call(
    method: str,
    url: str,
    *,
    context: Context | None,
    token: str | None = None,
    params: Mapping[str, str | int] | None = None,
    body: Mapping[str, object] | None = None,
) -> Answer:
    """The server's answer; every failure is a ``LinkError`` that quotes neither token nor body.

    ``context`` is for TLS, and None over plain HTTP.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    with _in_words(), requests.Session() as session:
        session.trust_env = False
        if context is not None:
            session.mount("https://", _Adapter(context))
        sent_at = time.monotonic()
        with session.request(
            method,
            url,
            params=params,
            json=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            head_at = time.monotonic()
            fields = _fields(response, sent_at + WHOLE_SECONDS)
    server_time = fields.get("server_time")
    if type(server_time) is not int or not FIRST_TIME <= server_time < LAST_TIME:
        raise MalformedError("the server's answer has no usable server_time")
    return Answer(fields, server_time, sent_at, head_at)


class _Adapter(HTTPAdapter):
    def __init__(self, context: Context) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """Left to the context: requests would add the authorities of its own bundle to those asked for."""


def _fields(response: requests.Response, until: float) -> dict[str, Any]:
    if response.status_code != requests.codes.ok:
        raise RefusedError(response.status_code, _detail(response, until))
    try:
        return loads(_read(response, MAX_ANSWER_BYTES, until), MAX_ANSWER_BYTES)
    except ValueError as error:
        raise MalformedError(f"the server's answer is not JSON as agreed: {error}") from None


def _detail(response: requests.Response, until: float) -> str:
    """The detail of problem details (RFC 9457) or else their title, if that is what came."""
    try:
        problem = loads(_read(response, MAX_PROBLEM_BYTES, until), MAX_PROBLEM_BYTES)
    except (ValueError, LinkError):
        return ""
    text = problem.get("detail") or problem.get("title")
    return text[:200] if isinstance(text, str) and text.isprintable() else ""


def _read(response: requests.Response, most: int, until: float) -> bytes:
    raw = bytearray()
    for chunk in response.raw.stream(16_384, decode_content=False):
        raw += chunk
        if len(raw) > most:
            raise MalformedError(f"the server's answer is longer than {most} bytes")
        if time.monotonic() > until:
            raise UnreachableError("the server's answer did not end")
    return bytes(raw)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise _certificate_fault(error) from None
    except requests.exceptions.Timeout:
        raise UnreachableError("the server did not answer in time") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, LinkError):
            raise
        # not the error's own text: it may quote the whole request
        raise UnreachableError(f"the server cannot be reached ({_system_words(error)})") from None


def _certificate_fault(error: BaseException) -> CertificateError:
    for cause in _causes(error):
        match cause:
            case DatesError():
                return CertificateDatesError(str(cause.args[0]))
            case ssl.SSLCertVerificationError(verify_code=9):
                return CertificateDatesError("the server's certificate is not valid yet")
            case ssl.SSLCertVerificationError(verify_code=10):
                return CertificateDatesError("the server's certificate has expired")
            case ssl.SSLCertVerificationError():
                return CertificateError(f"the server's certificate does not fit: {cause.verify_message}")
            case _:
                pass
    return CertificateError("the server speaks no TLS that the door understands")


def _system_words(error: BaseException) -> str:
    words = [cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror]
    return words[-1] if words else "the connection broke off"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what urllib3 and requests have wrapped in it, outermost first."""
    seen: list[BaseException] = []
    rest: list[object] = [error]
    while rest:
        one = rest.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            rest += [one.__context__, getattr(one, "reason", None), *one.args]
