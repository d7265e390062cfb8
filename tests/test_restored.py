"""A server backed up while it runs, and restored elsewhere: the door goes on, and nothing un-happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import on_both
from patience import until
from rescue_world import World, world

__all__ = ["on_both"]  # on SQLite and on PostgreSQL


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    """A running server and broker, and an enrolled door that is not started."""
    with world(tmp_path) as made:
        made.enrol()
        yield made


def back_up_while_they_come(place: World, backup: Path, members: list[str]) -> None:
    """A backup by another process than the server, begun when the first is in and done before the last is."""
    thread = threading.Thread(target=place.server.cli, args=("backup", str(backup)))
    assert place.enter(members[0]) == "accepted"
    thread.start()
    for member in members[1:]:
        assert place.enter(member) == "accepted"
    thread.join()


def live_on(place: World, revoked: str, revoked_here: str, reissued: str) -> None:
    """What no backup knows: one is revoked at the server, one at the door, one has a new generation."""
    place.server.cli("member", "revoke", revoked)
    place.server.cli("member", "reissue", reissued)
    place.in_step()
    assert place.enter(reissued, generation=2) == "accepted"
    assert place.door.ask("revoke", member=revoked_here) == {"ok": True, "error": None}


@pytest.mark.timeout(180)
def test_the_door_goes_on_with_a_restored_server_and_nothing_un_happens(place: World, tmp_path: Path) -> None:
    """Rows are sent again, the list is told anew, counters catch up, and whoever was revoked stays out."""
    backup = tmp_path / "backup.db"
    revoked, revoked_here, reissued, new, *came = place.members(8)
    place.door.start()
    place.command()
    place.in_step()
    back_up_while_they_come(place, backup, came)
    n = [place.command()[0] for _ in range(3)][-1]
    [later] = place.members(1)
    live_on(place, revoked, revoked_here, reissued)
    before, revision = place.agree(), place.revision()

    place.restore(backup)
    assert place.lost(before.keys), "the backup was to be an old one"
    assert place.revision() < revision
    place.server.start()
    until(lambda: not place.lost(before.keys), 60, 0.2)
    place.in_step()  # by the digest: the numbers of the revisions mean other changes now
    assert place.agree().logs == before.logs
    assert [place.record(one)["revoked_through"] for one in (revoked, revoked_here)] == [4, 4]
    assert place.record(reissued)["generation"] == 2
    assert [place.enter(one) for one in (revoked, revoked_here)] == ["not-now", "not-now"]
    assert place.enter(reissued) == "wrong", "his first generation is over"
    assert [place.enter(one) for one in (new, later)] == ["accepted", "accepted"]
    number, error = place.command()
    assert (error, number > n) == (None, True), "a number the door has taken is never used again"
    assert place.server.json("member", "reissue", reissued)["generation"] == 3
    assert place.server.json("member", "reinstate", revoked)["generation"] == 5
    assert not place.alarms()
