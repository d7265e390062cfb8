"""Audit rows: their bytes, their keyed hash, the chain (PROTOCOL §4).

A row is verified on its bytes, before anything in it is believed; what stores it stores those bytes.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contract.messages import MAX_N, Topics, loads

MAX_ROW_BYTES = 4096
FIRST_PREV = "0" * 64
_TAIL = len(b',"hash":"') + 64 + len(b'"}')


class RowError(ValueError):
    """These bytes are not an audit row of this door."""


@dataclass(frozen=True, slots=True)
class Row:
    """One audit row, as verified; ``raw`` is what was hashed, stored and sent."""

    log: str
    seq: int
    prev: str
    at: int
    clock: str
    type: str
    member: str | None
    reason: str | None
    detail: Mapping[str, object]
    hash: str
    raw: bytes


def make(
    report_key: bytes,
    door: str,
    *,
    log: str,
    seq: int,
    prev: str,
    at: int,
    clock: str,
    type: str,
    member: str | None = None,
    reason: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> Row:
    """A new row with its hash, as its reader will see it; ``RowError`` when a reader would refuse it.

    A detail that is too large, or has what may not travel (a float, half a character), becomes
    ``{"cut": true}``: no decision goes unrecorded for the sake of its detail.
    """
    fields: dict[str, object] = {"log": log, "seq": seq, "prev": prev, "at": at, "clock": clock, "type": type}
    fields |= {"member": member, "reason": reason}
    try:
        return parse(_sealed(report_key, door, fields | {"detail": dict(detail or {})}))
    except RowError:
        return parse(_sealed(report_key, door, fields | {"detail": {"cut": True}}))


def gap(report_key: bytes, door: str, log: str, first: int, last: int) -> bytes:
    """What the door sends in place of the rows ``first`` to ``last`` of ``log``, which it no longer has."""
    return _sealed(report_key, door, {"type": "gap", "log": log, "from": first, "seq": last})


def verify(report_key: bytes, door: str, raw: bytes) -> str:
    """The hash of ``raw`` if it is a row of this door, whatever it says; else ``RowError``."""
    if len(raw) > MAX_ROW_BYTES:
        raise RowError(f"a row has at most {MAX_ROW_BYTES} bytes, not {len(raw)}")
    body, tail = raw[:-_TAIL], raw[-_TAIL:]
    if not (tail.startswith(b',"hash":"') and tail.endswith(b'"}') and body):
        raise RowError("a row ends with its hash")
    digest = tail[9:-2]
    if not hmac.compare_digest(_hash(report_key, door, body).encode(), digest):
        raise RowError("the hash of the row is not right for this door")
    return digest.decode("ascii")


def place(raw: bytes) -> tuple[str, int, str]:
    """``log``, ``seq`` and ``prev`` of a verified row: enough to store it, also when ``parse`` refuses it."""
    value = _fields(raw, {"log": str, "seq": int, "prev": str})
    return value["log"], value["seq"], value["prev"]


def parse(raw: bytes) -> Row:
    """The fields of a verified row; ``RowError`` when it has not the shape this version knows."""
    types = {"log": str, "seq": int, "prev": str, "at": int, "clock": str, "type": str, "hash": str}
    value = _fields(raw, types)
    member, reason, detail = value.get("member"), value.get("reason"), value.get("detail")
    if not (member is None or isinstance(member, str)) or not (reason is None or isinstance(reason, str)):
        raise RowError("member and reason of a row must be text or null")
    if not isinstance(detail, dict):
        raise RowError("detail of a row must be an object")
    if not 0 <= value["at"] <= MAX_N:
        raise RowError("at of a row is Unix seconds")
    return Row(
        log=value["log"],
        seq=value["seq"],
        prev=value["prev"],
        at=value["at"],
        clock=value["clock"],
        type=value["type"],
        member=member,
        reason=reason,
        detail=detail,
        hash=value["hash"],
        raw=raw,
    )


def _fields(raw: bytes, types: Mapping[str, type]) -> dict[str, Any]:
    try:
        value = loads(raw, MAX_ROW_BYTES)
    except ValueError as error:
        raise RowError(f"the row is no JSON object: {error}") from None
    for name, kind in types.items():
        if type(value.get(name)) is not kind:
            raise RowError(f"{name} of a row must be {'text' if kind is str else 'a whole number'}")
    if not 1 <= value["seq"] <= MAX_N:
        raise RowError("seq of a row counts from 1")
    return value


def _sealed(report_key: bytes, door: str, fields: Mapping[str, object]) -> bytes:
    body = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()[:-1]
    return body + b',"hash":"' + _hash(report_key, door, body).encode() + b'"}'


def _hash(report_key: bytes, door: str, body: bytes) -> str:
    return hmac.digest(report_key, _prefix(door) + body, "sha256").hex()


@lru_cache(1024)
def _prefix(door: str) -> bytes:
    return Topics(door).audit.encode() + b"\n"
