"""Audit rows on their way: the window, silence, older logs, replays and gaps, in virtual time."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import audit
from contract.messages import Ack
from door.delivery import REPEATED_SECONDS, SILENCE_SECONDS, TOGETHER, WINDOW, Delivery
from door.ledger import AckResult, Outstanding

KEY = bytes(32)
OLD, NEW = "0" * 16, "1" * 16
T = TypeVar("T")


def done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


class Shelf:
    """An outbox in memory: the sequence numbers of each log, oldest log first."""

    def __init__(self, **logs: int) -> None:
        self.kept = {OLD: list(range(1, logs.get("old", 0) + 1)), NEW: list(range(1, logs.get("new", 0) + 1))}
        self.acked = {OLD: 0, NEW: 0}
        self.log = NEW
        self.different: set[str] = set()
        self.reasons: list[str] = []

    def outstanding(self) -> Future[tuple[Outstanding, ...]]:
        return done(
            tuple(
                Outstanding(log, self.acked[log], seqs[-1], 0)
                for log, seqs in self.kept.items()
                if seqs and seqs[-1] > self.acked[log]
            )
        )

    def rows(self, log: str, after: int, limit: int) -> Future[list[tuple[int, bytes]]]:
        seqs = [seq for seq in self.kept.get(log, []) if seq > after]
        return done([(seq, f"{log} {seq}".encode()) for seq in seqs[:limit]])

    def acknowledge(self, log: str, seq: int, hash: str) -> Future[AckResult]:
        if log not in self.kept:
            return done(AckResult.UNKNOWN)
        if log in self.different:
            return done(AckResult.DIFFERENT)
        self.acked[log] = max(self.acked[log], seq)
        return done(AckResult.OURS)

    def new_log(self, reason: str) -> Future[float]:
        self.reasons.append(reason)
        self.log = "2" * 16
        self.kept[self.log], self.acked[self.log] = [1], 0
        return done(0.0)


class Rig:
    """A delivery, what it sent, and a clock that stands still until told."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.sent: list[str] = []
        self.now = 1000.0
        self.delivery = Delivery(
            shelf,
            lambda raw: self.sent.append(raw.decode()),
            lambda log, first, last: f"gap {log} {first}-{last}".encode(),
        )

    def run(self) -> float | None:
        """Turns until it wants to wait; for how long."""
        for _ in range(1000):
            pause = self.delivery.turn(self.now)
            if pause is None or pause > 0:
                return pause
        raise AssertionError("it never rests")

    def take(self) -> list[str]:
        """What was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent

    def ack(self, seq: int, log: str = NEW) -> None:
        self.delivery.ack(Ack(log, seq, "00" * 32), self.now)


def rows(first: int, last: int, log: str = NEW) -> list[str]:
    return [f"{log} {seq}" for seq in range(first, last + 1)]


def test_nothing_to_send_is_nothing_to_do() -> None:
    rig = Rig(Shelf())
    assert rig.run() is None
    assert rig.take() == []


def test_rows_go_out_in_order_and_then_wait_for_the_ack() -> None:
    rig = Rig(Shelf(new=3))
    assert rig.run() == SILENCE_SECONDS
    assert rig.take() == rows(1, 3)
    rig.ack(3)
    assert rig.run() is None
    assert rig.take() == []


def test_no_more_rows_are_on_their_way_than_the_window() -> None:
    rig = Rig(Shelf(new=WINDOW + 50))
    rig.run()
    assert rig.take() == rows(1, WINDOW)
    rig.ack(20)
    rig.run()
    assert rig.take() == rows(WINDOW + 1, WINDOW + 20)


def test_after_silence_the_first_missing_row_goes_alone_until_somebody_answers() -> None:
    rig = Rig(Shelf(new=WINDOW + 50))
    rig.run()
    rig.take()
    rig.ack(7)
    rig.run()
    rig.take()
    rig.now += SILENCE_SECONDS - 0.1
    assert rig.run() == pytest.approx(0.1)
    assert rig.take() == []
    rig.now += 0.1
    assert rig.run() == SILENCE_SECONDS
    assert rig.take() == rows(8, 8)
    rig.now += SILENCE_SECONDS
    rig.run()
    assert rig.take() == rows(8, 8)
    rig.ack(9)  # more than was sent again: the server had row 9
    rig.run()
    assert rig.take() == rows(10, WINDOW + 9)


def test_a_server_that_comes_back_and_repeats_its_ack_does_not_wait_ten_seconds() -> None:
    rig = Rig(Shelf(new=5))
    rig.run()
    rig.ack(2)
    rig.take()
    rig.now += 1
    rig.ack(2)
    assert rig.run() == pytest.approx(REPEATED_SECONDS)
    rig.now += REPEATED_SECONDS
    rig.run()
    assert rig.take() == rows(3, 3)


def test_a_new_connection_sends_again_from_the_ack_on() -> None:
    rig = Rig(Shelf(new=5))
    rig.run()
    rig.ack(2)
    rig.take()
    rig.delivery.begin()
    rig.run()
    assert rig.take() == rows(3, 5)


def test_new_rows_follow_at_once() -> None:
    rig = Rig(Shelf(new=1))
    rig.run()
    rig.ack(1)
    assert rig.run() is None
    rig.shelf.kept[NEW].append(2)
    rig.run()
    assert rig.take() == rows(1, 2)


def test_an_older_log_comes_first() -> None:
    rig = Rig(Shelf(old=2, new=2))
    rig.run()
    assert rig.take() == rows(1, 2, OLD)
    rig.ack(2, OLD)
    rig.run()
    assert rig.take() == rows(1, 2)


def test_an_older_log_that_nobody_takes_does_not_stop_the_rows_of_today() -> None:
    rig = Rig(Shelf(old=2, new=2))
    rig.run()
    rig.now += SILENCE_SECONDS
    rig.take()
    rig.run()
    assert rig.take() == rows(1, 1)
    rig.ack(1)
    rig.run()
    assert rig.take() == rows(2, 2)
    rig.ack(2)
    rig.run()
    assert rig.take() == rows(1, 1, OLD)


def test_an_ack_of_a_strange_log_changes_nothing() -> None:
    rig = Rig(Shelf(new=3))
    rig.run()
    rig.ack(3, "f" * 16)
    assert rig.run() == SILENCE_SECONDS
    assert rig.shelf.acked == {OLD: 0, NEW: 0}


def test_a_server_that_knows_this_log_otherwise_gets_a_new_one() -> None:
    rig = Rig(Shelf(new=3))
    rig.run()
    rig.take()
    rig.shelf.different = {NEW}
    rig.ack(9)
    assert rig.shelf.reasons == ["ack-mismatch"]
    rig.run()
    assert rig.take() == rows(1, 3)  # the former log first
    rig.shelf.kept[NEW] = []
    rig.now += SILENCE_SECONDS
    rig.run()
    assert rig.take() == rows(1, 1, "2" * 16)


def test_an_older_log_that_is_known_otherwise_begins_no_new_one() -> None:
    rig = Rig(Shelf(old=3, new=1))
    rig.shelf.different = {OLD}
    rig.ack(9, OLD)
    assert rig.shelf.reasons == []


# -- replays and gaps -----------------------------------------------------------------------------


def test_a_replay_sends_acknowledged_rows_again_and_goes_on() -> None:
    rig = Rig(Shelf(new=TOGETHER + 5))
    rig.shelf.acked[NEW] = TOGETHER + 5
    assert rig.run() is None
    rig.delivery.replay(NEW, 3)
    rig.run()
    assert rig.take() == rows(3, TOGETHER + 5)
    rig.ack(TOGETHER + 5)
    assert rig.run() is None


def test_a_replay_that_nobody_acknowledges_ends() -> None:
    rig = Rig(Shelf(new=5))
    rig.shelf.acked[NEW] = 5
    rig.delivery.replay(NEW, 3)
    rig.run()
    rig.take()
    rig.now += SILENCE_SECONDS
    assert rig.run() is None
    assert rig.take() == []


def test_rows_that_are_gone_are_a_gap() -> None:
    rig = Rig(Shelf(new=9))
    rig.shelf.kept[NEW] = [5, 6, 9]
    rig.delivery.replay(NEW, 2)
    rig.run()
    assert rig.take() == [f"gap {NEW} 2-4", *rows(5, 6), f"gap {NEW} 7-8", *rows(9, 9)]


def test_of_a_log_that_is_gone_the_row_asked_for_is_a_gap() -> None:
    rig = Rig(Shelf())
    rig.delivery.replay("f" * 16, 7)
    assert rig.run() is None
    assert rig.take() == [f"gap {'f' * 16} 7-7"]


@pytest.mark.parametrize("log", [OLD, NEW])
def test_rows_that_never_were_are_no_gap(log: str) -> None:
    rig = Rig(Shelf(old=3, new=3))
    rig.shelf.acked = {OLD: 3, NEW: 3}
    rig.delivery.replay(log, 4)
    assert rig.run() is None
    assert rig.take() == []


def test_the_gap_message_is_verified_like_a_row() -> None:
    raw = audit.gap(KEY, "main", OLD, 2, 4)
    digest = audit.verify(KEY, "main", raw)
    assert json.loads(raw) == {"type": "gap", "log": OLD, "from": 2, "seq": 4, "hash": digest}
    with pytest.raises(audit.RowError):
        audit.verify(KEY, "other", raw)


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 450), st.integers(1, 40))
def test_whatever_is_lost_everything_arrives(lost: list[bool], count: int, old: int) -> None:
    """A server that acks as PROTOCOL says, over a line that loses rows and acks."""
    rig = Rig(Shelf(old=old, new=count))
    losses = iter(lost)
    stored: dict[str, set[int]] = {OLD: set(), NEW: set()}
    for _ in range(2000):
        pause = rig.delivery.turn(rig.now)
        for row in rig.take():
            log, seq = row.split()
            if not next(losses, False):
                stored[log].add(int(seq))
                if not next(losses, False):
                    rig.ack(gapless(stored[log]), log)
        if pause is None:
            break
        rig.now += pause
    assert stored == {OLD: set(range(1, old + 1)), NEW: set(range(1, count + 1))}
    assert rig.shelf.acked == {OLD: old, NEW: count}


def gapless(seqs: set[int]) -> int:
    return next(seq for seq in range(len(seqs) + 1) if seq + 1 not in seqs)
