"""A door's database lost or put back from an older copy: nothing un-happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import until
from rescue_world import NAME, Memory, World, world
from serving import Ledger, wire

from contract.codes import Kind


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    """A running server and broker, and an enrolled door that is not started."""
    with world(tmp_path) as made:
        made.enrol()
        yield made


def test_a_lost_database_keeps_nobody_out_and_lets_nobody_back_in(place: World) -> None:
    """A new log; what the server knows (revocations, used pairs, staff) comes back with the list."""
    door = place.door
    came, carded, revoked, new = place.members(4)
    [staff] = place.members(1, Kind.STAFF)
    door.start()
    assert place.enter(came) == "accepted"
    place.in_step()
    assert door.pair(place.card(carded, 1)) == "accepted"
    assert door.ask("revoke", member="0999") == {"ok": True, "error": None}
    place.server.cli("member", "revoke", revoked)
    before = place.agree()
    assert door.stop() == 0

    shutil.rmtree(door.database.parent)
    door.start()
    assert place.enter(new) == "accepted", "no list yet, and nobody is kept out"
    place.in_step()
    assert place.enter(revoked) == "not-now"
    assert place.enter("0999") == "not-now", "revoked at the door that lost its memory"
    assert door.type(place.code(staff, Kind.STAFF).digits) == "accepted"
    assert door.pair(place.card(carded, 1)) == "wrong", "a pair that was used stays used"

    after = place.agree()
    assert [row.detail for row in after.of("log-began")] == [{"previous": None, "reason": "new"}]
    assert not set(before.logs) & set(after.logs)
    assert not place.lost(before.keys)
    assert not place.alarms()


def life_after_the_image(place: World, image: Path, revoked: str, member: str) -> Memory:
    """A door of which a copy was taken to ``image`` in the middle; what it knew in the end."""
    door = place.door
    door.start()
    place.in_step()
    place.agree()
    assert door.stop() == 0
    shutil.copytree(door.database.parent, image)
    door.start()
    assert place.enter(member) == "accepted"
    place.server.cli("member", "revoke", revoked)
    assert door.ask("revoke", member="0999") == {"ok": True, "error": None}
    place.in_step()
    before = place.agree()
    assert door.stop() == 0
    return before


@pytest.mark.parametrize("grown", [False, True], ids=["shorter", "longer"])
def test_an_older_image_begins_a_new_log(place: World, tmp_path: Path, grown: bool) -> None:
    """Whether its log is shorter than what the server has, or grew past it while the broker was away."""
    door = place.door
    revoked, first, last, *others = place.members(9)
    before = life_after_the_image(place, tmp_path / "image", revoked, first)
    shutil.rmtree(door.database.parent)
    shutil.copytree(tmp_path / "image", door.database.parent)
    assert place.broker is not None
    if grown:
        place.broker.kill()
    door.start()
    for member in others if grown else others[:1]:
        assert place.enter(member) == "accepted"
    if grown:
        until(lambda: len(place.memory().rows) > len(before.rows))
        place.broker.start()
    until(lambda: len(place.memory().logs) == 2, 30)
    until(lambda: door.status()["state"]["alarms"] == ["audit-fork"])
    place.in_step()
    assert [place.enter(revoked), place.enter("0999")] == ["not-now", "not-now"]
    after = place.agree()
    assert after.fault is None
    assert {row.log: row.detail for row in after.of("log-began")} == {
        after.logs[0]: {"previous": None, "reason": "new"},
        after.logs[1]: {"previous": after.logs[0], "reason": "ack-mismatch"},
    }
    assert [row.reason for row in after.of("fault")] == ["audit-fork"]
    assert not place.lost(before.keys)
    # A door that hears the server before its first row writes that one in the new log already.
    assert bool(place.aside()) == ("fork" in place.alarms())
    assert place.aside() or not grown
    assert door.stop() == 0
    door.start()
    assert place.enter(last) == "accepted"
    assert place.agree().logs == after.logs, "once is enough"


def test_a_server_says_which_row_it_has_otherwise(place: World) -> None:
    """Before the ack that is greatest, which alone would agree with a log that has grown past the fork."""
    first, second = (Ledger(NAME, bytes.fromhex(place.home["door_key"])) for _ in range(2))
    with wire(NAME, place.home) as door:
        door.send(*(first.add("bell") for _ in range(3)), first.rows[0])
        until(lambda: first.ack(4) in door.acks())
        heard = len(door.acks())
        grown = [second.add("granted", "0427", kind="phone", generation=2) for _ in range(6)]
        door.send(*second.rows[:1], *grown)
        until(lambda: second.ack(7) in door.acks())
        assert first.ack(2) in door.acks()[heard:]
    assert {(second.log, row.seq, row.hash) for row in second.rows[1:4]} == place.aside()
    assert place.record("0427")["generation"] == 2


def test_a_new_machine_takes_the_place_of_a_dead_one(place: World) -> None:
    """Another token and an empty disk; what the dead machine had sent stays, and old commands stay dead."""
    came, revoked, new = place.members(3)
    place.door.start()
    assert place.enter(came) == "accepted"
    n, _ = place.command()
    place.server.cli("member", "revoke", revoked)
    before = place.agree()
    place.door.kill()
    place.door.ended()
    shutil.rmtree(place.door.folder)

    door = place.enrol("another")
    assert place.credentials.command_n >= n
    door.start()
    assert place.enter(new) == "accepted"
    place.in_step()
    assert place.enter(revoked) == "not-now"
    number, error = place.command()
    assert (error, number > n) == (None, True)
    after = place.agree()
    assert not set(after.logs) & set(before.logs)
    assert not place.lost(before.keys)
    assert not place.alarms()
