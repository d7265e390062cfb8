"""The administrator's commands about notifications: try a way, and see how each of them is."""

from __future__ import annotations

import secrets
from argparse import Namespace
from typing import Any

from sqlalchemy.orm import Session

from roomserver.commandline.show import moment, say, say_json, table
from roomserver.errors import RoomserverError
from roomserver.notify import claim, words
from roomserver.notify.message import NotSentError
from roomserver.notify.noted import WayState
from roomserver.notify.settings import Way
from roomserver.notify.ways import sender_of
from roomserver.place import Opened


class NotifyError(RoomserverError, ValueError):
    """There is no such way, or one does not work; ``str(error)`` says why and what to do."""


def notify_test(opened: Opened, args: Namespace) -> None:
    """A test message by each way, or by one."""
    ways = [way for way in opened.place.settings.notify if args.name in (None, way.name)]
    if not ways and args.name is not None:
        raise NotifyError(f"There is no way called {args.name}. See: roomserver notify list")
    if not ways:
        raise NotifyError("Nobody is told of alarms yet. Write a [[notify]] into roomserver.toml.")
    wrong = [name for name, error in ((way.name, _tried(opened, way)) for way in ways) if error]
    if wrong:
        raise NotifyError(
            f"Not sent by {', '.join(wrong)}. Mend [[notify]] in roomserver.toml, and try again."
        )


def notify_list(opened: Opened, args: Namespace) -> None:
    """Each way, what waits for it, and what is wrong with it."""
    with opened.database.read() as session:
        found = [as_json(session, way) for way in opened.place.settings.notify]
    if args.json:
        return say_json(found)
    if not found:
        return say("Nobody is told of alarms yet. Write a [[notify]] into roomserver.toml.")
    zone = opened.place.settings.codes.codes().time_zone
    lines = [
        (o["name"], o["kind"], moment(o["sent_at"], zone), o["waiting"] or None, _fault(o, zone))
        for o in found
    ]
    return say(table(("name", "kind", "last sent", "waiting", "not sent"), lines))


def failing(session: Session, opened: Opened) -> list[dict[str, Any]]:
    """The ways by which nothing can be sent just now."""
    return [one for one in (as_json(session, way) for way in opened.place.settings.notify) if one["error"]]


def _tried(opened: Opened, way: Way) -> str | None:
    """Why it was not sent; None when it was."""
    message = words.trial(secrets.token_hex(8), opened.place.settings.codes.room, way.language)
    try:
        sender_of(opened.place, way).send(message)
    except (NotSentError, OSError) as error:
        say(f"{way.name}: not sent: {error}")
        return str(error)
    say(f"{way.name}: sent. Look whether it has arrived.")
    return None


def as_json(session: Session, way: Way) -> dict[str, Any]:
    """How a way is: what was sent, what waits, what fails."""
    state = session.get(WayState, way.name)
    names = ("sent_at", "failures", "failing_since", "retry_at", "error")
    told = {name: getattr(state, name, None) for name in names}
    return {"name": way.name, "kind": way.kind, "waiting": claim.waiting_count(session, way), **told}


def _fault(one: dict[str, Any], zone: Any) -> str | None:
    return f"since {moment(one['failing_since'], zone)}: {one['error']}" if one["error"] else None
