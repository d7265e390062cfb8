"""He answers for NTP and keeps the server away, so the door's clock is his, from the known past on."""

from __future__ import annotations

import copy
from itertools import cycle

from contract.codes import Kind
from door.effects import Cue
from tests.attacks.meter import Meter
from tests.attacks.target import DAY_MS, NUMBERS, Target
from tests.house import cues, granted

AHEAD_S = 3600
LOOKED_AT = 200  # of so many guesses one is looked at for codes to come back to


def single_codes(target: Target, kind: Kind, days: float, meter: Meter) -> None:
    """An hour ahead; what he is then told to be late he comes back to, the clock set to it."""
    target.silence()
    end, numbers, guesses = target.unix_ms + round(days * DAY_MS), cycle(NUMBERS[kind]), 0
    while target.unix_ms < end:
        target.ntp(AHEAD_S)
        if guesses % LOOKED_AT == 0:
            meter.later = max(meter.later, told_and_opened(target, kind, NUMBERS[kind][0]))
        guesses += 1
        with meter.counting():
            target.guess(next(numbers))
        target.token()


def told_and_opened(target: Target, kind: Kind, number: str) -> int:
    """How many codes of the last half hour the door tells him of, and then opens to, the clock set back."""
    codes, step_now = target.rules.codes, target.rules.codes.step(kind, target.unix_ms // 1000 + AHEAD_S)
    back = 2 if kind is Kind.PAPER else 1800 // codes.windows[kind].step
    return sum(_opens_later(target, kind, number, step) for step in range(step_now - back, step_now))


def _opens_later(target: Target, kind: Kind, number: str, step: int) -> bool:
    door = copy.deepcopy(target)
    if door.state.budget.lockout:
        return False
    later = step - door.rules.codes.step(kind, door.unix_ms // 1000)
    code = door.code(number, kind, later=later)
    if Cue.NOT_NOW not in cues(door.at_once(code)):
        return False
    door.power_cut()
    door.ntp(door.rules.codes.begin(kind, step) + 1 - door.unix_ms / 1000)
    return granted(door.at_once(code))
