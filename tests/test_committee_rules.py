"""Hours, holidays, seats and the note: typed by a volunteer, in force beside ``roomserver.toml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from committee import Committee, committee
from sqlalchemy import select
from stage import T

from roomserver.committee import rulebook
from roomserver.committee.roles import Role
from roomserver.committee.rulebook import RulesError
from roomserver.settings import RoomRules
from roomserver.storage.schema import SentCommand
from roomserver.wire import doors, terms

GOOD = {
    "mon": "08:00-22:00",
    "sun": "不开放",
    "sat": "8:00-12:00 13:00-22:00",
    "holidays": "2026-10-01 不开放\n\n2026-10-02 全天\n",
    "capacity": "18",
    "when_full": "refuse",
    "note": "装修到周五",
}
FILE = RoomRules(capacity=12, hours={"mon": ("09:00-17:00",)})


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room whose file has rules of its own, in force."""
    with committee(tmp_path) as made:
        with made.opened.database.write() as session:
            rulebook.begin(session, FILE, made.now)
            doors.get(session, "front").enrolled_at = made.now
        yield made


def save(room: Committee, **fields: str) -> tuple[int, str]:
    """Send the form, and what is answered."""
    answer = room.of(Role.COMMITTEE).submit("/committee/rules", {**GOOD, **fields})
    return answer.status_code, answer.text


def in_force(room: Committee) -> dict[str, Any]:
    """What the doors are told."""
    with room.opened.database.read() as session:
        return terms.rules_json(session)


def test_what_is_typed_reaches_the_doors(room: Committee) -> None:
    before = in_force(room)["revision"]
    assert save(room)[0] == 303
    told = in_force(room)
    assert told.pop("revision") > before
    assert told == {
        "hours": {"mon": ["08:00-22:00"], "sat": ["08:00-12:00", "13:00-22:00"], "sun": []},
        "holidays": {"2026-10-01": [], "2026-10-02": ["00:00-24:00"]},
        "capacity": 18,
        "when_full": "refuse",
        "note": "装修到周五",
    }
    with room.opened.database.read() as session:
        assert [sent.verb for sent in session.scalars(select(SentCommand))][-1] == "refresh"
    assert room.acts() == ["rules-set"]


def test_the_form_shows_what_holds_and_sends_the_same_back(room: Committee) -> None:
    save(room)
    text = room.of(Role.COMMITTEE).get("/committee/rules").text
    for words in ("08:00-12:00 13:00-22:00", "2026-10-01 不开放", "装修到周五", 'value="18"'):
        assert words in text
    with room.opened.database.read() as session:
        found = rulebook.in_force(session).rules
    for all_day, closed in (("全天", "不开放"), ("all day", "closed")):
        typed = rulebook.typed(found, all_day, closed)
        read = rulebook.read(**typed)
        assert {**read, "revision": found["revision"]} == found


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"mon": "8-22"}, "看不懂。请写成"),
        ({"mon": "22:00-08:00"}, "看不懂。请写成"),
        ({"mon": "08:00-25:00"}, "看不懂。请写成"),
        ({"holidays": "10月1日 不开放"}, "这一行看不懂：10月1日 不开放"),
        ({"holidays": "2026-10-01"}, "这一行看不懂：2026-10-01"),
        ({"capacity": "0"}, "请填 1 到 1000"),
        ({"capacity": "many"}, "请填 1 到 1000"),
        ({"capacity": ""}, "请填 1 到 1000"),
        ({"note": "长" * 201}, "太长了"),
    ],
    ids=["short", "backwards", "no hour", "date", "no hours", "no seat", "word", "empty", "long"],
)
def test_what_is_not_understood_changes_nothing_and_is_shown_again(
    room: Committee, fields: dict[str, str], words: str
) -> None:
    before = in_force(room)
    status, text = save(room, **fields)
    assert status == 422
    assert words in text
    assert next(iter(fields.values())) in text
    assert in_force(room) == before


def test_every_fault_is_told_at_once(room: Committee) -> None:
    with pytest.raises(RulesError) as caught:
        rulebook.read({"mon": "x", "tue": "y"}, "z", "w", "allow", "\x00")
    assert set(caught.value.faults) == {"mon", "tue", "holidays", "capacity", "note"}
    assert room.acts() == []


@pytest.mark.parametrize("typed", ["８:00 – 22：00", "08:00-22:00", "8:00~22:00", " 08:00 至 22:00 "])
def test_hours_are_read_as_people_type_them(typed: str) -> None:
    read = rulebook.read({"mon": typed}, "", "15", "allow", "")
    assert read["hours"] == {"mon": ["08:00-22:00"]}


# -- the file and the committee -------------------------------------------------------------------


def test_the_file_is_the_first_edition_and_changes_while_nobody_edited(room: Committee) -> None:
    assert in_force(room)["capacity"] == 12
    with room.opened.database.write() as session:
        rulebook.begin(session, RoomRules(capacity=13), T)
    assert in_force(room)["capacity"] == 13


def test_once_edited_the_committees_edition_holds_whatever_the_file_says(room: Committee) -> None:
    save(room)
    before = in_force(room)
    with room.opened.database.write() as session:
        rulebook.begin(session, RoomRules(capacity=99), T)
    assert in_force(room) == before


def test_the_way_back_to_the_file(room: Committee) -> None:
    save(room)
    assert "改回服务器文件里的规则" in room.of(Role.COMMITTEE).get("/committee/rules").text
    answer = room.of(Role.COMMITTEE).submit("/committee/rules", {}, "/committee/rules/file")
    assert answer.status_code == 303
    assert in_force(room)["capacity"] == room.opened.place.settings.rules.capacity
    with room.opened.database.write() as session:
        rulebook.begin(session, RoomRules(capacity=20), T)
    assert in_force(room)["capacity"] == 20


# -- the proof ------------------------------------------------------------------------------------


def test_a_door_goes_by_the_rules_since_its_row(room: Committee) -> None:
    save(room)
    page = room.of(Role.COMMITTEE)
    assert "还没有说它知道了" in page.get("/committee/rules").text
    room.wait(7)
    room.records("rules", None, revision=in_force(room)["revision"])
    assert "门 front 从 10:00:07 起按下面的执行" in page.get("/committee/rules").text
    save(room, capacity="19")
    assert "还没有说它知道了" in page.get("/committee/rules").text
