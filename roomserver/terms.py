"""What the doors are told beside the list: the form of the codes, and the committee's rules (PROTOCOL §3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.codes import Codes
from roomserver.schema import Terms


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


def publish_rules(session: Session, rules: Mapping[str, object], now: int) -> bool:
    """Put ``rules`` in force; whether they differ from those before (their revision is then a new one)."""
    text = json.dumps(dict(rules), sort_keys=True, ensure_ascii=False)
    last = _last(session)
    if last is not None and last.text == text:
        return False
    session.add(Terms(name="rules", text=text, at=now))
    return True


def rules_json(session: Session) -> dict[str, Any]:
    """The rules in force, with their revision."""
    last = _last(session)
    return {"revision": 0} if last is None else {"revision": last.id, **json.loads(last.text)}


def _last(session: Session) -> Terms | None:
    return session.scalar(select(Terms).where(Terms.name == "rules").order_by(Terms.id.desc()).limit(1))
