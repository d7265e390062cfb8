"""A member's own data: see, download, correct, sign out, leave and be forgotten."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import func, select
from webauthn.helpers import bytes_to_base64url

from roomserver.pages import look, times
from roomserver.residents import passkeys, persons, wechat
from roomserver.residents.persons import DetailsError
from roomserver.storage.register import Person, WebSession
from roomserver.web import limits, sessions
from roomserver.web.sessions import Room, SignedIn

router = APIRouter()
Text = Annotated[str, Form(max_length=200)]


@router.get("/me")
def me(request: Request, room: Room, member: SignedIn, corrected: bool = False) -> Response:
    """All that is known of the member."""
    return _page(request, room, member, {}, corrected=corrected)


@router.get("/me/data.json", response_class=JSONResponse)
def data(request: Request, room: Room, member: SignedIn) -> Response:
    """The same, complete, for a machine."""
    sessions.spend(request, limits.MY_DATA, member)
    with room.opened.database.read() as session:
        told = persons.export(session, room.opened.vault, member)
    return JSONResponse(told, headers={"Content-Disposition": 'attachment; filename="my-data.json"'})


@router.post("/me/details")
def correct(request: Request, room: Room, member: SignedIn, name: Text = "", phone: Text = "") -> Response:
    """Another name or phone."""
    sessions.spend(request, limits.MY_DATA, member)
    faults = {}
    for part, values in (("name", (name, "000000")), ("phone", ("x", phone))):
        try:
            persons.details(*values)
        except DetailsError:
            faults[part] = part
    if faults:
        return _page(request, room, member, faults, name=name, phone=phone)
    with room.opened.database.write() as session:
        if session.get(Person, member) is not None:
            persons.correct(session, room.opened.vault, member, persons.details(name, phone))
    return RedirectResponse("/me?corrected=true", HTTPStatus.SEE_OTHER)


@router.post("/me/sign-out")
def sign_out(request: Request, room: Room) -> Response:
    """End this browser's session."""
    with room.opened.database.write() as session:
        sessions.end(session, sessions.token_of(request) or "")
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    sessions.take_cookie(request, response)
    return response


@router.post("/me/end-others")
def end_others(request: Request, room: Room, member: SignedIn) -> Response:
    """End the sessions of all other browsers."""
    with room.opened.database.write() as session:
        sessions.end_all(session, member, but=sessions.token_of(request))
    return RedirectResponse("/me", HTTPStatus.SEE_OTHER)


@router.post("/me/leave")
def leave(request: Request, room: Room, member: SignedIn, sure: Annotated[bool, Form()] = False) -> Response:
    """Leave and be forgotten at once."""
    if not sure:
        return RedirectResponse("/me#leave", HTTPStatus.SEE_OTHER)
    with room.opened.database.write() as session:
        persons.forget(session, member, room.clock())
    room.changed()
    response = look.render(request, "left.html")
    sessions.take_cookie(request, response)
    return response


def _page(
    request: Request,
    room: Room,
    member: str,
    faults: dict[str, str],
    *,
    corrected: bool = False,
    **typed: str,
) -> Response:
    opened, zone = room.opened, room.opened.place.settings.codes.codes().time_zone
    with opened.database.read() as session:
        person = session.get(Person, member)
        who = persons.read(session, opened.vault, member)
        count = session.scalar(
            select(func.count()).select_from(WebSession).where(WebSession.member == member)
        )
        keys = passkeys.listed(session, member)
        wechat_accounts = wechat.linked(session, member)
    known: dict[str, Any] = {} if who is None else {"name": who.name, "phone": who.phone}
    return look.render(
        request,
        "me.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
        member=member,
        person=person,
        fields=known | typed,
        faults=faults,
        corrected=corrected,
        sessions=count,
        wechat=wechat_accounts,
        passkeys=[{"id": bytes_to_base64url(key.id), "made_at": key.made_at} for key in keys],
        moment=lambda t: times.when(look.language(request), zone, room.clock(), t),
    )
