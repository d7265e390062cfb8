"""What works around a virtual door, and how wrong which clock is."""

from __future__ import annotations

from dataclasses import dataclass

from door.events import SystemTime

NTP_HOLDS_MS = 9 * 3_600_000  # the kernel's error bound passes 16 s so long after the last answer


@dataclass(slots=True)
class Surroundings:
    """What works, and how wrong which clock is (ms ahead of the real time)."""

    power: bool = True
    network: bool = True
    broker: bool = True
    server: bool = True
    certificate: bool = True
    server_ahead: int = 0
    ntp: bool = True
    ntp_ahead: int = 0
    battery: bool = False  # a clock that goes on without power
    system_ahead: int = 0
    ntp_held_at: int | None = None  # real ms of the last answer of NTP; None: not since power came
    dark_since: int | None = None  # real ms

    def power_off(self, now: int) -> None:
        """NTP holds nothing any more, and the system clock stands still."""
        self.power, self.ntp_held_at, self.dark_since = False, None, now

    def power_on(self, now: int) -> None:
        """The system clock goes on from where it stopped, unless a battery kept it."""
        if self.dark_since is not None and not self.battery:
            self.system_ahead -= now - self.dark_since
        self.power, self.dark_since = True, None

    def system_time(self, now: int) -> SystemTime:
        """What the system says of its clock at real ``now``; NTP sets it while it is there."""
        if self.network and self.ntp:
            self.ntp_held_at, self.system_ahead = now, self.ntp_ahead
        held = self.ntp_held_at is not None and now - self.ntp_held_at < NTP_HOLDS_MS
        return SystemTime(now + self.system_ahead, synchronised=held, rtc=self.battery)
