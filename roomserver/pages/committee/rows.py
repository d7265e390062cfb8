"""The doors' records, with filters; a row is told in a sentence, and what is odd about it too."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contract.messages import ROW_TYPES
from roomserver.committee import records
from roomserver.committee.records import Wanted
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.pages.committee import frame
from roomserver.web.sessions import COMMITTEE_PATH, Room
from roomserver.wire import doors

router = APIRouter(prefix=COMMITTEE_PATH)
MOST = 50
Word = Annotated[str, Query(max_length=40)]


@router.get("/rows", dependencies=[needs(Right.ROWS)])
def rows(
    request: Request,
    room: Room,
    caller: Caller,
    type: Word = "",
    member: Word = "",
    door: Word = "",
    day: Word = "",
    after: Word = "",
) -> Response:
    """A page of them; ``day``: up to the end of it."""
    settings = room.opened.place.settings
    zone = settings.codes.codes().time_zone
    try:
        ends = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)
        before = int(ends.timestamp()) if day else None
    except (ValueError, OverflowError):
        before = None
    wanted = Wanted(type, "".join(c for c in member if c.isdigit()), door, before)
    with room.opened.database.read() as session:
        found = records.listed(session, wanted, after, MOST + 1)
        names = [one.name for one in doors.listed(session)]
    return frame.page(
        request,
        caller,
        "committee/rows.html",
        found=found[:MOST],
        more=found[MOST - 1].place if len(found) > MOST else "",
        asked={"type": type, "member": member, "door": door, "day": day},
        types=sorted(ROW_TYPES),
        doors=names,
        days=settings.audit.retention_days,
    )
