"""Several servers on one database tell each alarm once, by one of them, whatever the other side answers."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from databases import on_both
from patience import until
from rooms import NOW, Room, room_in
from servers import Asked, Said, serving
from sqlalchemy import func, select

from roomserver.notify import claim
from roomserver.notify.dispatch import Lane
from roomserver.notify.noted import Delivery, Notification
from roomserver.notify.settings import Way
from roomserver.place import open_place
from roomserver.settings import Settings
from roomserver.wire import rows

__all__ = ["on_both"]  # every test here runs on SQLite and on PostgreSQL

SERVERS, BURSTS, EACH = 4, 5, 20
FASTER = 20  # so much faster than the wall's is the servers' clock


class Robot:
    """Refuses every third message, and counts what it took and how many came at once."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.most = self._sending = 0
        self._turns = itertools.count()

    def answer(self, asked: Asked) -> Said:
        """As a webhook answers."""
        self._sending += 1
        self.most = max(self.most, self._sending)
        good = next(self._turns) % 3 != 1
        if good:
            self.taken.append(asked.body)
        self._sending -= 1
        return Said({}, 200 if good else 503)

    def told(self) -> Counter[str]:
        """How often each event was told."""
        found: Counter[str] = Counter()
        for body in list(self.taken):
            found.update({one["event"]: one["count"] for one in json.loads(body)["told"]})
        return found


class Servers:
    """So many server processes, but for the processes: each has a database connection of its own."""

    def __init__(self, room: Room, way: Way) -> None:
        self._room, self._way, self._began = room, way, time.monotonic()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._serve) for _ in range(SERVERS)]
        Lane(room.opened, way, self.clock).step()

    def clock(self) -> int:
        """Their time."""
        return NOW + int((time.monotonic() - self._began) * FASTER)

    def __enter__(self) -> Servers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _serve(self) -> None:
        own = open_place(self._room.opened.place)
        lane = Lane(own, self._way, self.clock)
        while not self._stop.is_set():
            lane.step()
            self._stop.wait(0.02)
        own.database.close()


@pytest.mark.timeout(240)
def test_four_servers_tell_each_alarm_once_and_one_at_a_time(tmp_path: Path) -> None:
    robot = Robot()
    with serving(robot.answer) as server:
        way = Way("hook", kind="webhook", url=server.url, quiet="", gather_minutes=1, timeout_seconds=60)
        with room_in(tmp_path, replace(Settings(), notify=(way,))) as room:
            with Servers(room, way) as servers:
                ledger = room.ledger(0)
                for _ in range(BURSTS):
                    raws = [ledger.add(type_).raw for type_ in ("forced", "bell") for _ in range(EACH)]
                    with room.opened.database.write() as session:
                        rows.receive(session, room.keys, raws, servers.clock())
                expected = Counter(forced=BURSTS * EACH, bell=BURSTS * EACH)
                until(lambda: robot.told() == expected, 120, 0.05)
            with room.opened.database.read() as session:
                for table in (Notification, Delivery):
                    count = select(func.count()).select_from(table)
                    assert session.scalar(count) == 2 * BURSTS * EACH
    assert robot.told() == expected
    assert robot.most == 1
    assert len(robot.taken) <= 6  # a storm is few messages


def test_a_way_goes_on_when_another_process_recorded_the_same_first(tmp_path: Path) -> None:
    """One sends for longer than his claim holds, the other then sends it too: nothing stops either."""
    told: list[list[str]] = []

    def answer(asked: Asked) -> Said:
        told.append([one["event"] for one in json.loads(asked.body)["told"]])
        if len(told) == 1:
            room.wait(6 * way.timeout_seconds + claim.CLAIM_SECONDS)
            second.step()
        return Said({})

    with serving(answer) as server:
        way = Way("hook", kind="webhook", url=server.url, quiet="")
        with room_in(tmp_path, replace(Settings(), notify=(way,))) as room:
            places = [open_place(room.opened.place) for _ in range(2)]
            first, second = (Lane(place, way, lambda: room.now) for place in places)
            first.step()
            ledger = room.ledger(0)
            for lane, event in ((first, "fire"), (first, "tamper"), (second, "forced")):
                with room.opened.database.write() as session:
                    rows.receive(session, room.keys, [ledger.add(event).raw], room.now)
                lane.step()
                room.wait(claim.PAUSE_SECONDS)
            with room.opened.database.read() as session:
                assert session.scalar(select(func.count()).select_from(Delivery)) == 3
            for place in places:
                place.database.close()
    assert told == [["fire"], ["fire"], ["tamper"], ["forced"]]
