"""From the mini program into the pages: a ticket becomes a cookie, an account a member's if he says so."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from pydantic import BaseModel, Field

from roomserver.pages import look
from roomserver.pages.coming import home
from roomserver.residents import once, wechat
from roomserver.residents.once import Purpose
from roomserver.residents.wechat import MAX_CODE, Refused, WechatRefusedError
from roomserver.web import limits, problems, sessions
from roomserver.web.problems import Problem
from roomserver.web.sessions import Room, SignedIn, SignedOutError, Visitor, Whoever

router = APIRouter()
api = APIRouter()  # called by the mini program, which has no cookie, so there is no form to forge

STATUS = {
    Refused.CODE: HTTPStatus.BAD_REQUEST,
    Refused.BLOCKED: HTTPStatus.FORBIDDEN,
    Refused.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Refused.DOWN: HTTPStatus.BAD_GATEWAY,
}
DETAIL = {
    Refused.CODE: "The login code is wrong, used or too old. Call wx.login again.",
    Refused.BLOCKED: "WeChat does not let this account sign in.",
    Refused.BUSY: "WeChat is busy. Try again in a moment.",
    Refused.DOWN: "WeChat cannot be asked just now. Try again later, or sign in another way.",
}


class Login(BaseModel):
    """What ``wx.login`` gave the mini program."""

    code: str = Field(min_length=1, max_length=MAX_CODE)


class Ticket(BaseModel):
    """For the address of the web view, ``/wechat/in?ticket=…``; good once, and for a minute."""

    ticket: str


@api.post("/api/v1/wechat/ticket", responses=problems.answers(400, 403, 404, 413, 422, 429, 502, 503))
def ticket(request: Request, room: Room, login: Login) -> Ticket:
    """A ticket for whoever has this login code; the same for accounts that are known and that are not."""
    sessions.spend(request, limits.WECHAT)
    if not room.opened.place.settings.wechat.app_id:
        raise Problem(HTTPStatus.NOT_FOUND, "This room has no mini program.")
    try:
        return Ticket(ticket=wechat.ticket(room.opened, login.code, room.clock()))
    except WechatRefusedError as refused:
        raise Problem(STATUS[refused.why], DETAIL[refused.why]) from None


@router.get("/wechat/in")
def arrive(request: Request, room: Room, ticket: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Swap the ticket for a cookie. Only WeChat's own browser may: elsewhere a ticket can only be planted."""
    sessions.spend(request, limits.SIGN_IN)
    if "MicroMessenger" not in request.headers.get("user-agent", ""):
        return look.render(request, "link_dead.html", HTTPStatus.GONE)
    with room.opened.database.write() as session:
        taken = once.take(session, Purpose.TICKET, ticket, room.clock())
        if taken is None or taken.wechat_tag is None:
            return look.render(request, "link_dead.html", HTTPStatus.GONE)
        member = wechat.member_of(session, taken.wechat_tag)
        visitor = Visitor(member) if member else Visitor(wechat_tag=taken.wechat_tag)
        response = RedirectResponse("/code" if member else "/sign-in", HTTPStatus.SEE_OTHER)
        sessions.sign_in(request, response, session, visitor, carry=False)
    return response


@router.get("/wechat/link")
def ask(request: Request, member: SignedIn, visitor: Whoever) -> Response:
    """Ask a member who came from the mini program whether his account shall sign him in."""
    if visitor.wechat_tag is None:
        return RedirectResponse("/code", HTTPStatus.SEE_OTHER)
    return look.render(request, "wechat.html", member=member)


@router.post("/wechat/link")
def link(request: Request, room: Room, member: SignedIn) -> Response:
    """He says so."""
    with room.opened.database.write() as session:
        visitor = sessions.visitor_now(request, session)
        if visitor.member != member:  # signed out meanwhile: no link that outlives it
            raise SignedOutError
        if visitor.wechat_tag is not None:
            wechat.link(session, visitor.wechat_tag, member, room.clock())
            sessions.settle_wechat(session, sessions.token_of(request) or "")
    return home(Visitor(member))


@router.post("/wechat/no-link")
def no_link(request: Request, room: Room, member: SignedIn) -> Response:
    """He does not."""
    with room.opened.database.write() as session:
        sessions.settle_wechat(session, sessions.token_of(request) or "")
    return home(Visitor(member))


@router.post("/me/wechat/remove")
def remove(room: Room, member: SignedIn) -> Response:
    """No WeChat account signs this member in any more."""
    with room.opened.database.write() as session:
        wechat.unlink(session, member)
    return RedirectResponse("/me", HTTPStatus.SEE_OTHER)


def verification(app: FastAPI, files: Mapping[str, str]) -> None:
    """The files by which WeChat sees that the domain is ours."""
    for name, text in files.items():
        app.add_api_route(
            f"/{name}",
            lambda text=text: PlainTextResponse(text),
            response_class=PlainTextResponse,
            include_in_schema=False,
        )
