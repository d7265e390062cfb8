"""What the system says of its clock: the time, whether NTP holds it, whether a battery clock set it."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

from door.events import Moment, SystemTime

STA_UNSYNC = 0x0040  # <sys/timex.h>
TIME_ERROR = 5
RTC = Path("/sys/class/rtc/rtc0/hctosys")
_TIMEX_BYTES = 208  # struct timex of Linux on 64-bit machines
_STATUS_OFFSET = 40


def moment() -> Moment:
    """Whole milliseconds of the monotonic clock."""
    return time.monotonic_ns() // 1_000_000


def system_ms() -> int:
    """Unix milliseconds of the system clock, right or wrong."""
    return time.time_ns() // 1_000_000


def read(rtc: Path = RTC) -> SystemTime:
    """The system clock and what holds it."""
    return SystemTime(system_ms(), synchronised(), _set_by_rtc(rtc))


def synchronised() -> bool:
    """Whether the kernel believes that NTP holds its clock (adjtimex(2))."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: only read
    try:
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (OSError, AttributeError):
        return False
    status = int.from_bytes(buffer.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], "little", signed=True)
    return state not in (-1, TIME_ERROR) and not status & STA_UNSYNC


def _set_by_rtc(rtc: Path) -> bool:
    try:
        return rtc.read_text().strip() == "1"
    except OSError:
        return False
