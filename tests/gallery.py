"""Pictures of every page in every state, to be looked at: ``make pictures``; here the residents' states.

A state is a function that has things happen in a room and opens a page; its name is its pictures' name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import launched
from committee import committee
from gallery_committee import HOUSE
from neighbours import MEMBER, Neighbourhood
from pictured import DAY, STATES, pictured
from playwright.sync_api import Browser, Page, expect

from contract.codes import Kind
from roomserver.identity import Verdict
from roomserver.residents import joining, members, once, passkeys, persons, reasons, wechat
from roomserver.residents.once import Purpose
from roomserver.storage.register import Application, Passkey
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import doors

SIZES = {320: 640, 390: 844, 1280: 800}
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
SCHEMES = ("light", "dark")
NEVER = dict.fromkeys("mon tue wed thu fri sat sun".split(), ())


def take(browser: Browser, name: str, language: str, folder: Path) -> Iterator[Path]:
    """The pictures of a state in a language: every width, light and dark; the page is opened once."""
    with TemporaryDirectory() as place, committee(Path(place), HOUSE) as room:
        context = browser.new_context(locale=LANGUAGES[language], reduced_motion="reduce")
        page = context.new_page()
        STATES[name](room, page)
        for width, height in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                path = folder / f"{name}-{language}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)
                yield path
        context.close()


def main(arguments: Sequence[str]) -> int:
    """Take all pictures into a folder, with a page that shows them; or those of the states that are named."""
    if not arguments:
        print("Say where to put them: make pictures FOLDER=/tmp/pictures", file=sys.stderr)
        return 2
    folder, names = Path(arguments[0]), arguments[1:] or list(STATES)
    if unknown := [name for name in names if name not in STATES]:
        print(f"There is no state {unknown[0]}; there are {' '.join(STATES)}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    shown = []
    with launched() as browser:
        for name in names:
            shown.append(f"<h2>{escape(name)}</h2>")
            for language in LANGUAGES:
                taken = take(browser, name, language, folder)
                shown += [f'<img src="{path.name}" alt="{path.stem}" height="640">' for path in taken]
    (folder / "index.html").write_text("<!doctype html>\n" + "\n".join(shown), "utf-8")
    print(f"Look at {folder / 'index.html'}")
    return 0


# -- the room -------------------------------------------------------------------------------------


def opened(room: Neighbourhood, page: Page, path: str, *, member: bool = True) -> None:
    """The page at ``path``, as the member sees it or as a stranger does."""
    if member:
        room.sign_in(page.context)
    page.goto(room.stage.url + path)


def a_busy_day(room: Neighbourhood) -> None:
    """So many were inside, by the hour, yesterday."""
    midnight = room.now - (room.now + 8 * 3600) % DAY
    inside = (0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 9, 8, 5, 7, 10, 12, 13, 11, 8, 12, 14, 12, 6, 2)
    for hour, count in enumerate(inside):
        room.records("count", member=None, at=midnight - DAY + hour * 3600, count=count)


@pictured
def room_plenty(room: Neighbourhood, page: Page) -> None:
    room.counts(4, "exact")
    a_busy_day(room)
    room.rules(hours={"sat": ("09:00-18:00",), "sun": ()}, holidays={"2027-01-01": ()})
    opened(room, page, "/", member=False)


@pictured
def room_few(room: Neighbourhood, page: Page) -> None:
    room.counts(13)
    opened(room, page, "/")


@pictured
def room_full(room: Neighbourhood, page: Page) -> None:
    room.counts(15, "unknown")
    opened(room, page, "/", member=False)


@pictured
def room_closed(room: Neighbourhood, page: Page) -> None:
    room.counts(0)
    room.rules(hours={"tue": ("14:00-22:00",), "wed": ("08:00-12:00", "13:00-22:00")})
    opened(room, page, "/", member=False)


@pictured
def room_lockdown(room: Neighbourhood, page: Page) -> None:
    room.rules(note="水管维修，明天上午恢复。")
    room.says(mode="lockdown")
    opened(room, page, "/", member=False)


@pictured
def privacy(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/privacy", member=False)


@pictured
def guide(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/help", member=False)


@pictured
def not_found(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/nowhere", member=False)


@pictured
def stale_form(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/me")
    page.evaluate("document.querySelector('[name=form_token]').value = '0'.repeat(64)")
    page.evaluate("document.querySelector('form').submit()")
    expect(page.locator("main a.button")).to_be_visible()


# -- the code -------------------------------------------------------------------------------------


@pictured
def code(room: Neighbourhood, page: Page) -> None:
    room.counts(12)
    opened(room, page, "/code")


@pictured
def code_second(room: Neighbourhood, page: Page) -> None:
    room.says(lockout=True)
    opened(room, page, "/code")


@pictured
def code_went_in(room: Neighbourhood, page: Page) -> None:
    room.counts(14)
    room.records("granted")
    opened(room, page, "/code")


@pictured
def code_refused(room: Neighbourhood, page: Page) -> None:
    room.records("denied", reason="late-code")
    opened(room, page, "/code")


@pictured
def code_tried(room: Neighbourhood, page: Page) -> None:
    for _ in range(3):
        room.records("denied", reason="unknown-code")
    room.wait(7200)
    opened(room, page, "/code")


@pictured
def code_two_doors(room: Neighbourhood, page: Page) -> None:
    with room.opened.database.write() as session:
        doors.add(session, room.opened.vault, "garden-entrance", room.now)
    opened(room, page, "/code")


@pictured
def code_offline(room: Neighbourhood, page: Page) -> None:
    page.clock.install(time=room.now)
    opened(room, page, "/code")
    page.context.set_offline(True)
    page.clock.run_for(5000)
    expect(page.locator("#offline")).to_be_visible()


@pictured
def code_gone(room: Neighbourhood, page: Page) -> None:
    code_offline(room, page)
    page.clock.fast_forward(31 * 60_000)
    page.clock.run_for(1000)
    expect(page.locator("#gone")).to_be_visible()


@pictured
def code_revoked(room: Neighbourhood, page: Page) -> None:
    room.revoke()
    with room.opened.database.write() as session:
        reasons.give(session, room.opened.vault, MEMBER, "已搬离小区", room.now)
    room.records("denied", reason="revoked")
    opened(room, page, "/code")


@pictured
def code_suspended(room: Neighbourhood, page: Page) -> None:
    with room.opened.database.write() as session:
        members.suspend(session, MEMBER, room.now + 4 * DAY, room.now)
        reasons.give(session, room.opened.vault, MEMBER, "一人占了两个座位", room.now)
    opened(room, page, "/code")


@pictured
def code_closed(room: Neighbourhood, page: Page) -> None:
    room.rules(hours=NEVER | {"wed": ("08:00-22:00",)})
    opened(room, page, "/code")


@pictured
def code_full(room: Neighbourhood, page: Page) -> None:
    room.records("count", member=None, count=14)
    room.records("entered", member="0555")
    room.counts(15, "exact")
    opened(room, page, "/code")


@pictured
def code_lockdown(room: Neighbourhood, page: Page) -> None:
    room.rules(note="水管维修，明天上午恢复。")
    room.says(mode="lockdown")
    opened(room, page, "/code")


@pictured
def code_staff(room: Neighbourhood, page: Page) -> None:
    room.sign_in(page.context, room.moves_in("0555", Kind.STAFF))
    page.goto(f"{room.stage.url}/code")


@pictured
def code_paper(room: Neighbourhood, page: Page) -> None:
    room.sign_in(page.context, room.moves_in("0555", Kind.PAPER))
    page.goto(f"{room.stage.url}/code")


# -- joining and coming back ----------------------------------------------------------------------


@pictured
def join(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/join", member=False)


@pictured
def join_faults(room: Neighbourhood, page: Page) -> None:
    join(room, page)
    page.locator("#phone").fill("12")
    page.locator("#identity").fill("11204416541220243X")
    page.locator("main button").click()
    expect(page.get_by_role("alert")).to_be_visible()


def applied(room: Neighbourhood, page: Page, **becomes: str | None) -> None:
    """Somebody applies; his application then says otherwise."""
    join(room, page)
    for field, text in (("name", "王小明"), ("phone", "13800138000"), ("identity", "11010519491231002X")):
        page.locator(f"#{field}").fill(text)
    for tick in page.get_by_role("checkbox").all():
        tick.check()
    page.locator("main button").click()
    expect(page.locator("main form")).to_have_attribute("action", "/join/withdraw")
    with room.opened.database.write() as session:
        for column, value in becomes.items():
            setattr(session.query(Application).one(), column, value)
    page.goto(f"{room.stage.url}/join")


@pictured
def join_waiting(room: Neighbourhood, page: Page) -> None:
    applied(room, page)


@pictured
def join_service_down(room: Neighbourhood, page: Page) -> None:
    applied(room, page, reason=Verdict.DOWN)


@pictured
def join_declined(room: Neighbourhood, page: Page) -> None:
    applied(room, page)
    with room.opened.database.write() as session:
        joining.decline(session, session.query(Application).one().id, room.now)
    page.goto(f"{room.stage.url}/join")


@pictured
def sign_in(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/sign-in", member=False)


@pictured
def sign_in_failed(room: Neighbourhood, page: Page) -> None:
    sign_in(room, page)
    page.get_by_role("button").first.click()
    expect(page.get_by_role("alert")).to_be_visible()


@pictured
def link(room: Neighbourhood, page: Page) -> None:
    with room.opened.database.write() as session:
        token = once.make(session, Purpose.LINK, room.now, member=MEMBER)
    opened(room, page, f"/in/{token}", member=False)


@pictured
def link_dead(room: Neighbourhood, page: Page) -> None:
    opened(room, page, "/in/used-before", member=False)
    page.locator("main button").click()
    expect(page.locator("main a.button")).to_be_visible()


@pictured
def wechat_asks(room: Neighbourhood, page: Page) -> None:
    with room.opened.database.write() as session:
        token = sessions.begin(session, Visitor(member=MEMBER, wechat_tag="0" * 64), room.now)
    room.sign_in(page.context, token)
    page.goto(f"{room.stage.url}/wechat/link")


# -- the member's own data ------------------------------------------------------------------------


def registered(room: Neighbourhood) -> None:
    """The member is somebody."""
    with room.opened.database.write() as session:
        persons.enter(session, room.opened.vault, MEMBER, persons.details("王小明", "13800138000"), room.now)


@pictured
def me(room: Neighbourhood, page: Page) -> None:
    registered(room)
    opened(room, page, "/me")


@pictured
def me_with_everything(room: Neighbourhood, page: Page) -> None:
    registered(room)
    with room.opened.database.write() as session:
        for id_ in (b"a", b"b"):
            session.add(Passkey(id=id_, member=MEMBER, public_key=b"k", sign_count=0, made_at=room.now))
        wechat.link(session, "0" * 64, MEMBER, room.now)
        sessions.begin(session, Visitor(member=MEMBER), room.now)
        assert passkeys.listed(session, MEMBER)
    opened(room, page, "/me?corrected=true")


@pictured
def me_faults(room: Neighbourhood, page: Page) -> None:
    me(room, page)
    page.locator("summary").click()
    page.locator("#phone").fill("12")
    page.locator("details button").click()
    expect(page.locator("#phone-fault")).to_be_visible()


@pictured
def left(room: Neighbourhood, page: Page) -> None:
    me(room, page)
    page.locator("[name=sure]").check()
    page.locator("button.bad").click()
    expect(page.locator("main form")).to_have_count(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
