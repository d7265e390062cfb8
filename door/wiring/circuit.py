"""The circuit of the lock itself: what is in series with it, and what must not depend on the Pi."""

from __future__ import annotations

from door.config import Config
from door.wiring.drawing import Drawing

STEP, BOX, HEIGHT = 150, 118, 56
STRIKE = ("12 V supply\nwith battery", "fuse 1 A", "relay\nCOM — NO", "strike\nfail-secure")
MAGLOCK = (
    "12 V supply\nwith battery", "fuse 1 A", "relay\nCOM — NC", "exit button\n2nd contact", "break-glass",
    "fire alarm\ncontact", "maglock\nfail-safe",
)  # fmt: skip
WORDS = {
    "strike": (
        "At rest the relay is open and the strike locked; the handle inside opens always.",
        "A flyback diode (1N4007) across the coil, its ring to plus; a mechanical key hangs in the key box.",
    ),
    "maglock": (
        "At rest the magnet holds; relay, button, glass and alarm each interrupt it by themselves.",
        "A flyback diode (1N4007) across the coil, its ring to plus; without current the door is open.",
    ),
}


def circuit(drawing: Drawing, config: Config, top: int) -> int:
    """Draw it from ``top`` on; where it ends."""
    boxes = STRIKE if config.lock.kind == "strike" else MAGLOCK
    left, wire, back = 40, top + 76, top + 150
    drawing.text(left, top + 24, f"The circuit of the {config.lock.kind}, apart from the Pi's", "name")
    last = left + (len(boxes) - 1) * STEP
    drawing.path(f"M{left + BOX / 2} {wire}H{last + BOX / 2}V{back}H{left + BOX / 2}Z", "line")
    drawing.text(left + BOX + 6, wire - 6, "+")
    drawing.text(left + BOX / 2 + 8, back - 6, "−")
    for n, words in enumerate(boxes):
        drawing.box(left + n * STEP, wire - HEIGHT // 2, BOX, HEIGHT)
        lines = words.split("\n")
        for row, line in enumerate(lines):
            y = wire + 5 + (row * 2 - len(lines) + 1) * 9
            drawing.text(left + n * STEP + BOX // 2, y, line, "middle")
    _diode(drawing, last + BOX / 2, wire + HEIGHT // 2, back)
    for row, line in enumerate(WORDS[config.lock.kind]):
        drawing.text(left, back + 28 + row * 20, line, "small")
    return back + 60


def _diode(drawing: Drawing, coil: float, top: int, bottom: int) -> None:
    """Beside the coil, from minus to plus."""
    x, middle = coil + BOX / 2 + 26, (top + bottom) / 2 - 20
    drawing.path(f"M{coil + BOX / 2} {top - HEIGHT // 2}H{x}V{bottom}H{coil}", "line")
    drawing.path(f"M{x - 9} {middle + 9}H{x + 9}L{x} {middle - 9}Z", "solid")
    drawing.path(f"M{x - 9} {middle - 9}H{x + 9}", "line")
