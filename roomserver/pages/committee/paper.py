"""What the committee prints: a member's codes, each an act on record, the notice, and the hand-over."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from roomserver.committee import acts, volunteers
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages import look
from roomserver.pages.committee import frame
from roomserver.paper import drawn, issuing, wall
from roomserver.paper.issuing import DAYS, Paper, WrongPaperError
from roomserver.paper.leaf import Frame
from roomserver.residents.issue import SHEET_DAYS, IssueRefusedError
from roomserver.residents.members import MemberError
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room
from roomserver.wire import doors

router = APIRouter(prefix=COMMITTEE_PATH)
RIGHT = [needs(Right.PAPER)]
HERE = f"{COMMITTEE_PATH}/paper"
Number = Annotated[str, Form(max_length=20)]
Days = Annotated[Literal["7", "14", "28"], Form()]


@router.get("/paper", dependencies=RIGHT)
def paper(
    request: Request, room: Room, caller: Caller, number: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What can be printed, and for whom."""
    return _page(request, room, caller, number)


@router.post("/paper", dependencies=RIGHT)
def codes(
    request: Request,
    room: Room,
    caller: Caller,
    number: Number = "",
    paper: Annotated[Paper, Form()] = Paper.SHEET,
    days: Days = "14",
    door: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """A member's codes, drawn and on record: a page to print."""
    volunteers.spend(request, caller)
    now = room.clock()
    wanted = "".join(c for c in number if c.isdigit())
    with room.opened.database.write() as session:
        found = [one for one in doors.listed(session) if door in ("", one.name)]
        if not found:
            return _page(request, room, caller, number, "door", paper)
        try:
            given = issuing.draw(session, room.opened, found[0], wanted, paper, now, int(days))
        except MemberError:
            return _page(request, room, caller, number, "nobody", paper)
        except WrongPaperError:
            return _page(request, room, caller, number, "kind", paper)
        except IssueRefusedError:
            return _page(request, room, caller, number, "refused", paper)
        acts.note(session, caller.name, Did(f"printed-{paper}"), now, member=given.member)
    return HTMLResponse(drawn.page(room.opened.place, given, now, _frame(f"{HERE}?number={wanted}")))


@router.get("/paper/notice", dependencies=RIGHT)
def notice(room: Room) -> Response:
    """The notice for the door."""
    return HTMLResponse(wall.notice(room.opened, room.clock(), _frame(HERE)))


@router.get("/paper/handover", dependencies=RIGHT)
def handover(room: Room) -> Response:
    """The page for a successor."""
    return HTMLResponse(wall.handover(room.opened, room.clock(), _frame(HERE)))


def _frame(back: str) -> Frame:
    return Frame(look.static("paper.css"), look.static("print.js"), back)


def _page(
    request: Request,
    room: Server,
    caller: Volunteer,
    number: str,
    fault: str = "",
    chosen: Paper = Paper.SHEET,
) -> Response:
    with room.opened.database.read() as session:
        names = [one.name for one in doors.listed(session)]
    return frame.page(
        request,
        caller,
        "committee/paper.html",
        HTTPStatus.CONFLICT if fault else HTTPStatus.OK,
        number=number,
        fault=fault,
        chosen=chosen,
        papers=list(Paper),
        days=DAYS,
        usual=SHEET_DAYS,
        doors=names,
    )
