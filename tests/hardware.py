"""Simulated pins for tests: a fresh factory for each test, and the wiring of a matrix keypad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import RLock

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin

from door import pins


@pytest.fixture
def mock_factory() -> Iterator[MockFactory]:
    """The factory of all devices made in this test; the one before it is put back."""
    before = Device.pin_factory
    factory = pins.use("mock")
    assert isinstance(factory, MockFactory)
    yield factory
    factory.reset()
    Device.pin_factory = before


def states(pin: MockPin) -> list[bool]:
    """All levels the pin went through. (gpiozero's ``assert_states`` zips, and passes on missing ones.)"""
    return [bool(state) for _, state in pin.states]


class WirePin(MockPWMPin):
    """A pin that is a conductor among others: what it does is seen by all it is connected to."""

    def __init__(self, factory: MockFactory, info: object, matrix: Matrix) -> None:
        self.matrix = matrix
        super().__init__(factory, info)  # type: ignore[arg-type]

    def _set_function(self, value: str) -> None:
        with self.matrix.lock:
            super()._set_function(value)
            self.matrix.settle()

    def _change_state(self, value: float) -> bool:
        with self.matrix.lock:
            changed = super()._change_state(value)
            if changed and self.function == "output":
                self.matrix.settle()
            return changed

    def _get_state(self) -> bool | float:
        if self.matrix.broken:
            raise OSError("the pins do not answer")
        return super()._get_state()


class Matrix:
    """The wires of a keypad without diodes, and its switches.

    Conductors joined by closed switches are one net. A net that an output drives has its level; one with
    a pull-up and no output is high; one with neither floats. Two outputs of different level on one net
    are a short circuit, and remembered.
    """

    def __init__(self, factory: MockFactory, rows: Sequence[int], columns: Sequence[int]) -> None:
        self.lock = RLock()
        self.broken = False
        self.shorts: list[list[str]] = []
        self._closed: set[tuple[int, int]] = set()
        self.rows: list[MockPin] = []
        self.columns: list[MockPin] = []
        for numbers, wires in ((rows, self.rows), (columns, self.columns)):
            for number in numbers:
                wires.append(factory.pin(number, pin_class=WirePin, matrix=self))

    @property
    def resting(self) -> bool:
        """Whether all rows are driven low together, as an idle keypad does."""
        with self.lock:
            return all(row.function == "output" and not row._state for row in self.rows)

    def press(self, row: int, column: int) -> None:
        """Close a switch."""
        with self.lock:
            self._closed.add((row, column))
            self.settle()

    def release(self, row: int, column: int) -> None:
        """Open a switch."""
        with self.lock:
            self._closed.discard((row, column))
            self.settle()

    def settle(self) -> None:
        """Let each net find its level."""
        for net in self._nets():
            levels = {bool(pin._state) for pin in net if pin.function == "output"}
            if len(levels) > 1:
                self.shorts.append(sorted(pin.info.name for pin in net))
            pulled = any(pin.function == "input" and pin.pull == "up" for pin in net)
            if levels or pulled:
                self._carry(net, False not in levels)

    def _carry(self, net: list[MockPin], level: bool) -> None:
        for pin in net:
            if pin.function == "input":
                (pin.drive_high if level else pin.drive_low)()

    def _nets(self) -> list[list[MockPin]]:
        nets = [[pin] for pin in (*self.rows, *self.columns)]
        for row, column in sorted(self._closed):
            joined = [net for net in nets if self.rows[row] in net or self.columns[column] in net]
            nets = [net for net in nets if net not in joined] + [[pin for net in joined for pin in net]]
        return nets
