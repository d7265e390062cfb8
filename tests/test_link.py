"""The link asks a real HTTP server on loopback, over real TLS, with good and bad certificates and answers."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority, Pair
from hostile import HOSTILE_TEXTS
from patience import Posted, until
from servers import Asked, Said, Server, serving

from contract.access import AccessRecord
from contract.codes import Kind
from door.answers import base_url
from door.call import MAX_ANSWER_BYTES
from door.events import FaultChanged, ListReceived, ServerTime
from door.link import LIST_FAULT, Known, Link, access_from

NOW = int(time.time())
IN_1970, IN_2099 = 86_400, 4_070_908_800
DIGEST = "ab" * 32
RECORD = AccessRecord("0427", Kind.STAFF, generation=2, revision=7)


def day(unix: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(unix, dt.UTC)


def access(**changes: object) -> dict[str, Any]:
    good = {
        "server_time": int(time.time()),
        "revision": 7,
        "digest": DIGEST,
        "complete": True,
        "members": [RECORD.as_json()],
        "codes": {"digits": 6},
        "rules": {"revision": 1},
    }
    return {**good, **changes}


def honest(asked: Asked) -> Said:
    """A server whose clock is right."""
    return Said({"server_time": int(time.time())}) if asked.path.endswith("/time") else Said(access())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Pair:
    return authority.issue("good", day(NOW - 86_400), day(NOW + 90 * 86_400))


class Rig:
    """A link with what surrounds it."""

    def __init__(self) -> None:
        self.posted = Posted()
        self.rules: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.known = Known(NOW, None)
        self.links: list[Link] = []

    def link(self, url: str, ca: Path | None = None, **options: Any) -> Link:
        settings: dict[str, Any] = {"poll_seconds": 60, "hint_seconds": 0.05, "retry_seconds": 0.1, **options}
        link = Link(
            url=url,
            token="the-token",
            door="main",
            ca=ca,
            post=self.posted,
            position=lambda: (5, DIGEST, 9),
            on_rules=lambda codes, rules: self.rules.append((codes, rules)),
            known=lambda: self.known,
            **settings,
        )
        self.links.append(link)
        link.start()
        return link

    @contextmanager
    def serving(
        self, answer: Callable[[Asked], Said], pair: Pair | None = None, port: int = 0
    ) -> Iterator[Server]:
        """A server that the links are stopped before: no connection is cut half way by the test itself."""
        with serving(answer, pair, port) as server:
            try:
                yield server
            finally:
                self.stop()

    def stop(self) -> None:
        for link in self.links:
            link.stop(5)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.stop()


def test_an_answer_brings_the_time_the_list_and_the_rules(rig: Rig, authority: Authority, good: Pair) -> None:
    with rig.serving(honest, good) as server:
        link = rig.link(server.url, authority.file)
        received = rig.posted.next(ListReceived)
        assert received == ListReceived(7, DIGEST, True, (RECORD,))
        assert [abs(told.unix_ms / 1000 - time.time()) < 3 for told in rig.posted.of(ServerTime)] == [True]
        assert rig.rules == [({"digits": 6}, {"revision": 1})]
        until(lambda: link.up and abs(link.at - time.time()) < 5)
        (asked,) = server.asked
    assert asked.path == "/api/v1/doors/main/access"
    assert asked.query == {"since": ["5"], "digest": [DIGEST], "n": ["9"]}
    assert asked.token == "Bearer the-token"


def test_loopback_needs_no_tls_and_any_other_host_does() -> None:
    assert base_url("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    assert base_url("http://[::1]:8000") == "http://[::1]:8000"
    assert base_url("https://room.example.org") == "https://room.example.org"
    for wrong in (
        "http://room.example.org",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "room.example.org",
        "https://",
    ):
        with pytest.raises(ValueError, match="the server's address must"):
            base_url(wrong)


def test_rules_are_handed_over_only_when_they_changed(rig: Rig) -> None:
    rules = iter([{"revision": 1}, {"revision": 1}, {"revision": 2}])
    with rig.serving(lambda _: Said(access(rules=next(rules)))) as server:
        link = rig.link(server.url)
        for _ in range(3):
            rig.posted.next(ListReceived)
            link.refresh()
        assert [rules for _, rules in rig.rules] == [{"revision": 1}, {"revision": 2}]


def test_many_hints_are_one_get_in_the_time_set(rig: Rig) -> None:
    with rig.serving(honest) as server:
        link = rig.link(server.url, hint_seconds=0.5)
        rig.posted.next(ListReceived)
        began = time.monotonic()
        for _ in range(50):
            link.refresh()
        rig.posted.next(ListReceived)
        assert time.monotonic() - began > 0.3
        assert len(server.asked) == 2


def test_without_a_hint_it_asks_again_after_the_poll_time(rig: Rig) -> None:
    with rig.serving(honest) as server:
        rig.link(server.url, poll_seconds=0.2)
        until(lambda: len(server.asked) >= 4)


def test_a_server_that_is_away_is_said_once_and_found_again(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "door.link")
    with rig.serving(honest) as server:
        port = server.port
    link = rig.link(f"http://127.0.0.1:{port}", poll_seconds=0.3)
    until(lambda: len(levels(caplog, logging.DEBUG)) >= 2)
    assert not link.up
    assert levels(caplog, logging.WARNING) == [
        "no answer from the server: the server cannot be reached (Connection refused)"
    ]
    with rig.serving(honest, port=port):
        rig.posted.next(ListReceived)
        until(lambda: link.up)
    assert levels(caplog, logging.INFO) == ["the server answers again"]


def levels(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


# -- certificates ---------------------------------------------------------------------------------


def test_a_server_that_is_not_the_server_gets_no_token(
    rig: Rig, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Authority(tmp_path, "stranger")
    valid = (day(NOW - 86_400), day(NOW + 86_400))
    for pair in (
        authority.issue("other-host", *valid, host="other.example.org"),
        stranger.issue("s", *valid),
    ):
        with rig.serving(honest, pair) as server:
            caplog.clear()
            link = rig.link(server.url, authority.file)
            until(lambda: "certificate does not fit" in caplog.text)
            link.stop(5)
            assert server.asked == []
    assert rig.posted.all == []


@pytest.mark.parametrize(
    "begins, ends", [(NOW + 3600, NOW + 86_400), (NOW - 86_400, NOW - 3600)], ids=["too-early", "over"]
)
def test_a_certificate_that_is_not_valid_now_gets_no_token(
    rig: Rig, authority: Authority, caplog: pytest.LogCaptureFixture, begins: int, ends: int
) -> None:
    with rig.serving(honest, authority.issue(f"dates-{begins}", day(begins), day(ends))) as server:
        rig.link(server.url, authority.file)
        until(lambda: "by the server's own clock" in caplog.text)
        assert set(server.paths()) == {"time"}
    assert rig.posted.all == []


@pytest.mark.parametrize("wrong", [IN_1970, IN_2099, None])
def test_a_wrong_clock_is_told_the_time_and_then_verifies_by_it(
    rig: Rig, authority: Authority, good: Pair, wrong: int | None
) -> None:
    rig.known = Known(wrong, None)
    with rig.serving(honest, good) as server:
        link = rig.link(server.url, authority.file)
        rig.posted.next(ListReceived)
        assert server.paths() == ["time", "access"]
        assert abs(rig.posted.of(ServerTime)[0].unix_ms / 1000 - time.time()) < 3
        rig.known = Known(NOW, None)
        link.refresh()
        rig.posted.next(ListReceived)
        assert server.paths() == ["time", "access", "access"]


def test_the_doors_clock_counts_and_not_the_systems(rig: Rig, authority: Authority) -> None:
    """The server and the door live in 2099; the system clock of this machine would refuse the certificate."""

    def late(asked: Asked) -> Said:
        return Said(access(server_time=IN_2099))

    rig.known = Known(IN_2099, IN_2099 - 3600)
    pair = authority.issue("in-2099", day(IN_2099 - 86_400), day(IN_2099 + 86_400))
    with rig.serving(late, pair) as server:
        rig.link(server.url, authority.file)
        rig.posted.next(ListReceived)
        assert server.paths() == ["access"]


@pytest.mark.parametrize(
    "past, believed",
    [(None, True), (NOW - 40 * 86_400, True), (NOW - 3600, False)],
    ids=["no-past", "older", "newer"],
)
def test_a_stolen_certificate_that_ended_before_known_past_tells_no_time(
    rig: Rig, authority: Authority, caplog: pytest.LogCaptureFixture, past: int | None, believed: bool
) -> None:
    ended = NOW - 30 * 86_400

    def liar(asked: Asked) -> Said:
        return Said(access(server_time=ended - 3600))

    rig.known = Known(None, past)
    with rig.serving(liar, authority.issue(f"stolen-{past}", day(ended - 86_400), day(ended))) as server:
        rig.link(server.url, authority.file)
        if believed:
            rig.posted.next(ServerTime)
        else:
            until(lambda: "has expired" in caplog.text)
            assert set(server.paths()) == {"time"}
            assert rig.posted.all == []


def test_an_authority_that_has_ended_vouches_for_nobody(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system clock is right, OpenSSL compares the dates of the whole chain."""
    rig.known = Known(int(time.time()), None)
    ended = Authority(tmp_path, "ended", until=2020)
    pair = ended.issue("under-ended", day(NOW - 86_400), day(NOW + 86_400))
    with rig.serving(honest, pair) as server:
        rig.link(server.url, ended.file)
        until(lambda: "certificate has expired" in caplog.text)
        assert "access" not in server.paths()
    assert rig.posted.of(ListReceived) == []


def test_an_authority_that_cannot_be_read_is_said_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "door.link")
    rig.link("https://127.0.0.1:1", Path("/nowhere/ca.pem"))
    until(lambda: len(levels(caplog, logging.DEBUG)) >= 2)
    assert levels(caplog, logging.WARNING) == [
        "the certificate authority for the server cannot be read: No such file or directory"
    ]


def test_plain_http_reads_no_authorities(rig: Rig) -> None:
    """Those of a system are 140, read in 15 ms and a megabyte at every call."""
    with rig.serving(honest) as server:
        rig.link(server.url, Path("/nowhere/ca.pem"))
        until(lambda: rig.posted.of(ListReceived))


# -- hostile answers ------------------------------------------------------------------------------


WRONG_RECORD = {**RECORD.as_json(), "generation": "2"}
WRONG_ANSWERS: dict[str, dict[str, object]] = {
    "one wrong record": {"members": [RECORD.as_json(), WRONG_RECORD]},
    "one member twice": {"members": [RECORD.as_json(), RECORD.as_json()]},
    "members no list": {"members": {}},
    "revision a truth": {"revision": True},
    "revision below zero": {"revision": -1},
    "digest short": {"digest": "ab"},
    "digest no hex": {"digest": "zz" * 32},
    "complete a number": {"complete": 1},
    "codes a list": {"codes": []},
    "rules null": {"rules": None},
    "time in text": {"server_time": "now"},
    "time in 1970": {"server_time": 0},
    "time beyond reason": {"server_time": 2**60},
}


@pytest.mark.parametrize("raw", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_garbage_is_refused_whole(rig: Rig, raw: bytes) -> None:
    refused(rig, Said(raw))


@pytest.mark.parametrize("changes", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_an_answer_with_one_wrong_field_is_refused_whole(rig: Rig, changes: dict[str, object]) -> None:
    refused(rig, Said(access(**changes)))


def test_an_answer_beyond_the_bound_is_refused(rig: Rig) -> None:
    refused(rig, Said(b" " * (MAX_ANSWER_BYTES + 1)))


def test_an_answer_far_beyond_the_bound_is_not_heard_to_the_end(rig: Rig) -> None:
    with rig.serving(lambda _: Said(b" " * (MAX_ANSWER_BYTES * 3))) as server:
        rig.link(server.url, retry_seconds=60)
        rig.posted.next(FaultChanged)
        until(lambda: server.cut_off == 1)


def refused(rig: Rig, said: Said) -> None:
    """The answer changes nothing but a fault, and the next good one clears it."""
    with rig.serving(lambda _: said) as server:
        rig.link(server.url)
        assert rig.posted.next(FaultChanged) == FaultChanged(LIST_FAULT, True)
        assert rig.posted.of(ListReceived) == []
        assert rig.rules == []
        server.answer = honest
        rig.posted.next(ListReceived)
        assert rig.posted.next(FaultChanged) == FaultChanged(LIST_FAULT, False)


def test_rules_that_cannot_be_used_refuse_the_list_with_them(rig: Rig) -> None:
    def choosy(codes: dict[str, Any], rules: dict[str, Any]) -> None:
        raise ValueError("hours[0] is no time of day")

    posted = Posted()
    with rig.serving(honest) as server:
        link = Link(
            url=server.url,
            token="t",
            door="main",
            post=posted,
            position=lambda: (0, DIGEST, 0),
            on_rules=choosy,
            known=lambda: Known(NOW, None),
        )
        link.start()
        assert posted.next(FaultChanged) == FaultChanged(LIST_FAULT, True)
        link.stop(5)
    assert posted.of(ListReceived) == []


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 429, 500, 503])
def test_an_error_or_a_redirect_brings_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with rig.serving(lambda _: Said(access(), status, {"Location": "http://127.0.0.1:1/"})) as server:
        rig.link(server.url)
        until(lambda: f"the server answered {status}" in caplog.text)
    assert rig.posted.all == []


def test_what_the_server_says_of_its_error_is_told(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    problem = Said({"title": "unknown token", "status": 401, "server_time": NOW}, 401)
    with rig.serving(lambda _: problem) as server:
        rig.link(server.url)
        until(lambda: "the server answered 401: unknown token" in caplog.text)
    assert "the-token" not in caplog.text


def test_a_server_that_breaks_off_is_tried_again(rig: Rig) -> None:
    cut = Said(b"{", headers={"Content-Length": "5000", "Connection": "close"})
    answers = [cut, cut, Said(access())]
    with rig.serving(lambda _: answers.pop(0) if answers else Said(access())) as server:
        rig.link(server.url)
        rig.posted.next(ListReceived)
        assert len(server.asked) >= 3


def test_stopping_does_not_wait_for_a_silent_server(rig: Rig) -> None:
    hung, release = threading.Event(), threading.Event()

    def silent(asked: Asked) -> Said:
        hung.set()
        release.wait(20)
        return Said(access())

    with rig.serving(silent) as server:
        link = rig.link(server.url)
        assert hung.wait(5)
        began = time.monotonic()
        link.stop(0.2)
        assert time.monotonic() - began < 2
        release.set()


def test_an_answer_that_took_long_tells_no_time() -> None:
    from door.answers import Answer

    assert Answer({}, NOW, sent_at=0.0, head_at=11.0).unix_ms() is None
    now = time.monotonic()
    told = Answer({}, NOW, sent_at=now - 6, head_at=now - 2).unix_ms()
    assert told is not None
    assert abs(told - (NOW + 4) * 1000) < 100


def test_a_good_answer_is_read_field_by_field() -> None:
    read = access_from(access(complete=False))
    assert read.received == ListReceived(7, DIGEST, False, (RECORD,))
    assert (read.codes, read.rules) == ({"digits": 6}, {"revision": 1})
