"""The tape of a busy door: every write, size, name and sync of a traced process, and the marks between them.

strace is the witness, so what is on the tape is what SQLite really did, by the door's own code.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.busy_door import Promise

ROOT = Path(__file__).parent.parent
CALLS = (
    "openat,open,creat,pwrite64,write,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,"
    "sync_file_range,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,mmap,msync,link,linkat,"
    "symlink,copy_file_range,sendfile"
)


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes into a file; ``path`` is relative to the door's folder, as everywhere on a tape."""

    path: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """A file made shorter or longer."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything written to a file, or every name in a folder, is on the disk."""

    path: str


@dataclass(frozen=True, slots=True)
class Name:
    """What became of a name: ``file`` or ``folder`` is made, else ``gone``, or ``moved`` to ``to``."""

    path: str
    what: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The door asked for step ``n``, or was promised it (``ack``)."""

    path: str
    word: str
    n: int


Operation = Write | Size | Sync | Name | Mark
Rows = Mapping[tuple[str, int], tuple[int, bytes]]  # by log and seq: position of the log, and the row


@dataclass(frozen=True, slots=True)
class Tape:
    """What happened to a folder that held ``before``, what was promised, and the rows as they were made.

    The steps ``given`` were promised, and asked for, before the tape begins.
    """

    operations: tuple[Operation, ...]
    promises: Mapping[int, Promise]
    rows: Rows
    before: Mapping[str, bytes | None] = field(default_factory=dict)  # None: a folder
    given: tuple[int, int] = (-1, -1)
    damaged: bool = False  # the file was corrupt before: that it is set aside is right


class TraceError(Exception):
    """The trace has something in it that this file does not understand."""


def traceable() -> bool:
    """Whether there is a strace, and it may trace."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=30)
    return tried.returncode == 0


def tape(folder: Path, *lives: tuple[str, str], flaw: str = "none") -> Tape:
    """One life after the other in an empty folder, each with its end."""
    operations: list[Operation] = []
    for life, end in lives:
        (part,) = record([folder], life, end, flaw)
        operations += part
    return Tape(tuple(operations), *told(folder))


def record(folders: list[Path], life: str, end: str, flaw: str = "none") -> list[list[Operation]]:
    """Lead one life of a busy door in each folder, and say what it did to the disk."""
    with tempfile.NamedTemporaryFile(suffix=".strace") as trace:
        strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", f"trace={CALLS}"]
        door = [sys.executable, "-m", "tests.busy_door", life, end, flaw, *map(str, folders)]
        done = subprocess.run(
            [*strace, "-o", trace.name, "--", *door], cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-2000:]
        happened = in_order(Path(trace.name).read_text("ascii").splitlines())
    return [[found for op in happened if (found := inside(op, folder)) is not None] for folder in folders]


def told(folder: Path) -> tuple[dict[int, Promise], Rows]:
    """What a busy door wrote down beside its disk."""
    promises, rows = {}, {}
    for line in (folder / "promises").read_text("utf-8").splitlines():
        promise = json.loads(line)
        promises[promise["n"]] = Promise(**{**promise, "typed": tuple(promise["typed"])})
    for line in (folder / "rows").read_text("utf-8").splitlines():
        position, log, seq, raw = json.loads(line)
        rows[log, seq] = position, bytes.fromhex(raw)
    return promises, rows


# -- reading a trace ------------------------------------------------------------------------------

_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_FD = re.compile(r"^\d+<([^>]*)>")
_INTO_MEMORY = re.compile(r"PROT_WRITE.*MAP_SHARED")


def in_order(lines: Iterable[str]) -> list[Operation]:
    """A write or a mark counts from when it begins, a sync from when it has ended: the worst for the door."""
    begun: dict[str, tuple[str, int]] = {}
    found: list[Operation | None] = []
    for line in lines:
        process, _, rest = line.partition(" ")
        rest = rest.lstrip()
        if rest.endswith(_UNFINISHED):
            begun[process] = rest.removesuffix(_UNFINISHED), len(found)
            found.append(None)
            continue
        place = len(found)
        if resumed := _RESUMED.match(rest):
            rest, place = begun[process][0] + resumed.group(1), begun[process][1]
        call = _CALL.match(rest)
        operation = None if call is None else _operation(*call.groups())
        if place == len(found) or isinstance(operation, Sync):
            found.append(operation)
        else:
            found[place] = operation
    return [operation for operation in found if operation is not None]


def inside(operation: Operation, folder: Path) -> Operation | None:
    """The operation as one on the state in this folder; None when it is on something else."""
    if not operation.path.startswith(f"{folder}/state") and operation.path != str(folder):
        return None
    if operation.path.endswith("-shm"):
        return None
    match operation:
        case Name(what="mapped" | "unknown"):
            raise TraceError(f"{operation} is not understood")
        case Write(offset=-1):
            raise TraceError(f"{operation.path} is written at no known place")
        case Name(what="moved"):
            moved = replace(operation, to=str(Path(operation.to).relative_to(folder)))
            return replace(moved, path=str(Path(operation.path).relative_to(folder)))
    return replace(operation, path=str(Path(operation.path).relative_to(folder)))


def _operation(call: str, arguments: str, result: str) -> Operation | None:
    if result.startswith("-"):
        return None
    args = arguments.split(", ")
    match call:
        case "write" | "pwrite64":
            return _written(args, result)
        case "ftruncate":
            return Size(_path(args[0]), int(args[1]))
        case "fsync" | "fdatasync":
            return Sync(_path(args[0]))
        case "openat":
            if "O_TRUNC" in args[2]:
                return Name(_path(args[1]), "unknown")
            return Name(_path(args[1]), "file") if "O_CREAT" in args[2] else None
        case "mkdir":
            return Name(_path(args[0]), "folder")
        case "unlink":
            return Name(_path(args[0]), "gone")
        case "rename":
            return Name(_path(args[0]), "moved", _path(args[1]))
        case "mmap":
            return Name(_path(args[4]), "mapped") if _INTO_MEMORY.search(arguments) else None
    return Name(next((_path(arg) for arg in args if "\\x" in arg), ""), "unknown")


def _written(args: list[str], result: str) -> Operation:
    path, data = _path(args[0]), _bytes(args[1])
    if len(data) != int(result):
        raise TraceError(f"a write of {len(data)} bytes wrote {result}")
    if path == "/dev/null":
        word, n, folder = data.decode().split()
        return Mark(folder, word, int(n))
    return Write(path, int(args[3]) if len(args) == 4 else -1, data)


def _path(argument: str) -> str:
    """The path of a descriptor, or one given as a text."""
    found = _FD.match(argument)
    text = found.group(1) if found else argument.strip('"')
    return bytes.fromhex(text.replace("\\x", "")).decode() if text.startswith("\\x") else text


def _bytes(quoted: str) -> bytes:
    if not quoted.endswith('"'):
        raise TraceError("a write was cut short")
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))
