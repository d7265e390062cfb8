"""A disk with a cache that forgets: what is not flushed is lost in a power cut, whole or by sectors.

It serves NBD to one QEMU at a time. The image itself is never written; all that is new is in memory.
"""

from __future__ import annotations

import os
import random
import socket
import struct
from pathlib import Path
from threading import Event, Lock, Thread

SECTOR = 512
_READ, _WRITE, _BYE, _FLUSH = range(4)
_FUA = 1
_FEATURES = 1 | 4 | 8  # flags are told; flush and FUA are understood
_FAILED = 5  # EIO


class Disk:
    """``image`` behind a socket; ``durable`` survives a cut, ``waiting`` does not."""

    def __init__(self, image: Path, path: Path) -> None:
        self.path = path
        self.broken = False  # from now on every write fails, as on a card at its end
        self.dark = Event()  # see ``stop_after``
        self._writes_left: int | None = None
        self._file = os.open(image, os.O_RDONLY)
        self._size = os.fstat(self._file).st_size
        self._durable: dict[int, bytes] = {}
        self._waiting: dict[int, bytes] = {}
        self._lock = Lock()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(1)
        Thread(target=self._serve, name="disk", daemon=True).start()

    def stop_after(self, writes: int) -> None:
        """Go ``dark`` in the middle of what is being written: that many more, and no answer to anything."""
        with self._lock:
            self._writes_left = writes

    def cut(self, rng: random.Random) -> tuple[int, int]:
        """The power fails: of the sectors that wait, any may be there. How many waited, how many stayed."""
        with self._lock:
            stay = {at: data for at, data in self._waiting.items() if rng.random() < 0.5}
            waited = len(self._waiting)
            self._durable |= stay
            self._waiting.clear()
        return waited, len(stay)

    def apply(self, image: Path) -> None:
        """Write all that is new into a copy of the image."""
        with self._lock, image.open("rb+") as file:
            for at, data in sorted((self._durable | self._waiting).items()):
                file.seek(at * SECTOR)
                file.write(data)

    def close(self) -> None:
        """Serve no more."""
        self._door.close()
        os.close(self._file)
        self.path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            self._writes_left = None
            self.dark.clear()
            with line:
                try:
                    self._greet(line)
                    self._talk(line)
                except (EOFError, OSError):
                    continue  # QEMU was killed: that is what power cuts are

    def _greet(self, line: socket.socket) -> None:
        """Newstyle negotiation, the options that QEMU asks for."""
        line.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 1))
        _take(line, 4)
        while True:
            _, option, length = struct.unpack(">8sII", _take(line, 16))
            _take(line, length)
            answer = struct.pack(">QI", 0x3E889045565A9, option)
            if option in {6, 7}:  # INFO, GO
                told = struct.pack(">HQH", 0, self._size, _FEATURES)
                line.sendall(answer + struct.pack(">II", 3, len(told)) + told)
                line.sendall(answer + struct.pack(">II", 1, 0))
                if option == 7:
                    return
            else:
                line.sendall(answer + struct.pack(">II", 0x80000001, 0))

    def _talk(self, line: socket.socket) -> None:
        while True:
            _, flags, kind, handle, at, length = struct.unpack(">IHHQQI", _take(line, 28))
            if kind == _BYE:
                return
            data = _take(line, length) if kind == _WRITE else b""
            error = _FAILED if kind == _WRITE and self.broken else 0
            with self._lock:
                if self.dark.is_set():
                    continue
                if kind == _WRITE and not error:
                    for offset in range(0, length, SECTOR):
                        self._waiting[(at + offset) // SECTOR] = data[offset : offset + SECTOR]
                    if self._writes_left is not None:
                        self._writes_left -= 1
                        if self._writes_left == 0:
                            self.dark.set()
                            continue
                if kind == _FLUSH or flags & _FUA:
                    self._durable |= self._waiting
                    self._waiting.clear()
                found = self._read(at, length) if kind == _READ else b""
            line.sendall(struct.pack(">IIQ", 0x67446698, error, handle) + found)

    def _read(self, at: int, length: int) -> bytes:
        found = bytearray(os.pread(self._file, length, at))
        for offset in range(0, length, SECTOR):
            sector = (at + offset) // SECTOR
            new = self._waiting.get(sector) or self._durable.get(sector)
            if new is not None:
                found[offset : offset + SECTOR] = new
        return bytes(found)


def _take(line: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        more = line.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return bytes(data)
