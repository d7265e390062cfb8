"""How long audit rows are kept: days, counted from known past, and longer while the server lacks them."""

from __future__ import annotations

from door.ledger import Ledger

PRUNED_AT_ONCE = 500  # rows deleted before others have their turn: a grant waits no longer than for that

_LAST_OLD = "SELECT max(seq) FROM rows WHERE log = ? AND clock != 'none' AND at < ?"
_DELETE = (
    "DELETE FROM rows WHERE log = ?1 AND seq IN"
    " (SELECT seq FROM rows WHERE log = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)"
)
_FORGET_EMPTY = "DELETE FROM logs WHERE log != ? AND log NOT IN (SELECT log FROM rows)"


def prune(ledger: Ledger, known_past: int, retention_seconds: int) -> int:
    """Delete the next rows past retention, or twice that while unacknowledged; says how many.

    Rows go from the front of a log, up to the last one that is old by a clock: a row stamped 1970 by a door
    without a clock is as old as its neighbours. The last row stays, for the next one to follow.
    """
    deleted = 0
    with ledger.db.atomic():
        for log, ack in ledger.acks():
            acknowledged = min(_last_old(ledger, log, known_past - retention_seconds), ack)
            forgotten = _last_old(ledger, log, known_past - 2 * retention_seconds)
            last = max(acknowledged, forgotten)
            deleted += _delete(ledger, log, last, PRUNED_AT_ONCE - deleted)
        ledger.db.conn.execute(_FORGET_EMPTY, (ledger.head.log,))
    return deleted


def bound(ledger: Ledger, most: int) -> None:
    """Keep no more than the newest ``most`` rows of the log (a database in memory)."""
    with ledger.db.atomic():
        _delete(ledger, ledger.head.log, ledger.head.seq - most, most)


def _last_old(ledger: Ledger, log: str, before: int) -> int:
    found = ledger.db.conn.execute(_LAST_OLD, (log, before)).fetchone()[0] or 0
    return min(found, ledger.head.seq - 1) if log == ledger.head.log else int(found)


def _delete(ledger: Ledger, log: str, last: int, most: int) -> int:
    return ledger.db.conn.execute(_DELETE, (log, last, most)).rowcount
