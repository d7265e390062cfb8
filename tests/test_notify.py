"""Who is told what, when, and once: from a door's row to a message, also with two servers and with faults."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from patience import until
from rooms import NOW, Room, room_in
from servers import Said, Server, serving
from serving import Ledger, room_server, wire
from sqlalchemy.exc import OperationalError

from contract import audit
from contract.messages import Topics
from contract.sample import sample
from contract.settings import SettingsError, read
from roomserver.notify import claim, noted, silence
from roomserver.notify.dispatch import LOOK_SECONDS, Lane
from roomserver.notify.noted import Delivery, Notification, WayState
from roomserver.notify.plan import Pending, plan, quiet_until
from roomserver.notify.settings import EXAMPLE, LASTING, Event, Way, over
from roomserver.notify.silence import OFFLINE_SECONDS, SILENT_SECONDS
from roomserver.settings import Settings
from roomserver.upkeep import housekeeping
from roomserver.wire import doors, rows, state
from roomserver.wire.exchange import Incoming

ZONE = dt.timezone(dt.timedelta(hours=8))
DAY = 86_400
NIGHT = NOW - NOW % DAY + 18 * 3600  # 02:00 in Shanghai
MORNING = NIGHT + 5 * 3600
HOOK = Way("hook", kind="webhook", url="http://127.0.0.1:1/hook")


# -- what is told when (pure) ---------------------------------------------------------------------


def pending(event: Event, *at: int, door: str = "front") -> list[Pending]:
    """So many of the same."""
    return [Pending(n, door, event, t) for n, t in enumerate(at)]


def test_an_alarm_is_told_at_once() -> None:
    found = plan(HOOK, pending(Event.HELD, NOW), {}, ZONE, NOW)
    assert (found.ids, found.next_at) == ((0,), None)


def test_a_storm_is_told_once_and_then_with_a_count() -> None:
    storm = pending(Event.FORCED, *range(NOW, NOW + 57))
    told = {("front", Event.FORCED): NOW}
    later = NOW + 60 * HOOK.gather_minutes
    waits = plan(HOOK, storm, told, ZONE, later - 1)
    assert (waits.ids, waits.next_at) == ((), later)
    (line,) = plan(HOOK, storm, told, ZONE, later).told
    assert (line.count, line.first, line.last) == (57, NOW, NOW + 56)


def test_a_storm_of_one_sort_does_not_hide_another() -> None:
    both = [
        *pending(Event.FORCED, NOW),
        Pending(9, "front", Event.FIRE, NOW),
        Pending(8, "back", Event.FORCED, NOW),
    ]
    assert plan(HOOK, both, {("front", Event.FORCED): NOW}, ZONE, NOW).ids == (9, 8)


@pytest.mark.parametrize("event", sorted(Event))
def test_only_what_is_urgent_is_told_at_night(event: Event) -> None:
    found = plan(HOOK, pending(event, NIGHT), {}, ZONE, NIGHT)
    urgent = event in (Event.FIRE, Event.FORCED, Event.TAMPER)
    assert (found.ids, found.next_at) == (((0,), None) if urgent else ((), MORNING))
    assert plan(HOOK, pending(event, NIGHT), {}, ZONE, MORNING).ids == (0,)


def test_what_is_urgent_stands_first() -> None:
    both = [*pending(Event.BELL, NOW - 9), Pending(7, "front", Event.FIRE, NOW)]
    assert [one.event for one in plan(HOOK, both, {}, ZONE, NOW).told] == [Event.FIRE, Event.BELL]


def changing(words: str) -> list[Pending]:
    """What is noted of a fire: + it begins, - it is over; a minute each."""
    return [
        Pending(n, "front", Event.FIRE if word == "+" else over(Event.FIRE), NOW + 60 * n)
        for n, word in enumerate(words)
    ]


@pytest.mark.parametrize(
    "words, count, over_",
    [("+", 1, None), ("-", 0, 0), ("+-", 1, 60), ("+-+", 2, None), ("-+-", 1, 120), ("-+", 1, None)],
)
def test_an_alarm_and_its_end_are_one_line(words: str, count: int, over_: int | None) -> None:
    """The last word holds: what began again is not over."""
    found = plan(HOOK, changing(words), {}, ZONE, NOW)
    (line,) = found.told
    assert (line.event, line.count, line.over) == (Event.FIRE, count, None if over_ is None else NOW + over_)
    assert found.ids == tuple(range(len(words)))


def test_an_end_waits_as_a_repetition_does() -> None:
    told = {("front", Event.FIRE): NOW}
    later = NOW + 60 * HOOK.gather_minutes
    waits = plan(HOOK, changing("-"), told, ZONE, later - 1)
    assert (waits.ids, waits.next_at) == ((), later)
    assert plan(HOOK, changing("-"), told, ZONE, later).ids == (0,)


@pytest.mark.parametrize("before", [0, 300])
def test_nobody_rests_because_the_last_alarm_is_over(before: int) -> None:
    """People were told that it is over: a new alarm is told at once."""
    told = {("front", Event.FIRE): NOW - before, ("front", over(Event.FIRE)): NOW}
    assert plan(HOOK, changing("+"), told, ZONE, NOW + 1).ids == (0,)


def test_a_contact_that_flutters_makes_two_messages_in_ten_minutes_at_most() -> None:
    told: dict[tuple[str, str], int] = {}
    waiting: list[Pending] = []
    sent: list[int] = []
    for now in range(NOW, NOW + 7200):
        n = now - NOW
        if n % 7 == 0:
            waiting.append(Pending(n, "front", over(Event.FIRE) if n % 2 else Event.FIRE, now))
        found = plan(HOOK, waiting, told, ZONE, now)
        if found.ids:
            sent.append(now)
            told |= dict.fromkeys([("front", one.event) for one in waiting], now)
            waiting = []
    gather = 60 * HOOK.gather_minutes
    assert 7200 // gather <= len(sent) <= 2 * 7200 // gather
    assert all(later - first >= gather for first, later in zip(sent, sent[2:], strict=False))


@pytest.mark.parametrize("event", sorted(LASTING))
def test_an_end_is_quiet_at_night_if_its_alarm_is(event: Event) -> None:
    found = plan(HOOK, [Pending(0, "front", over(event), NIGHT)], {}, ZONE, NIGHT)
    assert (found.ids, found.next_at) == (((0,), None) if event in HOOK.urgent else ((), MORNING))


@pytest.mark.parametrize(
    "hours, at, until_",
    [
        ("22:00-07:00", NIGHT, MORNING),
        ("22:00-07:00", NIGHT - 4 * 3600, MORNING),  # 22:00 of the evening before
        ("22:00-07:00", NIGHT - 4 * 3600 - 1, NIGHT - 4 * 3600 - 1),
        ("22:00-07:00", MORNING, MORNING),
        ("22:00-07:00", MORNING - 1, MORNING),
        ("01:00-03:00", NIGHT, NIGHT + 3600),
        ("01:00-03:00", NIGHT - 3601, NIGHT - 3601),
        ("", NIGHT, NIGHT),
    ],
)
def test_quiet_hours_end_in_the_morning(hours: str, at: int, until_: int) -> None:
    assert quiet_until(hours, ZONE, at) == until_


# -- what is noted --------------------------------------------------------------------------------


@contextmanager
def room_with(folder: Path, *ways: Way) -> Iterator[Room]:
    """A room that tells by these ways."""
    with room_in(folder, replace(Settings(), notify=ways)) as room:
        yield room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room that tells nobody."""
    with room_in(tmp_path) as made:
        yield made


def noted_in(room: Room) -> list[tuple[str, int]]:
    """What is noted there."""
    with room.opened.database.read() as session:
        return [(one.event, one.at) for one in session.query(Notification).order_by(Notification.id)]


@pytest.mark.parametrize("type_", ["fire", "forced", "tamper", "held", "lockout", "bell"])
def test_a_row_is_noted_with_its_storing_and_once(room: Room, type_: str) -> None:
    woken: list[bool] = []
    exchange = room.exchange()
    exchange._noted = lambda: woken.append(True)
    ledger = room.ledger(0)
    topic = Topics("front").audit
    for row in (ledger.add("granted", "0427"), ledger.add(type_), ledger.add(f"{type_}-ended")):
        exchange.take([Incoming(topic, row.raw)])
    at = ledger.rows[-1].at
    expected = [(type_, at)] if type_ in ("forced", "bell") else [(type_, at), (f"{type_}-ended", at)]
    assert noted_in(room) == expected  # what is over in a moment has no end to tell
    for row in ledger.rows:  # the door sends again
        exchange.take([Incoming(topic, row.raw)])
    assert noted_in(room) == expected
    assert woken == [True] * len(expected)


def test_the_end_of_what_was_no_news_is_none(room: Room) -> None:
    ledger = room.ledger(0)
    rows_ = [ledger.add("held-ended"), ledger.add("held"), ledger.add("held-ended"), ledger.add("held-ended")]
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [row.raw for row in rows_], NOW)
    assert [event for event, _ in noted_in(room)] == ["held", "held-ended"]


def test_a_forged_row_is_told_as_what_it_is_and_not_as_what_it_says(room: Room) -> None:
    raw = room.ledger(0).add("fire").raw.replace(b'"fire"', b'"fire2"')
    room.exchange().take([Incoming(Topics("front").audit, raw)])
    assert noted_in(room) == [("records", NOW)]


def test_rows_of_yesterday_are_no_news_unless_the_door_knows_no_time(room: Room) -> None:
    ledger = room.ledger(0)
    room.now = NOW + DAY + 1
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [ledger.add("fire").raw], room.now)
    assert noted_in(room) == []
    untimed = without_time(room, ledger.log)
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [untimed], room.now)
    assert noted_in(room) == [("fire", NOW)]


def without_time(room: Room, log: str) -> bytes:
    """A row of a door that knows no time."""
    return audit.make(
        room.keys.report, "front", log=log, seq=9, prev="0" * 64, at=NOW, clock="none", type="fire"
    ).raw


def state_of(*alarms: object, at: int) -> Incoming:
    """A state of the door, as it arrives."""
    value = {"lock": "LOCKED", "door": None, "mode": "normal", "until": None, "lockout": False}
    return Incoming(Topics("front").state, json.dumps({**value, "alarms": alarms, "at": at}).encode())


def told_state(room: Room, *alarms: object, at: int = NOW) -> None:
    """The door tells its state to a server that has just started."""
    room.exchange().take([state_of(*alarms, at=at)])


def test_a_failed_store_is_noted_when_it_is_new(room: Room) -> None:
    told_state(room, "held", 5, None, ["store-failed"])
    assert noted_in(room) == []  # a row tells of that; the rest is no alarm
    told_state(room, "store-failed", at=NOW + 1)
    told_state(room, "store-failed", "held", at=NOW + 2)
    assert noted_in(room) == [("store-failed", NOW)]
    told_state(room, "held", at=NOW + 3)
    told_state(room, at=NOW + 4)
    assert noted_in(room) == [("store-failed", NOW), ("store-failed-ended", NOW)]
    told_state(room, "store-failed", at=NOW + 9)
    assert len(noted_in(room)) == 3


def test_two_servers_that_hear_the_same_state_note_it_once(room: Room) -> None:
    value = {"alarms": ["store-failed"], "at": NOW}
    with room.opened.database.write() as session:
        noted.of_state(session, room.door.id, None, value, NOW)
        noted.of_state(session, room.door.id, None, value, NOW + 1)
        for _ in range(2):
            noted.of_state(session, room.door.id, value, {"alarms": [], "at": NOW + 9}, NOW + 9)
    assert noted_in(room) == [("store-failed", NOW), ("store-failed-ended", NOW + 9)]


FAILS = ("store-failed",)
STATES = ((), ("held",), FAILS, (*FAILS, "held"), (), FAILS, ())
NEWS = [
    (Event.STORE_FAILED, "2"),
    (over(Event.STORE_FAILED), "4"),
    (Event.STORE_FAILED, "5"),
    (over(Event.STORE_FAILED), "6"),
]


@pytest.mark.parametrize("order", sorted(set(permutations("AAABBB"))), ids="".join)
def test_of_two_servers_the_one_behind_un_tells_nothing(room: Room, order: tuple[str, ...]) -> None:
    """Each takes every state at its own pace, two at a time: what is noted is what one alone would note."""
    servers = {"A": room.exchange(), "B": room.exchange()}
    coming = {name: [state_of(*alarms, at=at) for at, alarms in enumerate(STATES)] for name in servers}
    for name, server in servers.items():
        server.take([coming[name].pop(0)])
    for name in order:
        servers[name].take([coming[name].pop(0), coming[name].pop(0)])
    with room.opened.database.read() as session:
        found = session.query(Notification).order_by(Notification.id)
        assert [(one.event, one.subject) for one in found] == NEWS


def test_a_server_that_was_cut_off_goes_by_what_the_other_heard(room: Room) -> None:
    first, second = room.exchange(), room.exchange()
    for server in (first, second):
        server.take([state_of(at=NOW)])
    first.take([state_of(*FAILS, at=NOW + 1)])
    second.connected()
    second.take([state_of(*FAILS, "held", at=NOW + 2)])
    assert noted_in(room) == [("store-failed", NOW)]
    second.take([state_of(at=NOW + 3)])
    first.connected()
    first.take([state_of("held", at=NOW + 4)])
    assert noted_in(room) == [("store-failed", NOW), ("store-failed-ended", NOW)]


def silent(room: Room, now: int, since: int = NOW - DAY) -> list[tuple[str, int]]:
    """What is noted when silent doors are looked for."""
    with room.opened.database.write() as session:
        silence.look(session, since, now)
    return noted_in(room)


def hear(room: Room, **topics: Any) -> None:
    """The door is heard at ``NOW``."""
    with room.opened.database.write() as session:
        door = doors.get(session, "front")
        door.enrolled_at = door.asked_at = NOW
        for topic, value in topics.items():
            state.keep(session, door.id, topic, value, NOW)


def test_a_door_is_offline_after_ten_minutes_and_that_is_told_once(room: Room) -> None:
    assert silent(room, NOW + DAY) == []  # it never enrolled
    hear(room, availability="offline")
    assert silent(room, NOW + OFFLINE_SECONDS - 1) == []
    assert silent(room, NOW + OFFLINE_SECONDS) == [("offline", NOW)]
    assert silent(room, NOW + DAY) == [("offline", NOW)]


def test_a_door_that_still_asks_over_http_is_not_offline(room: Room) -> None:
    hear(room, availability="offline")
    with room.opened.database.write() as session:
        doors.get(session, "front").asked_at = NOW + 300
    assert silent(room, NOW + OFFLINE_SECONDS) == []
    assert silent(room, NOW + 300 + OFFLINE_SECONDS) == [("offline", NOW + 300)]


def test_a_door_that_is_silent_with_its_broker_is_noticed_too(room: Room) -> None:
    hear(room, availability="online")
    assert silent(room, NOW + SILENT_SECONDS - 1) == []
    assert silent(room, NOW + SILENT_SECONDS) == [("offline", NOW)]


def test_a_server_that_was_down_itself_listens_first(room: Room) -> None:
    hear(room, availability="online")
    started = NOW + DAY
    assert silent(room, started + SILENT_SECONDS - 1, started) == []
    assert len(silent(room, started + SILENT_SECONDS, started)) == 1


def test_a_door_that_asks_again_is_back_and_that_is_told_once(room: Room) -> None:
    hear(room, availability="offline")
    silent(room, NOW + DAY)
    back = NOW + DAY + 5
    with room.opened.database.write() as session:
        doors.get(session, "front").asked_at = back
    for later in (1, 30, OFFLINE_SECONDS - 1):
        assert silent(room, back + later) == [("offline", NOW), ("offline-ended", back)]
    gone = ("offline", back)
    assert silent(room, back + OFFLINE_SECONDS) == [("offline", NOW), ("offline-ended", back), gone]


def test_a_door_that_sends_rows_is_back(room: Room) -> None:
    hear(room, availability="online")
    silent(room, NOW + SILENT_SECONDS)
    room.now = NOW + DAY
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, [room.ledger(0).add("entered").raw], room.now)
        state.keep(session, room.door.id, "availability", "online", room.now)
    assert silent(room, NOW + DAY) == [("offline", NOW), ("offline-ended", NOW + DAY)]


@pytest.mark.parametrize("availability", ["online", "offline"])
def test_what_a_broker_keeps_of_a_silent_door_brings_it_not_back(room: Room, availability: str) -> None:
    """It arrives again whenever the server connects, as if it were new; nor is it a second silence."""
    hear(room, availability=availability)
    silent(room, NOW + DAY)
    with room.opened.database.write() as session:
        for topic, value in (("availability", availability), ("health", {})):
            state.keep(session, room.door.id, topic, value, NOW + DAY)
    for later in (1, OFFLINE_SECONDS, SILENT_SECONDS, DAY):
        assert silent(room, NOW + DAY + later, NOW + DAY) == [("offline", NOW)]


def test_what_was_told_is_forgotten_after_a_month(room: Room) -> None:
    hear(room, availability="offline")
    silent(room, NOW + OFFLINE_SECONDS)
    with room.opened.database.write() as session:
        session.add(Delivery(notification_id=1, way="hook", at=NOW, sent=True))
        made = NOW + OFFLINE_SECONDS
        housekeeping.sweep(session, made + housekeeping.KEPT_SECONDS - 1)
        assert session.query(Delivery).count() == 1
        housekeeping.sweep(session, made + housekeeping.KEPT_SECONDS)
        assert session.query(Delivery).count() == session.query(Notification).count() == 0


# -- how it is sent -------------------------------------------------------------------------------


class Hook:
    """A room with one way, the server it leads to, and that way's steps."""

    def __init__(self, room: Room, server: Server) -> None:
        self.room, self.server = room, server
        self.way = room.opened.place.settings.notify[0]
        self.ledger = room.ledger(1)
        self.lane = self.another()
        self.lane.step()

    def another(self) -> Lane:
        """The same way in another process."""
        return Lane(self.room.opened, self.way, lambda: self.room.now)

    def happens(self, *types: str) -> None:
        """The door sends rows."""
        raws = [self.ledger.add(type_).raw for type_ in types]
        with self.room.opened.database.write() as session:
            rows.receive(session, self.room.keys, raws, self.room.now)

    def told(self) -> list[list[tuple[str, int]]]:
        """Event and count, for each message that arrived."""
        return [[(one["event"], one["count"]) for one in told] for told in self.lines()]

    def lines(self) -> list[list[dict[str, Any]]]:
        """What programs read of each message that arrived."""
        return [json.loads(asked.body)["told"] for asked in self.server.asked]

    def state(self) -> WayState:
        """How the way is."""
        with self.room.opened.database.read() as session:
            return session.get_one(WayState, "hook")


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    """A way that works."""
    with serving(lambda _: Said({})) as server:
        way = replace(HOOK, url=f"{server.url}/hook", timeout_seconds=2)
        with room_with(tmp_path, way) as room:
            yield Hook(room, server)


def test_what_happened_before_the_way_was_set_up_is_not_told(tmp_path: Path) -> None:
    with serving(lambda _: Said({})) as server:
        with room_with(tmp_path, replace(HOOK, url=server.url)) as room:
            ledger = room.ledger(0)
            with room.opened.database.write() as session:
                rows.receive(session, room.keys, [ledger.add("fire").raw], NOW - 1)
            Hook(room, server)
        assert server.asked == []


def test_one_message_tells_all_that_is_due(hook: Hook) -> None:
    hook.happens("bell", "fire", "bell")
    assert hook.lane.step() == 0
    assert hook.told() == [[("fire", 1), ("bell", 2)]]
    assert hook.lane.step() == LOOK_SECONDS
    assert len(hook.told()) == 1


def test_a_storm_makes_two_messages(hook: Hook) -> None:
    hook.happens("forced")
    hook.lane.step()
    for _ in range(5):
        hook.happens(*["forced"] * 100)
        hook.room.wait(60)
        hook.lane.step()
    assert hook.told() == [[("forced", 1)]]
    hook.room.wait(60 * hook.way.gather_minutes)
    hook.lane.step()
    assert hook.told() == [[("forced", 1)], [("forced", 500)]]


def test_the_end_of_an_alarm_is_told_to_whoever_is_told_of_it(hook: Hook) -> None:
    hook.way = replace(hook.way, events=(Event.HELD,))
    hook.lane = hook.another()
    hook.happens("held", "lockout")
    hook.lane.step()
    hook.room.wait(300)
    hook.happens("held-ended", "lockout-ended")
    hook.lane.step()
    assert hook.told() == [[("held", 1)]]
    hook.room.wait(300)
    hook.lane.step()
    assert hook.told() == [[("held", 1)], [("held", 0)]]
    assert [line["over"] for (line,) in hook.lines()] == [None, hook.ledger.rows[-1].at]
    assert "门没有关（结束） / Door left open (over)" in json.loads(hook.server.asked[1].body)["title"]


def test_messages_of_a_way_keep_their_distance(hook: Hook) -> None:
    """So a robot that takes 20 a minute is never asked for more, however many doors there are."""
    hook.happens("fire")
    hook.lane.step()
    hook.happens("forced")
    assert 0 < hook.lane.step() <= claim.PAUSE_SECONDS
    assert len(hook.told()) == 1
    hook.room.wait(claim.PAUSE_SECONDS)
    hook.lane.step()
    assert hook.told() == [[("fire", 1)], [("forced", 1)]]


def test_what_waits_through_the_night_is_told_in_the_morning(hook: Hook) -> None:
    hook.room.now = NIGHT
    hook.happens("bell", "held", "bell")
    hook.lane.step()
    assert hook.told() == []
    hook.room.now = MORNING
    hook.lane.step()
    assert hook.told() == [[("bell", 2), ("held", 1)]]


def test_it_is_tried_again_with_longer_and_longer_breaks_and_then_once(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.server.answer = lambda _: Said({}, 503)
    hook.happens("fire")
    breaks = []
    for _ in range(12):
        hook.lane.step()
        breaks.append(hook.state().retry_at - hook.room.now)
        hook.lane.step()  # not before its time
        hook.room.now = hook.state().retry_at
    assert breaks == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    assert len(hook.server.asked) == 12
    assert len({json.loads(asked.body)["id"] for asked in hook.server.asked}) == 1
    assert [r.getMessage() for r in caplog.records if r.name == "roomserver.notify"] == [
        "notify hook: not sent: answered 503"
    ]
    hook.server.answer = lambda _: Said({})
    hook.lane.step()
    hook.room.wait(3600)
    hook.lane.step()
    assert len(hook.server.asked) == 13
    assert (hook.state().error, hook.state().failures) == (None, 0)


def test_what_must_be_mended_is_tried_once_an_hour(hook: Hook) -> None:
    hook.server.answer = lambda _: Said({}, 404)
    hook.happens("fire")
    hook.lane.step()
    assert hook.state().retry_at == hook.room.now + claim.LAST_RETRY_SECONDS


def test_who_asks_to_be_left_alone_is(hook: Hook) -> None:
    hook.server.answer = lambda _: Said({}, 429, {"Retry-After": "700"})
    hook.happens("fire")
    hook.lane.step()
    assert hook.state().retry_at == hook.room.now + 700


def test_after_three_days_it_is_given_up_aloud(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    hook.server.answer = lambda _: Said({}, 503)
    hook.happens("fire")
    hook.lane.step()
    hook.room.wait(claim.GIVEN_UP_SECONDS)
    hook.server.answer = lambda _: Said({})
    hook.lane.step()
    assert len(hook.server.asked) == 1
    assert "1 alarms could not be told for three days and are dropped" in caplog.text
    with hook.room.opened.database.read() as session:
        assert [one.sent for one in session.query(Delivery)] == [False]


def test_of_two_servers_one_sends(hook: Hook) -> None:
    """The second looks while the first is sending, and finds the way claimed."""
    other, seen = hook.another(), []
    inner = hook.server.answer

    def answer(asked: Any) -> Said:
        if not seen:
            seen.append(True)
            hook.room.wait(30)
            seen.append(other.step() > 0)
        return inner(asked)

    hook.server.answer = answer
    hook.happens("fire")
    hook.lane.step()
    hook.room.wait(600)
    other.step()
    assert (seen, hook.told()) == ([True, True], [[("fire", 1)]])


def test_a_server_that_dies_while_it_sends_is_followed_by_the_other(hook: Hook) -> None:
    hook.happens("fire")
    with hook.room.opened.database.write() as session:
        assert claim.claim(session, hook.way, ZONE, hook.room.now).ids  # and then it dies
    other = hook.another()
    other.step()
    assert hook.told() == []
    hook.room.now = hook.state().claimed_until
    other.step()
    assert hook.told() == [[("fire", 1)]]


def test_what_was_sent_is_not_sent_again_though_the_database_failed(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.happens("fire")
    right = claim.sent

    def full(*_: object) -> bool:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(claim, "sent", full)
    for _ in range(3):
        with pytest.raises(OperationalError):
            hook.lane.step()
        hook.room.wait(600)
    assert len(hook.server.asked) == 1
    monkeypatch.setattr(claim, "sent", right)
    hook.lane.step()
    hook.room.wait(600)
    hook.lane.step()
    assert len(hook.server.asked) == 1


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with room_with(tmp_path, replace(HOOK, url="", url_file=Path("no-such-file"))) as room:
        hook = Hook(room, None)  # type: ignore[arg-type]
        hook.happens("fire")
        hook.lane.step()
        assert hook.state().error == f"{tmp_path}/no-such-file: No such file or directory"


# -- settings and commands ------------------------------------------------------------------------


def faults(text: str) -> str:
    """What is wrong with it."""
    with pytest.raises(SettingsError) as raised:
        read(Settings, text)
    return str(raised.value)


@pytest.mark.parametrize(
    "lines, said",
    [
        ('kind = "email"', "email needs host and sender and to"),
        ('kind = "wecom"', "wecom needs url or url_file"),
        (
            'kind = "wecom"\nurl = "ftp://x/a secret key"',
            "an address that begins with https://, not what",
        ),
        ('kind = "webhook"\nurl = "https://x/a-secret-key"\nurl_file = "f"', "give either url or url_file"),
        ('kind = "sms"\nurl = "https://x"', "email"),
        ('kind = "webhook"\nurl = "https://x"\nquiet = "22-7"', "hours such as 22:00-07:00"),
        ('kind = "webhook"\nurl = "https://x"\nevents = ["fires"]', 'did you mean "fire"'),
        ('host = "h"\nsender = "a@b\\nBcc: c@d"\nto = ["a@b"]', "an address such as room@example.org"),
    ],
    ids=["email", "wecom", "form", "twice", "kind", "quiet", "event", "header"],
)
def test_a_way_that_leads_nowhere_is_a_fault(lines: str, said: str) -> None:
    text = faults(f'[[notify]]\nname = "office"\n{lines}\n')
    assert said in text
    assert "secret-key" not in text
    assert "secret key" not in text


def test_two_ways_have_two_names() -> None:
    way = '[[notify]]\nname = "office"\nkind = "webhook"\nurl = "https://x"\n'
    assert "notify[2].name" in faults(way * 2)
    assert len(read(Settings, way + way.replace("office", "other")).notify) == 2


def test_the_example_in_the_file_that_init_writes_is_right() -> None:
    """Take away the ``#`` before it, and it is a way."""
    text = sample(Settings())
    assert read(Settings, text).notify == ()
    example = text[text.index("# [[notify]]") :]
    lines = re.findall(r"^# (\[\[notify\]\]|\w+ = .*)$", example, re.MULTILINE)
    (way,) = read(Settings, "\n".join(lines)).notify
    assert (way.name, way.host) == (EXAMPLE.name, EXAMPLE.host)
    assert way.urgent == EXAMPLE.urgent


def test_no_secret_is_in_a_repr() -> None:
    way = replace(HOOK, url="https://x/?key=a-secret-key", secret="another-secret")
    assert "secret-key" not in repr(way)
    assert "another-secret" not in repr(way)


def test_a_test_message_is_sent_by_each_way_and_says_how_it_went(tmp_path: Path) -> None:
    with serving(lambda asked: Said({}, 500 if asked.path == "/bad" else 200)) as server:
        good = replace(HOOK, name="good", url=f"{server.url}/good")
        bad = replace(HOOK, name="bad", url=f"{server.url}/bad")
        with room_server(tmp_path, settings=replace(Settings(), notify=(good, bad))) as running:
            assert running.cli("notify", "test", "good") == "good: sent. Look whether it has arrived.\n"
            with pytest.raises(AssertionError, match="ended with 2"):
                running.cli("notify", "test")
            with pytest.raises(AssertionError, match="ended with 2"):
                running.cli("notify", "test", "nobody")
        assert [asked.path for asked in server.asked] == ["/good", "/good", "/bad"]
        assert "测试" in json.loads(server.asked[0].body)["title"]


@pytest.mark.timeout(240)
def test_a_running_server_tells_of_a_fire_and_shows_what_it_could_not(tmp_path: Path) -> None:
    with serving(lambda asked: Said({}, 404 if asked.path == "/bad" else 200)) as server:
        good = replace(HOOK, name="good", url=f"{server.url}/good", quiet="")
        bad = replace(HOOK, name="bad", url=f"{server.url}/bad?key=a-secret-key", quiet="")
        with room_server(tmp_path, settings=replace(Settings(), notify=(good, bad))) as running:
            home = running.enroll("front")
            with wire("front", home) as door:
                ledger = Ledger("front", bytes.fromhex(home["door_key"]))
                ledger.at = int(dt.datetime.now(dt.UTC).timestamp())
                rows = ledger.add("log-began"), ledger.add("fire")

                def asked() -> bool:
                    door.send(*rows)  # as a door does until they are acknowledged
                    return {asked.path for asked in server.asked} == {"/good", "/bad"}

                until(asked, 90, step=1)
                until(lambda: running.json("notify", "list")[1]["error"] == "answered 404", 90)
            assert "notify bad: 1 not sent: answered 404" in running.cli("status")
            assert running.json("status")["notify"][0]["name"] == "bad"
            assert "a-secret-key" not in running.log()
            assert "answered 404" in running.log()
