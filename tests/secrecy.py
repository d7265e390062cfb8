"""Fails any test in which a secret is told: in a log, a row, a message, or what a daemon writes to a file.

What is secret is learnt where it is made or typed: attempts, issued codes, keys and what is derived from
them, tokens, passwords. What is told is read where it passes: records of every logger (with the texts of
their exceptions), rows as they are sealed, messages as they are signed and published, and the files that
processes write to. A pipe is not read: a command prints codes to whoever asked for them.

Six digits may be a number of something else, so a code counts only where nothing is joined to it, in rows
and messages only as text, and the shorter ones only while they are among the latest.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import logging
import re
import secrets
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import audit, codes, messages
from door.credentials import Broker, Credentials

SHORTEST_KEY = 16
SHORTEST_WORD = 12
LATEST_HALVES = 64  # one six-digit number in 15,000 is among them by chance
MOST_BYTES = 1 << 20  # of a file that is read
_DIGITS = re.compile(r"(?<![\w.])\d{6,14}(?!\w)", re.ASCII)
_GROUPS = re.compile(r"(?<![\w.])(\d{3,6}) (\d{3,4}) (\d{3,4})(?!\w)", re.ASCII)  # 0427 719 385
_CODED = re.compile(r"[A-Za-z0-9+/_-]{27,}")


class Latest(OrderedDict[Any, None]):
    """A set that forgets the oldest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def add(self, one: object) -> None:
        """One more."""
        self[one] = None
        while len(self) > self._most:
            self.popitem(last=False)


class Witness:
    """What must not be told, and what was told of it."""

    def __init__(self) -> None:
        self.keys, self.tokens = Latest(4096), Latest(256)  # a fixture may have made them for many tests
        self.forget()

    def forget(self) -> None:
        """The next test begins."""
        self.wholes, self.halves, self.words = Latest(4096), Latest(LATEST_HALVES), Latest(64)
        self.files: set[Path] = set()
        self.told: list[str] = []

    def attempt(self, digits: str) -> None:
        """Digits that were typed or issued."""
        if len(set(digits)) > 1:
            (self.halves if len(digits) <= 8 else self.wholes).add(digits)

    def key(self, key: bytes) -> None:
        """A key, or a secret that comes from one; a row of zeros is also the first ``prev``."""
        if len(key) >= SHORTEST_KEY and len(set(key)) > 4:
            self.keys.add(key)

    def word(self, word: str | None) -> None:
        """A password or token that a test chose."""
        if word and len(word) >= SHORTEST_WORD:
            self.words.add(word)

    def hear(self, where: str, text: str) -> None:
        """Free text."""
        for found in self._found(text):
            self.told.append(f"{found} in {where}: {self._masked(text)}")

    def hear_bytes(self, where: str, raw: bytes) -> None:
        """A row or a message: what is text in it, however deep, or all of it if it is not JSON."""
        try:
            texts = list(_texts(json.loads(raw)))
        except (ValueError, RecursionError):
            texts = [raw.decode("utf-8", "replace")]
        for text in texts:
            self.hear(where, text)

    def _found(self, text: str) -> Iterator[str]:
        runs = _DIGITS.findall(text) + ["".join(groups) for groups in _GROUPS.findall(text)]
        if any(run in self.wholes or run in self.halves for run in runs):
            yield "a code"
        if any(word in text for word in (*self.words, *self.tokens)):
            yield "a token or password"
        if any(key in self.keys for run in _CODED.findall(text) for key in _decoded(run)):
            yield "a key"
        if "\\x" in text and any(repr(key)[2:-1] in text for key in self.keys):
            yield "a key"

    def _masked(self, text: str) -> str:
        for word in (*self.words, *self.tokens, *(repr(key)[2:-1] for key in self.keys if "\\x" in text)):
            text = text.replace(word, "•••")
        return re.sub(r"\d{3,}", "•••", _CODED.sub("•••", text))[:300]


WITNESS = Witness()


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for name, one in value.items():
                yield from _texts(name)
                yield from _texts(one)


def _decoded(run: str) -> Iterator[bytes]:
    """What a run of letters and digits may be as bytes."""
    padded = run + "=" * (-len(run) % 4)
    for decode in (bytes.fromhex, base64.b32decode, base64.b64decode, base64.urlsafe_b64decode):
        try:
            yield decode(run if decode is bytes.fromhex else padded)
        except (ValueError, binascii.Error):
            continue


def _heard_record(record: logging.LogRecord) -> None:
    WITNESS.hear(f"the log of {record.name}", record.getMessage())
    error, seen = record.exc_info[1] if record.exc_info else None, set[int]()
    while error is not None and id(error) not in seen:  # not the traceback: it quotes the test's own lines
        seen.add(id(error))
        WITNESS.hear(f"an exception in the log of {record.name}", str(error))
        error = error.__cause__ or error.__context__


# -- where secrets are made, and where things are told ------------------------------------------------


def _replaced(module: Any, name: str, before: Callable[..., None], after: Callable[..., None]) -> None:
    """Have ``before`` see the arguments of a function and ``after`` its result, wherever it is known."""
    original = getattr(module, name)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        before(*args, **kwargs)
        result = original(*args, **kwargs)
        after(result)
        return result

    owners = [one for key, one in sys.modules.items() if key.partition(".")[0] == "contract"]
    for owner in (module, *owners):
        for known, value in list(vars(owner).items()):
            if value is original:
                setattr(owner, known, watched)


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    pass


def _made(cls: type, see: Callable[[Any], None]) -> None:
    """Have ``see`` look at every new object of ``cls``."""
    original = vars(cls)["__init__"]

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        see(self)

    type.__setattr__(cls, "__init__", init)


def _attempt(attempt: codes.Attempt) -> None:
    WITNESS.attempt(attempt.otp)
    WITNESS.attempt((attempt.member or "") + attempt.otp)


def _issued(issued: codes.Issued) -> None:
    for digits in (issued.digits, issued.digits[-len(issued.second) :], issued.second):
        WITNESS.attempt(digits)


def _credentials(credentials: Credentials) -> None:
    WITNESS.word(credentials.api_token)
    WITNESS.key(credentials.door_key)


def _token(token: str) -> None:
    if len(token) >= SHORTEST_WORD:
        WITNESS.tokens.add(token)


def _process(*_args: Any, **kwargs: Any) -> None:
    names = [getattr(kwargs.get(name), "name", None) for name in ("stdout", "stderr")]
    WITNESS.files |= {Path(name) for name in names if isinstance(name, str)}


def _published(_client: object, topic: str, payload: object = None, *_args: Any, **_kwargs: Any) -> None:
    WITNESS.hear("a topic", topic)
    raw = payload.encode() if isinstance(payload, str) else payload
    if isinstance(raw, bytes | bytearray):
        WITNESS.hear_bytes(f"a payload of {topic}", bytes(raw))


def _install() -> None:
    _replaced(codes, "parse", lambda digits, _codes: WITNESS.attempt(digits), _nothing)
    _replaced(codes, "otp", _nothing, WITNESS.attempt)
    _replaced(codes, "kdf", lambda key, *_: WITNESS.key(key), WITNESS.key)
    _made(codes.Attempt, _attempt)
    _made(codes.Issued, _issued)
    _made(Credentials, _credentials)
    _made(Broker, lambda broker: WITNESS.word(broker.password))
    _replaced(secrets, "token_bytes", _nothing, WITNESS.key)
    _replaced(secrets, "token_urlsafe", _nothing, _token)
    _replaced(audit, "make", _nothing, lambda row: WITNESS.hear_bytes("a row", row.raw))
    _replaced(messages, "sign", _nothing, lambda raw: WITNESS.hear_bytes("a signed message", raw))
    _replaced(logging.Logger, "callHandlers", lambda _, record: _heard_record(record), _nothing)
    _replaced(subprocess.Popen, "__init__", _process, _nothing)


_install()


@functools.cache
def _watch_publishing() -> None:
    """Once something has imported paho, which most tests do without."""
    from paho.mqtt.client import Client

    _replaced(Client, "publish", _published, _nothing)


@pytest.fixture(autouse=True)
def no_secret_is_told() -> Iterator[None]:
    """The test fails if one was."""
    if "paho.mqtt.client" in sys.modules:
        _watch_publishing()
    WITNESS.forget()
    yield
    for file in WITNESS.files:
        if file.is_file():
            WITNESS.hear(
                f"what a process wrote to {file.name}", file.read_text("utf-8", "replace")[-MOST_BYTES:]
            )
    if WITNESS.told:
        pytest.fail("\n".join(["A secret was told:", *dict.fromkeys(WITNESS.told)][:20]), pytrace=False)
