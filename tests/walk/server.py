"""What the server tells: members issued anew, withdrawn and listed, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contract.codes import Kind
from door import events as ev
from walk.doors import CAST
from walk.keypad import double, good
from walk.walker import Walker, gesture


@gesture(2)
def reissue(walker: Walker, who: int, b: int) -> None:
    """The server issues anew (another generation, another kind, or both), and the door may not hear of it."""
    old = walker.issued[CAST[who % 4].member]
    kind = (old.kind, old.kind, Kind.PHONE, Kind.PAPER, Kind.STAFF, old.kind, old.kind, old.kind)[b]
    generation = max(old.generation, old.revoked_through) + (1, 1, 1, 2, 3, 4, 1, 2)[b]
    record = walker.change(who, kind=kind, generation=generation)
    if b % 2:
        double(walker, who, 0)
    elif b > 2:
        walker.list_all(record, complete=False)


@gesture(2)
def withdraw(walker: Walker, who: int, b: int) -> None:
    """The server revokes, suspends or dates a member, and the door hears; it may end as he types."""
    now = walker.w.unix_ms // 1000
    walker.pause()
    past_ms = walker.w.m.time.known_past(walker.w.now) if walker.w.m else 0
    ends = past_ms // 1000 + 4
    old = walker.issued[CAST[who % 4].member]
    changed: Mapping[str, object] = (
        {"revoked_through": old.generation},
        {"suspended_until": now + 300},
        {"suspended_until": None},
        {"not_before": now + 120, "not_after": None},
        {"not_before": None, "not_after": now + 120},
        {"suspended_until": ends, "not_before": now + 2, "not_after": now + 6},
        {"revoked_through": old.generation - 1},
        {"not_before": None, "not_after": None, "suspended_until": None},
    )[b]
    walker.list_all(walker.change(who, **changed), complete=b % 2 == 0)
    if b == 5:
        walker.gap = ends * 1000 - past_ms + (-1, 2, 990, 1990)[who // 2]
        good(walker, who, 0)


@gesture(5)
def hears(walker: Walker, who: int, b: int) -> None:
    """The list: all, what changed, an older state (a backup), without one member, twice the same."""
    record = walker.issued[CAST[who % 4].member]
    if b == 0:
        walker.list_all()
    elif b == 1:
        walker.list_all(record, complete=False)
    elif b == 2:
        old = replace(
            record, generation=1, revoked_through=0, card_pair=0, revision=max(0, record.revision - 2)
        )
        walker.list_all(old, complete=False, revision=max(0, walker.revision - 2))
    elif b == 3:
        others = tuple(r for r in walker.issued.values() if r is not record)
        walker.post(ev.ListReceived(walker.revision + 1, "f" * 64, True, others))
    elif b == 4:
        walker.post(ev.ListReceived(0, "0" * 64, True, ()))
    elif b == 5:
        walker.list_all(replace(record, card_pair=record.card_pair + 3), complete=False)
    else:
        walker.list_all()


@gesture(4)
def server_time(walker: Walker, a: int, b: int) -> None:
    """The server tells the time: right mostly, sometimes wrong, once nonsense."""
    off = (0, 0, 0, 0, 700, -299_000, -301_000, 3_600_000)[b]
    walker.pause()
    walker.w.post(ev.ServerTime(-1 if a == 7 and b == 7 else walker.w.unix_ms + off))
