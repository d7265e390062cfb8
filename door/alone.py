"""One door for one database and one socket: a second daemon would answer every key twice."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from door.errors import DoorError


class RunningError(DoorError, RuntimeError):
    """Another daemon is this door already; ``str(error)`` says where."""


class Alone:
    """Holds ``state_dir`` for this process until ``release``; the kernel releases it for one that was killed.

    The folder itself is locked and not a file in it, so that a full or read-only disk keeps nobody out.
    Raises ``RunningError`` when another daemon holds it, or answers at ``control``.
    """

    def __init__(self, state_dir: Path, control: Path) -> None:
        self._folder: int | None = None
        if _answers(control):
            raise RunningError(f"a door is running already: it answers at {control}; stop it first")
        with suppress(OSError):
            self._folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
        if self._folder is None:
            return
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise RunningError(f"a door is running already: it keeps {state_dir}; stop it first") from None
        except OSError:  # a file system without locks
            self.release()

    def release(self) -> None:
        """Let another door begin; a second time does nothing."""
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)


def _answers(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
        probe.settimeout(1)
        probe.connect(str(control))
        return True
    return False
