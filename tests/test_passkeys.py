"""Passkeys in a real Chromium with a virtual authenticator, and what a thief can make of them without one."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import browser, page, violations
from playwright.sync_api import Page, Request
from sqlalchemy.orm import Session
from stage import Browser, Stage, T, overtaken, stage

from contract.codes import Codes, Kind
from roomserver.pages.words import CATALOGUE
from roomserver.residents import members, once, passkeys, persons
from roomserver.residents.once import Purpose
from roomserver.storage.register import Passkey, WebSession

__all__ = ["browser", "page"]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stage]:
    """A room with a member, under a name: no browser makes a passkey for an address."""
    with stage(tmp_path, public_host="localhost") as made:
        with made.opened.database.write() as session:
            for number in ("0427", "0666"):
                members.add(session, Kind.PHONE, Codes(), T, number)
                persons.enter(session, made.opened.vault, number, persons.details("王小明", "13800138000"), T)
        yield made


@dataclass
class Phone:
    """A browser with an authenticator in it, and what it sent."""

    page: Page
    room: Stage
    sent: dict[str, Any]

    def sign_in_by_link(self, member: str = "0427") -> None:
        """As on the first day."""
        with self.room.opened.database.write() as session:
            token = once.make(session, Purpose.LINK, T, member=member)
        self.page.goto(f"{self.room.url}/in/{token}")
        self.page.get_by_role("button", name=CATALOGUE["link.button"][0]).click()
        self.page.wait_for_url(f"{self.room.url}/code")

    def make_passkey(self) -> None:
        """On the page of the member's data."""
        self.page.goto(f"{self.room.url}/me")
        self.page.get_by_role("button", name=CATALOGUE["me.passkey-add"][0]).click()
        self.page.get_by_role("button", name=re.compile(f"^{CATALOGUE['me.passkey-remove'][0]}")).wait_for()

    def sign_out(self) -> None:
        """This browser forgets who it was."""
        self.page.goto(f"{self.room.url}/me")
        self.page.get_by_role("button", name=CATALOGUE["me.sign-out"][0]).click()
        self.page.wait_for_url(f"{self.room.url}/")

    def sign_in(self) -> None:
        """With the passkey."""
        self.page.goto(f"{self.room.url}/sign-in")
        self.page.get_by_role("button", name=CATALOGUE["in.passkey"][0]).click()


@pytest.fixture
def phone(page: Page, room: Stage) -> Phone:
    """A phone with a screen lock."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    made = Phone(page, room, {})

    def note(request: Request) -> None:
        if "/passkey/" in request.url and request.method == "POST":
            made.sent[request.url.rpartition("/passkey/")[2]] = request.post_data_json

    page.on("request", note)
    return made


def count(room: Stage) -> int:
    """How many passkeys there are."""
    with room.opened.database.read() as session:
        return session.query(Passkey).count()


def test_a_member_signs_in_with_a_passkey(phone: Phone) -> None:
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.sign_out()
    phone.sign_in()
    phone.page.wait_for_url(f"{phone.room.url}/code")
    phone.page.goto(f"{phone.room.url}/me")
    assert "0427" in phone.page.content()


def test_a_removed_passkey_signs_nobody_in(phone: Phone) -> None:
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.page.get_by_role("button", name=re.compile(f"^{CATALOGUE['me.passkey-remove'][0]}")).click()
    phone.page.wait_for_load_state()
    assert count(phone.room) == 0
    phone.sign_out()
    phone.sign_in()
    phone.page.get_by_role("alert").wait_for()
    assert CATALOGUE["in.passkey-failed"][0] in phone.page.get_by_role("alert").inner_text()


def test_the_pages_with_passkeys_have_no_barrier(phone: Phone) -> None:
    phone.page.goto(f"{phone.room.url}/sign-in")
    assert violations(phone.page) == []
    phone.sign_in_by_link()
    phone.make_passkey()
    assert violations(phone.page) == []


def post(browser: Browser, path: str, body: object) -> httpx.Response:
    """What the script of the pages would send."""
    token = re.search(r'value="([0-9a-f]{64})"', browser.get("/privacy").text + browser.get("/sign-in").text)
    assert token
    return browser.post(path, json=body, headers={"X-Form-Token": token[1]})


def test_an_answer_that_was_listened_to_is_worth_nothing(phone: Phone) -> None:
    """Neither again nor for another challenge."""
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.sign_out()
    phone.sign_in()
    phone.page.wait_for_url(f"{phone.room.url}/code")
    heard = phone.sent["in"]
    thief = phone.room.browser()
    assert post(thief, "/passkey/in", heard).status_code == 400
    challenge = post(thief, "/passkey/in/options", {}).json()["challenge"]
    told = json.loads(base64.urlsafe_b64decode(heard["response"]["clientDataJSON"] + "=="))
    told["challenge"] = challenge
    heard["response"]["clientDataJSON"] = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
    assert post(thief, "/passkey/in", heard).status_code == 400
    assert thief.get("/me").status_code == 401


def test_a_passkey_cannot_be_made_for_another_member(phone: Phone) -> None:
    """The challenge is for the one who asked."""
    phone.sign_in_by_link()
    phone.page.route("**/passkey/new", lambda route: route.abort())
    phone.page.goto(f"{phone.room.url}/me")
    phone.page.get_by_role("button", name=CATALOGUE["me.passkey-add"][0]).click()
    phone.page.locator("[data-passkey] [role=alert]").wait_for()
    answer = phone.sent["new"]
    with phone.room.opened.database.write() as session:
        site = passkeys.site_of(phone.room.opened.place)
        with pytest.raises(passkeys.PasskeyRefusedError):
            passkeys.take_new(session, site, "0666", answer, T)
    assert count(phone.room) == 0


def test_a_challenge_runs_out(phone: Phone) -> None:
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.sign_out()
    life = once.LIFE_SECONDS[Purpose.PASSKEY_IN]

    def late(route: Any) -> None:
        phone.room.now += life
        route.continue_()

    phone.page.route("**/passkey/in", late)
    phone.sign_in()
    phone.page.get_by_role("alert").wait_for()
    assert phone.page.url.endswith("/sign-in")


@pytest.mark.parametrize("before", [1, 2])
def test_a_sign_in_under_way_does_not_outlive_its_member(phone: Phone, before: int) -> None:
    """No session is left to a number that is nobody's, and perhaps somebody's later."""
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.sign_out()
    phone.page.goto(f"{phone.room.url}/sign-in")

    def forgotten(session: Session) -> None:
        persons.forget(session, "0427", T)

    database, answered = phone.room.opened.database, phone.page.expect_response("**/passkey/in")
    with overtaken(database, forgotten, before + 1), answered:  # the first makes the challenge
        phone.page.get_by_role("button", name=CATALOGUE["in.passkey"][0]).click()
    with phone.room.opened.database.read() as session:
        assert session.query(WebSession).count() == 0


def test_an_authenticator_that_was_copied_is_refused(phone: Phone) -> None:
    """Its counter is behind the one that is known."""
    phone.sign_in_by_link()
    phone.make_passkey()
    phone.sign_out()
    with phone.room.opened.database.write() as session:
        session.query(Passkey).one().sign_count = 1_000_000
    phone.sign_in()
    phone.page.get_by_role("alert").wait_for()


GARBAGE: list[Any] = [
    {}, {"id": 1}, {"id": "x"}, {"id": "x", "response": None},
    {"id": "é", "response": {"clientDataJSON": "e30"}},
    {"id": "x", "response": {"clientDataJSON": "bnVsbA"}}, {"id": "x", "response": {"clientDataJSON": "W10"}},
    {"id": "x", "response": {"clientDataJSON": 7}}, {"id": ["x"], "response": {"clientDataJSON": "e30"}},
    {"id": "x" * 5000, "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "e30"}},
]  # fmt: skip


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_refused_in_words(room: Stage, body: object) -> None:
    answer = post(room.browser(), "/passkey/in", body)
    assert answer.status_code == 400
    assert "another way" in answer.json()["detail"]


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_for_a_real_challenge_is_refused_and_uses_it_up(room: Stage, body: dict[str, Any]) -> None:
    browser = room.browser()
    challenge = post(browser, "/passkey/in/options", {}).json()["challenge"]
    told = base64.urlsafe_b64encode(json.dumps({"challenge": challenge, "type": "x"}).encode()).decode()
    with room.opened.database.write() as session:
        session.add(Passkey(id=b"\xc7", member="0427", public_key=b"k", sign_count=0, made_at=T))
    body = {**body, "id": "xw", "rawId": "xw", "response": {"clientDataJSON": told}}
    assert post(browser, "/passkey/in", body).status_code == 400
    with room.opened.database.write() as session:
        assert once.take(session, Purpose.PASSKEY_IN, challenge, T) is None


def test_everybody_is_asked_the_same_before_he_signs_in(room: Stage) -> None:
    """So nobody learns which numbers have a passkey."""
    before = post(room.browser(), "/passkey/in/options", {}).json()
    with room.opened.database.write() as session:
        session.add(Passkey(id=b"x", member="0427", public_key=b"k", sign_count=0, made_at=T))
    after = post(room.browser(), "/passkey/in/options", {"member": "0427"}).json()
    assert {**before, "challenge": ""} == {**after, "challenge": ""}
    assert not before.get("allowCredentials")
