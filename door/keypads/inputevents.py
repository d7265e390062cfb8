"""The kernel's input events (``struct input_event``) into keys: which code is which key, and what is a press.

Read with the standard library: all that a door needs of the evdev package is one struct and two ioctls, and
that package is a C extension without a wheel for a Raspberry Pi.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

EVENT = struct.Struct(
    "llHHi"
)  # seconds, microseconds, type, code, value, as this machine's kernel writes them
SYN, KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
UP, DOWN, REPEAT = 0, 1, 2
BOUNCE_US = 25_000  # a contact bounces for 20 ms, and most keypads ask theirs every 8 ms

SHIFTS = frozenset({42, 54})
CODES = {
    **dict(zip((11, *range(2, 11)), "0123456789", strict=True)),  # the digit row
    **dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)),  # the numeric keypad
    **dict(zip(range(0x200, 0x20A), "0123456789", strict=True)),  # a telephone's keys
    0x20A: "*",
    0x20B: "#",
    55: "*",  # the numeric keypad's own
    14: "*",  # Backspace
    111: "*",  # Delete
    1: "*",  # Escape
    28: "#",  # Enter
    96: "#",  # the numeric keypad's own
    43: "#",  # beside Enter on keyboards that are not American
}
SHIFTED = {4: "#", 9: "*"}  # 3 and 8 of the digit row; other signs are no keys
DIGIT_ROW = frozenset(range(2, 12))


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event of the kernel; ``at`` in microseconds of the clock the device was told to use."""

    at: int
    type: int
    code: int
    value: int


def events(data: bytes) -> Iterator[InputEvent]:
    """What was read from the device, which never gives half an event."""
    for seconds, micros, type_, code, value in EVENT.iter_unpack(
        data[: len(data) // EVENT.size * EVENT.size]
    ):
        yield InputEvent(seconds * 1_000_000 + micros, type_, code, value)


class InputKeys:
    """Events into presses: repetition is none, bounce is none; Shift makes ``#`` and ``*`` of two digits."""

    def __init__(self) -> None:
        self._down: dict[int, int] = {}  # each key, and since when
        self._released: dict[int, int] = {}
        self._dropped = False

    @property
    def since(self) -> int | None:
        """Since when the key is down that has been down for longest; None: no key is."""
        return min(self._down.values(), default=None)

    @property
    def down(self) -> set[str]:
        """The keys that are down."""
        return {CODES[code] for code in self._down if code in CODES}

    def feed(self, event: InputEvent) -> str | None:
        """Take one event; the key that is thereby pressed.

        When the kernel had to drop events, digits are missing: then ``*``, for what stands is no code.
        """
        match event.type, event.code:
            case 0, 3:
                self._dropped = True
                self._down.clear()
                return "*"
            case 0, 0:
                self._dropped = False
            case 1, code if not self._dropped:
                return self._key(code, event.value, event.at)
        return None

    def _key(self, code: int, value: int, at: int) -> str | None:
        if value == UP:
            self._down.pop(code, None)
            self._released[code] = at
        if value != DOWN or code in self._down:
            return None
        self._down[code] = at
        if 0 <= at - self._released.get(code, -BOUNCE_US) < BOUNCE_US:
            return None
        if code in DIGIT_ROW and self._down.keys() & SHIFTS:
            return SHIFTED.get(code)
        return CODES.get(code)
