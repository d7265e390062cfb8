"""A busy room in virtual time, day after day, by the real controller on a real store; and what it costs.

A day has 200 visits, typos among them, people who leave by the button, and on some days somebody who plays
with the keys. The server tells list and time every half hour and acknowledges each visit; retention comes
once a day, as the daemon has it. ``python -m tests.year DAYS`` prints a year's figures.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from contract.access import AccessRecord
from contract.messages import report_key
from door.commandline import rows
from door.commandline.rows import Wanted
from door.effects import Remember
from door.events import ListReceived, ServerTime
from door.ledger import Ledger
from door.rules import Rules
from door.store import Store
from tests.house import KEY, NOW, wrong
from tests.kept_house import KeptHouse

T = TypeVar("T")
DAY = 86_400
HALF_HOUR = 1800
MIDNIGHT = NOW - 9 * 3600  # of the room's first day
VISITS = 200
FIRST_VISIT, LAST_VISIT = 7 * 3600, 22 * 3600
VANDAL_EVERY_DAYS = 12
STRANGER = "9998"
RULES = Rules("yuexin", KEY)
REPORT_KEY = report_key(KEY, RULES.door)


@dataclass(frozen=True, slots=True)
class Figures:
    """A door at the end of a day; times in milliseconds."""

    day: int
    let_in: int  # so far
    rows: int
    file_mb: float
    log_mb: float  # the write-ahead log beside it
    newest_20: float
    of_a_member: float
    outbox: float
    behind_retention: float  # the longest a grant waited while retention had its turn
    resident_mb: float
    objects: int  # that the garbage collector knows
    state: int  # characters of everything the controller remembers


@dataclass
class Room(KeptHouse):
    """The room: what happens in it on a day."""

    members: tuple[str, ...] = field(kw_only=True)
    rng: random.Random = field(kw_only=True)
    let_in: int = 0
    inside: int = 0

    def day(self, number: int) -> Figures:
        """One day from midnight to midnight, and how the door is then."""
        begin = MIDNIGHT + number * DAY
        moments = [(begin + self.rng.randrange(FIRST_VISIT, LAST_VISIT), self.visit) for _ in range(VISITS)]
        moments += [(begin + second, self.hear) for second in range(1, DAY, HALF_HOUR)]
        if number % VANDAL_EVERY_DAYS == 3:
            moments.append((begin + self.rng.randrange(DAY), self.vandal))
        for second, happens in sorted(moments, key=lambda moment: moment[0]):
            self.until(max(self.unix_ms, second * 1000))
            happens()
            self.log.clear()
        self.until((begin + DAY) * 1000)
        return self.figures(number)

    def visit(self) -> None:
        """Somebody comes, not always with the right code first; and mostly somebody goes."""
        member = self.rng.choice(self.members)
        if self.rng.random() < 0.1:
            self.at_once(slip(self.code(member)))
        self.log.clear()
        self.at_once(self.code(member))
        if not self.unlocked:
            self.at_once(self.second(member) + "#")
        if self.unlocked:
            self.let_in += 1
            self.inside += 1
            self.open_and_close()
        if self.inside and self.rng.random() < 0.9:
            self.inside -= 1
            self.wait(20)
            self.leave()
        self.acknowledge()

    def vandal(self) -> None:
        """Somebody plays with the keys until the budget is gone."""
        for _ in range(12):
            self.at_once(wrong(self.code(STRANGER)))
            self.wait(3)

    def hear(self) -> None:
        """The server answers: nothing new but the time."""
        self.post(ServerTime(self.unix_ms))
        self.post(ListReceived(self.access.revision, self.access.digest, False, ()))

    def acknowledge(self) -> None:
        """The server has all there is."""
        log = self.store.log
        for seq, raw in self.store.rows(log, self.store.seq - 1, 1).result(30):
            self.store.acknowledge(log, seq, raw[-66:-2].decode()).result(30)

    # -- figures ----------------------------------------------------------------------------------

    def figures(self, number: int) -> Figures:
        """Retention, and then what the door is like."""
        behind = self.prune()
        self.acknowledge()
        gc.collect()
        path = self.store.path
        return Figures(
            day=number + 1,
            let_in=self.let_in,
            rows=self.ask(lambda ledger: int(ledger.db.execute("SELECT count(*) FROM rows").fetchone()[0])),
            file_mb=path.stat().st_size / 1e6,
            log_mb=path.with_name("door.db-wal").stat().st_size / 1e6,
            newest_20=timed(lambda: self.ask(lambda ledger: list(rows.stored(ledger, Wanted(), 20)))),
            of_a_member=timed(lambda: self.ask(self._rows_of_a_member)),
            outbox=timed(lambda: self.store.outstanding().result(30)),
            behind_retention=behind,
            resident_mb=resident_mb(),
            objects=len(gc.get_objects()),
            state=len(repr(self.state)),
        )

    def prune(self) -> float:
        """Once a day; meanwhile others want to be kept, and the longest of them waited so long (ms)."""
        pruned, waited = self.store.prune(self.state.reading(self.now).known_past), 0.0
        while not pruned.done():
            waited = max(waited, timed(lambda: self.keep([Remember("waits", 1)]).result(30)))
        pruned.result(30)
        return waited

    def ask(self, question: Callable[[Ledger], T]) -> T:
        """A question as the command line has it: of the ledger, on the store's thread."""
        return self.store._ask(question).result(60)

    def _rows_of_a_member(self, ledger: Ledger) -> list[str]:
        return list(rows.stored(ledger, Wanted(members=(self.members[0],))))


def slip(code: str) -> str:
    """A code with its last digit wrong by one."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def timed(act: Callable[[], object]) -> float:
    """How long it takes, in milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def resident_mb() -> float:
    """Memory of this process that is in the machine's."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def days(path: Path, *, members: int, retention_days: int, seed: int = 1) -> Iterator[tuple[Figures, Room]]:
    """One day after the other in a room whose database is ``path``; for ever."""
    store = Store(
        path, door=RULES.door, report_key=REPORT_KEY, post=lambda _: None, retention_days=retention_days
    )
    remembered = store.start()
    numbers = tuple(f"{n:04}" for n in range(1, members + 1))
    room = Room(
        RULES,
        remembered.access,
        dict(remembered.facts),
        unix_ms=MIDNIGHT * 1000,
        store=store,
        members=numbers,
        rng=random.Random(seed),
    )
    room.enrol(*map(AccessRecord, numbers))
    try:
        number = 0
        while True:
            yield room.day(number), room
            number += 1
    finally:
        store.stop(30)


def main() -> None:
    """Print the figures of every thirtieth day."""
    last = int(sys.argv[1])
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        for figures, _ in days(Path(folder) / "door.db", members=2000, retention_days=180):
            if figures.day % 30 == 0 or figures.day in (1, last):
                print(figures, flush=True)
            if figures.day == last:
                break


if __name__ == "__main__":
    main()
