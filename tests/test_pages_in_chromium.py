"""The residents' pages in a real Chromium: the whole story, no network, keyboard, axe, no scripts, bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import PHONE, browser, page, violations, watch
from neighbours import FORM, MEMBER, Neighbourhood, neighbourhood
from patience import until
from playwright.sync_api import Browser, Page, expect
from village import door_at, village

from contract.codes import Kind, issue
from door.effects import Cue
from roomserver.room.notices import Notices
from roomserver.settings import Identity, Settings

__all__ = ["browser", "page"]
MOST_BYTES = 60_000
STEP_SECONDS = 120
TARGET_PX = 48


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Neighbourhood]:
    """A room with its door and member 0427, and something on its wall."""
    notices = Notices(manners=("保持安静",), exams={"2027-06-07": "高考"}, phone="+86 21 5555 0101")
    with neighbourhood(tmp_path, replace(Settings(), notices=notices)) as running:
        running.rules(hours={"sun": ()})
        running.counts(10)
        yield running


@pytest.fixture
def phone(page: Page, room: Neighbourhood) -> Page:
    """The member's phone on his page, with a clock that the test turns."""
    room.sign_in(page.context)
    page.clock.install(time=room.now)
    page.goto(f"{room.stage.url}/code")
    return page


def shown(page: Page, place: str = "digits") -> str:
    """The digits as a person sees them."""
    return " ".join(page.locator(f"#{place} span").all_text_contents())


def right(room: Neighbourhood, at: int) -> tuple[str, str]:
    """What the door takes at this time, and its second code."""
    issued = issue(room.door_key, "front", Kind.PHONE, MEMBER, 1, FORM.step(Kind.PHONE, at), FORM)
    whole, second = issued.digits, issued.second
    return f"{whole[:4]} {whole[4:7]} {whole[7:]}", f"{second[:3]} {second[3:]}"


# -- the whole story ------------------------------------------------------------------------------


def test_a_resident_joins_goes_in_and_is_told_when_the_committee_revokes(page: Page, tmp_path: Path) -> None:
    """The real server in its own process, the real door on simulated copper, the real browser."""
    rules = replace(Settings(), identity=Identity(provider="demo"))
    with village(tmp_path, "embedded", rules) as made, door_at(made.folder / "door", made.settings) as door:
        page.goto(made.server.url)
        page.get_by_role("link", name="第一次来").click()
        page.get_by_role("textbox", name="姓名").fill("王小明")
        page.get_by_role("textbox", name="手机").fill("13800138000")
        page.get_by_role("textbox", name="身份证").fill("11010519491231002X")
        for tick in page.get_by_role("checkbox").all():
            tick.check()
        page.get_by_role("button").last.click()
        expect(page).to_have_url(f"{made.server.url}/code")
        code = shown(page)
        assert door.type(code.replace(" ", "")) is Cue.ACCEPTED
        until(lambda: door.unlocked)
        door.walk_in()
        expect(page.locator("#news")).to_contain_text("进入了自习室", timeout=15_000)
        made.server.cli("member", "revoke", code[:4])
        expect(page.locator("main")).to_contain_text("您的号码已停用", timeout=15_000)
        expect(page.locator("#digits")).to_have_count(0)


def test_the_page_says_why_the_door_said_no(phone: Page, room: Neighbourhood) -> None:
    room.records("denied", reason="used-code")
    phone.clock.run_for(5000)
    expect(phone.locator("#news")).to_contain_text("这个号码已经用过了")


# -- without a network ----------------------------------------------------------------------------


def test_without_a_network_every_code_is_right_until_they_end_and_then_the_page_says_so(
    phone: Page, room: Neighbourhood
) -> None:
    phone.context.set_offline(True)
    begin = room.now
    last = begin - begin % STEP_SECONDS + 15 * STEP_SECONDS
    at = begin
    while at < last:
        assert (shown(phone), shown(phone, "digits2")) == right(room, at)
        phone.clock.fast_forward(STEP_SECONDS * 1000)
        phone.clock.run_for(1000)
        at += STEP_SECONDS + 1
    expect(phone.locator("#gone")).to_contain_text("号码用完了")
    expect(phone.locator("#has-code")).to_be_hidden()
    expect(phone.locator("#second")).to_be_hidden()
    expect(phone.locator("#list .past")).to_have_count(15)
    expect(phone.locator("#list .now")).to_have_count(0)
    room.wait(at - begin)
    phone.context.set_offline(False)
    phone.clock.run_for(10_000)
    expect(phone.locator("#gone")).to_be_hidden()
    assert shown(phone) == right(room, room.now)[0]


def test_a_cut_network_is_said_and_its_return_too(phone: Page, room: Neighbourhood) -> None:
    phone.context.set_offline(True)
    phone.clock.run_for(5000)
    expect(phone.locator("#offline")).to_contain_text("没有网络。这里的号码到 10:30 为止都能用。")
    phone.context.set_offline(False)
    phone.clock.run_for(10_000)
    expect(phone.locator("#offline")).to_be_hidden()


def test_with_a_network_the_codes_never_end(phone: Page, room: Neighbourhood) -> None:
    for _ in range(3):
        room.wait(16 * 60)
        room.counts(10)
        phone.clock.fast_forward(16 * 60 * 1000)
        phone.clock.run_for(5000)
        expect(phone.locator("#list")).to_contain_text(right(room, room.now + 28 * 60)[0])
    assert shown(phone) == right(room, room.now)[0]


def test_a_phone_whose_clock_is_wrong_shows_the_right_code(page: Page, room: Neighbourhood) -> None:
    room.sign_in(page.context)
    page.clock.install(time=room.now + 5 * 3600)
    page.goto(f"{room.stage.url}/code")
    page.clock.run_for(1000)
    assert shown(page) == right(room, room.now)[0]


def test_the_line_below_counts_down(phone: Page, room: Neighbourhood) -> None:
    phone.context.set_offline(True)  # else the server, whose clock stands still, would set the phone's back
    into = room.now % STEP_SECONDS
    phone.clock.run_for((STEP_SECONDS - into - 75) * 1000)
    assert phone.locator("#left").inner_text() in ("还有 1 分 15 秒", "还有 1 分 16 秒")
    phone.clock.run_for(30_000)
    assert phone.locator("#left").inner_text() in ("还有 45 秒", "还有 46 秒")


def test_a_page_that_nobody_looks_at_is_quiet(phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    phone.clock.run_for(60_000)
    assert [url for url in asked if "/code" in url] == []


# -- the second code ------------------------------------------------------------------------------


def test_the_second_code_comes_by_itself_when_the_door_asks(phone: Page, room: Neighbourhood) -> None:
    expect(phone.locator("#digits2")).to_be_hidden()
    room.says(lockout=True)
    phone.clock.run_for(5000)
    expect(phone.locator("#digits2")).to_be_visible()
    assert shown(phone, "digits2") == right(room, room.now)[1]


def test_the_second_of_a_code_that_has_just_run_out_is_still_told(phone: Page, room: Neighbourhood) -> None:
    """Who typed the first just before the change needs the second that goes with it."""
    phone.context.set_offline(True)  # else the server, whose clock stands still, would set the phone's back
    first, second = right(room, room.now)
    phone.get_by_text("门要第二个号码").click()
    expect(phone.locator("#before")).to_be_hidden()
    phone.clock.run_for((STEP_SECONDS - room.now % STEP_SECONDS) * 1000 + 1000)
    assert shown(phone) != first
    expect(phone.locator("#before")).to_contain_text(f"刚才输入的是 {first} 吗？那么第二个是 {second}")
    phone.clock.run_for(61_000)
    expect(phone.locator("#before")).to_be_hidden()


# -- without scripts, by ear, in few bytes --------------------------------------------------------


def test_without_scripts_the_page_shows_a_right_code_and_loads_itself_again(
    browser: Browser, room: Neighbourhood
) -> None:
    context = browser.new_context(viewport=PHONE, locale="zh-CN", java_script_enabled=False)
    room.sign_in(context)
    plain = context.new_page()
    plain.goto(f"{room.stage.url}/code")
    assert " ".join(plain.locator("#digits span").all_inner_texts()) == right(room, room.now)[0]
    expect(plain.locator("#speak")).to_be_hidden()
    assert plain.locator("noscript").count() >= 1
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_slot_of_the_voice_has_a_word_and_ends_in_silence(
    phone: Page, room: Neighbourhood, language: str
) -> None:
    loud = phone.evaluate(
        """async (url) => {
            const bytes = await (await fetch(url)).arrayBuffer();
            const sound = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes);
            const samples = sound.getChannelData(0), slot = Math.round(0.8 * sound.sampleRate);
            const most = (from, to) => samples.slice(from, to).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
            const part = (begin, end) => [most(begin, end), most(end - 400, end)];
            const of = (n, slots) => part(n * slot, (n + slots) * slot);
            return [...Array(10).keys()].map((n) => of(n, 1)).concat([of(10, 2), of(12, 2)]);
        }""",
        f"/static/voice-{language}.mp3",
    )
    assert all(word > 0.3 and end < 0.05 for word, end in loud), loud


def test_the_code_is_read_aloud_on_a_tap_and_the_clip_comes_only_then(phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(urlsplit(request.url).path))
    with phone.expect_response(lambda answer: "voice-zh.mp3" in answer.url):
        phone.get_by_role("button", name="念给我听").click()
    assert [path for path in asked if path.endswith(".mp3")] == ["/static/voice-zh.mp3"]
    expect(phone.locator("#silent")).to_be_hidden()


def test_a_voice_that_does_not_come_is_said(phone: Page) -> None:
    phone.route("**/*.mp3*", lambda route: route.abort())
    phone.get_by_role("button", name="念给我听").click()
    expect(phone.locator("#silent")).to_be_visible()


def test_the_first_load_is_small(browser: Browser, room: Neighbourhood) -> None:
    """Everything that the network carries until the page is complete, headers too."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN")
    room.sign_in(context)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    carried: list[float] = []
    network.on("Network.loadingFinished", lambda told: carried.append(told["encodedDataLength"]))
    page.goto(f"{room.stage.url}/code", wait_until="networkidle")
    assert len(carried) >= 2
    assert sum(carried) <= MOST_BYTES, carried
    context.close()


# -- for everybody --------------------------------------------------------------------------------


def crawl(page: Page, root: str, first: str) -> Iterator[str]:
    """Every page of ours that can be reached by links, opened; a link that leads nowhere fails.

    What differs by the values behind the ``?`` alone (another week, another filter) is the same page.
    """
    waiting, seen = [first], set()
    while waiting:
        path = waiting.pop(0)
        if same(path) in seen:
            continue
        seen.add(same(path))
        answer = page.goto(root + path)
        assert answer is not None
        assert answer.status == 200, path
        yield path
        hrefs = page.eval_on_selector_all(
            "a[href]:not([download])", "links => links.map((a) => a.getAttribute('href'))"
        )
        waiting += [h.split("#")[0] for h in hrefs if h.startswith("/") and "lang=" not in h]


def same(path: str) -> tuple[str, frozenset[str]]:
    """What a page is known by: its path, and the names of what it is asked."""
    address = urlsplit(path)
    return address.path, frozenset(parse_qs(address.query))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "member"])
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_every_page_is_for_everybody(
    browser: Browser, room: Neighbourhood, scheme: str, signed_in: bool, locale: str
) -> None:
    """axe finds nothing, 320 px are enough, what is pressed is large enough, and all is reached by Tab."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, locale=locale, color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )  # fmt: skip
    if signed_in:
        room.sign_in(context)
        room.records("denied", reason="late-code")
        room.says(lockout=True)
    page = context.new_page()
    faults = watch(page)
    seen = []
    for path in crawl(page, room.stage.url, "/"):
        seen.append(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.locator("h1").count() == 1, path
        assert too_small(page) == [], path
        assert unreached(page) == [], path
    expected = {"/", "/help", "/privacy", *(("/code", "/me") if signed_in else ("/join", "/sign-in"))}
    assert expected <= set(seen)
    assert faults == []
    context.close()


def too_small(page: Page) -> list[str]:
    """Buttons, fields and links that stand alone and are lower than a finger."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll(
                "button, .button, summary, header a, input, select, textarea")]
            .filter((e) => e.checkVisibility() && e.type !== "hidden")
            .map((e) => e.closest("label.tick") || e)
            .filter((e) => e.getBoundingClientRect().height < least).map((e) => e.outerHTML.slice(0, 80))""",
        TARGET_PX,
    )
    return found


def unreached(page: Page) -> list[str]:
    """What can be pressed or filled in, and is not reached with the Tab key."""
    page.evaluate("document.activeElement.blur()")
    count: int = page.evaluate(
        """() => {
            const fields = "input:not([type=hidden]), select, textarea";
            const all = `a[href], button, ${fields}, summary, [tabindex='0']`;
            const there = [...document.querySelectorAll(all)].filter((e) => e.checkVisibility());
            window.unreached = new Set(there);
            const of = (e) => e.type === "radio" ? there.filter((other) => other.name === e.name) : [e];
            document.addEventListener("focusin", (event) => {  // buttons of a group share one stop
                for (const e of of(event.target)) window.unreached.delete(e);
            });
            const dates = there.filter((e) => (e.type ?? "").startsWith("date")).length;
            return there.length + 8 * dates;  // a date is one field and many stops
        }"""
    )
    for _ in range(count + 2):
        page.keyboard.press("Tab")
    left: list[str] = page.evaluate("[...window.unreached].map((e) => e.outerHTML.slice(0, 80))")
    return left


def test_the_second_code_opens_by_keyboard(phone: Page) -> None:
    phone.get_by_text("门要第二个号码").focus()
    phone.keyboard.press("Enter")
    expect(phone.locator("#digits2")).to_be_visible()


def test_a_reader_hears_digits_one_by_one(phone: Page, room: Neighbourhood) -> None:
    phone.context.set_offline(True)  # else the server, whose clock stands still, would set the phone's back
    first, _ = right(room, room.now)
    assert phone.get_by_role("img", name=" ".join(first.replace(" ", ""))).count() == 1
    phone.clock.run_for(STEP_SECONDS * 1000)
    later, _ = right(room, room.now + STEP_SECONDS)
    assert phone.get_by_role("img", name=" ".join(later.replace(" ", ""))).count() == 1
