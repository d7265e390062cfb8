"""Residents' phones at the server: codes drawn at a given rate, and digits on a screen far from the mast."""

from __future__ import annotations

import asyncio
import gc
import shutil
import time
from collections.abc import Awaitable, Callable
from itertools import cycle

import httpx
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.figures import Figure, short, spread
from demo.setting import Setting
from roomserver.place import load, now, open_place
from roomserver.web import sessions
from roomserver.web.sessions import Visitor

MEMBERS = 200
DRAWS_A_SECOND, LOOKS_A_SECOND, SECONDS = 100, 20, 30
WARM_UP = 20
TIMEOUT_SECONDS = 30

# What web testers call slow 3G: 400 kbit/s each way, and 400 ms until an answer begins.
SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
OPENINGS = 7
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
# When the frame after the one that has the digits is asked for, they are on the screen.
WATCH_DIGITS = """
new MutationObserver((_, watch) => {
  if (!document.getElementById("digits")?.innerText.trim()) return;
  watch.disconnect();
  requestAnimationFrame(() => requestAnimationFrame((at) => { window.digitsShownAt = at; }));
}).observe(document, { childList: true, subtree: true });
"""


def figures(setting: Setting) -> list[Figure]:
    """Draws under load, and the stopwatch."""
    cookies = _signed_in(setting)
    drawn, looked = asyncio.run(_crowd(setting.url, cookies))
    found = [
        Figure(
            f"code drawn, {DRAWS_A_SECOND} a second, the public page {LOOKS_A_SECOND} times a second beside",
            spread(drawn, "ms"),
            "p99 ≤ 20 ms",
        ),
        Figure("the public page at the same time", spread(looked, "ms"), "–"),
    ]
    return [*found, *_stopwatch(setting.url, cookies[0])]


def _signed_in(setting: Setting) -> list[str]:
    """Session tokens of so many members."""
    opened = open_place(load(setting.folder / "roomserver.toml"))
    numbers = [setting.member() for _ in range(MEMBERS // 50)]
    try:
        with opened.database.write() as session:
            return [sessions.begin(session, Visitor(member=number), now()) for number in numbers * 50]
    finally:
        opened.database.close()


async def _crowd(url: str, cookies: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each draw and each look, from when it was due: a late answer delays nobody's asking."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits) as client:
        tokens = cycle(cookies)

        async def draw() -> None:
            answer = await client.get("/code", headers={"Cookie": f"session={next(tokens)}"})
            assert answer.status_code == httpx.codes.OK
            assert 'id="digits"' in answer.text

        async def look() -> None:
            (await client.get("/")).raise_for_status()

        for _ in range(WARM_UP):
            await draw()
            await look()
        gc.collect()
        gc.freeze()  # the pauses of this program are not the server's
        return tuple(  # type: ignore[return-value]  # gather's two are two
            await asyncio.gather(_at_rate(draw, DRAWS_A_SECOND), _at_rate(look, LOOKS_A_SECOND))
        )


async def _at_rate(work: Callable[[], Awaitable[None]], rate: int) -> list[float]:
    began = time.perf_counter()

    async def one(due: float) -> float:
        await work()
        return (time.perf_counter() - due) * 1000

    running = []
    for n in range(rate * SECONDS):
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(asyncio.create_task(one(due)))
    return list(await asyncio.gather(*running))


def _stopwatch(url: str, cookie: str) -> list[Figure]:
    chromium = shutil.which("chromium")
    if chromium is None:
        return [Figure("page opened → digits on the screen, slow 3G", "no chromium here", "≤ 1.5 s, ≤ 60 kB")]
    shown, received = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        for _ in range(OPENINGS):
            context = browser.new_context(viewport=PHONE, locale="zh-CN")  # a new one has an empty cache
            context.add_cookies([{"name": "session", "value": cookie, "url": url}])
            context.add_init_script(WATCH_DIGITS)
            page = context.new_page()
            wire = context.new_cdp_session(page)
            took, size = _open(page, wire, f"{url}/code")
            shown.append(took)
            received.append(size)
            context.close()
        browser.close()
    return [
        Figure("page opened → digits on the screen, slow 3G, nothing cached", spread(shown, "ms"), "≤ 1.5 s"),
        Figure("bytes of that, all told", f"{short(max(received) / 1000)} kB", "≤ 60 kB"),
    ]


def _open(page: Page, wire: CDPSession, url: str) -> tuple[float, float]:
    """Milliseconds from the tap to the digits, and the bytes until the network was idle."""
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(url)
    page.wait_for_function("window.digitsShownAt")
    page.wait_for_load_state("networkidle")
    return float(page.evaluate("window.digitsShownAt")), sum(sizes)
