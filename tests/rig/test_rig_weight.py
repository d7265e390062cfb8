"""What the door weighs on its machine, and what systemd says of its units there."""

from __future__ import annotations

import re

import pytest

from tests.rig.conftest import Figure
from tests.rig.guest import Guest
from tests.rig.visitor import Visitor

pytestmark = pytest.mark.timeout(1800)
EXPOSURE = {"door": 1.6, "roomserver": 2.0}
PID = "$(systemctl show -p MainPID --value door)"


@pytest.mark.parametrize("unit", EXPOSURE)
def test_systemd_agrees_with_the_units(visitor: Visitor, figure: Figure, unit: str) -> None:
    """Verified without a word; little is left that the service could do."""
    assert visitor.guest.shell(f"systemd-analyze verify /etc/systemd/system/{unit}.service") == ""
    said = visitor.guest.shell(f"systemd-analyze security {unit} --no-pager")
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= EXPOSURE[unit], said
    figure(f"exposure of {unit}.service", f"{found[1]} of 10", str(EXPOSURE[unit]))


def test_an_idle_door_costs_little(visitor: Visitor, figure: Figure) -> None:
    """A minute with nobody there: processor, wake-ups, memory."""
    guest = visitor.guest
    read = (
        f"cd /proc/{PID}; awk '{{ print $14 + $15 }}' stat; awk '/VmRSS/ {{ print $2 }}' status;"
        " awk '/^voluntary/ { print $2 }' task/*/status"
    )
    first = [int(line) for line in guest.shell(read).split()]
    guest.shell("sleep 60", 300)
    last = [int(line) for line in guest.shell(read).split()]
    percent, memory = (last[0] - first[0]) / 60, last[1] / 1024
    *ours, second, busiest = sorted((b - a) / 60 for a, b in zip(first[2:], last[2:], strict=True))
    assert percent < 5
    assert sum(ours) < 5
    assert memory < 64
    figure("idle: processor", f"{percent:.2f} %", "5 %")
    figure("idle: wake-ups a second, without lgpio's threads", f"{sum(ours):.1f}", "5")
    figure("idle: wake-ups a second, of lgpio's two threads", f"{second + busiest:.0f}", "–")
    figure("idle: memory (RSS)", f"{memory:.0f} MB", "64 MB")


def test_from_power_on_to_armed(off: Guest, figure: Figure) -> None:
    """By the kernel's clock; the firmware of a Pi comes on top."""
    off.boot()
    off.armed()
    said = off.shell("systemctl show -p ActiveEnterTimestampMonotonic --value door")
    seconds = int(said) / 1e6
    assert seconds < 30
    figure("kernel's start → door armed", f"{seconds:.1f} s", "30 s")
