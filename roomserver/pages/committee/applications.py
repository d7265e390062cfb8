"""Who wants to become a member: the paper was seen, or not this time and why."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from contract.codes import Kind
from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages.committee import frame
from roomserver.residents import joining
from roomserver.residents.joining import Declined, JoiningError
from roomserver.residents.members import MemberError
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
HERE = f"{COMMITTEE_PATH}/applications"
RIGHT = [needs(Right.APPLICATIONS)]
KINDS = (Kind.PHONE, Kind.PAPER, Kind.STAFF)
Id = Annotated[int, Path(ge=1, le=2**53)]
New = Annotated[str, Query(pattern=r"^\d{0,6}$")]


@router.get("/applications", dependencies=RIGHT)
def waiting(request: Request, room: Room, caller: Caller, new: New = "") -> Response:
    """Who waits; ``new``: the number of whoever has just been taken in."""
    return _page(request, room, caller, new=new)


@router.post("/applications/{id}/approve", dependencies=RIGHT)
def approve(
    request: Request, room: Room, caller: Caller, id: Id, kind: Annotated[Kind, Form()] = Kind.PHONE
) -> Response:
    """A member from now on."""
    if kind not in KINDS:
        kind = Kind.PHONE
    try:
        with room.opened.database.write() as session:
            record = joining.approve(session, room.opened, id, kind, room.clock())
            acts.note(session, caller.name, Did.APPROVED, room.clock(), member=record.member)
    except JoiningError as error:
        return _page(request, room, caller, fault="known" if "already registered" in str(error) else "gone")
    except MemberError:
        return _page(request, room, caller, fault="no-number")
    room.changed()
    return RedirectResponse(f"{HERE}?new={record.member}", HTTPStatus.SEE_OTHER)


@router.post("/applications/{id}/decline", dependencies=RIGHT)
def decline(
    request: Request, room: Room, caller: Caller, id: Id, why: Annotated[Declined, Form()] = Declined.OTHER
) -> Response:
    """Not this time; name and phone are deleted."""
    try:
        with room.opened.database.write() as session:
            joining.decline(session, id, room.clock(), why)
            acts.note(session, caller.name, Did.DECLINED, room.clock(), application=id)
    except JoiningError:
        return _page(request, room, caller, fault="gone")
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


def _page(request: Request, room: Server, caller: Volunteer, *, new: str = "", fault: str = "") -> Response:
    with room.opened.database.read() as session:
        found = joining.waiting(session, room.opened)
    status = HTTPStatus.CONFLICT if fault else HTTPStatus.OK
    return frame.page(
        request,
        caller,
        "committee/applications.html",
        status,
        found=found,
        kinds=KINDS,
        reasons=list(Declined),
        new=new,
        fault=fault,
    )
