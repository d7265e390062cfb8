"""A USB keypad: the kernel's input device, held by the door alone, and waited for while it is unplugged."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import select
import struct
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread

from door.backoff import Trouble
from door.keypad import STUCK_MS, Post, Reports
from door.keypads.inotify import Appearances
from door.keypads.inputdevices import Places, find
from door.keypads.inputevents import EVENT, InputKeys, events

EVIOCGRAB, EVIOCSCLOCKID = 0x40044590, 0x400445A0
HELD_RETRY_SECONDS = 30.0  # nothing tells when another program lets go of the device
UNPLUGGED_SECONDS = 0.1  # a loose plug must not keep the processor busy
_LOG = logging.getLogger(__name__)
_TO_DO = {
    errno.ENOENT: "is not there: plug it in; `door check` names the keypads there are",
    errno.EACCES: "may not be read: put the door's user into group input (docs/wiring.md)",
    errno.EPERM: "is forbidden by the unit: allow it there (docs/wiring.md)",
    errno.EBUSY: "is held by another program: stop that one",
    errno.ENOTTY: "is no input device: give one of /dev/input",
    errno.EINVAL: "is no input device: give one of /dev/input",
    errno.ENODEV: "was unplugged",
}
Ioctl = Callable[..., object]  # (descriptor, request, argument)


class UsbKeypad:
    """A numeric keypad, or any keyboard, on a USB port.

    Plug it in. ``device`` is its path (best one of ``/dev/input/by-id``) or its name. The door takes it for
    itself, so that no digit reaches a login prompt. Digits of both rows count; ``#`` is Enter, ``*`` is
    ``*``, Backspace, Delete or Escape. Unplugged it is ``lost`` until it is there again: nothing polls, the
    kernel tells. A USB plug must not be within reach of whoever stands outside::

        keypad = UsbKeypad(post, device="/dev/input/by-id/usb-1c4f_USB_Keypad-event-kbd")
        keypad.start()  # from now on post(KeyPressed("usb", "5")), post(KeypadChanged("usb", "lost"))
        keypad.stop()
    """

    def __init__(
        self,
        post: Post,
        *,
        device: str,
        name: str = "usb",
        stuck_seconds: float = STUCK_MS / 1000,
        places: Places | None = None,
        ioctl: Ioctl | None = None,
    ) -> None:
        self.name = name
        self._device, self._places = device, places or Places()
        self._stuck_us = round(stuck_seconds * 1_000_000)
        self._ioctl = ioctl or fcntl.ioctl
        self._reports = Reports(name, post)
        self._trouble = Trouble(_LOG)
        self._pipe: tuple[int, int] | None = None  # closing its second end wakes the thread
        self._thread = Thread(target=self._run, name=f"keypad-{name}", daemon=True)

    def start(self) -> None:
        """Begin to read, or to wait for the device."""
        self._pipe = os.pipe()
        self._thread.start()

    def stop(self) -> None:
        """Post nothing more and let go of the device."""
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        os.close(pipe[1])
        self._thread.join(5)
        os.close(pipe[0])

    def _run(self) -> None:
        assert self._pipe is not None
        stopped = self._pipe[0]
        while True:
            try:
                device = self._found(stopped)
                if device is None:
                    return
                with closing(os.fdopen(device, "rb", buffering=0)):
                    if self._follow(device, stopped):
                        return
            except OSError as error:
                self._lost(error)
                unplugged = error.errno == errno.ENODEV
                if _waited(stopped, UNPLUGGED_SECONDS if unplugged else HELD_RETRY_SECONDS):
                    return

    def _found(self, stopped: int) -> int | None:
        """The device, opened and ours alone, however long that takes; None when stopped before."""
        path = Path(self._device) if self._device.startswith("/") else self._places.dev / "event0"
        with closing(Appearances(path)) as appearances:
            while True:
                appearances.watch()  # before we look, so that nothing appears in between
                try:
                    return self._taken()
                except OSError as error:
                    self._lost(error)
                    seconds = HELD_RETRY_SECONDS if error.errno == errno.EBUSY else None
                if _waited(stopped, seconds, appearances.fileno()):
                    return None

    def _taken(self) -> int:
        path = find(self._device, self._places)
        if path is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        device = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._ioctl(device, EVIOCGRAB, 1)
            # Bounce is told by the times of events, and the wall clock may be set between two of them.
            self._ioctl(device, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        except OSError:
            os.close(device)
            raise
        return device

    def _follow(self, device: int, stopped: int) -> bool:
        """Post what is pressed; True when stopped, ``OSError`` when the device is gone."""
        keys = InputKeys()
        self._trouble.over(f"keypad {self.name}: {self._device} is there")
        while True:
            wait = self._wait_seconds(keys)
            readable, _, _ = select.select([device, stopped], [], [], wait)
            if stopped in readable:
                return True
            if readable:
                for event in events(self._data(device)):
                    if key := keys.feed(event):
                        self._reports.press(key)

    def _wait_seconds(self, keys: InputKeys) -> float | None:
        """Tell how it is; when to tell again though nothing happens (None: never)."""
        left = None if keys.since is None else keys.since + self._stuck_us - time.monotonic_ns() // 1000
        self._reports.tell("stuck" if left is not None and left <= 0 else None)
        self._reports.hold(keys.down)
        waits = (self._reports.wait_seconds(), left / 1_000_000 if left is not None and left > 0 else None)
        return min((wait for wait in waits if wait is not None), default=None)

    @staticmethod
    def _data(device: int) -> bytes:
        if data := os.read(device, 64 * EVENT.size):
            return data
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def _lost(self, error: OSError) -> None:
        to_do = _TO_DO.get(error.errno or 0, f"cannot be read: {error.strerror}")
        self._trouble.say(f"keypad {self.name}: {self._device} {to_do}")
        self._reports.tell("lost")


def _waited(stopped: int, seconds: float | None, *others: int) -> bool:
    """Wait for one of ``others``, or so long; whether stopped meanwhile."""
    return stopped in select.select([stopped, *others], [], [], seconds)[0]
