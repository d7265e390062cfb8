"""What is printed: the right codes, on the right number of pages, nothing cut off, and clean for axe."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import segno
from browser import browser, violations, watch
from playwright.sync_api import Browser, Page
from rooms import NOW, Room, room_in
from secrecy import WITNESS

from contract import codes as contract_codes
from contract.codes import Codes, Kind
from contract.messages import ALARMS
from door.cues import SIGNALS
from door.effects import Cue
from roomserver.cli import main
from roomserver.commandline.show import grouped
from roomserver.notify.settings import Event, Way
from roomserver.paper import drawn, issuing, wall
from roomserver.paper.cues import SIGNS
from roomserver.paper.issuing import Paper
from roomserver.residents import issue, members
from roomserver.residents.issue import IssueRefusedError
from roomserver.room.notices import Notices
from roomserver.settings import Settings
from roomserver.wire import terms

__all__ = ["browser"]
MM = 96 / 25.4
NOTICES = Notices(
    manners=(
        "保持安静，电话到外面接",
        "离座带走物品，不占座",
        "不在座位上吃饭",
        "最后离开的人关灯关窗",
        "爱护桌椅",
    ),
    address="上海市闵行区江月路 888 弄 3 号楼底层",
    phone="021 5555 0101",
)
SETTINGS = replace(
    Settings(),
    notices=NOTICES,
    codes=replace(Settings().codes, room="悦心自习室"),
    rules=replace(Settings().rules, hours={"sat": ("08:00-12:00", "13:00-22:00"), "sun": ()}),
    notify=(Way("office", kind="webhook", url="https://example.org/a-secret-address"),),
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room with members 0427 (paper), 0508 (staff) and 0600 (phone)."""
    with room_in(tmp_path, SETTINGS) as made:
        with made.opened.database.write() as session:
            form = made.opened.place.settings.codes.codes()
            for number, kind in (("0427", Kind.PAPER), ("0508", Kind.STAFF), ("0600", Kind.PHONE)):
                members.add(session, kind, form, NOW, number)
            terms.publish_rules(session, SETTINGS.rules.as_json(), NOW)
        yield made


def page_of(room: Room, number: str, paper: Paper, days: int = 14) -> str:
    """The page of a member."""
    with room.opened.database.write() as session:
        found = issuing.draw(session, room.opened, room.door, number, paper, NOW, days)
    return drawn.page(room.opened.place, found, NOW)


class _Cells(HTMLParser):
    """The texts of the rows of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def rows_of(html: str) -> list[list[str]]:
    """Every row of every table, as text."""
    cells = _Cells()
    cells.feed(html)
    return [[" ".join(cell.split()) for cell in row] for row in cells.rows]


# -- what is on it --------------------------------------------------------------------------------


@pytest.mark.parametrize("days", issuing.DAYS)
def test_a_sheet_has_a_code_for_each_day_as_the_door_will_check_it(room: Room, days: int) -> None:
    rows = [row for row in rows_of(page_of(room, "0427", Paper.SHEET, days)) if "日期" not in row[0]]
    assert len(rows) == days
    form, today = Codes(), Codes().step(Kind.PAPER, NOW)
    for n, (date, code, second) in enumerate(rows):
        digits = code.replace(" ", "")
        secret = contract_codes.derive(room.key, "front", Kind.PAPER, "0427", 1)
        second_secret = contract_codes.derive(room.key, "front", contract_codes.PAPER2, "0427", 1)
        assert digits[:4] == "0427"
        assert contract_codes.match(secret, digits[4:], [today + n]) == today + n
        assert contract_codes.match(second_secret, second.replace(" ", ""), [today + n]) == today + n
        local = contract_codes.EPOCH.fromordinal(contract_codes.EPOCH.toordinal() + today + n)
        assert date.startswith(f"{local.month}月{local.day}日 ")
    assert form.length == 10


def test_a_card_has_the_five_pairs_after_the_last_one_used(room: Room) -> None:
    with room.opened.database.write() as session:
        record = replace(members.get(session, "0600"), card_pair=7)
        members.merge(session, record, "test", NOW)
    lines = [row for row in rows_of(page_of(room, "0600", Paper.CARD)) if row[0].isdecimal()]
    assert [row[0] for row in lines] == ["8", "9", "10", "11", "12"]
    form = Codes()
    for row in lines:
        issued = contract_codes.issue(room.key, "front", Kind.CARD, "0600", 1, int(row[0]), form)
        assert row[1:3] == [grouped(issued.digits, form), grouped(issued.second, form)]


def test_an_authenticator_is_a_qr_code_of_its_link_and_its_text_is_nowhere(room: Room) -> None:
    page = page_of(room, "0508", Paper.AUTHENTICATOR)
    with room.opened.database.read() as session:
        record = members.get(session, "0508")
    uri = issue.draw(room.key, "front", record, SETTINGS.codes.codes(), NOW).uri
    assert uri is not None
    size = segno.make(uri, error="m", micro=False).symbol_size(scale=8)[0]
    assert f'viewBox="0 0 {size} {size}"' in page
    assert "otpauth" not in page


@pytest.mark.parametrize(
    "number, paper", [("0600", Paper.SHEET), ("0508", Paper.SHEET), ("0427", Paper.AUTHENTICATOR)]
)
def test_what_a_kind_does_not_draw_is_refused_with_what_to_do(room: Room, number: str, paper: Paper) -> None:
    with pytest.raises(IssueRefusedError, match="roomserver paper card"):
        page_of(room, number, paper)


@pytest.mark.parametrize("number, paper", [("0427", Paper.SHEET), ("0427", Paper.CARD), ("0508", Paper.CARD)])
def test_nothing_is_printed_for_who_may_not_enter(room: Room, number: str, paper: Paper) -> None:
    with room.opened.database.write() as session:
        members.revoke(session, number, NOW)
    with pytest.raises(IssueRefusedError, match="revoked"):
        page_of(room, number, paper)


def test_the_notice_shows_the_lights_of_the_door_itself() -> None:
    assert [sign.cue for sign in SIGNS] == [
        Cue.ACCEPTED, Cue.WRONG, Cue.SECOND_CODE, Cue.NOT_NOW, Cue.WAIT
    ]  # fmt: skip
    for sign in SIGNS:
        signal = SIGNALS[Cue(sign.cue)]
        assert {shade for shade, _ in signal.light.steps if shade} == {sign.colour}
        assert (tuple(ms for _, ms in signal.light.steps), signal.light.again) == (sign.flashes, sign.again)
        assert sign.said == ((signal.zh or "").replace(",", "，"), signal.en)


def test_the_bars_of_a_light_are_where_it_is_on() -> None:
    second = next(sign for sign in SIGNS if sign.cue == "second-code")
    assert list(second.bars) == [(0, 120), (240, 480), (1400, 120), (1640, 480), (2800, 120)]
    assert list(SIGNS[1].bars) == [(0, 150), (300, 150)]
    assert list(SIGNS[0].bars) == [(0, 3000)]


def test_the_notice_has_rules_hours_phone_and_address(room: Room) -> None:
    page = wall.notice(room.opened, NOW)
    assert all(text in page for text in (*NOTICES.manners, NOTICES.phone, NOTICES.address, "119"))
    assert ["周六 Sat", "08:00–12:00, 13:00–22:00"] in rows_of(page)
    assert ["周日 Sun", "不开放 closed"] in rows_of(page)


def test_the_hand_over_tells_of_every_alarm_a_committee_hears_of(room: Room) -> None:
    page = wall.handover(room.opened, NOW)
    words = {alarm.word for alarm in wall.alarms()}
    assert words == {*Event} - {Event.BELL} | (ALARMS - {"clock-disagrees", "audit-fork"})
    assert all(f"<code>{word}</code>" in page for word in words)
    assert "office (webhook)" in page
    assert "a-secret-address" not in page


def test_texts_of_the_settings_are_escaped(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    settings = replace(
        SETTINGS, notices=Notices(manners=(hostile,)), codes=replace(SETTINGS.codes, room=hostile)
    )
    with room_in(tmp_path, settings) as room:
        for page in (wall.notice(room.opened, NOW), wall.handover(room.opened, NOW)):
            assert hostile not in page


# -- the commands ---------------------------------------------------------------------------------


def test_each_command_writes_a_page_for_its_owner_alone(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = ("sheet 0427 --days 7", "card 0508", "authenticator 0508", "notice", "handover")
    for words in (*typed, *typed):  # again: the file is replaced
        assert main(["paper", *words.split()]) == 0
    for name in ("sheet-0427", "card-0508", "authenticator-0508", "notice", "handover"):
        file = tmp_path / f"{name}.html"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert f"{name}.html is written" in capsys.readouterr().out or name != "sheet-0427"
    assert main(["paper", "card", "0427", "--out", "mine.html"]) == 0
    assert (tmp_path / "mine.html").exists()
    capsys.readouterr()
    assert main(["paper", "sheet", "0600"]) == 2
    assert "a sheet is for paper" in capsys.readouterr().err


# -- how it prints --------------------------------------------------------------------------------


@pytest.fixture
def press(browser: Browser) -> Iterator[Page]:
    """A page in Chromium; an error of it fails the test."""
    page = browser.new_page(viewport={"width": 1000, "height": 1200})
    faults = watch(page)
    yield page
    page.close()
    assert faults == []


def printed(room: Room, name: str) -> str:
    """A page by its name."""
    match name.split("-"):
        case ["sheet", days]:
            return page_of(room, "0427", Paper.SHEET, int(days))
        case ["card"]:
            return page_of(room, "0508", Paper.CARD)
        case ["authenticator"]:
            return page_of(room, "0508", Paper.AUTHENTICATOR)
        case ["notice"]:
            return wall.notice(room.opened, NOW)
    return wall.handover(room.opened, NOW)


PAGES = {
    "sheet-7": 1,
    "sheet-14": 1,
    "sheet-28": 2,
    "card": 1,
    "authenticator": 1,
    "notice": 1,
    "handover": 2,
}


@pytest.mark.parametrize("name", PAGES)
def test_it_is_so_many_pages_of_a4_and_clean_for_axe(room: Room, press: Page, name: str) -> None:
    press.set_content(printed(room, name))
    assert violations(press) == []
    pdf = press.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == PAGES[name]
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}


@pytest.mark.parametrize("digits, member_digits", [(6, 4), (8, 6)])
@pytest.mark.parametrize("name", ["sheet-7", "sheet-14", "card"])
def test_codes_stand_on_one_line_and_inside_their_place(
    tmp_path: Path, press: Page, name: str, digits: int, member_digits: int
) -> None:
    """Also the longest that can be configured."""
    form = replace(SETTINGS.codes, digits=digits, member_digits=member_digits)
    with room_in(tmp_path, replace(SETTINGS, codes=form)) as room:
        number = "0427".zfill(member_digits)
        with room.opened.database.write() as session:
            members.add(session, Kind.PAPER, form.codes(), NOW, number)
        paper = Paper.CARD if name == "card" else Paper.SHEET
        press.set_content(page_of(room, number, paper, int(name.partition("-")[2] or 14)))
    press.emulate_media(media="print")
    wide = press.evaluate(
        """() => [...document.querySelectorAll(".page, .panel, .codes td")].filter(
            (one) => one.scrollWidth > one.clientWidth + 1
                || (one.tagName !== "TD" && one.scrollHeight > one.clientHeight + 1)
        ).map((one) => one.className + one.textContent.slice(0, 20))"""
    )
    assert wide == []
    heights = press.evaluate(
        """() => [...document.querySelectorAll(".code, .second")].map((one) => {
            const range = document.createRange(); range.selectNodeContents(one);
            return range.getClientRects().length; })"""
    )
    assert set(heights) == {1}


def test_a_folded_card_is_as_large_as_a_bank_card(room: Room, press: Page) -> None:
    """85.6 × 54 mm (ISO/IEC 7810 ID-1: 85.60 × 53.98)."""
    press.set_content(printed(room, "card"))
    strip = press.locator(".strip").bounding_box()
    assert strip is not None
    assert strip["width"] / MM == pytest.approx(85.6, abs=0.2)
    for panel in press.locator(".panel").all():
        box = panel.bounding_box()
        assert box is not None
        assert box["height"] / MM == pytest.approx(53.9, abs=0.4)


def test_a_qr_code_is_whole_and_large_enough(room: Room, press: Page) -> None:
    for name, least in (("authenticator", 80), ("notice", 25)):
        press.set_content(printed(room, name))
        box = press.locator(".qr svg").bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"], abs=1)
        assert box["width"] / MM >= least
        inner = press.evaluate(
            "() => { const b = document.querySelector('.qr svg').getBBox(); return b.width }"
        )
        view = press.locator(".qr svg").get_attribute("viewBox")
        assert view is not None
        assert inner <= float(view.split()[2])


def test_a_long_notice_runs_on_to_another_page_and_loses_nothing(tmp_path: Path, press: Page) -> None:
    many = replace(
        NOTICES, manners=tuple(f"第 {n} 条：请保持安静，爱护公物，随手带走垃圾" for n in range(40))
    )
    with room_in(tmp_path, replace(SETTINGS, notices=many)) as room:
        press.set_content(wall.notice(room.opened, NOW))
    pdf = press.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2


def test_the_witness_knows_what_is_printed(room: Room) -> None:
    """The pages are for one pair of eyes: were one logged, these tests would fail."""
    page_of(room, "0427", Paper.SHEET)
    assert WITNESS.wholes
