"""Paper, the use of the room and notices on the committee's pages; and what was printed opens the door."""

from __future__ import annotations

import csv
import io
import json
import re
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import browser, page, violations, watch
from committee import PASSWORD, Committee, committee
from patience import until
from playwright.sync_api import Browser, Page, expect
from secrecy import WITNESS
from servers import Said, serving
from village import Door, Village, door_at, village

from contract.codes import Kind
from door.effects import Cue
from roomserver.commandline import desk
from roomserver.committee import accounts, acts, volunteers
from roomserver.committee.roles import Role
from roomserver.notify import claim
from roomserver.notify.message import NotSentError
from roomserver.notify.settings import Event, Way
from roomserver.paper.desk import paper_codes
from roomserver.paper.issuing import Paper
from roomserver.place import load, now, open_place
from roomserver.residents import members
from roomserver.room import hourly
from roomserver.room.hourly import Hourly
from roomserver.settings import Settings

__all__ = ["browser", "page"]
DAY, HOUR = 86_400, 3600


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with members 0427 (phone), 0500 (paper) and 0600 (staff)."""
    with committee(tmp_path) as made:
        made.moves_in("0500", Kind.PAPER)
        made.moves_in("0600", Kind.STAFF)
        yield made


def print_(room: Committee, number: str, paper: str, **fields: str) -> tuple[int, str]:
    """Press the button, and what is answered."""
    given = {"number": number, "paper": paper, "days": "14", **fields}
    answer = room.of(Role.COMMITTEE).submit("/committee/paper", given)
    return answer.status_code, answer.text


# -- printing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number, paper", [("0500", "sheet"), ("0427", "card"), ("0600", "authenticator")])
def test_what_is_printed_is_on_record(room: Committee, number: str, paper: str) -> None:
    status, text = print_(room, number, paper)
    assert status == 200
    assert f'class="{paper}"' in text
    assert room.acts(number) == [f"printed-{paper}"]
    listed = room.of(Role.COMMITTEE).get("/committee/acts", params={"lang": "en"}).text
    assert "printed" in listed
    assert "the-committee" in listed


def test_a_member_number_may_be_typed_as_it_is_printed(room: Committee) -> None:
    assert print_(room, " 05 00 ", "sheet", days="28")[1].count('class="page"') == 2


@pytest.mark.parametrize(
    "number, paper, said",
    [
        ("0427", "sheet", "这张纸不适合"),
        ("0500", "authenticator", "这张纸不适合"),
        ("9999", "card", "没有这个会员号"),
        ("", "card", "没有这个会员号"),
        ("12345678901234567890", "card", "没有这个会员号"),
    ],
)
def test_what_cannot_be_printed_is_said_and_is_no_act(
    room: Committee, number: str, paper: str, said: str
) -> None:
    status, text = print_(room, number, paper)
    assert status == 409
    assert said in text
    assert room.acts() == []


def test_a_revoked_member_gets_no_paper(room: Committee) -> None:
    with room.opened.database.write() as session:
        members.revoke(session, "0500", room.now)
    status, text = print_(room, "0500", "sheet")
    assert (status, "现在不能取号" in text) == (409, True)
    assert room.acts() == []


def test_the_shells_paper_is_on_record_too(room: Committee, tmp_path: Path) -> None:

    paper_codes(
        room.opened, Namespace(number="0500", paper=Paper.SHEET, days=7, door=None, out=tmp_path / "s.html")
    )
    with room.opened.database.read() as session:
        (done,) = acts.listed(session)
    assert (done.what, done.who, done.member) == ("printed-sheet", None, "0500")


def test_codes_for_paper_drawn_at_the_shell_are_on_record_too(
    room: Committee, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, card in (("0427", False), ("0427", True), ("0500", False)):
        desk.code(room.opened, Namespace(number=number, card=card, days=7, door=None, json=True))
    assert room.acts() == ["printed-card", "printed-sheet"]
    assert json.loads(capsys.readouterr().out.partition("}\n{")[0] + "}")["kind"] == "phone"


def test_a_members_page_leads_to_his_paper(room: Committee) -> None:
    link = 'href="/committee/paper?number=0500"'
    assert link in room.of(Role.COMMITTEE).get("/committee/members/0500").text
    assert link not in room.of(Role.DUTY).get("/committee/members/0500").text
    assert 'value="0500"' in room.of(Role.COMMITTEE).get("/committee/paper?number=0500").text


@pytest.mark.parametrize("path", ["/committee/paper/notice", "/committee/paper/handover"])
def test_notice_and_hand_over_are_pages_too(room: Committee, path: str) -> None:
    answer = room.of(Role.COMMITTEE).get(path)
    assert answer.status_code == 200
    assert "<style>" not in answer.text  # the policy of the pages allows only the style it knows
    assert answer.headers["Cache-Control"] == "no-store"


# -- the use of the room --------------------------------------------------------------------------


def counted(room: Committee) -> None:
    """A busy evening, yesterday a week ago."""
    monday = (room.now + 8 * HOUR) // DAY * DAY - 8 * HOUR - 8 * DAY  # T is a Tuesday
    with room.opened.database.write() as session:
        for hour, peak in ((18, 9), (19, 15), (20, 2)):
            session.add(Hourly(door_id=room.door_id, hour=monday + hour * HOUR, entries=peak, peak=peak))
        assert hourly.of(session, monday, monday + DAY)


def test_the_use_of_the_last_whole_week_is_shown_and_weeks_are_turned(room: Committee) -> None:
    counted(room)
    browser = room.of(Role.DUTY)
    text = browser.get("/committee/use", params={"lang": "en"}).text
    assert "26 entries" in text
    assert "Fullest: Monday 19:00–20:00, 15 of 15 seats" in text
    earlier = re.search(r'href="([^"]+)">← Earlier', text)
    assert earlier
    before = browser.get(earlier[1].replace("&amp;", "&")).text
    assert "Nothing is recorded for this time" in before
    assert "26 entries" in browser.get("/committee/use", params={"weeks": "4"}).text


@pytest.mark.parametrize("week", ["2026-W99", "x", "0001-W01", "9999-W52", "2026-W47' --"])
def test_a_strange_week_is_the_last_whole_one(room: Committee, week: str) -> None:
    counted(room)
    answer = room.of(Role.DUTY).get("/committee/use", params={"week": week[:8], "lang": "en"})
    assert answer.status_code == 200
    assert "26 entries" in answer.text


def test_the_table_opens_in_a_spreadsheet(room: Committee) -> None:
    counted(room)
    answer = room.of(Role.DUTY).get("/committee/use.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="use-2026-W47.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(lines) == 168
    assert [line["most_inside"] for line in lines if line["most_inside"] != "0"] == ["9", "15", "1–2"]


# -- notices --------------------------------------------------------------------------------------


def test_the_administrator_sees_what_fails_and_tries_it(tmp_path: Path) -> None:
    WITNESS.word("a-secret-key")
    with serving(lambda asked: Said({}, 404 if asked.path == "/bad" else 200)) as server:
        ways = tuple(
            Way(name, kind="webhook", url=f"{server.url}/{name}?key=a-secret-key", events=tuple(Event))
            for name in ("good", "bad")
        )
        with committee(tmp_path, replace(Settings(), notify=ways)) as room:
            browser = room.of(Role.ADMIN)
            assert "还没有" in browser.get("/committee/notify").text
            good = browser.submit("/committee/notify", to="/committee/notify/good/test")
            assert "“good”发出了测试消息" in good.text
            bad = browser.submit("/committee/notify", to="/committee/notify/bad/test")
            assert "“bad”没有发出去：answered 404" in bad.text
            assert browser.submit("/committee/notify", to="/committee/notify/other/test").status_code == 404
            assert "a-secret-key" not in good.text + bad.text
            assert room.acts() == ["notify-tested", "notify-tested"]
            with room.opened.database.write() as session:
                claim.begin(session, ways[1], room.now)
                claim.failed(session, "bad", NotSentError("answered 404", lasting=True), room.now)
            assert "answered 404" in browser.get("/committee/notify").text
            assert "警报现在发不到：bad" in browser.get("/committee").text  # it needs a hand now
            assert "警报现在发不到：bad" in room.of(Role.DUTY).get("/committee").text
        assert [asked.path for asked in server.asked] == ["/good", "/bad"]
        assert "测试" in json.loads(server.asked[0].body)["title"]


# -- in Chromium ----------------------------------------------------------------------------------


PAGES = ("/committee/paper", "/committee/use", "/committee/notify")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("scheme, width", [("light", 320), ("dark", 1000)])
def test_a_page_is_for_everybody(
    tmp_path: Path, browser: Browser, path: str, language: str, scheme: str, width: int
) -> None:
    ways = (
        Way("office", kind="webhook", url="https://x/"),
        Way("volunteers", kind="dingtalk", url="https://y/"),
    )
    with committee(tmp_path, replace(Settings(), notify=ways)) as room:
        counted(room)
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            locale=language,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        room.seated(context)
        opened = context.new_page()
        faults = watch(opened)
        opened.goto(f"{room.stage.url}{path}")
        assert violations(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        for one in opened.locator("main :is(a, button, input, select)").all():
            box = one.bounding_box()
            inside = one.locator("xpath=ancestor::label").count()
            assert box is None or inside or box["height"] >= 48, one.inner_html()
        assert faults == []
        context.close()


@pytest.mark.parametrize("name", ["paper/notice", "paper/handover", "sheet"])
def test_a_page_of_paper_prints_and_leads_back(room: Committee, page: Page, name: str) -> None:
    room.seated(page.context)
    page.goto(f"{room.stage.url}/committee/paper")
    if name == "sheet":
        page.get_by_label("会员号").fill("0500")
        page.get_by_role("button", name="取号并打印").press("Enter")
    else:
        page.goto(f"{room.stage.url}/committee/{name}")
    assert violations(page) == []
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="打印").click()
    assert page.title() == "printed"
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="打印")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_role("heading", name="打印", level=1)).to_be_visible()


def test_paper_is_printed_by_keyboard_alone(room: Committee, page: Page) -> None:
    room.seated(page.context)
    page.goto(f"{room.stage.url}/committee/paper")
    page.get_by_label("会员号").focus()
    page.keyboard.type("0427")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # from the sheet to the card
    page.keyboard.press("Enter")
    expect(page.locator(".pairs tbody tr")).to_have_count(5)
    assert room.acts("0427") == ["printed-card"]


# -- at the door ----------------------------------------------------------------------------------


def seat(made: Village, page: Page) -> None:
    """A volunteer of the running server, signed in on this phone."""
    opened = open_place(load(made.server.config))
    try:
        with opened.database.write() as session:
            accounts.add(session, "wang", Role.COMMITTEE, now())
            account = accounts.get(session, "wang")
            account.password = accounts.hashed("x" * 32, PASSWORD)
            account.totp = opened.vault.seal_text(accounts.new_secret())
            session.flush()
            token = volunteers.begin(session, account, now())
    finally:
        opened.database.close()
    page.context.add_cookies([{"name": "committee", "value": token, "url": made.server.url}])


def draw(page: Page, made: Village, number: str, paper: str) -> Page:
    """The page that comes out."""
    page.goto(f"{made.server.url}/committee/paper")
    page.get_by_label("会员号").fill(number)
    page.locator(f'input[value="{paper}"]').check()
    page.get_by_role("button", name="取号并打印").click()
    return page


def cells(page: Page, selector: str) -> list[str]:
    """Digits, as somebody reads and types them."""
    return [re.sub(r"\D", "", text) for text in page.locator(selector).all_inner_texts()]


def walk_in(door: Door) -> None:
    """The relay lets go: in, and the door falls shut."""
    until(lambda: door.unlocked, 30)
    door.walk_in()


def test_a_printed_sheet_and_a_wallet_card_open_the_door(page: Page, tmp_path: Path) -> None:
    """The real server in its own process, the real door on simulated copper, the real browser."""
    with village(tmp_path, "embedded") as made:
        paper, phone = made.add("paper"), made.add()
        with door_at(made.folder / "door", made.settings) as door:
            until(lambda: door.state.list_at is not None, 30)
            seat(made, page)
            draw(page, made, paper, "sheet")
            today, tomorrow = cells(page, ".code")[:2]
            for _ in range(2):  # a day's code opens ten times
                assert door.type(today) is Cue.ACCEPTED
                walk_in(door)
            assert door.type(tomorrow) is Cue.WRONG

            draw(page, made, phone, "card")
            pairs = list(zip(cells(page, ".pairs .code"), cells(page, ".pairs .second"), strict=True))
            assert len(pairs) == 5
            made.kill_all()  # the seal is broken on the evening on which the server is dead
            for pair in pairs[:2]:
                assert door.double(pair) is Cue.ACCEPTED
                walk_in(door)
            assert door.double(pairs[0]) is not Cue.ACCEPTED  # each pair once
            granted = [(row["member"], row["detail"]["kind"]) for row in door.rows("granted")]
            assert granted == [(paper, "paper")] * 2 + [(phone, "card")] * 2
