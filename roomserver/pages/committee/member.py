"""One member: how he stands, what each door knows of it, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from contract.access import AccessRecord
from roomserver.committee import acts, evidence, people, volunteers
from roomserver.committee.acts import Did
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Caller, Volunteer, needs
from roomserver.pages import look, times
from roomserver.pages.committee import frame, handed
from roomserver.residents import members, once, persons, reasons
from roomserver.residents.members import MemberError
from roomserver.residents.once import Purpose
from roomserver.residents.reasons import ReasonError
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.web.sessions import COMMITTEE_PATH, Room

router = APIRouter(prefix=f"{COMMITTEE_PATH}/members/{{number}}")
Number = Annotated[str, Path(pattern=r"^\d{3,6}$")]
MOST_ACTS = 20
MOST_DAYS = 2 * 365


class NoMemberError(Problem):
    """A number that nobody has."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "There is no such member.")


@router.get("", dependencies=[needs(Right.LOOK)])
def member(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """The page."""
    return _page(request, room, caller, number)


@router.post("/reveal", dependencies=[needs(Right.REVEAL)])
def reveal(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """The page with name and phone in the clear, this once."""
    volunteers.spend(request, caller)
    with room.opened.database.write() as session:
        _get(session, number)
        acts.note(session, caller.name, Did.REVEALED, room.clock(), member=number)
    return _page(request, room, caller, number, clear=True)


@router.post("/revoke", dependencies=[needs(Right.MEMBERS)])
def revoke(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """No more codes, no more entry."""
    return _do(request, room, caller, number, Did.REVOKED, members.revoke)


@router.post("/reinstate", dependencies=[needs(Right.MEMBERS)])
def reinstate(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """In again, with new codes."""
    return _do(request, room, caller, number, Did.REINSTATED, members.reinstate)


@router.post("/reissue", dependencies=[needs(Right.MEMBERS)])
def reissue(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """New codes; what he had stops working, and his phone stays signed in."""
    return _do(request, room, caller, number, Did.REISSUED, members.reissue)


@router.post("/lost-phone", dependencies=[needs(Right.MEMBERS)])
def lost_phone(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """Signed out everywhere, with new codes."""
    return _do(request, room, caller, number, Did.PHONE_LOST, persons.lose_phone)


@router.post("/suspend", dependencies=[needs(Right.SUSPEND)])
def suspend(
    request: Request,
    room: Room,
    caller: Caller,
    number: Number,
    until: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """No codes and no entry until a time, for a reason that the member reads."""
    zone = room.opened.place.settings.codes.codes().time_zone
    spoken, now = look.language(request), room.clock()
    try:
        ends, why = moment(until, zone, now), reasons.words(reason)
    except ReasonError:
        return _page(request, room, caller, number, fault="reason", until=until, reason=reason)
    except ValueError:
        return _page(request, room, caller, number, fault="until", until=until, reason=reason)

    def work(session: Session, member: str, at: int) -> AccessRecord:
        record = members.suspend(session, member, ends, at)
        reasons.give(session, room.opened.vault, member, why, at)
        return record

    told = times.when(spoken, zone, now, ends)
    return _do(request, room, caller, number, Did.SUSPENDED, work, until=told)


@router.post("/lift", dependencies=[needs(Right.SUSPEND)])
def lift(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """The pause ends now; the codes are those from before."""
    return _do(request, room, caller, number, Did.LIFTED, members.lift)


@router.post("/link", dependencies=[needs(Right.MEMBERS)])
def link(request: Request, room: Room, caller: Caller, number: Number) -> Response:
    """A link that signs his phone in, once, shown this once; an older one is dead."""
    volunteers.spend(request, caller)
    with room.opened.database.write() as session:
        _get(session, number)
        if members.left(session, number):
            raise NoMemberError
        once.drop(session, Purpose.LINK, number)
        token = once.make(session, Purpose.LINK, room.clock(), member=number)
        acts.note(session, caller.name, Did.LINKED, room.clock(), member=number)
    back = f"{COMMITTEE_PATH}/members/{number}"
    return handed.link(request, caller, "people", f"/in/{token}", Purpose.LINK, back, number=number)


def moment(text: str, zone: tzinfo, now: int) -> int:
    """A date and time as a browser sends them, on the room's clock, as Unix s; ``ValueError`` unless to come.

    At most two years ahead: longer than that is a slip of the finger, or a revocation.
    """
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError("on the room's clock")
    found = int(local.replace(tzinfo=zone).timestamp())
    if not now < found <= now + MOST_DAYS * 86_400:
        raise ValueError("not in the next two years")
    return found


def _do(
    request: Request,
    room: Server,
    caller: Volunteer,
    number: str,
    did: Did,
    work: Callable[[Session, str, int], AccessRecord],
    **detail: object,
) -> Response:
    try:
        with room.opened.database.write() as session:
            _get(session, number)
            if members.left(session, number):
                raise NoMemberError
            work(session, number, room.clock())
            acts.note(session, caller.name, did, room.clock(), member=number, **detail)
    except MemberError:  # somebody else was faster
        return _page(request, room, caller, number, stale=True)
    room.changed()
    return RedirectResponse(f"{COMMITTEE_PATH}/members/{number}", HTTPStatus.SEE_OTHER)


def _why(why: str) -> str:
    """The word for a change; what a door's row told is one word, but for a revocation at the door."""
    return "learnt" if why.startswith("door-") and why != "door-revoked" else why.removeprefix("door-")


def _get(session: Session, number: str) -> AccessRecord:
    record = members.find(session, number)
    if record is None:
        raise NoMemberError
    return record


def _page(
    request: Request,
    room: Server,
    caller: Volunteer,
    number: str,
    *,
    clear: bool = False,
    stale: bool = False,
    fault: str = "",
    until: str = "",
    reason: str = "",
) -> Response:
    now, zone = room.clock(), room.opened.place.settings.codes.codes().time_zone
    return frame.page(
        request,
        caller,
        "committee/member.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.CONFLICT if stale else HTTPStatus.OK,
        clear=clear,
        stale=stale,
        now=now,
        fault=fault,
        typed=until or f"{datetime.fromtimestamp(now, zone) + timedelta(days=1):%Y-%m-%dT08:00}",
        typed_reason=reason,
        most=reasons.LENGTH,
        **_known(room, number, now, clear=clear),
    )


def _known(room: Server, number: str, now: int, *, clear: bool) -> dict[str, object]:
    """What is on record of a member; name and phone masked unless ``clear``."""
    opened = room.opened
    form = opened.place.settings.codes.codes()
    with opened.database.read() as session:
        record = _get(session, number)
        who = persons.read(session, opened.vault, number)
        change = evidence.last_change(session, number)
        known: dict[str, object] = {
            "record": record,
            "told": reasons.read(session, opened.vault, number),
            "standing": people.standing(record, now, left=members.left(session, number)),
            "changed": None if change is None else (_why(change.why), change.at),
            "proofs": evidence.of_member(session, number, record.kind, form),
            "done": acts.listed(session, member=number, most=MOST_ACTS),
        }
    name, phone = (None, None) if who is None else (who.name, who.phone)
    if not clear and who is not None:
        name, phone = people.masked_name(who.name), people.masked_phone(who.phone)
    return known | {"name": name, "phone": phone}
