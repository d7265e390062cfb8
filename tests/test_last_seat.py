"""The last seat, wanted by several at once: one of them holds it, the others read that the room is full."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import on_both
from neighbours import MEMBER, Neighbourhood, neighbourhood

from roomserver.residents import phone
from roomserver.residents.standing import Why
from roomserver.room import seats

__all__ = ["on_both"]  # on SQLite and on PostgreSQL
CAPACITY = 15
OTHERS = [f"{n}" for n in range(1001, 1008)]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Neighbourhood]:
    """A room with one free seat, counted exactly."""
    with neighbourhood(tmp_path) as made:
        made.records("count", member=None, count=CAPACITY - 1)
        made.counts(CAPACITY - 1, "exact")
        yield made


def holding(room: Neighbourhood) -> int:
    """How many seats are held."""
    with room.opened.database.read() as session:
        return seats.held(session, room.now)


def test_who_saw_the_last_seat_free_and_drew_second_has_no_code(room: Neighbourhood) -> None:
    """Both had looked before either drew; who drew first keeps it, however often he looks again."""
    room.moves_in(OTHERS[0])
    first, second = (phone.show(room.opened, member, room.now) for member in (MEMBER, OTHERS[0]))
    assert first.codes
    assert second.codes
    assert phone.draw(room.opened, first, MEMBER) == first
    refused = phone.draw(room.opened, second, OTHERS[0])
    assert refused.codes == ()
    assert refused.missing is not None
    assert refused.missing.why is Why.ROOM_FULL
    assert refused.seats is not None
    assert refused.seats.free == 0
    assert holding(room) == 1
    again = phone.show(room.opened, MEMBER, room.now)
    assert phone.draw(room.opened, again, MEMBER).codes == first.codes


def test_of_many_phones_at_once_one_gets_the_last_seat(room: Neighbourhood) -> None:
    phones = [room.phone(), *(room.phone(room.moves_in(number)) for number in OTHERS)]
    together, pages = threading.Barrier(len(phones)), list[str]()

    def ask(one: int) -> None:
        together.wait(30)
        pages.append(phones[one].get("/code").text)

    threads = [threading.Thread(target=ask, args=(one,)) for one in range(len(phones))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum('id="digits"' in page for page in pages) == 1
    assert sum("座位已满" in page for page in pages) == len(OTHERS)
    assert holding(room) == 1


def test_a_guess_still_refuses_nobody_at_the_draw(room: Neighbourhood) -> None:
    room.moves_in(OTHERS[0])
    room.counts(CAPACITY - 1, "estimate")
    shown = [phone.show(room.opened, member, room.now) for member in (MEMBER, OTHERS[0])]
    assert all(
        phone.draw(room.opened, one, m).codes for one, m in zip(shown, (MEMBER, OTHERS[0]), strict=True)
    )
    assert holding(room) == 2
