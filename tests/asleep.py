"""Whether a thread sleeps: the kernel counts how often each was given the processor."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from patience import until

TRIES = 3  # a machine that is busy lets a thread come to rest late; one that looks by itself never does


def sleeps(thread: Thread, seconds: float = 0.3) -> None:
    """Wait until the thread has come to rest, then see that nothing wakes it."""
    status = Path(f"/proc/self/task/{thread.native_id}/status")

    def switches() -> list[str]:
        return [line for line in status.read_text().splitlines() if "ctxt_switches" in line]

    def rested() -> bool:
        before = switches()
        Event().wait(0.2)
        return switches() == before

    for _ in range(TRIES):
        until(rested)
        before = switches()
        Event().wait(seconds)
        if switches() == before:
            return
    raise AssertionError("woken while nothing happened")
