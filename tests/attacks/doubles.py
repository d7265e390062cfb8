"""He types pairs: free, but for the pause after each; the last digit falls when the pause is over."""

from __future__ import annotations

from contract.codes import Kind
from tests.attacks.meter import Meter
from tests.attacks.target import DAY_MS, NUMBERS, Target

STRANGER = "8888"  # on no record: it may be of any kind, so the most pairs open


def in_lockout(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """The server is heard, and so only what is acceptable now is searched."""
    target.drain()
    _pairs(target, STRANGER if kind is Kind.PHONE else NUMBERS[kind][0], days, meter)


def without_server(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """The time comes from NTP: up to a week of steps is searched."""
    target.silence()
    target.ntp()
    target.drain()
    _pairs(target, NUMBERS[kind][0], days, meter)


def without_clock(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """No time at all."""
    target.silence()
    _pairs(target, NUMBERS[kind][0], days, meter)


def at_a_number_that_failed(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """No lockout: a number with a hundred failures in a row is asked for two codes."""
    number = NUMBERS[kind][0]
    target.access.failures[number] = target.rules.failures_in_a_row
    _pairs(target, number, days, meter)


def by_turns(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """Each single guess as it is earned, and pairs all the time in between."""
    target.silence()
    target.ntp()
    _pairs(target, NUMBERS[kind][0], days, meter)


def _pairs(target: Target, number: str, days: float, meter: Meter) -> None:
    end = target.unix_ms + round(days * DAY_MS)
    with meter.counting():
        while target.unix_ms < end:
            target.whole(number)
            if target.server:
                target.hear()
