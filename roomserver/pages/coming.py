"""Coming back: the sign-in page, and the one-time link of the committee, which a preview cannot use up."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from roomserver.pages import look
from roomserver.residents import once
from roomserver.residents.once import Purpose
from roomserver.web import limits, sessions
from roomserver.web.sessions import Room, Visitor, Whoever

router = APIRouter()

HOME = "/code"


def home(visitor: Visitor) -> RedirectResponse:
    """Where a member is led who has just signed in; from the mini program by way of a question."""
    to = HOME if visitor.wechat_tag is None else "/wechat/link"
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)


@router.get("/sign-in")
def sign_in(request: Request, visitor: Whoever) -> Response:
    """The ways in; a member who is signed in is led on."""
    if visitor.member is not None:
        return home(visitor)
    return look.render(request, "sign_in.html")


@router.get("/in/{token}")
def link(request: Request, token: str) -> Response:
    """The page of a link, the same for every link: nothing is looked up before the button is pressed."""
    return look.render(request, "link.html", token=token)


@router.post("/in/{token}")
def use_link(request: Request, room: Room, visitor: Whoever, token: str) -> Response:
    """Use the link up."""
    sessions.spend(request, limits.SIGN_IN)
    with room.opened.database.write() as session:
        taken = once.take(session, Purpose.LINK, token, room.clock())
        if taken is None:
            return look.render(request, "link_dead.html", HTTPStatus.GONE)
        response = home(Visitor(taken.member, wechat_tag=visitor.wechat_tag))
        sessions.sign_in(request, response, session, Visitor(taken.member))
    return response
