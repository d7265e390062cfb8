"""A booted Debian with the door in it, under QEMU: boot, resume, say, press, cut the power.

What the relay does is kept by the host, whatever becomes of the guest: see ``Guest.relay``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import until
from tests.rig.disk import Disk
from tests.rig.machine import KERNEL, machine

RELAY, RED, GREEN, CONTACT, EXIT = 17, 23, 24, 27, 22
GROUND = 63
SHUT = f"wires.grounded={CONTACT}"


@dataclass(frozen=True, slots=True)
class Change:
    """A line's new level, by the kernel's own clock."""

    ns: int
    line: int
    level: int


class Guest:
    """One guest; ``place`` has vmlinuz, initrd, disk.img and armed.state, ``folder`` is for what it makes."""

    def __init__(self, place: Path, folder: Path, *, image: Path | None = None) -> None:
        self._place, self._folder = place, folder
        self.disk = Disk(image or place / "disk.img", folder / "disk.nbd")
        self._console = folder / "console"
        self._process: subprocess.Popen[bytes] | None = None
        self._hands: socket.socket | None = None
        self._heard = bytearray()

    def boot(self, *, shut: bool = True, clock: int | None = None, more: str = "", wait: float = 240) -> None:
        """Power on; returns when its hands answer. ``clock`` is what it takes for the time (Unix s)."""
        kernel = KERNEL.format(grounded=SHUT if shut else "", more=more)
        rtc = "utc" if clock is None else time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(clock))
        self._start("-append", kernel, "-rtc", f"base={rtc},clock=vm")
        self.ready(wait)

    def resume(self, state: str = "armed.state") -> None:
        """Go on where the guest was when it was kept."""
        (self._folder / "relay").write_text("begin\n")  # as its pins would have said
        kernel = KERNEL.format(grounded=SHUT, more="")  # for the next start, should it come to that
        self._start("-append", kernel, "-rtc", "clock=vm", "-incoming", f"exec:cat {self._place / state}")
        with self._monitor() as say:
            until(lambda: say("query-status")["status"] == "paused", 60)
            say("cont")

    def keep(self, place: Path, state: str = "armed.state") -> None:
        """Keep memory and devices in ``state``, and the disk in disk.img, of ``place``; the guest ends."""
        self.shell("sync")
        with self._monitor() as say:
            say("stop")
            say("migrate", uri=f"exec:cat >{place / state}")
            until(lambda: say("query-migrate").get("status") in ("completed", "failed"), 120)
            assert say("query-migrate")["status"] == "completed"
        self.kill()
        self.disk.apply(place / "disk.img")

    def shell(self, text: str, seconds: float = 120) -> str:
        """What a script says; it must succeed."""
        code, said = self.tried(text, seconds)
        assert code == 0, f"{text!r} ended with {code}: {said}"
        return said

    def tried(self, text: str, seconds: float = 120) -> tuple[int, str]:
        """Exit code and output of a script."""
        return self._asked({"shell": text, "seconds": seconds}, seconds + 60)

    def begin(self, text: str) -> None:
        """Run a script that ends the guest: nobody waits for its answer."""
        assert self._hands
        self._hands.sendall(json.dumps({"shell": text, "seconds": 60}).encode() + b"\n")

    def wires(self, *script: tuple[int, int, int] | float) -> list[int]:
        """Move switches, (line, line, closed), wait the seconds between; when each had moved, in ns."""
        pauses = sum(step for step in script if not isinstance(step, tuple))
        moved: list[int] = json.loads(self._asked({"wires": script}, pauses * 9 + 60)[1])
        return moved

    def log(self) -> list[Change]:
        """Every change of a level since the log was emptied."""
        said = self.shell("cat /sys/kernel/debug/wires/log")
        return [Change(*map(int, line.split())) for line in said.splitlines()]

    def armed(self) -> None:
        """Wait until systemd says that the door is up."""
        until(lambda: self.tried("systemctl is-active door")[0] == 0, 240, 1)

    def forget(self) -> None:
        """Empty the log."""
        self.shell("echo >/sys/kernel/debug/wires/log")

    def relay(self, line: int = RELAY) -> list[list[Change]]:
        """What a watched line did, for each time the pins came up, whether the guest still lives or not."""
        return relay(self._folder, line)

    def panicked(self) -> list[int]:
        """The moments, in ns, at which a kernel in panic has said that it still has its pins."""
        said = (self._folder / "relay").read_text().split("panic ")[1:]
        return [int(line.split()[0]) for line in said]

    @property
    def unlocked(self) -> bool:
        """Whether the relay is energised, as the host sees it."""
        lives = self.relay()
        return bool(lives and lives[-1] and lives[-1][-1].level)

    @property
    def console(self) -> str:
        """What the guest said on its console, the journal's notices among it."""
        return self._console.read_text(errors="replace")

    def ready(self, seconds: float) -> None:
        """Wait until the hands say so, also after a boot that they began themselves."""
        while self._heard_answer(seconds)["said"] != "ready":
            pass

    def cut(self, rng: random.Random) -> tuple[int, int]:
        """Pull the plug in the middle of whatever it does; sectors that waited, and that stayed."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        counts = self.disk.cut(rng)
        self.kill()
        return counts

    def stall(self, seconds: float) -> None:
        """Let the host give the guest no time for so long."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End QEMU; what the disk has in its cache stays there."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._hands:
            self._hands.close()
            self._hands = None

    def close(self) -> None:
        """Leave nothing running."""
        self.kill()
        self.disk.close()

    def _start(self, *more: str) -> None:
        assert self._process is None
        for name in ("hands", "monitor"):
            (self._folder / name).unlink(missing_ok=True)
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "KILL",
                    "nice",
                    "-n",
                    "3",
                    *machine(self._place, self._folder),
                    *more,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._heard.clear()
        self._hands = self._connected("hands")

    def _connected(self, name: str) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)

        def there() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "qemu.log").read_text()
            return line.connect_ex(os.fspath(self._folder / name)) == 0

        until(there, 30)
        return line

    def _asked(self, task: dict[str, Any], seconds: float) -> tuple[int, str]:
        assert self._hands
        self._hands.sendall(json.dumps(task).encode() + b"\n")
        answer = self._heard_answer(seconds)
        return answer["code"], answer["said"]

    def _heard_answer(self, seconds: float) -> dict[str, Any]:
        assert self._hands
        end = time.monotonic() + seconds
        while b"\n" not in self._heard:
            self._hands.settimeout(max(0.01, end - time.monotonic()))
            more = self._hands.recv(65536)
            assert more, "QEMU has ended"
            self._heard += more
        line, _, rest = bytes(self._heard).partition(b"\n")
        self._heard[:] = rest
        answer: dict[str, Any] = json.loads(line[line.index(b"{") :])
        return answer

    def _monitor(self) -> Monitor:
        return Monitor(self._connected("monitor"))


def relay(folder: Path, line: int = RELAY) -> list[list[Change]]:
    """What the witness in ``folder`` saw of a line, for each time the pins came up."""
    lives: list[list[Change]] = []
    for said in (folder / "relay").read_text().splitlines():
        if said == "begin":
            lives.append([])
        elif len(words := said.split()) == 3 and int(words[1]) == line:
            lives[-1].append(Change(*map(int, words)))
    return lives


class Monitor:
    """QEMU's own command line (QMP)."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._file = line.makefile("rw")

    def __enter__(self) -> Callable[..., Any]:
        self._file.readline()
        self._say("qmp_capabilities")
        return self._say

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._line.close()

    def _say(self, command: str, **arguments: object) -> Any:
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while True:
            answer = json.loads(self._file.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]
