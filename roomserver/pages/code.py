"""The page of the code: ten digits as large as the screen allows, or why there are none."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from contract.bands import Band
from contract.codes import Codes
from roomserver.pages import look, times
from roomserver.pages.words import CATALOGUE, word
from roomserver.residents import phone
from roomserver.residents.phone import Shown
from roomserver.residents.standing import NoCode
from roomserver.web import sessions
from roomserver.web.sessions import Room, SignedIn, SignedOutError

POLL_SECONDS = 4
RENEW_SECONDS = 15 * 60  # a page with less than this left gets new codes
TELL_NUMBER = 5  # more free seats than this are plenty or some, and tell nobody who is alone inside

router = APIRouter()


@router.get("/code")
def code(request: Request, room: Room, member: SignedIn, door: str | None = None) -> Response:
    """The page; to open it is to draw a code."""
    shown = phone.draw(room.opened, _show(request, room, member, door), member)
    return look.render(
        request, "code.html", **_values(request, room.opened.place.settings.codes.codes(), shown)
    )


@router.get("/code/live", response_class=JSONResponse)
def live(
    request: Request, room: Room, member: SignedIn, door: str | None = None, until: int = 0
) -> dict[str, Any]:
    """What changed since, for a page that is open; codes when those it has (``until``) will not last."""
    form = room.opened.place.settings.codes.codes()
    shown = _show(request, room, member, door)
    values = _values(request, form, shown)
    more = bool(shown.codes) and until < shown.now + RENEW_SECONDS
    return {
        "now": shown.now,
        "standing": values["standing"],
        "second": shown.asks_second,
        "seats": look.fragment(request, "code_seats.html", **values),
        "news": look.fragment(request, "code_news.html", **values),
        "codes": values["told"]["codes"] if more else None,
        "offline": values["told"]["offline"] if more else None,
        "list": look.fragment(request, "code_list.html", **values) if more else None,
    }


def _show(request: Request, room: Room, member: str, door: str | None) -> Shown:
    """What he is shown, unless he was signed out meanwhile: new codes are not for a phone that is lost."""
    shown = phone.show(room.opened, member, room.clock(), door)
    with room.opened.database.read() as session:
        if sessions.visitor_now(request, session).member != member:
            raise SignedOutError
    return shown


def _values(request: Request, form: Codes, shown: Shown) -> dict[str, Any]:
    """What the templates are given; the scripts get ``told``."""
    spoken, zone = look.language(request), form.time_zone
    listed = [
        (phone.groups(one.digits, form), phone.groups(one.second, form), one.begins, one.ends)
        for one in shown.codes
    ]
    ends = times.clock(zone, shown.codes[-1].ends) if shown.codes else ""
    missing = shown.missing
    standing = _in_full(missing) if missing else "ok" if shown.door else "no-door"
    told = {
        "now": shown.now,
        "standing": standing,
        "codes": listed,
        "offline": word(spoken, "code.offline", until=ends),
        "poll": POLL_SECONDS,
        "left": word(spoken, "code.left", minutes="{minutes}", seconds="{seconds}"),
        "left_short": word(spoken, "code.left-short", seconds="{seconds}"),
        "before": word(spoken, "code.before", first="{first}", second="{second}"),
        "voice": look.static(f"voice-{spoken}.mp3"),
    }
    return {
        "shown": shown,
        "listed": listed,
        "told": told,
        "words": CATALOGUE,
        "standing": standing,
        "free": _free(shown),
        "clock": lambda t: times.clock(zone, t),
        "when": lambda t: times.when(spoken, zone, shown.now, t),
        "ago": lambda t: times.ago(spoken, shown.now - t),
        "seconds": shown.codes[0].ends - shown.now if shown.codes else 0,
    }


def _in_full(missing: NoCode) -> str:
    """Why, until when and for which reason: a page that is open comes anew when any of them changes."""
    return " ".join(str(part) for part in (missing.why, missing.until, missing.reason) if part)


def _free(shown: Shown) -> int | None:
    """Free seats, where a number says more than a word."""
    seats = shown.seats
    if seats is None or seats.free is None or seats.band is Band.FULL or seats.free > TELL_NUMBER:
        return None
    return seats.free
