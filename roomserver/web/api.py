"""The three calls of a door (PROTOCOL §3), and beside them the pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from pydantic import BaseModel, Field

from contract.messages import DOOR_NAME, MAX_N
from roomserver.pages import site
from roomserver.residents import members
from roomserver.web import problems
from roomserver.web.problems import Problem
from roomserver.web.server import Server
from roomserver.wire import doors, terms
from roomserver.wire.doors import EnrolmentRefusedError

MAX_COUNTER = MAX_N - 2**20  # a door that claims more would use up the counter
_DOOR = rf"^{DOOR_NAME.pattern}$"


class EnrolmentRequest(BaseModel):
    """What a door sends once."""

    token: str = Field(min_length=1, max_length=128)
    door: str = Field(pattern=_DOOR)


Since = Annotated[int, Query(ge=0, le=MAX_N)]
Digest = Annotated[str, Query(pattern="^[0-9a-f]{64}$")]
Taken = Annotated[int, Query(ge=0, le=MAX_COUNTER)]


def make_api(server: Server) -> FastAPI:
    """The API over ``server``; the browsable documents are off, they load scripts from elsewhere."""
    app = FastAPI(title="roomserver", version="1", docs_url=None, redoc_url=None)
    problems.install(app, server.clock, site.error_page)
    app.add_middleware(problems.BodyLimit)
    site.install(app, server)

    @app.get("/api/v1/time")
    def tell_time() -> dict[str, int]:
        return {"server_time": server.clock()}

    @app.post("/api/v1/doors/enroll", responses=problems.answers(400, 401, 413, 422))
    def enroll(request: EnrolmentRequest) -> dict[str, Any]:
        return _enroll(server, request)

    @app.get("/api/v1/doors/{door}/access", responses=problems.answers(401, 403, 404, 422))
    def access(
        request: Request, door: str, since: Since = 0, digest: Digest = "0" * 64, n: Taken = 0
    ) -> dict[str, Any]:
        return _access(server, _bearer(request), door, since, digest, n)

    return app


def _enroll(server: Server, request: EnrolmentRequest) -> dict[str, Any]:
    mqtt = server.opened.place.settings.mqtt
    try:
        with server.opened.database.write() as session:
            given = doors.enroll(session, server.opened.vault, request.token, request.door, server.clock())
            rules = terms.rules_json(session)
    except EnrolmentRefusedError as error:
        raise Problem(HTTPStatus.UNAUTHORIZED, str(error), {"WWW-Authenticate": "Bearer"}) from None
    server.changed()
    return {
        "door_key": given.door_key.hex(),
        "api_token": given.api_token,
        "mqtt": {
            "host": mqtt.door_host or mqtt.host,
            "port": mqtt.port,
            "username": request.door,
            "password": given.mqtt_password,
            "tls": mqtt.tls,
        },
        "command_n": given.command_n,
        "codes": terms.codes_json(server.opened.place.settings.codes.codes()),
        "rules": rules,
        "server_time": server.clock(),
    }


def _access(server: Server, token: str, name: str, since: int, digest: str, n: int) -> dict[str, Any]:
    with server.opened.database.write() as session:
        door = doors.authenticate(session, token)
        if door is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "No door has this token. Enrol again.",
                {"WWW-Authenticate": "Bearer"},
            )
        if door.name != name:
            if doors.find(session, name) is None:
                raise Problem(HTTPStatus.NOT_FOUND, "There is no such door.")
            raise Problem(HTTPStatus.FORBIDDEN, "This token is another door's.")
        answer = members.answer(session, since, digest)
        doors.heard(door, server.clock(), holds=None if answer.complete else since, n=n)
        rules = terms.rules_json(session)
    return {
        "revision": answer.revision,
        "digest": answer.digest,
        "complete": answer.complete,
        "members": [record.as_json() for record in answer.members],
        "codes": terms.codes_json(server.opened.place.settings.codes.codes()),
        "rules": rules,
        "server_time": server.clock(),
    }


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "This call needs the door's token.", {"WWW-Authenticate": "Bearer"}
        )
    return token
