"""What a door finds on a disk that lost power, and what it had been promised that is not there.

The door's own store opens the disk, and codes that opened are typed again. The index beside the database
(``-shm``) is made anew by whoever opens it first: it is gone, or rubbish.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from contract import audit
from contract.audit import FIRST_PREV
from contract.messages import report_key
from door.accesslist import AccessList
from tests.busy_door import ALL_ROWS, POSITION, RULES, Promise, fingerprint, highest, level, store_in
from tests.disk import Image
from tests.house import KEY, House, granted
from tests.tape import Tape

MEMORY = Path("/dev/shm")  # a disk that costs nothing; where there is none, any other
RETYPED = 3  # of the codes that opened, so many are typed again


@dataclass(frozen=True, slots=True)
class Cut:
    """Power fails after operation ``at``: what the disk has, and the steps promised and asked for so far."""

    at: int
    how: str
    image: Image
    promised: int
    asked: int


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
        position = store.ask(lambda db: int(db.execute(POSITION).fetchone()[0])).result(10)
        rows = store.ask(lambda db: db.execute(ALL_ROWS).fetchall()).result(10)
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
