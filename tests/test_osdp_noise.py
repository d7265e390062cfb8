"""OSDP on a line with noise: whatever becomes of the bytes, no key is invented and none comes twice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from osdpreader import ADDRESS, KEY, Cable, Reader
from patience import Posted, until

from door.events import KeypadChanged, KeyPressed
from door.keypads.osdp import OsdpKeypad
from door.keypads.osdpbus import Line

TYPED = b"0123456789*"  # each once: a key that comes twice is seen
MENDED_SECONDS = 90  # a busy machine, and libosdp begun anew more than once


class Noise:
    """What becomes of each frame on the line, one after the other; in the end all is quiet."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, int, int]] = []
        self._late = b""

    def through(self, frame: bytes) -> bytes:
        """The frame as it arrives; nothing stands for nothing that was sent."""
        if not frame:
            return b""
        kind, place, bits = self.faults.pop(0) if self.faults else ("whole", 0, 0)
        late, self._late = self._late, b""
        at = place % len(frame)
        match kind:
            case "changed":
                frame = frame[:at] + bytes([frame[at] ^ bits]) + frame[at + 1 :]
            case "cut":
                frame = frame[:at]
            case "doubled":
                frame += frame
            case "invented":
                frame = bytes([bits]) * place + frame
            case "late":
                frame, self._late = b"", frame
        return late + frame


class NoisyReader(Reader):
    """A reader whose line has noise both ways."""

    def __init__(self, cable: Cable) -> None:
        self.noise, self._came = Noise(), b""
        super().__init__(cable)

    def read(self, most: int) -> bytes:
        """What arrives here."""
        self._came += self.noise.through(super().read(most))
        taken, self._came = self._came[:most], self._came[most:]
        return taken

    def write(self, data: bytes) -> int:
        """What arrives there; whoever speaks does not hear what becomes of it."""
        super().write(self.noise.through(data))
        return len(data)


def is_within(keys: str, typed: str) -> bool:
    """Whether these are some of the typed keys, in their order, none of them twice."""
    rest: Iterable[str] = iter(typed)
    return all(key in rest for key in keys)


kinds = st.sampled_from(["changed", "cut", "doubled", "invented", "late"])
faults = st.lists(st.tuples(kinds, st.integers(0, 80), st.integers(1, 255)), min_size=1, max_size=30)


def noise_is_survived(faults: list[tuple[str, int, int]]) -> None:
    """Type through the noise; afterwards a key comes, and a reader that falls silent is told."""
    with tempfile.TemporaryDirectory() as folder:
        cable, posted = Cable(Path(folder)), Posted()
        reader = NoisyReader(cable)
        keypad = OsdpKeypad(posted, line=Line(str(cable.device), 9600, ADDRESS, KEY.hex()))
        keypad.start()
        try:
            until(lambda: reader.secure, MENDED_SECONDS)
            reader.noise.faults = list(faults)
            for n in range(len(TYPED)):
                reader.type(TYPED[n : n + 1])
            until(lambda: not reader.noise.faults, MENDED_SECONDS)
            reader.type(b"#")
            until(lambda: _keys(posted).endswith("#"), MENDED_SECONDS)
            event(f"{len(TYPED) + 1 - len(_keys(posted))} keys lost")
            assert is_within(_keys(posted), f"{TYPED.decode()}#")
            assert keypad._thread.is_alive()
            reader.unplug()
            until(lambda: posted.of(KeypadChanged)[-1:] == [KeypadChanged("osdp", "lost")], MENDED_SECONDS)
        finally:
            keypad.stop()
            reader.unplug()
            cable.close()


def _keys(posted: Posted) -> str:
    return "".join(pressed.key for pressed in posted.of(KeyPressed))


# A new process for each example: a few say that it works, and a failing one is told as it was drawn.
slow = settings(
    deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow]
)


@settings(slow, max_examples=3)
@given(faults)
@pytest.mark.timeout(600)
def test_noise_on_the_line_invents_no_key_and_doubles_none(faults: list[tuple[str, int, int]]) -> None:
    noise_is_survived(faults)


@pytest.mark.long
@settings(slow, max_examples=20)
@given(faults)
@pytest.mark.timeout(3600)
def test_much_noise_on_the_line_invents_no_key_and_doubles_none(faults: list[tuple[str, int, int]]) -> None:
    noise_is_survived(faults)


def test_what_is_within_is_told_from_what_is_not() -> None:
    """The question that the others ask."""
    assert all(is_within(keys, "123#") for keys in ("", "13#", "123#"))
    assert not any(is_within(keys, "123#") for keys in ("11", "21", "4", "#3", "123##"))
