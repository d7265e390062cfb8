"""Who is told of alarms: each way, what it could not send and why, and a test."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.notify import desk, words
from roomserver.notify.message import NotSentError
from roomserver.notify.ways import sender_of
from roomserver.pages.committee import frame
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
RIGHT = [needs(Right.NOTIFY)]
Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]


@router.get("/notify", dependencies=RIGHT)
def ways(request: Request, room: Room, caller: Caller) -> Response:
    """The page."""
    return _page(request, room, caller)


@router.post("/notify/{name}/test", dependencies=RIGHT)
def test(request: Request, room: Room, caller: Caller, name: Name) -> Response:
    """A test message, and how it went."""
    place = room.opened.place
    way = next((one for one in place.settings.notify if one.name == name), None)
    if way is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such way.")
    with room.opened.database.write() as session:
        acts.note(session, caller.name, Did.NOTIFY_TESTED, room.clock(), way=name)
    message = words.trial(secrets.token_hex(8), place.settings.codes.room, way.language)
    try:
        sender_of(place, way).send(message)
    except NotSentError as error:
        return _page(request, room, caller, tried=name, error=str(error))
    except OSError:  # of a file with a secret: its path is the administrator's business, not a browser's
        return _page(request, room, caller, tried=name, error="secret_file, url_file?")
    return _page(request, room, caller, tried=name)


def _page(request: Request, room: Server, caller: Volunteer, tried: str = "", error: str = "") -> Response:
    with room.opened.database.read() as session:
        found = [desk.as_json(session, way) for way in room.opened.place.settings.notify]
    return frame.page(request, caller, "committee/notify.html", found=found, tried=tried, error=error)
