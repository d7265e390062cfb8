"""The keypad port, what all keypads report, the debounce, and the matrix keypad; the others: ``keypads/``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from threading import Event as Flag
from threading import Thread
from typing import Protocol

from door.events import Event, KeyHeld, KeypadChanged, KeyPressed, Moment
from door.keypads.chatter import Chatter

KEYS = frozenset("0123456789*#")
LAYOUT_4X3 = "123/456/789/*0#"
LAYOUT_4X4 = "123A/456B/789C/*0#D"  # A to D are there, and nobody is told

SCAN_MS = 5
STUCK_SCAN_MS = 10  # while a key hangs, perhaps for days; a tap still spans three scans
PRESS_MS = 4  # seen down in two scans running: a spike is no press
RELEASE_MS = 25  # longer than a key bounces (20 ms) and one scan
STUCK_MS = 30_000
HELD_MS = 3_000  # not by accident; told once
LINE_SECONDS = 0.0001  # until a column has risen through its pull-up: 50 kΩ and a few metres of cable
RETRY_SECONDS = 1.0

Cell = tuple[int, int]  # row, column
Post = Callable[[Event], None]


class Keypad(Protocol):
    """Something with keys; posts ``KeyPressed`` and ``KeypadChanged`` from a thread of its own."""

    @property
    def name(self) -> str:
        """What it is called in events and in ``health``."""
        ...

    def start(self) -> None:
        """Begin to post."""
        ...

    def stop(self) -> None:
        """Post nothing more, give back what was taken; may be called twice."""
        ...


class Reports:
    """What a keypad reports: each press but those of a key that chatters, what is held, its faults."""

    def __init__(self, name: str, post: Post) -> None:
        self._name, self._post = name, post
        self._chatter = Chatter()
        self._fault: str | None = None
        self._down: dict[str, Moment] = {}  # since when
        self._held: set[str] = set()

    def press(self, key: str) -> None:
        """A key went down; what is no key of the door is passed over."""
        if key in KEYS and not self._chatter.mutes(key, now_ms()):
            self._post(KeyPressed(self._name, key))

    def tell(self, fault: str | None) -> None:
        """The keypad is ``lost`` or ``stuck``, or (None) well: then a key that chatters counts as stuck."""
        if fault is None and self._chatter.rest_ms(now_ms()) is not None:
            fault = "stuck"
        if fault != self._fault:
            self._fault = fault
            self._post(KeypadChanged(self._name, fault))

    def hold(self, down: Iterable[str]) -> None:
        """These keys are down now, if the keypad knows; one down for ``HELD_MS`` is told, once."""
        now = now_ms()
        self._down = {key: self._down.get(key, now) for key in down if key in KEYS}
        self._held &= self._down.keys()
        for key, since in self._down.items():
            if now - since >= HELD_MS and key not in self._held:
                self._held.add(key)
                self._post(KeyHeld(self._name, key))

    def wait_seconds(self) -> float | None:
        """When to ``tell`` and ``hold`` again though nothing happens; None: never."""
        now = now_ms()
        waits = [since + HELD_MS - now for key, since in self._down.items() if key not in self._held]
        rest_ms = self._chatter.rest_ms(now)
        return min((max(0, ms) / 1000 for ms in (*waits, rest_ms) if ms is not None), default=None)


def now_ms() -> Moment:
    """The monotonic clock."""
    return time.monotonic_ns() // 1_000_000


def doubtful(down: frozenset[Cell]) -> frozenset[Cell]:
    """The cells that may be ghosts: three corners of a rectangle held make the fourth look held.

    Three corners without the fourth are what a scan sees while a key moves; they are doubtful as well.
    """
    found: set[Cell] = set()
    rows = sorted({row for row, _ in down})
    columns = sorted({column for _, column in down})
    for top, bottom in combinations(rows, 2):
        for left, right in combinations(columns, 2):
            corners = down & {(top, left), (top, right), (bottom, left), (bottom, right)}
            if len(corners) >= 3:
                found |= corners
    return frozenset(found)


class Debounce:
    """Scans into presses; pure, its time is what it is told.

    A press is a cell seen down and beyond doubt in scans that span ``PRESS_MS``, once; it counts again
    after the cell was up for ``RELEASE_MS``. Bounce of up to 20 ms, at either end, loses and doubles nothing.
    """

    def __init__(self, stuck_ms: int = STUCK_MS) -> None:
        self._stuck_ms = stuck_ms
        self._touched: dict[Cell, Moment] = {}  # since when, bounces included
        self._seen: dict[Cell, Moment] = {}  # when last
        self._sure: dict[Cell, Moment] = {}  # since when without a break or a doubt
        self._pressed: set[Cell] = set()
        self._now: Moment = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is down and nothing bounces."""
        return not self._touched

    @property
    def stuck(self) -> bool:
        """Whether some key has been down for too long."""
        return any(self._now - since >= self._stuck_ms for since in self._touched.values())

    @property
    def pressed(self) -> frozenset[Cell]:
        """The cells that were pressed and are not up again."""
        return frozenset(self._pressed)

    def feed(self, down: frozenset[Cell], now: Moment) -> list[Cell]:
        """Take one scan; the cells that are thereby pressed."""
        self._now = now
        for cell in down:
            self._touched.setdefault(cell, now)
            self._seen[cell] = now
        for cell in [cell for cell, seen in self._seen.items() if now - seen >= RELEASE_MS]:
            del self._touched[cell], self._seen[cell]
            self._pressed.discard(cell)
        self._sure = {cell: self._sure.get(cell, now) for cell in down - doubtful(down)}
        long_enough = {cell for cell, since in self._sure.items() if now - since >= PRESS_MS}
        pressed = sorted(long_enough - self._pressed)
        self._pressed |= long_enough
        return pressed


class MatrixKeypad:
    """A matrix keypad, 4 × 3 or 4 × 4, without diodes.

    Wire each row and each column to a pin of its own; nothing else, the pull-ups of the columns are the
    Pi's. Keep off GPIO2 and GPIO3. Beyond 3 m of cable put 4.7 kΩ from each column to 3.3 V.
    One row at a time is pulled low while the others float, so that two keys held never short two outputs.
    At rest all rows are low together and the thread sleeps until a column falls: no polling. ``layout``
    is the rows from the top, keys that are not of ``0123456789*#`` are passed over::

        keypad = MatrixKeypad(post, rows=[5, 6, 13, 19], columns=[16, 20, 21])
        keypad.start()  # from now on post(KeyPressed("matrix", "5")), post(KeypadChanged("matrix", "stuck"))
        keypad.stop()
    """

    def __init__(
        self,
        post: Post,
        *,
        rows: Sequence[int],
        columns: Sequence[int],
        layout: str = LAYOUT_4X3,
        name: str = "matrix",
        stuck_seconds: float = STUCK_MS / 1000,
    ) -> None:
        from gpiozero import GPIODevice, InputDevice

        self.name = name
        self._reports = Reports(name, post)
        self._layout = _cells(layout, len(rows), len(columns))
        self._debounce = Debounce(round(stuck_seconds * 1000))
        self._wake, self._stopping = Flag(), Flag()
        self._thread = Thread(target=self._run, name=f"keypad-{name}", daemon=True)
        self._rows = [GPIODevice(pin) for pin in rows]
        self._columns = [InputDevice(pin, pull_up=True) for pin in columns]

    def start(self) -> None:
        """Begin to scan."""
        # The pins themselves and not DigitalInputDevice's events: those compare an edge with the edge
        # before it, and one lost in the middle of a bounce would keep the next key from waking us.
        for column in self._columns:
            column.pin.edges = "falling"
            column.pin.when_changed = self._fallen
        self._thread.start()

    def stop(self) -> None:
        """Post nothing more; all pins become inputs."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)
        for device in (*self._rows, *self._columns):
            device.close()

    def _fallen(self, ticks: float, state: int) -> None:  # noqa: ARG002  (what gpiozero calls with)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._rest()
                self._follow()
            except Exception:  # noqa: BLE001  (each pin library has its own; the door goes on without)
                self._reports.tell("lost")
                self._stopping.wait(RETRY_SECONDS)

    def _rest(self) -> None:
        """Sleep until a key goes down."""
        self._wake.clear()
        for row in self._rows:
            row.pin.output_with_state(False)
        time.sleep(LINE_SECONDS)
        self._reports.tell(None)
        # A stop, or a key that went down before the rows were low, is seen here; later ones wake us.
        if not self._stopping.is_set() and not any(column.is_active for column in self._columns):
            self._wake.wait(self._reports.wait_seconds())
        for row in self._rows:
            row.pin.function = "input"

    def _follow(self) -> None:
        """Scan until all keys are up."""
        while not self._stopping.is_set():
            for row, column in self._debounce.feed(self._scan(), now_ms()):
                self._reports.press(self._layout[row][column])
            self._reports.hold(self._layout[row][column] for row, column in self._debounce.pressed)
            stuck = self._debounce.stuck
            self._reports.tell("stuck" if stuck else None)
            if self._debounce.idle:
                return
            self._stopping.wait((STUCK_SCAN_MS if stuck else SCAN_MS) / 1000)

    def _scan(self) -> frozenset[Cell]:
        return frozenset((row, column) for row in range(len(self._rows)) for column in self._read(row))

    def _read(self, row: int) -> Iterable[int]:
        pin = self._rows[row].pin
        pin.output_with_state(False)
        time.sleep(LINE_SECONDS)
        low = [number for number, column in enumerate(self._columns) if column.is_active]
        pin.function = "input"  # let go: closing and opening the device takes ten times as long
        return low


def _cells(layout: str, rows: int, columns: int) -> list[str]:
    lines = layout.split("/")
    if len(lines) != rows or any(len(line) != columns for line in lines):
        raise ValueError(f"the layout {layout} does not fit {rows} rows and {columns} columns")
    return lines
