"""He never sleeps, and makes each single guess when two codes are live."""

from __future__ import annotations

from itertools import cycle

from contract.codes import Kind
from tests.attacks.meter import Meter
from tests.attacks.target import DAY_MS, NUMBERS, Target


def spread(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """Over all numbers, so that none has a hundred failures in a row."""
    end, numbers = target.unix_ms + round(days * DAY_MS), cycle(NUMBERS[kind])
    with meter.counting():
        while target.unix_ms < end:
            target.wait_for(kind, 2)
            target.guess(next(numbers))
            target.token()


def one_number(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """All at one number; its member gets in every day, and so the failures in a row begin anew."""
    end, number, entered = target.unix_ms + round(days * DAY_MS), NUMBERS[kind][0], target.unix_ms
    while target.unix_ms < end:
        target.wait_for(kind, 2)
        with meter.counting():
            target.guess(number)
        if target.unix_ms - entered > DAY_MS:
            entered = target.unix_ms
            target.double(number, kind)
        target.token()
