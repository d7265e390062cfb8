"""Keypads: nothing lost, nothing doubled, nothing false, no short circuit, and no work while idle."""

from __future__ import annotations

import io
import os
import pty
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations, product
from pathlib import Path
from threading import Event as Flag

import hardware
import pytest
from gpiozero.exc import GPIOPinInUse
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import Posted, until

from door import keypad as keypads
from door.events import KeyHeld, KeypadChanged, KeyPressed
from door.keypad import Cell, Debounce, MatrixKeypad, Reports, doubtful
from door.keypads.chatter import Chatter
from door.keypads.terminal import LineKeys, TerminalKeypad

mock_factory = hardware.mock_factory

ROWS, COLUMNS = [5, 6, 13, 19], [16, 20, 21]
CELLS = list(product(range(4), range(3)))
ROW_US = 200  # how long reading one row takes


# -- the debounce, in virtual time ----------------------------------------------------------------


@dataclass(frozen=True)
class Tap:
    """A finger on a key from ``down`` to ``up`` (µs); after each it flips at the moments of ``chatter``."""

    cell: Cell
    down: int
    up: int
    chatter: tuple[int, ...] = ()

    def closed(self, now: int) -> bool:
        """Whether the switch is closed at that moment."""
        for edge, closed in ((self.down, False), (self.up, True)):
            if edge <= now < edge + 20_000:
                flips = sum(moment <= now - edge for moment in (0, *self.chatter))
                return closed ^ bool(flips % 2)
        return self.down <= now < self.up


def conducting(row: int, closed: set[Cell]) -> set[Cell]:
    """The cells that look held while that row is low: all columns it reaches through closed switches."""
    rows, columns = {row}, set[int]()
    while True:
        more = {c for r, c in closed if r in rows} - columns
        if not more:
            return {(row, column) for column in columns}
        columns |= more
        rows |= {r for r, c in closed if c in columns}


def reported(taps: list[Tap], period_us: int = 5_800) -> list[Cell]:
    """What the debounce says of the taps, scanned row after row as the keypad does."""
    debounce, found = Debounce(), []
    for begin in range(0, max(tap.up for tap in taps) + 200_000, period_us):
        down: set[Cell] = set()
        for row in range(4):
            now = begin + row * ROW_US
            down |= conducting(row, {tap.cell for tap in taps if tap.closed(now)})
        found += debounce.feed(frozenset(down), begin // 1000)
    assert debounce.idle
    return found


chatter = st.lists(st.integers(1, 19_900), max_size=8).map(lambda flips: tuple(sorted(flips)))


def even(flips: tuple[int, ...]) -> tuple[int, ...]:
    """Chatter that ends where it should: an even number of flips."""
    return flips if len(flips) % 2 == 0 else flips[1:]


@st.composite
def one_after_another(draw: st.DrawFn) -> list[Tap]:
    """Keys typed in turn; the next may go down while the last is still held (rollover)."""
    taps: list[Tap] = []
    now = 0
    for _ in range(draw(st.integers(1, 8))):
        now += draw(st.integers(40_000, 300_000))
        cell = draw(st.sampled_from(CELLS))
        earlier = [tap.up for tap in taps[:-1]] + [tap.up + 60_000 for tap in taps if tap.cell == cell]
        now = max(
            [now, *(up + 20_000 for up in earlier)]
        )  # at most two held, and a finger takes time to lift
        taps.append(Tap(cell, now, now + draw(st.integers(45_000, 400_000)), even(draw(chatter))))
    return taps


@settings(max_examples=300, deadline=None)
@given(one_after_another())
def test_each_key_typed_is_reported_once_and_in_order_however_it_bounces(taps: list[Tap]) -> None:
    assert reported(taps) == [tap.cell for tap in taps]


@st.composite
def a_handful(draw: st.DrawFn) -> list[Tap]:
    """Up to six fingers anywhere, bouncing; each key at most once."""
    cells = draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=6, unique=True))
    taps, now = [], 0
    for cell in cells:
        now += draw(st.integers(20_000, 100_000))
        taps.append(Tap(cell, now, now + draw(st.integers(45_000, 600_000)), even(draw(chatter))))
    return taps


@settings(max_examples=300, deadline=None)
@given(a_handful())
def test_with_any_number_of_keys_held_nothing_false_is_reported(taps: list[Tap]) -> None:
    found = reported(taps)
    assert set(found) <= {tap.cell for tap in taps}
    assert len(found) == len(set(found))


def test_three_keys_in_ghost_position_never_report_the_fourth() -> None:
    """The third of them is in doubt, and is reported once a finger has lifted."""
    for (top, bottom), (left, right) in product(combinations(range(4), 2), combinations(range(3), 2)):
        corners = [(top, left), (top, right), (bottom, left), (bottom, right)]
        for first, second, third in permutations(corners, 3):
            taps = [Tap(first, 0, 300_000), Tap(second, 100_000, 600_000), Tap(third, 200_000, 600_000)]
            assert reported(taps) == [first, second, third]


def test_two_keys_held_are_beyond_doubt_and_three_in_a_corner_are_not() -> None:
    assert not any(doubtful(frozenset(pair)) for pair in combinations(CELLS, 2))
    assert doubtful(frozenset({(0, 0), (0, 1), (1, 0)})) == {(0, 0), (0, 1), (1, 0)}
    assert doubtful(frozenset({(0, 0), (0, 1), (0, 2), (1, 0)})) == {(0, 0), (0, 1), (0, 2), (1, 0)}
    assert not doubtful(frozenset({(0, 0), (0, 1), (0, 2)}))
    assert not doubtful(frozenset({(0, 0), (1, 1), (2, 2)}))


def test_spikes_seen_in_one_scan_each_are_no_press() -> None:
    debounce, spike = Debounce(), frozenset({(0, 0)})
    for now, down in ((0, spike), (5, frozenset()), (10, spike), (15, frozenset())):
        assert debounce.feed(down, now) == []
        assert not debounce.idle
    assert debounce.feed(frozenset(), 35) == []
    assert debounce.idle


def test_a_key_is_stuck_from_its_thirtieth_second_until_it_is_up() -> None:
    debounce = Debounce()
    for now in range(0, 30_000, 5):
        debounce.feed(frozenset({(1, 1)}), now)
    assert not debounce.stuck
    debounce.feed(frozenset({(1, 1)}), 30_000)
    assert debounce.stuck
    debounce.feed(frozenset(), 30_005)
    debounce.feed(frozenset(), 30_030)
    assert not debounce.stuck
    assert debounce.idle


PRESSES = st.lists(st.tuples(st.sampled_from("15"), st.integers(20, 3_000)), max_size=200)


@given(PRESSES)
def test_a_key_is_muted_only_after_a_run_that_no_finger_means(presses: list[tuple[str, int]]) -> None:
    """And then until it has rested, whatever is pressed meanwhile."""
    chatter, now, run, before = Chatter(), 0, 0, ""
    muted: dict[str, int] = {}
    for key, pause in presses:
        now += pause
        run = run + 1 if key == before and pause <= 1_000 else 1
        before = key
        if run >= 25 or now - muted.get(key, -5_000) < 5_000:
            muted[key] = now
        assert chatter.mutes(key, now) is (muted.get(key) == now)
        left = [at + 5_000 - now for at in muted.values() if now - at < 5_000]
        assert chatter.rest_ms(now) == max(left, default=None)


def test_a_key_that_is_held_is_never_waited_for_in_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its three seconds may be over between the look and the wait; below zero a wait would end the thread."""
    moments = iter((0, 2_999, 3_001))
    monkeypatch.setattr(keypads, "now_ms", lambda: next(moments))
    reports = Reports("usb", Posted())
    for _ in range(2):
        reports.hold("*")
    assert reports.wait_seconds() == 0


@pytest.mark.parametrize("code", ["1111111111", "9999 999 999", "0000000001"])
def test_no_code_is_taken_for_chatter_at_any_speed(code: str) -> None:
    chatter = Chatter()
    assert not any(chatter.mutes(key, 40 * n) for n, key in enumerate((code + "#" + code).replace(" ", "")))


# -- the matrix keypad, on wires ------------------------------------------------------------------


@dataclass
class Rig:
    """A keypad at work, and the wires it hangs on."""

    keypad: MatrixKeypad
    matrix: hardware.Matrix
    posted: Posted

    def hold(self, *cells: Cell) -> None:
        for cell in cells:
            self.matrix.press(*cell)

    def let_go(self, *cells: Cell) -> None:
        for cell in cells:
            self.matrix.release(*cell)

    def rest(self) -> None:
        """Wait until the keypad sleeps."""
        until(lambda: self.matrix.resting, seconds=5)

    def key(self) -> str:
        return self.posted.next(KeyPressed, 5).key


def rig_up(factory: MockFactory, **options: object) -> Rig:
    posted = Posted()
    matrix = hardware.Matrix(factory, ROWS, COLUMNS)
    return Rig(MatrixKeypad(posted, rows=ROWS, columns=COLUMNS, **options), matrix, posted)  # type: ignore[arg-type]


@pytest.fixture
def rig(mock_factory: MockFactory) -> Iterator[Rig]:
    rig = rig_up(mock_factory, stuck_seconds=0.3)
    rig.keypad.start()
    rig.rest()
    yield rig
    rig.keypad.stop()
    assert rig.matrix.shorts == []


def test_every_key_of_the_layout_says_its_name(rig: Rig) -> None:
    for cell, name in zip(CELLS, "123456789*0#", strict=True):
        rig.hold(cell)
        assert rig.posted.next(KeyPressed, 5) == KeyPressed("matrix", name)
        rig.let_go(cell)
        rig.rest()
    assert len(rig.posted.all) == 12


def test_a_chord_reports_each_of_its_keys_and_shorts_nothing(rig: Rig) -> None:
    for first, second in combinations(CELLS, 2):
        rig.hold(first, second)
        assert {rig.key(), rig.key()} == {"123456789*0#"[row * 3 + column] for row, column in (first, second)}
        rig.let_go(first, second)
        rig.rest()


def test_a_second_key_pressed_while_the_first_is_held_is_reported(rig: Rig) -> None:
    rig.hold((0, 0))
    assert rig.key() == "1"
    rig.hold((1, 1))
    assert rig.key() == "5"
    rig.let_go((0, 0))
    rig.hold((1, 0))
    assert rig.key() == "4"
    assert rig.posted.of(KeyPressed) == [KeyPressed("matrix", key) for key in "154"]


def test_on_real_wires_three_held_keys_make_no_fourth(rig: Rig) -> None:
    rig.hold((0, 0))
    assert rig.key() == "1"
    rig.hold((0, 1))
    assert rig.key() == "2"
    rig.hold((1, 0))
    assert not rig.matrix.columns[1].state or not rig.matrix.resting
    rig.let_go((0, 0))
    assert rig.key() == "4"  # and not the ghost at 5
    rig.let_go((0, 1), (1, 0))
    rig.rest()
    assert rig.posted.of(KeyPressed) == [KeyPressed("matrix", key) for key in "124"]


def test_the_wires_know_a_short_and_a_ghost_when_there_is_one(mock_factory: MockFactory) -> None:
    """The model the tests above lean on: two rows of different level through two held keys, and a ghost."""
    matrix = hardware.Matrix(mock_factory, ROWS, COLUMNS)
    for column in matrix.columns:
        column.pull = "up"
    for cell in ((0, 0), (0, 1), (1, 0)):
        matrix.press(*cell)
    matrix.rows[1].output_with_state(False)
    assert [bool(column.state) for column in matrix.columns] == [False, False, True]
    assert matrix.shorts == []
    matrix.rows[0].function = "output"
    matrix.rows[0].state = True
    assert matrix.shorts[-1] == ["GPIO16", "GPIO20", "GPIO5", "GPIO6"]


def test_an_idle_keypad_touches_no_pin_and_wakes_no_processor(rig: Rig) -> None:
    status = Path(f"/proc/self/task/{rig.keypad._thread.native_id}/status")

    def switches() -> list[str]:
        return [line for line in status.read_text().splitlines() if "ctxt_switches" in line]

    asleep = Flag()
    until(lambda: "\nState:\tS" in status.read_text(), seconds=5)
    before, touched = switches(), [pin.states[:] for pin in (*rig.matrix.rows, *rig.matrix.columns)]
    asleep.wait(0.3)
    assert switches() == before
    assert [pin.states for pin in (*rig.matrix.rows, *rig.matrix.columns)] == touched


def test_a_stuck_key_is_told_and_the_others_go_on(rig: Rig) -> None:
    rig.hold((0, 0))
    assert rig.key() == "1"
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", "stuck")
    rig.hold((2, 2))
    assert rig.key() == "9"
    rig.let_go((2, 2))
    rig.hold((0, 2))  # in the stuck key's own row
    assert rig.key() == "3"
    rig.let_go((0, 2), (0, 0))
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", None)
    assert len(rig.posted.of(KeypadChanged)) == 2


def test_a_key_held_is_told_once_and_again_when_it_is_held_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypads, "HELD_MS", 100)
    for _ in range(2):
        rig.hold((3, 0), (0, 0))
        assert {rig.posted.next(KeyHeld, 5).key, rig.posted.next(KeyHeld, 5).key} == {"*", "1"}
        rig.let_go((3, 0), (0, 0))
        rig.rest()
    assert len(rig.posted.of(KeyHeld)) == 4


def test_a_key_that_presses_itself_is_muted_the_others_go_on_and_it_is_forgiven(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("door.keypads.chatter.REST_MS", 400)
    monkeypatch.setattr("door.keypads.chatter.PAUSE_MS", 390)
    monkeypatch.setattr("door.keypads.chatter.RUN", 5)
    for n in range(8):
        rig.hold((1, 1))
        until(lambda n=n: n >= 4 or len(rig.posted.of(KeyPressed)) > n)  # type: ignore[misc]
        until(lambda: rig.keypad._debounce.pressed)
        rig.let_go((1, 1))
        rig.rest()
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", "stuck")
    rig.hold((0, 0))
    until(lambda: KeyPressed("matrix", "1") in rig.posted.all)
    rig.let_go((0, 0))
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", None)
    assert [event.key for event in rig.posted.of(KeyPressed)] == [*"5555", "1"]


def test_a_key_whose_edge_was_lost_is_noticed_by_its_level(
    mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is held while the keypad starts, or goes down just before the rows rest."""
    monkeypatch.setattr(MatrixKeypad, "_fallen", lambda self, ticks, state: None)
    rig = rig_up(mock_factory, name="door")
    rig.hold((3, 1))
    rig.keypad.start()
    assert rig.posted.next(KeyPressed, 5) == KeyPressed("door", "0")
    rig.keypad.stop()


def test_pins_that_fail_are_told_once_and_taken_up_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keypads, "RETRY_SECONDS", 0.01)
    rig.matrix.broken = True
    rig.hold((0, 0))
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", "lost")
    rig.let_go((0, 0))
    rig.matrix.broken = False
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("matrix", None)
    rig.hold((1, 1))
    assert rig.key() == "5"
    assert len(rig.posted.of(KeypadChanged)) == 2


def test_a_stopped_keypad_floats_its_pins_and_posts_no_more(mock_factory: MockFactory) -> None:
    rig = rig_up(mock_factory)
    rig.keypad.start()
    rig.rest()
    rig.keypad.stop()
    rig.keypad.stop()
    assert not rig.keypad._thread.is_alive()
    assert {pin.function for pin in (*rig.matrix.rows, *rig.matrix.columns)} == {"input"}
    rig.hold((0, 0))
    assert rig.posted.all == []


def test_keys_without_a_meaning_are_passed_over(mock_factory: MockFactory) -> None:
    posted, columns = Posted(), [16, 20, 21, 26]
    matrix = hardware.Matrix(mock_factory, ROWS, columns)
    keypad = MatrixKeypad(posted, rows=ROWS, columns=columns, layout=keypads.LAYOUT_4X4)
    keypad.start()
    until(lambda: matrix.resting)
    matrix.press(0, 3)  # A
    until(lambda: not matrix.resting)
    until(lambda: keypad._debounce._pressed)
    matrix.press(1, 2)
    assert posted.next(KeyPressed, 5).key == "6"
    keypad.stop()
    assert len(posted.all) == 1


def test_a_layout_that_does_not_fit_its_pins_is_refused(mock_factory: MockFactory) -> None:
    with pytest.raises(ValueError, match="does not fit 4 rows and 3 columns"):
        MatrixKeypad(Posted(), rows=ROWS, columns=COLUMNS, layout=keypads.LAYOUT_4X4)


def test_two_devices_on_one_pin_are_refused(mock_factory: MockFactory) -> None:
    with pytest.raises(GPIOPinInUse):
        MatrixKeypad(Posted(), rows=ROWS, columns=[16, 20, ROWS[0]])


# -- the terminal keypad --------------------------------------------------------------------------


def lines(text: str) -> str:
    """The keys of that text, read line by line."""
    keys = LineKeys(10)
    return "".join(keys.key(character) or "" for character in text + "\n")


@pytest.mark.parametrize(
    "text, keys",
    [
        ("0427719385", "0427719385"),  # a whole attempt needs no end
        ("0427 719 385", "0427719385"),
        ("719386", "719386#"),
        ("0427719385#", "0427719385#"),
        ("0427*", "0427*"),
        ("", ""),
        ("\n\n", ""),
        ("12\r\n34", "12#34#"),
        ("12\x7f", "12*"),
        ("0427719385\n719386", "0427719385719386#"),
        ("0427719385719386", "0427719385719386#"),
        ("1234#5", "1234#5#"),
    ],
)
def test_the_end_of_a_line_enters_only_what_still_waits_for_it(text: str, keys: str) -> None:
    assert lines(text) == keys


@given(st.text(st.characters(exclude_characters="0123456789*#\b\x7f")))
def test_what_is_no_ascii_key_never_becomes_one(text: str) -> None:
    assert lines(text) == ""


@dataclass
class Typing:
    """A terminal keypad whose other end we hold."""

    keypad: TerminalKeypad
    posted: Posted
    ended: Flag
    notes: list[str]

    def keys(self) -> str:
        return "".join(event.key for event in self.posted.of(KeyPressed))


def reading(stream: io.TextIOWrapper) -> Typing:
    posted, ended, notes = Posted(), Flag(), list[str]()
    keypad = TerminalKeypad(posted, stream=stream, on_end=ended.set, note=notes.append)
    return Typing(keypad, posted, ended, notes)


@pytest.fixture
def pipe() -> Iterator[tuple[int, Typing]]:
    there, here = os.pipe()
    with os.fdopen(there) as stream:
        typing = reading(stream)
        typing.keypad.start()
        yield here, typing
        typing.keypad.stop()


def test_piped_keys_come_in_order_and_then_the_end_once(pipe: tuple[int, Typing]) -> None:
    here, typing = pipe
    os.write(here, b"0427 719 385\n12#*\n719386")
    os.close(here)
    assert typing.ended.wait(5)
    assert typing.keys() == "042771938512#*719386#"
    assert typing.notes == []


def test_other_characters_are_passed_over_with_one_note_that_quotes_nothing(pipe: tuple[int, Typing]) -> None:
    here, typing = pipe
    os.write(here, "12３4x٥".encode() + b"\xff\n\x1b[3~")  # full-width, Arabic, no UTF-8, the Delete key
    os.close(here)
    assert typing.ended.wait(5)
    assert typing.keys() == "124#"
    assert len(typing.notes) == 1
    assert "0-9" in typing.notes[0]
    assert not set(typing.notes[0]) & set("３x٥")


def test_a_file_is_read_like_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("123\n")
    with path.open() as stream:
        typing = reading(stream)
        typing.keypad.start()
        assert typing.ended.wait(5)
        typing.keypad.stop()
    assert typing.keys() == "123#"


def test_a_stopped_keypad_reads_no_more_and_does_not_call_it_the_end(pipe: tuple[int, Typing]) -> None:
    here, typing = pipe
    typing.keypad.stop()
    assert not typing.keypad._thread.is_alive()
    assert not typing.ended.is_set()
    os.close(here)


def test_the_end_may_stop_the_keypad() -> None:
    there, here = os.pipe()
    with os.fdopen(there) as stream:
        ended = Flag()

        def end() -> None:
            keypad.stop()
            ended.set()

        keypad = TerminalKeypad(Posted(), stream=stream, on_end=end)
        keypad.start()
        os.close(here)
        assert ended.wait(5)


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stream:
        yield ours, stream
    os.close(ours)


def test_on_a_terminal_each_key_counts_at_once(terminal: tuple[int, io.TextIOWrapper]) -> None:
    ours, stream = terminal
    typing = reading(stream)
    typing.keypad.start()
    for typed, key in ((b"7", "7"), (b"\r", "#"), (b"\x7f", "*"), (b"\x1b[A", ""), (b"#", "#")):
        os.write(ours, typed)
        if key:
            assert typing.posted.next(KeyPressed, 5) == KeyPressed("terminal", key)
    os.write(ours, b"\x04")
    assert typing.ended.wait(5)
    assert typing.keys() == "7#*#"  # Ctrl-D enters nothing
    assert typing.notes == []
    typing.keypad.stop()


def test_the_terminal_is_given_back_as_it_was(terminal: tuple[int, io.TextIOWrapper]) -> None:
    _, stream = terminal
    before = termios.tcgetattr(stream)
    typing = reading(stream)
    typing.keypad.start()
    assert not termios.tcgetattr(stream)[3] & (termios.ECHO | termios.ICANON)  # a code is not echoed
    assert termios.tcgetattr(stream)[3] & termios.ISIG  # and Ctrl-C still interrupts
    typing.keypad.stop()
    assert termios.tcgetattr(stream) == before


def test_a_terminal_that_goes_away_is_an_end() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stream:
        typing = reading(stream)
        typing.keypad.start()
        os.close(ours)
        assert typing.ended.wait(5)
        typing.keypad.stop()
