"""Doors: added by the administrator, enrolled once with a one-time token, known by a bearer token after."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from contract import messages
from contract.messages import MAX_N
from roomserver.errors import RoomserverError
from roomserver.storage.schema import Door, EnrolmentToken, Meta
from roomserver.storage.vault import Vault, new_token, token_hash

EDITION = "doors"  # in ``meta``
TOKEN_SECONDS = 24 * 3600


class DoorError(RoomserverError, ValueError):
    """This cannot be done with this door; ``str(error)`` says why and what to do."""


class EnrolmentRefusedError(DoorError):
    """The token is wrong, used, or too old, or is for another door; which of them is not told."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the server needs to speak with a door."""

    id: int
    name: str
    command: bytes = field(repr=False)
    report: bytes = field(repr=False)
    former_report: bytes | None = field(default=None, repr=False)  # of rows from before a rekey


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a door takes home."""

    door_key: bytes = field(repr=False)
    api_token: str = field(repr=False)
    mqtt_password: str = field(repr=False)
    command_n: int


def check_name(name: str) -> None:
    """``DoorError`` for a name no door may have."""
    if not messages.DOOR_NAME.fullmatch(name):
        raise DoorError("A door's name is 1 to 32 of a-z, 0-9 and -.")


def find(session: Session, name: str) -> Door | None:
    """The door called ``name``, if there is one."""
    return session.scalar(select(Door).where(Door.name == name))


def get(session: Session, name: str) -> Door:
    """The door called ``name``; ``DoorError`` if there is none."""
    door = find(session, name)
    if door is None:
        raise DoorError(f"There is no door {name}. See: roomserver door list")
    return door


def listed(session: Session) -> list[Door]:
    """Every door, by name."""
    return list(session.scalars(select(Door).order_by(Door.name)))


def edition(session: Session) -> int:
    """Another number whenever a door was added or has a new key: whoever keeps them then reads them again."""
    found = session.get(Meta, EDITION)
    return 0 if found is None else int(found.value)


def _next_edition(session: Session) -> None:
    session.merge(Meta(name=EDITION, value=str(edition(session) + 1)))


def passwords(session: Session, vault: Vault) -> dict[str, str]:
    """Every door, as a user of the broker, with its password."""
    return {door.name: vault.open(door.mqtt_password).decode() for door in listed(session)}


def add(session: Session, vault: Vault, name: str, now: int) -> str:
    """A one-time token for a new door, or for a new machine at an old one (which keeps its key)."""
    check_name(name)
    door = find(session, name)
    if door is None:
        key, password = secrets.token_bytes(32), new_token().encode()
        door = Door(
            name=name, key=vault.seal(key), mqtt_password=vault.seal(password), command_n=0, added_at=now
        )
        session.add(door)
        session.flush()
        _next_edition(session)
    # A token that was not used dies when another is made: only the newest is on the table.
    session.execute(delete(EnrolmentToken).where(EnrolmentToken.door_id == door.id))
    token = new_token()
    session.add(EnrolmentToken(hash=token_hash(token), door_id=door.id, expires_at=now + TOKEN_SECONDS))
    return token


def rekey(session: Session, vault: Vault, name: str, now: int) -> str:
    """A new key and broker password for a door whose own may be known, and a token to enrol with."""
    door = get(session, name)
    if door.api_token is not None:  # else the key was never at a door, and no row was made with it
        door.former_key = door.key
    door.key, door.mqtt_password = vault.seal(secrets.token_bytes(32)), vault.seal(new_token().encode())
    door.api_token = None
    _next_edition(session)
    return add(session, vault, name, now)


def enroll(session: Session, vault: Vault, token: str, name: str, now: int) -> Enrolment:
    """Use up ``token``: the door gets its key and a new API token; the one before is dead."""
    found = session.get(EnrolmentToken, token_hash(token), with_for_update=True)
    door = None if found is None else session.get(Door, found.door_id, with_for_update=True)
    if found is None or door is None or door.name != name or found.expires_at <= now:
        raise EnrolmentRefusedError(
            "The token is wrong, used or too old. Make a new one: roomserver door add NAME"
        )
    session.delete(found)
    api_token = new_token()
    door.api_token, door.enrolled_at = token_hash(api_token), now
    return Enrolment(vault.open(door.key), api_token, vault.open(door.mqtt_password).decode(), door.command_n)


def authenticate(session: Session, token: str) -> Door | None:
    """The door that carries ``token``."""
    digest = token_hash(token)
    # Looking up a hash tells nothing of the token; the comparison takes constant time all the same.
    door = session.scalar(select(Door).where(Door.api_token == digest))
    return door if door is not None and hmac.compare_digest(door.api_token or "", digest) else None


def keys(door: Door, vault: Vault) -> Keys:
    """The keys of both directions, derived from the door's key."""
    key, name = vault.open(door.key), door.name
    former = None if door.former_key is None else messages.report_key(vault.open(door.former_key), name)
    return Keys(door.id, name, messages.command_key(key, name), messages.report_key(key, name), former)


def next_n(session: Session, door_id: int) -> int:
    """The next command number of a door, counted in the database."""
    door = session.get_one(Door, door_id, with_for_update=True, populate_existing=True)
    if door.command_n >= MAX_N:
        raise DoorError(f"The command counter of {door.name} is used up. Give it a new key.")
    door.command_n += 1
    return door.command_n


def heard(door: Door, now: int, *, holds: int | None, n: int) -> None:
    """Note what a door says of itself: the revision it holds, and the highest command it took.

    A door takes no command below ``n`` again, so a server restored from a backup catches up.
    """
    door.asked_at, door.holds_revision = now, holds
    door.command_n = max(door.command_n, n)
