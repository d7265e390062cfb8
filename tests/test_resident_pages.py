"""The pages of joining, coming back and one's own data in Chromium: no barrier, keyboard, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import browser, page, violations
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from stage import Stage, T, stage

from contract.codes import Codes, Kind
from roomserver.pages.words import CATALOGUE
from roomserver.residents import joining, members, once, persons
from roomserver.residents.once import Purpose
from roomserver.settings import Identity, Settings

__all__ = ["browser", "page"]
WIDTHS = (320, 390, 1280)
NUMBER = "11010519491231002X"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stage]:
    """A room that believes everybody, with a member."""
    with stage(tmp_path, replace(Settings(), identity=Identity(provider="demo"))) as made:
        with made.opened.database.write() as session:
            members.add(session, Kind.PHONE, Codes(), T, "0427")
            persons.enter(
                session, made.opened.vault, "0427", persons.details("欧阳阿卜杜拉·买买提江", "13800138000"), T
            )
        yield made


def link(room: Stage) -> str:
    """A fresh link of 0427."""
    with room.opened.database.write() as session:
        return f"{room.url}/in/" + once.make(session, Purpose.LINK, room.now, member="0427")


def fill(page: Page, room: Stage, name: str = "王小明", number: str = NUMBER, *, ticks: bool = True) -> None:
    """The form of joining, sent."""
    page.goto(f"{room.url}/join?again=1")
    page.get_by_label(CATALOGUE["join.name"][0], exact=True).fill(name)
    page.get_by_label(CATALOGUE["join.phone"][0], exact=True).fill("138 0013 8000")
    page.get_by_label(CATALOGUE["join.identity"][0], exact=True).fill(number)
    if ticks:
        for tick in page.get_by_role("checkbox").all():
            tick.check()
    page.get_by_role("button", name=CATALOGUE["join.send"][0]).click()
    page.wait_for_load_state()


def sign_in(page: Page, room: Stage) -> None:
    """With a link."""
    page.goto(link(room))
    page.get_by_role("button", name=CATALOGUE["link.button"][0]).click()
    page.wait_for_url(f"{room.url}/code")


def form(page: Page, room: Stage) -> None:
    """The empty form."""
    page.goto(f"{room.url}/join")


def faults(page: Page, room: Stage) -> None:
    """The form with everything wrong."""
    fill(page, room, "1", "2", ticks=False)


def waiting(page: Page, room: Stage) -> None:
    """An application that waits for the provider."""
    fill(page, room, "王停机")


def declined(page: Page, room: Stage) -> None:
    """One that was declined."""
    fill(page, room, "王停机")
    with room.opened.database.write() as session:
        joining.decline(session, 1, T)
    page.goto(f"{room.url}/join")


def ways_in(page: Page, room: Stage) -> None:
    """The sign-in page."""
    page.goto(f"{room.url}/sign-in")


def a_link(page: Page, room: Stage) -> None:
    """A link before its button is pressed."""
    page.goto(link(room))


def dead_link(page: Page, room: Stage) -> None:
    """A link that was used."""
    page.goto(f"{room.url}/in/forged")
    page.get_by_role("button", name=CATALOGUE["link.button"][0]).click()
    page.wait_for_load_state()


def my_data(page: Page, room: Stage) -> None:
    """A member's data, with the correction open."""
    sign_in(page, room)
    page.goto(f"{room.url}/me")
    page.locator("summary").first.click()


def left(page: Page, room: Stage) -> None:
    """After leaving."""
    sign_in(page, room)
    page.goto(f"{room.url}/me")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=CATALOGUE["me.leave-button"][0]).click()
    page.wait_for_load_state()


def privacy(page: Page, room: Stage) -> None:
    """The list of what is stored."""
    page.goto(f"{room.url}/privacy")


PAGES = (form, faults, waiting, declined, ways_in, a_link, dead_link, my_data, left, privacy)


@pytest.mark.parametrize("show", PAGES, ids=[show.__name__ for show in PAGES])
def test_no_page_has_a_barrier_at_any_width(
    page: Page, room: Stage, show: Callable[[Page, Stage], None]
) -> None:
    """Neither one that axe finds, nor anything that is wider than the screen or too small to touch."""
    show(page, room)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_SMALL) == []
        assert violations(page) == []


TOO_SMALL = """
[...document.querySelectorAll("main button, main .button, main input:not([type=hidden]), main select")]
  .map((e) => e.type === "checkbox" ? e.closest("label") : e)
  .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 47.5)
  .map((e) => e.outerHTML.slice(0, 80))
"""


def test_the_dark_pages_have_no_barrier(browser: Chromium, room: Stage) -> None:
    context = browser.new_context(locale="en-GB", color_scheme="dark", viewport={"width": 390, "height": 800})
    dark = context.new_page()
    for path in ("/join", "/sign-in", "/privacy", "/in/x"):
        dark.goto(room.url + path)
        assert dark.locator("html").get_attribute("lang") == "en"
        assert violations(dark) == []
    context.close()


def test_joining_works_by_keyboard_and_without_script(browser: Chromium, room: Stage) -> None:
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{room.url}/join")
    page.get_by_label(CATALOGUE["join.name"][0], exact=True).focus()
    for text in ("王小明", "13800138000", NUMBER):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    for _ in range(2):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the link to the privacy page
    page.keyboard.press("Enter")
    page.wait_for_url(f"{room.url}/code")
    page.goto(f"{room.url}/me")
    assert "王小明" in page.content()
    context.close()


def test_what_is_wrong_is_said_to_who_does_not_see_it(page: Page, room: Stage) -> None:
    faults(page, room)
    assert page.get_by_role("alert").inner_text() == CATALOGUE["join.faults"][0]
    for name in ("name", "identity"):
        field = page.locator(f"#{name}")
        assert field.get_attribute("aria-invalid") == "true"
        described = (field.get_attribute("aria-describedby") or "").split()
        assert f"{name}-fault" in described
        assert all(page.locator(f"#{one}").count() == 1 for one in described)


def test_a_member_who_was_taken_in_lands_on_his_code(page: Page, room: Stage) -> None:
    fill(page, room)
    page.wait_for_url(f"{room.url}/code")


def test_no_page_loads_anything_from_elsewhere(page: Page, room: Stage) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for show in (form, ways_in, privacy, my_data):
        show(page, room)
    assert [url for url in asked if not url.startswith((room.url, "data:"))] == []
