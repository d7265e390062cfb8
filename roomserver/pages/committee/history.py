"""What the committee did: every act, newest first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from roomserver.committee import acts
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.pages.committee import frame
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
MOST = 50


@router.get("/acts", dependencies=[needs(Right.ACTS)])
def history(
    request: Request, room: Room, caller: Caller, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """A page of the log."""
    with room.opened.database.read() as session:
        done = acts.listed(session, before=before, most=MOST)
    days = room.opened.place.settings.audit.retention_days
    return frame.page(request, caller, "committee/acts.html", done=done, more=len(done) == MOST, days=days)
