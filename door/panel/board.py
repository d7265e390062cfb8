"""Simulated copper: pins that somebody outside closes to ground, the wires of a keypad, outputs watched.

gpiozero's mock pins do the rest, so the door's devices cannot tell this from a header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock

from gpiozero.pins import PinInfo
from gpiozero.pins.mock import MockFactory, MockPWMPin

from door.fittings import Keypad
from door.timesource import moment

Report = Callable[[str, float, float | None, int], None]  # what, level, Hz, monotonic ms


class Wire(MockPWMPin):
    """A pin on whose wire something outside may put a level; an output tells the board of its changes."""

    factory: Board

    def __init__(self, factory: MockFactory, info: PinInfo) -> None:
        self.outside: bool | None = None  # False: closed to ground; True: at 3.3 V; None: nothing
        super().__init__(factory, info)

    def put(self, level: bool | None) -> None:
        """Put a level on the wire, or (None) take it away."""
        self.outside = level
        if self.function == "input":
            self._settle()

    def _settle(self) -> None:
        if self.outside or (self.outside is None and self.pull == "up"):
            self.drive_high()
        elif self.outside is False or self.pull == "down":
            self.drive_low()

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._settle()

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        self.factory.moved(self)

    def _change_state(self, value: float) -> bool:
        changed = super()._change_state(value)
        if changed and self.function == "output":
            self.factory.moved(self)
        return changed

    def _set_frequency(self, value: float | None) -> None:
        super()._set_frequency(value)
        self.factory.moved(self)


class Board(MockFactory):
    """The header. ``watch`` names the outputs, each change of which is reported; ``keypad`` has the keys."""

    def __init__(self, keypad: Keypad | None, watch: Mapping[str, int], report: Report) -> None:
        self.lock = RLock()
        self._watched: dict[str, str] = {}
        self._rows: list[Wire] = []
        self._row_names: frozenset[str] = frozenset()
        self._columns: list[Wire] = []
        self._cells: dict[str, tuple[int, int]] = {}
        self._closed: set[tuple[int, int]] = set()
        self._report = report
        super().__init__(pin_class=Wire)
        self._watched = {self.wire(number).info.name: what for what, number in watch.items()}
        if keypad is not None:
            self._lay(keypad)

    def wire(self, number: int) -> Wire:
        """The pin of this number."""
        pin = self.pin(number)
        assert isinstance(pin, Wire)
        return pin

    def press(self, key: str, *, down: bool) -> None:
        """Close or open the switch of a key; ``KeyError`` when the keypad has none."""
        cell = self._cells[key]
        with self.lock:
            (self._closed.add if down else self._closed.discard)(cell)
            self._carry()

    def moved(self, pin: Wire) -> None:
        """An output has another level, or what was an output is none now."""
        name = pin.info.name
        if name in self._row_names:
            with self.lock:
                self._carry()
        elif name in self._watched:
            level = float(pin.state) if pin.function == "output" else 0.0
            self._report(self._watched[name], level, pin.frequency, moment())

    def _lay(self, keypad: Keypad) -> None:
        self._columns = [self.wire(number) for number in keypad.columns]
        self._rows = [self.wire(number) for number in keypad.rows]
        self._row_names = frozenset(row.info.name for row in self._rows)
        self._cells = {key: (r, c) for r, line in enumerate(keypad.layout) for c, key in enumerate(line)}

    def _carry(self) -> None:
        """A column is low when a closed switch joins it to a row that is driven low."""
        low = {n for n, row in enumerate(self._rows) if row.function == "output" and not row.state}
        for n, column in enumerate(self._columns):
            joined = self._joined(n) & low
            level = False if joined else None
            if column.outside is not level:
                column.put(level)

    def _joined(self, column: int) -> set[int]:
        return {row for row, at in self._closed if at == column}
