"""A year of a busy room ends as it began: the file, the questions, the memory; and retention works.

`make test` leads nine days with a retention of four; the year itself is ``long``. Figures of both are in
docs/reliability.md; ``year.py`` prints them.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.stores import read
from tests.year import DAY, MIDNIGHT, VISITS, Figures, days

ROWS = "SELECT min(seq), max(seq), count(*), min(at) FROM rows"
NIGHT = 8 * 3600  # in which nobody comes: the first row after it may be the oldest
QUICK_MS = 1000  # generous: how fast it is belongs to the machine, and stands in docs/reliability.md


def settled(path: Path, length: int, retention_days: int, members: int) -> list[Figures]:
    """The figures of each day, once the room has been shown to keep what it must."""
    found = []
    for figures, room in islice(days(path, members=members, retention_days=retention_days), length):
        found.append(figures)
        oldest = room.unix_ms // 1000 - retention_days * DAY
        ((first, last, count, at),) = read(path, ROWS)
        assert count == last - first + 1 == figures.rows
        assert first == 1 or oldest - 60 <= at <= oldest + NIGHT, "retention took too little, or too much"
    assert first > 1
    return found


def as_at_first(found: list[Figures], retention_days: int) -> None:
    """From the day on which retention began to the last one nothing has grown."""
    early, late = found[retention_days + 1], found[-1]
    assert late.let_in > 0.98 * VISITS * late.day
    assert late.rows == pytest.approx(early.rows, rel=0.1)
    assert late.file_mb < 1.15 * early.file_mb
    assert late.log_mb < 8
    assert late.objects < 1.03 * early.objects
    assert late.resident_mb < early.resident_mb + 3
    assert max(figures.state for figures in found) < 10_000
    for figures in found:
        asked = (figures.newest_20, figures.of_a_member, figures.outbox, figures.behind_retention)
        assert max(asked) < QUICK_MS, figures


@pytest.mark.timeout(180)
def test_days_of_a_busy_room_end_as_they_began(tmp_path: Path) -> None:
    """Nine days, with a retention of four."""
    as_at_first(settled(tmp_path / "door.db", 9, 4, members=120), 4)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_year_of_a_busy_room_ends_as_it_began(tmp_path: Path) -> None:
    """73,000 visits of 2,000 members, with the longest retention there may be."""
    as_at_first(settled(tmp_path / "door.db", 365, 180, members=2000), 180)


def test_the_room_is_led_by_the_rules_of_a_real_door(tmp_path: Path) -> None:
    """A day has its visits, denials, a lockout, leavers; each row is the door's own."""
    *_, (figures, _) = islice(days(tmp_path / "door.db", members=50, retention_days=90), 4)
    count = dict(read(tmp_path / "door.db", "SELECT type, count(*) FROM rows GROUP BY type"))
    assert count["granted"] >= figures.let_in > 0.98 * 4 * VISITS
    assert {"denied", "entered", "left", "lockout", "lockout-ended", "list", "started"} <= count.keys()
    ((first, last),) = read(tmp_path / "door.db", "SELECT min(at), max(at) FROM rows WHERE clock = 'server'")
    assert MIDNIGHT <= first < last <= MIDNIGHT + 4 * DAY
