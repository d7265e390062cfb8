"""The systemd units keep the promises of DESIGN §2.6 and §5, and systemd agrees that they are units."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from door.cli import CONFIG, main
from door.config import Config
from door.credentials import SYSTEMD_NAME
from roomserver.cli import parser as roomserver_parser

FOLDER = Path(__file__).parent.parent / "systemd"
UNITS = ("door", "roomserver")
NETWORKED = ("network", "mosquitto", "roomserver", "time", "ntp", "remote-fs", "nss")
EXPOSURE = {"door": 1.6, "roomserver": 1.2}  # of 10; what remains is network, pins and reading the clock

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")


def read(unit: str) -> dict[str, list[str]]:
    """The settings of a unit; one that is given several times has several values."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / f"{unit}.service").read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def value(unit: str, name: str) -> str:
    """The one value of a setting."""
    (only,) = read(unit)[name]
    return only


# -- the door opens without a network, and for ever -----------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", ["Requires", "Requisite", "BindsTo", "PartOf", "Upholds"])
def test_no_unit_lives_or_dies_with_another(unit: str, name: str) -> None:
    """A broker that is stopped, or not installed, stops nobody."""
    assert name not in read(unit)


@pytest.mark.parametrize("name", ["After", "Wants"])
def test_the_door_does_not_wait_for_anything_networked(name: str) -> None:
    """Offline, ``time-sync.target`` and ``network-online.target`` are never reached."""
    waits_for = " ".join(read("door").get(name, ()))
    assert not [word for word in NETWORKED if word in waits_for]


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_waits_for_the_right_time(unit: str) -> None:
    """The clock may be wrong, and the door knows it."""
    text = (FOLDER / f"{unit}.service").read_text("utf-8")
    settings = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in settings if "time-sync" in line or "time-set" in line]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_started_again_for_ever(unit: str) -> None:
    """After one second, whatever the end was; no limit makes systemd give up."""
    assert value(unit, "Restart") == "always"
    assert value(unit, "RestartSec") == "1"
    assert value(unit, "StartLimitIntervalSec") == "0"


def test_the_door_finds_its_folders_where_it_looks_for_them() -> None:
    """All else is read-only; and the program takes the configuration that is documented."""
    config = Config().door
    assert f"/var/lib/{value('door', 'StateDirectory')}" == str(config.state_dir)
    assert f"/run/{value('door', 'RuntimeDirectory')}" == str(config.runtime_dir)
    assert "--config" not in value("door", "ExecStart")
    assert CONFIG.parent == config.credentials.parent


def test_the_programs_understand_what_the_units_say(capsys: pytest.CaptureFixture[str]) -> None:
    """A renamed command or option would be found out at the next power cut."""
    for name in ("ExecStart", "ExecStopPost"):
        with pytest.raises(SystemExit, match=r"^0$"):
            main([*value("door", name).split()[1:], "--help"])
    given = roomserver_parser().parse_args(value("roomserver", "ExecStart").split()[1:])
    assert given.config.parent == Path("/var/lib", value("roomserver", "StateDirectory"))
    assert "usage: door relock" in capsys.readouterr().out


def test_a_hung_door_is_killed_within_a_stated_bound() -> None:
    """The loop feeds the watchdog; nobody else may."""
    assert value("door", "Type") == "notify"
    assert value("door", "WatchdogSec") == "10"
    assert "NotifyAccess" not in read("door")  # Type=notify means: the main process alone


def test_a_hung_kernel_is_reset_sooner_than_a_pi_can_count() -> None:
    """The watchdog of a Pi counts to 15 s at most, and systemd refuses what the hardware cannot."""
    text = (FOLDER / "watchdog.conf").read_text("utf-8")
    found = re.findall(r"^RuntimeWatchdogSec=(\d+)$", text, re.MULTILINE)
    assert [0 < int(seconds) < 15 for seconds in found] == [True]


def test_whatever_the_end_was_the_door_is_locked() -> None:
    """A Raspberry Pi kernel leaves outputs driven; the same program and configuration lock."""
    run, relock = value("door", "ExecStart"), value("door", "ExecStopPost")
    assert relock == run.replace("door run", "door relock")
    assert not relock.startswith("-")


def test_the_door_keeps_its_secrets_out_of_the_unit() -> None:
    """The credential has the name that the program looks for; no variable holds one."""
    name, _, path = value("door", "LoadCredential").partition(":")
    assert name == SYSTEMD_NAME
    assert path == str(Config().door.credentials)
    assert value("door", "SetCredential").startswith(f"{name}:")  # else a new door could not even complain
    assert {name.partition("=")[0] for name in read("door")["Environment"]} == {
        "LG_WD", "MALLOC_ARENA_MAX", "PYTHONTZPATH"
    }  # fmt: skip


def test_lgpio_finds_a_folder_it_may_write_to() -> None:
    assert f"LG_WD={value('door', 'WorkingDirectory')}" in read("door")["Environment"]


def test_the_time_zones_are_where_the_unit_says() -> None:
    """Else a door with another folder than Debian's would know no zone at all."""
    told = dict(variable.split("=", 1) for variable in read("door")["Environment"])
    assert Path(told["PYTHONTZPATH"], "Asia", "Shanghai").is_file()


# -- the sandbox ----------------------------------------------------------------------------------


def test_the_door_reaches_its_pins() -> None:
    """Each of these was found to break gpiozero with lgpio, or is needed by it."""
    unit = read("door")
    assert unit["DevicePolicy"] == ["closed"]
    assert unit["DeviceAllow"] == ["char-gpiochip rw"]
    assert unit["Group"] == ["gpio"]
    assert "PrivateDevices" not in unit
    assert "ProcSubset" not in unit


def test_the_door_may_ask_who_holds_the_clock_and_not_set_it() -> None:
    """``adjtimex`` only reads without a capability; ProtectClock= would refuse even that."""
    unit = read("door")
    assert "ProtectClock" not in unit
    assert unit["SystemCallFilter"][-1] == "clock_adjtime"
    assert unit["CapabilityBoundingSet"] == [""]


@pytest.mark.parametrize("unit", UNITS)
def test_nobody_runs_as_root_and_each_has_its_own_folder(unit: str) -> None:
    """Closed to the group as well: users of a Pi are in group gpio."""
    users = (FOLDER / "sysusers.conf").read_text("utf-8")
    assert re.search(rf"^u {value(unit, 'User')} ", users, re.MULTILINE)
    modes = [*read(unit)["StateDirectoryMode"], *read(unit).get("RuntimeDirectoryMode", ())]
    assert set(modes) == {"0710" if unit.startswith("roomserver") else "0700"}  # Mosquitto passes through
    assert value(unit, "UMask") == "0077"
    assert value(unit, "LimitCORE") == "0"


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_no_fault(unit: str, tmp_path: Path) -> None:
    """Names and values of all settings, by systemd's own reading; only the programs stand elsewhere."""
    text = (FOLDER / f"{unit}.service").read_text("utf-8")
    copy = tmp_path / f"{unit}.service"
    copy.write_text(re.sub(r"/opt/studyroom/\S+", "/bin/true", text), "utf-8")
    told = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_the_sandbox_is_tight(unit: str) -> None:
    """systemd's own figure for what a service could still do; it may only be lowered."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(FOLDER / f"{unit}.service")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figure = re.search(r"exposure level for \S+: ([\d.]+)", told)
    assert figure is not None
    assert float(figure[1]) <= EXPOSURE[unit]
