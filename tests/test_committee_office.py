"""The page for the committee's accounts: added, reset and disabled by the administrator alone."""

from __future__ import annotations

import html
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from committee import PASSWORD, Committee, committee, hashed
from databases import on_both
from stage import Browser, form_token

from roomserver.committee import accounts, volunteers
from roomserver.committee.roles import Role
from roomserver.pages.words import CATALOGUE
from roomserver.residents.once import LIFE_SECONDS, Purpose
from roomserver.web import limits
from roomserver.web.limits import Limit

__all__ = ["on_both"]  # every test here runs on SQLite and on PostgreSQL

HERE = "/committee/accounts"
ROLE = {"role": "committee"}  # what the button for another role sends; the others' forms have no such field


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with an account of each role."""
    with committee(tmp_path) as made:
        yield made


def id_of(room: Committee, name: str) -> int:
    """The number of an account."""
    with room.opened.database.read() as session:
        return accounts.get(session, name).id


def link(answer: httpx.Response) -> str:
    """The link that a page shows, from its root on."""
    assert answer.status_code == 200
    found = re.search(r'readonly value="http://[^/"]+(/committee/in/[\w-]+)"', answer.text)
    assert found, answer.text
    return found[1]


def does(browser: Browser, verb: str, id_: int) -> httpx.Response:
    """Press the button."""
    return browser.submit(HERE, ROLE, f"{HERE}/{id_}/{verb}")


def text_of(browser: Browser, lang: str = "zh") -> str:
    """The page as it reads."""
    return html.unescape(browser.get(f"{HERE}?lang={lang}").text)


def cards(text: str) -> dict[str, str]:
    """What the page says of each account, by its name."""
    parts = re.findall(r'<section class="card">\s*<h2>([^ <]+) .*?</section>', text, re.DOTALL)
    wholes = re.findall(r'<section class="card">.*?</section>', text, re.DOTALL)
    return dict(zip(parts, wholes, strict=True))


def test_the_page_tells_who_there_is_and_how_they_sign_in(room: Committee) -> None:
    with room.opened.database.write() as session:
        accounts.add(session, "王阿姨", Role.COMMITTEE, room.now)
        accounts.disable(session, "the-duty", room.now)
    for n, lang in enumerate(("zh", "en")):
        found = cards(text_of(room.of(Role.ADMIN), lang))
        assert list(found) == ["the-admin", "the-committee", "the-duty", "王阿姨"]
        assert CATALOGUE["office.password"][n] in found["the-committee"]
        assert CATALOGUE["office.not-yet"][n] in found["王阿姨"]
        assert CATALOGUE["office.disabled"][n].split("{")[0] in found["the-duty"]
        assert CATALOGUE["office.own"][n] in found["the-admin"]
        assert "<form" not in found["the-admin"]


def test_somebody_new_is_added_and_sets_up_his_account_with_the_link(room: Committee) -> None:
    answer = room.of(Role.ADMIN).submit(HERE, {"name": " 王阿姨 ", "role": "committee"})
    first = link(answer)
    assert "24" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    browser = room.stranger()
    assert browser.submit(first).headers["location"] == "/committee/me"
    assert "王阿姨" in browser.get("/committee/me").text
    assert room.stranger().submit(first).status_code == 410  # good once
    with room.opened.database.read() as session:
        assert accounts.get(session, "王阿姨").role == Role.COMMITTEE
    acts = html.unescape(room.of(Role.ADMIN).get("/committee/acts?lang=zh").text)
    assert "<strong>the-admin</strong> 添加了账号 王阿姨（居委会）" in acts
    assert first not in acts


def test_a_link_ends_after_a_day(room: Committee) -> None:
    first = link(room.of(Role.ADMIN).submit(HERE, {"name": "li", "role": "duty"}))
    room.wait(LIFE_SECONDS[Purpose.ACCOUNT_LINK])
    assert room.stranger().submit(first).status_code == 410


@pytest.mark.parametrize(
    "name, fault",
    [("", "name"), ("a b", "name"), ("x" * 33, "name"), ("<b>", "name"), ("THE-duty ", "taken")],
)
def test_a_name_that_cannot_be_is_said_to_be_none(room: Committee, name: str, fault: str) -> None:
    answer = room.of(Role.ADMIN).submit(HERE, {"name": name, "role": "committee"})
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    assert CATALOGUE[f"office.fault.{fault}"][0] in text
    assert f'value="{html.escape(name)}"' in answer.text
    assert '<option value="committee" selected>' in text
    assert room.acts() == []


def test_a_role_that_is_none_is_refused(room: Committee) -> None:
    assert room.of(Role.ADMIN).submit(HERE, {"name": "li", "role": "king"}).status_code == 422
    with room.opened.database.read() as session:
        assert accounts.find(session, "li") is None


def test_resetting_takes_all_ways_in_and_gives_a_link(room: Committee) -> None:
    lost = room.of(Role.DUTY)
    first = link(does(room.of(Role.ADMIN), "reset", id_of(room, "the-duty")))
    assert lost.get("/committee").status_code == 303
    fields = {"name": "the-duty", "password": PASSWORD, "code": room.code()}
    assert room.stranger().submit("/committee/sign-in", fields).status_code == 422
    assert room.stranger().submit(first).status_code == 303
    assert room.acts() == ["account-reset", "signed-in"]


def test_disabling_ends_all_and_resetting_brings_back(room: Committee) -> None:
    admin, gone, id_ = room.of(Role.ADMIN), room.of(Role.COMMITTEE), id_of(room, "the-committee")
    unused = link(does(admin, "reset", id_))
    gone = room.of(Role.COMMITTEE)
    assert does(admin, "disable", id_).headers["location"] == HERE
    assert gone.get("/committee").status_code == 303
    assert room.stranger().submit(unused).status_code == 410
    assert CATALOGUE["office.back-button"][0].format(name="the-committee") in text_of(admin)
    assert room.stranger().submit(link(does(admin, "reset", id_))).status_code == 303
    assert room.acts() == ["account-reset", "account-disabled", "account-reset", "signed-in"]


def test_another_role_signs_out_and_holds_from_then_on(room: Committee) -> None:
    admin, other, id_ = room.of(Role.ADMIN), room.of(Role.DUTY), id_of(room, "the-duty")
    offered = re.findall(r'name="role" value="(\w+)"', cards(text_of(admin))["the-duty"])
    assert offered == ["committee", "admin"]
    for _ in range(2):  # pressed twice it is done once
        assert does(admin, "role", id_).headers["location"] == HERE
    assert other.get("/committee").status_code == 303
    assert room.of(Role.DUTY).get("/committee/acts").status_code == 200
    assert room.acts() == ["account-role"]
    acts = html.unescape(admin.get("/committee/acts?lang=zh").text)
    assert "<strong>the-admin</strong> 把账号 the-duty 的身份改成了居委会" in acts


@pytest.mark.parametrize("verb", ["reset", "disable", "role"])
def test_nobody_does_it_to_himself(room: Committee, verb: str) -> None:
    admin = room.of(Role.ADMIN)
    answer = does(admin, verb, id_of(room, "the-admin"))
    assert answer.status_code == 409
    assert CATALOGUE["office.own-refused"][0] in html.unescape(answer.text)
    assert admin.get("/committee").status_code == 200
    assert room.acts() == []


@pytest.mark.parametrize("verb", ["reset", "disable", "role"])
def test_there_is_no_such_account(room: Committee, verb: str) -> None:
    assert does(room.of(Role.ADMIN), verb, 999).status_code == 404


def press(browser: Browser, path: str, token: str, answers: list[int]) -> None:
    """At once, since the page was opened before."""
    answers.append(browser.post(path, data={"form_token": token, **ROLE}).status_code)


def two_alone(room: Committee) -> list[str]:
    """Two administrators, and nobody else who can sign in."""
    names = [secrets.token_hex(8) for _ in range(2)]
    with room.opened.database.write() as session:
        for account in accounts.listed(session):
            account.disabled_at = room.now
        for name in names:
            made, _ = accounts.add(session, name, Role.ADMIN, room.now)
            made.password = hashed()
    return names


@pytest.mark.parametrize("verb", ["reset", "disable", "role"])
def test_of_two_administrators_who_do_it_to_each_other_one_stays(room: Committee, verb: str) -> None:
    """They press at the same moment, again and again; somebody can always sign in."""
    for _ in range(5):
        names, answers = two_alone(room), list[int]()
        with room.opened.database.write() as session:
            tokens = [volunteers.begin(session, accounts.get(session, name), room.now) for name in names]
        browsers = [room.stage.browser({"committee": token}) for token in tokens]
        forms = [form_token(one.get(HERE).text) for one in browsers]
        paths = [f"{HERE}/{id_of(room, name)}/{verb}" for name in reversed(names)]
        threads = [
            threading.Thread(target=press, args=(*one, answers))
            for one in zip(browsers, paths, forms, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200 if verb == "reset" else 303, 401]
        with room.opened.database.write() as session:
            assert len(accounts.held_admins(session)) == 1


@pytest.mark.parametrize("path", ["", "/{id}/reset", "/{id}/disable", "/{id}/role"])
def test_a_phone_that_was_found_changes_nothing(room: Committee, path: str) -> None:
    """Ten minutes after signing in the page shows who there is, and no more."""
    admin, to = room.of(Role.ADMIN), HERE + path.format(id=id_of(room, "the-duty"))
    room.wait(volunteers.FRESH_SECONDS)
    text = text_of(admin)
    assert CATALOGUE["office.stale"][0] in text
    assert "the-duty" in text
    assert admin.submit("/committee/me", {"name": "li", "role": "admin"}, to).status_code == 403
    assert room.acts() == []


def test_links_are_counted(room: Committee, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GIVEN_OUT", Limit("given-out", 3, 3600))
    admin, id_ = room.of(Role.ADMIN), id_of(room, "the-duty")
    answers = [does(admin, "reset", id_).status_code for _ in range(3)]
    answers.append(admin.submit(HERE, {"name": "li"}).status_code)
    assert answers == [200, 200, 200, 429]
