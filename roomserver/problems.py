"""Errors of the API as problem details (RFC 9457): the server's time, and nothing of the request."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16 * 1024


class Problem(Exception):  # noqa: N818  (an answer, not a fault of ours)
    """An answer that is an error; ``detail`` says what to do."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def install(app: FastAPI, clock: Callable[[], int]) -> None:
    """Every error of ``app`` as a problem."""

    def answer(status: int, detail: str, headers: Any = None, **more: object) -> JSONResponse:
        body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        body |= {"server_time": clock(), **more}
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error.status, error.detail, error.headers)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return answer(
            error.status_code, HTTPStatus(error.status_code).description or str(error.detail), error.headers
        )

    @app.exception_handler(RequestValidationError)
    async def unprocessable(_: Request, error: RequestValidationError) -> JSONResponse:
        # Where and why, never what was sent: it may be a token.
        faults = [{"at": ".".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()]
        return answer(422, "The request has another form than the protocol's.", errors=faults)

    @app.exception_handler(Exception)
    async def broken(_request: Request, _error: Exception) -> JSONResponse:
        return answer(500, "Something is wrong at the server; its log says what. Try again later.")


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
