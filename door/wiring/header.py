"""The 40 pins of a Raspberry Pi's header."""

from __future__ import annotations

from collections.abc import Iterable

NAMES = (
    "3V3 5V GPIO2 5V GPIO3 GND GPIO4 GPIO14 GND GPIO15 GPIO17 GPIO18 GPIO27 GND GPIO22 GPIO23 3V3 GPIO24 "
    "GPIO10 GND GPIO9 GPIO25 GPIO11 GPIO8 GND GPIO7 GPIO0 GPIO1 GPIO5 GND GPIO6 GPIO12 GPIO13 GND GPIO19 "
    "GPIO16 GPIO26 GPIO20 GND GPIO21"
).split()
PINS = dict(enumerate(NAMES, 1))  # as they are counted: odd ones left, even ones right


def pin_of(gpio: int) -> int:
    """The pin of a GPIO number."""
    return NAMES.index(f"GPIO{gpio}") + 1


def nearest(name: str, pins: Iterable[int]) -> int:
    """The pin of that name (``GND``, ``3V3``, ``5V``) that lies next to the middle of ``pins``."""
    there = sorted(pins)
    middle = there[len(there) // 2]
    return min((pin for pin, of in PINS.items() if of == name), key=lambda pin: abs(pin - middle))
