"""Every state of every page is for everybody, and the script that takes their pictures works."""

from __future__ import annotations

import struct
from pathlib import Path

import gallery
import pytest
from browser import browser, page, violations
from committee import committee
from gallery import LANGUAGES, SCHEMES, SIZES
from gallery_committee import HOUSE
from pictured import STATES
from playwright.sync_api import Browser, Page

__all__ = ["browser", "page"]
NARROWEST = min(SIZES)


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_for_everybody(page: Page, tmp_path: Path, name: str) -> None:
    """axe finds nothing by day and by night, and at 320 px nothing is cut, in either language."""
    with committee(tmp_path, HOUSE) as room:
        page.set_viewport_size({"width": NARROWEST, "height": SIZES[NARROWEST]})
        STATES[name](room, page)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(page) == []
        assert page.locator("h1").count() == 1
        assert cut(page) == []


def cut(page: Page) -> list[str]:
    """What is wider than its place; fields and what is made to scroll may be."""
    found: list[str] = page.evaluate(
        """() => [
                document.documentElement,
                ...document.querySelectorAll("main *:not(svg, svg *, .hidden, input, .scroll)"),
            ]
            .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth)
            .map((e) => e.outerHTML.slice(0, 80))"""
    )
    return found


def test_the_english_list_of_codes_is_not_cut_either(browser: Browser, tmp_path: Path) -> None:
    """Its heads are the longest."""
    context = browser.new_context(viewport={"width": NARROWEST, "height": 640}, locale=LANGUAGES["en"])
    with committee(tmp_path) as room:
        english = context.new_page()
        STATES["code"](room, english)
        assert cut(english) == []
        context.close()


def test_a_state_has_a_picture_of_each_width_by_day_and_by_night(browser: Browser, tmp_path: Path) -> None:
    taken = list(gallery.take(browser, "wechat_asks", "en", tmp_path))
    assert len(taken) == len(SIZES) * len(SCHEMES) == len({picture.read_bytes() for picture in taken})
    widths = [struct.unpack(">I", picture.read_bytes()[16:20])[0] for picture in taken]
    assert widths == [width for width in SIZES for _ in SCHEMES]


def test_without_a_folder_the_script_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert gallery.main([]) == 2
    assert "make pictures FOLDER=" in capsys.readouterr().err
