"""A Wiegand keypad: two wires whose pulses are bits, four or eight to a key."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from threading import Event as Flag
from threading import Thread

from door.backoff import Trouble
from door.keypad import RETRY_SECONDS, Post, Reports

GAP_SECONDS = 0.025  # the standard allows 20 ms between two pulses, and no thumb types 40 keys a second
RINGING_SECONDS = 0.0001  # a long cable makes two edges of one; pulses are at least 200 µs apart
LOW_SECONDS = 1.0  # a pulse is 20 to 100 µs; a line low for so long is cut, shorted or without current
MOST_PULSES = 256  # without a gap: noise, and not to be kept
GARBLED = 8  # bursts in a row that are no key
CARD_BITS = 24  # and more, as frames of cards have
KEYS = "0123456789*#"

Pulse = tuple[float, int]  # when the line fell, in the kernel's seconds; which line, 0 or 1


def bursts(pulses: Iterable[Pulse]) -> Iterator[list[int]]:
    """The bits of each burst, in the order in which the lines fell and not in which we were told of it."""
    bits: list[int] = []
    before = float("-inf")
    fell = [float("-inf")] * 2
    for at, bit in sorted(pulses):
        if at - fell[bit] < RINGING_SECONDS:
            continue
        if bits and at - before > GAP_SECONDS:
            yield bits
            bits = []
        bits.append(bit)
        before = fell[bit] = at
    if bits:
        yield bits


def key_of(bits: Sequence[int]) -> str | None:
    """The key of a burst: its number in four bits, in eight the complement before it; None is no key."""
    number = int("".join(map(str, bits[-4:])), 2)
    whole = len(bits) == 4 or (
        len(bits) == 8 and all(a != b for a, b in zip(bits[:4], bits[4:], strict=True))
    )
    return KEYS[number] if whole and number < len(KEYS) else None


def refusal(bits: Sequence[int]) -> str:
    """Why a burst is no key and what to do; nothing of what was in it."""
    count = len(bits)
    if count >= CARD_BITS:
        return (
            f"a card, or a whole number at once, came in {count} bits; this door takes keys alone: "
            "set the keypad to send each key by itself, in 4 or 8 bits"
        )
    if count in (4, 8):
        return f"a burst of {count} bits was no key: look whether D0 and D1 are swapped, then at the cable"
    return (
        f"a burst of {count} bits was no key: set the keypad to 4 or 8 bits a key; "
        "if it is, look at its cable and its ground"
    )


class Line:
    """One of the two wires: notes when it falls, whatever thread it is told on."""

    def __init__(self, pin: int, bit: int, pulses: list[Pulse], wake: Flag) -> None:
        from gpiozero import InputDevice

        self._bit, self._pulses, self._wake = bit, pulses, wake
        self._wire = InputDevice(pin, pull_up=True)

    def watch(self) -> None:
        """Begin; the rising edges only tell that the line works again."""
        self._wire.pin.edges = "both"
        self._wire.pin.when_changed = self._changed

    @property
    def low(self) -> bool:
        """Whether the line is low now."""
        return bool(self._wire.is_active)

    def close(self) -> None:
        """Give the pin back."""
        self._wire.close()

    def _changed(self, ticks: float, state: int) -> None:
        # Adding to a list is atomic; the pin library's thread does no more, or it would lose edges.
        if not state and len(self._pulses) < 16 * MOST_PULSES:
            self._pulses.append((ticks, self._bit))
        self._wake.set()


class WiegandKeypad:
    """A keypad with Wiegand output.

    Wire D0 and D1 each to a pin and the keypad's ground to the Pi's. Most keypads pull the lines up to 5 V:
    then a level shifter belongs between, a Pi's pins bear 3.3 V. Up to 100 m of shielded cable. Set it to
    send each key by itself, in 4 or 8 bits, which are told apart here; card frames are refused. Its lamp
    and buzzer are on wires of their own. Two wires tell no more than their level: a keypad that is cut
    off while they stay high is not noticed::

        keypad = WiegandKeypad(post, pins=[5, 6])  # D0, D1
        keypad.start()  # from now on post(KeyPressed("wiegand", "5")), post(KeypadChanged("wiegand", "lost"))
        keypad.stop()
    """

    def __init__(self, post: Post, *, pins: Sequence[int], name: str = "wiegand") -> None:
        self.name = name
        self._reports = Reports(name, post)
        self._trouble = Trouble(logging.getLogger(__name__))
        self._pulses: list[Pulse] = []
        self._garbled = 0
        self._wake, self._stopping = Flag(), Flag()
        self._lines = [Line(pin, bit, self._pulses, self._wake) for bit, pin in enumerate(pins)]
        self._thread = Thread(target=self._run, name=f"keypad-{name}", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        for line in self._lines:
            line.watch()
        self._thread.start()

    def stop(self) -> None:
        """Post nothing more and give the pins back."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)
        for line in self._lines:
            line.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
                self._reports.tell(self._fault())
                self._wake.wait(self._reports.wait_seconds())
            except Exception:  # noqa: BLE001  (each pin library has its own; the door goes on without)
                self._reports.tell("lost")
                self._stopping.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        """Wait until no burst goes on, and read what has come."""
        self._wake.clear()
        seen = -1
        while len(self._pulses) != seen:
            seen = len(self._pulses)
            self._stopping.wait(GAP_SECONDS)
            if seen > MOST_PULSES:
                self._garbled = GARBLED
                break
        taken = self._pulses[:]
        del self._pulses[: len(taken)]  # and no more: one may just be added
        if len(taken) <= MOST_PULSES:
            self._read(taken)

    def _read(self, pulses: Sequence[Pulse]) -> None:
        for bits in bursts(pulses):
            if key := key_of(bits):
                self._garbled = 0
                self._reports.press(key)
            else:
                self._garbled += len(bits) < CARD_BITS
                self._trouble.say(f"keypad {self.name}: {refusal(bits)}")

    def _fault(self) -> str | None:
        """Nothing is understood, or a line is low and stays so."""
        if self._garbled >= GARBLED:
            return "lost"
        if any(line.low for line in self._lines) and not self._wake.wait(LOW_SECONDS):
            self._trouble.say(
                f"keypad {self.name}: D0 or D1 stays low: look at its current, then at the cable"
            )
            return "lost"
        return None
