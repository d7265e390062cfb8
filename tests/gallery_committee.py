"""The committee's pages in every state, for the gallery."""

from __future__ import annotations

from dataclasses import replace

from committee import PASSWORD, Committee
from pictured import DAY, WALL, pictured
from playwright.sync_api import Page, expect

from contract.codes import Kind
from roomserver.committee import accounts, acts, volunteers
from roomserver.committee.acts import Did
from roomserver.committee.office import AccountPasskey
from roomserver.committee.roles import Role
from roomserver.identity import Verdict
from roomserver.notify import claim
from roomserver.notify.message import NotSentError
from roomserver.notify.settings import Way
from roomserver.residents import members, persons, reasons
from roomserver.room.hourly import Hourly
from roomserver.settings import Settings
from roomserver.storage.register import Application
from roomserver.storage.schema import SentCommand
from roomserver.wire import commands, doors, state
from roomserver.wire.alarms import Noticed, sound

HOUSE = replace(
    Settings(),
    notices=WALL,
    notify=(
        Way("office", host="smtp.example.org", sender="room@example.org", to=("committee@example.org",)),
        Way("volunteers", kind="wecom", url="https://qyapi.example.org/"),
    ),
)
NEIGHBOURS = (
    ("0428", Kind.PHONE, "李秀英", "13900139001"),
    ("0431", Kind.PAPER, "欧阳建国", "13900139002"),
    ("0460", Kind.STAFF, "张伟", "13900139003"),
    ("0512", Kind.PHONE, "陈静", "13900139004"),
)


def lived_in(room: Committee) -> None:
    """A door that has enrolled and tells, and neighbours with names."""
    vault, now = room.opened.vault, room.now
    for number, kind, name, phone in NEIGHBOURS:
        room.moves_in(number, kind)
        with room.opened.database.write() as session:
            persons.enter(session, vault, number, persons.details(name, phone), now - 40 * DAY)
    with room.opened.database.write() as session:
        persons.enter(session, vault, "0427", persons.details("王小明", "13800138000"), now - 90 * DAY)
        doors.get(session, "front").enrolled_at = now - 200 * DAY
    room.rules(capacity=15, hours={"sat": ("09:00-18:00",), "sun": ()})
    room.says()
    room.counts(9)
    health(room)


def health(room: Committee, **of: object) -> None:
    """The door tells its health; what is not named is well."""
    well = {"version": "1", "clock": {"source": "server", "trusted": True}, "audit": {}, "list": {}}
    room.tells("health", {**well, "undervoltage": False, "store": {"ok": True}, "at": room.now, **of})


def opened(room: Committee, page: Page, path: str, role: Role = Role.ADMIN) -> None:
    """The page as the account of a role sees it."""
    room.seated(page.context, role)
    page.goto(f"{room.stage.url}/committee{path}")


def applies(room: Committee, name: str, reason: str = "see-paper", **of: str) -> None:
    """Somebody waits."""
    vault = room.opened.vault
    given = {"provider": "committee", "state": "pending", "reason": reason, "identity_tag": name, **of}
    with room.opened.database.write() as session:
        sealed = {"name": vault.seal_text(name), "phone": vault.seal_text("13900139005")}
        session.add(Application(**sealed, applied_at=room.now - 5400, **given))


def commanded(room: Committee, verb: str, error: str | None, ago: int, **args: object) -> None:
    """A command that somebody has given, and what the door answered."""
    with room.opened.database.write() as session:
        id_ = commands.ask(session, room.door_id, verb, args, room.now - ago)
        sent = session.get_one(SentCommand, id_)
        sent.n, sent.not_after, sent.done_at, sent.error = 1, room.now, room.now - ago + 1, error


def alarmed(room: Committee) -> None:
    """One of each of the server's own alarms."""
    with room.opened.database.write() as session:
        for n, kind in enumerate(Noticed):
            for _ in range(n + 1):
                sound(session, room.door_id, "front", kind, "0123456789abcdef 7", room.now - 3600 * n)


# -- the ways in ----------------------------------------------------------------------------------


@pictured
def committee_sign_in(room: Committee, page: Page) -> None:
    page.goto(f"{room.stage.url}/committee/sign-in")


@pictured
def committee_sign_in_failed(room: Committee, page: Page) -> None:
    committee_sign_in(room, page)
    for field, text in (("name", "wang"), ("password", PASSWORD), ("code", "000000")):
        page.locator(f"#{field}").fill(text)
    page.locator("main form button").last.click()
    expect(page.get_by_role("alert").first).to_be_visible()


@pictured
def committee_link(room: Committee, page: Page) -> None:
    page.goto(f"{room.stage.url}/committee/in/anything")


@pictured
def committee_link_used(room: Committee, page: Page) -> None:
    with room.opened.database.write() as session:
        _, token = accounts.add(session, "小王", Role.DUTY, room.now)
    page.goto(f"{room.stage.url}/committee/in/{token}")
    page.locator("main button").click()
    expect(page.locator("details[open]")).to_be_visible()


@pictured
def committee_me(room: Committee, page: Page) -> None:
    with room.opened.database.write() as session:
        me = accounts.get(session, "the-committee").id
        session.add(AccountPasskey(id=b"k", account_id=me, public_key=b"k", sign_count=0, made_at=room.now))
    opened(room, page, "/me?saved=true", Role.COMMITTEE)


# -- now ------------------------------------------------------------------------------------------


@pictured
def now_calm(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "", Role.DUTY)


@pictured
def now_busy(room: Committee, page: Page) -> None:
    lived_in(room)
    applies(room, "赵敏")
    alarmed(room)
    until = room.now + 7200
    room.says(lock="UNLOCKED", door="open", alarms=["held", "clock-untrusted"], mode="open", until=until)
    health(room, undervoltage=True, clock={"source": "none", "trusted": False})
    commanded(room, "unlock", None, 40)
    commanded(room, "mode", "clock-untrusted", 80, mode="open", until=until)
    opened(room, page, "")
    for one in page.locator("details").all():
        one.locator("summary").click()


@pictured
def now_silent(room: Committee, page: Page) -> None:
    lived_in(room)
    health(room, undervoltage=True)
    with room.opened.database.write() as session:
        state.keep(session, room.door_id, "availability", "offline", room.now)
    room.wait(3 * 3600)
    opened(room, page, "")


@pictured
def now_no_door(room: Committee, page: Page) -> None:
    opened(room, page, "")


# -- people ---------------------------------------------------------------------------------------


@pictured
def applications(room: Committee, page: Page) -> None:
    applies(room, "赵敏")
    applies(room, "欧阳建国", Verdict.DOWN)
    opened(room, page, "/applications?new=0427")
    page.locator("summary").first.click()


@pictured
def applications_none(room: Committee, page: Page) -> None:
    opened(room, page, "/applications")


@pictured
def members_list(room: Committee, page: Page) -> None:
    lived_in(room)
    with room.opened.database.write() as session:
        members.revoke(session, "0428", room.now)
        members.suspend(session, "0512", room.now + DAY, room.now)
    opened(room, page, "/members?number=9999")


@pictured
def member_good(room: Committee, page: Page) -> None:
    lived_in(room)
    with room.opened.database.write() as session:
        acts.note(session, "the-committee", Did.APPROVED, room.now - 90 * DAY, member="0427")
        acts.note(session, "the-duty", Did.LINKED, room.now - 3 * DAY, member="0427")
    opened(room, page, "/members/0427")
    for one in page.locator("summary").all():
        one.click()


@pictured
def member_suspended(room: Committee, page: Page) -> None:
    lived_in(room)
    with room.opened.database.write() as session:
        members.suspend(session, "0427", room.now + DAY, room.now)
        reasons.give(session, room.opened.vault, "0427", "大声打电话，提醒过两次", room.now)
        revision = members.revision(session)
    room.records("list", None, revision=revision, complete=False, members=1)
    opened(room, page, "/members/0427", Role.DUTY)


@pictured
def member_revoked(room: Committee, page: Page) -> None:
    """Its door has not answered for three minutes."""
    lived_in(room)
    with room.opened.database.write() as session:
        members.revoke(session, "0427", room.now)
    room.wait(180)
    opened(room, page, "/members/0427", Role.COMMITTEE)


@pictured
def member_revealed(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/members/0427")
    page.locator("form[action$=reveal] button").click()
    expect(page.locator("main")).to_contain_text("13800138000")


@pictured
def member_suspend_faults(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/members/0427")
    page.locator("details:has(#reason) summary").click()
    page.locator("details:has(#reason) button").click()
    expect(page.locator("#reason-fault")).to_be_visible()


@pictured
def member_link(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/members/0427")
    page.locator("details:has(form[action$=link]) summary").click()
    page.locator("form[action$=link] button").click()
    expect(page.locator(".qr")).to_be_visible()


# -- the room -------------------------------------------------------------------------------------


@pictured
def alarms(room: Committee, page: Page) -> None:
    alarmed(room)
    opened(room, page, "/alarms")
    page.locator("main .card button").first.click()
    expect(page.locator(".lines")).to_be_visible()


@pictured
def alarms_none(room: Committee, page: Page) -> None:
    opened(room, page, "/alarms")


@pictured
def rules(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/rules?saved=true")


@pictured
def rules_faults(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/rules")
    for field, text in (("mon", "9 till 5"), ("holidays", "2026-13-01 不开放"), ("capacity", "0")):
        page.locator(f"#{field}").fill(text)
    page.locator("main form button").first.click()
    expect(page.locator("#capacity-fault")).to_be_visible()


def recorded(room: Committee) -> None:
    """An evening in rows."""
    told: tuple[tuple[str, str | None, str | None, dict[str, object]], ...] = (
        ("started", None, None, {"version": "1.2.0"}),
        ("granted", "0427", None, {"kind": "phone"}),
        ("entered", "0427", None, {}),
        ("denied", "0428", "used-code", {}),
        ("denied", None, "unknown-code", {"count": 3}),
        ("held", None, None, {}),
        ("held-ended", None, None, {}),
        ("mode", None, None, {"mode": "lockdown"}),
        ("gap", None, None, {"from": 3}),
        ("left", "0427", None, {}),
        ("brewed-tea", None, None, {}),
    )
    for n, (type_, member, reason, detail) in enumerate(told):
        room.records(type_, member, reason, room.now - 600 * (len(told) - n), **detail)


@pictured
def rows(room: Committee, page: Page) -> None:
    lived_in(room)
    recorded(room)
    opened(room, page, "/rows")


@pictured
def rows_filtered(room: Committee, page: Page) -> None:
    lived_in(room)
    recorded(room)
    opened(room, page, "/rows?type=denied&member=0555&day=2026-11-24")


@pictured
def use(room: Committee, page: Page) -> None:
    lived_in(room)
    monday = (room.now + 8 * 3600) // DAY * DAY - 8 * 3600 - 8 * DAY
    inside = (0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 9, 8, 5, 7, 10, 12, 13, 11, 8, 12, 15, 12, 6, 2)
    with room.opened.database.write() as session:
        for at in range(7 * 24):
            peak = max(0, inside[at % 24] - at // 24 % 3 * 3)
            hour = monday + at * 3600
            session.add(Hourly(door_id=room.door_id, hour=hour, entries=peak // 2, peak=peak))
    opened(room, page, "/use")


@pictured
def paper(room: Committee, page: Page) -> None:
    lived_in(room)
    opened(room, page, "/paper?number=0427")
    page.locator("main form button").click()
    expect(page.get_by_role("alert")).to_be_visible()


@pictured
def notify(room: Committee, page: Page) -> None:
    error = NotSentError("answered 404", lasting=True)
    with room.opened.database.write() as session:
        for way in HOUSE.notify:
            claim.begin(session, way, room.now - DAY)
        claim.sent(session, "office", (), room.now - 7200)
        claim.failed(session, "volunteers", error, room.now - 600)
    opened(room, page, "/notify")


def staffed(room: Committee, page: Page) -> None:
    """An account in each state; the page of them."""
    with room.opened.database.write() as session:
        for name, role in (("王阿姨", Role.COMMITTEE), ("小李", Role.DUTY), ("zhang", Role.DUTY)):
            accounts.add(session, name, role, room.now)
        wang, duty = accounts.get(session, "王阿姨"), accounts.get(session, "the-duty")
        wang.seen_at, duty.seen_at = room.now - 3600, room.now - 3 * DAY
        key = AccountPasskey(id=b"k", account_id=wang.id, public_key=b"k", sign_count=0, made_at=room.now)
        session.add(key)
        accounts.disable(session, "zhang", room.now - 9 * DAY)
    opened(room, page, "/accounts")


@pictured
def committee_accounts(room: Committee, page: Page) -> None:
    staffed(room, page)
    for one in page.locator("summary").all():
        one.click()


@pictured
def committee_accounts_closed(room: Committee, page: Page) -> None:
    """Ten minutes after signing in, and the account is one's own."""
    staffed(room, page)
    room.wait(volunteers.FRESH_SECONDS)
    page.reload()


def adds(room: Committee, page: Page, name: str) -> None:
    """The administrator adds an account of this name."""
    staffed(room, page)
    page.locator("summary").first.click()
    page.locator("#name").fill(name)
    page.locator("main form button").first.click()


@pictured
def committee_accounts_fault(room: Committee, page: Page) -> None:
    adds(room, page, "the-duty")
    expect(page.locator("#name-fault")).to_be_visible()


@pictured
def committee_account_link(room: Committee, page: Page) -> None:
    adds(room, page, "刘师傅")
    expect(page.locator(".qr")).to_be_visible()


@pictured
def committee_acts(room: Committee, page: Page) -> None:
    with room.opened.database.write() as session:
        at = room.now - 7200
        acts.note(session, None, Did.ACCOUNT_ADDED, at, account="小王", role="duty")
        acts.note(session, "小王", Did.SUSPENDED, at + 60, member="0427", until="明天 08:00")
        acts.note(session, "the-admin", Did.MODE_OPEN, at + 90, door="front", hours=2)
        acts.note(session, "the-admin", Did.SEEN, at + 99, kind="fork")
        acts.note(session, "the-admin", Did.RULES_SET, at + 120)
    opened(room, page, "/acts")
