"""Commands to a door: numbered in the database, signed, good for seconds; and their results (PROTOCOL §4)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import messages
from contract.messages import COMMAND_ERRORS, COMMAND_EXPIRY_SECONDS, Command, MessageError, Topics
from roomserver.storage.schema import SentCommand
from roomserver.wire import doors
from roomserver.wire.doors import Keys

LIFE_SECONDS = COMMAND_EXPIRY_SECONDS


@dataclass(frozen=True, slots=True)
class Signed:
    """A command ready to be published."""

    topic: str
    payload: bytes


def ask(session: Session, door_id: int, verb: str, args: Mapping[str, object], now: int) -> str:
    """Put a command on the list to be sent, by whoever holds the link to the broker; its id."""
    id_ = secrets.token_hex(8)
    session.add(SentCommand(id=id_, door_id=door_id, verb=verb, args=json.dumps(dict(args)), asked_at=now))
    session.flush()
    return id_


def sign_waiting(session: Session, door: Keys, now: int) -> list[Signed]:
    """Number and sign what waits for this door; what waited longer than a command lives is given up."""
    query = select(SentCommand).where(
        SentCommand.door_id == door.id, SentCommand.n.is_(None), SentCommand.done_at.is_(None)
    )
    signed = []
    for waiting in session.scalars(query.order_by(SentCommand.asked_at).with_for_update()):
        if now - waiting.asked_at > LIFE_SECONDS:
            waiting.done_at, waiting.error = now, "not-sent"
            continue
        waiting.n, waiting.not_after = doors.next_n(session, door.id), now + LIFE_SECONDS
        args = json.loads(waiting.args)
        command = Command(waiting.id, waiting.n, waiting.verb, args, waiting.not_after)
        topic = Topics(door.name).command
        signed.append(Signed(topic, messages.sign(door.command, topic, command.as_json())))
    return signed


def take_result(session: Session, door: Keys, raw: bytes, now: int) -> bool:
    """Record the answer to a command; False for bytes that are none, ``MessageError`` never leaves."""
    try:
        fields = messages.check(door.report, Topics(door.name).result, raw)
    except MessageError:
        return False
    id_, ok, error = fields.get("id"), fields.get("ok"), fields.get("error")
    if not (isinstance(id_, str) and type(ok) is bool) or not (error is None or error in COMMAND_ERRORS):
        return False
    sent = session.get(SentCommand, id_)
    if sent is None or sent.door_id != door.id or sent.n is None or sent.done_at is not None:
        return False
    sent.done_at, sent.error = now, None if ok else str(error or "failed")
    return True
