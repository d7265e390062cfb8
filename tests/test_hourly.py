"""Counts by the hour: right whenever rows come, without a member, and there when the rows are gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import on_both
from rooms import NOW, Room, room_in

from contract import audit
from contract.audit import FIRST_PREV
from roomserver.residents.members import LONGEST_DAYS
from roomserver.room import hourly
from roomserver.room.hourly import Hour, Hourly
from roomserver.storage.schema import AuditRow, Log
from roomserver.upkeep import housekeeping
from roomserver.wire import rows

__all__ = ["on_both"]  # every test here runs on SQLite and on PostgreSQL

HOUR = 3600
FIRST = NOW // HOUR * HOUR


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room with one door."""
    with room_in(tmp_path) as made:
        yield made


Moves = list[tuple[int, str, dict[str, object]]]


def chain(room: Room, moves: Moves) -> list[bytes]:
    """Rows of the door: at which second, of what type, with what detail."""
    raws, prev = [], FIRST_PREV
    for seq, (at, type_, detail) in enumerate(moves, 1):
        row = audit.make(
            room.keys.report, "front", log="0123456789abcdef", seq=seq, prev=prev, at=at, clock="server",
            type=type_, member=None, detail=detail,
        )  # fmt: skip
        raws.append(row.raw)
        prev = row.hash
    return raws


def counted(room: Room, raws: list[bytes], received: int, now: int, days: int = LONGEST_DAYS) -> list[Hour]:
    """What the hours are after these rows came, and a sweep."""
    with room.opened.database.write() as session:
        rows.receive(session, room.keys, raws, received)
        housekeeping.sweep(session, now, days)
        return hourly.of(session, 0, now)


DAY: Moves = [
    (FIRST, "log-began", {}),
    (FIRST + 60, "entered", {}),
    (FIRST + 120, "entered", {}),
    (FIRST + 180, "left", {}),
    (FIRST + HOUR + 5, "entered", {}),
    (FIRST + 3 * HOUR + 10, "count", {"count": 0, "why": "silent"}),
    (FIRST + 5 * HOUR, "entered", {}),
]
SHOULD = [
    Hour("front", FIRST, 2, 2),
    Hour("front", FIRST + HOUR, 1, 2),
    Hour("front", FIRST + 2 * HOUR, 0, 2),
    Hour("front", FIRST + 3 * HOUR, 0, 2),
    Hour("front", FIRST + 5 * HOUR, 1, 1),
]


def test_entries_and_the_most_who_were_inside(room: Room) -> None:
    """Who is inside when an hour begins is inside in it; an hour with nobody has no line."""
    now = FIRST + 5 * HOUR + 600
    assert counted(room, chain(room, DAY), now, now) == SHOULD
    with room.opened.database.read() as session:
        assert hourly.of(session, FIRST + HOUR, FIRST + 3 * HOUR) == SHOULD[1:3]


@pytest.mark.parametrize("late", range(1, len(DAY)), ids=str)
def test_rows_that_come_late_are_counted_where_they_belong(room: Room, late: int) -> None:
    """A door without a link sends its rows days later, in any order; the hours are then as if it had not."""
    raws, now = chain(room, DAY), FIRST + 5 * HOUR + 600
    counted(room, raws[:late], now, now)
    counted(room, raws[late + 1 :], now + 86_400, now + 86_400)
    later = now + 30 * 86_400
    told = counted(room, raws[late : late + 1], later, later)
    assert [hour for hour in told if hour.start < FIRST + 5 * HOUR + 1] == SHOULD


def test_the_counts_of_an_hour_outlive_its_rows(room: Room) -> None:
    """Also where the rows that stay for the chain begin in the middle of an hour."""
    now = FIRST + 5 * HOUR + 600
    before = counted(room, chain(room, DAY), now, now)
    end = now + LONGEST_DAYS * 86_400
    after = counted(room, [], end, end)
    assert [hour for hour in after if hour.start <= FIRST + 5 * HOUR] == before
    with room.opened.database.read() as session:
        assert session.query(AuditRow).count() == 1


@pytest.mark.parametrize("afterwards", [7, LONGEST_DAYS])
def test_a_row_of_long_ago_takes_no_count_away(room: Room, afterwards: int) -> None:
    """Nor does one with a wrong clock, whose other rows are deleted; also where the days were few before."""
    now, late = FIRST + 5 * HOUR + 600, (FIRST - 30 * 86_400, "entered", {})
    *early, last = chain(room, [*DAY, late])
    before = counted(room, early, now, now, 7)
    end = now + 8 * 86_400
    counted(room, [], end, end, 7)
    after = counted(room, [last], end + HOUR, end + HOUR, afterwards)
    assert [hour for hour in after if hour.start <= FIRST + 5 * HOUR] == before


def test_a_door_that_was_cut_off_for_longer_than_rows_are_kept_is_counted(room: Room) -> None:
    now, end = FIRST + 5 * HOUR + 600, FIRST + 40 * 86_400
    should = counted(room, raws := chain(room, DAY), now, now)
    with room.opened.database.write() as session:
        session.query(AuditRow).delete()
        session.query(Log).delete()
        session.query(Hourly).delete()
    assert counted(room, [], end, end, 7) == []
    after = counted(room, raws, end + HOUR, end + HOUR, 7)
    assert [hour for hour in after if hour.start <= FIRST + 5 * HOUR] == should


def test_a_count_that_nobody_corrects_ends(room: Room) -> None:
    """Somebody who left unseen does not stay for ever."""
    now = FIRST + 100 * HOUR
    told = counted(room, chain(room, [(FIRST, "log-began", {}), (FIRST, "entered", {})]), now, now)
    assert told[0] == Hour("front", FIRST, 1, 1)
    assert len(told) == 16


def test_a_row_of_the_future_counts_nothing_yet(room: Room) -> None:
    """A door whose clock is wrong cannot fill the years to come."""
    raws = chain(room, [(FIRST, "log-began", {}), (FIRST + 10**9, "entered", {})])
    assert counted(room, raws, FIRST + 5, FIRST + 5) == []
