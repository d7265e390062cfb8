"""The panel of the demo, played at in a real Chromium: in and out, a power cut, a vandal; how it looks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from browser import browser, violations, watch
from patience import until
from playwright.sync_api import Browser, Page, expect
from serving import ROOT

from door.cues import SIGNALS
from door.effects import Cue

__all__ = ["browser"]

pytestmark = pytest.mark.timeout(400)  # a demo sets up a server, a broker and a door

MS = 90_000  # everything here waits for something; a busy machine takes its time
# Ears: every tone the buzzer is set to, and every clip that is played.
LISTEN = """
window.heard = { tones: [], clips: [] };
const set = AudioParam.prototype.setValueAtTime;
AudioParam.prototype.setValueAtTime = function (value, at) {
  heard.tones.push(value);
  return set.call(this, value, at);
};
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  heard.clips.push(new URL(this.src).pathname);
  return play.call(this);
};
"""
ANSWERS = ("accepted", "second-code", "wrong", "wait", "not-now")
LEFT_SECONDS = 12  # of a phone's code, that it may be typed in peace


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The demo with its panel: broker, server, door and pockets are real."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "--panel"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    try:
        while "process" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        yield re.findall(r"panel +(\S+)", told)[0]
        process.terminate()
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert "Everything is stopped" in rest
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The panel, as wide as a laptop; an error of its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.set_default_timeout(MS)
    page = context.new_page()
    page.add_init_script(LISTEN)
    faults = watch(page)
    page.goto(address)
    running(page)
    yield page
    context.close()
    assert faults == []


@pytest.fixture(autouse=True)
def mended(page: Page) -> None:
    """Whatever the test before has cut is whole again."""
    for name in ("network", "power"):
        if page.locator(f"#switch-{name}").get_attribute("aria-checked") == "false":
            throw(page, name, True)
    running(page)


def running(page: Page) -> None:
    """The door has started, and the page knows."""
    expect(page.locator("body")).to_have_attribute("data-power", "on", timeout=MS)
    sees(page, "#lock", "锁 locked")  # "unlocked" has it too


def sees(page: Page, place: str, text: str | re.Pattern[str]) -> None:
    """It comes to say so."""
    try:
        expect(page.locator(place)).to_contain_text(text, timeout=MS)
    except AssertionError:
        pytest.fail(f"{place} does not say {text}, after {page.locator('main').inner_text()}")


def types(page: Page, kind: str, which: str = "Type it", thing: int = 0) -> None:
    """Have what somebody holds typed: a phone's only while it is good for long enough."""
    item = page.locator(f"#pocket li[data-kind={kind}]").nth(thing)
    bar = item.locator(".lasts")
    if kind == "phone" and which == "Type it":
        until(lambda: left(page, bar.get_attribute("data-ends")) > LEFT_SECONDS, 60)
    item.get_by_role("button", name=which).click()


def left(page: Page, ends: str | None) -> float:
    """Seconds until then."""
    return float(ends or 0) - float(page.evaluate("Date.now() / 1000"))


def rows(page: Page, word: str) -> int:
    """How often this was on record, or shown as a cue."""
    return (
        page.locator("#timeline li").filter(has=page.locator(f"code:text-matches('^ {word}(,|$)')")).count()
    )


def once_more(page: Page, word: str, before: int) -> None:
    """It has happened once more."""
    until(lambda: rows(page, word) > before, MS / 1000)


def answer(page: Page, kind: str, which: str = "Type it") -> str:
    """Have a code typed once the finger is free: the word of the cue that the door answers with."""
    expect(page.locator("#keys .down")).to_have_count(0, timeout=MS)
    before = {word: rows(page, word) for word in ANSWERS}
    types(page, kind, which)
    until(lambda: any(rows(page, word) > n for word, n in before.items()), MS / 1000)
    return next(word for word, n in before.items() if rows(page, word) > n)


def answers(page: Page) -> int:
    """How many codes were answered; only then the finger is free for the next one."""
    return sum(rows(page, word) for word in ANSWERS)


def double(page: Page, kind: str) -> None:
    """Two codes in a row; who meets the pause after somebody's wrong pair begins again."""
    for _ in range(10):
        granted = rows(page, "granted")
        if answer(page, kind) == "second-code":
            assert rows(page, "granted") == granted
            if answer(page, kind, "And the next") == "accepted":
                once_more(page, "granted", granted)
                return
    pytest.fail(f"two codes do not open: {page.locator('#told').inner_text()}")


def throw(page: Page, name: str, on: bool) -> None:
    """Throw a switch, and see that it is thrown."""
    switch = page.locator(f"#switch-{name}")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", str(on).lower(), timeout=MS)


def test_somebody_walks_in_and_out_and_the_door_counts_right(page: Page) -> None:
    """He waits before the strike, goes in through the beams with a paper code, and home by the handle.

    The strike is heard: the two tones of ``accepted``, and the door's own sentence.
    """
    page.get_by_role("button", name="Walk in").click()
    sees(page, "#seated", "0")
    types(page, "paper")
    sees(page, "#seated", "1")
    sees(page, "#count", re.compile(r"^1 / 15"))
    tones = {tone for tone, _ in SIGNALS[Cue.ACCEPTED].sound.steps}
    until(lambda: tones <= set(page.evaluate("heard.tones")), MS / 1000)
    until(lambda: "accepted.wav" in "".join(page.evaluate("heard.clips")), MS / 1000)
    sees(page, "#door", "closed")
    page.get_by_role("button", name="A reader goes home").click()
    sees(page, "#count", re.compile(r"^0 / 15"))
    sees(page, "#seated", "0")
    assert (rows(page, "entered"), rows(page, "left"), rows(page, "forced")) == (1, 1, 0)


def test_a_power_cut_takes_the_clock_and_a_double_code_brings_it_back(page: Page) -> None:
    """Without a network either: the first code is kept, the next one opens, and single codes come back."""
    throw(page, "network", False)
    throw(page, "power", False)
    sees(page, "#display", "No power")
    throw(page, "power", True)
    running(page)
    sees(page, "#clock", "nobody")
    sees(page, "#display", "--:--")
    double(page, "phone")
    sees(page, "#clock", "a code")
    throw(page, "network", True)
    sees(page, "#clock", re.compile(r"server$"))
    assert answer(page, "paper") == "accepted"


def test_a_vandal_empties_the_budget_and_a_neighbour_comes_in_with_paper(page: Page) -> None:
    """He types until two codes are asked for; then hers, and the second one on her sheet."""
    vandal, alarms = page.locator("#vandal"), page.locator("#alarms")
    for _ in range(40):
        if "lockout" in alarms.inner_text():
            break
        before = answers(page)
        vandal.click()
        until(lambda before=before: answers(page) > before, MS / 1000)  # type: ignore[misc]
    sees(page, "#alarms", "lockout")
    sees(page, "#display", "Type two codes")
    double(page, "paper")


def test_the_keyboard_does_all_of_it(page: Page) -> None:
    """Keys of the keyboard press those of the door; the walker is led by the arrows."""
    wrong = rows(page, "wrong")
    page.locator("body").click(position={"x": 5, "y": 5})
    for key in "12#":
        page.keyboard.press(key)
    once_more(page, "wrong", wrong)
    rung = rows(page, "bell")
    page.keyboard.down("*")
    once_more(page, "bell", rung)
    page.keyboard.up("*")
    page.locator("#feet").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#walker")).to_have_attribute("transform", "translate(80 212)", timeout=MS)
    page.get_by_role("button", name="Back to the street").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#walker")).to_have_attribute("transform", "translate(20 212)", timeout=MS)


def test_who_is_dragged_to_a_shut_door_stands_before_it(page: Page) -> None:
    feet = page.locator("#feet")
    box = feet.bounding_box()
    assert box
    middle = {"x": box["width"] * 0.6, "y": box["height"] / 2}
    feet.drag_to(feet, source_position={"x": 8, "y": box["height"] / 2}, target_position=middle)
    expect(page.locator("#walker")).to_have_attribute("transform", "translate(236 212)", timeout=MS)
    sees(page, "#door", "closed")
    page.get_by_role("button", name="Back to the street").click()
    expect(page.locator("#walker")).to_have_attribute("transform", "translate(20 212)", timeout=MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_looks_as_it_should(browser: Browser, address: str, page: Page, width: int, scheme: str) -> None:
    """axe finds nothing, nothing is cut off, what is touched is large, and nothing moves for who wants so."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(MS)
    with context:
        other = context.new_page()
        faults = watch(other)
        other.goto(address)
        running(other)
        expect(other.locator("#timeline li").first).to_be_visible(timeout=MS)
        assert violations(other) == []
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        small = (
            "[...document.querySelectorAll('button:not([hidden]), select')].filter(b => b.offsetHeight < 48)"
        )
        assert other.evaluate(f"{small}.length") == 0
        assert other.evaluate("getComputedStyle(document.querySelector('.leg')).animationName") == "none"
        assert faults == []
