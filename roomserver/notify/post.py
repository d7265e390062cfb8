"""JSON posted to a program elsewhere, and its answer; neither address nor answer gets into a text of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

import requests

from roomserver.notify.message import NotSentError

# At its lowest level urllib3 writes addresses into the log, and a key is part of these.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

MAX_ANSWER_BYTES = 16 * 1024
MOST_WAIT_SECONDS = 3600
_LASTING = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})


def post(url: str, body: bytes, timeout: int, headers: Mapping[str, str] | None = None) -> bytes:
    """The answer's first bytes; ``NotSentError`` unless its status is one of success."""
    try:
        with requests.post(
            url,
            data=body,
            headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status, wait = answer.status_code, answer.headers.get("Retry-After", "")
            raw = bytes(answer.raw.read(MAX_ANSWER_BYTES, decode_content=True))
    except (requests.RequestException, OSError, ValueError) as error:
        raise NotSentError(f"no answer ({type(error).__name__})") from None  # its text has the address
    if not HTTPStatus(200) <= status < HTTPStatus(300):
        after = min(int(wait), MOST_WAIT_SECONDS) if wait.isascii() and wait.isdecimal() else 0
        raise NotSentError(f"answered {status}", lasting=status in _LASTING, after=after)
    return raw


def as_json(value: object) -> bytes:
    """``value`` as it is posted."""
    return json.dumps(value, ensure_ascii=False).encode()


def errcode(raw: bytes) -> int | None:
    """``errcode`` of an answer of a robot; None when it is no such answer."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    code = told.get("errcode") if isinstance(told, dict) else None
    return code if type(code) is int else None
