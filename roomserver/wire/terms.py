"""What the doors are told beside the list: the form of the codes, and the committee's rules (PROTOCOL §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.codes import Codes
from roomserver.errors import RoomserverError
from roomserver.storage.database import Database
from roomserver.storage.schema import Member, Terms

FIXED = ("digits", "member_digits", "time_zone")  # what stands on paper, in apps, and on every member


class CodesError(RoomserverError, ValueError):
    """The file has another form of the codes than the members have."""


def codes_json(codes: Codes) -> dict[str, object]:
    """The form of the codes as it travels."""
    return {
        "digits": codes.digits,
        "member_digits": codes.member_digits,
        "windows": {str(kind): asdict(window) for kind, window in codes.windows.items()},
        "bundle": codes.bundle_seconds,
        "paper_uses": codes.paper_uses,
        "time_zone": str(codes.time_zone),
        "room": codes.room,
    }


def keep_codes(database: Database, codes: Codes, now: int) -> None:
    """Keep the form of the codes; ``CodesError`` for another one once there are members.

    Two forms at a time would be twice the chance of a guess, and a sheet on paper has only one.
    """
    told = codes_json(codes)
    with database.read() as session:
        last = _last(session, "codes")
        kept = told if last is None else json.loads(last.text)
        changed = [name for name in FIXED if kept[name] != told[name]]
        if changed and session.scalar(select(Member.number).limit(1)) is not None:
            keys = " and ".join(f"codes.{name} = {json.dumps(kept[name])}" for name in changed)
            raise CodesError(
                f"The members of this room have their numbers and codes by {keys}. Write that into "
                "roomserver.toml; another form is possible only before the first member."
            )
    if last is None or kept != told:
        with database.write() as session:
            session.add(Terms(name="codes", text=json.dumps(told, ensure_ascii=False), at=now))


def publish_rules(session: Session, rules: Mapping[str, object], now: int) -> bool:
    """Put ``rules`` in force; whether they differ from those before (their revision is then a new one)."""
    text = json.dumps(dict(rules), sort_keys=True, ensure_ascii=False)
    last = _last(session, "rules")
    if last is not None and last.text == text:
        return False
    session.add(Terms(name="rules", text=text, at=now))
    return True


def rules_json(session: Session) -> dict[str, Any]:
    """The rules in force, with their revision."""
    last = _last(session, "rules")
    return {"revision": 0} if last is None else {"revision": last.id, **json.loads(last.text)}


def _last(session: Session, name: str) -> Terms | None:
    return session.scalar(select(Terms).where(Terms.name == name).order_by(Terms.id.desc()).limit(1))
