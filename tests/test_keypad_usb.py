"""USB keypads: the kernel's events into keys, the device ours alone, unplugged and plugged in again.

The kernel's device file is played by a named pipe that carries the same structs; what only the kernel can do
(the grab) is asked of a stand-in, and of the kernel itself where there is a /dev/uinput.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asleep import sleeps
from hypothesis import given
from hypothesis import strategies as st
from patience import Posted, until

from door.events import KeyHeld, KeypadChanged, KeyPressed
from door.keypads import usb
from door.keypads.inputdevices import Places, find, keypads
from door.keypads.inputevents import EVENT, InputEvent, InputKeys, events
from door.keypads.usb import EVIOCGRAB, EVIOCSCLOCKID, UsbKeypad

ROW = dict(zip("1234567890", range(2, 12), strict=True))
PAD = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True)) | {"*": 55, "#": 96}
SHIFT, NUM_LOCK, VOLUME = 42, 69, 115
MS = 1000


def pressed(*told: tuple[int, int, int]) -> str:
    """What comes of (ms, code, value)."""
    keys = InputKeys()
    return "".join(keys.feed(InputEvent(at * MS, 1, code, value)) or "" for at, code, value in told)


# -- events into keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codes", [ROW, PAD, {str(n): 0x200 + n for n in range(10)} | {"*": 0x20A, "#": 0x20B}]
)
def test_every_key_of_each_row_says_its_name(codes: dict[str, int]) -> None:
    for key, code in codes.items():
        assert pressed((0, code, 1), (50, code, 0)) == key


def test_the_kernels_repetition_of_a_held_key_is_no_press() -> None:
    assert pressed((0, PAD["5"], 1), *((250 + n, PAD["5"], 2) for n in range(99)), (900, PAD["5"], 0)) == "5"


def test_with_shift_two_digits_are_signs_and_the_others_nothing() -> None:
    assert (
        pressed((0, SHIFT, 1), (9, 4, 1), (40, 4, 0), (50, 9, 1), (90, 9, 0), (99, 5, 1), (120, 5, 0)) == "#*"
    )
    assert pressed((0, SHIFT, 1), (30, SHIFT, 0), (40, 4, 1)) == "3"
    assert pressed((0, SHIFT, 1), (9, PAD["3"], 1)) == "3"


def test_what_is_no_key_of_the_door_is_passed_over() -> None:
    assert pressed((0, NUM_LOCK, 1), (1, NUM_LOCK, 0), (2, VOLUME, 1), (3, 30, 1), (4, 0x2FF, 1)) == ""


def test_enter_is_hash_and_whatever_clears_is_star() -> None:
    assert pressed(*((n * 100, code, 1) for n, code in enumerate((28, 96, 14, 111, 1)))) == "##***"


@st.composite
def bouncing(draw: st.DrawFn) -> tuple[str, list[InputEvent]]:
    """Keys typed in turn or overlapping, each bouncing for up to 20 ms at either end."""
    told: list[tuple[int, int, int]] = []
    keys = draw(st.text(st.sampled_from("0123456789*#"), min_size=1, max_size=10))
    now, until_up = 0, dict[str, int]()
    for key in keys:
        now = max(now + draw(st.integers(45, 300)), until_up.get(key, 0))
        up = now + draw(st.integers(45, 200))
        for edge, value in ((now, 1), (up, 0)):
            flips = sorted(draw(st.lists(st.integers(1, 20), max_size=6).filter(lambda f: len(f) % 2 == 0)))
            told.append((edge * MS, PAD[key], value))
            told += [((edge + ms) * MS, PAD[key], value ^ (n % 2 == 0)) for n, ms in enumerate(flips)]
        until_up[key] = up + 50
    return keys, [InputEvent(at, 1, code, value) for at, code, value in sorted(told, key=lambda one: one[0])]


@given(bouncing())
def test_each_key_is_reported_once_and_in_order_however_it_bounces(
    case: tuple[str, list[InputEvent]],
) -> None:
    keys, told = case
    reader = InputKeys()
    assert "".join(reader.feed(event) or "" for event in told) == keys
    assert reader.since is None


def test_when_the_kernel_dropped_events_what_stands_is_cleared() -> None:
    """And what it tells until the next report is old."""
    reader = InputKeys()
    told = [(1, PAD["1"], 1), (0, 3, 0), (1, PAD["2"], 1), (0, 0, 0), (1, PAD["3"], 1)]
    assert [reader.feed(InputEvent(n * 100 * MS, *one)) for n, one in enumerate(told)] == [
        "1",
        "*",
        None,
        None,
        "3",
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_nothing(data: bytes) -> None:
    reader = InputKeys()
    for event in events(data):
        assert (reader.feed(event) or "0") in "0123456789*#"


# -- which device ---------------------------------------------------------------------------------


@dataclass
class Machine:
    """The input devices of a machine, played by pipes; and its kernel's answers."""

    folder: Path
    refuses: int | None = None
    asked: list[tuple[int, object]] = field(default_factory=list)
    plugged: dict[str, int] = field(default_factory=dict)
    pressed_at: int = 0

    def __post_init__(self) -> None:
        self.places = Places(self.folder / "dev" / "input", self.folder / "sys")
        self.places.dev.parent.mkdir()

    def plug(
        self, node: str, name: str = "USB Keypad", digits: str = "8000 0 e080ffdf01cfffff fffffffffffffffe"
    ) -> Path:
        """Plug a device in."""
        said = self.places.sys / node / "device"
        (said / "capabilities").mkdir(parents=True, exist_ok=True)
        (said / "name").write_text(f"{name}\n")
        (said / "capabilities/key").write_text(f"{digits}\n")
        self.places.dev.mkdir(exist_ok=True)
        path = self.places.dev / node
        os.mkfifo(path)
        self.plugged[node] = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        return path

    def unplug(self, node: str) -> None:
        """Pull it out."""
        (self.places.dev / node).unlink()
        for said in (
            self.places.sys / node / "device/name",
            self.places.sys / node / "device/capabilities/key",
        ):
            said.unlink()
        os.close(self.plugged.pop(node))

    def ioctl(self, fd: int, request: int, argument: object) -> int:
        """What the kernel is asked."""
        self.asked.append((request, argument))
        if self.refuses is not None:
            raise OSError(self.refuses, os.strerror(self.refuses))
        return 0

    def press(self, node: str, *codes: int, hold: bool = False) -> None:
        """Press keys one after another."""
        for code in codes:
            now = max(time.monotonic_ns() // 1000, self.pressed_at + 60_000)  # a thumb's pace, and no waiting
            self.pressed_at = now
            for value in (1,) if hold else (1, 0):
                data = EVENT.pack(*divmod(now, 1_000_000), 1, code, value) + EVENT.pack(0, 0, 0, 0, 0)
                os.write(self.plugged[node], data)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for fd in machine.plugged.values():
        os.close(fd)


def test_a_keypad_is_found_by_path_or_by_name_and_its_half_without_digits_is_not(machine: Machine) -> None:
    machine.plug("event0", "Power Button", digits="10000000000000 0")
    machine.plug("event10", "USB Keypad")
    machine.plug("event2", "USB Keypad", digits="0")
    machine.plug("event3", "Phone", digits=" ".join(["2", *["0"] * 8]))
    assert list(keypads(machine.places)) == [
        ("Phone", machine.places.dev / "event3"),
        ("USB Keypad", machine.places.dev / "event10"),
    ]
    assert find("USB Keypad", machine.places) == machine.places.dev / "event10"
    assert find("usb keypad", machine.places) is None
    assert find("/dev/input/by-id/x", machine.places) == Path("/dev/input/by-id/x")


def test_a_machine_without_input_devices_has_no_keypads(tmp_path: Path) -> None:
    assert list(keypads(Places(tmp_path / "none", tmp_path / "none"))) == []


# -- the keypad -----------------------------------------------------------------------------------


@dataclass
class Rig:
    """A keypad at work."""

    machine: Machine
    posted: Posted
    keypad: UsbKeypad

    def keys(self) -> str:
        return "".join(event.key for event in self.posted.of(KeyPressed))


@pytest.fixture
def rig(machine: Machine) -> Iterator[Rig]:
    """Found by its name; not plugged in yet."""
    posted = Posted()
    keypad = UsbKeypad(
        posted, device="USB Keypad", stuck_seconds=0.3, places=machine.places, ioctl=machine.ioctl
    )
    yield Rig(machine, posted, keypad)
    keypad.stop()
    assert not keypad._thread.is_alive()


def test_from_the_kernels_bytes_to_keys(rig: Rig) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", *(PAD[key] for key in "0427719385#"))
    until(lambda: len(rig.keys()) == 11)
    assert rig.keys() == "0427719385#"
    assert rig.posted.of(KeypadChanged) == []


def test_the_device_is_the_doors_alone_and_tells_monotonic_time(rig: Rig) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    until(lambda: len(rig.machine.asked) == 2)
    assert rig.machine.asked == [(EVIOCGRAB, 1), (EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))]


def test_unplugged_it_is_lost_and_plugged_in_again_elsewhere_it_goes_on(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", PAD["1"])
    assert rig.posted.next(KeyPressed, 5).key == "1"
    for node in ("event5", "event6"):
        rig.machine.unplug(next(iter(rig.machine.plugged)))
        assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
        rig.machine.plug(node)
        assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)
        rig.machine.press(node, PAD["2"])
        assert rig.posted.next(KeyPressed, 5).key == "2"
    assert caplog.text.count("was unplugged") == 2


def test_before_it_is_plugged_in_the_door_waits_without_looking(rig: Rig) -> None:
    """Not even the folder of input devices is there."""
    rig.keypad.start()
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
    sleeps(rig.keypad._thread)
    rig.machine.plug("event0")
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)


def test_a_link_of_udev_that_comes_later_is_noticed(machine: Machine) -> None:
    links = machine.places.dev / "by-id"
    posted = Posted()
    keypad = UsbKeypad(posted, device=str(links / "usb-keypad"), places=machine.places, ioctl=machine.ioctl)
    keypad.start()
    assert posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
    device = machine.plug("event4")
    links.mkdir()
    (machine.places.dev / "new").symlink_to(device)
    (machine.places.dev / "new").rename(links / "usb-keypad")
    assert posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)
    keypad.stop()


def test_an_idle_keypad_wakes_no_processor(rig: Rig) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", PAD["1"])
    assert rig.posted.next(KeyPressed, 5).key == "1"
    sleeps(rig.keypad._thread)


def test_a_stuck_key_is_told_and_the_others_go_on(rig: Rig) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", PAD["1"], hold=True)
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "stuck")
    rig.machine.press("event4", PAD["9"])
    until(lambda: rig.keys() == "19")
    sleeps(rig.keypad._thread)
    rig.machine.press("event4", PAD["1"])
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)


def test_a_key_held_is_told_once_also_if_the_kernel_says_nothing_meanwhile(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("door.keypad.HELD_MS", 100)
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", PAD["*"], hold=True)
    assert rig.posted.next(KeyHeld, 5) == KeyHeld("usb", "*")
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "stuck")
    assert len(rig.posted.of(KeyHeld)) == 1


def test_a_key_that_presses_itself_is_muted_told_and_forgiven(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("door.keypads.chatter.REST_MS", 500)
    monkeypatch.setattr("door.keypads.chatter.PAUSE_MS", 400)
    rig.machine.plug("event4")
    rig.keypad.start()
    rig.machine.press("event4", *[PAD["5"]] * 40)
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "stuck")
    assert rig.keys() == "5" * 24
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)
    rig.machine.press("event4", PAD["5"])
    until(lambda: rig.keys() == "5" * 25)


@pytest.mark.parametrize(
    "error, words",
    [
        (errno.EBUSY, "another program"),
        (errno.EACCES, "group input"),
        (errno.EPERM, "forbidden by the unit"),
        (errno.ENOTTY, "no input device"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_why_it_cannot_be_had_is_told_and_it_is_tried_again(
    rig: Rig, error: int, words: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usb, "HELD_RETRY_SECONDS", 0.05)
    rig.machine.refuses = error
    rig.machine.plug("event4")
    rig.keypad.start()
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
    assert words in caplog.text
    rig.machine.refuses = None
    (rig.machine.places.dev / "event4").chmod(0o600)  # as udev does when it has got so far
    assert rig.posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_a_stopped_keypad_lets_go_and_may_be_stopped_twice(rig: Rig) -> None:
    rig.machine.plug("event4")
    rig.keypad.start()
    until(lambda: len(rig.machine.asked) == 2)
    rig.keypad.stop()
    rig.keypad.stop()
    assert not rig.keypad._thread.is_alive()
    rig.machine.press("event4", PAD["1"])
    assert rig.posted.all == []


# -- the kernel's own device ----------------------------------------------------------------------

UINPUT = Path("/dev/uinput")
UI_DEV_CREATE, UI_DEV_DESTROY, UI_SET_EVBIT, UI_SET_KEYBIT = 0x5501, 0x5502, 0x40045564, 0x40045565


@pytest.mark.skipif(not os.access(UINPUT, os.W_OK), reason="needs /dev/uinput: modprobe uinput, as root")
def test_with_the_kernels_own_device_keys_come_and_reach_nobody_else() -> None:
    name, codes = "study room test keypad", list(PAD.values())
    posted = Posted()
    keypad = UsbKeypad(posted, device=name)
    keypad.start()
    assert posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
    device = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK)
    fcntl.ioctl(device, UI_SET_EVBIT, 1)
    for code in codes:
        fcntl.ioctl(device, UI_SET_KEYBIT, code)
    os.write(device, struct.pack("80sHHHHi256i", name.encode(), 3, 1, 1, 1, 0, *[0] * 256))
    fcntl.ioctl(device, UI_DEV_CREATE)
    assert posted.next(KeypadChanged, 5) == KeypadChanged("usb", None)
    path = find(name, Places())
    assert path is not None
    other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    for code in codes:
        for value in (1, 0):
            os.write(device, EVENT.pack(0, 0, 1, code, value) + EVENT.pack(0, 0, 0, 0, 0))
    until(lambda: len(posted.of(KeyPressed)) == len(codes))
    assert "".join(event.key for event in posted.of(KeyPressed)) == "0123456789*#"
    with pytest.raises(BlockingIOError):
        os.read(other, 1024)
    fcntl.ioctl(device, UI_DEV_DESTROY)
    assert posted.next(KeypadChanged, 5) == KeypadChanged("usb", "lost")
    keypad.stop()
    for fd in (device, other):
        os.close(fd)
