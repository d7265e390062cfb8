"""He pulls the plug whenever he likes: before a digit, in the moment of the answer, in every pause."""

from __future__ import annotations

from itertools import cycle

from contract.codes import Kind
from tests.attacks.meter import Meter
from tests.attacks.target import DAY_MS, NUMBERS, Target

BOOT_S = 5  # to a door that answers; a Pi takes several times that


def single_codes(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """The plug after every guess, and whenever the refilled budget has just been kept."""
    end, numbers = target.unix_ms + round(days * DAY_MS), cycle(NUMBERS[kind])
    with meter.counting():
        while target.unix_ms < end:
            target.wait_for(kind, 2)
            if not target.state.budget.lockout:
                target.guess(next(numbers))
                target.power_cut(BOOT_S)
            else:
                target.sleep(600)
                target.power_cut(BOOT_S)


def pairs(target: Target, kind: Kind, days: float, meter: Meter, *, a_life: int = 2) -> None:
    """Without server or time: a few pairs while the pauses are short, and then the plug."""
    target.silence()
    end, number = target.unix_ms + round(days * DAY_MS), NUMBERS[kind][0]
    with meter.counting():
        while target.unix_ms < end:
            target.whole(number)
            for _ in range(a_life):
                target.whole(number)
            target.power_cut(BOOT_S)
