"""Coming back by a link, a member's own data, and leaving: as members do it, and as thieves try."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from stage import Browser, Stage, T, stage
from stopwatch import difference

from contract.codes import Codes, Kind
from roomserver.pages.words import CATALOGUE
from roomserver.residents import issue, members, once, persons
from roomserver.residents.issue import IssueRefusedError
from roomserver.residents.once import LIFE_SECONDS, Purpose
from roomserver.storage.register import Consent, Passkey, Person, WebSession, WechatAccount
from roomserver.storage.schema import Base, SentCommand
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import doors

NAME, PHONE = "王小明", "13800138000"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stage]:
    """A room with two members, 0427 and 0666."""
    with stage(tmp_path) as made:
        with made.opened.database.write() as session:
            for number, name in (("0427", NAME), ("0666", "赵六")):
                members.add(session, Kind.PHONE, Codes(), T, number)
                persons.enter(session, made.opened.vault, number, persons.details(name, PHONE), T)
        yield made


def link(room: Stage, member: str = "0427") -> str:
    """The path of a fresh link."""
    with room.opened.database.write() as session:
        return "/in/" + once.make(session, Purpose.LINK, room.now, member=member)


def signed_in(room: Stage, member: str = "0427") -> Browser:
    """A browser that used one."""
    browser = room.browser()
    assert browser.submit(link(room, member)).headers["location"] == "/code"
    return browser


# -- links ----------------------------------------------------------------------------------------


def test_a_link_signs_in_when_the_button_is_pressed(room: Stage) -> None:
    assert NAME in signed_in(room).get("/me").text


def test_a_preview_does_not_use_a_link_up(room: Stage) -> None:
    """Messengers open every address they carry, with GET and HEAD."""
    path = link(room)
    for _ in range(3):
        assert room.browser().get(path).status_code == 200
        room.browser().head(path)
    assert room.browser().submit(path).status_code == 303


def test_a_link_is_good_once(room: Stage) -> None:
    path = link(room)
    assert [room.browser().submit(path).status_code for _ in range(3)] == [303, 410, 410]


def test_of_many_who_race_for_a_link_one_is_signed_in(room: Stage) -> None:
    path, browsers = link(room), [room.browser() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda browser: browser.submit(path).status_code, browsers))
    assert sorted(told) == [303, *[410] * 5]
    with room.opened.database.read() as session:
        assert session.query(WebSession).count() == 1


def test_used_expired_forged_and_strange_links_get_one_answer(room: Stage) -> None:
    used, late = link(room), link(room)
    room.browser().submit(used)
    room.now += LIFE_SECONDS[Purpose.LINK]
    paths = [used, late, "/in/forged", "/in/" + "x" * 2000, "/in/%00", "/in/%F0%9F%98%80", "/in/'--"]
    told = set()
    for path in paths:
        answer = room.browser().submit(path)
        told.add((answer.status_code, re.sub(r'href="[^"]*lang=en"', "", answer.text)))
    assert [status for status, _ in told] == [410]
    assert len({room.browser().get(path).status_code for path in paths}) == 1


def test_a_right_and_a_forged_link_take_the_same_time_until_they_are_used(room: Stage) -> None:
    """The page behind them looks nothing up."""
    browser = room.browser()
    right, forged = (partial(browser.get, path) for path in (link(room), "/in/forged"))
    assert difference(right, forged, near=0.25) <= 0.25


def test_trying_links_is_limited(room: Stage) -> None:
    browser = room.browser()
    assert [browser.submit("/in/forged").status_code for _ in range(61)] == [410] * 60 + [429]
    assert browser.submit(link(room)).status_code == 429
    room.now += 600
    assert browser.submit(link(room)).status_code == 303


def test_a_link_ends_the_session_that_was_there(room: Stage) -> None:
    browser = signed_in(room, "0666")
    old = browser.cookies["session"]
    browser.submit(link(room))
    assert NAME in browser.get("/me").text
    assert room.browser({"session": old}).get("/me").status_code == 401


def test_a_person_who_is_not_signed_in_is_led_to_the_ways_in(room: Stage) -> None:
    answer = room.browser().get("/me", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert CATALOGUE["in.link-help"][0] in room.browser().get("/sign-in").text


# -- my data --------------------------------------------------------------------------------------


def test_a_member_sees_and_downloads_all_that_is_stored(room: Stage) -> None:
    browser = signed_in(room)
    with room.opened.database.write() as session:
        session.add(Consent(member="0427", subject="membership", version="2026-11", at=T))
    answer = browser.get("/me/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["member"], told["name"], told["phone"]) == ("0427", NAME, PHONE)
    assert told["consents"] == [{"subject": "membership", "version": "2026-11", "at": T}]
    assert told["access"]["member"] == "0427"
    assert len(told["sessions"]) == 1
    assert told["rows"] == []


def test_a_member_corrects_his_name_and_phone(room: Stage) -> None:
    browser = signed_in(room)
    answer = browser.submit("/me", {"name": "王 大明", "phone": "139 0013 9000"}, "/me/details")
    assert answer.headers["location"] == "/me?corrected=true"
    text = browser.get("/me?corrected=true").text
    assert CATALOGUE["me.corrected"][0] in text
    assert all(word in text for word in ("王 大明", "13900139000"))


def test_a_faulty_correction_is_told_and_nothing_is_lost(room: Stage) -> None:
    browser = signed_in(room)
    answer = browser.submit("/me", {"name": "王大明", "phone": "12"}, "/me/details")
    assert answer.status_code == 422
    assert CATALOGUE["join.fault.phone"][0] in answer.text
    assert 'value="王大明"' in answer.text
    assert browser.get("/me/data.json").json()["name"] == NAME


def test_a_number_without_a_name_has_a_page_too(room: Stage) -> None:
    """Staff whom the administrator added."""
    with room.opened.database.write() as session:
        members.add(session, Kind.STAFF, Codes(), T, "0100")
    browser = signed_in(room, "0100")
    assert CATALOGUE["me.nobody"][0] in browser.get("/me").text
    assert browser.get("/me/data.json").json()["name"] is None
    assert browser.submit("/me", {"name": "x", "phone": "13800138000"}, "/me/details").status_code == 303
    assert browser.submit("/me", {"sure": "true"}, "/me/leave").status_code == 200


def test_signing_out_ends_the_session_and_not_only_the_cookie(room: Stage) -> None:
    browser = signed_in(room)
    token = browser.cookies["session"]
    browser.submit("/me", to="/me/sign-out")
    assert "session" not in browser.cookies
    assert room.browser({"session": token}).get("/me").status_code == 401


def test_a_member_who_lost_a_phone_ends_its_session_from_another(room: Stage) -> None:
    phone, lost = signed_in(room), signed_in(room)
    assert CATALOGUE["me.end-others"][0] in phone.get("/me").text
    phone.submit("/me", to="/me/end-others")
    assert (phone.get("/me").status_code, lost.get("/me").status_code) == (200, 401)


# -- nobody else's --------------------------------------------------------------------------------

CHANGES = [
    ("/me/details", {"name": "x", "phone": "13800138000"}),
    ("/me/end-others", {}),
    ("/me/leave", {"sure": "true"}),
    ("/me/passkeys/remove", {"id": "eA"}),
    ("/me/wechat/remove", {}),
]


@pytest.mark.parametrize("path, fields", CHANGES)
def test_nothing_changes_for_who_is_not_signed_in(room: Stage, path: str, fields: dict[str, str]) -> None:
    assert room.browser().submit("/sign-in", fields, path).status_code == 401


@pytest.mark.parametrize("path, fields", CHANGES)
def test_nothing_of_another_member_can_be_named(room: Stage, path: str, fields: dict[str, str]) -> None:
    """Whose data it is comes from the session alone, whatever a form or an address says."""
    victim, thief = signed_in(room), signed_in(room, "0666")
    with room.opened.database.write() as session:
        session.add(Passkey(id=b"x", member="0427", public_key=b"k", sign_count=0, made_at=T))
        session.add(WechatAccount(tag="t", member="0427", made_at=T))
    more = {"member": "0427", "number": "0427"}
    thief.submit("/me", fields | more, f"{path}?member=0427&number=0427")
    assert NAME in victim.get("/me").text
    with room.opened.database.read() as session:
        assert session.get(Passkey, b"x") is not None
        assert session.get(WechatAccount, "t") is not None


@pytest.mark.parametrize("path", ["/me", "/me/data.json", "/code"])
def test_another_members_data_cannot_be_asked_for(room: Stage, path: str) -> None:
    thief = signed_in(room, "0666")
    text = thief.get(path, params={"member": "0427", "number": "0427"}).text
    assert NAME not in text
    assert thief.get(f"{path}/0427").status_code == 404


def unsafe_routes(room: Stage) -> list[tuple[str, str]]:
    """Everything that may change something, from the application itself."""
    found = []
    for path, methods in room.app.openapi()["paths"].items():
        found += [(method.upper(), path) for method in methods if method not in ("get", "head")]
    return found


def test_every_form_is_refused_from_another_site_and_without_its_token(room: Stage) -> None:
    """Also a form that is added tomorrow; the API of doors and mini programs has no cookie to abuse."""
    routes = [(method, path) for method, path in unsafe_routes(room) if not path.startswith("/api/")]
    assert len(routes) >= 14
    browser = signed_in(room)
    cookie = {"session": browser.cookies["session"], "visit": browser.cookies["visit"]}
    for method, template in routes:
        path = template.replace("{token}", "x")
        assert room.browser(cookie).request(method, path).status_code == 403, path
        token = browser.get("/me").text.split('name="form_token" value="')[1][:64]
        for origin in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = browser.request(method, path, data={"form_token": token}, headers=origin)
            assert answer.status_code == 403, path


# -- leaving --------------------------------------------------------------------------------------


def test_who_leaves_is_forgotten_at_once(room: Stage) -> None:
    browser, other = signed_in(room), signed_in(room)
    with room.opened.database.write() as session:
        session.add(Consent(member="0427", subject="membership", version="2026-11", at=T))
        session.add(Passkey(id=b"x", member="0427", public_key=b"k", sign_count=0, made_at=T))
        session.add(WechatAccount(tag="t", member="0427", made_at=T))
        for name in ("front", "back"):
            doors.add(session, room.opened.vault, name, T)
    unused = link(room)
    answer = browser.submit("/me", {"sure": "true"}, "/me/leave")
    assert CATALOGUE["left.title"][0] in answer.text
    for gone in (browser, other):
        assert gone.get("/me").status_code == 401
    assert room.browser().submit(unused).status_code == 410
    with room.opened.database.read() as session:
        assert [person.number for person in session.query(Person)] == ["0666"]
        for table in (Consent, Passkey, WechatAccount, WebSession):
            assert session.query(table).count() == 0
        record = members.get(session, "0427")
        assert record.revoked
        with pytest.raises(IssueRefusedError):
            issue.draw(b"k" * 32, "front", record, Codes(), T)
        asked = [(c.verb, json.loads(c.args)) for c in session.query(SentCommand)]
        assert asked == [("forget", {"member": "0427"})] * 2


def test_after_leaving_the_bare_number_is_all_that_is_left(room: Stage) -> None:
    """Searched for in every table, so that one that is added tomorrow is seen."""
    with room.opened.database.write() as session:
        persons.forget(session, "0427", T)
    with room.opened.database.snapshot() as database:
        tables = Base.metadata.sorted_tables
        left = {table.name for table in tables if "0427" in str(database.execute(select(table)).all())}
    assert left == {"members", "changes"}


def test_leaving_needs_the_tick(room: Stage) -> None:
    browser = signed_in(room)
    assert browser.submit("/me", to="/me/leave").headers["location"] == "/me#leave"
    assert NAME in browser.get("/me").text


def test_the_number_of_one_who_left_is_given_to_nobody_until_retention_is_over(room: Stage) -> None:
    """And then with a higher generation: the codes of the one before stay dead."""
    form = Codes(member_digits=3)
    with room.opened.database.write() as session:
        for number in range(1, 1000):
            members.add(session, Kind.PHONE, form, T, f"{number:03}")
        left = persons.forget(session, "500", T)
        with pytest.raises(members.MemberError, match="taken"):
            members.add(session, Kind.PHONE, form, T + members.REST_SECONDS - 1)
        again = members.add(session, Kind.PAPER, form, T + members.REST_SECONDS)
        assert (again.member, again.kind) == ("500", Kind.PAPER)
        assert again.generation > left.revoked_through
        assert not again.revoked
        with pytest.raises(members.MemberError, match="taken"):
            members.add(session, Kind.PHONE, form, T + 2 * members.REST_SECONDS)


def test_a_revoked_member_stays_signed_in_and_can_still_leave(room: Stage) -> None:
    browser = signed_in(room)
    with room.opened.database.write() as session:
        members.revoke(session, "0427", T)
    assert browser.get("/me").status_code == 200
    assert browser.submit("/me", {"sure": "true"}, "/me/leave").status_code == 200


def test_a_session_of_nobody_is_nobody(room: Stage) -> None:
    with room.opened.database.write() as session:
        token = sessions.begin(session, Visitor(), T)
    answer: httpx.Response = room.browser({"session": token}).get("/me")
    assert answer.status_code == 401
