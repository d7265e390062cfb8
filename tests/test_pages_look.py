"""The frame of every page: language, words, headers, errors for people, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browser import browser, page, violations
from playwright.sync_api import Page
from serving import RoomServer, room_server

from roomserver.pages import look
from roomserver.pages.words import CATALOGUE, SUBJECTS, Language, word

__all__ = ["browser", "page"]
PAGES = Path(look.__file__).parent
PERSON = {"Accept": "text/html"}
NOWHERE = "/no-such-page"
CONTRAST, DIGITS_CONTRAST = 4.5, 7.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    """One running server for all the tests."""
    with room_server(tmp_path_factory.mktemp("look")) as running:
        yield running


@pytest.fixture
def http(server: RoomServer) -> Iterator[httpx.Client]:
    """A person's browser without a browser."""
    with httpx.Client(base_url=server.url, timeout=5, headers=PERSON) as client:
        yield client


# -- the language ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header, spoken",
    [
        ("", "zh-Hans"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("fr, en;q=0.4, zh;q=0.6", "zh-Hans"),
        ("fr", "zh-Hans"),
        ("en;q=nonsense, ;;;, en;q=", "zh-Hans"),
        ("en;q=0", "zh-Hans"),
        ("EN-us", "en"),
    ],
)
def test_a_page_speaks_what_the_browser_prefers_and_chinese_else(
    http: httpx.Client, header: str, spoken: str
) -> None:
    text = http.get(NOWHERE, headers={"Accept-Language": header}).text
    assert f'<html lang="{spoken}">' in text


def test_a_language_once_chosen_stays(http: httpx.Client) -> None:
    assert 'lang="en"' in http.get(NOWHERE, params={"lang": "en"}).text
    assert '<html lang="en">' in http.get(NOWHERE, headers={"Accept-Language": "zh"}).text
    assert '<html lang="zh-Hans">' in http.get(NOWHERE, params={"lang": "zh"}).text
    assert '<html lang="zh-Hans">' in http.get(NOWHERE, headers={"Accept-Language": "en"}).text


def test_the_switch_leads_to_this_page_in_the_other_language(http: httpx.Client) -> None:
    text = http.get("/no such/页面", params={"a": "1&2"}).text
    link = re.search(r'<a href="([^"]+)" lang="en"', text)
    assert link
    assert link[1].startswith("/no%20such/%E9%A1%B5%E9%9D%A2?")
    assert "lang=en" in link[1]
    assert "a=1%262" in link[1]


def test_a_language_nobody_speaks_is_passed_over(http: httpx.Client) -> None:
    answer = http.get(NOWHERE, params={"lang": '"><script>'})
    assert '<html lang="zh-Hans">' in answer.text
    assert "<script>" not in answer.text
    assert "set-cookie" not in answer.headers


# -- the words ------------------------------------------------------------------------------------


def test_every_word_used_exists_and_every_word_is_used() -> None:
    """``t("key")`` in templates, ``word(…, "key")`` in code; ``t("part." ~ x)`` uses all of that part."""
    code = [file for file in PAGES.rglob("*.py") if file.parent.name != "words"]
    files = [*PAGES.rglob("*.html"), *code]
    text = "\n".join(file.read_text("utf-8") for file in files)
    exact = set(re.findall(r"""\bt\(\s*["']([\w.-]+)["']\s*[,)]""", text))
    exact |= set(re.findall(r"""\bword\(\s*\w+,\s*["']([\w.-]+)["']""", text))
    parts = set(re.findall(r"""\bt\(\s*["']([\w.-]+\.)["']\s*~""", text))
    parts |= set(re.findall(r"""\bword\(\s*\w+,\s*f["']([\w.-]+\.)\{""", text))
    assert exact - CATALOGUE.keys() == set()
    assert {part for part in parts if not any(key.startswith(part) for key in CATALOGUE)} == set()
    assert {key for key in CATALOGUE if key not in exact and not key.startswith(tuple(parts))} == set()


def test_no_key_has_two_meanings() -> None:
    assert sum(len(subject.WORDS) for subject in SUBJECTS) == len(CATALOGUE)


def test_every_word_has_both_languages_with_the_same_places() -> None:
    for key, (zh, en) in CATALOGUE.items():
        assert zh, key
        assert en, key
        assert set(re.findall(r"\{\w*\}", zh)) == set(re.findall(r"\{\w*\}", en)), key


def test_nobody_is_shouted_at_or_blamed() -> None:
    said = [text for pair in CATALOGUE.values() for text in pair]
    assert [text for text in said if re.search(r"[!\uff01]", text)] == []


def test_chinese_has_chinese_marks() -> None:
    """A half-width comma between characters looks careless."""
    careless = re.compile("[\u3000-\u9fff\uff00-\uffef}][,:;?()]|[,:;?()][\u4e00-\u9fff]")
    assert [zh for zh, _ in CATALOGUE.values() if careless.search(zh)] == []


def test_a_word_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        word(Language.ZH, "no.such.key")


# -- the headers ----------------------------------------------------------------------------------


def test_a_page_takes_no_script_from_elsewhere_and_lies_in_nobodys_frame(http: httpx.Client) -> None:
    headers = http.get(NOWHERE).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_nothing_of_ours_comes_from_elsewhere() -> None:
    for file in [*PAGES.rglob("*.html"), *PAGES.rglob("*.css"), *PAGES.rglob("*.js")]:
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\(", text), file.name
        assert not re.search(r"\son\w+=|javascript:|\sstyle=", text), file.name


def test_a_file_is_kept_for_ever_under_the_address_of_its_contents(http: httpx.Client) -> None:
    answer = http.get(look.static("icon.svg"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert http.get("/static/icon.svg").headers["cache-control"] == "no-store"
    assert http.get("/static/none.svg?v=1").headers["cache-control"] == "no-store"


# -- errors ---------------------------------------------------------------------------------------


def test_a_person_gets_a_page_and_a_program_a_problem(http: httpx.Client) -> None:
    shown = http.get(NOWHERE)
    assert shown.status_code == 404
    assert shown.headers["content-type"].startswith("text/html")
    assert "没有这个页面" in shown.text
    told = http.get(NOWHERE, headers={"Accept": "*/*"})
    assert told.headers["content-type"] == "application/problem+json"


def test_the_calls_of_a_door_never_answer_with_a_page(http: httpx.Client) -> None:
    assert http.get("/api/v1/none").headers["content-type"] == "application/problem+json"
    assert "content-security-policy" not in http.get("/api/v1/time").headers


# -- in the browser -------------------------------------------------------------------------------


def test_axe_finds_nothing_and_the_style_is_allowed(page: Page, server: RoomServer) -> None:
    page.goto(server.url + NOWHERE)
    assert violations(page) == []
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "18px"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: int) -> None:
    style = (PAGES / "static/style.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "lamp", "amber", "red"):
            assert contrast(colours[ground], colours[ink]) >= CONTRAST, (ground, ink)
        assert contrast(colours[ground], colours["ink"]) >= DIGITS_CONTRAST
    assert contrast(colours["lamp"], colours["on-lamp"]) >= CONTRAST
