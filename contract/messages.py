"""Topics, words, and signed messages checked on their bytes before they are parsed (PROTOCOL §4)."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.codes import kdf

MAX_SIGNED_BYTES = 2048
MAX_N = 2**53 - 1
COMMAND_WINDOW = 64
COMMAND_LIFE_SECONDS = 60
COMMAND_EXPIRY_SECONDS = 10
DOOR_NAME = re.compile(r"[a-z0-9-]{1,32}")
_TAIL = len(b',"mac":"') + 64 + len(b'"}')

ROW_TYPES = frozenset(
    "log-began started stopped granted denied entered left bell lockout lockout-ended held held-ended "
    "forced forced-ended tamper tamper-ended fire fire-ended mode unlocked revoked reinstated list clock "
    "count rules fault fault-ended command gap forgotten".split()
)
ALARMS = frozenset(
    "held forced tamper lockout fire store-failed keypad-lost keypad-stuck clock-untrusted "
    "clock-disagrees list-stale audit-fork undervoltage power-failed beam-blocked "
    "display-lost".split()
)
REASONS = frozenset(
    "unknown-code early-code wrong-length late-code used-code revoked suspended outside-hours room-full "
    "lockdown too-many-entries lease-ended".split()
)
VERBS = frozenset("unlock mode revoke refresh count replay identify forget".split())
COMMAND_ERRORS = frozenset(
    "bad-mac replayed expired retained clock-untrusted unknown-verb bad-args failed".split()
)


class MessageError(ValueError):
    """These bytes are not a signed message; ``str(error)`` says why, without quoting them."""


class Topics:
    """The topics of one door."""

    def __init__(self, door: str) -> None:
        if not DOOR_NAME.fullmatch(door):
            raise ValueError("a door's name is 1 to 32 of a-z, 0-9 and -")
        self.door = door
        self.base = f"studyroom/{door}"
        self.availability = f"{self.base}/availability"
        self.state = f"{self.base}/state"
        self.occupancy = f"{self.base}/occupancy"
        self.health = f"{self.base}/health"
        self.cue = f"{self.base}/cue"
        self.audit = f"{self.base}/audit"
        self.ack = f"{self.base}/audit/ack"
        self.access = f"{self.base}/access"
        self.command = f"{self.base}/command"
        self.result = f"{self.base}/command/result"


def command_key(door_key: bytes, door: str) -> bytes:
    """The key of what the server signs."""
    return kdf(door_key, f"door-command/v1/{door}", 32)


def report_key(door_key: bytes, door: str) -> bytes:
    """The key of what the door signs and of its audit rows."""
    return kdf(door_key, f"door-report/v1/{door}", 32)


def loads(raw: bytes, most: int) -> dict[str, Any]:
    """A JSON object of at most ``most`` bytes; every fault of the text is a ``ValueError``."""
    if len(raw) > most:
        raise ValueError(f"longer than {most} bytes")
    try:
        value = json.loads(raw.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode()  # half a character can be neither stored nor sent
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def sign(key: bytes, topic: str, fields: Mapping[str, object]) -> bytes:
    """``fields`` as a signed message for ``topic``; ``ValueError`` for what ``check`` would refuse."""
    body = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()[:-1]
    raw = body + b',"mac":"' + _mac(key, topic, body) + b'"}'
    loads(raw, MAX_SIGNED_BYTES)
    return raw


def check(key: bytes, topic: str, raw: bytes) -> dict[str, Any]:
    """The fields of a signed message; length, tail and mac are checked before anything is parsed."""
    if len(raw) > MAX_SIGNED_BYTES:
        raise MessageError(f"longer than {MAX_SIGNED_BYTES} bytes")
    body, tail = raw[:-_TAIL], raw[-_TAIL:]
    if not (tail.startswith(b',"mac":"') and tail.endswith(b'"}') and body):
        raise MessageError("no mac at the end")
    if not hmac.compare_digest(_mac(key, topic, body), tail[8:-2]):
        raise MessageError("wrong mac")
    try:
        fields = loads(raw, MAX_SIGNED_BYTES)
    except ValueError as error:
        raise MessageError(str(error)) from None
    fields.pop("mac", None)
    return fields


@dataclass(frozen=True, slots=True)
class Command:
    """What the server asks of the door, once, until ``not_after`` (Unix s)."""

    id: str
    n: int
    verb: str
    args: Mapping[str, object]
    not_after: int
    retained: bool = False

    def as_json(self) -> dict[str, object]:
        """The fields that are signed."""
        args = dict(self.args)
        return {"id": self.id, "n": self.n, "verb": self.verb, "args": args, "not_after": self.not_after}


def command_from(fields: Mapping[str, object], *, retained: bool) -> Command:
    """A command from checked fields; ``MessageError`` when one has the wrong type."""
    id_, n, verb = fields.get("id"), fields.get("n"), fields.get("verb")
    args, not_after = fields.get("args"), fields.get("not_after")
    if not (isinstance(id_, str) and 1 <= len(id_) <= 64 and isinstance(verb, str)):
        raise MessageError("id and verb must be text")
    if not (type(n) is int and 1 <= n <= MAX_N and type(not_after) is int and 0 <= not_after <= MAX_N):
        raise MessageError("n and not_after must be whole numbers up to 2^53-1")
    if not isinstance(args, dict):
        raise MessageError("args must be an object")
    return Command(id_, n, verb, args, not_after, retained)


@dataclass(frozen=True, slots=True)
class Ack:
    """All rows of ``log`` up to ``seq`` are stored; ``hash`` is that of row ``seq``."""

    log: str
    seq: int
    hash: str

    def as_json(self) -> dict[str, object]:
        """The fields that are signed."""
        return {"log": self.log, "seq": self.seq, "hash": self.hash}


def ack_from(fields: Mapping[str, object]) -> Ack:
    """An ack from checked fields; ``MessageError`` when one has the wrong type."""
    log, seq, digest = fields.get("log"), fields.get("seq"), fields.get("hash")
    if not (isinstance(log, str) and type(seq) is int and 0 <= seq <= MAX_N and isinstance(digest, str)):
        raise MessageError("an ack has log, seq and hash")
    return Ack(log, seq, digest)


def _mac(key: bytes, topic: str, body: bytes) -> bytes:
    return hmac.digest(key, topic.encode() + b"\n" + body, "sha256").hex().encode()


def _no_float(_text: str) -> float:
    raise ValueError("floats have no place in a message")
