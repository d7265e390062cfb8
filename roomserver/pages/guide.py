"""How the room is used: joining, the code, what the lights mean, why the door stays shut."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from roomserver.pages import look
from roomserver.pages.words import CATALOGUE, Language
from roomserver.paper.cues import SHOWN_MS, SIGNS
from roomserver.room.seats import HOLD_SECONDS
from roomserver.web.sessions import Room

router = APIRouter()

# The door's words for no, the most frequent first.
REASONS = (
    "late-code used-code early-code unknown-code wrong-length outside-hours room-full too-many-entries "
    "suspended revoked lockdown lease-ended"
).split()


@router.get("/help")
def guide(request: Request, room: Room) -> Response:
    """The page for whoever uses the room."""
    settings = room.opened.place.settings
    form = settings.codes.codes()
    return look.render(
        request,
        "guide.html",
        spoken=0 if look.language(request) is Language.ZH else 1,
        signs=SIGNS,
        shown_ms=SHOWN_MS,
        reasons=REASONS,
        words=CATALOGUE,
        digits=form.length,
        minutes=form.bundle_seconds // 60,
        hold=HOLD_SECONDS // 60,
        provider=settings.identity.provider,
        notices=settings.notices,
    )
