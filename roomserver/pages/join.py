"""Joining: one form, two ticks, and a page that tells what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from roomserver.identity import Verdict
from roomserver.identity.gb11643 import NumberError
from roomserver.pages import look, times
from roomserver.pages.coming import home
from roomserver.residents import joining, persons
from roomserver.residents.joining import Declined, Sent, State, TooYoungError
from roomserver.residents.persons import DetailsError
from roomserver.storage.register import Application
from roomserver.web import limits, sessions
from roomserver.web.limits import Limit, TooManyError
from roomserver.web.sessions import Room, Whoever

router = APIRouter()

DAY_SECONDS = 86_400
Text = Annotated[str, Form(max_length=200)]
Tick = Annotated[bool, Form()]


@dataclass(frozen=True, slots=True)
class Filled:
    """What was typed, to be shown again; and what is wrong, by field."""

    name: str = ""
    phone: str = ""
    identity: str = ""
    membership: bool = False
    identity_check: bool = False


@router.get("/join")
def join(request: Request, room: Room, visitor: Whoever) -> Response:
    """The form; or for an applicant, what has become of his application."""
    if visitor.member is not None:
        return home(visitor)
    if visitor.application is not None:
        with room.opened.database.read() as session:
            found = session.get(Application, visitor.application)
        zone = room.opened.place.settings.codes.codes().time_zone
        if found is not None and "again" not in request.query_params:
            return look.render(
                request,
                "applied.html",
                declined=found.state == State.DECLINED,
                reason=_reason(found),
                when=times.when(look.language(request), zone, room.clock(), found.applied_at),
                again=found.reason in (Verdict.DOWN, Verdict.BUSY),
            )
    return _form(request, Filled(), {})


@router.post("/join")
def apply(
    request: Request,
    room: Room,
    visitor: Whoever,
    name: Text = "",
    phone: Text = "",
    identity: Text = "",
    membership: Tick = False,
    identity_check: Tick = False,
) -> Response:
    """Take the form; what is wrong is told beside its field, and nothing that was typed is lost."""
    if visitor.member is not None:
        return home(visitor)
    filled = Filled(name, phone, identity, membership, identity_check)
    faults = _faults(room, filled)
    if faults:
        return _form(request, filled, faults)
    sessions.spend(request, limits.JOIN)
    now = room.clock()
    asked = joining.applicant(room.opened, name, phone, identity, now)
    sent = Sent(sessions.form_token(request), sessions.token_of(request))
    outcome = joining.apply(room.opened, asked, lambda *who: _check(request, *who), sent, now)
    if outcome.verdict is Verdict.WRONG:
        return _form(request, filled, {"identity": "wrong"})
    taken_in = outcome.visitor.member is not None
    response = home(outcome.visitor) if taken_in else RedirectResponse("/join", HTTPStatus.SEE_OTHER)
    sessions.give_cookie(request, response, outcome.token)
    room.changed()
    return response


@router.post("/join/withdraw")
def withdraw(request: Request, room: Room, visitor: Whoever) -> Response:
    """An application is taken back, and deleted."""
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    if visitor.application is not None:
        with room.opened.database.write() as session:
            persons.drop_application(session, visitor.application)
            sessions.end(session, sessions.token_of(request) or "")
        sessions.take_cookie(request, response)
    return response


def _reason(found: Application) -> str:
    """Why it waits, or why it was declined; what an earlier version wrote down is one of the others."""
    if found.state == State.DECLINED:
        return found.reason if found.reason in tuple(Declined) else Declined.OTHER
    return found.reason or Verdict.SEE_PAPER


def _faults(room: Room, filled: Filled) -> dict[str, str]:
    """By field, the word for what is wrong; each part is looked at, so that all is told at once."""
    faults: dict[str, str] = {}
    now = room.clock()
    for part, values in (
        ("name", (filled.name, "000000")),
        ("phone", ("x", filled.phone)),
    ):
        try:
            persons.details(*values)
        except DetailsError:
            faults[part] = part
    try:
        joining.applicant(room.opened, "x", "000000", filled.identity, now)
    except NumberError as error:
        faults["identity"] = error.fault
    except TooYoungError:
        faults["identity"] = "young"
    for tick in ("membership", "identity_check"):
        if not getattr(filled, tick):
            faults[tick] = "consent"
    return faults


def _check(request: Request, name: str, number: str) -> Verdict:
    """Ask the provider, unless it was asked too often today."""
    room = sessions.server_of(request)
    most = Limit("identity-check", room.opened.place.settings.identity.checks_a_day, DAY_SECONDS)
    try:
        request.app.state.limits.spend(most, "all")
    except TooManyError:
        return Verdict.BUSY
    verdict: Verdict = request.app.state.provider.check(name, number)
    return verdict


def _form(request: Request, filled: Filled, faults: dict[str, str]) -> Response:
    identity = sessions.server_of(request).opened.place.settings.identity
    return look.render(
        request,
        "join.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
        filled=filled,
        faults=faults,
        provider=identity.provider,
        least_age=identity.least_age,
    )
