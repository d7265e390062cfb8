"""However the door ends, the lock is let go within a bound, and nothing energises it on the way back."""

from __future__ import annotations

import pytest

from tests.patience import until
from tests.rig.conftest import Figure
from tests.rig.visitor import Visitor

pytestmark = pytest.mark.timeout(1800)
PID = "$(systemctl show -p MainPID --value door)"

# The deed, and within how many seconds of the guest the relay is at rest: a process start and a half;
# for a hang the watchdog's ten seconds, its SIGABRT, and that start.
DEEDS = {
    "kill -9": (f"kill -9 {PID}", 3),
    "SIGSTOP": (f"kill -STOP {PID}", 14),
    "out of memory": ("echo 20M >/sys/fs/cgroup/system.slice/door.service/memory.max", 4),
    "systemctl restart": ("systemctl restart door", 3),
    "systemctl stop": ("systemctl stop door", 3),
}


def held_open(visitor: Visitor) -> None:
    """Unlocked for long by the administrator, so that no end of a strike time helps."""
    visitor.guest.shell("door mode open --until 1h")
    until(lambda: visitor.guest.unlocked, 60)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("kernel", ["drops pins", "keeps pins"])
def test_the_lock_is_let_go_within_the_bound(
    visitor: Visitor, figure: Figure, deed: str, kernel: str
) -> None:
    """With `strict_gpiod` and without; the door is back and locked, and opens to the next code."""
    command, bound = DEEDS[deed]
    guest = visitor.guest
    guest.shell(f"echo {int(kernel == 'keeps pins')} >/sys/module/wires/parameters/persist")
    held_open(visitor)
    began = float(guest.shell(f"cut -d' ' -f1 /proc/uptime; {command}").split()[0])
    until(lambda: not guest.unlocked, 240)
    fell = guest.relay()[-1][-1].ns / 1e9
    seconds = fell - began
    assert seconds <= bound
    figure(f"released after: {deed}, kernel {kernel}", f"{seconds:.1f} s", f"{bound} s")
    guest.shell("echo max >/sys/fs/cgroup/system.slice/door.service/memory.max || true; systemctl start door")
    guest.armed()
    assert len(guest.relay()[-1]) == 2
    visitor.enters("0427")


def test_a_full_disk_lets_members_in(visitor: Visitor) -> None:
    """And says so; what it could not write is written when there is room."""
    guest = visitor.guest
    guest.tried(
        "dd if=/dev/zero of=/var/lib/full bs=1M; dd if=/dev/zero of=/var/lib/fuller bs=512; sync", 300
    )
    visitor.enters("0427")
    until(lambda: not guest.unlocked, 60)
    until(lambda: "store-failed" in str(visitor.status()), 60, 2)
    guest.shell("rm /var/lib/full*; sync")
    until(lambda: "0427" in [row["member"] for row in visitor.rows() if row["type"] == "granted"], 180, 3)


def test_a_disk_that_fails_lets_members_in(visitor: Visitor) -> None:
    """A card at its end takes no more writes; what is used up cannot be kept, so two codes open then."""
    visitor.guest.disk.broken = True
    visitor.guest.tried("echo >/var/lib/touched; sync", 120)
    visitor.enters("0427")
    until(lambda: not visitor.guest.unlocked, 60)
    pair = visitor.draws("0428")
    visitor.until_seen(f"{pair.digits}{pair.second}#", lambda: visitor.guest.unlocked)


def test_a_dead_kernel_is_reset_by_the_watchdog(visitor: Visitor) -> None:
    """systemd/watchdog.conf: the relay stays as it was until then, and rests from there to armed."""
    guest = visitor.guest
    held_open(visitor)
    guest.begin("sleep 1; echo c >/proc/sysrq-trigger")
    until(lambda: len(guest.relay()) == 2, 600)
    guest.ready(300)
    guest.armed()
    assert guest.relay()[-1] == []


def test_a_reboot_lets_go_and_energises_nothing(visitor: Visitor) -> None:
    """From mode open to armed again, by the witness outside."""
    guest = visitor.guest
    held_open(visitor)
    guest.begin("systemctl reboot")
    until(lambda: not guest.unlocked, 120)
    guest.ready(400)
    guest.armed()
    assert [len(life) for life in guest.relay()] == [2, 0]
