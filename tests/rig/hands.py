"""Runs in the guest as root: does what the host says on the second serial port, a JSON line each way.

``{"shell": text, "seconds": n}`` runs a script. ``{"wires": [[a, b, 1], 0.1, …]}`` moves switches, and
waits between; it must be done here, because the host is too far away to press a key for 80 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import termios
import time
import tty
from pathlib import Path

SWITCH = Path("/sys/kernel/debug/wires/switch")
STEP_SECONDS = 0.005  # as the keypad's scan


def shell(text: str, seconds: float) -> dict[str, object]:
    """Exit code and output of a script; 124 at its deadline."""
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", text],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as late:
        return {"code": 124, "said": (late.stdout or b"").decode(errors="replace")}
    return {"code": done.returncode, "said": done.stdout.decode(errors="replace")}


def wait(seconds: float) -> None:
    """Sleep in small steps, and count those.

    Where the host stalls, the clock of an idle guest jumps, and all who sleep wake at once: hands that slept
    in one go would let go of a key before the door had looked at it.
    """
    while seconds > 0:
        time.sleep(min(seconds, STEP_SECONDS))
        seconds -= STEP_SECONDS


def wires(script: list[list[int] | float]) -> dict[str, object]:
    """Move each switch, wait each number of seconds; when each was moved, by the clock of the log."""
    moved = []
    with SWITCH.open("w") as switch:
        for step in script:
            if isinstance(step, list):
                switch.write("{} {} {}".format(*step))
                switch.flush()
                moved.append(time.monotonic_ns())
            else:
                wait(step)
    return {"code": 0, "said": json.dumps(moved)}


def main() -> None:
    """Serve for ever."""
    port = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    termios.tcflush(port, termios.TCIOFLUSH)
    with os.fdopen(port, "rb+", buffering=0) as line:
        answer = {"code": 0, "said": "ready"}
        while True:
            left = memoryview(json.dumps(answer).encode() + b"\n")
            while left:
                left = left[line.write(left) :]
            asked = bytearray()
            while not asked.endswith(b"\n"):
                asked += line.read(1)
            task = json.loads(asked)
            answer = wires(task["wires"]) if "wires" in task else shell(task["shell"], task["seconds"])


main()
