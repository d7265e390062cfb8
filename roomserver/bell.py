"""A bell between processes: the CLI changed the database, the running server looks at once.

A named pipe beside ``roomserver.toml``: nothing polls, and ringing it at a stopped server does no harm.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Thread

log = logging.getLogger("roomserver.bell")

_STOP = b"\0"
_RING = b"\1"


def ring(path: Path) -> bool:
    """Tell the running server to look; False when none runs."""
    try:
        bell = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO):  # no pipe, or nobody who listens at it
            return False
        raise
    try:
        os.write(bell, _RING)
    except BlockingIOError:
        pass  # so many rings are waiting that one more changes nothing
    finally:
        os.close(bell)
    return True


class Bell:
    """Calls ``rung`` on its own thread once for each ring (rings that came together are one)."""

    def __init__(self, path: Path, rung: Callable[[], None]) -> None:
        self._path, self._rung = path, rung
        if path.exists() and not stat.S_ISFIFO(path.stat().st_mode):
            raise FileExistsError(f"{path} is in the way and is not a bell. Move it elsewhere.")
        if not path.exists():
            os.mkfifo(path, 0o600)
        self._pipe = os.open(path, os.O_RDWR)  # also for writing: the pipe then never ends
        self._thread = Thread(target=self._listen, name="bell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; who rings now is told that no server runs."""
        os.write(self._pipe, _STOP)
        self._thread.join()
        os.close(self._pipe)

    def _listen(self) -> None:
        while _STOP not in os.read(self._pipe, 4096):
            try:
                self._rung()
            except Exception:  # the next ring must still be heard
                log.exception("a change could not be taken up")
