"""The page of the code as the server makes it: the right codes or why there are none; seats, news, holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from neighbours import FORM, MEMBER, Neighbourhood, neighbourhood

from contract.codes import Kind, issue
from contract.messages import REASONS
from roomserver.pages.words import CATALOGUE
from roomserver.residents import phone
from roomserver.residents.visits import ENTRIES_IN_HALF_AN_HOUR, TOLD_SECONDS
from roomserver.room import seats
from roomserver.room.seats import HOLD_SECONDS
from roomserver.storage.schema import Door, EnrolmentToken
from roomserver.wire import doors

FULL = 15


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Neighbourhood]:
    """A room with its door and a signed-in member."""
    with neighbourhood(tmp_path) as running:
        yield running


def told(text: str) -> dict[str, Any]:
    """What the page hands to its script."""
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', text)
    assert found
    made: dict[str, Any] = json.loads(found[1])
    return made


def page(room: Neighbourhood, token: str | None = None) -> str:
    """The page's text."""
    answer = room.phone(token).get("/code")
    assert answer.status_code == 200
    return answer.text


def news(room: Neighbourhood) -> str:
    """What happened at the door, as the page says it."""
    text: str = room.phone().get("/code/live").json()["news"]
    return text


def right_code(room: Neighbourhood, after: int = 0) -> str:
    """What the door would take, grouped as it is read."""
    step = FORM.step(Kind.PHONE, room.now) + after
    digits = issue(room.door_key, "front", Kind.PHONE, MEMBER, 1, step, FORM).digits
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"


# -- codes ----------------------------------------------------------------------------------------


def test_the_page_shows_the_code_that_the_door_takes(room: Neighbourhood) -> None:
    text = page(room)
    spelt = " ".join(right_code(room).replace(" ", ""))
    assert f'id="digits" class="digits" role="img" aria-label="{spelt}"' in text


def test_the_bundle_is_thirty_minutes_of_codes_and_each_has_its_second(room: Neighbourhood) -> None:
    codes = told(page(room))["codes"]
    assert [first for first, _, _, _ in codes] == [right_code(room, n) for n in range(len(codes))]
    assert [second for _, second, _, _ in codes[:-1]] == [first[5:] for first, _, _, _ in codes[1:]]
    assert 28 * 60 <= codes[-1][3] - room.now <= 30 * 60
    assert all(later[2] == sooner[3] for sooner, later in pairwise(codes))


def test_the_list_tells_the_time_of_the_room(room: Neighbourhood) -> None:
    assert ">10:00 <" in page(room)


def test_without_scripts_the_page_loads_again_when_the_code_changes(room: Neighbourhood) -> None:
    room.wait(50)
    assert '<noscript><meta http-equiv="refresh" content="71"></noscript>' in page(room)


@pytest.mark.parametrize("digits, shown", [(6, "0427 719 385"), (7, "0427 719 3856"), (8, "0427 7193 8561")])
def test_digits_are_read_in_groups(digits: int, shown: str) -> None:
    assert phone.groups(shown.replace(" ", ""), replace(FORM, digits=digits)) == shown
    assert phone.groups(shown[5:].replace(" ", ""), replace(FORM, digits=digits)) == shown[5:]


def test_who_is_not_signed_in_sees_no_code(room: Neighbourhood) -> None:
    stranger = room.stage.browser()
    assert stranger.get("/code", headers={"Accept": "application/json"}).status_code == 401
    assert stranger.get("/code/live").status_code == 401


def test_a_page_that_is_open_gets_codes_only_when_its_own_run_out(room: Neighbourhood) -> None:
    last = told(page(room))["codes"][-1][3]
    assert room.phone().get("/code/live", params={"until": last}).json()["codes"] is None
    room.wait(16 * 60)
    more = room.phone().get("/code/live", params={"until": last}).json()
    assert more["codes"][0][0] == right_code(room)
    assert right_code(room) in more["list"]


# -- why there is none ----------------------------------------------------------------------------


def test_a_revoked_member_sees_no_code_and_why(room: Neighbourhood) -> None:
    room.revoke()
    text = page(room)
    assert "您的号码已停用" in text
    assert told(text)["codes"] == []
    assert not re.search(r"\d{4} \d{3} \d{3}", text)


def test_a_suspended_member_sees_until_when(room: Neighbourhood) -> None:
    room.alter(suspended_until=room.now + 86_400 * 4)
    assert "暂停到 11月28日 10:00" in page(room)
    room.wait(86_400 * 4)
    assert told(page(room))["codes"]


def test_a_member_whose_time_has_not_come_or_is_over_sees_no_code(room: Neighbourhood) -> None:
    room.alter(not_before=room.now + 3600)
    assert "暂停到 11:00" in page(room)
    room.alter(not_before=None, not_after=room.now)
    assert "已停用" in page(room)


def test_outside_the_hours_the_page_says_when_the_room_opens(room: Neighbourhood) -> None:
    room.rules(hours={"tue": ("12:00-14:00",), "wed": ("09:00-10:00",)})
    assert "12:00 起开放" in page(room)
    room.wait(4 * 3600)
    assert "明天 09:00 起开放" in page(room)
    every_day: dict[str, tuple[str, ...]] = dict.fromkeys("mon tue wed thu fri sat sun".split(), ())
    room.rules(hours=every_day)
    assert "现在不开放。" in page(room)


@pytest.mark.parametrize("kind, said", [(Kind.STAFF, "验证器"), (Kind.PAPER, "纸上")])
def test_who_draws_elsewhere_is_told_where(room: Neighbourhood, kind: Kind, said: str) -> None:
    assert said in page(room, room.moves_in("0555", kind))


def test_the_committee_s_own_are_not_sent_home_at_night(room: Neighbourhood) -> None:
    room.rules(hours=dict.fromkeys("mon tue wed thu fri sat sun".split(), ()))
    assert "验证器" in page(room, room.moves_in("0555", Kind.STAFF))


def test_a_change_of_standing_reaches_a_page_that_is_open(room: Neighbourhood) -> None:
    assert room.phone().get("/code/live").json()["standing"] == told(page(room))["standing"] == "ok"
    room.revoke()
    assert room.phone().get("/code/live").json()["standing"] == "revoked"


# -- the second code ------------------------------------------------------------------------------


@pytest.mark.parametrize("asking", [{"lockout": True}, {"alarms": ["clock-untrusted"]}])
def test_the_second_code_is_shown_when_the_door_asks(room: Neighbourhood, asking: dict[str, Any]) -> None:
    room.says()
    assert '<details id="second">' in page(room)
    assert not room.phone().get("/code/live").json()["second"]
    room.says(**asking)
    assert '<details id="second" open>' in page(room)
    assert room.phone().get("/code/live").json()["second"]


def test_a_lockdown_is_told_with_the_committee_s_note_and_refuses_nobody_a_code(room: Neighbourhood) -> None:
    """The topic is unsigned: it is never the ground for refusing."""
    room.rules(note="水管维修")
    room.says(mode="lockdown")
    text = page(room)
    assert "暂停开放。水管维修" in text
    assert told(text)["codes"]


# -- what happened at the door --------------------------------------------------------------------


def test_every_reason_of_the_door_has_its_words() -> None:
    assert {f"reason.{reason}" for reason in REASONS} <= CATALOGUE.keys()


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_page_says_why_the_door_said_no(room: Neighbourhood, reason: str) -> None:
    room.records("denied", reason=reason)
    assert "10:00" in news(room)
    zh, _ = CATALOGUE[f"reason.{reason}"]
    later = CATALOGUE.get(f"later.{reason}", (zh, ""))[0]
    assert later.format(note="").strip() in news(room)
    room.wait(TOLD_SECONDS)
    assert "门没有开" not in news(room)


def test_a_reason_of_a_newer_door_is_told_in_plain_words(room: Neighbourhood) -> None:
    room.records("denied", reason="new-reason")
    assert CATALOGUE["reason.other"][0] in news(room)


def test_a_grant_after_a_denial_is_the_news(room: Neighbourhood) -> None:
    room.records("denied", reason="unknown-code")
    room.wait(60)
    room.records("granted")
    assert "您 10:01 进入了自习室" in news(room)
    assert "门没有开" not in news(room)


def test_too_many_entries_end_half_an_hour_after_the_first_of_them(room: Neighbourhood) -> None:
    for _ in range(ENTRIES_IN_HALF_AN_HOUR):
        room.records("granted")
        room.wait(120)
    room.records("denied", reason="too-many-entries")
    assert "请 10:30 再试" in news(room)


def test_nobody_is_told_of_another_s_visits(room: Neighbourhood) -> None:
    room.records("granted", member="0555")
    room.records("denied", member="0556", reason="unknown-code")
    assert news(room).strip() == ""


def test_wrong_codes_with_his_number_are_counted_and_his_own_slips_are_not(room: Neighbourhood) -> None:
    for _ in range(3):
        room.records("denied", reason="unknown-code")
    room.wait(3600)
    assert "不对的号码" in news(room)
    assert " 3 次" in news(room)
    room.records("denied", reason="unknown-code")
    room.wait(30)
    room.records("granted")
    assert " 3 次" in news(room)
    room.wait(86_400)
    assert news(room).strip() == ""


def test_the_last_wrong_code_is_taken_for_his_own(room: Neighbourhood) -> None:
    room.records("denied", reason="unknown-code")
    assert "号码不对" in news(room)
    assert "试过" not in news(room)


def test_a_door_with_a_wrong_clock_puts_nothing_into_the_future(room: Neighbourhood) -> None:
    room.records("granted", at=room.now + 86_400)
    assert "您 10:00 进入了" in news(room)
    room.wait(TOLD_SECONDS)
    assert "进入了" not in news(room)


# -- seats and holds ------------------------------------------------------------------------------


def held(room: Neighbourhood) -> int:
    """Seats held now."""
    with room.opened.database.read() as session:
        return seats.held(session, room.now)


def test_a_drawn_code_holds_a_seat_for_twenty_minutes(room: Neighbourhood) -> None:
    assert held(room) == 0
    page(room)
    page(room)
    assert held(room) == 1
    room.wait(HOLD_SECONDS - 1)
    assert held(room) == 1
    room.wait(1)
    assert held(room) == 0


def test_who_went_in_holds_no_seat_beside_the_one_he_sits_on(room: Neighbourhood) -> None:
    page(room)
    room.wait(30)
    room.records("granted")
    assert held(room) == 0


def test_a_page_left_open_holds_nothing_and_nobody_who_is_refused_does(room: Neighbourhood) -> None:
    room.phone().get("/code/live")
    room.revoke()
    page(room)
    assert held(room) == 0


def test_free_seats_are_those_neither_taken_nor_held(room: Neighbourhood) -> None:
    room.counts(10)
    for number in ("0555", "0556"):
        page(room, room.moves_in(number))
    assert "大约还有 3 个座位" in page(room)


def test_the_own_hold_takes_no_seat_from_oneself(room: Neighbourhood) -> None:
    room.counts(FULL - 1)
    page(room)
    assert "大约还有 1 个座位" in page(room)


def test_a_number_is_told_only_when_seats_are_few(room: Neighbourhood) -> None:
    """Or a member could tell that somebody is alone inside."""
    room.counts(1)
    assert "座位很多" in page(room)
    assert "14" not in room.phone().get("/code/live").json()["seats"]


@pytest.mark.parametrize("confidence", ["estimate", "unknown"])
def test_a_guess_warns_and_refuses_nobody(room: Neighbourhood, confidence: str) -> None:
    room.records("count", member=None, count=FULL)
    room.counts(FULL, confidence)
    text = page(room)
    assert "可能已经坐满" in text
    assert told(text)["codes"]


def test_a_full_room_counted_exactly_gives_no_code(room: Neighbourhood) -> None:
    room.records("count", member=None, count=FULL - 1)
    room.records("entered", member="0555")
    room.counts(FULL, "exact")
    text = page(room)
    assert "座位已满" in text
    assert told(text)["codes"] == []
    assert held(room) == 0


def test_a_count_that_the_rows_do_not_bear_out_refuses_nobody(room: Neighbourhood) -> None:
    """The topic of the count is unsigned."""
    room.counts(FULL, "exact")
    assert told(page(room))["codes"]
    room.records("count", member=None, count=FULL)
    room.records("left", member=None)
    assert told(page(room))["codes"]


def test_who_went_in_within_three_hours_is_never_told_that_it_is_full(room: Neighbourhood) -> None:
    room.records("granted")
    room.records("count", member=None, count=FULL)
    room.wait(3 * 3600 - 1)
    room.counts(FULL, "exact")
    assert told(page(room))["codes"]
    room.wait(1)
    room.counts(FULL, "exact")
    assert told(page(room))["codes"] == []


def test_a_silent_door_is_said_to_be_silent_and_its_full_room_refuses_nobody(room: Neighbourhood) -> None:
    room.records("count", member=None, count=FULL)
    room.counts(FULL, "exact")
    room.wait(seats.SILENT_SECONDS + 1)
    text = page(room)
    assert "门没有联网" in text
    assert "20 分钟前" in text
    assert told(text)["codes"]


def test_without_a_door_the_page_says_so(room: Neighbourhood) -> None:
    with room.opened.database.write() as session:
        session.query(EnrolmentToken).delete()
        session.query(Door).delete()
    text = page(room)
    assert "这里还没有门" in text
    assert told(text)["standing"] == "no-door"


def test_each_door_has_its_own_codes_and_the_page_leads_to_the_other(room: Neighbourhood) -> None:
    with room.opened.database.write() as session:
        doors.add(session, room.opened.vault, "back", room.now)
    back = room.phone().get("/code", params={"door": "back"})
    front = room.phone().get("/code", params={"door": "front"})
    assert told(back.text)["codes"] != told(front.text)["codes"]
    assert 'href="/code?door=front"' in back.text
    assert (
        told(room.phone().get("/code", params={"door": "<nowhere>"}).text)["codes"]
        == told(back.text)["codes"]
    )
