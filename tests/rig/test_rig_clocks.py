"""A Pi without a clock chip and without a network wakes at any time, and keeps nobody out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.patience import until
from tests.rig.guest import Guest
from tests.rig.visitor import ALONE, BACK, Visitor

pytestmark = pytest.mark.timeout(1800)
HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
OFF = {
    "3 hours slow": -3 * HOUR,
    "10 days slow": -10 * DAY,
    "9 years slow": -9 * YEAR,
    "3 hours fast": 3 * HOUR,
    "10 days fast": 10 * DAY,
    "9 years fast": 9 * YEAR,
}

# What an NTP client does when the network is back: it sets the time, and says that it holds.
NTP = """python3 - <<'END'
import ctypes, struct, time
time.clock_settime(time.CLOCK_REALTIME, {now})
wanted = bytearray(208)  # struct timex: mode, then status, constant, errors
struct.pack_into("<i", wanted, 0, 0x10 | 0x4 | 0x8)
struct.pack_into("<qq", wanted, 24, 1000, 1000)
struct.pack_into("<i", wanted, 40, 1)
assert ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(bytes(wanted), 208)) == 0
END"""


@pytest.mark.parametrize("off_by", OFF.values(), ids=OFF)
def test_a_wrong_clock_asks_for_two_codes_and_then_for_one(
    off: Guest, visitor_of: Visitor, place: Path, off_by: int
) -> None:
    """A code alone opens nothing; a pair does, and tells the time; then single codes, and the network."""
    power_on = int((place / "door.json").stat().st_mtime) + HOUR
    off.boot(clock=power_on + off_by, more=ALONE)
    off.armed()

    def truth() -> int:
        return power_on + int(off.shell("cut -d. -f1 /proc/uptime"))

    def source() -> object:
        return visitor_of.status()["health"]["clock"]["source"]

    def enters(member: str) -> None:
        visitor_of.until_seen(visitor_of.draws(member, truth()).digits, lambda: off.unlocked)
        until(lambda: not off.unlocked, 60)

    assert source() == "none"
    pair = visitor_of.draws("0427", truth())
    visitor_of.types(pair.digits)
    off.wires(2.0)
    assert off.relay() == [[]]
    visitor_of.until_seen(f"{pair.second}#", lambda: off.unlocked)
    until(lambda: not off.unlocked, 60)
    assert source() == "code"
    enters("0428")
    off.shell(NTP.format(now=truth()))
    until(lambda: source() == "ntp", 240, 3)
    enters("0429")
    off.shell(BACK, 300)
    until(lambda: source() == "server", 240, 3)
    enters("0430")
    visitor_of.until_all_arrived()
