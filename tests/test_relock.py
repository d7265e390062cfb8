"""``door relock`` puts the relay at rest whatever is broken, and imports nothing that could be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hardware
import pytest
from gpiozero.pins.mock import MockFactory
from hardware import states
from serving import ROOT
from village import config, door_at, write

from door import fittings, pins, relock

mock_factory = hardware.mock_factory
Energise = Callable[[int], Callable[[], bool]]


@pytest.fixture
def energised(mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch) -> Energise:
    """Makes a pin an output that is high, as a killed daemon leaves it; what is given tells its level."""

    def energise(number: int) -> Callable[[], bool]:
        pin = mock_factory.pin(number)
        pin.function = "output"
        pin.state = True
        return lambda: bool(pin.state)

    monkeypatch.setattr(pins, "use", lambda *_: mock_factory)
    return energise


def test_it_drops_a_relay_that_was_left_energised(tmp_path: Path, energised: Energise) -> None:
    """The pin of the configuration, and no other."""
    path = write(tmp_path, config(tmp_path, lock=fittings.Lock(pin=26)))
    lock, other = energised(26), energised(17)
    assert relock.main(path) == 0
    assert (lock(), other()) == (False, True)


def test_for_a_board_that_switches_on_low_rest_is_high(
    tmp_path: Path,
    energised: Energise,
    mock_factory: MockFactory,
) -> None:
    """``active_high = false``: driven high, and then let go, for the board's own pull-up to hold."""
    path = write(tmp_path, config(tmp_path, lock=fittings.Lock(pin=26, active_high=False)))
    energised(26)
    pin = mock_factory.pin(26)
    pin.state = False
    before = len(pin.states)
    assert relock.main(path) == 0
    assert states(pin)[before] is True
    assert pin.function == "input"


@pytest.mark.parametrize("text", [None, "[lock", "\xff", "keypads = 3\n", "[loock]\n[lock]\nkind = 7\n"])
def test_a_broken_configuration_costs_it_nothing_it_needs(
    tmp_path: Path, energised: Energise, text: str | None
) -> None:
    """Missing, no TOML, no UTF-8, faulty elsewhere: the default pin is put at rest."""
    path = tmp_path / "config.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    lock = energised(17)
    assert relock.main(path) == 0
    assert lock() is False


@pytest.mark.parametrize(
    "text", ['[lock]\npin = "a"\n', "lock = 3\n", "door = 3\n", '[pins]\nfactory = "none"\n', "pins = 1\n"]
)
def test_what_it_cannot_do_is_a_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Never a traceback: systemd goes on, and somebody reads the journal."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert relock.main(path) == 1
    assert capsys.readouterr().err.startswith("door relock: the lock's pin cannot be had:")


def test_it_imports_the_pin_library_alone(tmp_path: Path) -> None:
    """In a fresh interpreter, through ``python -m door``: no database, no network, no core."""
    path = write(tmp_path, config(tmp_path))
    program = (
        "import sys; from door.cli import main; code = main(['--config', sys.argv[1], 'relock']); "
        "bad = {'sqlite3', 'sqlite_utils', 'requests', 'paho', 'pyotp', 'door.config', 'door.controller', "
        "'door.daemon'} & set(sys.modules); print(sorted(bad)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_it_works_beside_a_running_door(tmp_path: Path) -> None:
    """It asks no lock and no socket for leave."""
    with door_at(tmp_path) as door:
        assert relock.main(door.path) == 0
