"""The simulated Raspberry Pi: the pins as configured, a clock that may be wrong, cables into the world."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gpiozero import Device

from door.config import Config
from door.effects import Cue
from door.errors import ConfigError
from door.events import SystemTime
from door.fittings import Keypad
from door.indicator import Indicator, Together
from door.machine import Machine
from door.panel.board import Board
from door.voice import clip_of

Say = Callable[[dict[str, object]], None]


def keypad_of(config: Config) -> Keypad:
    """The keypad whose keys the panel presses; ``ConfigError`` when there is none."""
    for keypad in config.keypads:
        if keypad.kind == "matrix":
            return keypad
    raise ConfigError('the panel presses the keys of a matrix keypad; add one: [[keypads]] kind = "matrix"')


@dataclass(frozen=True, slots=True)
class Teller:
    """Shows cues by telling them; what is said with them is the name of a clip."""

    say: Say

    def show(self, cue: Cue, ms: int | None) -> None:
        """Tell it."""
        self.say({"cue": cue.value, "ms": ms, "clip": clip_of(cue, ms)})

    def close(self) -> None:
        """Nothing more."""


class SimulatedMachine(Machine):
    """A machine whose surroundings are told to it; ``say`` tells them what its outputs do.

    ``orders`` are the words of one message: ``facts``, ``clock``, ``key``, ``disk``, and once, before the
    door is made, ``fit``.
    """

    def __init__(self, say: Say, orders: Mapping[str, Any]) -> None:
        self._say = say
        self._board: Board | None = None
        self._contacts: dict[str, tuple[int, bool | None, bool | None]] = {}
        self._outputs: dict[str, float | None] = {}
        self._fit: Mapping[str, Any] = orders["fit"]
        self._facts: Mapping[str, bool] = {}
        self._clock: Mapping[str, Any] = {}
        self.take({key: value for key, value in orders.items() if key != "fit"})

    def fit(self, config: Config) -> Config:
        """Server and broker at the ends of the cables, which the world may pull."""
        server, broker = self._fit["server"], self._fit["broker"]
        if server is not None:
            config = replace(config, server=replace(config.server, url=server))
        if broker is not None:
            config = replace(config, mqtt=replace(config.mqtt, host="127.0.0.1", port=broker))
        return config

    def use_pins(self, config: Config) -> None:
        """All wires in place before the first device: what is so at power-on is found so."""
        uses = config.pins_in_use()
        watch = {key: pin for key, pin in uses.items() if key in OUTPUTS}
        self._board = Board(keypad_of(config), watch, self._output)
        self._contacts = {
            fact: (uses[key], *levels(config)) for fact, (key, levels) in CONTACTS.items() if key in uses
        }
        Device.pin_factory = self._board
        self._put()

    def indicator(self, indicator: Indicator) -> Indicator:
        """The door's own, and the one that tells."""
        return Together(indicator, Teller(self._say))

    def system_time(self) -> SystemTime:
        """The wall clock as the world has set it."""
        unix_ms = time.time_ns() // 1_000_000 + self._clock["skew_ms"]
        return SystemTime(unix_ms, synchronised=self._clock["ntp"], rtc=self._clock["rtc"])

    def take(self, orders: Mapping[str, Any]) -> None:
        """Do what one message says."""
        if "facts" in orders:
            self._facts = orders["facts"]
            self._put()
        if "clock" in orders:
            self._clock = orders["clock"]
        if "key" in orders and self._board is not None:
            self._board.press(orders["key"], down=orders["down"])
        if "disk" in orders:  # the kernel itself refuses: no file may be written to, however small
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard if orders["disk"] else 0, hard))

    def _put(self) -> None:
        if self._board is not None:
            for fact, (pin, quiet, present) in self._contacts.items():
                self._board.wire(pin).put(present if self._facts[fact] else quiet)

    def _output(self, key: str, level: float, hertz: float | None, at: int) -> None:
        shown = None if not level else hertz or level
        if self._outputs.get(key) != shown:
            self._outputs[key] = shown
            self._say({"pin": key, "level": shown, "at": at})


OUTPUTS = frozenset(
    "lock.pin lights.pin bell.chime indicator.red indicator.green indicator.blue indicator.buzzer".split()
)
Levels = Callable[[Config], tuple[bool | None, bool | None]]  # at rest, and when it is so


def _contact(normally_closed: Callable[[Config], bool]) -> Levels:
    return lambda config: (False, None) if normally_closed(config) else (None, False)


CONTACTS: Mapping[str, tuple[str, Levels]] = {
    "open": ("contact.pin", _contact(lambda c: c.contact.normally_closed)),
    "exit": ("exit_button.pin", _contact(lambda _: False)),
    "outer": ("beams.outer", _contact(lambda c: c.beams.closed_when_clear)),
    "inner": ("beams.inner", _contact(lambda c: c.beams.closed_when_clear)),
    "moving": ("motion.pin", lambda c: (False, True) if c.motion.kind == "module" else (False, None)),
    "tampered": ("tamper.pin", _contact(lambda _: True)),
    "burning": ("fire.pin", _contact(lambda c: c.fire.normally_closed)),
    "mains_failed": ("power_fail.pin", _contact(lambda c: c.power_fail.normally_closed)),
}
