"""The three calls of a door, over real HTTP: what they answer, and what they refuse to whom."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import databases
import httpx
import pytest
from serving import RoomServer, room_server
from sqlalchemy import text

from roomserver.app import bind
from roomserver.place import Place
from roomserver.settings import Settings
from roomserver.storage.database import Database

KEYS = {"door_key", "api_token", "mqtt", "command_n", "codes", "rules", "server_time"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    """One running server for all the tests."""
    with room_server(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: RoomServer) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=5) as client:
        yield client


@pytest.fixture
def home(server: RoomServer) -> dict[str, Any]:
    """What the door ``front`` took home, just now."""
    return server.enroll("front")


@pytest.fixture
def bearer(home: dict[str, Any]) -> dict[str, str]:
    """Its authorisation."""
    return {"Authorization": f"Bearer {home['api_token']}"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an error, which must have the form of RFC 9457 and the server's time."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert type(body["server_time"]) is int
    return body


def test_the_time_is_told_to_anybody(http: httpx.Client) -> None:
    answer = http.get("time")
    assert answer.status_code == 200
    assert list(answer.json()) == ["server_time"]
    assert type(answer.json()["server_time"]) is int
    assert answer.headers["cache-control"] == "no-store"


def test_a_door_enrols_once_with_its_token(server: RoomServer, http: httpx.Client) -> None:
    token = server.add_door("front")
    answer = http.post("doors/enroll", json={"token": token, "door": "front"})
    assert answer.status_code == 200
    home = answer.json()
    assert home.keys() == KEYS
    assert len(bytes.fromhex(home["door_key"])) == 32
    assert home["mqtt"].keys() == {"host", "port", "username", "password", "tls"}
    assert home["mqtt"]["username"] == "front"
    problem(http.post("doors/enroll", json={"token": token, "door": "front"}), 401)


def test_a_new_machine_gets_the_same_door_key_and_the_old_token_dies(
    server: RoomServer, http: httpx.Client, home: dict[str, Any], bearer: dict[str, str]
) -> None:
    again = server.enroll("front")
    assert again["door_key"] == home["door_key"]
    assert again["api_token"] != home["api_token"]
    problem(http.get("doors/front/access", headers=bearer), 401)


def test_a_token_for_another_door_is_as_wrong_as_any(server: RoomServer, http: httpx.Client) -> None:
    token = server.add_door("front")
    wrong = problem(http.post("doors/enroll", json={"token": "no such token", "door": "front"}), 401)
    other = problem(http.post("doors/enroll", json={"token": token, "door": "back"}), 401)
    assert {**wrong, "server_time": 0} == {**other, "server_time": 0}
    assert http.post("doors/enroll", json={"token": token, "door": "front"}).status_code == 200


def test_a_newer_token_kills_the_one_before(server: RoomServer, http: httpx.Client) -> None:
    old = server.add_door("front")
    server.add_door("front")
    problem(http.post("doors/enroll", json={"token": old, "door": "front"}), 401)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"[" * 10_000, b"\xff\xfe", b'{"n": ' + b"9" * 5_000 + b"}",
        b'{"token": 1, "door": "front"}', b'{"token": "x"}', b'{"token": "", "door": "front"}',
        b'{"token": "x", "door": "../etc"}', b'{"token": "x", "door": "FRONT"}',
        b'{"token": "\\ud800", "door": "a"}', b'{"token": "x", "door": "front\\n"}',
    ],
)  # fmt: skip
def test_an_enrolment_of_another_form_is_told_so_without_repeating_it(
    http: httpx.Client, body: bytes
) -> None:
    answer = http.post("doors/enroll", content=body, headers={"Content-Type": "application/json"})
    problem(answer, answer.status_code)
    assert answer.status_code in (400, 401, 422)


def test_a_secret_in_a_faulty_request_does_not_come_back(http: httpx.Client, server: RoomServer) -> None:
    secret = "s3cret" * 30
    answer = http.post("doors/enroll", json={"token": secret, "door": "front"})
    problem(answer, 422)
    assert "s3cret" not in answer.text
    assert "s3cret" not in server.log()


def test_a_body_without_end_is_cut_off(http: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    problem(http.post("doors/enroll", content=endless()), 413)


def test_the_list_is_told_as_the_protocol_has_it(
    server: RoomServer, http: httpx.Client, bearer: dict[str, str]
) -> None:
    added = server.json("member", "add")
    first = http.get("doors/front/access", headers=bearer).json()
    assert first.keys() == {"revision", "digest", "complete", "members", "codes", "rules", "server_time"}
    assert added in first["members"]
    assert not first["complete"]
    params = {"since": first["revision"], "digest": first["digest"], "n": 0}
    same = http.get("doors/front/access", headers=bearer, params=params).json()
    assert (same["complete"], same["members"]) == (False, [])
    server.cli("member", "revoke", added["member"])
    delta = http.get("doors/front/access", headers=bearer, params=params).json()
    assert [(r["member"], r["revoked_through"]) for r in delta["members"]] == [(added["member"], 4)]
    other = {**params, "digest": "a" * 64}
    assert http.get("doors/front/access", headers=bearer, params=other).json()["complete"]


def test_codes_and_rules_go_with_every_list(http: httpx.Client, bearer: dict[str, str]) -> None:
    answer = http.get("doors/front/access", headers=bearer).json()
    assert answer["codes"]["windows"]["phone"] == {"step": 120, "skew": 30, "grace": 60}
    assert answer["codes"]["time_zone"] == "Asia/Shanghai"
    assert answer["rules"].pop("revision") > 0
    assert answer["rules"] == {
        "hours": {}, "holidays": {}, "capacity": 15, "when_full": "allow", "note": "",
    }  # fmt: skip


def test_who_may_ask_for_the_list(http: httpx.Client, bearer: dict[str, str]) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}):
        answer = http.get("doors/front/access", headers=headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    basic = {"Authorization": bearer["Authorization"].replace("Bearer", "Basic")}
    problem(http.get("doors/front/access", headers=basic), 401)
    problem(http.get("doors/back/access", headers=bearer), 404)


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "since=1.5", f"since={2**60}", "digest=x", "n=-1", f"n={2**53 - 1}", "n="],
)
def test_parameters_of_another_form_are_told(http: httpx.Client, bearer: dict[str, str], query: str) -> None:
    faults = problem(http.get(f"doors/front/access?{query}", headers=bearer), 422)["errors"]
    assert [fault["at"] for fault in faults] == [f"query.{query.split('=')[0]}"]


def test_the_highest_command_taken_raises_the_counter_and_never_lowers_it(
    server: RoomServer, http: httpx.Client, bearer: dict[str, str]
) -> None:
    for n, expected in ((500, 500), (20, 500)):
        http.get("doors/front/access", headers=bearer, params={"n": n}).raise_for_status()
        assert server.json("door", "list")[0]["command_n"] == expected
    assert server.enroll("front")["command_n"] >= 500


def test_the_server_knows_which_revision_the_door_holds(
    server: RoomServer, http: httpx.Client, bearer: dict[str, str]
) -> None:
    told = http.get("doors/front/access", headers=bearer).json()
    params = {"since": told["revision"], "digest": told["digest"]}
    http.get("doors/front/access", headers=bearer, params=params).raise_for_status()
    assert server.json("door", "list")[0]["holds_revision"] == told["revision"]
    http.get("doors/front/access", headers=bearer, params={"since": 1, "digest": "b" * 64}).raise_for_status()
    assert server.json("door", "list")[0]["holds_revision"] is None


@pytest.mark.parametrize("method, path, status", [("GET", "nothing", 404), ("DELETE", "time", 405)])
def test_what_is_not_there_is_a_problem_too(http: httpx.Client, method: str, path: str, status: int) -> None:
    problem(http.request(method, path), status)


def test_a_fault_of_the_server_is_a_problem_and_tells_nothing(
    server: RoomServer, bearer: dict[str, str]
) -> None:
    """After it uvicorn hangs up, so each request here has a connection of its own."""
    url = f"{server.url}/api/v1/doors/front/access"
    database = Database(databases.url(server.folder))
    try:
        with database.write() as session:
            session.execute(text("ALTER TABLE members RENAME TO gone"))
        body = problem(httpx.get(url, headers=bearer), 500)
        assert "members" not in json.dumps(body)
    finally:
        with database.write() as session:
            session.execute(text("ALTER TABLE gone RENAME TO members"))
        database.close()
    assert httpx.get(url, headers=bearer).status_code == 200


def test_no_secret_is_in_the_log_or_open_in_the_database(
    server: RoomServer, home: dict[str, Any], bearer: dict[str, str]
) -> None:
    stored = databases.raw(server.folder)
    for secret in (home["door_key"], home["api_token"], home["mqtt"]["password"]):
        assert secret not in server.log()
        assert secret.encode() not in stored
    assert bytes.fromhex(home["door_key"]) not in stored
    assert not (server.folder / "broker.toml").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_is_not_kept_back_until_more_comes(host: str, tmp_path: Path) -> None:
    """With Nagle's delay each page on a kept connection took 40 ms longer."""
    settings = replace(Settings(), http=replace(Settings().http, host=host, port=0))

    async def accepted(listener: socket.socket) -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection: socket.socket = writer.get_extra_info("socket")
            told.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(answer, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            found = await told
            writer.close()
            await writer.wait_closed()
        return found

    assert asyncio.run(accepted(bind(Place(tmp_path, settings))))
