"""A real Chromium for tests of the pages: one browser, a fresh context for each test; axe on any page.

Tests ask for ``page``, or for ``browser`` to make contexts of their own. Without Chromium they are skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PHONE = {"width": 390, "height": 844}


@contextmanager
def launched() -> Iterator[Browser]:
    """A running Chromium for the length of a ``with``."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs chromium; see tools/debian-packages.txt")
    with launched() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context, as wide as a phone, Chinese; an error of its scripts fails the test."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN")
    page = context.new_page()
    faults = watch(page)
    yield page
    context.close()
    assert faults == []


def watch(page: Page) -> list[str]:
    """Errors of the page's scripts, and what its own policy forbade, as they come."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    forbidden = "Content Security Policy"
    page.on("console", lambda said: faults.append(said.text) if forbidden in said.text else None)
    return faults


def violations(page: Page) -> list[str]:
    """What axe finds wrong, by rule and place; none on a good page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
