"""The machine the door runs on: its pins and its clock; ``panel/`` has one that is simulated."""

from __future__ import annotations

from door import pins, timesource
from door.config import Config
from door.events import SystemTime
from door.indicator import Indicator


class Machine:
    """This machine, as it is."""

    def fit(self, config: Config) -> Config:
        """The configuration, as this machine has it."""
        return config

    def use_pins(self, config: Config) -> None:
        """Make its pin library that of all devices made from now on; ``PinError`` when it does not load."""
        pins.use(config.pins.factory, config.door.runtime_dir)

    def indicator(self, indicator: Indicator) -> Indicator:
        """The indicator, and whatever else of the machine shows a cue."""
        return indicator

    def system_time(self) -> SystemTime:
        """The system clock and what holds it."""
        return timesource.read()
