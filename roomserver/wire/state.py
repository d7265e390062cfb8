"""The last a door told of itself: unsigned, shown to people, never ground for refusing (PROTOCOL §4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.messages import DOOR_NAME
from roomserver.storage.schema import Door, Latest

MAX_STATE_BYTES = 4096
_WHOLE = (int,)
_FIELDS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "state": {"lock": (str,), "mode": (str,), "lockout": (bool,), "alarms": (list,), "at": _WHOLE},
    "occupancy": {"count": (int, type(None)), "capacity": _WHOLE, "confidence": (str,), "at": _WHOLE},
    "health": {"version": (str,), "clock": (dict,), "audit": (dict,), "list": (dict,), "at": _WHOLE},
}


@dataclass(frozen=True, slots=True)
class Told:
    """One topic of a door, and when it was heard (Unix s)."""

    value: Any
    at: int


def read(topic: str, raw: bytes) -> Any:
    """What ``raw`` says on ``availability``, ``state``, ``occupancy`` or ``health``; else ``ValueError``."""
    if len(raw) > MAX_STATE_BYTES:
        raise ValueError(f"longer than {MAX_STATE_BYTES} bytes")
    if topic == "availability":
        if raw not in (b"online", b"offline"):
            raise ValueError("neither online nor offline")
        return raw.decode()
    try:
        value = json.loads(raw.decode("utf-8"))
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no half of a character
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    for name, types in _FIELDS[topic].items():
        if type(value.get(name)) not in types:
            raise ValueError(f"{name} is missing or of the wrong type")
    return value


def keep(session: Session, door_id: int, topic: str, value: Any, now: int) -> None:
    """Remember ``value`` as the latest of ``topic``."""
    text = json.dumps(value)
    latest = session.get(Latest, (door_id, topic))
    if latest is None:
        session.add(Latest(door_id=door_id, topic=topic, text=text, at=now))
    else:
        latest.text, latest.at = text, now


def latest(session: Session) -> dict[str, dict[str, Told]]:
    """By door and topic, all that was told last."""
    found: dict[str, dict[str, Told]] = {door.name: {} for door in session.scalars(select(Door))}
    for name, told in session.execute(select(Door.name, Latest).join(Latest, Latest.door_id == Door.id)):
        found[name][told.topic] = Told(json.loads(told.text), told.at)
    return found


def of_door(session: Session, door_id: int) -> dict[str, Told]:
    """By topic, what one door told last."""
    found = session.scalars(select(Latest).where(Latest.door_id == door_id))
    return {told.topic: Told(json.loads(told.text), told.at) for told in found}


def lockdown_note(session: Session, door_id: int, rules: Mapping[str, Any]) -> str | None:
    """The committee's note while the door says that it is in lockdown; else None."""
    told = of_door(session, door_id).get("state")
    return str(rules.get("note", "")) if told is not None and told.value["mode"] == "lockdown" else None


def reported_rows(health: Mapping[str, Any]) -> tuple[str, int] | None:
    """The log a door writes and its highest row, as its health tells: a hint that rows are missing here."""
    log, seq = health["audit"].get("log"), health["audit"].get("seq")
    return (log, seq) if isinstance(log, str) and type(seq) is int and seq > 0 else None


def topic_of(topic: str) -> tuple[str, str] | None:
    """Door and last part of a topic of PROTOCOL §4; None for any other."""
    parts = topic.split("/", 2)
    if len(parts) != 3 or parts[0] != "studyroom" or not DOOR_NAME.fullmatch(parts[1]):
        return None
    return parts[1], parts[2]
