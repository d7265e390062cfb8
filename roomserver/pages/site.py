"""The pages hung into the application: their routes, their files, their headers, their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from roomserver.pages import look

KEPT = "public, max-age=31536000, immutable"
TOLD_ERRORS = ("403", "404", "405", "413", "422", "429")


def install(app: FastAPI, room: str) -> None:
    """Every page of ``room``; the API of the doors stays as it is."""
    app.state.room = room
    app.mount("/static", StaticFiles(directory=look.STATIC), name="static")

    @app.middleware("http")
    async def guarded(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        if not request.url.path.startswith("/api/"):
            for name, value in look.headers().items():
                response.headers.setdefault(name, value)
        # A file's address has the digest of the file in it; what is told in pages is nobody else's.
        keeps = request.url.path.startswith("/static/") and "v" in request.query_params
        keeps = keeps and response.status_code == 200
        response.headers.setdefault("Cache-Control", KEPT if keeps else "no-store")
        return response


def error_page(request: Request, status: int) -> Response | None:
    """The page of an error, for a browser that asked for a page; None for a program."""
    path, accepts = request.url.path, request.headers.get("accept", "")
    if path.startswith("/api/") or "text/html" not in accepts:
        return None
    return look.render(
        request, "error.html", status, kind=str(status) if str(status) in TOLD_ERRORS else "500"
    )
