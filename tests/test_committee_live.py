"""The board and the commands: what is told, to how many, and what becomes of what was sent."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from committee import Committee, committee
from patience import until
from sqlalchemy import select

from contract import messages
from contract.messages import Topics
from roomserver.committee import board
from roomserver.committee.fan import Fan
from roomserver.committee.roles import Role
from roomserver.pages.committee import live
from roomserver.pages.words import CATALOGUE
from roomserver.storage.schema import SentCommand
from roomserver.wire import commands, doors, state

VIEWERS = 1000


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room whose door has told its state, count and health."""
    with committee(tmp_path) as made:
        with made.opened.database.write() as session:
            doors.get(session, "front").enrolled_at = made.now
        made.says()
        made.counts(7)
        health(made)
        yield made


def health(room: Committee, **of: object) -> None:
    """The door tells its health; what is not named is well."""
    well = {"version": "1", "clock": {"source": "server", "trusted": True}, "audit": {}, "list": {}}
    room.tells("health", {**well, "undervoltage": False, "store": {"ok": True}, "at": room.now, **of})


def offline(room: Committee) -> None:
    """The broker says that the door is gone."""
    with room.opened.database.write() as session:
        state.keep(session, room.door_id, "availability", "offline", room.now)


def plain(text: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def shown(room: Committee) -> str:
    """The first page as it reads."""
    text = room.of(Role.DUTY).get("/committee").text
    return plain(text[text.index("<main") :])


def press(room: Committee, path: str, role: Role = Role.DUTY, **fields: str) -> int:
    """Send a command, and what is answered."""
    return room.of(role).submit("/committee", fields, f"/committee/doors/front/{path}").status_code


# -- what is shown --------------------------------------------------------------------------------


def test_the_board_tells_lock_contact_count_clock_and_link(room: Committee) -> None:
    told = shown(room)
    for words in ("锁 锁着", "门 关着", "方式 平常", "7 / 15", "时钟 准的", "联网 在线"):
        assert words in told


def test_alarms_are_words(room: Committee) -> None:
    room.says(alarms=["held", "power-failed", "of-a-later-version"], lock="UNLOCKED", door="open")
    told = shown(room)
    for words in ("门开着没有关", "停电了", "of-a-later-version", "锁 开着"):
        assert words in told


def test_every_alarm_has_its_words() -> None:
    assert [alarm for alarm in messages.ALARMS if f"board.alarm.{alarm}" not in CATALOGUE] == []


def test_every_result_has_its_words() -> None:
    told = {"bad-mac", "replayed", "retained", "unknown-verb"}  # a forger's; the word itself is shown
    words = {*messages.COMMAND_ERRORS, "done", "sent", "waiting", "no-answer", "not-sent"} - told
    assert [word for word in words if f"board.result.{word}" not in CATALOGUE] == []


def test_of_a_silent_door_the_last_health_is_told(room: Committee) -> None:
    room.wait(60)
    health(room, undervoltage=True)
    offline(room)
    room.wait(600)
    told = shown(room)
    assert "从 10:01 起没有消息" in told
    assert "最后一次报告，10:01： 供电不足。" in told
    assert "联网 断开" in told


def test_a_door_that_was_well_before_it_fell_silent_is_said_so(room: Committee) -> None:
    offline(room)
    assert "一切正常" in shown(room)


def test_what_a_door_says_is_text_and_no_page(room: Committee) -> None:
    room.says(mode="<script>alert(1)</script>", alarms=["<img src=x>"])
    text = room.of(Role.DUTY).get("/committee").text
    assert "<script>alert" not in text
    assert "<img" not in text


# -- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, fields, verb, args",
    [
        ("unlock", {}, "unlock", {}),
        ("identify", {}, "identify", {}),
        ("count", {"count": "3"}, "count", {"count": 3}),
        ("mode", {"mode": "normal"}, "mode", {"mode": "normal", "until": None}),
        ("mode", {"mode": "open", "hours": "2"}, "mode", {"mode": "open", "until": 7200}),
        ("mode", {"mode": "lockdown", "hours": "24"}, "mode", {"mode": "lockdown", "until": 86_400}),
    ],
    ids=["unlock", "identify", "count", "normal", "open", "lockdown"],
)
def test_a_command_is_signed_and_its_result_is_shown(
    room: Committee, path: str, fields: dict[str, str], verb: str, args: dict[str, object]
) -> None:
    assert press(room, path, Role.COMMITTEE, **fields) == 303
    assert "等着发出" in shown(room)
    with room.opened.database.write() as session:
        (signed,) = commands.sign_waiting(session, room.keys, room.now)
    told = messages.check(room.keys.command, Topics("front").command, signed.payload)
    if args.get("until"):
        args = {**args, "until": room.now + int(str(args["until"]))}
    assert (told["verb"], told["args"]) == (verb, args)
    assert "等门回答" in shown(room)
    answer = {"id": told["id"], "ok": True, "error": None}
    raw = messages.sign(room.keys.report, Topics("front").result, answer)
    with room.opened.database.write() as session:
        assert commands.take_result(session, room.keys, raw, room.now)
    assert "门做到了" in shown(room)
    assert len(room.acts()) == 1


def test_a_refusal_of_the_door_and_a_silence_are_told(room: Committee) -> None:
    press(room, "unlock")
    with room.opened.database.write() as session:
        commands.sign_waiting(session, room.keys, room.now)
    room.wait(commands.LIFE_SECONDS + 1)
    assert "门没有回答" in shown(room)
    with room.opened.database.write() as session:
        one = session.scalars(select(SentCommand)).one()
        one.done_at, one.error = room.now, "clock-untrusted"
    assert "它的时钟没有校准" in shown(room)


def test_a_command_that_never_went_out_is_told(room: Committee) -> None:
    """Also while no server that has the broker looks."""
    press(room, "unlock")
    room.wait(commands.LIFE_SECONDS)
    assert "等着发出" in shown(room)
    room.wait(1)
    assert "没有发出" in shown(room)
    with room.opened.database.write() as session:
        assert commands.sign_waiting(session, room.keys, room.now) == []
    assert "没有发出" in shown(room)


@pytest.mark.parametrize(
    "fields",
    [{"mode": "party"}, *({"mode": "open", "hours": hours} for hours in ("0", "25", "x"))],
    ids=["no mode", "no hour", "too long", "no number"],
)
def test_a_mode_without_an_end_is_none(room: Committee, fields: dict[str, str]) -> None:
    assert press(room, "mode", Role.ADMIN, **fields) == 422
    assert room.acts() == []


def test_a_door_that_is_not_there_is_not_found(room: Committee) -> None:
    answer = room.of(Role.DUTY).submit("/committee", {}, "/committee/doors/back/unlock")
    assert answer.status_code == 404


# -- server-sent events ---------------------------------------------------------------------------


def test_what_changes_comes_by_itself(room: Committee) -> None:
    with room.of(Role.DUTY).stream("GET", "/committee/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = events(stream)
        assert "7 / 15" in plain(next(told)["doors"])
        room.counts(8)
        assert "8 / 15" in plain(next(told)["doors"])
        press(room, "identify")
        assert "让门 front 闪灯" in plain(next(told)["sent"])


def events(stream: httpx.Response) -> Iterator[dict[str, str]]:
    """The messages as they come."""
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_each_reads_in_his_language(room: Committee) -> None:
    with room.of(Role.DUTY).stream("GET", "/committee/live", params={"lang": "en"}) as stream:
        assert "Lock locked" in plain(next(events(stream))["doors"])


def test_nobody_who_is_not_signed_in_listens(room: Committee) -> None:
    assert room.stage.browser().get("/committee/live").status_code == 401


def test_a_stream_ends_so_that_whoever_was_disabled_is_asked_again(
    room: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.1)
    with room.of(Role.DUTY).stream("GET", "/committee/live") as stream:
        assert ": quiet" in "\n".join(stream.iter_lines())


def test_when_nobody_listens_nothing_is_read(room: Committee) -> None:
    fan: Fan[live.Parts] = room.stage.app.state.fan
    with room.of(Role.DUTY).stream("GET", "/committee/live") as stream:
        next(events(stream))
    until(lambda: fan.listeners == 0)
    until(lambda: fan._reader is None)


def test_a_fan_reads_once_for_all_and_survives_a_fault() -> None:
    faults = iter([ValueError()])

    def read() -> int:
        for fault in faults:
            raise fault
        return 1

    async def look() -> tuple[list[int | None], int]:
        fan = Fan(read, 0.01)
        all_of_them = [fan.listen(5, 5) for _ in range(50)]
        firsts = [await anext(one) for one in all_of_them]
        reads = fan.reads
        for one in all_of_them:
            await one.aclose()
        return firsts, reads

    firsts, reads = asyncio.run(look())
    assert firsts == [1] * 50
    assert reads < 10


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_thousand_look_on_at_once_and_the_database_does_not_notice(room: Committee) -> None:
    """Each sees the change; the reads are those of one."""
    cookies = {"committee": room.badge(Role.DUTY)}
    fan: Fan[live.Parts] = room.stage.app.state.fan
    heard: list[float] = []

    async def view(client: httpx.AsyncClient, ready: asyncio.Semaphore) -> None:
        async with client.stream("GET", "/committee/live") as stream:
            async for line in stream.aiter_lines():
                if "7 / 15" in line:
                    ready.release()
                elif "8 / 15" in line:
                    heard.append(time.monotonic())
                    return

    async def crowd() -> float:
        ready = asyncio.Semaphore(0)
        limits = httpx.Limits(max_connections=VIEWERS)
        async with httpx.AsyncClient(
            base_url=room.stage.url, cookies=cookies, limits=limits, timeout=120
        ) as client:
            tasks = [asyncio.create_task(view(client, ready)) for _ in range(VIEWERS)]
            for _ in range(VIEWERS):
                await ready.acquire()
            assert fan.listeners == VIEWERS
            reads, began = fan.reads, time.monotonic()
            await asyncio.to_thread(room.counts, 8)
            await asyncio.gather(*tasks)
            assert fan.reads - reads <= time.monotonic() - began + 2
            return began

    began = asyncio.run(crowd())
    assert len(heard) == VIEWERS
    assert max(heard) - began < 30


def test_the_board_is_what_the_module_says(room: Committee) -> None:
    with room.opened.database.read() as session:
        (door,) = board.read(session, room.now).doors
    assert (door.name, door.silent, door.troubles) == ("front", False, ())
