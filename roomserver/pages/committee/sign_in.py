"""The committee's ways in: password and authenticator, a passkey, and the administrator's link."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from roomserver.committee import accountkeys, accounts, acts, volunteers
from roomserver.committee.acts import Did
from roomserver.pages.committee import frame
from roomserver.residents import passkeys
from roomserver.residents.passkeys import PasskeyRefusedError
from roomserver.web import limits, sessions
from roomserver.web.problems import Problem
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
Line = Annotated[str, Form(max_length=200)]
Answer = Annotated[dict[str, Any], Body()]


@router.get("/sign-in")
def ways_in(request: Request) -> Response:
    """The page; who is signed in is led on."""
    if volunteers.volunteer_or_none(request) is not None:
        return RedirectResponse(COMMITTEE_PATH, HTTPStatus.SEE_OTHER)
    return frame.page(request, None, "committee/sign_in.html", wrong=False, name="")


@router.post("/sign-in")
def by_password(
    request: Request, room: Room, name: Line = "", password: Line = "", code: Line = ""
) -> Response:
    """With password and code; what was wrong is not told."""
    sessions.spend(request, limits.SIGN_IN)
    limits_of_all = request.app.state.limits
    limits_of_all.spend(limits.COMMITTEE, f"account {accounts.plain(name)}")
    kept = accounts.opened_by(room.opened, name, password)
    response = RedirectResponse(COMMITTEE_PATH, HTTPStatus.SEE_OTHER)
    with room.opened.database.write() as session:
        account = accounts.take_sign_in(session, room.opened.vault, name, kept, code, room.clock())
        if account is not None:
            volunteers.sign_in(request, response, session, account)
            acts.note(session, account.name, Did.SIGNED_IN, room.clock())
            return response
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return frame.page(request, None, "committee/sign_in.html", status, wrong=True, name=name)


@router.get("/in/{token}")
def link(request: Request, token: str) -> Response:
    """The page of a link, the same for every link: nothing is looked up before the button is pressed."""
    return frame.page(request, None, "committee/link.html", token=token)


@router.post("/in/{token}")
def use_link(request: Request, room: Room, token: str) -> Response:
    """Use the link up, and have a way in be set up."""
    sessions.spend(request, limits.SIGN_IN)
    response = RedirectResponse(f"{COMMITTEE_PATH}/me", HTTPStatus.SEE_OTHER)
    with room.opened.database.write() as session:
        account = accounts.use_link(session, token, room.clock())
        if account is None:
            return frame.page(request, None, "committee/link_dead.html", HTTPStatus.GONE)
        volunteers.sign_in(request, response, session, account)
        acts.note(session, account.name, Did.SIGNED_IN, room.clock())
    return response


@router.post("/passkey/in/options", response_class=JSONResponse)
def ask_for_passkey(request: Request, room: Room) -> dict[str, Any]:
    """What any browser needs to sign in with a passkey."""
    sessions.spend(request, limits.SIGN_IN)
    with room.opened.database.write() as session:
        return accountkeys.ask_to_sign_in(session, passkeys.site_of(room.opened.place), room.clock())


@router.post("/passkey/in", response_class=JSONResponse)
def by_passkey(request: Request, room: Room, answer: Answer) -> Response:
    """Sign in with what it signed; a challenge that was answered wrongly is used up all the same."""
    sessions.spend(request, limits.SIGN_IN)
    site, response = passkeys.site_of(room.opened.place), JSONResponse({"to": COMMITTEE_PATH})
    with room.opened.database.write() as session:
        try:
            account = accountkeys.take_sign_in(session, site, answer, room.clock())
        except PasskeyRefusedError:
            account = None
        if account is not None:
            volunteers.sign_in(request, response, session, account)
            acts.note(session, account.name, Did.SIGNED_IN, room.clock())
            return response
    raise Problem(HTTPStatus.BAD_REQUEST, "That passkey was not accepted. Try again, or sign in another way.")
