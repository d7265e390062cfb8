"""Two servers on one PostgreSQL and one Mosquitto, killed at random moments while everybody wants something.

Rows are stored once and in no other order than their doors made them, acks never promise more than is stored,
codes are those of their member, each who drew one holds one seat, and no two commands have one number.
"""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import postgresql
import pytest
from broker import free_port
from patience import until
from serving import Ledger, Mosquitto, RoomServer, Wire, mosquitto
from sqlalchemy import select

from contract import codes as contract_codes
from contract.codes import Codes, Kind
from roomserver.bell import ring
from roomserver.place import now
from roomserver.residents import members
from roomserver.settings import Settings
from roomserver.storage.database import Database
from roomserver.storage.register import Draw
from roomserver.storage.schema import AuditRow, Door, Log, SentCommand
from roomserver.storage.vault import open_key_file
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import alarms, commands, doors

DOORS = ("front", "back", "attic")
MEMBERS = 6


class Town:
    """Both servers, their doors, and their members' phones."""

    def __init__(self, folder: Path, broker: Mosquitto, url: str) -> None:
        settings = replace(Settings(), database=url)
        self.servers = [RoomServer(folder / "one", broker, settings)]
        (folder / "two").mkdir()
        shutil.copy(folder / "one/roomserver.key", folder / "two/roomserver.key")
        self.servers.append(RoomServer(folder / "two", broker, settings))
        self.database, self.vault = Database(url), open_key_file(folder / "one/roomserver.key")
        for server in self.servers:
            server.start()
        self.homes = {name: self.servers[n % 2].enroll(name) for n, name in enumerate(DOORS)}
        self.wires = {name: Wire(name, home) for name, home in self.homes.items()}
        self.ledgers = {name: Ledger(name, bytes.fromhex(h["door_key"])) for name, h in self.homes.items()}
        with self.database.write() as session:
            self.numbers = [
                members.add(session, Kind.PHONE, Codes(), now(), f"{n:04d}").member
                for n in range(1000, 1000 + MEMBERS)
            ]
            self.cookies = {n: sessions.begin(session, Visitor(member=n), now()) for n in self.numbers}
        self.stop, self.faults = threading.Event(), list[str]()

    def close(self) -> None:
        """Stop everything."""
        self.stop.set()
        for wire in self.wires.values():
            wire.close()
        for server in self.servers:
            server.kill()
        self.database.close()

    def send(self, name: str, rows: int) -> None:
        """A door's part: send, and send again from the ack on when it does not rise."""
        wire, ledger = self.wires[name], self.ledgers[name]
        while len(ledger.rows) < rows:
            ledger.add("granted", random.choice(self.numbers), kind="phone", generation=1)
        acked = sent = 0
        risen = time.monotonic()
        while acked < rows and not self.stop.is_set():
            highest = max((ack.seq for ack in wire.acks()), default=0)
            if highest > acked:
                acked, risen = highest, time.monotonic()
            if time.monotonic() - risen > 2:
                sent, risen = acked, time.monotonic()
            for row in ledger.rows[sent : min(sent + 20, acked + 200)]:
                wire.publish(wire.topics.audit, row.raw)
                sent += 1
            if sent >= rows or sent >= acked + 200:
                self.stop.wait(0.05)

    def draw(self, number: str) -> None:
        """A phone's part: draw a code at either server, and see that it is one of this member."""
        keys = {name: bytes.fromhex(home["door_key"]) for name, home in self.homes.items()}
        while not self.stop.is_set():
            server, door = random.choice(self.servers), random.choice(DOORS)
            headers = {"Cookie": f"session={self.cookies[number]}"}
            try:
                with httpx.Client(base_url=server.url, headers=headers, timeout=10) as client:
                    client.get(f"/code?door={door}")
                    told = client.get(f"/code/live?door={door}").json()
            except (httpx.HTTPError, json.JSONDecodeError):
                self.stop.wait(0.2)  # that one was killed
                continue
            if told["codes"]:
                real = contract_codes.bundle(keys[door], door, number, 1, told["now"], Codes())
                shown = [text.replace(" ", "") for text, *_ in told["codes"]]
                if shown != [one.digits for one in real]:
                    self.faults.append(f"{number} was shown other codes at {door}")
            self.stop.wait(0.1)

    def command(self) -> None:
        """The committee's part: a command for every door, told to one server, to both, or to a dead one."""
        while not self.stop.is_set():
            with self.database.write() as session:
                for door in doors.listed(session):
                    commands.ask(session, door.id, "identify", {}, now())
            for server in random.choices(self.servers, k=2):
                ring(server.folder / "roomserver.bell")
            self.stop.wait(0.2)

    def live(self, rows: int, kills: int) -> None:
        """Everybody at once, until every door has the ack of its last row; meanwhile so many kills."""
        work = [(self.send, (name, rows)) for name in DOORS] + [(self.draw, (n,)) for n in self.numbers]
        threads = [threading.Thread(target=self._guarded, args=one) for one in [*work, (self.command, ())]]
        for thread in threads:
            thread.start()
        try:
            for n in range(kills):
                self.stop.wait(random.uniform(0.2, 1.5))
                server = self.servers[n % 2]
                server.kill()
                self.stop.wait(random.uniform(0, 1))
                server.start()
            until(lambda: self.faults or all(self.acked(name) == rows for name in DOORS), 240, 0.2)
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
        assert self.faults == []

    def acked(self, name: str) -> int:
        """How far a door was told that its rows are stored."""
        return max((ack.seq for ack in self.wires[name].acks()), default=0)

    def _guarded(self, work: Callable[..., None], args: tuple[Any, ...]) -> None:
        try:
            work(*args)
        except Exception as fault:  # noqa: BLE001  (the test tells it)
            self.faults.append(repr(fault))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Both servers, running."""
    with postgresql.database() as url, mosquitto(tmp_path / "broker") as broker:
        made = Town(tmp_path, broker, url)
        yield made
        made.close()


def judge(town: Town, rows: int) -> None:
    """What must hold when the dust has settled; a command on its way is heard before it is looked for."""
    all_heard = {name: [command["n"] for command in town.wires[name].commands()] for name in DOORS}
    with town.database.read() as session:
        for name, heard in all_heard.items():
            door = session.scalars(select(Door).where(Door.name == name)).one()
            log = session.scalars(select(Log).where(Log.door_id == door.id)).one()
            stored = session.execute(
                select(AuditRow.seq, AuditRow.raw, AuditRow.flag).where(AuditRow.log_id == log.id)
            ).all()
            made = [(row.seq, row.raw, None) for row in town.ledgers[name].rows]
            assert sorted(map(tuple, stored)) == made
            assert (log.through, log.ack, log.top) == (rows, rows, rows)
            assert set(town.wires[name].acks()) <= {town.ledgers[name].ack(n) for n in range(1, rows + 1)}
            assert heard
            assert len(heard) == len(set(heard)), f"two commands of {name} have one number"
            numbers = list(
                session.scalars(
                    select(SentCommand.n).where(SentCommand.door_id == door.id, SentCommand.n.is_not(None))
                )
            )
            assert sorted(numbers) == list(range(1, door.command_n + 1)), "a number is left out or used twice"
            assert set(heard) <= set(numbers)
        assert sorted(session.scalars(select(Draw.member))) == town.numbers
        assert alarms.open_alarms(session) == []


@pytest.mark.timeout(300)
def test_either_server_killed_at_random_loses_and_doubles_nothing(town: Town) -> None:
    """A few kills in a few seconds."""
    town.live(rows=200, kills=3)
    judge(town, 200)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_either_server_killed_at_random_for_minutes(town: Town) -> None:
    """Many."""
    town.live(rows=4000, kills=60)
    judge(town, 4000)


@pytest.mark.timeout(300)
def test_a_door_added_at_one_server_is_known_to_the_other(town: Town) -> None:
    """Nothing a door sends is refused because the server that gets it was not there when it was added."""
    home = town.servers[0].enroll("cellar")
    ledger, wire = Ledger("cellar", bytes.fromhex(home["door_key"])), Wire("cellar", home)
    for _ in range(12):
        ledger.add("bell")
    wire.send(*ledger.rows)  # by turns to both
    until(lambda: ledger.ack(13) in wire.acks(), 90, 0.2)
    wire.close()
    with town.database.read() as session:
        assert alarms.open_alarms(session) == []


@pytest.mark.timeout(300)
def test_a_command_at_a_server_without_a_broker_is_sent_by_the_other(town: Town) -> None:
    """A command lives for seconds: it must leave at once, whoever was asked."""
    lonely = town.servers[0]
    lonely.kill()
    text = lonely.config.read_text("utf-8")
    lonely.config.write_text(text.replace(f"port = {lonely.mqtt_port}", f"port = {free_port()}"), "utf-8")
    lonely.start()
    until(lambda: "no link to the broker" in lonely.log(), 60)
    for n in range(1, 4):
        with town.database.write() as session:
            commands.ask(session, doors.get(session, "front").id, "identify", {}, now())
        assert ring(lonely.folder / "roomserver.bell")
        until(lambda n=n: [one["n"] for one in town.wires["front"].commands()] == [*range(1, n + 1)], 60)
