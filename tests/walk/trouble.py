"""The system clock, power, the disc and the loop at their worst; and nothing, for long."""

from __future__ import annotations

from door import events as ev
from walk.doors import HOUR_MS
from walk.keypad import drain
from walk.leaf import opens
from walk.walker import OPEN_AT_MOST_MS, Walker, gesture


@gesture(4)
def system_time(walker: Walker, a: int, b: int) -> None:
    """The system clock: held by NTP, by a battery, by nothing; right, and off by seconds, hours, decades."""
    off = (0, 0, 400, -2000, 29_000, 31_000, -86_400_000, 3_600_000)[b]
    walker.pause()
    unix_ms = {0: 0, 1: 2**60}.get(a, walker.w.unix_ms + off)
    walker.w.post(ev.SystemTime(unix_ms, synchronised=a in (0, 1, 2, 3), rtc=a in (4, 5)))


@gesture(3)
def power_cut(walker: Walker, a: int, b: int) -> None:
    """The power fails and comes back at once or later, with or without a server, the door shut or open."""
    walker.pause()
    walker.w.clock, walker.w.contact_open = b % 3 > 0, a == 1
    walker.w.power_cut((0, 0, 0, 60, 3600, 7200, 30_000, 90_000)[a])


@gesture(2)
def stop(walker: Walker, a: int, b: int) -> None:
    """Stopped in order and started again, perhaps from a damaged store."""
    walker.post(ev.Stopping("asked"))
    walker.w.facts["used_steps_lost"] = b > 5
    walker.w.clock, walker.w.contact_open = b % 2 == 0, False
    walker.w.power_cut(a)


@gesture(3)
def store(walker: Walker, a: int, b: int) -> None:
    """The disc is full, well again, full twice."""
    walker.post(ev.StoreChanged(("full", None, "failed", None)[b % 4]))


@gesture(1)
def other_faults(walker: Walker, a: int, b: int) -> None:
    """A keypad is lost, stuck or well; the supply is weak, or fails; a housing is opened."""
    if b < 4:
        walker.post(ev.KeypadChanged("front", ("lost", "stuck", None, "lost")[b]))
    else:
        walker.post(ev.FaultChanged("undervoltage" if a < 4 else "power-failed", b % 2 == 0))
    if a % 4 == 1:
        walker.post(ev.TamperChanged(b % 2 == 0))


@gesture(2)
def hangs(walker: Walker, a: int, b: int) -> None:
    """The loop is kept from its work for the gap; then something happens.

    It may be that a second code stands typed meanwhile, and the door is pulled before anybody judged it.
    """
    if b > 5:
        drain(walker, a, b)
        code, second = walker.halves(a)
        walker.gap = 2500
        walker.keys(code)
        walker.keys(second)
        walker.late, walker.gap = True, walker.w.rules.second_pause_ms + b % 2
        opens(walker, 0, 5)
    walker.late = True


@gesture(2)
def waits(walker: Walker, a: int, b: int) -> None:
    """Nothing happens, for long."""
    walker.gap += (0, 0, 0, 0, HOUR_MS, HOUR_MS, 3 * HOUR_MS, 24 * HOUR_MS)[b]
    if walker.w.m and walker.w.m.way.open:
        walker.gap = min(walker.gap, OPEN_AT_MOST_MS)
