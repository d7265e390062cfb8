"""The board: each door as it told last, and the commands of the last minutes with their results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from roomserver.room.seats import SILENT_SECONDS
from roomserver.storage.schema import Door, SentCommand
from roomserver.wire import commands, doors, state
from roomserver.wire.state import Told

SHOWN_SECONDS = 600  # how long a command stays on the board
LOW_DISK_MB = 200
HOT_C = 80
GIVEN = ("unlock", "mode", "count", "identify")  # what volunteers send; the rest is the server's own


@dataclass(frozen=True, slots=True)
class Sent:
    """A command; ``result``: waiting, not-sent, sent, done, no-answer, or the door's error word."""

    door: str
    verb: str
    args: Mapping[str, Any]
    at: int
    result: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A door; ``silent``: it says nothing; ``troubles``: what its last health told, at ``health_at``."""

    name: str
    enrolled: bool
    silent: bool
    heard_at: int | None
    state: Mapping[str, Any] | None
    count: Mapping[str, Any] | None
    clock: Mapping[str, Any] | None
    health_at: int | None
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """All of it, at one moment."""

    now: int
    doors: tuple[Shown, ...]
    sent: tuple[Sent, ...]


def read(session: Session, now: int) -> Board:
    """The board now."""
    found = doors.listed(session)
    told = state.latest(session)
    names = {door.id: door.name for door in found}
    query = select(SentCommand).where(SentCommand.asked_at > now - SHOWN_SECONDS, SentCommand.verb.in_(GIVEN))
    sent = session.scalars(query.order_by(SentCommand.asked_at.desc(), SentCommand.n.desc()).limit(20))
    return Board(
        now,
        tuple(_shown(door, told[door.name], now) for door in found),
        tuple(
            Sent(names[one.door_id], one.verb, json.loads(one.args), one.asked_at, _result(one, now))
            for one in sent
        ),
    )


def _shown(door: Door, told: Mapping[str, Told], now: int) -> Shown:
    link, health = told.get("availability"), told.get("health")
    heard = max([door.asked_at or 0, *(one.at for one in told.values())]) or None
    offline = link is None or link.value != "online"
    silent = offline or heard is None or now - heard > SILENT_SECONDS
    return Shown(
        door.name,
        door.enrolled_at is not None,
        silent,
        heard,
        _value(told, "state"),
        _value(told, "occupancy"),
        None if health is None else health.value["clock"],
        None if health is None else health.at,
        () if health is None else tuple(_troubles(health.value)),
    )


def _value(told: Mapping[str, Told], topic: str) -> Mapping[str, Any] | None:
    return told[topic].value if topic in told else None


def _troubles(health: Mapping[str, Any]) -> list[str]:
    """What of a health is not well; a door of another version may leave anything out."""
    store, keypads = health.get("store"), health.get("keypads")
    disk, heat = health.get("disk_free_mb"), health.get("cpu_c")
    found = {
        "undervoltage": health.get("undervoltage") is True,
        "store": isinstance(store, dict) and store.get("ok") is False,
        "keypad": isinstance(keypads, dict) and False in keypads.values(),
        "disk": type(disk) is int and disk < LOW_DISK_MB,
        "hot": type(heat) is int and heat >= HOT_C,
        "clock": health["clock"].get("trusted") is False,
    }
    return [name for name, so in found.items() if so]


def _result(sent: SentCommand, now: int) -> str:
    if sent.done_at is not None:
        return sent.error or "done"
    if sent.not_after is not None and now > sent.not_after:
        return "no-answer"
    if sent.n is None:  # it may be that nobody who could send it looks any more
        return "waiting" if now - sent.asked_at <= commands.LIFE_SECONDS else "not-sent"
    return "sent"
