"""What each cue looks, sounds and reads like: data, told apart by rhythm alone; colour and pitch repeat it.

``SIGNALS`` is the grammar; lamp, buzzer, terminal, documents and voice are made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, TypeVar

from door.effects import Cue

Shade = TypeVar("Shade")

COLOURS = {  # red, green, blue
    "white": (True, True, True),
    "green": (False, True, False),
    "red": (True, False, False),
    "blue": (False, False, True),
    "amber": (True, True, False),
}


@dataclass(frozen=True, slots=True)
class Pattern(Generic[Shade]):
    """Steps of (what, ms), played once or ``again`` and again; what is None for dark, or silence."""

    steps: tuple[tuple[Shade | None, int], ...] = ()
    again: bool = False

    def at(self, ms: int) -> tuple[Shade | None, int | None]:
        """What is shown ``ms`` after the beginning, and when that ends (None: never changes again)."""
        length = sum(span for _, span in self.steps)
        if len(self.steps) == 1 and self.again:
            return self.steps[0][0], None
        if not length or (ms >= length and not self.again):
            return None, None
        ends = accumulate((span for _, span in self.steps), initial=ms - ms % length)
        next(ends)
        return next((shade, end) for (shade, _), end in zip(self.steps, ends, strict=True) if ms < end)


@dataclass(frozen=True, slots=True)
class Signal:
    """One cue: its light, its sound (Hz), its sentence, and how long it lasts when nobody says."""

    light: Pattern[str]
    sound: Pattern[int]
    zh: str | None = None
    en: str | None = None
    most_ms: int | None = None
    hushed: bool = False  # silent in the quiet hours
    until_typed: bool = False  # ended by the next key; other cues show on after its click


def _flashes(colour: str, *spans: int, again: bool = False) -> Pattern[str]:
    """A light that is on, off, on … for ``spans`` ms."""
    return Pattern(tuple((colour if i % 2 == 0 else None, ms) for i, ms in enumerate(spans)), again)


def _tones(*tones: int | tuple[int, int], again: bool = False) -> Pattern[int]:
    """Tones as (Hz, ms), rests as ms."""
    return Pattern(tuple((None, tone) if isinstance(tone, int) else tone for tone in tones), again)


SIGNALS = {
    Cue.KEY: Signal(_flashes("white", 30), _tones((880, 20))),
    Cue.ACCEPTED: Signal(
        _flashes("green", 1000, again=True),  # steady
        _tones((523, 120), (784, 180)),
        "请进",
        "Please come in",
    ),
    Cue.WRONG: Signal(
        _flashes("red", 150, 150, 150),
        _tones((262, 100), 80, (262, 100)),
        "号码不对,请再输一次",
        "Not right, please try again",
    ),
    Cue.SECOND_CODE: Signal(
        _flashes("blue", 120, 120, 480, 680, again=True),
        _tones((587, 120), 360, (587, 120), 100, (587, 120)),
        "请再输入下一个号码",
        "Now the next code, please",
        most_ms=60_000,
        until_typed=True,
    ),
    Cue.NOT_NOW: Signal(
        _flashes("amber", 500, 300, 500, 300, 500),
        _tones((440, 300), 150, (370, 300), 150, (311, 300)),
        "现在不能进入,请看手机",
        "Not now, see your phone",
    ),
    Cue.WAIT: Signal(
        _flashes("red", 1000, 1000, again=True),
        _tones((147, 600)),
        "请稍等",
        "One moment",
    ),
    Cue.CLEARED: Signal(_flashes("white", 400), _tones((523, 60))),
    Cue.HELD: Signal(
        _flashes("amber", 200, 800, again=True),
        _tones((440, 500), 100, (440, 120), 9280, again=True),
        "请关门",
        "Please close the door",
        hushed=True,
    ),
    Cue.IDENTIFY: Signal(
        _flashes("white", 80, 80, 80, 80, 80, 80, 80, 80, 80, 600, again=True),
        _tones((1047, 60), 60, (1047, 60), 60, (1047, 60), 60, (1047, 60), 60, (1047, 60), 900, again=True),
        "我在这里",
        "Here I am",
        most_ms=10_000,
    ),
    Cue.BELL: Signal(
        _flashes("white", 600, 200, 600),
        _tones((659, 450), (523, 650)),
        "铃已响,请稍候",
        "The bell has rung inside",
    ),
    Cue.FIRE: Signal(  # the rhythm of ISO 8201, which means: leave
        _flashes("red", 500, 500, 500, 500, 500, 1500, again=True),
        _tones((988, 500), 500, (988, 500), 500, (988, 500), 1500, again=True),
        "火警,门已打开,请离开",
        "Fire alarm, the door is open, please leave",
    ),
}


@dataclass(frozen=True, slots=True)
class Playing:
    """A cue being shown since a moment (ms of any clock)."""

    cue: Cue
    since: int
    ms: int | None = None

    def at(self, now: int) -> tuple[str | None, int | None, int | None]:
        """Colour, tone (Hz), and when to look again (None: it is over, or will not change)."""
        signal, gone = SIGNALS[self.cue], now - self.since
        bound = signal.most_ms if self.ms is None else self.ms
        if bound is not None and gone >= bound:
            return None, None, None
        colour, light_ends = signal.light.at(gone)
        tone, sound_ends = signal.sound.at(gone)
        ends = [end for end in (light_ends, sound_ends) if end is not None]
        if bound is not None and (ends or colour):
            ends.append(bound)
        return colour, tone, self.since + min(ends) if ends else None


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown: a cue, and for a moment the click of a key over it."""

    cue: Playing | None = None
    key: Playing | None = None

    def then(self, playing: Playing) -> Scene:
        """The scene once ``playing`` is to be shown."""
        if playing.cue is not Cue.KEY:
            return Scene(playing)
        stays = self.cue is not None and not SIGNALS[self.cue.cue].until_typed
        return Scene(self.cue if stays else None, playing)

    def at(self, now: int) -> tuple[str | None, int | None, int | None]:
        """As ``Playing.at``; while the key's click lasts it alone is seen and heard."""
        if self.key is not None:
            colour, tone, ends = self.key.at(now)
            if ends is not None:
                return colour, tone, ends
        return self.cue.at(now) if self.cue is not None else (None, None, None)

    def hushed(self, now: int, quiet: Callable[[], bool]) -> bool:
        """Whether the tone that sounds now is one for which it is too late in the evening."""
        clicking = self.key is not None and self.key.at(now)[2] is not None
        return self.cue is not None and SIGNALS[self.cue.cue].hushed and not clicking and quiet()
