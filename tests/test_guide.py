"""The page that tells residents how it works, held to what the door does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from stage import stage

from contract.messages import REASONS
from roomserver.pages import guide
from roomserver.pages.words import CATALOGUE
from roomserver.paper.cues import SIGNS
from roomserver.room.notices import Notices
from roomserver.settings import Identity, Settings

Pages = tuple[str, str]
PHONE = "+86 21 5555 0101"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """The page in Chinese and in English."""
    with stage(tmp_path, replace(Settings(), notices=Notices(phone=PHONE))) as room:
        zh, en = (room.browser().get("/help", params={"lang": lang}).text for lang in ("zh", "en"))
        yield unescape(zh), unescape(en)


def test_every_cue_is_told_with_what_to_do(pages: Pages) -> None:
    for sign in SIGNS:
        for spoken, text in enumerate(pages):
            assert all(words[spoken] in text for words in (sign.light, sign.said, sign.do))


def test_every_reason_of_the_door_is_told(pages: Pages) -> None:
    assert set(guide.REASONS) == REASONS
    for why in REASONS:
        words = CATALOGUE.get(f"later.{why}", CATALOGUE[f"reason.{why}"])
        for spoken, text in enumerate(pages):
            assert words[spoken].replace("{note}", "") in text


def test_it_says_whom_to_call_and_how_to_ring(pages: Pages) -> None:
    for text in pages:
        assert 'href="tel:+862155550101"' in text
        assert "*" in text


def test_the_numbers_are_those_in_force(tmp_path: Path) -> None:
    settings = Settings()
    codes = replace(settings.codes, digits=8, member_digits=5)
    with stage(tmp_path, replace(settings, codes=codes)) as room:
        assert "依次按 13 个数字" in room.browser().get("/help").text


def test_who_checks_the_identity_is_told(tmp_path: Path) -> None:
    with stage(tmp_path, replace(Settings(), identity=Identity(provider="demo"))) as room:
        assert CATALOGUE["guide.seen.service"][0] in room.browser().get("/help").text


def test_every_page_leads_there(tmp_path: Path) -> None:
    with stage(tmp_path) as room:
        for path in ("/", "/join", "/sign-in", "/privacy"):
            assert 'href="/help"' in room.browser().get(path).text
