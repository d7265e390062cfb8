"""How long audit rows are kept: days, counted from known past, and longer while the server lacks them."""

from __future__ import annotations

from dataclasses import dataclass, field

from door.ledger import Ledger
from door.schema import atomic

# In one go, before others have their turn: a grant at the door waits no longer than for that.
LOOKED_AT_ONCE = 2000  # rows
PRUNED_AT_ONCE = 500

_LOOK = (
    "SELECT max(seq), max(seq) FILTER (WHERE clock != 'none' AND at < ?3),"
    " max(seq) FILTER (WHERE clock != 'none' AND at < ?4)"
    " FROM (SELECT seq, at, clock FROM rows WHERE log = ?1 AND seq > ?2 ORDER BY seq LIMIT ?5)"
)
_DELETE = (
    "DELETE FROM rows WHERE log = ?1 AND seq IN"
    " (SELECT seq FROM rows WHERE log = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)"
)
_FORGET_EMPTY = "DELETE FROM logs WHERE log != ? AND log NOT IN (SELECT log FROM rows)"


@dataclass(slots=True)
class _Look:
    """How far a log was looked at; the last row past retention by a clock, and the last past twice that."""

    upto: int = 0
    old: int = 0
    forgotten: int = 0
    whole: bool = False


@dataclass(slots=True)
class Pruning:
    """One round of retention: deletes what is past it, or past twice that while unacknowledged.

    Rows go from the front of a log, up to the last one that is old by a clock: a row stamped 1970 by a door
    without a clock is as old as its neighbours. The last row stays, for the next one to follow.
    """

    known_past: int
    retention_seconds: int
    deleted: int = 0
    _looks: dict[str, _Look] = field(default_factory=dict)

    def step(self, ledger: Ledger) -> bool:
        """Look or delete a little; whether that was all of it."""
        for log, _ in ledger.acks():
            look = self._looks.setdefault(log, _Look())
            if not look.whole:
                self._look(ledger, log, look)
                return False
        return self._delete(ledger) < PRUNED_AT_ONCE

    def _look(self, ledger: Ledger, log: str, look: _Look) -> None:
        """A piece of the log, in order: to read all of it takes a second, and a Pi ten."""
        old = self.known_past - self.retention_seconds
        values = (log, look.upto, old, old - self.retention_seconds, LOOKED_AT_ONCE)
        upto, last_old, last_forgotten = ledger.db.execute(_LOOK, values).fetchone()
        look.whole = upto is None
        look.upto = upto or look.upto
        look.old = last_old or look.old
        look.forgotten = last_forgotten or look.forgotten

    def _delete(self, ledger: Ledger) -> int:
        deleted = 0
        with atomic(ledger.db):
            for log, ack in ledger.acks():
                look = self._looks.get(log, _Look())
                last = max(min(look.old, ack), look.forgotten)
                if log == ledger.head.log:
                    last = min(last, ledger.head.seq - 1)
                deleted += _delete(ledger, log, last, PRUNED_AT_ONCE - deleted)
            ledger.db.execute(_FORGET_EMPTY, (ledger.head.log,))
        self.deleted += deleted
        return deleted


def bound(ledger: Ledger, most: int) -> None:
    """Keep no more than the newest ``most`` rows of the log (a database in memory)."""
    with atomic(ledger.db):
        _delete(ledger, ledger.head.log, ledger.head.seq - most, most)


def _delete(ledger: Ledger, log: str, last: int, most: int) -> int:
    return ledger.db.execute(_DELETE, (log, last, most)).rowcount
