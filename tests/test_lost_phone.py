"""A lost phone: whoever found it has nothing afterwards, and nobody else notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser, page, violations
from committee import Committee, committee
from playwright.sync_api import Page, expect
from serving import room_server
from sqlalchemy import select
from stage import Browser

from roomserver.committee.roles import Role
from roomserver.pages.words import CATALOGUE
from roomserver.residents import members, once, persons, phone, wechat
from roomserver.residents.once import Purpose
from roomserver.storage.register import OneTime, Passkey, WebSession, WechatAccount
from roomserver.web import sessions
from roomserver.web.sessions import Visitor

__all__ = ["browser", "page"]
LOST, OTHER = "0427", "0428"
TABLES = (WebSession, Passkey, WechatAccount, OneTime)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with two members, each of whom has every way in."""
    with committee(tmp_path) as made:
        made.moves_in(OTHER)
        for member in (LOST, OTHER):
            ways_in(made, member)
        yield made


def ways_in(room: Committee, member: str) -> None:
    """One of each kind, beside the session that he has."""
    with room.opened.database.write() as session:
        session.add(
            Passkey(id=member.encode(), member=member, public_key=b"k", sign_count=0, made_at=room.now)
        )
        wechat.link(session, f"tag of {member}", member, room.now)
        for purpose in (Purpose.LINK, Purpose.PASSKEY_NEW):
            once.make(session, purpose, room.now, member=member)


def left(room: Committee, member: str) -> list[int]:
    """How many of each kind a member has."""
    with room.opened.database.read() as session:
        return [len(session.scalars(select(table).where(table.member == member)).all()) for table in TABLES]


def generation(room: Committee, member: str) -> int:
    """Which issue of his codes is good."""
    with room.opened.database.read() as session:
        return members.get(session, member).generation


def lose(room: Committee, role: Role = Role.COMMITTEE) -> int:
    """A volunteer is told of it, and what the page answers."""
    path = f"/committee/members/{LOST}/lost-phone"
    return room.of(role).submit("/committee/me", to=path).status_code


def refused(found: Browser) -> bool:
    """Whether a phone is led to the sign-in page, and its open page gets no codes."""
    live = found.get("/code/live", headers={"Accept": "application/json"})
    return found.get("/code").headers.get("location") == "/sign-in" and live.status_code == 401


def test_whoever_found_it_has_nothing_and_the_others_notice_nothing(room: Committee) -> None:
    found, other = room.phone(), room.phone(room.moves_in("0429"))
    assert found.get("/code/live").json()["codes"]
    before = generation(room, LOST), generation(room, OTHER)
    assert lose(room) == 303
    assert refused(found)
    assert left(room, LOST) == [0, 0, 0, 0]
    assert left(room, OTHER) == [1, 1, 1, 2]
    assert (generation(room, LOST), generation(room, OTHER)) == (before[0] + 1, before[1])
    assert other.get("/code/live").json()["codes"]
    assert room.acts(LOST) == ["phone-lost"]


def test_the_member_comes_back_by_a_link_and_the_phone_does_not(room: Committee) -> None:
    found, new = room.phone(), room.stage.browser()
    lose(room)
    made = room.of(Role.COMMITTEE).submit("/committee/me", to=f"/committee/members/{LOST}/link").text
    (path,) = re.findall(r'value="http[^"]+(/in/[\w-]+)"', made)
    assert new.submit(path).status_code == 303
    assert new.get("/code/live").json()["codes"]
    assert refused(found)


def test_withdrawn_and_reinstated_the_phone_stays_out(room: Committee) -> None:
    found = room.phone()
    with room.opened.database.write() as session:
        revoked = members.revoke(session, LOST, room.now)
    assert lose(room) == 303
    assert refused(found)
    with room.opened.database.write() as session:
        assert members.get(session, LOST) == revoked
        members.reinstate(session, LOST, room.now)
    assert refused(found)


def test_a_lost_card_leaves_the_phone_signed_in(room: Committee) -> None:
    assert (
        room.of(Role.COMMITTEE).submit("/committee/me", to=f"/committee/members/{LOST}/reissue").status_code
        == 303
    )
    assert left(room, LOST) == [1, 1, 1, 2]
    assert room.phone().get("/code/live").json()["codes"]


def test_who_is_on_duty_may_not(room: Committee) -> None:
    assert lose(room, Role.DUTY) == 403
    assert left(room, LOST) == [1, 1, 1, 2]


# -- what is under way ----------------------------------------------------------------------------


def meanwhile(room: Committee, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """The phone is given up for lost when a request has been let in, just before it calls this."""
    work: Callable[..., Any] = getattr(owner, name)

    def late(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(owner, name, work)
        with room.opened.database.write() as session:
            persons.lose_phone(session, LOST, room.now)
        return work(*args, **named)

    monkeypatch.setattr(owner, name, late)


@pytest.mark.parametrize("path", ["/code", "/code/live"])
def test_a_request_under_way_gets_no_new_code(
    room: Committee, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    found = room.phone()
    meanwhile(room, monkeypatch, phone, "show")
    answer = found.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert LOST not in answer.text


def test_a_wechat_account_is_not_linked_by_a_request_under_way(
    room: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room.opened.database.write() as session:
        token = sessions.begin(session, Visitor(LOST, wechat_tag="tag of the finder"), room.now)
    meanwhile(room, monkeypatch, room.opened.database, "write")
    answer = room.phone(token).submit("/wechat/link")
    assert answer.headers["location"] == "/sign-in"
    assert left(room, LOST) == [0, 0, 0, 0]


# -- the page and the shell -----------------------------------------------------------------------


def test_a_volunteer_reads_what_it_does_and_presses_one_button(room: Committee, page: Page) -> None:
    room.seated(page.context, Role.COMMITTEE)
    page.goto(f"{room.stage.url}/committee/members/{LOST}")
    page.locator("summary", has_text=CATALOGUE["people.lost-phone"][0]).click()
    button = page.get_by_role("button", name=CATALOGUE["people.lost-phone.button"][0].format(number=LOST))
    expect(button).to_be_visible()
    expect(page.get_by_text(CATALOGUE["people.lost-phone.help"][0])).to_be_visible()
    assert violations(page) == []
    button.click()
    expect(page.get_by_text(f"会员 {LOST} 的手机丢了")).to_be_visible()
    assert refused(room.phone())


def test_the_shell_does_the_same_and_says_how_he_comes_back(tmp_path: Path) -> None:
    with room_server(tmp_path) as server:
        server.cli("member", "add", "--number", LOST)
        link = server.json("member", "link", LOST)["url"]
        assert f"member link {LOST}" in server.cli("member", "lost-phone", LOST)
        with Browser(base_url=server.url, timeout=20) as found:
            assert found.submit(link).status_code == 410
        assert server.json("member", "list")[0]["generation"] == 2
        server.cli("member", "revoke", LOST)
        assert f"member reinstate {LOST}" in server.cli("member", "lost-phone", LOST)
