"""The input devices of this machine: which of them is meant, and which could be a keypad."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ONES = (2, 79, 0x201)  # the 1 of the digit row, of a numeric keypad, of a telephone
_WORD_BITS = struct.calcsize("l") * 8


@dataclass(frozen=True, slots=True)
class Places:
    """Where the kernel shows them: the devices themselves, and what is said of each."""

    dev: Path = Path("/dev/input")
    sys: Path = Path("/sys/class/input")


def keypads(places: Places) -> Iterator[tuple[str, Path]]:
    """Every device that has digits: its name, its file. A keypad's volume or mouse half has none."""
    for shown in sorted(places.sys.glob("event*"), key=lambda shown: (len(shown.name), shown.name)):
        with suppress(OSError, ValueError):  # pulled out in between
            if _has_digits((shown / "device/capabilities/key").read_text("ascii")):
                name = (shown / "device/name").read_text("utf-8", "replace").strip()
                yield name, places.dev / shown.name


def find(device: str, places: Places) -> Path | None:
    """The file of ``device``: a path, or the name of a keypad (the first of that name)."""
    if device.startswith("/"):
        return Path(device)
    return next((path for name, path in keypads(places) if name == device), None)


def _has_digits(bitmap: str) -> bool:
    """Whether a bitmap of keys (hexadecimal words, the highest first) has one of ``ONES``."""
    words = bitmap.split()
    number = sum(int(word, 16) << (_WORD_BITS * n) for n, word in enumerate(reversed(words)))
    return any(number >> one & 1 for one in ONES)
