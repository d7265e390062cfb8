"""A busy door in virtual time on a real store, in a process of its own: it writes what a door writes.

``python -m tests.busy_door LIFE END FLAW FOLDER…`` leads that life in each ``FOLDER/state`` and says
in ``FOLDER/promises`` what it asked of the store. When the store has promised something, a mark goes to
``/dev/null``: whoever traces the process sees it between the writes. ``powercut.py`` does.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from contract.access import AccessRecord
from contract.codes import Kind
from contract.messages import Command, report_key
from door import assemble, schema, tables
from door.accesslist import AccessList
from door.config import Config
from door.effects import Effect, Record, Use
from door.events import CommandReceived, ListReceived, Stopping
from door.rules import Rules
from door.store import Store
from tests.house import KEY, NOW, granted, wrong
from tests.kept_house import KeptHouse

RULES = Rules("yuexin", KEY, budget_tokens=3, has_contact=True)
RETENTION_DAYS = 1
STAFF, CARD, PHONES = "0012", "0555", tuple(f"{n:04}" for n in range(101, 121))
NULL = os.open(os.devnull, os.O_WRONLY)
POSITION = "SELECT max(position) FROM logs"
ALL_ROWS = "SELECT position, rows.log, seq, raw FROM rows JOIN logs USING (log) ORDER BY position, seq"


@dataclass(frozen=True, slots=True)
class Promise:
    """What holds once the store has kept step ``n``; ``typed`` opened the door at ``unix_ms``."""

    n: int
    state: str  # ``fingerprint`` of everything but the rows
    position: int  # of the log in the order of logs
    seq: int
    level: int  # of the budget
    command: int  # the highest number taken
    unix_ms: int
    typed: tuple[str, ...] = ()
    pruned: dict[str, int] = field(default_factory=dict)  # by log, the first row that is still there

    def as_line(self) -> str:
        """As it stands in the book."""
        return json.dumps(asdict(self))


def fingerprint(access: AccessList, facts: dict[str, object], position: int, seq: int) -> str:
    """All that a store remembers, in a few digits."""
    used = {"/".join(of): last for of, last in access.used.items()}
    people = [sorted(access.records.items()), sorted(used.items()), sorted(access.failures.items())]
    told = [people, access.revision, access.digest, json.dumps(facts, sort_keys=True), position, seq]
    return sha256(repr(told).encode()).hexdigest()[:16]


def level(facts: dict[str, object]) -> int:
    """The budget a door would start with."""
    found = facts.get("budget")
    return found if isinstance(found, int) else RULES.budget_tokens * RULES.budget_refill_ms


def highest(facts: dict[str, object]) -> int:
    """The highest command taken."""
    match facts.get("commands"):
        case {"highest": int() as n}:
            return n
    return 0


def mark(word: str, n: int, folder: Path) -> None:
    """Say it between the writes."""
    os.write(NULL, f"{word} {n} {folder}".encode())


@dataclass
class BusyDoor(KeptHouse):
    """A house that writes down what it asks of its store, and marks what it is promised."""

    folder: Path = field(kw_only=True)
    n: int = field(kw_only=True)
    position: int = field(kw_only=True)
    seq: int = field(kw_only=True)
    typed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.promised()
        mark("ack", self.n, self.folder)
        super().__post_init__()

    def keep(self, effects: Sequence[Effect]) -> Future[float]:
        """Have them kept, and see that the promise is marked the moment it is given."""
        self.seq += sum(isinstance(effect, Record) for effect in effects)
        used = any(isinstance(effect, Use) for effect in effects)
        return self.step(lambda: self.store.keep(effects), typed=self.typed if used else ())

    def step(self, ask: Callable[[], Future[float]], typed: tuple[str, ...] = ()) -> Future[float]:
        """Number what is asked, and mark question and answer."""
        self.n += 1
        n = self.n
        self.promised(typed)
        mark("ask", n, self.folder)
        future = ask()
        future.add_done_callback(lambda done: None if done.exception() else mark("ack", n, self.folder))
        return future

    def promised(self, typed: tuple[str, ...] = (), pruned: dict[str, int] | None = None) -> None:
        """Write down what holds from here on."""
        state = fingerprint(self.access, self.facts, self.position, self.seq)
        left, command = level(self.facts), highest(self.facts)
        promise = Promise(
            self.n, state, self.position, self.seq, left, command, self.unix_ms, typed, pruned or {}
        )
        with (self.folder / "promises").open("a", encoding="utf-8") as book:
            book.write(promise.as_line() + "\n")

    # -- what happens at it -----------------------------------------------------------------------

    def enter(self, *typed: str) -> bool:
        """Somebody types, and goes in if he may."""
        self.typed = typed
        before = len(self.log)
        for part in typed:
            self.at_once(part)
        if went := granted(self.log[before:]):
            self.open_and_close()
        return went

    def command(self, verb: str, **args: object) -> None:
        """The server commands."""
        number = highest(self.facts) + 1
        self.post(CommandReceived(Command(f"c{number}", number, verb, args, self.unix_ms // 1000 + 30)))

    def acknowledge(self) -> None:
        """The server has every row of the log."""
        log, seq = self.store.log, self.store.seq
        ((_, raw),) = self.store.rows(log, seq - 1, 1).result(10)
        self.store.acknowledge(log, seq, json.loads(raw)["hash"]).result(10)

    def new_log(self, reason: str) -> None:
        """Begin a new log."""
        self.position, self.seq = self.position + 1, 1
        self.step(lambda: self.store.new_log(reason)).result(10)

    def prune(self) -> None:
        """Retention, as once a day; nobody else asks meanwhile, so what is gone is what it took."""
        self.write_rows()
        self.n += 1
        mark("ask", self.n, self.folder)
        self.store.prune(self.state.reading(self.now).known_past).result(10)
        first = "SELECT log, min(seq) FROM rows GROUP BY log"
        pruned = dict(self.store.ask(lambda db: db.execute(first).fetchall()).result(10))
        self.promised(pruned=pruned)
        mark("ack", self.n, self.folder)

    def write_rows(self) -> None:
        """What the rows are, for whoever compares."""
        rows = self.store.ask(lambda db: db.execute(ALL_ROWS).fetchall()).result(10)
        with (self.folder / "rows").open("a", encoding="utf-8") as book:
            book.writelines(json.dumps([*row[:3], row[3].hex()]) + "\n" for row in rows)


# -- lives ----------------------------------------------------------------------------------------


def morning(door: BusyDoor) -> None:
    """The first list, visits, typos, a vandal, and double codes in the lockout he leaves."""
    phones = [AccessRecord(member) for member in PHONES]
    door.enrol(*phones, AccessRecord(STAFF, kind=Kind.STAFF), AccessRecord(CARD, generation=3))
    for member in PHONES[:4]:
        door.wait(90)
        assert door.enter(door.code(member))
    door.leave()
    typo = door.code(PHONES[4])
    door.enter(typo[:-1] + str((int(typo[-1]) + 1) % 10))
    assert door.enter(typo), "and gets his token back"
    door.command("revoke", member=PHONES[5], through=None)
    door.acknowledge()
    for _ in range(3):
        door.wait(5)
        door.enter(wrong(door.code(PHONES[6])))
    assert door.state.budget.lockout
    door.enter(wrong(door.code(PHONES[6])))
    assert door.enter(door.code(PHONES[7]), door.second(PHONES[7]) + "#")
    door.wait(11 * 60)
    first, second = door.card(CARD, 1, generation=3)
    assert door.enter(first, second + "#")


def evening(door: BusyDoor) -> None:
    """Hours later: the budget refills, a great list has the log folded, a new log begins."""
    door.wait(2.2 * 3600)
    for member in PHONES[8:11]:
        door.wait(60)
        assert door.enter(door.code(member))
    everybody = tuple(AccessRecord(f"{n:04}", revision=2) for n in range(3000, 3550))
    door.post(ListReceived(door.access.revision + 1, "f" * 64, False, everybody))
    assert door.enter(door.code("3007"))
    door.leave()
    door.enter(wrong(door.code(PHONES[12])))
    door.wait(9)
    assert door.enter(door.code(PHONES[13]), door.second(PHONES[13]) + "#")
    door.acknowledge()
    door.new_log("ack-mismatch")
    door.command("count", count=4)
    door.wait(11 * 60)
    assert door.enter(door.code(STAFF, Kind.STAFF), door.second(STAFF, Kind.STAFF) + "#")
    door.acknowledge()


def night(door: BusyDoor) -> None:
    """Days later: retention; a few more visits, and again into a lockout."""
    door.enter(door.code(PHONES[14]), door.second(PHONES[14]) + "#")
    door.prune()
    door.enter(door.code(PHONES[15]))
    for member in PHONES[16:18]:
        door.wait(150)
        door.enter(door.code(member), door.second(member) + "#")
    for _ in range(4):
        door.wait(7)
        door.enter(wrong(door.code(PHONES[18])))
    door.enter(door.code(PHONES[19]), door.second(PHONES[19]) + "#")


def short(door: BusyDoor) -> None:
    """Whatever the door remembers: somebody comes in, and somebody guesses."""
    door.enter(door.code("7001"), door.second("7001") + "#")
    door.enter(wrong(door.code("7002")))
    door.wait(130)
    door.enter(door.code("7001"), door.second("7001") + "#")


AFTER_MS = {"night": 2 * 86_400_000}
LIVES = {life.__name__: life for life in (morning, evening, night, short)}


def store_in(folder: Path) -> Store:
    """The store of the door in ``folder``, not yet opened."""
    key = report_key(KEY, RULES.door)
    path = folder / "state" / "door.db"
    return Store(
        path, door=RULES.door, report_key=key, post=lambda _: None, retention_days=RETENTION_DAYS,
        retry_seconds=(3600.0, 3600.0),
    )  # fmt: skip


def lead(folder: Path, life: str, end: str) -> None:
    """One life, from power to its ``end``: ``stop``, or ``cut`` with all that is open left open."""
    assemble.folders(Config(door=tables.Door(state_dir=folder / "state", runtime_dir=folder / "run")))
    store = store_in(folder)
    found = store.start()
    position = store.ask(lambda db: int(db.execute(POSITION).fetchone()[0])).result(10)
    before, n = _before(folder)
    door = BusyDoor(
        RULES,
        found.access,
        dict(found.facts),
        now=1_000,
        unix_ms=before + AFTER_MS.get(life, 60_000),
        store=store,
        folder=folder,
        n=n,
        position=position,
        seq=found.seq,
    )
    LIVES[life](door)
    if end == "stop":
        door.post(Stopping("SIGTERM"))
    door.write_rows()
    if end == "stop":
        assert store.stop(10)


def _before(folder: Path) -> tuple[int, int]:
    """When the life before ended, and the number of this one's first step."""
    book = folder / "promises"
    if not book.exists():
        return NOW * 1000, 0
    last = json.loads(book.read_text("utf-8").splitlines()[-1])
    return last["unix_ms"], last["n"] + 1


def _less_careful(pragma: str) -> None:
    """Plant a flaw: the store is opened as before, and then told to care less."""
    open_to_write = schema.open_to_write

    def careless(path: Path) -> sqlite3.Connection:
        db = open_to_write(path)
        db.execute(f"PRAGMA synchronous = {pragma}")
        return db

    schema.open_to_write = careless


def _without_folders() -> None:
    """Plant a flaw: the folder made just now is left to chance."""
    schema._sync_folders_of = lambda path: None


FLAWS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "NORMAL": lambda: _less_careful("NORMAL"),
    "OFF": lambda: _less_careful("OFF"),
    "folders": _without_folders,
}

if __name__ == "__main__":
    _life, _end, _flaw, *_folders = sys.argv[1:]
    FLAWS[_flaw]()
    for _folder in _folders:
        lead(Path(_folder), _life, _end)
    os._exit(0)  # what a life left open is left to the power cut
