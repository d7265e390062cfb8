"""The first page: what needs a hand now, then the room."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from roomserver.committee import board
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.notify import desk
from roomserver.pages.committee import frame
from roomserver.residents import joining
from roomserver.web.sessions import COMMITTEE_PATH, Room
from roomserver.wire.alarms import open_alarms

router = APIRouter(prefix=COMMITTEE_PATH)
HOURS = (1, 2, 4, 8, 24)  # how long a mode may last


@router.get("", dependencies=[needs(Right.LOOK)])
def overview(request: Request, room: Room, caller: Caller) -> Response:
    """The page."""
    with room.opened.database.read() as session:
        waiting = joining.count_waiting(session) if caller.may(Right.APPLICATIONS) else 0
        alarms = len(open_alarms(session))
        shown = board.read(session, room.clock())
        untold = [one["name"] for one in desk.failing(session, room.opened)]
    return frame.page(
        request,
        caller,
        "committee/overview.html",
        waiting=waiting,
        alarms=alarms,
        board=shown,
        hours=HOURS,
        untold=untold,
    )
