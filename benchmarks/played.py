"""A real door whose USB keypad and display are played, and whose threads have their names at the kernel too.

``python -m benchmarks.played --config FILE run``: a named pipe stands for the input device (it knows no
ioctl), a bus that takes everything for the display's; all else is the door as it is.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

from door import cli
from door.keypads import usb


class Bus:
    """Takes all that is written to it; what ``smbus2.SMBus`` is to luma."""

    def __init__(self, port: int) -> None:
        self.port = port

    def write_i2c_block_data(self, *_: object) -> None:
        """A command."""

    def i2c_rdwr(self, *_: object) -> None:
        """A picture."""

    def close(self) -> None:
        """Given back."""


def named(thread: threading.Thread) -> None:
    """Run with its name at the kernel."""
    Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(thread.name[:15])
    _run(thread)


_run = threading.Thread.run

if __name__ == "__main__":
    threading.Thread.run = named
    usb.fcntl = SimpleNamespace(ioctl=lambda *_: 0)
    if "display" in Path(sys.argv[2]).name:
        import smbus2

        smbus2.SMBus = Bus
    sys.exit(cli.main())
