"""`kill -9` of a busy door, its server and its broker, again and again: nothing is lost or un-happens."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import until
from planted import budget_in_memory, cue_before_row, used_in_memory, window_in_memory
from rescue_world import World, world
from siege import Siege, Weather

LIVES_FOR_A_FLAW = 100


def seen_all(siege: Siege, weather: Weather) -> bool:
    """Whether chance has brought all that matters: every answer, a lockout, old commands, dead servers."""
    whom = {"server", "broker"} if siege.world.broker else {"server"}
    return (
        siege.lockout
        and siege.answers.keys() >= {"accepted", "wrong", "not-now", None}
        and bool(siege.refused & {"replayed", "expired"})
        and weather.kills.keys() == whom
    )


def besieged(place: World, lives: int, seed: int) -> None:
    """A door that was killed so often; then it is left in peace until the server has all its rows."""
    siege = Siege(place, seed)
    try:
        with Weather(place, random.Random(seed)) as weather:
            while not siege.faults and not (sum(siege.fates.values()) >= lives and seen_all(siege, weather)):
                siege.live()
        assert siege.faults == [], f"seed {seed}, {siege.fates}"
        place.door.start()
        memory = place.agree()
        assert memory.fault is None
        assert memory.keys <= place.stored() <= place.memory().keys, "the server has other rows than the door"
        assert not place.alarms()
        for row in memory.of("revoked"):
            assert place.record(str(row.member))["revoked_through"] >= row.detail["through"]
        assert place.door.stop() == 0
        assert siege.late <= lives // 20, "the disk of this machine is too slow to judge by"
    finally:
        siege.close()


@pytest.mark.timeout(240)
def test_a_killed_door_forgets_nothing_that_anybody_saw(tmp_path: Path) -> None:
    """Rows, used steps, budget, command window and chain, through 30 lives and every way to end one."""
    with world(tmp_path) as place:
        place.enrol()
        besieged(place, 30, seed=random.randrange(10_000))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed, embedded", [(0, False), (1, False), (2, True)])
def test_a_killed_door_forgets_nothing_in_many_lives(tmp_path: Path, seed: int, embedded: bool) -> None:
    """The same, 100 lives at a time, also with the broker that lives and dies in the server."""
    with world(tmp_path, embedded=embedded) as place:
        place.enrol()
        besieged(place, 100, seed)


def test_a_door_killed_while_it_makes_its_database_begins_one_log(tmp_path: Path) -> None:
    """Half made tables are made whole; nothing is set aside, and the log begins once."""
    rng = random.Random()
    with world(tmp_path) as place:
        door = place.enrol()
        for _ in range(5):
            shutil.rmtree(door.folder / "state", ignore_errors=True)
            for _ in range(3):
                door.start()
                until(lambda: door.database.exists() or not door.running, 20, 0.0005)
                threading.Timer(rng.uniform(0, 0.03), door.kill).start()
                assert door.ended() == -9
            assert not list(door.folder.glob("state/*.corrupt-*"))
        door.start()
        assert door.type(place.code("0427").digits) == "accepted"
        memory = place.agree()
        assert [row.detail["reason"] for row in memory.of("log-began")] == ["new"]
        assert memory.fault is None


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "plant, found",
    [
        (cue_before_row, "seen, and not recorded"),
        (used_in_memory, "a grant without its used step"),
        (budget_in_memory, "the budget stands at"),
        (window_in_memory, "a command was taken twice"),
    ],
)
def test_the_siege_finds_a_planted_flaw(tmp_path: Path, plant: Callable[[], None], found: str) -> None:
    """What finds nothing in the door finds each of these, so finding nothing means something."""
    with world(tmp_path) as place:
        place.enrol(program=("-m", "planted", plant.__name__))
        siege = Siege(place, seed=7)
        try:
            while not siege.faults and sum(siege.fates.values()) < LIVES_FOR_A_FLAW:
                siege.live()
        finally:
            siege.close()
        assert any(found in fault for fault in siege.faults), siege.faults
