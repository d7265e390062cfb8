"""Members, broker and server come and go; nobody waits, nothing is lost, nothing un-happens."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from patience import until
from sqlalchemy import select, update
from village import DOOR, KEYS, NOWHERE, Door, Village, codes_of, config, door_at, home, verified, village

from contract.access import bare
from contract.messages import Topics
from door import tables
from door.effects import Cue
from roomserver.place import load, open_place
from roomserver.storage.schema import SentCommand
from roomserver.wire.commands import LIFE_SECONDS

HINT_SECONDS = 10  # PROTOCOL §4: at most one GET in 10 s
SLACK_SECONDS = 3


@pytest.fixture(params=["mosquitto", "embedded"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Village]:
    """A village with either broker."""
    with village(tmp_path, request.param) as running:
        yield running


def linked(door: Door) -> bool:
    """Whether broker and server have the door."""
    status = door.status()
    return bool(status["broker"]) and bool(status["health"]["link"]["up"])


def settled(door: Door) -> None:
    """Wait until the server has every row of the door."""
    until(lambda: door.daemon.store.ack == door.daemon.store.seq, 40)


def let_in(door: Door, code: str) -> None:
    """A single code opens; the member goes in."""
    assert door.type(code) is Cue.ACCEPTED
    until(lambda: door.unlocked)
    door.walk_in()


def heard(made: Village, topic: str) -> dict[str, Any]:
    """What the broker keeps of ``topic``, by Debian's mosquitto_sub."""
    account = made.home["mqtt"]
    login = ["-V", "5", "-p", str(account["port"]), "-u", account["username"], "-P", account["password"]]
    done = subprocess.run(
        ["mosquitto_sub", *login, "-t", topic, "-C", "1", "-W", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True)
class People:
    """Member numbers by what is to become of them."""

    early: str
    lost: str
    quiet: str
    gone: str


def no_link(made: Village, door: Door, people: People) -> str:
    """Broker and server are killed; members come, lose their phones and are revoked. A code drawn before."""
    made.kill_all()
    until(lambda: not door.status()["broker"])
    added = made.add()
    old_code, drawn = made.codes(people.lost)[0], made.codes(people.gone)[0]
    for number in (people.lost, people.quiet):
        made.server.cli("member", "reissue", number)
    made.server.cli("member", "revoke", people.gone)
    let_in(door, made.codes(added)[0])
    assert door.double(made.codes(people.lost)) is Cue.ACCEPTED
    door.walk_in()
    assert door.type(old_code) is Cue.WRONG
    let_in(door, made.codes(people.quiet, generation=1)[0])  # nobody told the door: so much is said plainly
    return drawn


def the_same(made: Village, log: str, raws: list[bytes]) -> list[dict[str, Any]]:
    """The rows of the door, verified, and at the server the same ones without a gap."""
    rows = verified(made.key, raws)
    there = {seq: digest for name, seq, digest in made.hashes() if name == log}
    assert {row["seq"]: row["hash"] for row in rows} == {
        seq: there.get(seq) for seq in range(1, len(rows) + 1)
    }
    assert made.server.json("status")["alarms"] == []
    return rows


@pytest.mark.timeout(120)
def test_what_happened_while_the_link_was_down(made: Village) -> None:
    """Added: in at once. Re-issued: in by double code, old codes dead. Revoked: refused after the hint."""
    people = People(made.add(), made.add(), made.add(), made.add())
    with door_at(made.folder / "door", made.settings) as door:
        until(lambda: linked(door) and people.gone in door.state.access.records)
        let_in(door, made.codes(people.early)[0])
        drawn = no_link(made, door, people)
        made.start_all()
        took = until(lambda: door.state.access.record(people.gone).revoked, 20)
        assert took < HINT_SECONDS + SLACK_SECONDS
        assert door.type(drawn) is Cue.NOT_NOW
        assert not door.unlocked
        made.kill_broker()
        until(lambda: not door.status()["broker"])
        made.start_broker()
        until(lambda: linked(door), 15)
        settled(door)
        assert heard(made, Topics(DOOR).occupancy)["count"] == 4
        assert heard(made, Topics(DOOR).state)["lock"] == "LOCKED"
        log = door.daemon.store.log
        raws = [raw for _, raw in door.daemon.store.rows(log, 0, 100_000).result(5)]
    rows = the_same(made, log, raws)
    granted = [row["member"] for row in rows if row["type"] == "granted"]
    assert (granted[0], granted[2:]) == (people.early, [people.lost, people.quiet])
    denied = [(row["member"], row["reason"]) for row in rows if row["type"] == "denied"]
    unheard_of = (people.lost, "unknown-code")  # the first half of his double code, and then his old code
    assert denied == [unheard_of, unheard_of, (people.gone, "revoked")]
    assert sum(row["type"] == "entered" for row in rows) == 4


@pytest.mark.timeout(120)
def test_one_revoked_is_refused_within_ten_seconds_of_the_hint(tmp_path: Path) -> None:
    """Also when the server was killed in between: what it missed it gets, what it said is heard."""
    with village(tmp_path, "mosquitto") as made:
        numbers = [made.add() for _ in range(3)]
        with door_at(made.folder / "door", made.settings) as door:
            until(lambda: linked(door) and numbers[-1] in door.state.access.records)
            drawn = [made.codes(number)[0] for number in numbers]
            made.server.kill()
            let_in(door, made.codes(made.add())[0])
            for number in numbers:
                made.server.cli("member", "revoke", number)
            made.server.start()
            took = until(lambda: all(door.state.access.record(one).revoked for one in numbers), 20)
            assert took < HINT_SECONDS + SLACK_SECONDS
            assert [door.type(code) for code in drawn] == [Cue.NOT_NOW] * 3
            assert door.pulses == 1
            made.server.cli("member", "reinstate", numbers[0])
            assert door.double(made.codes(numbers[0])) is Cue.ACCEPTED  # no need to wait for the next hint
            settled(door)


def missed(made: Village) -> list[str | None]:
    """Commands that wait are too old to be sent, as if the door was off for long; how ``forget`` ended."""
    opened = open_place(load(made.server.config))
    try:
        with opened.database.write() as session:
            session.execute(update(SentCommand).values(asked_at=SentCommand.asked_at - LIFE_SECONDS - 1))
        with opened.database.read() as session:
            return list(session.scalars(select(SentCommand.error).where(SentCommand.verb == "forget")))
    finally:
        opened.database.close()


@pytest.mark.timeout(120)
def test_one_who_left_while_the_door_was_away_is_dropped_when_it_is_back(made: Village) -> None:
    """The command lives for a minute and is lost; the list says the same, as it does of a revocation."""
    number = made.add()
    made.server.cli("member", "suspend", number, "--until", "2099-01-01")
    with door_at(made.folder / "door", made.settings) as door:
        until(lambda: linked(door) and door.state.access.record(number).suspended_until is not None, 40)
        made.kill_all()
        until(lambda: not door.status()["broker"], 40)
        made.server.cli("member", "forget", number, "--yes")
        missed(made)
        made.start_all()
        until(lambda: door.state.access.record(number).revoked, 40)
        until(lambda: linked(door) and missed(made) == ["not-sent"], 40)
        settled(door)
        assert door.rows("forgotten") == []
        kept = door.state.access.record(number)
        assert kept == replace(bare(kept), revision=kept.revision)
    with door_at(made.folder / "door", made.settings) as door:  # nor is it in its database
        assert door.state.access.record(number) == kept


def test_alone_for_ever_members_get_in(tmp_path: Path) -> None:
    """No broker, no server, never: the relay answers the last key at once."""
    home(tmp_path)
    settings = config(tmp_path, f"http://127.0.0.1:{NOWHERE}", clock=tables.Clock(trust="system"))
    slowest = 0.0
    with door_at(tmp_path, settings) as door:
        for n in range(6):
            code = codes_of(f"{n + 1:04}")[0]
            for key in code[:-1]:
                door.press(key)
            row, column = KEYS[code[-1]]
            pulses = door.pulses
            began = time.monotonic()
            door.matrix.press(row, column)
            until(lambda pulses=pulses: door.pulses > pulses, step=0.001)  # type: ignore[misc]
            slowest = max(slowest, time.monotonic() - began)
            door.matrix.release(row, column)
            until(lambda: door.matrix.resting)
            door.walk_in()
        assert len(door.rows("granted")) == 6
    assert slowest < 0.5, f"{slowest:.3f} s from the last key to the relay"
