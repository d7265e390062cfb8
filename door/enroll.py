"""Enrolling: a one-time token becomes the door's key, its API token and its broker account (PROTOCOL §3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.messages import DOOR_NAME
from door.answers import CertificateDatesError, CertificateError, RefusedError, base_url
from door.call import call
from door.errors import LinkError
from door.tls import Context, TlsSettings

_REFUSED = (
    "the token is wrong, has been used, or is for another door: make a new one with `roomserver door add`"
)
_WORDS = {
    401: _REFUSED,  # which of these it is, the server tells nobody
    403: _REFUSED,
    404: "there is no study-room server at this address",
    422: "the token or the door's name has a form that the server does not take",
}


class EnrollError(LinkError):
    """The door is not enrolled; ``str(error)`` tells the administrator why and what to do."""


def enroll(
    url: str, token: str, door: str, ca: Path | None, known_past: int | None = None
) -> Mapping[str, Any]:
    """The credentials of ``door``, still unparsed; ``EnrollError`` in words for every failure.

    Dates of the certificate are compared with the time the server tells, not with the door's clock,
    which may be years off; with ``known_past`` (Unix s) it must not have ended before that.
    """
    if not DOOR_NAME.fullmatch(door):
        raise EnrollError("a door's name is 1 to 32 of a-z, 0-9 and -")
    try:
        base, context = base_url(url), Context(TlsSettings(ca), None)
    except ValueError as error:
        raise EnrollError(str(error)) from None
    except OSError as error:
        raise EnrollError(f"the certificate authority at {ca} cannot be read: {error.strerror}") from None
    body = {"token": token, "door": door}
    try:
        answer = call("POST", f"{base}/api/v1/doors/enroll", context=context, body=body)
        fault = context.validity and context.validity.fault(answer.server_time, known_past)
        if fault:
            raise CertificateDatesError(fault)
    except RefusedError as error:
        raise EnrollError(f"{_WORDS.get(error.status, 'the server refuses')} ({error})") from None
    except CertificateError as error:
        raise EnrollError(f"{error}; is --ca the file that `roomserver init` has written?") from None
    except LinkError as error:
        raise EnrollError(f"{error}; is {base} right, and does the server run?") from None
    return {name: value for name, value in answer.fields.items() if name != "server_time"}
