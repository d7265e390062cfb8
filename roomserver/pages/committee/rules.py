"""Hours, holidays, seats and the note: a form, what is wrong with it, and which door goes by it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from roomserver.committee import acts, rulebook
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.rulebook import RulesError
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages import look
from roomserver.pages.committee import frame
from roomserver.pages.words import word
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
HERE = f"{COMMITTEE_PATH}/rules"
RIGHT = [needs(Right.RULES)]
Day = Annotated[str, Form(max_length=200)]
Line = Annotated[str, Form(max_length=1000)]


@router.get("/rules", dependencies=RIGHT)
def rules(request: Request, room: Room, caller: Caller, saved: bool = False) -> Response:
    """The form with what holds now."""
    return _page(request, room, caller, saved=saved)


@router.post("/rules", dependencies=RIGHT)
def edit(
    request: Request,
    room: Room,
    caller: Caller,
    mon: Day = "",
    tue: Day = "",
    wed: Day = "",
    thu: Day = "",
    fri: Day = "",
    sat: Day = "",
    sun: Day = "",
    holidays: Annotated[str, Form(max_length=20_000)] = "",
    capacity: Day = "",
    when_full: Day = "allow",
    note: Line = "",
) -> Response:
    """The committee's edition."""
    week = {"mon": mon, "tue": tue, "wed": wed, "thu": thu, "fri": fri, "sat": sat, "sun": sun}
    try:
        read = rulebook.read(week, holidays, capacity, when_full, note)
    except RulesError as error:
        typed = {
            "week": week,
            "holidays": holidays,
            "capacity": capacity,
            "when_full": when_full,
            "note": note,
        }
        return _page(request, room, caller, typed=typed, faults=error.faults)
    with room.opened.database.write() as session:
        rulebook.edit(session, read, room.clock())
        acts.note(session, caller.name, Did.RULES_SET, room.clock())
    room.changed()
    return RedirectResponse(f"{HERE}?saved=true", HTTPStatus.SEE_OTHER)


@router.post("/rules/file", dependencies=RIGHT)
def back_to_file(room: Room, caller: Caller) -> Response:
    """What roomserver.toml says again."""
    with room.opened.database.write() as session:
        rulebook.back_to_file(session, room.opened.place.settings.rules, room.clock())
        acts.note(session, caller.name, Did.RULES_OF_FILE, room.clock())
    room.changed()
    return RedirectResponse(f"{HERE}?saved=true", HTTPStatus.SEE_OTHER)


def _page(
    request: Request,
    room: Server,
    caller: Volunteer,
    *,
    typed: dict[str, Any] | None = None,
    faults: Any = None,
    saved: bool = False,
) -> Response:
    spoken = look.language(request)
    with room.opened.database.read() as session:
        found, followed = rulebook.in_force(session), rulebook.followed(session)
    shown = typed or rulebook.typed(found.rules, word(spoken, "room.all-day"), word(spoken, "room.not-open"))
    return frame.page(
        request,
        caller,
        "committee/rules.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
        typed=shown,
        faults=faults or {},
        saved=saved,
        edited_at=found.edited_at,
        followed=followed,
        most=rulebook.NOTE_LENGTH,
    )
