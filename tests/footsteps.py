"""One key on its way: a keypad on simulated wires, a real loop, store and lock, and what they call."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from gpiozero.pins.mock import MockFactory

from contract.codes import Kind, issue
from door.accesslist import AccessList
from door.effects import Reply
from door.events import Event, KeyPressed, ServerTime, Started
from door.keypad import MatrixKeypad
from door.lock import Strike
from door.loop import Inbox, Loop
from door.rules import Rules
from door.state import restore
from door.store import Store
from door.timesource import moment
from tests.hardware import Matrix
from tests.house import KEY, NOW
from tests.patience import until

ROOT = Path(__file__).parent.parent
ROWS, COLUMNS, LAYOUT = (5, 6, 13, 19), (12, 16, 20), ("123", "456", "789", "*0#")


class Call(NamedTuple):
    """A function of ours that was entered, and the file that called it."""

    file: str
    function: str
    by: str


class Mute:
    """Lamp and teller of a door whose key is what we look at."""

    def show(self, what: object, how: object) -> None:
        """A cue, or a retained topic."""

    def cue(self, word: str, at: int) -> None:
        """A cue that is told."""

    def reply(self, reply: Reply) -> None:
        """An answer."""

    def refresh(self) -> None:
        """A wish to fetch the list."""

    def replay(self, log: str, seq: int) -> None:
        """A wish to send rows again."""


@dataclass
class Trace:
    """The functions of the door and the contract that were entered, in order."""

    calls: list[Call] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and (file := _ours(frame)) is not None:
            self.calls.append(Call(file, frame.f_code.co_qualname, _ours(frame.f_back) or ""))

    @contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """While the block runs."""
        before = sys.getprofile()
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(before)


def _ours(frame: FrameType | None) -> str | None:
    file = Path(frame.f_code.co_filename) if frame is not None else ROOT
    ours = any(file.is_relative_to(ROOT / package) for package in ("door", "contract"))
    return str(file.relative_to(ROOT)) if ours else None


class Finger:
    """A real keypad on simulated wires, and a finger; ``trace`` is what the keypad's thread enters."""

    def __init__(self, factory: MockFactory) -> None:
        self.trace = Trace()
        self._wires = Matrix(factory, ROWS, COLUMNS)
        self._posted: queue.SimpleQueue[tuple[KeyPressed, int]] = queue.SimpleQueue()
        self._keypad = MatrixKeypad(self._post, rows=ROWS, columns=COLUMNS, layout="/".join(LAYOUT))
        threading.setprofile(self.trace)
        self._keypad.start()
        threading.setprofile(None)
        until(lambda: self._wires.resting)

    def press(self, digit: str) -> tuple[KeyPressed, list[Call]]:
        """Press and let go: the event that was posted, and the functions entered until then."""
        row = next(n for n, keys in enumerate(LAYOUT) if digit in keys)
        cell = row, LAYOUT[row].index(digit)
        self.trace.calls.clear()
        self._wires.press(*cell)
        event, entered = self._posted.get(timeout=10)
        self._wires.release(*cell)
        until(lambda: self._wires.resting)
        return event, self.trace.calls[:entered]

    def leave(self) -> None:
        """Give the pins back."""
        self._keypad.stop()

    def _post(self, event: Event) -> None:
        if isinstance(event, KeyPressed):
            self._posted.put((event, len(self.trace.calls)))


@contextmanager
def door(folder: Path) -> Iterator[tuple[Loop, Strike]]:
    """A loop with a real store and a real strike, at ``NOW``, its door closed."""
    inbox, mute, rules = Inbox(), Mute(), Rules("yuexin", KEY)
    store = Store(folder / "door.db", door="yuexin", report_key=b"k" * 32, post=inbox.put)
    store.start()
    strike = Strike(17)
    loop = Loop(
        inbox, restore({}, AccessList(), moment(), rules), rules,
        keeper=store, lock=strike, indicator=mute, teller=mute, beat=lambda now: now + 60_000,
    )  # fmt: skip
    loop.handle(ServerTime(NOW * 1000))
    loop.handle(Started(False, "test"))
    try:
        yield loop, strike
    finally:
        strike.close()
        assert store.stop(10)


def footsteps(factory: MockFactory, folder: Path) -> list[Call]:
    """Type a right code key by key; what the last key entered, from the press to the relay."""
    form = Rules("yuexin", KEY).codes
    code = issue(KEY, "yuexin", Kind.PHONE, "0427", 1, form.step(Kind.PHONE, NOW), form).digits
    deciding = Trace()
    with door(folder) as (loop, strike):
        finger = Finger(factory)
        try:
            for digit in code[:-1]:
                loop.handle(finger.press(digit)[0])
            assert not strike.unlocked
            event, posting = finger.press(code[-1])
            with deciding.of_this_thread():
                loop.handle(event)
            assert strike.unlocked
        finally:
            finger.leave()
    end = [call.function for call in deciding.calls].index("Relay.unlock")
    return [*posting, *deciding.calls[: end + 1]]
