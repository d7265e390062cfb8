"""Who is calling, whether a form is our own, how often something may be tried: as an attacker sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import stage as stages
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select
from stage import Browser, Stage, T

from roomserver.residents import once
from roomserver.residents.once import Purpose
from roomserver.storage.register import WebSession
from roomserver.web import limits, sessions
from roomserver.web.limits import Limit, Limits, TooManyError, network
from roomserver.web.sessions import Room, SignedIn, Visitor

FEW = Limit("few", 3, 60)

router = APIRouter(default_response_class=JSONResponse)


@router.get("/whoami")
def whoami(member: SignedIn) -> dict[str, str]:
    """The caller's number."""
    return {"member": member}


@router.get("/form")
def form(request: Request) -> dict[str, str]:
    """What a form would carry."""
    return {"token": sessions.form_token(request)}


@router.post("/enter/{member}")
def sign_in(request: Request, response: Response, room: Room, member: str) -> None:
    """Sign in as anybody, which no page of ours does."""
    with room.opened.database.write() as session:
        sessions.sign_in(request, response, session, Visitor(member))


@router.post("/few")
def few(request: Request) -> None:
    """May be done thrice a minute."""
    sessions.spend(request, FEW, "0427")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A server of one test."""
    with stages.stage(tmp_path, routers=[router]) as made:
        yield made


def public(stage: Stage, url: str) -> None:
    """Have the server be reached under ``url``."""
    place = stage.opened.place
    settings = replace(place.settings, http=replace(place.settings.http, public_url=url))
    stage.app.state.server = replace(
        stage.app.state.server, opened=replace(stage.opened, place=replace(place, settings=settings))
    )


def signed_in(stage: Stage, member: str = "0427") -> Browser:
    """A browser that is signed in."""
    browser = stage.browser()
    assert post(browser, f"/enter/{member}").status_code == 200
    return browser


def post(browser: Browser, path: str, **headers: str) -> httpx.Response:
    """What a page of ours would send."""
    token = browser.get("/form").json()["token"]
    return browser.post(path, headers={"X-Form-Token": token, **headers})


# -- sessions -------------------------------------------------------------------------------------


def test_a_signed_in_browser_is_known_and_another_is_not(stage: Stage) -> None:
    assert signed_in(stage).get("/whoami").json() == {"member": "0427"}
    assert stage.browser().get("/whoami").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(stage: Stage) -> None:
    browser = stage.browser()
    cookie = post(browser, "/enter/0427").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_under_tls_the_cookie_is_for_this_host_alone(stage: Stage) -> None:
    public(stage, "https://room.example")
    cookie = stage.browser().get("/form").headers["set-cookie"]
    assert cookie.startswith("__Host-visit=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_the_database_does_not_have_the_token(stage: Stage) -> None:
    token = signed_in(stage).cookies["session"]
    with stage.opened.database.read() as session:
        (row,) = session.scalars(select(WebSession))
    assert token not in (row.hash, row.member)
    thief = stage.browser({"session": row.hash})
    assert thief.get("/whoami").status_code == 401


def test_a_session_that_was_planted_is_worth_nothing_after_signing_in(stage: Stage) -> None:
    """Fixation: the attacker's own token in the victim's browser."""
    planted = signed_in(stage, "0666").cookies["session"]
    victim = stage.browser({"session": planted})
    post(victim, "/enter/0427")
    assert victim.cookies["session"] != planted
    assert stage.browser({"session": planted}).get("/whoami").status_code == 401


def test_a_session_ends_when_it_is_not_used(stage: Stage) -> None:
    browser = signed_in(stage)
    stage.now += sessions.LIFE_SECONDS - 1
    assert browser.get("/whoami").status_code == 200
    stage.now += sessions.LIFE_SECONDS - 1  # it was used, so it lives on
    assert browser.get("/whoami").status_code == 200
    stage.now += sessions.LIFE_SECONDS
    assert browser.get("/whoami").status_code == 401


def test_an_expired_session_is_swept_out_when_another_begins(stage: Stage) -> None:
    signed_in(stage)
    stage.now += sessions.LIFE_SECONDS
    signed_in(stage, "0428")
    with stage.opened.database.read() as session:
        assert [row.member for row in session.scalars(select(WebSession))] == ["0428"]


def test_ending_all_sessions_of_a_member_leaves_the_others(stage: Stage) -> None:
    phone, thief, other = signed_in(stage), signed_in(stage), signed_in(stage, "0428")
    with stage.opened.database.write() as session:
        assert sessions.end_all(session, "0427", but=phone.cookies["session"]) == 1
    assert [b.get("/whoami").status_code for b in (phone, thief, other)] == [200, 401, 200]


# -- forms ----------------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused(stage: Stage) -> None:
    browser = signed_in(stage)
    assert browser.post("/few").status_code == 403
    assert browser.post("/few", headers={"X-Form-Token": "0" * 64}).status_code == 403
    assert browser.post("/few", data={"form_token": "ä"}).status_code == 403
    assert post(browser, "/few").status_code == 200


def test_a_form_token_of_another_browser_is_refused(stage: Stage) -> None:
    foreign = signed_in(stage, "0666").get("/form").json()["token"]
    assert signed_in(stage).post("/few", headers={"X-Form-Token": foreign}).status_code == 403


def test_a_form_token_from_before_signing_in_is_refused(stage: Stage) -> None:
    browser = stage.browser()
    before = browser.get("/form").json()["token"]
    post(browser, "/enter/0427")
    assert browser.post("/few", headers={"X-Form-Token": before}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_its_token(
    stage: Stage, headers: dict[str, str]
) -> None:
    assert post(signed_in(stage), "/few", **headers).status_code == 403


def test_our_own_origin_is_the_one_that_browsers_use(stage: Stage) -> None:
    assert post(signed_in(stage), "/few", Origin=stage.url).status_code == 200
    public(stage, "http://room.example")
    assert post(signed_in(stage), "/few", Origin="http://room.example").status_code == 200


# -- how often ------------------------------------------------------------------------------------


def test_too_many_tries_from_an_address_are_refused_until_the_first_is_old(stage: Stage) -> None:
    browsers = [stage.browser() for _ in range(4)]
    assert [post(b, "/few").status_code for b in browsers] == [200, 200, 200, 429]
    assert post(browsers[0], "/few").headers["retry-after"] == "60"
    stage.now += FEW.seconds
    assert post(browsers[0], "/few").status_code == 200


def test_an_account_is_limited_from_whatever_address() -> None:
    counted = Limits(lambda: T)
    for _ in range(FEW.times):
        counted.spend(FEW, "account 0427")
    with pytest.raises(TooManyError):
        counted.spend(FEW, "account 0427")
    counted.spend(FEW, "account 0428")


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_household_of_ipv6_is_one_address(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


def test_counting_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 10)
    counted = Limits(lambda: T)
    for n in range(100):
        counted.spend(FEW, str(n))
    assert len(counted._tries) == 10


# -- good once ------------------------------------------------------------------------------------


def made(stage: Stage, purpose: Purpose = Purpose.LINK) -> str:
    """A token for 0427."""
    with stage.opened.database.write() as session:
        return once.make(session, purpose, stage.now, member="0427")


def taken(stage: Stage, token: str, purpose: Purpose = Purpose.LINK) -> str | None:
    """Whom it was for."""
    with stage.opened.database.write() as session:
        found = once.take(session, purpose, token, stage.now)
    return None if found is None else found.member


def test_what_is_good_once_is_good_once(stage: Stage) -> None:
    token = made(stage)
    assert [taken(stage, token), taken(stage, token)] == ["0427", None]


def test_it_is_good_for_one_purpose_only(stage: Stage) -> None:
    assert taken(stage, made(stage, Purpose.TICKET), Purpose.LINK) is None


@pytest.mark.parametrize("after, member", [(once.LIFE_SECONDS[Purpose.LINK] - 1, "0427"), (86_400, None)])
def test_it_expires(stage: Stage, after: int, member: str | None) -> None:
    token = made(stage)
    stage.now += after
    assert taken(stage, token) == member


@pytest.mark.parametrize("token", ["", "x", "A" * 10_000, "\ud800", "' OR 1=1 --"])
def test_a_forged_one_is_nothing(stage: Stage, token: str) -> None:
    made(stage)
    assert taken(stage, token) is None


def test_of_those_who_race_for_it_one_gets_it(stage: Stage) -> None:
    token, got = made(stage), []
    threads = [threading.Thread(target=lambda: got.append(taken(stage, token))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, got)) == ["0427", *["None"] * 7]
