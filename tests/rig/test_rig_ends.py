"""However the door ends, the lock is let go within a bound, and nothing energises it on the way back."""

from __future__ import annotations

import pytest

from tests.patience import until
from tests.rig.conftest import Figure
from tests.rig.figures import spread
from tests.rig.visitor import Visitor, pulses

pytestmark = pytest.mark.timeout(1800)
STARVED_MS = 1000
WATCHDOG_S = 11  # RuntimeWatchdogSec=10, and a second for its own steps
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


def test_memory_that_others_use_up_takes_the_door_last(visitor: Visitor, figure: Figure) -> None:
    """Somebody eats all there is, is killed and begins again: the door is never the one to go."""
    guest = visitor.guest
    before = guest.shell(f"echo {PID}")
    members = ("0427", "0428", "0429")
    codes = [visitor.draws(member).digits for member in members]
    guest.shell(
        "systemd-run -q --unit=eater -p Restart=always -p RestartSec=1 -p StartLimitIntervalSec=0"
        " python3 -c 'eaten = [bytearray(1 << 20) for _ in range(1 << 20)]'"
    )
    until(lambda: guest.console.count("Out of memory: Killed process") >= 2, 240)
    waited = []
    for code in codes:
        pressed = visitor.until_seen(code, lambda: guest.unlocked)
        waited.append((guest.relay()[-1][-1].ns - pressed) / 1e6)
        until(lambda: not guest.unlocked, 60)
    guest.shell("systemctl stop eater")
    killed = guest.console.count("Out of memory: Killed process")
    held = pulses(guest.relay()[-1])
    assert guest.shell(f"echo {PID}") == before
    assert [row["member"] for row in visitor.rows() if row["type"] == "granted"] == list(members)
    assert max(waited) < STARVED_MS
    assert max(held) < 5000 + STARVED_MS
    told = f"{spread(waited)}; killed: {killed}"
    figure("last key → relay, memory used up elsewhere", told, f"{STARVED_MS:,} ms")
    figure("relay pulse of 5,000 ms, memory used up elsewhere", spread(held), f"+ {STARVED_MS:,} ms")


def test_a_full_disk_lets_members_in(visitor: Visitor) -> None:
    """And says so; what it could not write is written when there is room."""
    guest = visitor.guest
    guest.tried(
        "dd if=/dev/zero of=/var/lib/full bs=1M; dd if=/dev/zero of=/var/lib/fuller bs=512; sync", 300
    )
    visitor.enters("0427")
    until(lambda: not guest.unlocked, 60)
    until(lambda: "store-failed" in str(visitor.status()), 60, 2)
    assert visitor.status()["health"]["store"]["ok"] is False
    guest.shell("rm /var/lib/full*; sync")
    until(lambda: visitor.status()["health"]["store"]["ok"], 180, 3)
    assert [row["member"] for row in visitor.rows() if row["type"] == "granted"] == ["0427"]


def test_a_disk_that_fails_lets_members_in(visitor: Visitor) -> None:
    """A card at its end takes no more writes; what is used up cannot be kept, so two codes open then."""
    guest = visitor.guest
    guest.disk.broken = True
    guest.tried("echo >/var/lib/touched; sync", 120)
    visitor.enters("0427")
    until(lambda: not guest.unlocked, 60)
    pair = visitor.draws("0428")
    visitor.until_seen(f"{pair.digits}{pair.second}#", lambda: guest.unlocked)
    until(lambda: not guest.unlocked, 60)
    assert [round(ms / 1000) for ms in pulses(guest.relay()[-1])] == [5, 5]


def test_a_dead_kernel_is_reset_by_the_watchdog(visitor: Visitor, figure: Figure) -> None:
    """systemd/watchdog.conf: the relay stays as it was until then, and rests from there to armed."""
    guest = visitor.guest
    held_open(visitor)
    guest.begin("sleep 1; echo c >/proc/sysrq-trigger")
    until(lambda: len(guest.relay()) == 2, 600)
    first, *_, last = guest.panicked()
    seconds = (last - first) / 1e9
    assert seconds <= WATCHDOG_S
    assert [change.level for change in guest.relay()[0]] == [1]
    figure("released after: kernel panic, by the watchdog's reset", f"{seconds:.1f} s", f"{WATCHDOG_S} s")
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
