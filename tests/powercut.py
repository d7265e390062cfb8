"""The disks that a power cut may leave, at every moment of a tape, and what a door has lost on them.

A disk that loses power has what was synced. Of the rest it has what it likes: all, nothing, some writes and
not those before them, some sectors of a write, a new size without the contents. A name is there when its
folder was synced, else perhaps. ``cuts`` goes through these; ``examine`` opens such a disk as the door does.

The index beside the database (``-shm``) is made anew by whoever opens it first: it is gone, or rubbish.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from hashlib import sha256
from pathlib import Path

from contract import audit
from contract.audit import FIRST_PREV
from contract.messages import report_key
from door.accesslist import AccessList
from tests.busy_door import ALL_ROWS, POSITION, RULES, Promise, fingerprint, highest, level, store_in
from tests.house import KEY, House, granted
from tests.tape import Mark, Name, Operation, Size, Sync, Tape, Write

SECTOR = 512
ODD = (1, 17, 100, 1000, 4095)  # where a write may end as well
MEMORY = Path("/dev/shm")  # a disk that costs nothing; where there is none, any other
RETYPED = 3  # of the codes that opened, so many are typed again
Image = dict[str, bytes | None]  # by path; None is a folder


# -- the disk -------------------------------------------------------------------------------------


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


# -- the cuts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cut:
    """Power fails after operation ``at``: what the disk has, and the steps promised and asked for so far."""

    at: int
    how: str
    image: Image
    promised: int
    asked: int


def cuts(tape: Tape, seed: int = 0, *, thorough: bool = False) -> Iterator[Cut]:
    """Every prefix of the tape, and the disks that it may leave; ``thorough`` tears at every sector."""
    disk, rng = Disk(tape.before), random.Random(seed)
    promised, asked = tape.given
    for at, operation in enumerate(tape.operations):
        if isinstance(operation, Mark):
            promised = operation.n if operation.word == "ack" else promised
            asked = max(asked, operation.n)
        disk.take(operation)
        if not isinstance(operation, Mark) or operation.word == "ack":
            for how, image in _ways(disk, operation, rng, thorough):
                yield Cut(at, how, image, promised, asked)


def _ways(disk: Disk, last: Operation, rng: random.Random, thorough: bool) -> Iterator[tuple[str, Image]]:
    names = len(disk.pending)
    waiting = [file for file in disk.files if file.pending]
    yield "all written", disk.image(_seen, names)
    yield "nothing but what was synced", disk.image(_synced, 0)
    if names:
        for some in range(names + 1):
            yield f"{some} of {names} names", disk.image(_seen, some)
            yield f"{some} of {names} names, nothing written", disk.image(_synced, some)
    if len(waiting) > 1:
        for one in waiting:
            yield "one file and not the other", disk.image(partial(_one, one), names)
    if not isinstance(last, Write) or not waiting:
        return
    torn = disk.names[last.path]
    assert torn is not None
    ends = _ends(last)
    partly = [
        *((f"torn after {end} bytes", partial(_torn, torn, end)) for end in ends),
        *(("some writes", partial(_some, rng)), ("some sectors", partial(_some_sectors, rng))) * 3,
        ("the size without the contents", File.zeros),
    ]
    for how, content in partly if thorough else rng.sample(partly, 1):
        yield how, disk.image(content, names)


def _ends(last: Write) -> list[int]:
    """Where a torn write ends: at sectors of the disk, and at odd places."""
    first = SECTOR - last.offset % SECTOR
    return [*range(first, len(last.data), SECTOR), *(odd for odd in ODD if odd < len(last.data))]


def _seen(file: File) -> bytes:
    return bytes(file.seen)


def _synced(file: File) -> bytes:
    return file.synced


def _one(one: File, file: File) -> bytes:
    return bytes(file.seen) if file is one else file.synced


def _torn(torn: File, end: int, file: File) -> bytes:
    return file.torn(end) if file is torn else bytes(file.seen)


def _some(rng: random.Random, file: File) -> bytes:
    return file.some(rng)


def _some_sectors(rng: random.Random, file: File) -> bytes:
    return file.sectors(rng)


# -- what is lost ---------------------------------------------------------------------------------


class Loss(StrEnum):
    """What a power cut must never do."""

    ROWS = "acknowledged rows are lost"
    CODE = "a code that opened opens again"
    TOKENS = "tokens are regained"
    COMMAND = "a command could be taken twice"
    STEPS = "an acknowledged step is not there, or one by halves"
    CHAIN = "the chain is broken"
    CORRUPT = "the store is reported corrupt"


@dataclass(frozen=True, slots=True)
class Found:
    """What the door's own store makes of an image."""

    fault: str | None
    set_aside: bool
    access: AccessList
    facts: dict[str, object]
    state: str  # its fingerprint
    rows: dict[tuple[str, int], bytes]
    unbroken: bool


@contextmanager
def laid_out(image: Image) -> Iterator[Path]:
    """The image in a folder of its own, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="cut-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        lay_out(image, folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def lay_out(image: Image, folder: Path) -> None:
    """Put the image into a folder, half of the times with rubbish for an index."""
    (folder / "state").mkdir()
    for path, content in image.items():
        if content is not None:
            (folder / path).write_bytes(content)
    if key_of(image)[0] % 2 and "state/door.db" in image:
        (folder / "state/door.db-shm").write_bytes(b"rubbish!" * 4096)


def key_of(image: Image) -> bytes:
    """Equal for equal images."""
    digest = sha256()
    for path, content in image.items():
        digest.update(f"{path} {content is None or len(content)}\n".encode())
        digest.update(content or b"")
    return digest.digest()


def examine(folder: Path) -> Found:
    """Start the door's store there, look, and stop it."""
    store = store_in(folder)
    remembered = store.start()
    try:
        position = store.ask(lambda db: int(db.conn.execute(POSITION).fetchone()[0])).result(10)
        rows = store.ask(lambda db: db.conn.execute(ALL_ROWS).fetchall()).result(10)
    finally:
        assert store.stop(10)
    return Found(
        fault=remembered.fault,
        set_aside=any(folder.glob("state/*.corrupt-*")),
        access=remembered.access,
        facts=dict(remembered.facts),
        state=fingerprint(remembered.access, dict(remembered.facts), position, remembered.seq),
        rows={(log, seq): raw for _, log, seq, raw in rows},
        unbroken=_unbroken([(log, seq, raw) for _, log, seq, raw in rows]),
    )


def _unbroken(rows: list[tuple[str, int, bytes]]) -> bool:
    """Whether each log is verified, gapless, and linked row by row."""
    key, before = report_key(KEY, RULES.door), ("", 0, FIRST_PREV)
    for log, seq, raw in rows:
        row = audit.parse(raw)
        begins = log != before[0]
        follows = seq == before[1] + 1 and row.prev == before[2]
        if not (follows or (begins and (seq > 1 or row.prev == FIRST_PREV))):
            return False
        before = log, seq, audit.verify(key, RULES.door, raw)
    return True


def losses(found: Found, tape: Tape, cut: Cut) -> set[Loss]:
    """What was promised before the cut and does not hold after it."""
    held = {
        Loss.CORRUPT: tape.damaged or (found.fault is None and not found.set_aside),
        Loss.CHAIN: found.unbroken,
    }
    if cut.promised >= 0:
        possible = [tape.promises[n] for n in range(cut.promised, cut.asked + 1)]
        held |= {
            Loss.ROWS: _rows_hold(found, tape, cut),
            Loss.CODE: not _opens_again(found, tape, cut),
            Loss.TOKENS: level(found.facts) <= max(promise.level for promise in possible),
            Loss.COMMAND: highest(found.facts) >= possible[0].command,
            Loss.STEPS: found.state in {promise.state for promise in possible},
        }
    return {loss for loss, holds in held.items() if not holds}


def _rows_hold(found: Found, tape: Tape, cut: Cut) -> bool:
    """Every row promised is there as it was made, but for what retention was asked to take; no other is."""
    end = tape.promises[cut.promised]
    prunings = [p for n, p in tape.promises.items() if n <= cut.asked and p.pruned]
    needed = {
        (log, seq)
        for (log, seq), (position, _) in tape.rows.items()
        if (position, seq) <= (end.position, end.seq)
        and not any(_took(pruning, log, position, seq) for pruning in prunings)
    }
    as_made = all(tape.rows[of][1] == raw for of, raw in found.rows.items() if of in tape.rows)
    return needed <= found.rows.keys() <= tape.rows.keys() and as_made


def _took(pruning: Promise, log: str, position: int, seq: int) -> bool:
    """Whether retention took this row; a log that it took whole is not among those it left."""
    return position <= pruning.position and seq < pruning.pruned.get(log, seq + 1)


def _opens_again(found: Found, tape: Tape, cut: Cut) -> bool:
    """Whether the last codes that opened, typed again at the same time, open a door that starts like this."""
    opened = [p for n, p in tape.promises.items() if n <= cut.promised and p.typed]
    for promise in opened[-RETYPED:]:
        kept = found.access
        access = AccessList(
            dict(kept.records), dict(kept.used), dict(kept.failures), kept.revision, kept.digest
        )
        house = House(RULES, access=access, unix_ms=promise.unix_ms)
        before = len(house.log)
        for part in promise.typed:
            house.at_once(part)
        if granted(house.log[before:]):
            return True
    return False


# -- the survey -----------------------------------------------------------------------------------


@dataclass
class Survey:
    """What was tried, and each kind of loss with where it was seen first."""

    cuts: int = 0
    images: int = 0
    lost: Counter[Loss] = field(default_factory=Counter)
    first: dict[Loss, str] = field(default_factory=dict)

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            self.cuts + other.cuts,
            self.images + other.images,
            self.lost + other.lost,
            {**other.first, **self.first},
        )


def survey(tape: Tape, *, seed: int = 0, thorough: bool = False, share: int = 0, of: int = 1) -> Survey:
    """Try every cut whose image falls to this share; an image is opened once, whatever was promised."""
    result, opened = Survey(), dict[bytes, Found]()
    for cut in cuts(tape, seed, thorough=thorough):
        key = key_of(cut.image)
        if key[1] % of != share:
            continue
        result.cuts += 1
        if key not in opened:
            with laid_out(cut.image) as folder:
                opened[key] = examine(folder)
        for loss in losses(opened[key], tape, cut):
            result.lost[loss] += 1
            result.first.setdefault(loss, f"operation {cut.at}, {cut.how}, promised {cut.promised}")
    result.images = len(opened)
    return result
