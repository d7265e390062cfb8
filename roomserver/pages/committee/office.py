"""The committee's accounts, for the administrator: who there is; add, reset, disable, another role."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from roomserver.committee import accounts, acts, volunteers
from roomserver.committee.accounts import AccountError, NameTakenError
from roomserver.committee.acts import Did
from roomserver.committee.office import Account
from roomserver.committee.roles import Right, Role
from roomserver.committee.volunteers import Caller, NotSignedInError, Volunteer, needs
from roomserver.pages.committee import frame, handed
from roomserver.residents.once import Purpose
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

HERE = f"{COMMITTEE_PATH}/accounts"
router = APIRouter(prefix=HERE)
RIGHT = [needs(Right.ACCOUNTS)]
Id = Annotated[int, Path(ge=1, le=2**53)]


class OwnAccountError(Exception):
    """Nobody does this to himself: so there is always one administrator who can sign in."""


@router.get("", dependencies=RIGHT)
def listed(request: Request, room: Room, caller: Caller) -> Response:
    """The page."""
    return _page(request, room, caller)


@router.post("", dependencies=RIGHT)
def add(
    request: Request,
    room: Room,
    caller: Caller,
    name: Annotated[str, Form(max_length=200)] = "",
    role: Annotated[Role, Form()] = Role.DUTY,
) -> Response:
    """Somebody new; his link is shown this once."""
    volunteers.must_be_fresh(caller)
    volunteers.spend(request, caller)
    try:
        with room.opened.database.write() as session:
            _hold(session, caller)
            account, token = accounts.add(session, name, role, room.clock())
            acts.note(session, caller.name, Did.ACCOUNT_ADDED, room.clock(), account=account.name, role=role)
            added = account.name
    except NameTakenError:
        return _page(request, room, caller, fault="taken", name=name, role=role)
    except AccountError:
        return _page(request, room, caller, fault="name", name=name, role=role)
    return _link(request, caller, added, token)


@router.post("/{id}/reset", dependencies=RIGHT)
def reset(request: Request, room: Room, caller: Caller, id: Id) -> Response:
    """All ways in are gone, and a link for new ones is shown this once; a disabled account is back."""
    volunteers.must_be_fresh(caller)
    volunteers.spend(request, caller)
    try:
        with room.opened.database.write() as session:
            name = _other(session, caller, id)
            token = accounts.reset(session, name, room.clock())
            acts.note(session, caller.name, Did.ACCOUNT_RESET, room.clock(), account=name)
    except OwnAccountError:
        return _page(request, room, caller, own=True)
    return _link(request, caller, name, token)


@router.post("/{id}/disable", dependencies=RIGHT)
def disable(request: Request, room: Room, caller: Caller, id: Id) -> Response:
    """No more signing in, and out everywhere."""
    volunteers.must_be_fresh(caller)
    try:
        with room.opened.database.write() as session:
            name = _other(session, caller, id)
            accounts.disable(session, name, room.clock())
            acts.note(session, caller.name, Did.ACCOUNT_DISABLED, room.clock(), account=name)
    except OwnAccountError:
        return _page(request, room, caller, own=True)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


@router.post("/{id}/role", dependencies=RIGHT)
def set_role(request: Request, room: Room, caller: Caller, id: Id, role: Annotated[Role, Form()]) -> Response:
    """What it may do from now on, and out everywhere."""
    volunteers.must_be_fresh(caller)
    try:
        with room.opened.database.write() as session:
            name = _other(session, caller, id)
            accounts.set_role(session, name, role)
            acts.note(session, caller.name, Did.ACCOUNT_ROLE, room.clock(), account=name, role=role)
    except OwnAccountError:
        return _page(request, room, caller, own=True)
    except AccountError:  # somebody else was faster, and the page tells the role that it has
        pass
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


def _hold(session: Session, caller: Volunteer) -> None:
    """Two administrators who disable each other at one moment: the second is out before he can."""
    if caller.id not in {one.id for one in accounts.held_admins(session)}:
        raise NotSignedInError


def _other(session: Session, caller: Volunteer, id_: int) -> str:
    """The name of an account that is not the caller's own."""
    _hold(session, caller)
    account = session.get(Account, id_)
    if account is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such account.")
    if account.id == caller.id:
        raise OwnAccountError
    return account.name


def _link(request: Request, caller: Volunteer, name: str, token: str) -> Response:
    path = f"{COMMITTEE_PATH}/in/{token}"
    return handed.link(request, caller, "office", path, Purpose.ACCOUNT_LINK, HERE, name=name)


def _page(
    request: Request,
    room: Server,
    caller: Volunteer,
    *,
    own: bool = False,
    fault: str = "",
    name: str = "",
    role: Role = Role.DUTY,
) -> Response:
    with room.opened.database.read() as session:
        found = [(account, accounts.has_passkey(session, account)) for account in accounts.listed(session)]
    return frame.page(
        request,
        caller,
        "committee/accounts.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.CONFLICT if own else HTTPStatus.OK,
        found=found,
        own=own,
        fault=fault,
        name=name,
        role=role,
        roles=list(Role),
    )
