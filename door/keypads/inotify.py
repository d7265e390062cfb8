"""Waiting for a file to appear, without looking for it: the kernel's inotify, through the C library."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

IN_ATTRIB, IN_MOVED_TO, IN_CREATE = (
    0x4,
    0x80,
    0x100,
)  # it is there; or may now be read, which udev allows later


class Appearances:
    """Readable (``fileno``) when something has appeared on the way to one of ``paths``, or may now be read.

    ``OSError`` when the kernel has no more watches to give.
    """

    def __init__(self, *paths: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._paths = paths
        self._fd = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.watch()

    def fileno(self) -> int:
        """For ``select``."""
        return self._fd

    def watch(self) -> None:
        """Forget what has appeared; look into the folders that are there by now as well."""
        try:
            while os.read(self._fd, 65_536):
                pass
        except BlockingIOError:
            pass
        for folder in {parent for path in self._paths for parent in path.parents if parent != parent.parent}:
            if folder.is_dir():
                mask = IN_ATTRIB | IN_MOVED_TO | IN_CREATE
                self._checked(self._libc.inotify_add_watch(self._fd, os.fsencode(folder), mask))

    def close(self) -> None:
        """Watch no more."""
        os.close(self._fd)

    @staticmethod
    def _checked(answer: int) -> int:
        if answer < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return answer
