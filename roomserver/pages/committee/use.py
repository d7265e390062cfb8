"""The use of the room: a page for a week or some weeks, and the same as a table."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, needs
from roomserver.pages import look
from roomserver.pages import weeks as shown_weeks
from roomserver.pages.committee import frame
from roomserver.pages.weeks import Weeks
from roomserver.room import usage
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
RIGHT = [needs(Right.USE)]
SPANS = ("1", "4", "12")
FIRST_YEAR = 2020  # nothing was counted before, and dates far off have no weeks around them
Week = Annotated[str, Query(max_length=8)]
Span = Annotated[Literal["1", "4", "12"], Query()]
Door = Annotated[str, Query(max_length=32)]


class Table(Response):
    """A table for a spreadsheet."""

    media_type = "text/csv"


@router.get("/use", dependencies=RIGHT)
def use(
    request: Request, room: Room, caller: Caller, week: Week = "", weeks: Span = "1", door: Door = ""
) -> Response:
    """The page; without a week the last whole one."""
    found = _read(room, week, int(weeks), door)
    first, step = found.use.first, timedelta(days=7)
    return frame.page(
        request,
        caller,
        "committee/use.html",
        **shown_weeks.shown(found, look.language(request)),
        week=usage.week_name(first),
        earlier=usage.week_name(first - step),
        later=usage.week_name(first + step) if first + step <= _today(room) else "",
        spans=SPANS,
        weeks=weeks,
        doors=found.doors,
        chosen=found.door,
    )


@router.get("/use.csv", dependencies=RIGHT, response_class=Table)
def table(room: Room, week: Week = "", weeks: Span = "1", door: Door = "") -> Response:
    """The same as a table, a line for each hour."""
    found = _read(room, week, int(weeks), door)
    name = f"use-{usage.week_name(found.use.first)}.csv"
    text = "\ufeff" + usage.as_csv(found.use)  # the mark that spreadsheets look for
    return Table(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _read(room: Server, week: str, span: int, door: str) -> Weeks:
    now = room.clock()
    first = usage.monday(_today(room)) - timedelta(days=7 * span)
    try:
        asked = usage.week_of(week)
        first = asked if FIRST_YEAR <= asked.year <= _today(room).year + 1 else first
    except ValueError:  # none, or none that there is
        pass
    return shown_weeks.read(room.opened, door or None, first, span, now)


def _today(room: Server) -> date:
    return datetime.fromtimestamp(room.clock(), room.opened.place.settings.codes.codes().time_zone).date()
