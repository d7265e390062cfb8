"""The committee's pages in a real Chromium: the whole story at a real door, every page for everybody."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from browser import PHONE, browser, page, violations, watch
from committee import PASSWORD, Committee, committee
from neighbours import FORM
from patience import until
from playwright.sync_api import Browser, Page, expect
from test_pages_in_chromium import crawl, shown, too_small, unreached
from village import DOOR, door_at, village

from contract.codes import Kind, issue
from door.effects import Cue
from roomserver.committee.roles import Role
from roomserver.pages.committee import routers
from roomserver.residents import members, persons
from roomserver.storage.register import Application
from roomserver.wire import doors
from roomserver.wire.alarms import Noticed, sound

__all__ = ["browser", "page"]
SLOW_MS = 30_000
SHEETS = {"/committee/paper/notice", "/committee/paper/handover"}  # as wide as the paper they show


# -- the whole story ------------------------------------------------------------------------------


@pytest.mark.timeout(240)
def test_a_volunteer_approves_suspends_and_reinstates_and_the_door_follows(
    browser: Browser, page: Page, tmp_path: Path
) -> None:
    """The real server in its own process, the real door on simulated copper, two phones."""
    with village(tmp_path, "embedded") as made, door_at(made.folder / "door", made.settings) as door:
        url = made.server.url
        resident = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()  # type: ignore[arg-type]
        joins(resident, url)
        signs_up(page, made.server.json("account", "add", "wang", "--role", "committee")["url"])
        approves(page)
        resident.goto(f"{url}/code")
        code = shown(resident).replace(" ", "")
        number = code[:4]
        assert door.type(code) is Cue.ACCEPTED
        until(lambda: door.unlocked)
        door.walk_in()

        suspends(page, number)
        knows(page, url, number)
        expect(resident.locator("#digits")).to_have_count(0, timeout=SLOW_MS)
        assert door.type(present(made.key, number, 2)) is Cue.NOT_NOW
        resident.goto(f"{url}/code")
        for words in ("您的使用权暂停到 明天 08:00", "大声打电话"):
            expect(resident.locator("main")).to_contain_text(words, timeout=SLOW_MS)

        page.get_by_text("提前结束暂停").click()
        page.get_by_role("button", name=f"结束会员 {number} 的暂停").click()
        knows(page, url, number)
        resident.goto(f"{url}/code")
        expect(resident.locator("#digits")).to_be_visible(timeout=SLOW_MS)
        assert door.type(present(made.key, number, 2)) is Cue.ACCEPTED
        resident.context.close()


def approves(page: Page) -> None:
    """The paper was seen; the volunteer goes on to the new member."""
    page.get_by_role("link", name="1 个申请在等您").click()
    expect(page.get_by_role("heading", name="王小明")).to_be_visible()
    page.get_by_role("button", name="看过证件，通过").click()
    expect(page.get_by_role("status")).to_contain_text("已通过")
    page.get_by_role("link", name="看一看").click()


def suspends(page: Page, number: str) -> None:
    """New codes first, so that there is one of this moment that was not used; then no entry."""
    page.get_by_text("丢了：换新号码").click()
    page.get_by_role("button", name=f"给会员 {number} 换新号码").click()
    page.get_by_text("暂停到一个时间").click()
    page.get_by_label("原因").fill("大声打电话")
    page.get_by_role("button", name=f"暂停会员 {number}").click()
    expect(page.locator("main")).to_contain_text("暂停 到 明天 08:00 为止")


def joins(page: Page, url: str) -> None:
    """A resident applies on his phone."""
    page.goto(f"{url}/join")
    page.get_by_role("textbox", name="姓名").fill("王小明")
    page.get_by_role("textbox", name="手机").fill("13800138000")
    page.get_by_role("textbox", name="身份证").fill("11010519491231002X")
    for tick in page.get_by_role("checkbox").all():
        tick.check()
    page.get_by_role("button").last.click()
    expect(page.get_by_role("heading", name="申请已收到")).to_be_visible()


def signs_up(page: Page, url: str) -> None:
    """A volunteer opens the administrator's link and sets a password and an authenticator."""
    page.goto(url)
    page.get_by_role("button", name="开始").click()
    secret = page.get_by_text("扫不了就手工输入").locator("span").inner_text().replace(" ", "")
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("验证码").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="现在").click()


def knows(page: Page, url: str, number: str) -> None:
    """The member's page says since when the door knows."""

    def told() -> bool:
        page.goto(f"{url}/committee/members/{number}")
        return bool(re.search(r"从 \d\d:\d\d:\d\d 起知道", page.locator("#proof").inner_text()))

    until(told, 30)


def present(door_key: bytes, number: str, generation: int) -> str:
    """What the member's phone shows now, or would if it had drawn it before."""
    step = FORM.step(Kind.PHONE, int(time.time()))
    return issue(door_key, DOOR, Kind.PHONE, number, generation, step, FORM).digits


# -- for everybody --------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room where something of everything has happened."""
    with committee(tmp_path, public_host="localhost") as made:
        vault = made.opened.vault
        for number in ("0428", "0429"):
            made.moves_in(number)
        with made.opened.database.write() as session:
            doors.get(session, "front").enrolled_at = made.now
            persons.enter(session, vault, "0427", persons.details("王小明", "13800138000"), made.now)
            members.revoke(session, "0429", made.now)
            members.suspend(session, "0428", made.now + 86_400, made.now)
            for kind in Noticed:
                sound(session, made.door_id, "front", kind, "0123456789abcdef 7", made.now)
            for n in range(2):
                name, phone = vault.seal_text(f"李{n}"), vault.seal_text("13900139000")
                given = {"provider": "committee", "state": "pending", "reason": "see-paper"}
                session.add(
                    Application(name=name, phone=phone, identity_tag="x", applied_at=made.now, **given)
                )
        made.says(alarms=["held"], lock="UNLOCKED", door="open")
        made.counts(7)
        made.records("granted")
        made.records("denied", reason="used-code")
        yield made


@pytest.mark.parametrize("scheme, locale", [("light", "zh-CN"), ("dark", "en-GB")], ids=["zh", "en"])
@pytest.mark.timeout(240)
def test_every_page_of_the_committee_is_for_everybody(
    browser: Browser, room: Committee, scheme: str, locale: str
) -> None:
    """axe finds nothing, 320 px are enough, what is pressed is large enough, and all is reached by Tab."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, locale=locale, color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )  # fmt: skip
    room.seated(context, Role.ADMIN)
    page = context.new_page()
    faults = watch(page)
    seen = []
    pages = list(crawl(page, room.stage.url, "/committee"))
    for path in [one for one in pages if one.startswith("/committee")]:
        seen.append(path)
        page.goto(room.stage.url + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert violations(page) == [], path
        assert path in SHEETS or page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.locator("h1").count() == 1, path
        assert too_small(page) == [], path
        assert unreached(page) == [], path
    shown_too = {"/committee/members/0427", "/committee/rules", "/committee/rows", "/committee/accounts"}
    assert {"/committee", *shown_too} <= set(seen)
    assert len(seen) >= len(routers.ROUTERS)
    assert faults == []
    context.close()


@pytest.mark.parametrize("path", ["/committee/sign-in", "/committee/in/x"])
def test_the_ways_in_are_for_everybody(page: Page, room: Committee, path: str) -> None:
    page.goto(room.stage.url + path)
    assert violations(page) == []
    assert too_small(page) == []
    assert unreached(page) == []


# -- by hand --------------------------------------------------------------------------------------


def test_a_passkey_is_made_and_signs_in(page: Page, room: Committee) -> None:
    """With the authenticator that Chromium brings along."""
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    verified = {"hasUserVerification": True, "isUserVerified": True}
    tool.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **verified}})
    room.seated(page.context, Role.DUTY)
    page.goto(f"{room.stage.url}/committee/me")
    page.get_by_role("button", name="在这部手机上设置").click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("heading", name="现在")).to_be_visible()
    assert room.acts() == ["passkey-added", "signed-in"]


def test_signing_in_by_keyboard_alone(page: Page, room: Committee) -> None:
    page.goto(f"{room.stage.url}/committee/sign-in")
    page.get_by_label("账号").focus()
    page.keyboard.type("the-duty")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(room.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="现在")).to_be_visible()


def test_an_evening_by_keyboard_alone(page: Page, room: Committee) -> None:
    """Tab, Enter and typing do all that the forms are for; nobody touches the screen."""
    room.seated(page.context, Role.COMMITTEE)
    page.goto(f"{room.stage.url}/committee/applications")
    presses(page, "看过证件，通过")
    expect(page.get_by_role("status")).to_contain_text("已通过")
    page.goto(f"{room.stage.url}/committee/members")
    types(page, "会员号", "0427")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="会员 0427")).to_be_visible()
    presses(page, "暂停到一个时间")
    types(page, "原因", "大声打电话")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("大声打电话")
    page.goto(f"{room.stage.url}/committee/rules")
    types(page, "座位", "15")
    types(page, "通知", "周日下午打扫")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(f"{room.stage.url}/committee/alarms")
    presses(page, "已经处理")
    expect(page.locator("main .card")).to_have_count(len(Noticed) - 1)
    page.goto(f"{room.stage.url}/committee/rows")
    presses(page, "筛选")
    types(page, "会员号", "0427")
    page.keyboard.press("Enter")
    expect(page.locator(".lines li")).to_have_count(2)
    assert room.acts() == ["approved", "suspended", "rules-set", "seen"]


def types(page: Page, name: str, words: str) -> None:
    """Tab to the field of that name, and fill it."""
    reach(page, name)
    page.keyboard.type(words)


def presses(page: Page, name: str) -> None:
    """Tab to the button of that name, and press it."""
    reach(page, name)
    page.keyboard.press("Enter")


def reach(page: Page, name: str) -> None:
    """Press Tab until whatever begins with ``name`` has the focus."""
    focus = "e => { const a = document.activeElement; return (a.labels?.[0] ?? a).innerText }"
    for _ in range(60):
        page.keyboard.press("Tab")
        if (page.evaluate(focus) or "").startswith(name):
            return
    pytest.fail(f"no Tab leads to {name}")


@pytest.mark.parametrize("path", ["members", "acts"])
def test_on_a_phone_the_navigation_shows_where_one_is(page: Page, room: Committee, path: str) -> None:
    room.seated(page.context)
    page.goto(f"{room.stage.url}/committee/{path}")
    here = page.locator(".strip [aria-current]")
    expect(here).to_be_in_viewport(ratio=1)


def test_the_board_changes_by_itself_and_says_when_the_line_is_cut(page: Page, room: Committee) -> None:
    room.seated(page.context, Role.DUTY)
    page.goto(f"{room.stage.url}/committee")
    expect(page.locator("#doors")).to_contain_text("7 / 15")
    room.counts(9)
    expect(page.locator("#doors")).to_contain_text("9 / 15", timeout=SLOW_MS)
    page.get_by_role("button", name="开一次门").click()
    expect(page.locator("#sent")).to_contain_text("等着发出", timeout=SLOW_MS)


def test_without_scripts_the_board_loads_itself_again(browser: Browser, room: Committee) -> None:
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    room.seated(context)
    plain = context.new_page()
    plain.goto(f"{room.stage.url}/committee")
    expect(plain.locator("#doors")).to_contain_text("7 / 15")
    assert plain.locator('meta[http-equiv="refresh"]').count() == 1
    context.close()
