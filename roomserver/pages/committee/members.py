"""The members: found by number, names masked."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from roomserver.committee import people
from roomserver.committee.people import Standing
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.pages.committee import frame
from roomserver.residents import members
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
MOST = 50


class Only(StrEnum):
    """Which of them are shown."""

    ALL = "all"
    SUSPENDED = Standing.SUSPENDED
    REVOKED = Standing.REVOKED


@router.get("/members", dependencies=[needs(Right.LOOK)])
def listed(
    request: Request,
    room: Room,
    caller: Caller,
    number: Annotated[str, Query(max_length=20)] = "",
    only: Only = Only.ALL,
    after: Annotated[str, Query(pattern=r"^\d{0,6}$")] = "",
) -> Response:
    """A page of them; a whole number leads to its member."""
    wanted = "".join(c for c in number if c.isdigit())
    with room.opened.database.read() as session:
        if wanted and members.find(session, wanted) is not None:
            return RedirectResponse(f"{COMMITTEE_PATH}/members/{wanted}", HTTPStatus.SEE_OTHER)
        standing = None if only is Only.ALL else Standing(only)
        found = people.listed(
            session, room.opened.vault, room.clock(), standing=standing, after=after, most=MOST + 1
        )
        count = people.count(session)
    return frame.page(
        request,
        caller,
        "committee/members.html",
        found=found[:MOST],
        more=found[MOST - 1].number if len(found) > MOST else "",
        only=only,
        onlys=list(Only),
        wanted=number,
        missing=bool(number),
        count=count,
    )
