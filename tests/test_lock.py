"""The lock: how long it is open, what ends that, and what the pin did meanwhile."""

from __future__ import annotations

import threading
import time

import gpiozero.threads
import hardware
import pytest
from gpiozero import GPIODevice
from gpiozero.pins.mock import MockFactory
from hardware import states
from patience import until

from door.errors import PinError
from door.lock import Maglock, Relay, Strike

mock_factory = hardware.mock_factory

PIN = 17
both = pytest.mark.parametrize("kind", [Strike, Maglock])


@both
def test_a_lock_is_made_locked_without_a_glitch(mock_factory: MockFactory, kind: type[Relay]) -> None:
    lock = kind(PIN)
    assert not lock.unlocked
    assert states(mock_factory.pin(PIN)) == [False]
    assert mock_factory.pin(PIN).function == "output"
    lock.close()


@both
def test_a_lock_locks_itself_again_after_its_time(mock_factory: MockFactory, kind: type[Relay]) -> None:
    lock = kind(PIN)
    began = time.monotonic()
    lock.unlock(0.2)
    assert lock.unlocked
    until(lambda: not lock.unlocked)
    assert time.monotonic() - began >= 0.2
    assert states(mock_factory.pin(PIN)) == [False, True, False]
    lock.close()


def test_an_active_low_relay_rests_high(mock_factory: MockFactory) -> None:
    pin = mock_factory.pin(PIN)
    pin.drive_high()  # the board's own pull-up
    lock = Strike(PIN, active_high=False)
    assert states(pin) == [False, True]
    lock.unlock(None)
    assert lock.unlocked
    assert states(pin) == [False, True, False]
    lock.relock()
    assert states(pin) == [False, True, False, True]
    lock.close()


def test_a_second_entry_is_not_cut_short_by_the_timer_of_the_first(mock_factory: MockFactory) -> None:
    lock = Strike(PIN)
    lock.unlock(0.1)
    lock.unlock(0.5)
    began = time.monotonic()
    until(lambda: not lock.unlocked, step=0.005)
    assert time.monotonic() - began >= 0.45
    assert states(mock_factory.pin(PIN)) == [False, True, False]  # and no gap between the two
    lock.close()


def test_a_shorter_second_unlock_counts_from_now(mock_factory: MockFactory) -> None:
    lock = Strike(PIN)
    lock.unlock(60)
    lock.unlock(0.05)
    until(lambda: not lock.unlocked, seconds=5)
    lock.close()


def test_relock_ends_a_pulse_at_once_and_its_timer_does_nothing_more(mock_factory: MockFactory) -> None:
    lock = Strike(PIN)
    before = threading.active_count()
    lock.unlock(60)
    lock.relock()
    assert not lock.unlocked
    assert threading.active_count() == before
    assert states(mock_factory.pin(PIN)) == [False, True, False]
    lock.close()


def test_unlock_without_a_time_holds_until_relock(mock_factory: MockFactory) -> None:
    lock = Strike(PIN)
    lock.unlock(0.05)
    before = threading.active_count()
    lock.unlock(None)
    assert threading.active_count() == before - 1  # the pulse's thread is gone, nothing is left to end it
    assert lock.unlocked
    lock.relock()
    assert not lock.unlocked
    lock.close()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_an_unlock_time_that_is_none_is_refused(mock_factory: MockFactory, seconds: float) -> None:
    lock = Strike(PIN)
    with pytest.raises(ValueError, match="above 0 s"):
        lock.unlock(seconds)
    assert not lock.unlocked
    lock.close()


def test_a_pulse_that_nothing_would_end_is_not_begun(
    mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lock = Strike(PIN)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(PinError, match="no thread"):
        lock.unlock(5)
    assert not lock.unlocked
    monkeypatch.undo()
    lock.unlock(60)  # and the lock is as good as before
    assert lock.unlocked
    lock.relock()
    assert not lock.unlocked
    lock.close()
    gpiozero.threads._THREADS.clear()  # it counts the thread that never was, and would wait for it at exit


def test_closing_locks_and_gives_the_pin_back_and_may_be_done_twice(mock_factory: MockFactory) -> None:
    lock = Strike(PIN)
    lock.unlock(None)
    lock.close()
    lock.close()
    pin = mock_factory.pin(PIN)
    assert pin.function == "input"
    assert states(pin) == [False, True, False]
    GPIODevice(PIN).close()  # nobody holds it


def test_strike_and_maglock_are_at_rest_while_locked_and_say_which_contact(mock_factory: MockFactory) -> None:
    """The relay's contact makes the difference; a relay that drops out locks both from outside."""
    assert Strike.__doc__ is not None
    assert Maglock.__doc__ is not None
    assert "COM and NO**" in Strike.__doc__
    assert "COM and NC**" in Maglock.__doc__
