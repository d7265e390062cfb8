"""Servers on one PostgreSQL hear of each other's changes, and go on hearing when the database was away."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import postgresql
import pytest
from patience import until

from roomserver import peers
from roomserver.peers import Peers
from roomserver.storage.database import Database


class Listening:
    """A server's ``Peers``; ``heard`` counts how often it was told to look."""

    def __init__(self, url: str) -> None:
        self.database, self.heard = Database(url), 0
        self.peers = Peers(self.database, self._changed)
        self.peers.start()

    def _changed(self) -> None:
        self.heard += 1

    def close(self) -> None:
        """End in order."""
        self.peers.stop()
        assert not self.peers._thread.is_alive()
        self.database.close()


@pytest.fixture
def url() -> Iterator[str]:
    """A database on PostgreSQL."""
    with postgresql.database() as made:
        yield made


@pytest.fixture
def pair(url: str) -> Iterator[tuple[Listening, Listening]]:
    """Two servers that listen; at the start each was told to look once."""
    both = Listening(url), Listening(url)
    for one in both:
        until(lambda one=one: one.heard == 1, 30)
    yield both
    for one in both:
        one.close()


def test_what_one_tells_the_other_hears_and_not_the_teller(pair: tuple[Listening, Listening]) -> None:
    one, other = pair
    for n in (2, 3, 4):
        one.peers.tell()
        until(lambda n=n: other.heard == n, 30)
    other.peers.tell()
    until(lambda: one.heard == 2, 30)
    assert other.heard == 4


def test_telling_for_ever_neither_blocks_nor_fails(pair: tuple[Listening, Listening]) -> None:
    one, other = pair
    for _ in range(70_000):
        one.peers.tell()
    until(lambda: other.heard > 1, 30)


def test_after_a_cut_each_looks_and_hears_again(
    url: str,
    pair: tuple[Listening, Listening],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was told while the link was down is not lost, and the fault is said once."""
    monkeypatch.setattr(peers, "AGAIN_SECONDS", 0.1)
    caplog.set_level(logging.INFO, "roomserver.peers")
    one, other = pair
    cut = f"FROM pg_stat_activity WHERE datname = '{url.rsplit('/', 1)[1]}'"
    postgresql.cluster().execute(f"SELECT pg_terminate_backend(pid) {cut}")
    until(lambda: one.heard >= 2 and other.heard >= 2, 30)
    looked = other.heard
    one.peers.tell()
    until(lambda: other.heard > looked, 30)
    said = [record.message.partition(":")[0] for record in caplog.records]
    assert (
        sorted(said)
        == ["other servers on this database are heard again"] * 2
        + ["other servers on this database are not heard"] * 2
    )


def test_a_stop_does_not_wait_for_a_postgresql_that_hangs(pair: tuple[Listening, Listening]) -> None:
    one, _ = pair
    pids = postgresql.cluster().pids()
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        one.peers.stop()
        assert not one.peers._thread.is_alive()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_on_sqlite_there_is_nobody_to_tell(tmp_path: Path) -> None:
    told = Event()
    alone = Peers(Database(f"sqlite:///{tmp_path}/room.db"), told.set)
    alone.start()
    alone.tell()
    alone.stop()
    assert not told.is_set()
    assert not alone._thread.is_alive()
