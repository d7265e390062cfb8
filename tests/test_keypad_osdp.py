"""OSDP: keys come through a secure channel or not at all, cues go back, and a line that breaks is mended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread

import osdp_sys
import pytest
from asleep import sleeps
from hypothesis import given, settings
from hypothesis import strategies as st
from osdpreader import ADDRESS, KEY, Cable, Reader
from patience import Posted, until

from door.cues import SIGNALS
from door.effects import Cue
from door.events import KeypadChanged, KeyPressed
from door.keypads.chatter import RUN
from door.keypads.osdp import OsdpKeypad
from door.keypads.osdpbus import Line
from door.keypads.osdpsignals import COLOURS, commands

# -- cues into commands ---------------------------------------------------------------------------


@pytest.mark.parametrize("cue", [cue for cue in Cue if cue is not Cue.KEY])
def test_every_cue_has_its_colour_and_its_beeps_and_ends(cue: Cue) -> None:
    lamp, buzzer = commands(cue, None, quiet=False)
    shown = {shade for shade, _ in SIGNALS[cue].light.steps if shade}
    assert lamp["on_color"] in {COLOURS[shade] for shade in shown}
    for number in (*lamp.values(), *buzzer.values()):
        assert isinstance(number, str) or 0 <= number <= 255 or number == lamp["timer_count"] <= 65_535
    assert int(lamp["timer_count"]) >= 1
    assert int(buzzer["rep_count"]) >= 1  # 0 would beep for ever


def test_the_bound_of_a_cue_is_the_time_of_its_lamp() -> None:
    lamp, _ = commands(Cue.ACCEPTED, 5000, quiet=False)
    assert (lamp["on_color"], lamp["on_count"], lamp["off_count"], lamp["timer_count"]) == (2, 10, 0, 50)
    lamp, buzzer = commands(Cue.WRONG, None, quiet=False)
    assert (lamp["on_color"], lamp["timer_count"], buzzer["rep_count"]) == (1, 4, 2)


def test_cues_differ_and_a_key_is_left_to_the_keypads_own_click() -> None:
    assert commands(Cue.KEY, None, quiet=False) == []
    said = [str(commands(cue, None, quiet=False)) for cue in Cue]
    assert len(set(said)) == len(said)


def test_in_the_quiet_hours_what_is_hushed_only_shines() -> None:
    _, buzzer = commands(Cue.HELD, None, quiet=True)
    assert buzzer["control_code"] == 1
    _, buzzer = commands(Cue.ACCEPTED, None, quiet=True)
    assert buzzer["control_code"] == 2


# -- the keypad, on a line ------------------------------------------------------------------------


@dataclass
class Rig:
    """A keypad at work at its end of the cable; the reader comes when it is told to."""

    cable: Cable
    posted: Posted
    keypad: OsdpKeypad
    readers: list[Reader]

    def plug(self, key: bytes = KEY) -> Reader:
        self.readers.append(Reader(self.cable, key))
        return self.readers[-1]

    def keys(self) -> str:
        return "".join(event.key for event in self.posted.of(KeyPressed))

    @property
    def pid(self) -> int:
        """The process on the line."""
        told = subprocess.run(
            ["pgrep", "-P", str(os.getpid()), "-f", "osdpbus"], capture_output=True, text=True
        )
        return int(told.stdout.split()[-1])


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    cable, posted = Cable(tmp_path), Posted()
    line = Line(str(cable.device), 9600, ADDRESS, KEY.hex())
    rig = Rig(cable, posted, OsdpKeypad(posted, line=line), [])
    yield rig
    rig.keypad.stop()
    assert not rig.keypad._thread.is_alive()
    for reader in rig.readers:
        reader.unplug()
    cable.close()


def test_keys_come_through_the_secure_channel(rig: Rig) -> None:
    """Every spelling of # and * that readers use; nothing is told of a fault at the start."""
    reader = rig.plug()
    rig.keypad.start()
    reader.type(b"0427719385\x0d")
    reader.type(b"\x7f*#A")
    until(lambda: len(rig.keys()) == 14)
    assert rig.keys() == "0427719385#**#"
    assert rig.posted.of(KeypadChanged) == []


def test_cues_are_shown_on_the_readers_lamp_and_buzzer(rig: Rig) -> None:
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    rig.keypad.show(Cue.KEY, None)
    rig.keypad.show(Cue.ACCEPTED, 5000)
    until(lambda: len(reader.commands) == 2)
    lamp, buzzer = reader.commands
    assert (lamp["command"], lamp["on_color"], lamp["timer_count"]) == (osdp_sys.CMD_LED, 2, 50)
    assert lamp["temporary"]
    assert (buzzer["command"], buzzer["control_code"]) == (osdp_sys.CMD_BUZZER, 2)


@pytest.mark.parametrize("key", [bytes(16), bytes(range(0x30, 0x40))], ids=["another", "the factory's"])
def test_a_reader_with_another_key_gets_no_word_in(
    rig: Rig, key: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader = rig.plug(key)
    reader.type(b"1")
    rig.keypad.start()
    assert rig.posted.next(KeypadChanged) == KeypadChanged("osdp", "lost")
    assert "secure_key" in caplog.text
    assert rig.keys() == ""


def test_a_reader_without_current_is_lost_and_found_again(rig: Rig) -> None:
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    for _ in range(2):
        rig.readers[-1].unplug()
        assert rig.posted.next(KeypadChanged, 20) == KeypadChanged("osdp", "lost")
        reader = rig.plug()
        assert rig.posted.next(KeypadChanged, 20) == KeypadChanged("osdp", None)
        reader.type(b"7")
        assert rig.posted.next(KeyPressed).key == "7"


def test_a_process_that_dies_is_begun_anew(rig: Rig) -> None:
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    os.kill(rig.pid, signal.SIGKILL)
    assert rig.posted.next(KeypadChanged) == KeypadChanged("osdp", "lost")
    assert rig.posted.next(KeypadChanged, 20) == KeypadChanged("osdp", None)
    reader.type(b"7")
    assert rig.posted.next(KeyPressed).key == "7"


def test_a_card_is_told_once_and_nothing_of_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reader = rig.plug()
    rig.keypad.start()
    reader.show_card()
    reader.show_card()
    reader.type(b"7")
    assert rig.posted.next(KeyPressed).key == "7"
    assert caplog.text.count("keys alone") == 1
    assert len(rig.posted.all) == 1


def test_an_adapter_that_is_not_plugged_in_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cable, posted = Cable(tmp_path), Posted()
    hidden = cable.device.rename(tmp_path / "elsewhere")
    keypad = OsdpKeypad(posted, line=Line(str(cable.device), 9600, ADDRESS, KEY.hex()))
    keypad.start()
    assert posted.next(KeypadChanged) == KeypadChanged("osdp", "lost")
    assert "ttyUSB0 cannot be used: No such file" in caplog.text
    reader = Reader(cable)
    hidden.rename(cable.device)
    assert posted.next(KeypadChanged, 20) == KeypadChanged("osdp", None)
    keypad.stop()
    reader.unplug()
    cable.close()


def test_idle_the_door_sleeps_and_the_process_on_the_line_alone_asks(rig: Rig) -> None:
    """Its cost is bounded: it asks 20 times a second, and is woken by question and answer."""
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    sleeps(rig.keypad._thread)
    status = Path(f"/proc/{rig.pid}/status")

    def wakes() -> int:
        return int(status.read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0])

    before, began = wakes(), time.monotonic()
    until(lambda: time.monotonic() - began > 1)
    assert 10 < (wakes() - before) / (time.monotonic() - began) < 100


def test_the_key_of_the_channel_is_no_argument_of_the_process(rig: Rig) -> None:
    rig.plug()
    rig.keypad.start()
    until(lambda: rig.readers[0].secure)
    assert KEY.hex().encode() not in Path(f"/proc/{rig.pid}/cmdline").read_bytes()
    assert KEY.hex() not in repr(rig.keypad._line)


def test_a_process_that_hangs_keeps_nobody_waiting(rig: Rig) -> None:
    """The loop shows cues; its pipe full, they are dropped."""
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    os.kill(rig.pid, signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(2000):
        rig.keypad.show(Cue.ACCEPTED, 5000)
    assert time.monotonic() - began < 2
    rig.keypad.stop()


def test_a_stopped_keypad_leaves_no_process_and_may_be_stopped_twice(rig: Rig) -> None:
    reader = rig.plug()
    rig.keypad.start()
    until(lambda: reader.secure)
    pid = rig.pid
    rig.keypad.stop()
    rig.keypad.stop()
    assert not Path(f"/proc/{pid}").exists()
    reader.type(b"1")
    assert rig.posted.all == []


@settings(max_examples=40)
@given(st.text(st.sampled_from("0123456789*#"), min_size=1, max_size=RUN - 1), st.data())
def test_however_the_pipe_cuts_what_the_process_tells_each_key_comes_once(
    keys: str, data: st.DataObject
) -> None:
    """A thumb may be faster than the door reads, and the door faster than the process writes."""
    told = "".join(f"key {key}\n" for key in keys).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=10)))
    posted, (theirs, ours) = Posted(), os.pipe()
    keypad = OsdpKeypad(posted, line=Line("/dev/null", 9600, ADDRESS, KEY.hex()))
    writer = Thread(target=_written, args=(ours, [told[a:b] for a, b in pairwise([0, *cuts, len(told)])]))
    writer.start()
    keypad._hear(theirs)
    writer.join()
    os.close(theirs)
    assert "".join(event.key for event in posted.of(KeyPressed)) == keys


def _written(pipe: int, parts: list[bytes]) -> None:
    for part in parts:
        os.write(pipe, part)
    os.close(pipe)
