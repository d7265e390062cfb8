"""The privacy page: the list of what is stored, as a reader sees it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from roomserver.pages import look
from roomserver.pages.words import Language
from roomserver.storage.stored import STORED
from roomserver.web.sessions import Room

router = APIRouter()


@router.get("/privacy")
def privacy(request: Request, room: Room) -> Response:
    """Everything that is stored, what is about the reader first."""
    spoken = 0 if look.language(request) is Language.ZH else 1
    settings = room.opened.place.settings
    return look.render(
        request,
        "privacy.html",
        stored=STORED,
        spoken=spoken,
        provider=settings.identity.provider,
        days=settings.audit.retention_days,
    )
