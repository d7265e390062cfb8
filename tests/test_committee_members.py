"""Applications and members on the committee's pages: what is done, what is shown, and the proof beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, committee
from sqlalchemy import select

from contract.codes import Kind
from roomserver.committee import evidence, people
from roomserver.committee.roles import Role
from roomserver.residents import members, persons
from roomserver.storage.register import Application
from roomserver.storage.schema import Door
from roomserver.wire import doors

NAME, PHONE = "王小明", "13800138000"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with its door and member 0427, who has a name."""
    with committee(tmp_path) as made:
        with made.opened.database.write() as session:
            persons.enter(session, made.opened.vault, "0427", persons.details(NAME, PHONE), made.now)
            doors.get(session, "front").enrolled_at = made.now
        yield made


def apply(room: Committee, name: str = "李建国", identity: str = "110105194912310038") -> str:
    """Somebody applies, and the token of his browser."""
    browser = room.stranger()
    fields = {"name": name, "phone": "13900139000", "identity": identity}
    answer = browser.submit("/join", {**fields, "membership": "true", "identity_check": "true"})
    assert answer.status_code == 303, answer.text
    return browser.cookies["session"]


def application(room: Committee) -> int:
    """The latest application."""
    with room.opened.database.read() as session:
        found = session.scalars(select(Application.id).order_by(Application.id)).all()
    return found[-1]


def submit(room: Committee, path: str, role: Role = Role.COMMITTEE, **fields: str) -> tuple[int, str]:
    """Press a button, and what is answered."""
    answer = room.of(role).submit("/committee/me", fields, path)
    return answer.status_code, answer.text


def door_takes_list(room: Committee, revision: int | None = None) -> None:
    """The door fetches the list and says so in a row."""
    with room.opened.database.read() as session:
        revision = members.revision(session) if revision is None else revision
    room.records("list", None, revision=revision, complete=False, members=1)


def page(room: Committee, number: str = "0427", role: Role = Role.COMMITTEE) -> str:
    """A member's page as it reads."""
    text = room.of(role).get(f"/committee/members/{number}").text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


# -- applications ---------------------------------------------------------------------------------


def test_an_application_is_approved_and_the_phone_that_applied_is_signed_in(room: Committee) -> None:
    token = apply(room)
    assert "李建国" in room.of(Role.COMMITTEE).get("/committee/applications").text
    assert submit(room, f"/committee/applications/{application(room)}/approve")[0] == 303
    assert room.phone(token).get("/code").status_code == 200
    assert room.acts() == ["approved"]
    assert "没有人在等" in room.of(Role.COMMITTEE).get("/committee/applications").text


@pytest.mark.parametrize("why", ["not-matching", "not-ours", "registered", "other"])
def test_a_declined_applicant_reads_why_and_his_name_is_gone(room: Committee, why: str) -> None:
    token = apply(room)
    assert submit(room, f"/committee/applications/{application(room)}/decline", why=why)[0] == 303
    told = room.phone(token).get("/join", params={"lang": "en"}).text
    words = {"not-matching": "what the card says", "not-ours": "residents of this estate"}
    assert words.get(why, {"registered": "a member already"}.get(why, "ask the committee")) in told
    with room.opened.database.read() as session:
        (left,) = session.scalars(select(Application))
        assert (left.name, left.phone, left.identity_tag) == (None, None, None)


def test_two_volunteers_at_once_decide_once(room: Committee) -> None:
    apply(room)
    id_ = application(room)
    assert submit(room, f"/committee/applications/{id_}/approve")[0] == 303
    for what in ("approve", "decline"):
        status, text = submit(room, f"/committee/applications/{id_}/{what}")
        assert status == 409
        assert "已经有人办过了" in text
    assert room.acts() == ["approved"]


def test_a_second_application_of_a_member_cannot_be_approved(room: Committee) -> None:
    apply(room)
    submit(room, f"/committee/applications/{application(room)}/approve")
    apply(room, name="李建")
    text = room.of(Role.COMMITTEE).get("/committee/applications").text
    assert "已经登记过" in text
    assert "/approve" not in text
    status, text = submit(room, f"/committee/applications/{application(room)}/approve")
    assert status == 409
    assert "再给他一个登录链接" in text


# -- members --------------------------------------------------------------------------------------


def test_names_are_masked_and_a_reveal_is_on_record(room: Committee) -> None:
    for path in ("/committee/members", "/committee/members/0427"):
        text = room.of(Role.ADMIN).get(path).text
        assert NAME not in text
        assert PHONE not in text
        assert "王**" in text
    status, text = submit(room, "/committee/members/0427/reveal")
    assert status == 200
    assert NAME in text
    assert PHONE in text
    assert room.acts("0427") == ["revealed"]
    assert NAME not in page(room)


@pytest.mark.parametrize(
    "name, masked", [("王小明", "王**"), ("Li", "L**"), ("欧阳娜娜", "欧**"), ("A", "A**")]
)
def test_a_mask_tells_one_letter_and_not_how_many(name: str, masked: str) -> None:
    assert people.masked_name(name) == masked


@pytest.mark.parametrize(
    "phone, masked", [("13800138000", "138****8000"), ("+8613800138000", "+86****8000"), ("123456", "****56")]
)
def test_a_masked_phone_tells_its_end(phone: str, masked: str) -> None:
    assert people.masked_phone(phone) == masked


def test_a_member_is_found_by_his_number(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    found = browser.get("/committee/members", params={"number": " 0427 "})
    assert found.headers["location"] == "/committee/members/0427"
    assert "没有这个会员号" in browser.get("/committee/members", params={"number": "9999"}).text
    assert browser.get("/committee/members/9999").status_code == 404


def test_the_list_goes_on_and_can_be_narrowed(room: Committee) -> None:
    for n in range(1000, 1060):
        room.moves_in(str(n))
    room.revoke("1005")
    browser = room.of(Role.DUTY)
    first = browser.get("/committee/members").text
    later = browser.get("/committee/members", params={"after": "1048"}).text
    assert "1059" not in first
    assert "1059" in later
    assert "1048" not in later.replace("after=1048", "")
    only = browser.get("/committee/members", params={"only": "revoked"}).text
    assert "1005" in only
    assert "1006" not in only


# -- revoked, and what the door knows -------------------------------------------------------------


def test_a_door_that_took_the_list_knows_since_its_row(room: Committee) -> None:
    assert submit(room, "/committee/members/0427/revoke")[0] == 303
    room.wait(11)
    door_takes_list(room)
    room.wait(600)
    assert "门 front 从 10:00:11 起知道" in page(room)
    assert "停用了会员 0427" in page(room)


def test_an_older_list_proves_nothing(room: Committee) -> None:
    with room.opened.database.read() as session:
        before = members.revision(session)
    submit(room, "/committee/members/0427/revoke")
    door_takes_list(room, before)
    assert "起知道" not in page(room)


def test_a_silent_door_is_said_with_when_the_codes_end(room: Committee) -> None:
    with room.opened.database.write() as session:
        doors.get(session, "front").asked_at = room.now
    room.wait(180)
    submit(room, "/committee/members/0427/revoke")
    told = page(room)
    assert "门 front 已经 3 分钟没有回音" in told
    assert "在那之前取出的号码到 10:34 失效" in told
    room.wait(32 * 60)
    assert "以前取出的号码在 10:34 已经失效" in page(room)


def test_codes_drawn_before_are_dead_when_the_page_says_so(room: Committee) -> None:
    """The last moment of the last code that a phone could have, by the very codes."""
    room.wait(119)
    issued = room.phone().get("/code/live").json()["codes"]
    submit(room, "/committee/members/0427/revoke")
    with room.opened.database.read() as session:
        form = room.opened.place.settings.codes.codes()
        (proof,) = evidence.of_member(session, "0427", Kind.PHONE, form)
    last = max(ends for _, _, _, ends in issued) + form.windows[Kind.PHONE].grace
    assert last <= proof.ends <= last + 120


def test_who_enters_by_paper_is_told_of_the_lease(room: Committee) -> None:
    room.moves_in("3001", Kind.PAPER)
    submit(room, "/committee/members/3001/revoke")
    assert "最迟用到" in page(room, "3001")


def test_a_door_that_only_asked_is_proof_of_less(room: Committee) -> None:
    submit(room, "/committee/members/0427/revoke")
    with room.opened.database.write() as session:
        door = session.scalars(select(Door)).one()
        door.asked_at, door.holds_revision = room.now + 5, members.revision(session)
    assert "从 10:00:05 起知道" in page(room)


def test_a_revocation_at_the_door_itself_counts_as_proof(room: Committee) -> None:
    room.records("revoked", generation=1, through=4)
    assert "停用" in page(room)
    assert "起知道" in page(room)


def test_reinstated_he_draws_again_and_what_he_had_is_dead(room: Committee) -> None:
    before = members_generation(room)
    submit(room, "/committee/members/0427/revoke")
    assert submit(room, "/committee/members/0427/reinstate")[0] == 303
    assert members_generation(room) > before
    assert "正常" in page(room)
    assert room.acts("0427") == ["revoked", "reinstated"]


def members_generation(room: Committee) -> int:
    """The generation of member 0427."""
    with room.opened.database.read() as session:
        return members.get(session, "0427").generation


def test_new_codes_for_a_lost_phone(room: Committee) -> None:
    before = members_generation(room)
    assert submit(room, "/committee/members/0427/reissue")[0] == 303
    assert members_generation(room) == before + 1


def test_what_cannot_be_done_is_said(room: Committee) -> None:
    assert submit(room, "/committee/members/0427/reinstate")[0] == 409
    assert submit(room, "/committee/members/9999/revoke")[0] == 404
    assert room.acts() == []


def test_a_member_who_left_is_gone_for_good(room: Committee) -> None:
    with room.opened.database.write() as session:
        persons.forget(session, "0427", room.now)
    assert "已退出" in page(room)
    for what in ("reinstate", "link", "revoke"):
        assert submit(room, f"/committee/members/0427/{what}")[0] == 404
    assert "0427" not in room.of(Role.DUTY).get("/committee/members").text


def test_a_link_brings_the_member_back_once(room: Committee) -> None:
    status, text = submit(room, "/committee/members/0427/link")
    assert status == 200
    (url,) = re.findall(r'value="(http[^"]+/in/[\w-]+)"', text)
    path = url.removeprefix(room.stage.url)
    phone = room.stage.browser()
    assert phone.submit(path).status_code == 303
    assert phone.get("/code").status_code == 200
    assert room.stage.browser().submit(path).status_code == 410
    assert room.acts("0427") == ["linked"]


def test_the_log_names_who_and_when(room: Committee) -> None:
    submit(room, "/committee/members/0427/revoke", Role.ADMIN)
    text = room.of(Role.COMMITTEE).get("/committee/acts").text
    assert re.search(r"10:00:00</span> <span><strong>the-admin</strong> 停用了会员 0427", text)


def test_the_details_of_an_act_name_nobody(room: Committee) -> None:
    submit(room, "/committee/members/0427/reveal")
    text = room.of(Role.ADMIN).get("/committee/acts").text
    assert NAME not in text
    assert PHONE not in text


# -- suspended ------------------------------------------------------------------------------------


def test_suspended_until_tomorrow_he_reads_why_and_until_when(room: Committee) -> None:
    fields = {"until": "2026-11-25T08:00", "reason": "大声打电话"}
    assert submit(room, "/committee/members/0427/suspend", Role.DUTY, **fields)[0] == 303
    told = page(room)
    assert "暂停 到 明天 08:00 为止" in told
    assert "大声打电话" in told
    assert "让会员 0427 暂停到 明天 08:00" in told
    phone = room.phone().get("/code").text
    assert "大声打电话" in phone
    assert "明天 08:00" in phone
    room.wait(22 * 3600)
    assert "正常" in page(room)
    assert room.phone().get("/code/live").json()["codes"]


def test_a_pause_is_ended_in_one_tap(room: Committee) -> None:
    submit(room, "/committee/members/0427/suspend", until="2026-11-25T08:00", reason="大声打电话")
    assert submit(room, "/committee/members/0427/lift", Role.DUTY)[0] == 303
    assert "正常" in page(room)
    assert "大声打电话" not in page(room)
    assert room.acts("0427") == ["suspended", "lifted"]


@pytest.mark.parametrize(
    "until, reason, fault",
    [
        ("2026-11-24T09:00", "占座", "以后的时间"),
        ("2029-11-24T09:00", "占座", "以后的时间"),
        ("tomorrow", "占座", "以后的时间"),
        ("", "占座", "以后的时间"),
        ("2026-11-25T08:00+08:00", "占座", "以后的时间"),
        ("2026-11-25T08:00", "", "请写原因"),
        ("2026-11-25T08:00", "长" * 201, "请写原因"),
    ],
    ids=["past", "years", "word", "empty", "zone", "no reason", "long reason"],
)
def test_a_pause_without_end_or_reason_is_none(room: Committee, until: str, reason: str, fault: str) -> None:
    status, text = submit(room, "/committee/members/0427/suspend", until=until, reason=reason)
    assert status == 422
    assert fault in text
    assert html.escape(reason) in text
    assert room.acts() == []
