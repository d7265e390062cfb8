"""Passkeys, as the script of the pages asks for them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.orm import Session

from roomserver.residents import passkeys
from roomserver.residents.passkeys import PasskeyRefusedError
from roomserver.web import limits, sessions
from roomserver.web.problems import Problem
from roomserver.web.sessions import Room, SignedIn, Visitor, Whoever

router = APIRouter()
T = TypeVar("T")
Answer = Annotated[dict[str, Any], Body()]


@router.post("/passkey/new/options", response_class=JSONResponse)
def ask_for_new(request: Request, room: Room, member: SignedIn) -> dict[str, Any]:
    """What the member's browser needs to make one."""
    sessions.spend(request, limits.PASSKEY, member)
    site = passkeys.site_of(room.opened.place)
    return _tried(room, lambda session: passkeys.ask_for_new(session, site, member, room.clock()))


@router.post("/passkey/new", response_class=JSONResponse)
def take_new(request: Request, room: Room, member: SignedIn, answer: Answer) -> dict[str, str]:
    """Keep the one it made."""
    sessions.spend(request, limits.PASSKEY, member)
    site = passkeys.site_of(room.opened.place)
    _tried(room, lambda session: passkeys.take_new(session, site, member, answer, room.clock()))
    return {"to": "/me"}


@router.post("/passkey/in/options", response_class=JSONResponse)
def ask_to_sign_in(request: Request, room: Room) -> dict[str, Any]:
    """What any browser needs to sign in."""
    sessions.spend(request, limits.SIGN_IN)
    site = passkeys.site_of(room.opened.place)
    return _tried(room, lambda session: passkeys.ask_to_sign_in(session, site, room.clock()))


@router.post("/passkey/in", response_class=JSONResponse)
def sign_in(request: Request, room: Room, visitor: Whoever, answer: Answer) -> Response:
    """Sign in with what it signed."""
    sessions.spend(request, limits.SIGN_IN)
    site = passkeys.site_of(room.opened.place)
    response = JSONResponse({"to": "/code" if visitor.wechat_tag is None else "/wechat/link"})

    def enter(session: Session) -> Response:
        member = passkeys.take_sign_in(session, site, answer, room.clock())
        sessions.sign_in(request, response, session, Visitor(member))
        return response

    return _tried(room, enter)


@router.post("/me/passkeys/remove")
def remove(room: Room, member: SignedIn, id: Annotated[str, Form(max_length=2000)]) -> Response:
    """Forget one."""
    with room.opened.database.write() as session:
        passkeys.remove(session, member, id)
    return RedirectResponse("/me", HTTPStatus.SEE_OTHER)


def _tried(room: Room, work: Callable[[Session], T]) -> T:
    """Do it; a challenge that was answered wrongly is used up all the same."""
    with room.opened.database.write() as session:
        try:
            return work(session)
        except PasskeyRefusedError:
            pass
    raise Problem(HTTPStatus.BAD_REQUEST, "That passkey was not accepted. Try again, or sign in another way.")
