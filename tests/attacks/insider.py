"""A member: he knows his own codes, gets in when he likes, and has near misses given back."""

from __future__ import annotations

from itertools import cycle

from contract.codes import Kind
from tests.attacks.meter import Meter
from tests.attacks.target import DAY_MS, NUMBERS, Target

OWN = "0815"  # a phone of the first generation, as any number on no record
SLIPS = 3


def refunds(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """Slips at his own number, given back when he gets in; then guesses at others until nothing is left."""
    end, numbers = target.unix_ms + round(days * DAY_MS), cycle(NUMBERS[kind])
    while target.unix_ms < end:
        for digit in range(SLIPS):
            target.at_once(_slip(target.code(OWN), digit))
        target.at_once(target.code(OWN))
        while not target.state.budget.lockout:
            target.wait_for(kind, 2)
            with meter.counting():
                target.guess(next(numbers))
        while target.tokens < SLIPS + 1:
            target.sleep(600)


def his_own_clock(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """No server, no NTP: the clock is told by his own double code, and phones open by it in wider windows."""
    target.silence()
    target.double(OWN)
    end, numbers = target.unix_ms + round(days * DAY_MS), cycle(NUMBERS[kind])
    with meter.counting():
        while target.unix_ms < end:
            target.guess(next(numbers))
            target.token()


def _slip(code: str, at: int) -> str:
    digits = list(code)
    digits[-1 - at] = str((int(digits[-1 - at]) + 1) % 10)
    return "".join(digits)
