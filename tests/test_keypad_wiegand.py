"""Wiegand: each burst is its key however its edges were delivered, and all else is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event as Flag

import hardware
import pytest
from asleep import sleeps
from gpiozero.pins.mock import MockFactory, MockPin
from hypothesis import example, given
from hypothesis import strategies as st
from patience import Posted, until

from door.events import KeypadChanged, KeyPressed
from door.keypads import wiegand
from door.keypads.wiegand import KEYS, Pulse, WiegandKeypad, bursts, key_of, refusal

mock_factory = hardware.mock_factory
D0, D1 = 5, 6


def four(key: str) -> list[int]:
    """A key in four bits."""
    return [int(bit) for bit in f"{KEYS.index(key):04b}"]


def eight(key: str) -> list[int]:
    """A key in eight: the complement first."""
    return [1 - bit for bit in four(key)] + four(key)


BURST = {4: four, 8: eight}


def sent(
    keys: str, bits: int = 4, *, apart_ms: float = 60, every_ms: float = 2, at: float = 1000.0
) -> list[Pulse]:
    """The pulses of these keys, in time; ``apart_ms`` from the last of one key to the first of the next."""
    pulses = []
    for key in keys:
        for bit in BURST[bits](key):
            pulses.append((at, bit))
            at += every_ms / 1000
        at += (apart_ms - every_ms) / 1000
    return pulses


def read(pulses: list[Pulse]) -> str:
    """The keys of pulses; ? for a burst that is none."""
    return "".join(key_of(bits) or "?" for bits in bursts(pulses))


# -- bursts, in virtual time ----------------------------------------------------------------------


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, list[Pulse]]:
    """Keys at any speed that a keypad can have, their edges told in any order, some of them twice."""
    keys = draw(st.text(st.sampled_from(KEYS), min_size=1, max_size=12))
    pulses, at = list[Pulse](), draw(st.floats(0, 1e9))
    for key in keys:
        every = draw(st.floats(0.0005, 0.020))
        for bit in BURST[draw(st.sampled_from([4, 8]))](key):
            pulses.append((at, bit))
            pulses += [(at + 0.00005, bit)] * draw(st.integers(0, 1))  # ringing
            at += every
        at += draw(st.floats(0.026, 3.0))
    return keys, draw(st.permutations(pulses))


@given(typed())
def test_nothing_is_lost_nothing_doubled_and_the_order_is_that_of_the_timestamps(
    case: tuple[str, list[Pulse]],
) -> None:
    keys, pulses = case
    assert read(pulses) == keys


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 1)), max_size=200))
@example([(0.0, 0), (0.0, 1)])
def test_any_noise_is_cut_into_bursts_without_a_word_of_complaint(pulses: list[Pulse]) -> None:
    for bits in bursts(pulses):
        assert key_of(bits) is None or key_of(bits) in KEYS
        assert refusal(bits)


def test_every_key_has_its_bursts_of_four_and_of_eight_bits() -> None:
    """The table of the makers: 1 is 0001 and 11100001, * is 10, # is 11."""
    assert (four("1"), eight("1")) == ([0, 0, 0, 1], [1, 1, 1, 0, 0, 0, 0, 1])
    assert (four("*"), four("#")) == ([1, 0, 1, 0], [1, 0, 1, 1])
    for key in KEYS:
        assert key_of(four(key)) == key_of(eight(key)) == key


@pytest.mark.parametrize("flipped", range(8))
@pytest.mark.parametrize("key", KEYS)
def test_eight_bits_of_which_one_is_wrong_are_no_key(key: str, flipped: int) -> None:
    bits = eight(key)
    bits[flipped] ^= 1
    assert key_of(bits) is None


@pytest.mark.parametrize("number", [12, 13, 14, 15])
def test_four_bits_that_are_no_key_are_none(number: int) -> None:
    assert key_of([int(bit) for bit in f"{number:04b}"]) is None


@pytest.mark.parametrize("count", [26, 32, 34, 35, 37, 48])
def test_a_card_is_refused_with_what_to_set(count: int) -> None:
    assert key_of([1] * count) is None
    assert f"{count} bits" in refusal([1] * count)
    assert "set the keypad to send each key by itself" in refusal([1] * count)


@pytest.mark.parametrize(
    "count, words", [(1, "ground"), (3, "cable"), (5, "4 or 8"), (6, "4 or 8"), (7, "cable"), (8, "swapped")]
)
def test_other_bursts_are_refused_with_where_to_look(count: int, words: str) -> None:
    assert words in refusal([1] * count)


# -- on wires -------------------------------------------------------------------------------------


@dataclass
class Rig:
    """A keypad at work, and its two wires."""

    keypad: WiegandKeypad
    wires: tuple[MockPin, MockPin]
    posted: Posted

    def pulse(self, bit: int) -> None:
        self.wires[bit].drive_low()
        self.wires[bit].drive_high()

    def tell(self, pulses: list[Pulse]) -> None:
        """As the pin library tells edges: late, in any order, with the kernel's timestamps."""
        for at, bit in pulses:
            self.keypad._lines[bit]._changed(at, 0)

    def keys(self) -> str:
        return "".join(event.key for event in self.posted.of(KeyPressed))


@pytest.fixture
def rig(mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(wiegand, "LOW_SECONDS", 0.2)
    monkeypatch.setattr(wiegand, "RETRY_SECONDS", 0.01)
    posted = Posted()
    keypad = WiegandKeypad(posted, pins=[D0, D1])
    rig = Rig(keypad, (mock_factory.pin(D0), mock_factory.pin(D1)), posted)
    keypad.start()
    yield rig
    keypad.stop()
    assert not keypad._thread.is_alive()


@pytest.mark.parametrize("bits", [4, 8])
def test_from_edges_on_two_pins_to_a_key(rig: Rig, bits: int) -> None:
    for key in KEYS:
        for bit in BURST[bits](key):
            rig.pulse(bit)
            Flag().wait(0.0005)  # what is between two pulses, and no waiting for something
        assert rig.posted.next(KeyPressed, 5) == KeyPressed("wiegand", key)
    assert rig.posted.of(KeypadChanged) == []


def test_keys_that_were_held_up_on_their_way_come_in_their_order(rig: Rig) -> None:
    """A machine that was busy for a second tells of ten keys at once, the edges of one line first."""
    rig.tell(sorted(sent("0427719385"), key=lambda pulse: pulse[1]))
    until(lambda: len(rig.keys()) == 10)
    assert rig.keys() == "0427719385"


def test_a_card_posts_nothing_and_is_told_once_without_a_bit_of_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(3):
        rig.tell([(n + at / 1000, at % 2) for at in range(26)])
        until(lambda: not rig.keypad._pulses)
    rig.tell(sent("7", at=50.0))
    assert rig.posted.next(KeyPressed, 5).key == "7"
    assert len(rig.posted.all) == 1
    told = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert "26 bits" in told[0].getMessage()
    assert "0101" not in caplog.text


def test_bursts_that_are_never_a_key_are_an_alarm_until_one_is(rig: Rig) -> None:
    rig.tell([(n * 0.1 + at / 1000, 1) for n in range(wiegand.GARBLED) for at in range(5)])
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", "lost")
    rig.tell(sent("5", at=50.0))
    assert rig.posted.next(KeyPressed, 5).key == "5"
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", None)


def test_noise_without_a_gap_is_an_alarm_and_is_not_kept(rig: Rig) -> None:
    rig.tell([(at / 1000, at % 2) for at in range(50_000)])
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", "lost")
    until(lambda: not rig.keypad._pulses)
    assert rig.keys() == ""


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_stays_low_is_an_alarm_until_it_rises(
    rig: Rig, line: int, caplog: pytest.LogCaptureFixture
) -> None:
    rig.wires[line].drive_low()
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", "lost")
    assert "stays low" in caplog.text
    rig.wires[line].drive_high()
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", None)


def test_pins_that_fail_are_told_and_taken_up_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(MockPin, "_get_state", lambda pin: 1 / 0)
        rig.tell(sent("1"))
        assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", "lost")
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", None)
    rig.tell(sent("2", at=2000.0))
    assert rig.posted.next(KeyPressed, 5).key == "2"


def test_a_key_that_presses_itself_is_muted_and_told(rig: Rig) -> None:
    rig.tell(sent("5" * 40))
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("wiegand", "stuck")
    assert rig.keys() == "5" * 24


def test_an_idle_keypad_wakes_no_processor(rig: Rig) -> None:
    rig.tell(sent("1"))
    assert rig.posted.next(KeyPressed, 5).key == "1"
    sleeps(rig.keypad._thread)


def test_a_stopped_keypad_posts_no_more(rig: Rig) -> None:
    rig.keypad.stop()
    rig.tell(sent("1"))
    assert rig.posted.all == []
