"""A disk that may lose power: what is surely on it, what a program sees, and what is between the two.

A disk that loses power has what was synced. Of the rest it has what it likes: all, nothing, some writes and
not those before them, some sectors of a write, a new size without the contents. A name is there when its
folder was synced, else perhaps.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.tape import Name, Operation, Size, Sync, Write

SECTOR = 512
Image = dict[str, bytes | None]  # by path; None is a folder


@dataclass(eq=False)
class File:
    """What is surely on the disk, what a reader sees, and the writes between the two."""

    synced: bytes = b""
    seen: bytearray = field(default_factory=bytearray)
    pending: list[Write | Size] = field(default_factory=list)
    before_last: bytes = b""

    def take(self, operation: Write | Size) -> None:
        """One write, not yet synced."""
        self.before_last = bytes(self.seen)
        self.pending.append(operation)
        _apply(self.seen, operation)

    def sync(self) -> None:
        """All of it is on the disk."""
        self.synced, self.pending = bytes(self.seen), []

    def torn(self, at: int) -> bytes:
        """Everything, but of the last write only the first ``at`` bytes."""
        last, content = self.pending[-1], bytearray(self.before_last)
        if isinstance(last, Write):
            _apply(content, Write(last.path, last.offset, last.data[:at]))
        return bytes(content)

    def some(self, rng: random.Random) -> bytes:
        """Some writes, whatever their order was."""
        return _with(self.synced, [part for part in self.pending if rng.random() < 0.5])

    def sectors(self, rng: random.Random) -> bytes:
        """Some sectors of some writes."""
        parts = [sector for part in self.pending for sector in _sectors(part)]
        return _with(self.synced, [part for part in parts if rng.random() < 0.7])

    def zeros(self) -> bytes:
        """The new size, and nothing of the new contents."""
        return self.synced[: len(self.seen)].ljust(len(self.seen), b"\0")


class Disk:
    """A folder as a program sees it, and what of it is surely on the disk."""

    def __init__(self, before: Mapping[str, bytes | None]) -> None:
        self.names: dict[str, File | None] = {}
        for path, content in before.items():
            self.names[path] = None if content is None else File(content, bytearray(content))
        self.synced = dict(self.names)
        self.pending: list[Name] = []
        self._files: dict[int, File | None] = {}  # what each pending name was given to

    @property
    def files(self) -> list[File]:
        """All files there are, by a name that is seen or by one that is synced."""
        found = [*self.names.values(), *self.synced.values()]
        return list({id(file): file for file in found if file is not None}.values())

    def take(self, operation: Operation) -> None:
        """One operation of the tape."""
        match operation:
            case Write(path) | Size(path):
                file = self.names[path]
                assert file is not None
                file.take(operation)
            case Sync(path):
                self._sync(path)
            case Name():
                self._name(operation)

    def image(self, content: Callable[[File], bytes], names: int) -> Image:
        """The disk after a cut: so much of each file, and the first ``names`` of the pending names."""
        found = dict(self.synced)
        for name in self.pending[:names]:
            self._rename(found, name)
        there = {path for path in found if all(str(up) in (*found, ".") for up in Path(path).parents)}
        return {p: None if (file := found[p]) is None else content(file) for p in sorted(there)}

    def _sync(self, path: str) -> None:
        file = self.names.get(path)
        if file is not None:
            file.sync()
            return
        for name in self.pending:
            if str(Path(name.path).parent) == path:
                self._rename(self.synced, name)
        self.pending = [name for name in self.pending if str(Path(name.path).parent) != path]

    def _name(self, name: Name) -> None:
        if name.what in ("file", "folder") and name.path in self.names:
            return
        made = File() if name.what == "file" else self.names.get(name.path)
        name = Name(name.path, name.what, name.to)  # one of its own: what it was given to is found by it
        self._files[id(name)] = made
        self._rename(self.names, name)
        self.pending.append(name)

    def _rename(self, names: dict[str, File | None], name: Name) -> None:
        if name.what in ("gone", "moved"):
            names.pop(name.path, None)
        if name.what != "gone":
            names[name.to or name.path] = self._files[id(name)]


def _apply(content: bytearray, operation: Write | Size) -> None:
    match operation:
        case Size(size=size):
            content[:] = content[:size].ljust(size, b"\0")
        case Write(offset=offset, data=data):
            if offset > len(content):
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data


def _with(content: bytes, operations: list[Write | Size]) -> bytes:
    changed = bytearray(content)
    for operation in operations:
        _apply(changed, operation)
    return bytes(changed)


def _sectors(part: Write | Size) -> Iterator[Write | Size]:
    if isinstance(part, Size):
        yield part
        return
    begin, end = part.offset, part.offset + len(part.data)
    while begin < end:
        stop = min(end, (begin // SECTOR + 1) * SECTOR)
        yield Write(part.path, begin, part.data[begin - part.offset : stop - part.offset])
        begin = stop
