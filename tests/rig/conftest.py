"""The rig: a booted Debian with the door in it. Without RIG=1 only its sample runs; see ``make rig``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig import figures
from tests.rig.build import SUITE, built
from tests.rig.guest import Guest
from tests.rig.machine import ARCH, QEMU
from tests.rig.visitor import Visitor

Figure = Callable[[str, str, str], None]
_figures: dict[str, tuple[str, str]] = {}
OTHER = "".join(f"{part}: " for part in (SUITE, ARCH) if part not in ("bookworm", "amd64"))
WHOLE = os.environ.get("RIG", "") not in ("", "0")
collect_ignore_glob = [] if WHOLE else ["test_rig_*.py"]


def wanting() -> str:
    """What this machine lacks for the rig; empty when it has all."""
    if os.getuid():
        return "the rig is built as root: it mounts a disk and enters it"
    for program in (QEMU, "mmdebstrap"):
        if shutil.which(program) is None:
            return f"no {program}; `make rig` as root installs it"
    return ""


@pytest.fixture(scope="session")
def place() -> Path:
    """The guest's folder, built if need be: one to three minutes."""
    if reason := wanting():
        pytest.skip(reason)
    return built()


@pytest.fixture
def figure() -> Figure:
    """Notes what was measured: what, figure, bound. A run of the whole rig writes it into its page."""

    def note(what: str, measured: str, bound: str = "–") -> None:
        _figures[OTHER + what] = (measured, bound)

    return note


def pytest_sessionfinish() -> None:
    """The page gets what this run has measured."""
    if WHOLE and _figures:
        figures.write(_figures)


@pytest.fixture
def off(place: Path, tmp_path: Path) -> Iterator[Guest]:
    """A guest without power."""
    guest = Guest(place, tmp_path)
    yield guest
    guest.close()


@pytest.fixture
def visitor_of(off: Guest, place: Path) -> Visitor:
    """Somebody at the door of a guest that is still to be powered on."""
    return Visitor(off, place)


@pytest.fixture
def guest(off: Guest) -> Guest:
    """A guest at work: door shut and armed, its server beside it."""
    off.resume()
    return off


@pytest.fixture
def visitor(guest: Guest, visitor_of: Visitor) -> Visitor:
    """Somebody at its door."""
    return visitor_of
