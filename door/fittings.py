"""The tables of ``config.toml`` about what is fitted at the door, and on which pins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from contract.settings import Fault, option
from door.keypads.table import Keypad

__all__ = ["Contact", "ExitButton", "Indicator", "Keypad", "Lock", "Pins"]

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
HOURS, HOURS_FORM = f"|{_CLOCK}-{_CLOCK}", 'hours such as "22:00-07:00", or "" for never'


def _pin(default: int | None, doc: str, example: int | None = None) -> Any:
    return option(default, least=0, most=27, doc=doc, example=example)


@dataclass(frozen=True, slots=True)
class Pins:
    """How pins are reached. All pin numbers below are GPIO numbers (GPIO17 is pin 11 of the header).

    Not to be used: 0 and 1 (identification of HATs), 2 and 3 (fixed pull-ups: a relay would be held on,
    a keypad misread). Better left free: 14 and 15 (serial console), 2 and 3 also for a clock chip.
    """

    factory: Literal["lgpio", "mock"] = option("lgpio", doc="lgpio on a Raspberry Pi; mock: simulated pins.")


@dataclass(frozen=True, slots=True)
class Lock:
    """The relay of the lock, energised only to unlock. GPIO 9 to 27 are pulled down while a Pi boots."""

    kind: Literal["strike", "maglock"] = option(
        "strike", doc="strike: wire COM and NO. maglock: wire COM and NC, and a break-glass in series."
    )
    pin: int = _pin(17, "Input of the relay board.")
    active_high: bool = option(
        default=True, doc="false for a board that switches on a low input; it needs a pull-up of its own."
    )
    unlock_seconds: int = option(5, least=1, most=60, doc="How long a grant unlocks; opening ends it.")

    def faults(self) -> Iterator[Fault]:
        """A pin that would unlock the door at each boot."""
        if self.active_high and 4 <= self.pin <= 8:
            text = f"GPIO{self.pin} is pulled up while a Pi boots and would unlock; take one of 9 to 27"
            yield Fault("pin", text, also=("active_high",))


@dataclass(frozen=True, slots=True)
class Contact:
    """The door contact: a reed contact between its pin and ground."""

    fitted: bool = option(default=True, doc="false: no contact; held and forced doors then go unnoticed.")
    pin: int = _pin(27, "Its pin; the pull-up is the Pi's own.")
    normally_closed: bool = option(
        default=True,
        doc="true: closed while the door is closed (better: a cut wire reads as an open door).",
    )
    held_seconds: int = option(30, least=5, most=3600, doc="Open for so long: the door asks to be closed.")
    held_alarm_seconds: int = option(120, least=5, most=86_400, doc="Open for so long: the server is told.")
    forced_grace_ms: int = option(
        1500, least=0, most=10_000, doc="Opening so soon after the lock has locked again was not forced."
    )

    def faults(self) -> Iterator[Fault]:
        """An alarm before its warning."""
        if self.held_alarm_seconds < self.held_seconds:
            text = f"must be at least held_seconds ({self.held_seconds}): the warning comes first"
            yield Fault("held_alarm_seconds", text, also=("held_seconds",))


@dataclass(frozen=True, slots=True)
class ExitButton:
    """The exit button, or the contact of a handle that always opens: between its pin and ground."""

    fitted: bool = option(default=True, doc="false: none; every leaving then looks forced.")
    pin: int = _pin(22, "Its pin; the pull-up is the Pi's own.")
    shunt_seconds: int = option(10, least=1, most=120, doc="Opening so soon after a press is not forced.")
    unlocks: bool = option(
        default=True, doc="Whether a press unlocks as well; a lock that opens by its handle does not need it."
    )


@dataclass(frozen=True, slots=True)
class Indicator:
    """Light and sound at the door."""

    kind: Literal["pins", "terminal", "none"] = option(
        "pins", doc="pins: LED and buzzer. terminal: words on this terminal. none: nothing."
    )
    red: int = _pin(23, "Red of the LED.")
    green: int = _pin(24, "Green of the LED.")
    blue: int | None = _pin(None, "Blue of the LED; left out: a LED of two colours.", 25)
    buzzer: int | None = _pin(None, "The buzzer; left out: none.", 18)
    tonal: bool = option(default=False, doc="true: a passive buzzer, played notes. false: an active one.")
    quiet: str = option(
        "22:00-07:00",
        pattern=HOURS,
        form=HOURS_FORM,
        doc='When the door is quiet (local time), or "" for never.',
    )
