"""What the system says of its clock is read as the kernel says it, and never believed for its own sake."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

import pytest

from door import timesource


class _Kernel:
    """A C library whose adjtimex answers ``state`` and puts ``status`` where Linux does."""

    def __init__(self, state: int, status: int) -> None:
        self._state, self._status = state, status

    def adjtimex(self, buffer: ctypes.Array[ctypes.c_char]) -> int:
        """modes must be 0: the door only reads."""
        assert buffer.raw == bytes(len(buffer))
        ctypes.memmove(ctypes.addressof(buffer) + 40, self._status.to_bytes(4, "little"), 4)
        return self._state


@pytest.mark.parametrize(
    "state, status, held",
    [(0, 0x2001, True), (0, 0x2041, False), (5, 0x0001, False), (5, 0x0041, False), (-1, 0, False)],
)
def test_ntp_holds_the_clock_when_the_kernel_says_so(
    monkeypatch: pytest.MonkeyPatch, state: int, status: int, held: bool
) -> None:
    """STA_UNSYNC is not set, and the answer is neither TIME_ERROR nor a failure."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: _Kernel(state, status))
    assert timesource.synchronised() is held


def test_the_real_kernel_is_asked_without_changing_its_clock() -> None:
    """Whatever it says, it says it twice, and needs no rights."""
    assert timesource.synchronised() is timesource.synchronised()


def test_a_machine_without_adjtimex_is_not_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exception leaves."""

    def none(_name: object) -> object:
        raise OSError("no C library")

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert timesource.synchronised() is False


@pytest.mark.parametrize("text, rtc", [("1\n", True), ("0\n", False), ("", False), (None, False)])
def test_a_clock_chip_counts_when_it_set_the_clock(tmp_path: Path, text: str | None, rtc: bool) -> None:
    """``hctosys`` is 1; a machine without the file has none."""
    path = tmp_path / "hctosys"
    if text is not None:
        path.write_text(text)
    assert timesource.read(path).rtc is rtc


def test_time_is_told_in_whole_milliseconds() -> None:
    """Moments of the monotonic clock, Unix time of the system's."""
    before = time.time()
    told = timesource.read(Path("/nonexistent")).unix_ms
    assert int(before * 1000) <= told <= int(time.time() * 1000) + 1
    assert type(told) is int
    assert type(timesource.moment()) is int
    assert timesource.moment() <= timesource.moment()
