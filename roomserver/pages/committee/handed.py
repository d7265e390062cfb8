"""A page that shows a one-time link, this once: to be scanned by who it is for, or sent to him."""

from __future__ import annotations

from fastapi import Request, Response
from markupsafe import Markup

from roomserver.commandline import qr
from roomserver.committee.volunteers import Volunteer
from roomserver.pages.committee import frame
from roomserver.residents.once import LIFE_SECONDS, Purpose
from roomserver.web import sessions


def link(
    request: Request, caller: Volunteer, texts: str, path: str, purpose: Purpose, back: str, **named: str
) -> Response:
    """``path`` as a link for ``purpose``; ``texts`` begins the names of its words, ``back`` leads away."""
    url = f"{sessions.server_of(request).opened.place.origin}{path}"
    return frame.page(
        request,
        caller,
        "committee/handed.html",
        texts=texts,
        named=named,
        url=url,
        qr=Markup(qr.svg(url, fits=True)),  # noqa: S704  (our own picture)
        hours=LIFE_SECONDS[purpose] // 3600,
        back=back,
    )
