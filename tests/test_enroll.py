"""Enrolling against a real HTTP server on loopback: what comes back, and a sentence for every failure."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority, Pair
from hostile import HOSTILE_TEXTS
from servers import Asked, Said, serving

from door.enroll import EnrollError, enroll
from door.errors import LinkError

NOW = int(time.time())
TOKEN = "one-time-token-5512"
GIVEN = {
    "door_key": "00" * 32,
    "api_token": "secret-api-token",
    "mqtt": {"host": "127.0.0.1"},
    "command_n": 0,
}


def yes(asked: Asked) -> Said:
    return Said({**GIVEN, "server_time": int(time.time())})


def day(unix: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(unix, dt.UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Pair:
    return authority.issue("good", day(NOW - 86_400), day(NOW + 86_400))


def test_a_token_becomes_credentials(authority: Authority, good: Pair) -> None:
    with serving(yes, good) as server:
        assert enroll(server.url, TOKEN, "main", authority.file) == GIVEN
        (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/doors/enroll")
    assert json.loads(asked.body) == {"token": TOKEN, "door": "main"}
    assert asked.token is None


def words(url: str, ca: Path | None = None, door: str = "main", **options: Any) -> str:
    """The sentence of the failure, in which no secret stands."""
    with pytest.raises(EnrollError) as caught:
        enroll(url, TOKEN, door, ca, **options)
    assert isinstance(caught.value, LinkError)
    assert caught.value.__cause__ is None
    text = str(caught.value)
    assert TOKEN not in text
    assert "secret" not in text
    return text


@pytest.mark.parametrize(
    "status, sentence",
    [
        (401, "has been used"),
        (403, "has been used"),
        (404, "no study-room server"),
        (422, "a form that the server does not take"),
        (500, "refuses"),
        (302, "refuses"),
    ],
)
def test_each_refusal_says_what_to_do(status: int, sentence: str) -> None:
    with serving(lambda _: Said({"title": "No", "detail": "so it is", "server_time": NOW}, status)) as server:
        text = words(server.url)
    assert sentence in text
    assert f"the server answered {status}: so it is" in text


def test_a_server_that_is_not_there() -> None:
    with serving(yes) as server:
        url = server.url
    assert words(url) == (
        f"the server cannot be reached (Connection refused); is {url} right, and does the server run?"
    )


def test_an_address_that_cannot_be_meant() -> None:
    assert "must look like https://" in words("room.example.org")
    assert "must begin with https://" in words("http://room.example.org")


def test_a_name_that_is_no_doors() -> None:
    assert words("http://127.0.0.1:1", door="Main Door") == "a door's name is 1 to 32 of a-z, 0-9 and -"


def test_a_server_with_another_authority_gets_no_token(good: Pair, tmp_path: Path) -> None:
    with serving(yes, good) as server:
        assert "certificate does not fit" in words(server.url, Authority(tmp_path, "stranger").file)
        assert "certificate does not fit" in words(server.url)  # nor does the system know it
        assert server.asked == []


def test_a_server_with_another_name_gets_no_token(authority: Authority) -> None:
    pair = authority.issue("other", day(NOW - 86_400), day(NOW + 86_400), host="room.example.org")
    with serving(yes, pair) as server:
        assert "certificate does not fit" in words(server.url, authority.file)
        assert server.asked == []


def test_plain_http_where_tls_was_meant(authority: Authority) -> None:
    with serving(yes) as server:
        assert "speaks no TLS" in words(server.url.replace("http:", "https:"), authority.file)


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in words("https://127.0.0.1:1", tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    assert "cannot be read" in words("https://127.0.0.1:1", tmp_path / "empty.pem")


@pytest.mark.parametrize(
    "begins, ends", [(NOW + 3600, NOW + 86_400), (NOW - 86_400, NOW - 3600)], ids=["too-early", "over"]
)
def test_dates_are_judged_by_the_servers_time(authority: Authority, begins: int, ends: int) -> None:
    pair = authority.issue(f"dates-{begins}", day(begins), day(ends))
    with serving(yes, pair) as server:
        text = words(server.url, authority.file)
    assert "not valid yet" in text or "expired" in text


def test_the_system_clock_has_no_say(authority: Authority) -> None:
    then = 4_070_908_800  # 2099, far from what this machine's clock says
    pair = authority.issue("then", day(then - 3600), day(then + 3600))
    with serving(lambda _: Said({**GIVEN, "server_time": then}), pair) as server:
        assert enroll(server.url, TOKEN, "main", authority.file) == GIVEN
        assert "expired" in words(server.url, authority.file, known_past=then + 7200)


@pytest.mark.parametrize("raw", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_garbage_is_an_error_in_words(raw: bytes) -> None:
    with serving(lambda _: Said(raw)) as server:
        assert "the server's answer" in words(server.url)
