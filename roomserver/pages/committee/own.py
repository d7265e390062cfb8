"""One's own account: password and authenticator, passkeys, signing out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup
from webauthn.helpers import bytes_to_base64url

from roomserver.commandline import qr
from roomserver.committee import accountkeys, accounts, acts, volunteers
from roomserver.committee.accounts import WeakPasswordError, WrongCodeError
from roomserver.committee.acts import Did
from roomserver.committee.office import Account
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages.committee import frame
from roomserver.residents import passkeys
from roomserver.residents.passkeys import PasskeyRefusedError
from roomserver.storage.vault import VaultError
from roomserver.web import limits, sessions
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE, COMMITTEE_PATH, Room

router = APIRouter(prefix=COMMITTEE_PATH)
OWN = [needs(Right.OWN)]
ME = f"{COMMITTEE_PATH}/me"
SECRET_SECONDS = 3600
Line = Annotated[str, Form(max_length=400)]
Answer = Annotated[dict[str, Any], Body()]


@router.get("/me", dependencies=OWN)
def me(request: Request, room: Room, caller: Caller, saved: bool = False) -> Response:
    """The page."""
    return _page(request, room, caller, saved=saved)


@router.post("/me/password", dependencies=OWN)
def set_password(
    request: Request, room: Room, caller: Caller, secret: Line = "", password: Line = "", code: Line = ""
) -> Response:
    """A password and an authenticator, in place of those before."""
    _spend(request, caller)
    now = room.clock()
    try:
        kept = accounts.hashed(caller.name, password)
        with room.opened.database.write() as session:
            account = volunteers.account_now(request, session)
            opened = _opened(room, caller, secret)
            accounts.set_password(room.opened.vault, account, kept, opened, code, now)
            volunteers.end_others(request, session, caller.id)
            acts.note(session, caller.name, Did.PASSWORD_SET, now)
    except WeakPasswordError:
        return _page(request, room, caller, fault="password", secret=secret)
    except WrongCodeError:
        return _page(request, room, caller, fault="code", secret=secret)
    return RedirectResponse(f"{ME}?saved=true", HTTPStatus.SEE_OTHER)


@router.post("/passkey/new/options", response_class=JSONResponse, dependencies=OWN)
def ask_for_passkey(request: Request, room: Room, caller: Caller) -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    _spend(request, caller)
    site = passkeys.site_of(room.opened.place)
    with room.opened.database.write() as session:
        try:
            return accountkeys.ask_for_new(session, site, session.get_one(Account, caller.id), room.clock())
        except PasskeyRefusedError:
            pass
    raise Problem(HTTPStatus.BAD_REQUEST, "You have ten passkeys. Remove one that you do not use.")


@router.post("/passkey/new", response_class=JSONResponse, dependencies=OWN)
def take_passkey(request: Request, room: Room, caller: Caller, answer: Answer) -> dict[str, str]:
    """Keep the one it made; a challenge that was answered wrongly is used up all the same."""
    _spend(request, caller)
    site = passkeys.site_of(room.opened.place)
    with room.opened.database.write() as session:
        try:
            accountkeys.take_new(session, site, caller.id, answer, room.clock())
        except PasskeyRefusedError:
            pass
        else:
            acts.note(session, caller.name, Did.PASSKEY_ADDED, room.clock())
            return {"to": f"{ME}?saved=true"}
    raise Problem(HTTPStatus.BAD_REQUEST, "That passkey was not accepted. Try again.")


@router.post("/me/passkeys/remove", dependencies=OWN)
def remove_passkey(
    request: Request, room: Room, caller: Caller, id: Annotated[str, Form(max_length=2000)]
) -> Response:
    """Forget one."""
    _spend(request, caller)
    with room.opened.database.write() as session:
        if accountkeys.remove(session, caller.id, id):
            acts.note(session, caller.name, Did.PASSKEY_REMOVED, room.clock())
    return RedirectResponse(ME, HTTPStatus.SEE_OTHER)


@router.post("/me/sign-out", dependencies=OWN)
def sign_out(request: Request, room: Room) -> Response:
    """End this browser's session."""
    with room.opened.database.write() as session:
        volunteers.end(request, session)
    response = RedirectResponse(f"{COMMITTEE_PATH}/sign-in", HTTPStatus.SEE_OTHER)
    sessions.take_cookie(request, response, COMMITTEE)
    return response


def _spend(request: Request, caller: Volunteer) -> None:
    volunteers.must_be_fresh(caller)
    request.app.state.limits.spend(limits.COMMITTEE, f"own {caller.id}")


def _page(
    request: Request,
    room: Server,
    caller: Volunteer,
    *,
    fault: str = "",
    secret: str = "",
    saved: bool = False,
) -> Response:
    site_name = room.opened.place.settings.codes.room
    with room.opened.database.read() as session:
        account = session.get_one(Account, caller.id)
        has_password = account.password is not None
        keys = [(bytes_to_base64url(key.id), key.made_at) for key in accountkeys.listed(session, caller.id)]
    try:
        plain = _opened(room, caller, secret)
    except WrongCodeError:  # the first time, or the page was open for too long
        plain, secret = accounts.new_secret(), ""
    return frame.page(
        request,
        caller,
        "committee/me.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
        fault=fault,
        saved=saved,
        has_password=has_password,
        keys=keys,
        sealed=secret or _sealed(room, caller, plain),
        secret=" ".join(plain[at : at + 4] for at in range(0, len(plain), 4)),
        qr=Markup(qr.svg(accounts.uri(plain, caller.name, site_name), fits=True)),  # noqa: S704  (our own picture)
        least=accounts.LEAST_PASSWORD,
    )


def _sealed(room: Server, caller: Volunteer, secret: str) -> str:
    """A new authenticator's secret as it travels through the page: for this account, and for an hour."""
    return room.opened.vault.seal_text(f"{caller.id} {room.clock()} {secret}").decode()


def _opened(room: Server, caller: Volunteer, sealed: str) -> str:
    """The secret again; ``WrongCodeError`` for what is not ours, another's or too old."""
    try:
        id_, made_at, secret = room.opened.vault.open_text(sealed.encode()).split(" ")
    except (VaultError, ValueError):
        raise WrongCodeError from None
    if int(id_) != caller.id or room.clock() - int(made_at) > SECRET_SECONDS:
        raise WrongCodeError
    return secret
