"""The power of the simulated machine: switched on, its process lives; cut, it is killed where it stands."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

STOP_SECONDS = 10

Hear = Callable[[Mapping[str, Any]], None]


class Power:
    """Runs the machine of ``config``; ``hear`` has what it says, and once at its end ``{"dark": why}``.

    ``why`` is None when its power was cut, or it was stopped. ``log`` has what the daemon logs; None: the
    terminal.
    """

    def __init__(self, config: Path, hear: Hear, log: Path | None = None) -> None:
        self._config, self._hear, self._log = config, hear, log
        self._mutex, self._pipe = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def on(self, orders: Mapping[str, object]) -> None:
        """Switch on; ``orders`` are what the machine finds at its start."""
        with self._mutex:
            process = self._process = self._start()
            self._reader = threading.Thread(target=self._read, args=(process,), name="machine", daemon=True)
            self._reader.start()
        self.send(orders)

    def send(self, orders: Mapping[str, object]) -> None:
        """Do this to the machine; one without power does not notice."""
        process = self._process
        if process is None or process.stdin is None:
            return
        with self._pipe, suppress(OSError, ValueError):  # it has just ended, or its pipe is closed
            process.stdin.write(json.dumps(orders) + "\n")
            process.stdin.flush()

    def cut(self) -> None:
        """Cut it, now."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """End the machine in order, and one that does not end by force."""
        self._end(_ask)

    def _start(self) -> subprocess.Popen[str]:
        log: IO[bytes] | None = self._log.open("ab") if self._log is not None else None
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "door.panel.child", str(self._config)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,  # a Ctrl-C is ours: the machine ends when we say so
            )  # fmt: skip
        finally:
            if log is not None:
                log.close()

    def _end(self, how: Callable[[subprocess.Popen[str]], None]) -> None:
        with self._mutex:
            process, self._process = self._process, None
            reader, self._reader = self._reader, None
        if process is None or reader is None:
            return
        how(process)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(STOP_SECONDS)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        why = None
        with process.stdout:
            for line in process.stdout:
                with suppress(ValueError):  # a line that the kill has cut short
                    told = json.loads(line)
                    why = told.get("failed", why)
                    self._hear(told)
        if why is None and self._process is process:
            why = "the door ended by itself, its log says why"
        self._hear({"dark": why})


def _ask(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
