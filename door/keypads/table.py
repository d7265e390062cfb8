"""The table ``[[keypads]]`` of ``config.toml``: one keypad of any kind, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contract.messages import DOOR_NAME
from contract.settings import Fault, option

FACTORY_KEY = bytes(range(0x30, 0x40))  # SCBK-D of IEC 60839-11-5: every keypad comes with it
SERIAL_PINS = {"transmit": 14, "receive": 15}  # of the Pi's own serial port
OWN_SERIAL = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0")


@dataclass(frozen=True, slots=True)
class Keypad:
    """A keypad; a second one is a second [[keypads]] with another name.

    Each kind reads the keys that name it and passes over the others.
    """

    name: str = option(
        "outside", pattern=DOOR_NAME.pattern, form="1 to 32 of a-z, 0-9 and -", doc="Its name in reports."
    )
    kind: Literal["matrix", "wiegand", "usb", "osdp", "terminal"] = option(
        "matrix",
        doc="matrix: rows and columns on pins. wiegand: two wires. usb: a numeric keypad. "
        "osdp: RS-485, encrypted. terminal: the keys of this terminal.",
    )
    rows: tuple[int, ...] = option(
        (5, 6, 13, 19), least=0, most=27, doc="matrix: pins of the rows, from the top."
    )
    columns: tuple[int, ...] = option(
        (12, 16, 20), least=0, most=27, doc="matrix: pins of the columns, from left."
    )
    layout: tuple[str, ...] = option(
        ("123", "456", "789", "*0#"),
        pattern="[0-9*#A-D]{1,8}",
        form="the keys of a row, of 0-9 * # A-D",
        doc="matrix: what is printed on the keys, row by row; A to D are ignored.",
    )
    stuck_seconds: int = option(
        30, least=5, most=600, doc="matrix, usb: a key down for so long is reported as stuck."
    )
    data: tuple[int, ...] = option(
        (),
        least=0,
        most=27,
        doc="wiegand: pins of D0 (the green wire) and D1 (the white one).",
        example=(5, 6),
    )
    device: str | None = option(
        None,
        pattern=".{1,200}",
        form="a path under /dev, or the name of a USB keypad",
        doc="usb: its path, best one of /dev/input/by-id, or its name. osdp: the serial port.",
        example="/dev/ttyUSB0",
    )
    address: int = option(0, least=0, most=126, doc="osdp: its address on the line.")
    baud: int = option(9600, least=9600, most=230_400, doc="osdp: the speed of the line, 9600 to 230400.")
    secure_key: bytes | None = option(
        None,
        least=16,
        most=16,
        secret=True,
        form="16 bytes, as 32 hex digits",
        doc="osdp: the key of its secure channel (SCBK), as it was set in the keypad.",
        example=FACTORY_KEY.hex(),  # right in form, and refused for a keypad
    )

    def faults(self) -> Iterator[Fault]:
        """What its kind lacks, or cannot be."""
        match self.kind:
            case "matrix":
                yield from self._matrix_faults()
            case "wiegand":
                if len(self.data) != 2:
                    yield Fault("data", "must be two pins for kind wiegand: D0, then D1", also=("kind",))
            case "usb":
                text = "the path of the keypad (ls /dev/input/by-id) or its name (door check lists them)"
                yield from self._lacking("device", text=text)
            case "osdp":
                yield from self._osdp_faults()

    def pins(self) -> dict[str, int]:
        """The GPIO number of each key that uses one."""
        match self.kind:
            case "matrix":
                lines = {"rows": self.rows, "columns": self.columns}
                return {f"{of}[{n}]": pin for of, pins in lines.items() for n, pin in enumerate(pins, 1)}
            case "wiegand":
                return {f"data[{n}]": pin for n, pin in enumerate(self.data, 1)}
            case "osdp" if self.device in OWN_SERIAL:
                return {f"device ({word})": pin for word, pin in SERIAL_PINS.items()}
        return {}

    def _lacking(self, *keys: str, text: str) -> Iterator[Fault]:
        for key in keys:
            if getattr(self, key) is None:
                yield Fault(key, f"is missing: kind {self.kind} needs {text}", also=("kind",))

    def _matrix_faults(self) -> Iterator[Fault]:
        """A layout that does not fit its pins, or lacks a digit or has it twice."""
        if len(self.layout) != len(self.rows) or any(len(row) != len(self.columns) for row in self.layout):
            shape = f"{len(self.rows)} rows of {len(self.columns)} keys"
            yield Fault("layout", f"must have {shape}, one for each pin", also=("rows", "columns"))
            return
        keys = "".join(self.layout)
        wrong = [key for key in "0123456789" if key not in keys]
        wrong += [key for key in sorted(set(keys)) if keys.count(key) > 1]
        if wrong:
            yield Fault("layout", f"must have every digit, and no key twice: look at {' '.join(wrong)}")

    def _osdp_faults(self) -> Iterator[Fault]:
        yield from self._lacking("device", text="its serial port, such as /dev/ttyUSB0 or /dev/serial0")
        yield from self._lacking(
            "secure_key", text="the key of its secure channel: without one, codes pass in the clear"
        )
        if self.device is not None and not self.device.startswith("/dev/"):
            yield Fault("device", "must be a serial port under /dev, such as /dev/ttyUSB0", also=("kind",))
        if self.secure_key == FACTORY_KEY:
            text = "is the key that every keypad comes with: set one of your own, in the keypad and here"
            yield Fault("secure_key", text)
        if self.baud not in (speeds := (9600, 19_200, 38_400, 57_600, 115_200, 230_400)):
            yield Fault("baud", f"must be one of {', '.join(map(str, speeds))}, not {self.baud}")
