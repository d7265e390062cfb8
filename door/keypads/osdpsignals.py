"""Cues as OSDP tells them: commands for the lamp and the buzzer of a reader, in tenths of a second."""

from __future__ import annotations

from typing import TypeVar

from door.cues import SIGNALS, Pattern
from door.effects import Cue

LED, BUZZER = "led", "buzzer"
COLOURS = {None: 0, "red": 1, "green": 2, "amber": 3, "blue": 4, "white": 7}
NO_BUZZER, BUZZER_ON = 1, 2  # tone codes of IEC 60839-11-5: off, and the reader's own tone
MOST = 255  # a byte
SILENT_KEYS = frozenset({Cue.KEY})  # an OSDP keypad clicks by itself, and sooner than we could tell it to

Shade = TypeVar("Shade")
Command = dict[str, int | str]


def commands(cue: Cue, ms: int | None, *, quiet: bool) -> list[Command]:
    """What shows ``cue``; ``ms`` bounds one that lasts, ``quiet`` is whether the neighbours sleep."""
    if cue in SILENT_KEYS:
        return []
    signal = SIGNALS[cue]
    bound = signal.most_ms if ms is None else ms
    return [_lamp(signal.light, bound), _buzzer(signal.sound, silent=signal.hushed and quiet)]


def _lamp(light: Pattern[str], bound: int | None) -> Command:
    """One colour, on and off, for the time the cue lasts; then the reader shows what it showed before."""
    (colour, on_ms), (_, off_ms) = _first_two(light)
    lasts = bound if light.again and bound is not None else sum(ms for _, ms in light.steps)
    return {
        "command": LED,
        "on_color": COLOURS[colour],
        "on_count": tenths(on_ms),
        "off_count": tenths(off_ms) if off_ms else 0,
        "timer_count": tenths(lasts, most=65_535),
    }


def _buzzer(sound: Pattern[int], *, silent: bool) -> Command:
    """As many beeps as the sound has; one that goes on beeps once round, and the lamp goes on."""
    if silent or not sound.steps:
        return {"command": BUZZER, "control_code": NO_BUZZER, "on_count": 0, "off_count": 0, "rep_count": 1}
    (_, on_ms), (_, off_ms) = _first_two(sound)
    beeps = sum(
        tone is not None and (n == 0 or sound.steps[n - 1][0] is None)
        for n, (tone, _) in enumerate(sound.steps)
    )
    return {
        "command": BUZZER,
        "control_code": BUZZER_ON,
        "on_count": tenths(on_ms),
        "off_count": tenths(off_ms) if off_ms else 1,
        "rep_count": beeps,
    }


def _first_two(pattern: Pattern[Shade]) -> tuple[tuple[Shade | None, int], tuple[Shade | None, int]]:
    """The first thing shown, and the dark or silence after it."""
    shown = next(step for step in pattern.steps if step[0] is not None)
    return shown, next((step for step in pattern.steps if step[0] is None), (None, 0))


def tenths(ms: int, *, most: int = MOST) -> int:
    """Tenths of a second: at least one, or it would not be seen."""
    return max(1, min(most, round(ms / 100)))
