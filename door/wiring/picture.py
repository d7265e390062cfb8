"""The picture: the header on the left, the parts on the right, a wire from each terminal to its pin."""

from __future__ import annotations

from dataclasses import dataclass

from door.config import Config
from door.wiring.circuit import circuit
from door.wiring.drawing import Drawing
from door.wiring.header import PINS
from door.wiring.parts import Part, parts

TOP, PITCH = 120, 26
LEFT, RIGHT = 150, 186  # the two columns of pins
LANES, LANE = 300, 9  # where wires turn; how far apart
CARD, ROW, NOTE = 410, 22, 18
COLOURS = ("#1F6F54", "#2F5D9B", "#9A5B00", "#7A3E9D", "#A3281E", "#2E7F8F", "#6B6B00", "#8C4A5E")
SAID = "Pull the Pi's plug first. Wires may share a GND. All but keypad, lamp, buzzer, beams stays inside."
SUPPLY = {"GND": "#1F2328", "5V": "#C4382C", "3V3": "#D08A1D"}


@dataclass(frozen=True, slots=True)
class Wire:
    """From a pin to the terminal at height ``y``."""

    pin: int
    y: float
    colour: str


def picture(config: Config) -> str:
    """The SVG of a configuration."""
    wanted = parts(config)
    said = "; ".join(f"{part.title}: {_words(part)}" for part in wanted)
    drawing = Drawing(f"The wiring of {config.door.name}", said)
    drawing.text(40, 44, f"The wiring of {config.door.name}", "title")
    drawing.text(40, 66, "As configured, seen from above; pin 1 is the one with the square pad.", "small")
    drawing.text(40, 84, SAID, "small")
    count = sum(len(part.terminals) for part in wanted)
    cards = LANES + count * LANE + 30
    wires, end = _cards(drawing, wanted, cards)
    _wires(drawing, wires, cards)
    _header(drawing, {wire.pin: wire.colour for wire in wires})
    bottom = circuit(drawing, config, max(end, TOP + 20 * PITCH) + 24)
    return drawing.svg(max(cards + CARD + 40, 1130), bottom)


def _words(part: Part) -> str:
    return ", ".join(f"{one.label} to pin {one.pin} ({PINS[one.pin]})" for one in part.terminals) or "no pin"


def _cards(drawing: Drawing, wanted: list[Part], x: int) -> tuple[list[Wire], int]:
    """The parts, one below the other; their wires, and where they end."""
    wires, y = [], TOP - 12
    for n, part in enumerate(wanted):
        height = 34 + len(part.terminals) * ROW + len(part.notes) * NOTE + 6
        drawing.box(x, y, CARD, height)
        drawing.text(x + 16, y + 24, part.title, "name")
        for row, one in enumerate(part.terminals):
            at = y + 34 + row * ROW + 10
            colour = SUPPLY.get(PINS[one.pin], COLOURS[n % len(COLOURS)])
            drawing.text(x + 16, at + 4, one.label)
            drawing.text(x + CARD - 16, at + 4, _where(one.pin), "end")
            wires.append(Wire(one.pin, at, colour))
        for row, note in enumerate(part.notes):
            drawing.text(x + 16, y + 34 + len(part.terminals) * ROW + row * NOTE + 14, note, "small")
        y += height + 12
    return wires, y


def _where(pin: int) -> str:
    return f"{PINS[pin]} · pin {pin}"


def _wires(drawing: Drawing, wires: list[Wire], end: int) -> None:
    """Each in a lane of its own, in an order in which few of them cross."""
    ordered = sorted(
        wires, key=lambda wire: -_pin_y(wire.pin) if wire.y > _pin_y(wire.pin) else _pin_y(wire.pin)
    )
    for n, wire in enumerate(ordered):
        # A wire of the left column passes between two pins of the right one.
        x, y = (LEFT, _pin_y(wire.pin)) if wire.pin % 2 else (RIGHT, _pin_y(wire.pin))
        begin = f"M{x} {y}" + (f"l8 {PITCH / 2:g}" if wire.pin % 2 else "")
        lane = LANES + n * LANE
        for style, colour in (("gap", None), ("wire", wire.colour)):
            drawing.path(f"{begin}H{lane}V{wire.y:g}H{end}", style, colour)
        drawing.dot(end, wire.y, wire.colour)


def _pin_y(pin: int) -> int:
    return TOP + (pin - 1) // 2 * PITCH


def _header(drawing: Drawing, used: dict[int, str]) -> None:
    drawing.path(
        f"M{LEFT - 18} {TOP - 16}H{RIGHT + 18}V{TOP + 19 * PITCH + 20}H{LEFT - 18}Z", "line", "#1F6F54"
    )
    for pin, name in PINS.items():
        left = bool(pin % 2)
        x, y = (LEFT if left else RIGHT), _pin_y(pin)
        drawing.dot(x, y, used.get(pin, "#FFFFFF"))
        style = "label" if pin in used else "label off"
        if left:
            drawing.text(x - 28, y + 4, f"{name}  {pin}", f"end {style}")
        else:
            drawing.text(x + 28, y - 3, f"{pin}  {name}", style)
