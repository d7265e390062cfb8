"""The plug pulled in the middle of a busy door, and what its disk then lacks of what was shown and told."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread

from contract import audit
from contract.codes import Issued
from contract.messages import report_key
from door.store import Store
from tests.busy_door import ALL_ROWS, level
from tests.patience import until
from tests.rig.evidence import evidence
from tests.rig.guest import CONTACT, GROUND, Guest
from tests.rig.visitor import Script, Visitor, pressing, reds

VISITORS = 9  # every third of them guesses wrongly first
FAR_OFF = str.maketrans("0123456789", "5678901234")  # no near miss, which is given back
TOKENS, REFILL_MS, RUNNING_MS = 10, 7_200_000, 900_000  # no guest here runs for longer than the last
SLOW = "the store took longer"  # the one exception of promises 3 and 7, and the door says so
SERVERS = "SELECT logs.name, seq, raw FROM rows JOIN logs ON logs.id = log_id"


@dataclass(frozen=True, slots=True)
class Shown:
    """What could be seen at the door until the plug was pulled; ``waited`` sectors were not yet flushed."""

    codes: dict[str, Issued]
    entries: int
    guesses: int
    excused: int
    waited: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on the disk after the cut, as the door's own store reads it."""

    rows: list[dict[str, object]]
    used: dict[str, int]
    budget: int
    sound: bool
    unsent: int  # rows that the door takes for stored at the server, and that are not

    @property
    def granted(self) -> list[str]:
        """Who is on record as let in, in order."""
        return [str(row["member"]) for row in self.rows if row["type"] == "granted"]


def drawn(visitor: Visitor) -> dict[str, Issued]:
    """What the phones of all visitors show now."""
    now = visitor.now()
    return {f"{n:04}": visitor.draws(f"{n:04}", now) for n in range(1, VISITORS + 1)}


def busy(codes: dict[str, Issued], rng: random.Random) -> Script:
    """Nine come, one close behind the other; wrong guesses among them; the leaf moves."""
    script: Script = []
    for n, code in enumerate(codes.values()):
        if n % 3 == 0:
            wrong = code.digits[4:].translate(FAR_OFF)
            script += [*pressing(code.digits[:4] + wrong, 0.08, 0.08), 0.5]
        script += [*pressing(code.digits, 0.08, 0.08), rng.uniform(0.1, 0.6)]
        script += [(CONTACT, GROUND, 0), 0.1, (CONTACT, GROUND, 1), 0.1]
    return script


@contextmanager
def unplugged(place: Path, folder: Path, rng: random.Random) -> Iterator[tuple[Guest, Shown]]:
    """A guest whose plug was pulled at a random moment of its work, half of what was not flushed gone.

    One time in three at any moment, else in the middle of what it writes: at one of the next forty writes.
    """
    folder.mkdir()
    guest = Guest(place, folder)
    try:
        guest.resume()
        codes = drawn(Visitor(guest, place))
        script, did = busy(codes, rng), list[object]()

        def work() -> None:
            try:
                did.append(guest.wires(*script))
            except (AssertionError, OSError) as error:  # the cut ends them, and nothing else may
                did.append(error)

        hands = Thread(target=work)
        hands.start()
        first = until(lambda: guest.relay()[-1] or not hands.is_alive(), 300)
        assert guest.relay()[-1], f"nobody got in within {first:.0f} s: {script} was {did}, {evidence(guest)}"
        hands.join(rng.uniform(0, 12))
        if rng.random() < 2 / 3:
            guest.disk.stop_after(rng.randint(1, 40))
            guest.disk.dark.wait(20)
        assert not any(isinstance(done, Exception) for done in did), f"{did}, {evidence(guest)}"
        waited, _ = guest.cut(rng)
        hands.join()
        rises = sum(change.level for change in guest.relay()[-1])
        yield guest, Shown(codes, rises, reds(guest) // 2, guest.console.count(SLOW), waited)
    finally:
        guest.close()


def kept(guest: Guest, place: Path, folder: Path) -> Kept:
    """Mount the disk as it was left, and open both databases."""
    image = folder / "disk.img"
    subprocess.run(["cp", "--sparse=always", place / "disk.img", image], check=True)
    guest.disk.apply(image)
    script = (
        "mkdir root && mount -o loop disk.img root && cp -r root/var/lib/door door"
        " && cp -r root/var/lib/roomserver server && umount root"
    )
    subprocess.run(["unshare", "--mount", "sh", "-ec", script], cwd=folder, check=True)
    image.unlink()
    known = json.loads((place / "door.json").read_text())
    name, key = known["door"], report_key(bytes.fromhex(known["door_key"]), known["door"])
    store = Store(
        folder / "door" / "door.db", door=name, report_key=key, post=lambda _: None, retention_days=90
    )
    found = store.start()
    try:
        rows = store.ask(lambda db: db.execute(ALL_ROWS).fetchall()).result(10)
        acks = dict(store.ask(lambda db: db.execute("SELECT log, ack FROM logs").fetchall()).result(10))
    finally:
        assert store.stop(10)
    with closing(sqlite3.connect(folder / "server" / "roomserver.db")) as db:
        servers = {(log, seq): raw for log, seq, raw in db.execute(SERVERS)}
    unsent = sum(seq <= acks[log] and servers.get((log, seq)) != raw for _, log, seq, raw in rows)
    for *_, raw in rows:
        audit.verify(key, name, raw)
    shutil.rmtree(folder / "door")
    shutil.rmtree(folder / "server")
    used = {member: last.step for (member, _), last in found.access.used.items()}
    parsed = [json.loads(raw) for *_, raw in rows]
    return Kept(parsed, used, level(dict(found.facts)), found.fault is None and chained(parsed), unsent)


def chained(rows: list[dict[str, object]]) -> bool:
    """Whether each row names the one before it in its log."""
    return all(b["prev"] == a["hash"] for a, b in pairwise(rows) if a["log"] == b["log"])


def lost(shown: Shown, found: Kept) -> list[str]:
    """What was shown at the door, or told by it, and is not on the disk."""
    missing = shown.entries - shown.excused - len(found.granted)
    left = TOKENS - max(0, shown.guesses - shown.excused)
    reusable = [member for member in found.granted if found.used.get(member) != shown.codes[member].step]
    return [
        *([f"{missing} rows of entries"] if missing > 0 else []),
        *(f"the used code of {member}" for member in reusable),
        *(["a token"] if found.budget > left * REFILL_MS + RUNNING_MS else []),
        *([] if found.sound else ["the file or its chain"]),
        *([f"{found.unsent} rows taken for sent"] if found.unsent else []),
    ]
