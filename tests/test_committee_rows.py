"""The doors' records and the server's alarms, as the committee reads them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, committee

from contract.messages import REASONS, ROW_TYPES
from roomserver.committee.roles import Role
from roomserver.pages.words import CATALOGUE
from roomserver.wire import alarms
from roomserver.wire import rows as received
from roomserver.wire.alarms import Noticed, sound


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with its door."""
    with committee(tmp_path) as made:
        yield made


def read(room: Committee, path: str, **query: str) -> str:
    """A page as a person reads it."""
    text = room.of(Role.COMMITTEE).get(path, params=query).text
    text = text[text.index("<main") : text.index("</main")]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def lines(room: Committee, **query: str) -> str:
    """The list of the rows alone."""
    text = room.of(Role.COMMITTEE).get("/committee/rows", params=query).text
    return text[text.index("</details>") :]


def test_every_word_of_a_row_has_its_words() -> None:
    assert [t for t in ROW_TYPES if f"row.{t}" not in CATALOGUE] == []
    assert [r for r in REASONS if f"rows.reason.{r}" not in CATALOGUE] == []
    assert [f for f in received.Flag if f"rows.flag.{f}" not in CATALOGUE] == []
    assert [n for n in Noticed if f"alarms.what.{n}" not in CATALOGUE] == []


def test_rows_are_sentences_with_the_member_and_the_reason(room: Committee) -> None:
    room.records("granted")
    room.records("denied", reason="used-code")
    told = read(room, "/committee/rows")
    assert "允许进门 · 0427" in told
    assert "没有允许进门 · 0427 · 号码用过了" in told
    assert told.index("号码用过了") < told.rindex("允许进门 · 0427")


def test_a_row_tells_the_mode_the_count_and_how_often(room: Committee) -> None:
    room.records("mode", None, mode="lockdown")
    room.records("count", None, count=7)
    room.records("denied", None, reason="unknown-code", count=3)
    told = read(room, "/committee/rows")
    for words in (r"换了方式 · 暂停开放", r" · 7 ", r"3 次 · 号码不对"):
        assert re.search(words, told), told


def test_filters_narrow(room: Committee) -> None:
    room.moves_in("0428")
    room.records("granted")
    room.records("denied", "0428", reason="used-code")
    room.wait(86_400)
    room.records("bell", None)
    assert "0428" not in lines(room, type="granted")
    assert "号码用过了" in lines(room, member="0428")
    assert "有人按铃" not in lines(room, day="2026-11-24")
    assert "有人按铃" in lines(room, day="2026-11-25")
    assert "没有记录" in lines(room, door="back")
    assert (
        room.of(Role.COMMITTEE).get("/committee/rows", params={"day": "x", "after": "y"}).status_code == 200
    )


def test_pages_follow_each_other_without_a_row_lost_or_shown_twice(room: Committee) -> None:
    for n in range(120):
        room.records("bell", None, at=room.now - n)
    seen: list[str] = []
    browser, path = room.of(Role.COMMITTEE), "/committee/rows?type=bell"
    while path:
        text = browser.get(path).text
        seen += re.findall(r'<span class="figures soft">([^<]+)</span>', text)
        more = re.search(r'quiet" href="(/committee/rows\?[^"]*after=[^"]+)"', text)
        path = html.unescape(more[1]) if more else ""
    assert len(seen) == 120
    assert len(set(seen)) == 120


def test_what_a_later_door_says_is_shown_as_it_is(room: Committee) -> None:
    room.records("of-a-later-version", None)
    told = read(room, "/committee/rows")
    assert "of-a-later-version" in told
    assert "比服务器新的事项" in told


@pytest.mark.parametrize("kind", list(Noticed))
def test_an_alarm_is_explained_and_seen_to_once(room: Committee, kind: Noticed) -> None:
    with room.opened.database.write() as session:
        for _ in range(2):
            sound(session, room.door_id, "front", kind, "0123 7", room.now)
    told = read(room, "/committee/alarms")
    assert CATALOGUE[f"alarms.what.{kind}"][0] in told
    assert "2 次" in told
    assert "1 个警报没有处理" in read(room, "/committee")
    with room.opened.database.read() as session:
        [alarm] = alarms.open_alarms(session)
    for _ in range(2):
        answer = room.of(Role.DUTY).submit("/committee/me", {}, f"/committee/alarms/{alarm.id}/seen")
        assert answer.status_code == 303
    assert room.acts() == ["seen"]
    told = read(room, "/committee/alarms")
    assert "没有要处理的警报" in told
    assert "处理过的" in told


def test_a_fork_and_a_forged_row_reach_the_page(room: Committee) -> None:
    """Not put there by the test: what the server notices by itself."""
    room.records("bell", None)
    with room.opened.database.write() as session:
        forged = room.ledger.rows[-1].raw.replace(b"bell", b"fire")
        received.receive(session, room.keys, [forged], room.now)
    told = read(room, "/committee/alarms")
    assert "有一条记录的签名不对" in told
    room.ledger.rows.clear()
    room.records("fire", None)
    assert "门用了一份旧的记录" in read(room, "/committee/alarms")
