"""Signing in from WeChat, against a local server that answers as WeChat's documents have it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import databases
import httpx
import pytest
from secrecy import WITNESS
from servers import Asked, Said, Server, serving
from stage import Browser, Stage, T, stage

from contract.codes import Codes, Kind
from contract.settings import SettingsError, read
from roomserver.pages.words import CATALOGUE
from roomserver.place import Place
from roomserver.residents import joining, members, once, persons
from roomserver.residents.once import Purpose
from roomserver.settings import Settings, Wechat

WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49 miniProgram/wx0"}
SECRET, OPENID, SESSION_KEY = (
    "0123456789abcdef-secret",
    "oGZUI0egBJY1zhBYw2KhdUfwVJJE",
    "tiihtNczf5v6AKRyjwEUhQ==",
)
FILE = "MP_verify_AbCdEfGh12345678.txt"


def known(openid: str = OPENID) -> Said:
    """WeChat knows the code."""
    return Said(
        json.dumps({"openid": openid, "session_key": SESSION_KEY}).encode(),
        headers={"Content-Type": "text/plain"},
    )


@contextmanager
def room(folder: Path, answer: Callable[[Asked], Said]) -> Iterator[tuple[Stage, Server]]:
    """A room with a mini program, and WeChat."""
    for secret in (SECRET, OPENID, SESSION_KEY):
        WITNESS.word(secret)
    with serving(answer) as wechat:
        settings = Wechat(
            app_id="wx0",
            secret=SECRET,
            endpoint=wechat.url,
            timeout_seconds=1,
            verification={FILE: "AbCdEfGh12345678"},
        )
        with stage(folder, replace(Settings(), wechat=settings)) as made:
            with made.opened.database.write() as session:
                members.add(session, Kind.PHONE, Codes(), T, "0427")
                persons.enter(session, made.opened.vault, "0427", persons.details("王小明", "13800138000"), T)
            yield made, wechat


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Stage]:
    """A room whose WeChat knows every code."""
    with room(tmp_path, lambda _: known()) as (made, _):
        yield made


def ask(place: Stage, code: str = "a code") -> httpx.Response:
    """As the mini program asks: no cookie, no form."""
    return httpx.post(f"{place.url}/api/v1/wechat/ticket", json={"code": code}, timeout=10)


def arrive(place: Stage, ticket: str | None = None) -> Browser:
    """A web view that has swapped its ticket."""
    browser = place.browser()
    browser.headers.update(WECHAT)
    ticket = ticket or ask(place).json()["ticket"]
    answer = browser.get("/wechat/in", params={"ticket": ticket})
    assert answer.status_code == 303
    return browser


def link_in(place: Stage, browser: Browser) -> httpx.Response:
    """Sign in as 0427 with a link of the committee."""
    with place.opened.database.write() as session:
        token = once.make(session, Purpose.LINK, place.now, member="0427")
    return browser.submit(f"/in/{token}")


def test_an_account_that_is_nobody_yet_becomes_a_members_when_he_says_so(place: Stage) -> None:
    first = arrive(place)
    assert first.get("/me").status_code == 401
    assert link_in(place, first).headers["location"] == "/wechat/link"
    assert first.submit("/wechat/link").headers["location"] == "/code"
    again = arrive(place)
    assert "王小明" in again.get("/me").text


def test_who_says_no_is_not_asked_again_and_not_linked(place: Stage) -> None:
    first = arrive(place)
    link_in(place, first)
    assert first.submit("/wechat/link", to="/wechat/no-link").headers["location"] == "/code"
    assert first.get("/wechat/link").headers["location"] == "/code"
    assert arrive(place).get("/me").status_code == 401


def test_a_member_can_undo_it(place: Stage) -> None:
    first = arrive(place)
    link_in(place, first)
    first.submit("/wechat/link")
    first.submit("/me", to="/me/wechat/remove")
    assert arrive(place).get("/me").status_code == 401


def test_code2session_is_asked_as_documented(tmp_path: Path) -> None:
    with room(tmp_path, lambda _: known()) as (place, wechat):
        ask(place, "the code")
        (asked,) = wechat.asked
    assert (asked.method, asked.path) == ("GET", "/sns/jscode2session")
    assert asked.query == {
        "appid": ["wx0"], "secret": [SECRET], "js_code": ["the code"], "grant_type": ["authorization_code"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "errcode, status",
    [
        (40029, 400), ("40029", 400), (40163, 400), (41008, 400), (40226, 403), (45011, 503), (-1, 503),
        (40013, 502), (40125, 502), (41002, 502), (41004, 502), (50002, 502), (99999, 502), ("odd", 502),
    ],
)  # fmt: skip
def test_every_documented_error_has_its_answer(tmp_path: Path, errcode: object, status: int) -> None:
    with room(tmp_path, lambda _: Said({"errcode": errcode, "errmsg": "…"})) as (place, _):
        answer = ask(place)
        assert answer.status_code == status
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "body, status",
    [
        (b"", 200), (b"null", 200), (b"[]", 200), (b"<html>", 502), (b"{", 200), (b"{}", 200),
        (b'{"openid": ""}', 200), (b'{"openid": 7}', 200), (b'{"openid": "' + b"x" * 20_000 + b'"}', 200),
        (b"[" * 10_000, 200), (b'{"errcode": [1]}', 200),
    ],
)  # fmt: skip
def test_nonsense_signs_nobody_in(tmp_path: Path, body: bytes, status: int) -> None:
    with room(tmp_path, lambda _: Said(body, status)) as (place, _):
        assert ask(place).status_code == 502


def test_a_wechat_that_is_away_is_told(tmp_path: Path) -> None:
    with room(tmp_path, lambda _: known()) as (place, wechat):
        wechat.close()
        assert ask(place).status_code == 502
        wechat.close = lambda: None  # type: ignore[method-assign]


def test_a_ticket_is_good_once_and_for_a_minute(place: Stage) -> None:
    ticket = ask(place).json()["ticket"]
    arrive(place, ticket)
    again = place.browser().get("/wechat/in", params={"ticket": ticket}, headers=WECHAT)
    assert again.status_code == 410
    late = ask(place).json()["ticket"]
    place.now += 60
    assert place.browser().get("/wechat/in", params={"ticket": late}, headers=WECHAT).status_code == 410


def test_a_ticket_is_no_link_and_a_link_no_ticket(place: Stage) -> None:
    ticket = ask(place).json()["ticket"]
    assert place.browser().submit(f"/in/{ticket}").status_code == 410
    with place.opened.database.write() as session:
        link = once.make(session, Purpose.LINK, T, member="0427")
    assert place.browser().get("/wechat/in", params={"ticket": link}, headers=WECHAT).status_code == 410


def test_a_ticket_cannot_be_planted_into_another_browser(place: Stage) -> None:
    """Whoever sends his own ticket to a neighbour would else have the neighbour sign in for him."""
    ticket = ask(place).json()["ticket"]
    answer = place.browser().get("/wechat/in", params={"ticket": ticket})
    assert answer.status_code == 410
    assert "session=" not in answer.headers.get("set-cookie", "")
    arrive(place, ticket)  # and the attempt did not use it up


def test_arriving_replaces_whoever_was_signed_in_and_carries_nothing_over(place: Stage) -> None:
    browser = arrive(place)
    link_in(place, browser)
    old = browser.cookies["session"]
    browser.get("/wechat/in", params={"ticket": ask(place).json()["ticket"]})
    assert browser.get("/me").status_code == 401
    assert place.browser({"session": old}).get("/me").status_code == 401


def test_known_and_unknown_accounts_get_the_same_answer(place: Stage) -> None:
    unknown = ask(place)
    first = arrive(place, unknown.json()["ticket"])
    link_in(place, first)
    first.submit("/wechat/link")
    told = ask(place)
    assert (told.status_code, told.json().keys()) == (unknown.status_code, unknown.json().keys())
    assert len(told.text) == len(unknown.text)


def test_neither_openid_nor_session_key_nor_secret_is_kept_or_told(
    place: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("roomserver", "urllib3", "requests"):  # not what the test's own browser says
        caplog.set_level(logging.DEBUG, name)
    browser = arrive(place)
    link_in(place, browser)
    browser.submit("/wechat/link")
    stored = databases.raw(place.opened.place.folder)
    pages = browser.get("/me").text + browser.get("/me/data.json").text
    for secret in (OPENID, SESSION_KEY, SECRET):
        assert secret not in pages + caplog.text
        assert secret.encode() not in stored


def test_forgetting_a_member_forgets_his_account(place: Stage) -> None:
    browser = arrive(place)
    link_in(place, browser)
    browser.submit("/wechat/link")
    with place.opened.database.write() as session:
        persons.forget(session, "0427", T)
    assert arrive(place).get("/me").status_code == 401


def test_an_applicants_account_is_asked_about_when_he_is_taken_in(place: Stage) -> None:
    browser = arrive(place)
    fields = {
        "name": "李四",
        "phone": "13900139000",
        "identity": "440524188001010014",
        "membership": "true",
        "identity_check": "true",
    }
    browser.submit("/join", fields)
    with place.opened.database.write() as session:
        joining.approve(session, place.opened, 1, Kind.PHONE, T)
    assert browser.get("/join").headers["location"] == "/wechat/link"


def test_asking_is_limited(place: Stage) -> None:
    codes = [ask(place).status_code for _ in range(121)]
    assert codes == [200] * 120 + [429]


def test_the_verification_file_lies_at_the_root(place: Stage) -> None:
    answer = place.browser().get(f"/{FILE}")
    assert answer.text == "AbCdEfGh12345678"
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_room_without_a_mini_program_says_so(tmp_path: Path) -> None:
    with stage(tmp_path) as place:
        assert ask(place).status_code == 404


@pytest.mark.parametrize(
    "toml, told",
    [
        ('app_id = "wx0"', "needs secret"),
        ('app_id = "wx0"\nsecret = "s"\nsecret_file = "f"', "either"),
        ('verification = {"../etc/passwd" = "x"}', "name of the file"),
        ('verification = {"join" = "x"}', "name of the file"),
        ('endpoint = "https://api.weixin.qq.com/sns"', "without a path"),
    ],
)
def test_a_faulty_setting_is_told(toml: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read(Settings, f"[wechat]\n{toml}", name="roomserver.toml")


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    settings = replace(Settings(), wechat=Wechat(app_id="wx0", secret_file=Path("secret")))
    assert Place(tmp_path, settings).wechat_secret == "from a file"


def test_the_dead_ticket_says_what_to_do(place: Stage) -> None:
    text = place.browser().get("/wechat/in", headers=WECHAT).text
    assert CATALOGUE["link.dead"][0] in text
