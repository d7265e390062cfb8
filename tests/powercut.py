"""Every moment of a tape at which the power may fail, the disks that it may leave, what is lost on them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from tests.disk import SECTOR, Disk, File, Image
from tests.losses import Cut, Found, Loss, examine, key_of, laid_out, losses
from tests.tape import Mark, Operation, Tape, Write

ODD = (1, 17, 100, 1000, 4095)  # where a write may end as well as at a sector


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
    for how, content in partly if thorough else rng.sample(partly, rng.choice((1, 2))):
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
