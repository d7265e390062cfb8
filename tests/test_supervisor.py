"""systemd hears of the door: ready, alive while the loop turns, stopping; nothing is said without systemd."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import until
from village import answered, door_at, door_process

from door.effects import Cue
from door.events import KeyPressed
from door.supervisor import Supervisor


@contextmanager
def systemd(folder: Path) -> Iterator[tuple[str, socket.socket]]:
    """A notify socket, and its address."""
    address = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(address)
        notify.settimeout(15)
        yield address, notify


def test_systemd_is_told_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """READY=1 when the control socket answers, WATCHDOG=1 at half the time asked for, STOPPING=1."""
    with (
        systemd(tmp_path) as (address, notify),
        door_process(tmp_path / "door", NOTIFY_SOCKET=address, WATCHDOG_USEC="400000") as door,
    ):
        assert notify.recv(100) == b"READY=1"
        assert answered(tmp_path / "door" / "run" / "control.sock")
        assert [notify.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        door.process.terminate()
        until(lambda: notify.recv(100) == b"STOPPING=1", step=0)
        assert door.wait() == 0


def test_a_loop_that_hangs_feeds_no_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog is fed from the loop, so systemd restarts a door whose loop hangs."""
    with systemd(tmp_path) as (address, notify):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with door_at(tmp_path / "door") as door:
            assert "NOTIFY_SOCKET" not in os.environ
            hang, hung = threading.Event(), threading.Event()
            show = door.spy.show

            def never(cue: Cue, ms: int | None) -> None:
                hung.set()
                hang.wait(20)
                show(cue, ms)

            door.spy.show = never  # type: ignore[method-assign]
            door.daemon.inbox.put(KeyPressed("outside", "1"))
            assert hung.wait(5)
            notify.settimeout(0.5)
            assert fed(notify) <= 3, "what was on its way, and no more"
            hang.set()
            notify.settimeout(10)
            assert notify.recv(100) == b"WATCHDOG=1"


def fed(notify: socket.socket) -> int:
    """How many messages come before a silence of half a second."""
    count = 0
    try:
        while notify.recv(100):
            count += 1
    except TimeoutError:
        return count
    return count


def test_an_abstract_address_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """``@`` stands for the NUL of the abstract namespace (sd_notify(3))."""
    name = f"studyroom-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind("\0" + name)
        notify.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        Supervisor().tell("STATUS=at work")
        assert notify.recv(100) == b"STATUS=at work"


@pytest.mark.parametrize("usec", ["", "0", "soon", "-5"])
def test_without_a_watchdog_nothing_is_fed(monkeypatch: pytest.MonkeyPatch, usec: str) -> None:
    """Nor is anything said without a socket, or to one that nobody reads."""
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert Supervisor().alive_ms is None
    Supervisor().tell("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nonexistent/notify")
    Supervisor().tell("READY=1")
