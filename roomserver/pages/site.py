"""The pages hung into the application: their routes, their files, their headers, their errors.

A router stands in ``ROUTERS``. Whatever of it may change something must come from a form of ours: every
form carries ``{{ form_token() }}`` of ``look.render``, and who sends one without it is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from roomserver.committee import volunteers
from roomserver.identity import provider_of
from roomserver.pages import code, coming, guide, join, look, me, passkey, privacy, room, wechat
from roomserver.pages.committee import live, routers
from roomserver.room.busy import BusyHours
from roomserver.web import problems, sessions
from roomserver.web.limits import Limits
from roomserver.web.server import Server

ROUTERS: Sequence[APIRouter] = (
    room.router,
    code.router,
    join.router,
    coming.router,
    me.router,
    passkey.router,
    guide.router,
    privacy.router,
    wechat.router,
)

KEPT = "public, max-age=31536000, immutable"
# What a page may answer beside itself: lead elsewhere (303), or refuse, as a page or as a problem.
ANSWERS: dict[int | str, dict[str, Any]] = {
    303: {"description": "See Other", "content": {}},
    **problems.answers(400, 401, 403, 404, 409, 410, 413, 422, 429, page=True),
}
TOLD_ERRORS = ("403", "404", "405", "413", "422", "429")


def install(app: FastAPI, server: Server) -> None:
    """Every page of the room; the API of the doors stays as it is."""
    app.state.server, app.state.limits = server, Limits(server.clock)
    app.state.provider = provider_of(server.opened.place)
    app.state.room = server.opened.place.settings.codes.room
    app.state.fan = live.fan(server)
    app.state.busy = BusyHours(server.opened)
    app.mount("/static", StaticFiles(directory=look.STATIC), name="static")

    @app.middleware("http")
    async def guarded(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        sessions.give_visit(request, response)
        if not request.url.path.startswith("/api/"):
            for name, value in look.headers().items():
                response.headers.setdefault(name, value)
        # A file's address has the digest of the file in it; what is told in pages is nobody else's.
        keeps = request.url.path.startswith("/static/") and "v" in request.query_params
        keeps = keeps and response.status_code == 200
        response.headers.setdefault("Cache-Control", KEPT if keeps else "no-store")
        return response

    for router in (*ROUTERS, *routers.all_checked()):
        include(app, router)
    app.include_router(wechat.api)
    wechat.verification(app, server.opened.place.settings.wechat.verification)


def include(app: FastAPI, router: APIRouter) -> None:
    """One more router, behind the rule for forms; what is not said otherwise answers with a page."""
    app.include_router(
        router,
        dependencies=[Depends(sessions.own_form)],
        default_response_class=HTMLResponse,
        responses=ANSWERS,
    )


def error_page(request: Request, status: int) -> Response | None:
    """The page of an error, for a browser that asked for a page; None for a program."""
    path, accepts = request.url.path, request.headers.get("accept", "")
    if path.startswith("/api/") or "text/html" not in accepts:
        return None
    theirs = path.startswith(f"{sessions.COMMITTEE_PATH}/") or path == sessions.COMMITTEE_PATH
    if status == HTTPStatus.UNAUTHORIZED:
        return RedirectResponse(f"{sessions.COMMITTEE_PATH if theirs else ''}/sign-in", HTTPStatus.SEE_OTHER)
    if theirs and (caller := volunteers.volunteer_or_none(request)) is not None and not caller.ready:
        return RedirectResponse(f"{sessions.COMMITTEE_PATH}/me", HTTPStatus.SEE_OTHER)
    return look.render(
        request, "error.html", status, kind=str(status) if str(status) in TOLD_ERRORS else "500"
    )
