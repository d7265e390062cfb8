"""The doors as they are, told to whoever looks (server-sent events), and the commands to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from contract.messages import DOOR_NAME
from roomserver.committee import acts, board
from roomserver.committee.acts import Did
from roomserver.committee.fan import Fan
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages import look
from roomserver.pages.committee import frame
from roomserver.pages.words import Language
from roomserver.place import Opened
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room
from roomserver.wire import commands, doors

router = APIRouter(prefix=COMMITTEE_PATH)
QUIET_SECONDS = 15.0  # a proxy that hears nothing for longer may hang up
MOST_SECONDS = 300.0  # then the browser asks again, and is asked who it is
HOUR = 3600
Name = Annotated[str, Path(pattern=rf"^{DOOR_NAME.pattern}$")]
Parts = Mapping[Language, Mapping[str, str]]


def fan(server: Server) -> Fan[Parts]:
    """What the application reads once for all."""
    return Fan(lambda: parts(server.opened, server.clock()))


def parts(opened: Opened, now: int) -> Parts:
    """What changes on the page, in both languages."""
    zone = opened.place.settings.codes.codes().time_zone
    with opened.database.read() as session:
        shown = board.read(session, now)
    return {
        spoken: {
            name: look.part(
                spoken, f"committee/board_{name}.html", board=shown, **frame.times_in(spoken, zone, now)
            )
            for name in ("doors", "sent")
        }
        for spoken in Language
    }


@router.get(
    "/live",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    dependencies=[needs(Right.LOOK)],
)
async def live(request: Request) -> Response:
    """The same again whenever it differs."""
    reader: Fan[Parts] = request.app.state.fan
    headers = {"X-Accel-Buffering": "no"}  # a proxy must not keep it back
    stream = _stream(reader, look.language(request))
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(reader: Fan[Parts], spoken: Language) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    had: object = None
    async for told in reader.listen(QUIET_SECONDS, MOST_SECONDS):
        if told is None:
            yield ": quiet\n\n"
        elif told[spoken] != had:
            had = told[spoken]
            yield f"data: {json.dumps(had, ensure_ascii=False)}\n\n"


@router.post("/doors/{door}/unlock", dependencies=[needs(Right.DOOR)])
def unlock(room: Room, caller: Caller, door: Name) -> Response:
    """Once, for as long as a code opens it."""
    return _ask(room, caller, door, "unlock", {}, Did.UNLOCKED)


@router.post("/doors/{door}/identify", dependencies=[needs(Right.DOOR)])
def identify(room: Room, caller: Caller, door: Name) -> Response:
    """Blink and beep: which door is it."""
    return _ask(room, caller, door, "identify", {}, Did.IDENTIFIED)


@router.post("/doors/{door}/count", dependencies=[needs(Right.DOOR)])
def count(room: Room, caller: Caller, door: Name, count: Annotated[int, Form(ge=0, le=9999)] = 0) -> Response:
    """So many are inside, as somebody has seen."""
    return _ask(room, caller, door, "count", {"count": count}, Did.COUNTED, count=count)


@router.post("/doors/{door}/mode", dependencies=[needs(Right.MODE)])
def mode(
    room: Room,
    caller: Caller,
    door: Name,
    mode: Annotated[Literal["normal", "open", "lockdown"], Form()] = "normal",
    hours: Annotated[int, Form(ge=1, le=24)] = 1,
) -> Response:
    """Open or closed to residents until an end, or as usual again."""
    args = {"mode": mode, "until": None if mode == "normal" else room.clock() + hours * HOUR}
    return _ask(room, caller, door, "mode", args, Did[f"MODE_{mode.upper()}"], hours=hours)


def _ask(
    room: Server,
    caller: Volunteer,
    name: str,
    verb: str,
    args: Mapping[str, object],
    did: Did,
    **detail: int,
) -> Response:
    """Put a command on its way; its result comes to the page by itself."""
    with room.opened.database.write() as session:
        door = doors.find(session, name)
        if door is None:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such door.")
        commands.ask(session, door.id, verb, args, room.clock())
        acts.note(session, caller.name, did, room.clock(), member=None, door=name, **detail)
    room.changed()
    return RedirectResponse(f"{COMMITTEE_PATH}#sent", HTTPStatus.SEE_OTHER)
