"""The parts of a configured door: what each is called, where its terminals go, what else is to be said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from door.config import Config
from door.fittings import Keypad
from door.wiring.header import nearest, pin_of


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where one wire of a part ends; ``pin`` as counted on the header."""

    label: str
    pin: int


@dataclass(frozen=True, slots=True)
class Part:
    """One thing at the door: its terminals that go to the header, and what is done with the rest of it."""

    title: str
    terminals: tuple[Terminal, ...] = ()
    notes: tuple[str, ...] = ()


SUPPLY = {  # what a part takes from the header beside its signals
    "lock": ("5V", "GND"),
    "lights": ("5V", "GND"),
    "motion": ("5V", "GND"),
    "keypads: matrix": (),
    "keypads: osdp": ("3V3", "GND"),
}
LABELS = {
    "lock.pin": "IN",
    "lights.pin": "IN",
    "device (transmit)": "DI",
    "device (receive)": "RO",
    "data[1]": "D0",
    "data[2]": "D1",
}
TITLES = {
    "bell": "chime",
    "contact": "door contact",
    "fire": "fire alarm",
    "indicator": "lamp",
    "lights": "relay of the lights",
    "motion": "motion sensor",
    "power_fail": "battery supply",
    "tamper": "tamper contact",
}
NOTES = {
    "contact": ("Reed contact in the frame, between both wires.",),
    "exit_button": ("Between both wires.", "On a maglock its second contact is in the lock's circuit."),
    "indicator": (
        "Each LED through 330 Ω; common cathode to GND.",
        "A buzzer above 15 mA through a transistor.",
    ),
    "keypads: matrix": ("No diodes, no resistors; keys from the top, from the left.",),
    "keypads: wiegand": (
        "Through a level shifter: the keypad pulls up to 5 V.",
        "Its 12 V from the lock's supply, grounds joined.",
    ),
    "keypads: osdp": (
        "RS-485 transceiver of 3.3 V that switches its direction by itself.",
        "A and B twisted, 120 Ω at both ends, ground joined.",
    ),
    "beams": ("Receivers' contacts, open collector or relay.",),
    "tamper": ("Switch in the lid of the box.",),
    "fire": ("A contact of the alarm without voltage of its own.",),
    "lights": ("Mains: by an electrician, in a box of its own.",),
}


def parts(config: Config) -> list[Part]:
    """All parts, those on pins in the order of the configuration; none of its pins is left out."""
    groups: dict[str, dict[str, int]] = {}
    for key, gpio in config.pins_in_use().items():
        table, _, name = key.partition(".")
        groups.setdefault(table, {})[name] = pin_of(gpio)
    on_pins = [_part(config, table, pins) for table, pins in groups.items()]
    return [*on_pins, *_display(config), *_plugged(config)]


def _part(config: Config, table: str, pins: dict[str, int]) -> Part:
    keypad = _keypad(config, table)
    sort = table if keypad is None else f"keypads: {keypad.kind}"
    signals = [Terminal(_label(table, name), pin) for name, pin in pins.items()]
    supply = [Terminal(name, nearest(name, pins.values())) for name in SUPPLY.get(sort, ("GND",))]
    return Part(_title(config, table), (*signals, *supply), _notes(config, table, sort))


def _keypad(config: Config, table: str) -> Keypad | None:
    found = re.fullmatch(r"keypads\[(\d+)\]", table)
    return config.keypads[int(found[1]) - 1] if found else None


def _title(config: Config, table: str) -> str:
    if (keypad := _keypad(config, table)) is not None:
        return f'keypad "{keypad.name}" ({keypad.kind})'
    if table == "lock":
        return f"relay of the {config.lock.kind}"
    return TITLES.get(table, table.replace("_", " "))


def _label(table: str, name: str) -> str:
    known = LABELS.get(f"{table}.{name}", LABELS.get(name))
    if known is not None:
        return known
    if name == "pin":
        return "wire"
    return re.sub(r"s?\[(\d+)\]", r" \1", name).replace("_", " ")


def _notes(config: Config, table: str, sort: str) -> tuple[str, ...]:
    if table == "lock":
        level = "high" if config.lock.active_high else "low; the board needs a pull-up of its own"
        return (f"Switches on {level}.", "The lock's own circuit is drawn below.")
    return NOTES.get(sort, ())


def _display(config: Config) -> Iterator[Part]:
    """On the header's I²C bus, whose pins do nothing else here."""
    if not (table := config.display).fitted:
        return
    title, note = f"display ({table.kind})", f"Its address: 0x{table.address:02x}."
    if table.port != 1:
        yield Part(title, (), (f"On I²C bus {table.port}.", note))
        return
    data, clock = pin_of(2), pin_of(3)
    supply = [Terminal(name, nearest(name, (data, clock))) for name in ("3V3", "GND")]
    yield Part(
        title, (Terminal("SDA", data), Terminal("SCL", clock), *supply), (note, "Supply 3.3 V, not 5 V.")
    )


def _plugged(config: Config) -> Iterator[Part]:
    """Keypads that have no wire to the header."""
    for keypad in config.keypads:
        title = f'keypad "{keypad.name}" ({keypad.kind})'
        if keypad.kind == "usb":
            yield Part(title, (), ("In any USB port of the Pi; the plug on the inside.",))
        elif keypad.kind == "osdp" and not keypad.pins():
            yield Part(
                title,
                (),
                (
                    f"RS-485 adapter in a USB port: {keypad.device}.",
                    "A and B twisted, 120 Ω at both ends, ground joined.",
                    "Its 12 V from the lock's supply.",
                ),
            )
