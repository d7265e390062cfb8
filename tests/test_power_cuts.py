"""A power cut at any moment of a busy door, on any disk it may leave: nothing that was promised is lost.

The tape is of a real door process (``tape.py``), the disks are all that a cut may leave (``disk.py``,
``powercut.py``), and each is opened by the door's own store (``losses.py``). Planted flaws show that losses
would be found.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.disk import Disk, File, Image
from tests.losses import Cut, Loss, examine, key_of, laid_out, lay_out, losses
from tests.powercut import Survey, cuts, survey
from tests.stores import PROCESSES
from tests.tape import (
    Mark,
    Name,
    Sync,
    Tape,
    TraceError,
    Write,
    in_order,
    inside,
    record,
    tape,
    told,
    traceable,
)

BUSY = (("morning", "cut"), ("evening", "stop"), ("night", "cut"))
CORES = 2


traced = pytest.mark.skipif(not traceable(), reason="strace is not installed, or may not trace here")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """The tape of a busy door: made, killed, started again, stopped, started, killed."""
    return tape(tmp_path_factory.mktemp("busy"), *BUSY)


def surveyed(recorded: Tape, *, seed: int = 0, thorough: bool = False, of: int = CORES) -> Survey:
    """The survey in as many processes as there are cores, or (``of`` more) a sample."""
    share = partial(_share, recorded, seed, thorough, of)
    with ProcessPoolExecutor(CORES, mp_context=PROCESSES) as pool:
        return sum(pool.map(share, range(CORES)), Survey())


def _share(recorded: Tape, seed: int, thorough: bool, of: int, share: int) -> Survey:
    return survey(recorded, seed=seed, thorough=thorough, share=share, of=of)


# -- what is promised -----------------------------------------------------------------------------


@traced
@pytest.mark.timeout(300)
def test_no_power_cut_takes_anything_that_was_promised(busy: Tape) -> None:
    """Rows, used codes, tokens, commands, whole steps, chain; and no cut is taken for a corrupt file."""
    found = surveyed(busy)
    assert found.lost == {}, found.first
    assert found.images >= 1000


@traced
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_power_cut_takes_anything_torn_at_any_sector(busy: Tape) -> None:
    """The same, torn at every sector and at odd bytes, with more writes and sectors out of order."""
    found = surveyed(busy, seed=random.randrange(10_000), thorough=True)
    assert found.lost == {}, found.first
    assert found.images >= 5000


@traced
def test_the_busy_door_does_all_that_a_store_has_to_do(busy: Tape) -> None:
    """Tables are made, the log is folded while members come, files are made and taken away, rows pruned."""
    database = "state/door.db"
    folded = [n for n, o in enumerate(busy.operations) if isinstance(o, Write) and o.path == database]
    asked = [n for n, o in enumerate(busy.operations) if isinstance(o, Mark)]
    assert [n for n in folded if asked[0] < n < asked[-1]], "it was to be folded between two visits"
    names = {(o.path, o.what) for o in busy.operations if isinstance(o, Name)}
    assert {(f"{database}-wal", "gone"), (f"{database}-journal", "file"), ("state", "folder")} <= names
    assert any(promise.pruned for promise in busy.promises.values())
    assert {position for position, _ in busy.rows.values()} == {1, 2}
    assert sum(len(promise.typed) for promise in busy.promises.values()) > 15
    levels = [promise.level for promise in busy.promises.values()]
    assert min(levels) < 7_200_000 < max(levels)


@traced
@pytest.mark.timeout(300)
def test_power_fails_again_while_the_door_recovers(busy: Tape, tmp_path: Path) -> None:
    """On disks that a cut left, a door starts, lets people in, and is cut off again."""
    found = _cut_again(busy, tmp_path, 4, random.Random(1))
    assert found.lost == {}, found.first
    assert found.images >= 200


@traced
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_power_fails_again_and_again(busy: Tape, tmp_path: Path) -> None:
    """The same on many disks."""
    found = _cut_again(busy, tmp_path, 80, random.Random())
    assert found.lost == {}, found.first
    assert found.images >= 3000


def _cut_again(busy: Tape, folder: Path, times: int, rng: random.Random) -> Survey:
    """Cut the lives that begin on disks left by a cut, chosen among all that differ."""
    different = {key_of(cut.image): cut for cut in cuts(busy) if cut.promised >= 0}
    chosen = rng.sample(list(different.values()), times)
    folders = []
    for number, cut in enumerate(chosen):
        folders.append(folder / str(number))
        _begin_again(busy, cut, folders[-1])
    tapes = record(folders, "short", "stop")
    found = Survey()
    for cut, place, operations in zip(chosen, folders, tapes, strict=True):
        promises, rows = told(place)
        assert promises[cut.asked + 1].state in {
            busy.promises[n].state for n in range(cut.promised, cut.asked + 1)
        }
        second = Tape(tuple(operations), promises, rows, cut.image, (cut.promised, cut.asked))
        found += surveyed(second)
    return found


def _begin_again(busy: Tape, cut: Cut, folder: Path) -> None:
    """A folder with what the cut left, and what was promised until then; codes only asked for may open."""
    folder.mkdir()
    lay_out(cut.image, folder)
    steps = [busy.promises[n] for n in range(cut.asked + 1)]
    steps = [step if step.n <= cut.promised else replace(step, typed=()) for step in steps]
    (folder / "promises").write_text("".join(f"{step.as_line()}\n" for step in steps), "utf-8")


@traced
@pytest.mark.timeout(120)
def test_power_fails_while_a_corrupt_file_is_set_aside(tmp_path: Path) -> None:
    """What was rescued and promised again is there, wherever the cut was."""
    record([tmp_path], "morning", "stop")
    (tmp_path / "rows").unlink()  # what the server has is not rescued
    database = tmp_path / "state/door.db"
    spoilt = _with_a_spoilt_index(database.read_bytes())
    database.write_bytes(spoilt)
    image: Image = {"state": None, "state/door.db": spoilt}
    (operations,) = record([tmp_path], "short", "cut")
    promises, rows = told(tmp_path)
    assert any(isinstance(o, Name) and o.what == "moved" for o in operations), "it was to be set aside"
    damaged = Tape(tuple(operations), promises, rows, image, damaged=True)
    assert {position for position, _ in rows.values()} == {1, 2}, "rows were to be rescued"
    found = surveyed(damaged)
    assert found.lost == {}, found.first


def _with_a_spoilt_index(content: bytes, page: int = 4096) -> bytes:
    """The file with one page of an index that is no page any more; the tables stay whole."""
    last = max(at for at in range(0, len(content), page) if content[at] == 0x0A)
    return content[:last] + bytes(page) + content[last + page :]


# -- planted flaws --------------------------------------------------------------------------------


@traced
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "flaw, lost",
    [
        ("NORMAL", {Loss.ROWS, Loss.CODE, Loss.TOKENS, Loss.STEPS}),
        ("OFF", {Loss.ROWS, Loss.CODE, Loss.TOKENS, Loss.STEPS, Loss.CORRUPT}),
    ],
)
def test_a_store_that_cares_less_loses(flaw: str, lost: set[Loss], tmp_path: Path) -> None:
    """NORMAL loses what was promised, OFF the file as well; so finding nothing means something."""
    careless = tape(tmp_path, ("morning", "cut"), ("evening", "stop"), flaw=flaw)
    found = surveyed(careless, of=16)
    assert lost <= found.lost.keys(), found


@traced
@pytest.mark.timeout(120)
def test_a_folder_made_just_now_is_not_lost_with_all_in_it(tmp_path: Path) -> None:
    """Found by these cuts: SQLite syncs the folder of its files, and nobody synced the one above."""
    sure = {}
    for flaw in ("none", "folders"):
        folder = tmp_path / flaw
        folder.mkdir()
        (operations,) = record([folder], "short", "cut", flaw)
        promised = next(n for n, o in enumerate(operations) if isinstance(o, Mark) and o.word == "ack")
        disk = Disk({})
        for operation in operations[:promised]:
            disk.take(operation)
        sure[flaw] = disk.image(lambda file: file.synced, 0).keys()
    assert sure == {"none": {"state", "state/door.db", "state/door.db-wal"}, "folders": set()}


# -- the disk, and the trace ----------------------------------------------------------------------


def test_what_was_not_synced_may_be_there_or_not() -> None:
    disk = Disk({})
    for operation in (Name("a", "file"), Write("a", 0, b"old!"), Sync("a"), Sync("."), Write("a", 2, b"new")):
        disk.take(operation)
    assert disk.image(lambda file: file.synced, 0) == {"a": b"old!"}
    assert disk.image(lambda file: bytes(file.seen), 0) == {"a": b"olnew"}
    assert disk.image(lambda file: file.torn(1), 0) == {"a": b"oln!"}
    assert disk.image(File.zeros, 0) == {"a": b"old!\0"}


def test_a_name_is_there_when_its_folder_was_synced() -> None:
    disk = Disk({"f": None})
    for operation in (Name("f/a", "file"), Write("f/a", 0, b"x"), Sync("f/a"), Name("f/a", "moved", "f/b")):
        disk.take(operation)
    every = [disk.image(lambda file: file.synced, names) for names in range(3)]
    assert every == [{"f": None}, {"f": None, "f/a": b"x"}, {"f": None, "f/b": b"x"}]
    disk.take(Sync("f"))
    disk.take(Name("f/b", "gone"))
    assert disk.image(lambda file: file.synced, 0) == {"f": None, "f/b": b"x"}
    assert disk.image(lambda file: file.synced, 1) == {"f": None}


def test_a_file_in_a_folder_that_is_not_there_is_not_there() -> None:
    disk = Disk({})
    for operation in (Name("f", "folder"), Name("f/a", "file"), Sync("f/a"), Sync("f")):
        disk.take(operation)
    assert disk.image(lambda file: file.synced, 0) == {}
    assert disk.image(lambda file: file.synced, 1) == {"f": None, "f/a": b""}


def test_sectors_of_a_write_may_be_missing_each_by_itself() -> None:
    file = File()
    file.take(Write("a", 100, b"x" * 1000))
    seen = {file.sectors(random.Random(seed)) for seed in range(100)}
    assert len(seen) > 4
    assert bytes(100) + b"x" * 412 in seen
    assert bytes(512) + b"x" * 512 in seen


def test_a_sync_that_is_under_way_has_not_happened() -> None:
    """Two threads at once: the sync counts when it returned, and the other's write was before it."""
    lines = [
        "7 fdatasync(4</d/state/a> <unfinished ...>",
        r'8 pwrite64(4</d/state/a>, "\x61\x62", 2, 10) = 2',
        "7 <... fdatasync resumed>) = 0",
        r'8 write(5</dev/null>, "\x61\x63\x6b\x20\x33\x20\x2f\x64", 8) = 8',
        "8 fdatasync(4</d/state/a>) = -1 EIO (Input/output error)",
    ]
    found = [inside(operation, Path("/d")) for operation in in_order(lines)]
    assert found == [Write("state/a", 10, b"ab"), Sync("state/a"), Mark(".", "ack", 3)]


@pytest.mark.parametrize(
    "line",
    [
        r'7 write(5</d/state/a>, "\x61", 1) = 1',
        "7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 5</d/state/a>, 0) = 0x7f0000000000",
        r"7 fallocate(5<\x2f\x64\x2f\x73\x74\x61\x74\x65>, 0, 0, 4096) = 0",
    ],
)
def test_what_is_not_understood_in_the_folder_is_an_error(line: str) -> None:
    (operation,) = in_order([line])
    assert inside(operation, Path("/other")) is None
    with pytest.raises(TraceError):
        inside(operation, Path("/d"))


@traced
def test_the_judge_sees_each_loss(busy: Tape) -> None:
    """A disk as it was a good while ago has lost of everything; the present one of nothing."""
    every = [cut for cut in cuts(busy) if cut.how == "all written"]
    old, new = every[250], every[-1]
    for image, lost in ((new.image, set()), (old.image, {*Loss} - {Loss.CHAIN, Loss.CORRUPT})):
        with laid_out(image) as folder:
            found = examine(folder)
        assert losses(found, busy, replace(new, image=image)) == lost
    assert losses(replace(found, unbroken=False, fault="corrupt"), busy, old) >= {Loss.CHAIN, Loss.CORRUPT}
