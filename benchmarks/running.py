"""The real daemon in a process of its own: how soon it is armed, how much memory, how often it wakes.

It has the environment that systemd would give it, and nothing of this shell's.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, short, spread
from demo.setting import Setting

UNIT = Path(__file__).parent.parent / "systemd" / "door.service"
STARTS = 9
SETTLE_SECONDS = 20
IDLE_SECONDS = 60


def figures(setting: Setting) -> list[Figure]:
    """Start, memory, wake-ups."""
    config = setting.door_config.read_text().replace(
        'kind = "terminal"\n\n[clock]', 'kind = "none"\n\n[clock]'
    )
    path = setting.folder / "quiet.toml"
    path.write_text(config.replace('name = "terminal"\nkind = "terminal"', 'name = "front"\nkind = "matrix"'))
    warm = [_armed_ms(path) for _ in range(STARTS)]
    cold = [_armed_ms(path) for _ in range(3) if _forget_files()]
    daemon, _ = _start(path)
    try:
        time.sleep(SETTLE_SECONDS)
        memory = _rss_mb(daemon.pid)
        before = _wakes(daemon.pid)
        time.sleep(IDLE_SECONDS)
        wakes = (_wakes(daemon.pid) - before) / IDLE_SECONDS
    finally:
        _end(daemon)
    return [
        Figure("process start → armed, warm", spread(warm, "ms"), "≤ 400 ms"),
        Figure("process start → armed, files not in memory", spread(cold, "ms") if cold else "not root", "–"),
        Figure("memory, settled, link and broker up", f"{short(memory)} MB resident", "≤ 40 MB"),
        Figure("wake-ups a second, idle", short(wakes), "≤ 3"),
    ]


def _start(config: Path) -> tuple[subprocess.Popen[bytes], float]:
    """A door, and the milliseconds until it told systemd that it is ready."""
    address = config.with_name("notify")
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(address))
        notify.settimeout(30)
        began = time.perf_counter()
        daemon = subprocess.Popen(
            [sys.executable, "-m", "door", "--config", str(config), "run"],
            env={"PATH": os.environ["PATH"], **_environment(), "NOTIFY_SOCKET": str(address)},
            stderr=subprocess.DEVNULL,
        )
        while b"READY=1" not in notify.recv(4096):
            pass
        return daemon, (time.perf_counter() - began) * 1000


def _environment() -> dict[str, str]:
    """What the unit sets."""
    lines = UNIT.read_text().splitlines()
    told = [line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")]
    return dict(variable.split("=", 1) for variable in told)


def _armed_ms(config: Path) -> float:
    daemon, armed = _start(config)
    _end(daemon)
    return armed


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(20)


def _forget_files() -> bool:
    """Whether the kernel could be made to forget what it has read."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) / 1024


def _wakes(pid: int) -> int:
    """How often any thread went to sleep of its own will: once for each time it woke."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total
