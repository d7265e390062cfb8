"""What the server noticed and somebody should look at, in words: what it is, and what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.pages.committee import frame
from roomserver.storage.schema import Alarm, Door
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
HERE = f"{COMMITTEE_PATH}/alarms"
MOST = 50


@router.get("/alarms", dependencies=[needs(Right.ALARMS)])
def alarms(request: Request, room: Room, caller: Caller) -> Response:
    """Those nobody has seen to, and the last of the others."""
    query = select(Alarm, Door.name).join(Door, Door.id == Alarm.door_id)
    with room.opened.database.read() as session:
        waiting = session.execute(query.where(Alarm.seen_at.is_(None)).order_by(Alarm.id)).all()
        seen = query.where(Alarm.seen_at.is_not(None)).order_by(Alarm.seen_at.desc()).limit(MOST)
        gone = session.execute(seen).all()
    return frame.page(request, caller, "committee/alarms.html", waiting=waiting, gone=gone)


@router.post("/alarms/{id}/seen", dependencies=[needs(Right.ALARMS)])
def see(room: Room, caller: Caller, id: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """Somebody has seen to it; the same again is a new one."""
    with room.opened.database.write() as session:
        alarm = session.get(Alarm, id, with_for_update=True)
        if alarm is not None and alarm.seen_at is None:
            alarm.seen_at = room.clock()
            acts.note(session, caller.name, Did.SEEN, room.clock(), kind=alarm.kind)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)
