"""Door contact and exit button: levels are believed, edges only wake; and the pin library is one by name."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import hardware
import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from patience import Posted, until

from door import pins
from door.effects import Cue
from door.errors import DoorError, PinError
from door.events import Beam, ContactChanged, ExitPressed, FireChanged, MotionChanged, Started
from door.indicator import Together
from door.outputs import Chime, RoomLights
from door.sensors import BreakBeam, Contact, DoorContact, ExitButton, MotionSensor

mock_factory = hardware.mock_factory
PIN = 27


class Later:
    """Timers that run when they are told."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, act: Callable[[], None]) -> None:
        """Keep it for later."""
        self.waiting.append((seconds, act))

    def run(self) -> None:
        """The time has come for all."""
        waiting, self.waiting = self.waiting, []
        for _, act in waiting:
            act()


def at_start(opened: bool) -> Started:
    """How the door's own contact begins."""
    return Started(opened, "1")


# -- door contact ---------------------------------------------------------------------------------


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("loop_closed", [False, True])
def test_the_level_found_at_start_is_read_and_not_posted(
    mock_factory: MockFactory, inverted: bool, loop_closed: bool
) -> None:
    pin = mock_factory.pin(PIN)
    posted = Posted()
    pin.pull = "up"
    (pin.drive_low if loop_closed else pin.drive_high)()
    # The mock lets a pull-up win over whoever holds the line; a real one does not.
    pin._set_pull = lambda value: None  # type: ignore[attr-defined]
    contact = DoorContact(PIN, posted, inverted=inverted)
    assert contact.open is (loop_closed is inverted)
    contact.close()
    assert posted.all == []


def test_a_cut_wire_reads_as_an_open_door(mock_factory: MockFactory) -> None:
    contact = DoorContact(PIN, Posted())
    assert mock_factory.pin(PIN).pull == "up"
    assert contact.open  # nothing is connected
    contact.close()


def test_a_change_is_posted_with_the_level_once_it_has_settled(mock_factory: MockFactory) -> None:
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    contact.start_as(at_start)
    pin.drive_low()
    assert posted.of(ContactChanged) == []
    assert [seconds for seconds, _ in later.waiting] == [0.05]
    later.run()
    pin.drive_high()
    later.run()
    assert posted.of(ContactChanged) == [ContactChanged(False), ContactChanged(True)]
    contact.close()


def test_chatter_that_ends_where_it_began_is_no_change(mock_factory: MockFactory) -> None:
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    contact.start_as(at_start)
    for _ in range(20):
        pin.drive_low()
        pin.drive_high()
    assert len(later.waiting) == 1
    later.run()
    assert posted.of(ContactChanged) == []
    contact.close()


def test_chatter_of_an_odd_length_is_one_change(mock_factory: MockFactory) -> None:
    """Edges toggled instead of levels read would end the wrong way round."""
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    contact.start_as(at_start)
    for _ in range(3):
        pin.drive_low()
        pin.drive_high()
    pin.drive_low()
    later.run()
    assert posted.of(ContactChanged) == [ContactChanged(False)]
    contact.close()


def test_an_edge_while_the_level_is_told_is_not_missed(mock_factory: MockFactory) -> None:
    later, pin, told = Later(), mock_factory.pin(PIN), []
    contact = DoorContact(PIN, told.append, after=later)
    contact.start()
    pin.drive_low()
    later.run()
    pin.drive_high()
    later.run()
    pin.drive_low()
    later.run()
    assert [event.open for event in told] == [True, False, True, False]
    contact.close()


def test_a_change_before_the_start_is_in_the_level_at_start(mock_factory: MockFactory) -> None:
    """Posted by itself, before the door has begun, it would be forced, or a fire that the start locks out."""
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    pin.drive_low()
    later.run()
    contact.start_as(at_start)
    assert posted.all == [Started(False, "1")]
    contact.close()


def test_a_change_while_the_level_at_start_is_posted_comes_after_it(mock_factory: MockFactory) -> None:
    """Before it, a door that fell shut just then would be taken for open until it moves again."""
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    pin.drive_low()
    settles = threading.Thread(target=later.run)

    def started(opened: bool) -> Started:
        settles.start()
        settles.join(0.1)
        return at_start(opened)

    contact.start_as(started)
    settles.join(5)
    assert posted.all == [Started(True, "1"), ContactChanged(False)]
    contact.close()


def test_without_a_thread_to_be_had_a_change_is_told_at_once(mock_factory: MockFactory) -> None:
    """The error would end the one thread that tells the edges of every pin."""

    def none(_seconds: float, _act: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    posted, pin = Posted(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=none)
    contact.start_as(at_start)
    pin.drive_low()
    pin.drive_high()
    assert posted.of(ContactChanged) == [ContactChanged(False), ContactChanged(True)]
    contact.close()


def test_by_its_own_clock_a_change_is_told_and_no_thread_is_left(mock_factory: MockFactory) -> None:
    posted, pin = Posted(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted)
    contact.start_as(at_start)
    before = threading.active_count()
    pin.drive_low()
    assert posted.next(ContactChanged, 5) == ContactChanged(False)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)
    assert threading.active_count() == before
    contact.close()


def test_a_closed_contact_posts_nothing_more(mock_factory: MockFactory) -> None:
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    contact = DoorContact(PIN, posted, after=later)
    contact.start_as(at_start)
    pin.drive_low()
    contact.close()
    later.run()
    assert posted.of(ContactChanged) == []


# -- exit button ----------------------------------------------------------------------------------


def press_and_bounce(mock_factory: MockFactory, settings: list[tuple[float, bool]]) -> list[object]:
    """What a button posts whose line goes low (True) and high at those seconds."""
    now = [0.0]
    posted, pin = Posted(), mock_factory.pin(PIN)
    button = ExitButton(PIN, posted, clock=lambda: now[0])
    button.start()
    for at, low in settings:
        now[0] = at
        (pin.drive_low if low else pin.drive_high)()
    button.close()
    return posted.all


def test_a_press_is_answered_at_its_first_edge(mock_factory: MockFactory) -> None:
    assert press_and_bounce(mock_factory, [(1.0, True)]) == [ExitPressed()]


def test_a_bouncing_press_is_one_press(mock_factory: MockFactory) -> None:
    bounces = [(1.0, True), (1.005, False), (1.01, True), (1.3, False), (1.31, True), (1.32, False)]
    assert press_and_bounce(mock_factory, bounces) == [ExitPressed()]


def test_each_press_counts_and_a_held_button_is_one(mock_factory: MockFactory) -> None:
    presses = [(1.0, True), (60.0, False), (61.0, True), (61.2, False), (61.4, True)]
    assert press_and_bounce(mock_factory, presses) == [ExitPressed()] * 3


def test_a_button_held_at_start_is_not_a_press(mock_factory: MockFactory) -> None:
    posted, pin = Posted(), mock_factory.pin(PIN)
    button = ExitButton(PIN, posted, clock=count().__next__)
    pin.drive_low()
    button.start()
    pin.drive_high()
    assert posted.all == []
    pin.drive_low()
    assert posted.all == [ExitPressed()]
    button.close()
    pin.drive_high()
    pin.drive_low()
    assert posted.all == [ExitPressed()]


# -- other contacts -------------------------------------------------------------------------------


@pytest.mark.parametrize("normally_closed", [True, False])
def test_a_contact_posts_what_it_watches_for_and_its_end(
    mock_factory: MockFactory, normally_closed: bool
) -> None:
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    pin.drive_low()
    pin._set_pull = lambda value: None  # type: ignore[attr-defined]
    fire = Contact(PIN, posted, FireChanged, normally_closed=normally_closed, after=later)
    fire.start()
    for move in (pin.drive_high, pin.drive_low):
        move()
        later.run()
    assert posted.all[-2:] == [FireChanged(normally_closed), FireChanged(not normally_closed)]
    fire.close()


def test_what_is_so_at_start_is_posted_when_the_door_is_ready_for_it(mock_factory: MockFactory) -> None:
    """Nothing is connected: a cut wire counts as fire, and is noticed."""
    posted = Posted()
    fire = Contact(PIN, posted, FireChanged)
    assert posted.all == []
    fire.start()
    assert posted.all == [FireChanged(True)]
    fire.close()


def test_what_is_not_so_at_start_is_not_posted(mock_factory: MockFactory) -> None:
    posted, pin = Posted(), mock_factory.pin(PIN)
    motion = MotionSensor(PIN, posted)
    assert pin.pull == "down"
    motion.start()
    assert posted.all == []
    motion.close()


@pytest.mark.parametrize("module", [True, False])
def test_a_motion_sensor_is_a_module_with_a_high_output_or_a_contact_that_opens(
    mock_factory: MockFactory, module: bool
) -> None:
    posted, later, pin = Posted(), Later(), mock_factory.pin(PIN)
    pin.drive_low()
    pin._set_pull = lambda value: None  # type: ignore[attr-defined]
    motion = MotionSensor(PIN, posted, module=module, after=later)
    motion.start()
    pin.drive_high()
    later.run()
    assert posted.all == [MotionChanged(True)]
    motion.close()


# -- beams ----------------------------------------------------------------------------------------


def beam_at(
    mock_factory: MockFactory, *, closed_when_clear: bool = True, low: bool = True
) -> tuple[BreakBeam, Posted]:
    """A beam whose receiver's contact is closed (the pin low), or not, and what it posts."""
    pin, posted = mock_factory.pin(PIN), Posted()
    pin._set_pull = lambda value: None  # type: ignore[attr-defined]
    (pin.drive_low if low else pin.drive_high)()
    return BreakBeam(PIN, Beam.OUTER, posted, closed_when_clear=closed_when_clear), posted


@pytest.mark.parametrize("closed_when_clear", [True, False])
def test_a_beam_posts_every_edge_in_order(mock_factory: MockFactory, closed_when_clear: bool) -> None:
    """However quick they are, and nothing at start while it is clear."""
    beam, posted = beam_at(mock_factory, closed_when_clear=closed_when_clear, low=closed_when_clear)
    beam.start()
    pin = mock_factory.pin(PIN)
    for _ in range(20):
        pin.drive_high()
        pin.drive_low()
    told = [event.broken for event in posted.all]
    assert told[-4:] == [closed_when_clear, not closed_when_clear] * 2
    assert len(told) == 40 - (not closed_when_clear)  # there the first drive changes nothing
    beam.close()
    pin.drive_high()
    assert len(posted.all) == len(told)


def test_a_beam_that_is_broken_at_start_is_posted(mock_factory: MockFactory) -> None:
    beam, posted = beam_at(mock_factory, low=False)
    assert posted.all == []
    beam.start()
    assert [(event.beam, event.broken, event.found) for event in posted.all] == [(Beam.OUTER, True, True)]
    beam.close()


def test_an_edge_has_the_kernels_time_unless_that_is_of_another_clock(mock_factory: MockFactory) -> None:
    posted = Posted()
    beam = BreakBeam(PIN, Beam.INNER, posted, clock=lambda: 100.0)
    beam.start()
    for ticks in (99.9875, 100.0, 99.0, 100.001, 1_795_485_600.0):
        beam._edge(ticks, 1)
    assert [event.at for event in posted.all[1:]] == [99_987, 100_000, 100_000, 100_000, 100_000]
    beam.close()


# -- what is switched -----------------------------------------------------------------------------


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("lit_at_rest", [True, False])
def test_the_lights_are_switched_by_a_relay_that_rests_as_it_is_wired(
    mock_factory: MockFactory, active_high: bool, lit_at_rest: bool
) -> None:
    pin = mock_factory.pin(PIN)
    lights = RoomLights(PIN, active_high=active_high, lit_at_rest=lit_at_rest)
    assert (lights.lit, bool(pin.state)) == (lit_at_rest, not active_high)
    for on in (True, False, True):
        lights.switch(on=on)
        assert lights.lit is on
        assert bool(pin.state) is ((on is not lit_at_rest) is active_high)
    lights.close()
    assert pin.function == "input"


def test_the_chime_makes_two_strokes_for_the_bell_and_for_nothing_else(mock_factory: MockFactory) -> None:
    pin = mock_factory.pin(PIN)
    chime = Chime(PIN)
    for cue in Cue:
        if cue is not Cue.BELL:
            chime.show(cue, None)
    assert hardware.states(pin) == [False]
    chime.show(Cue.BELL, None)
    until(lambda: hardware.states(pin) == [False, True, False, True, False], 5)
    chime.close()


def test_who_shows_a_cue_together_shows_it_though_another_fails(caplog: pytest.LogCaptureFixture) -> None:
    shown: list[Cue] = []

    class Broken:
        def show(self, cue: Cue, ms: int | None) -> None:
            raise OSError("no bus")

        def close(self) -> None:
            pass

    class Well(Broken):
        def show(self, cue: Cue, ms: int | None) -> None:
            shown.append(cue)

    both = Together(Broken(), Well())
    both.show(Cue.WRONG, None)
    both.close()
    assert shown == [Cue.WRONG]
    assert "Broken" in caplog.text


# -- the pin library ------------------------------------------------------------------------------


def test_the_mock_library_is_taken_by_name(mock_factory: MockFactory) -> None:
    assert Device.pin_factory is mock_factory


@pytest.mark.parametrize("name", ["native", "pigpio", "rpigpio", "lgpoi", ""])
def test_any_other_library_is_refused_and_nothing_falls_back(mock_factory: MockFactory, name: str) -> None:
    with pytest.raises(PinError, match="choose lgpio on a Raspberry Pi, mock for simulated pins"):
        pins.use(name)
    assert Device.pin_factory is mock_factory


def test_a_library_that_does_not_load_is_an_error_that_says_what_to_do(
    mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(DoorError, match=r"lgpio does not load .*install python3-lgpio") as caught:
        pins.use("lgpio")
    assert isinstance(caught.value, RuntimeError)
    assert Device.pin_factory is mock_factory


def test_lgpio_keeps_its_pipe_in_the_runtime_directory(tmp_path: Path) -> None:
    pytest.importorskip("lgpio")
    elsewhere, run = tmp_path / "cwd", tmp_path / "run"
    elsewhere.mkdir()
    run.mkdir()
    code = """
import sys
from pathlib import Path
from door import pins
from door.errors import PinError
try:
    pins.use("lgpio", Path(sys.argv[1]))
except PinError:
    pass  # no Raspberry Pi
import lgpio
print([path.name for path in Path(sys.argv[1]).iterdir()])
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(pins.__file__).parents[1])}
    command = [sys.executable, "-c", code, str(run)]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert ".lgd-nfy" in done.stdout
    assert list(elsewhere.iterdir()) == []


def test_on_lgpio_an_active_low_output_never_passes_through_low(monkeypatch: pytest.MonkeyPatch) -> None:
    """gpiozero's own way would claim the line low and then raise it: a click of the relay at each start."""
    lgpio = pytest.importorskip("lgpio")
    from gpiozero import DigitalOutputDevice
    from gpiozero.pins import local

    claims: list[tuple[str, int, int]] = []
    monkeypatch.setattr(local, "get_pi_revision", lambda: 0xA02082)
    monkeypatch.setattr(lgpio, "gpiochip_open", lambda chip: 1)
    monkeypatch.setattr(lgpio, "gpiochip_close", lambda handle: 0)
    monkeypatch.setattr(lgpio, "gpio_claim_input", lambda handle, pin, flags=0: 0)
    monkeypatch.setattr(lgpio, "gpio_get_mode", lambda handle, pin: 2)
    monkeypatch.setattr(lgpio, "gpio_read", lambda handle, pin: claims[-1][2])
    monkeypatch.setattr(
        lgpio, "gpio_claim_output", lambda handle, pin, level=0: claims.append(("claim", pin, level))
    )
    monkeypatch.setattr(lgpio, "gpio_write", lambda handle, pin, level: claims.append(("write", pin, level)))
    before = Device.pin_factory
    factory = pins.use("lgpio")
    try:
        relay = DigitalOutputDevice(17, active_high=False, initial_value=False)
        assert claims == [("claim", 17, 1)]
        relay.close()
    finally:
        factory.close()
        local.LocalPiFactory.pins.clear()
        Device.pin_factory = before


def test_a_choice_of_pins_is_told_all_its_faults_at_once() -> None:
    uses = {"strike": 17, "contact": 17, "row 1": 2, "row 2": 3, "led": 40, "exit": 0, "buzzer": -1, "ok": 4}
    found = pins.faults(uses)
    assert [fault.split(":")[0] for fault in found] == [
        "contact",
        "row 1",
        "row 2",
        "led",
        "exit",
        "buzzer",
    ]
    assert found[0] == "contact: GPIO17 is already taken by strike"
    assert "fixed pull-up" in found[1]
    assert pins.faults({"strike": 17, "contact": 27}) == []


def test_hardware_modules_load_no_pin_library() -> None:
    """``door`` commands that need no pins stay fast."""
    modules = (
        "door.lock, door.keypad, door.keypads.terminal, door.sensors, door.outputs, door.indicator, "
        "door.cues, door.pins"
    )
    code = f"import {modules}, sys; print(sorted({{'gpiozero', 'lgpio'}} & sys.modules.keys()))"
    environment = {**os.environ, "PYTHONPATH": str(Path(pins.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
