"""The page of the room, for everybody: seats in a word, hours, busy hours, manners, exams; and SpaceAPI.

Whatever stands here is the same whether one is inside or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from contract.hours import Hours, Span
from roomserver.pages import look, times
from roomserver.pages.words import Language, word
from roomserver.place import Opened
from roomserver.residents import phone
from roomserver.room import seats, timetable
from roomserver.room.busy import Busy
from roomserver.room.notices import Notices
from roomserver.room.seats import Seats
from roomserver.web.sessions import MaybeSignedIn, Room
from roomserver.wire import doors, state, terms

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wall:
    """What anybody may read; ``closed`` is the committee's note while the door is in lockdown."""

    now: int
    hours: Hours
    capacity: int
    open: bool
    seats: Seats | None = None
    closed: str | None = None


@router.get("/")
def room_page(request: Request, room: Room, member: MaybeSignedIn) -> Response:
    """The page of the room."""
    wall = read(room.opened, room.clock())
    zone = room.opened.place.settings.codes.codes().time_zone
    spoken = look.language(request)
    today = datetime.fromtimestamp(wall.now, zone).date()
    notices = room.opened.place.settings.notices
    return look.render(
        request,
        "room.html",
        wall=wall,
        member=member,
        until=timetable.open_until(wall.hours, zone, wall.now) if wall.open else None,
        opens=None if wall.open else wall.hours.next_opening(wall.now, zone),
        week=timetable.week(wall.hours),
        differing=timetable.differing(wall.hours, today),
        spans=lambda spans: _spans(spoken, spans),
        busy=_picture(request.app.state.busy.on(wall.now, wall.capacity)),
        notices=notices,
        exams=exams(notices, today),
        when=lambda t: times.when(spoken, zone, wall.now, t),
        ago=lambda t: times.ago(spoken, wall.now - t),
        day=lambda d: times.day(spoken, today, d),
    )


@router.get("/spaceapi.json", response_class=JSONResponse)
def spaceapi(room: Room) -> JSONResponse:
    """The same for programs (SpaceAPI 15): open by the hours, seats as a word."""
    wall = read(room.opened, room.clock())
    notices, origin = room.opened.place.settings.notices, room.opened.place.origin
    told: dict[str, Any] = {
        "api_compatibility": ["15"],
        "space": room.opened.place.settings.codes.room,
        "logo": f"{origin}{look.static('icon.svg')}",
        "url": origin,
        "contact": {
            name: text for name, text in (("phone", notices.phone), ("email", notices.email)) if text
        },
        "state": {"open": wall.open and wall.closed is None},
    }
    if notices.address:
        told["location"] = {"address": notices.address}
    if wall.seats is not None:
        told["ext_seats"] = {"capacity": wall.capacity, "free": wall.seats.band, "sure": wall.seats.sure}
    return JSONResponse(told, headers={"Access-Control-Allow-Origin": "*"})


def read(opened: Opened, now: int) -> Wall:
    """What anybody may know now; of several doors, the first tells the seats."""
    with opened.database.read() as session:
        rules = terms.rules_json(session)
        hours, capacity = phone.hours(rules), phone.capacity(opened, rules)
        open_now = hours.open_at(now, opened.place.settings.codes.codes().time_zone)
        found = doors.listed(session)
        if not found:
            return Wall(now, hours, capacity, open_now)
        free = seats.seats(session, found[0], capacity, now).from_outside()
        closed = state.lockdown_note(session, found[0].id, rules)
    return Wall(now, hours, capacity, open_now, free, closed)


def exams(notices: Notices, today: date) -> Sequence[tuple[str, int]]:
    """The exams to come, and in how many days."""
    dated = sorted((date.fromisoformat(name), what) for name, what in notices.exams.items())
    return [(what, (day - today).days) for day, what in dated if day >= today]


def _spans(spoken: Language, spans: Sequence[Span]) -> str:
    """The hours of a day in words; none of them breaks at the end of a line."""
    if not spans:
        return word(spoken, "room.not-open")
    if list(spans) == [(0, timetable.DAY_MINUTES)]:
        return word(spoken, "room.all-day")
    whole = Markup('<span class="whole">{}</span>')
    return Markup(", ").join(whole.format(timetable.span_text(span)) for span in spans)


def _picture(busy: Busy) -> dict[str, Any] | None:
    """Bars of the picture, and its busiest hours in words; None while nothing is known."""
    if busy.peak is None:
        return None
    first, last = busy.peak
    return {"levels": busy.levels, "begin": f"{first:02}:00", "end": f"{last + 1:02}:00"}
