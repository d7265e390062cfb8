"""Errors of the API as problem details (RFC 9457): the server's time, and nothing of the request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16 * 1024


_WHOLE, _TEXT = {"type": "integer"}, {"type": "string"}
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "server_time"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": _WHOLE,
        "detail": _TEXT,
        "server_time": _WHOLE,
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"at": _TEXT, "detail": _TEXT}},
        },
    },
}


def answers(*statuses: int, page: bool = False) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI says of the errors of a call; a ``page`` tells them to a browser as a page."""
    content: dict[str, Any] = {"application/problem+json": {"schema": SCHEMA}}
    if page:
        content["text/html"] = {"schema": _TEXT}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)
    }


class Problem(HTTPException):
    """An answer that is an error; ``detail`` says what to do."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def install(app: FastAPI, clock: Callable[[], int], page: Callable[[Request, int], Response | None]) -> None:
    """Every error of ``app`` as a problem, or as the ``page`` that a person is shown instead."""

    def answer(request: Request, status: int, detail: str, headers: Any = None, **more: object) -> Response:
        if (shown := page(request, status)) is not None:
            shown.headers.update(headers or {})
            return shown
        body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        body |= {"server_time": clock(), **more}
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    @app.exception_handler(StarletteHTTPException)
    async def problem(request: Request, error: StarletteHTTPException) -> Response:
        # Starlette's own details are one word; the standard's sentence says more.
        words = error.detail if isinstance(error, Problem) else HTTPStatus(error.status_code).description
        return answer(request, error.status_code, words or error.detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def unprocessable(request: Request, error: RequestValidationError) -> Response:
        # Where and why, never what was sent: it may be a token.
        faults = [{"at": ".".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()]
        return answer(request, 422, "The request has another form than the protocol's.", errors=faults)

    @app.exception_handler(Exception)
    async def broken(request: Request, _error: Exception) -> Response:
        return answer(request, 500, "Something is wrong at the server; its log says what. Try again later.")


class BodyLimit:
    """Answers 413 before a body of more than ``MAX_BODY_BYTES`` is read into memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BODY_BYTES} bytes.")
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)
