"""Somebody who does to one door whatever a walk says, and the gestures that he knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from house import KEY
from witness import Witness

from contract.access import AccessRecord
from contract.codes import issue
from contract.messages import Command
from door import events as ev
from walk.doors import CAST, DOORS, MINUTE_MS

OPEN_AT_MOST_MS = 4 * MINUTE_MS  # an open door cries every ten seconds: longer tells nothing new


@dataclass(frozen=True)
class Gesture:
    """``verb`` done ``gap`` ms after what was before; what ``a`` and ``b`` choose is the verb's own."""

    verb: str
    a: int = 0
    b: int = 0
    gap: int = 0


Act = Callable[["Walker", int, int], None]
VERBS: dict[str, Act] = {}
WEIGHTS: list[str] = []


def gesture(weight: int) -> Callable[[Act], Act]:
    """Something that happens at a door, so often."""

    def named(act: Act) -> Act:
        VERBS[act.__name__] = act
        WEIGHTS.extend([act.__name__] * weight)
        return act

    return named


class Walker:
    """Somebody who does to one door whatever the walk says."""

    def __init__(self, door: int) -> None:
        self.w = Witness(DOORS[door % len(DOORS)])
        self.issued = {record.member: record for record in CAST}  # as the server has them
        self.revision, self.n, self.gap = 1, 100, 0  # room below the first command
        self.late = False  # the loop hangs until the next thing happens
        self.last: tuple[str, str] = ("0427", "0427000000")  # what was typed last
        self.list_all()

    def do(self, g: Gesture) -> None:
        """One gesture. A gap is waited for before the first event, or (typing) before the last key."""
        self.gap = min(g.gap, OPEN_AT_MOST_MS) if self.w.m and self.w.m.way.open else g.gap
        VERBS[g.verb](self, g.a, g.b)
        self.pause()

    def pause(self, but: int = 0) -> None:
        """Let what is left of the gap pass."""
        ms, self.gap = max(0, self.gap - but), 0
        if ms and self.late:
            self.w.hang(ms)
        else:
            self.w.until(self.w.unix_ms + ms)
        self.late = False

    def post(self, event: ev.Event) -> None:
        """Something happens after the gap."""
        self.pause()
        self.w.post(event)

    def keys(self, digits: str, keypad: str = "front", pace: int = 150, *, at_end: bool = True) -> None:
        """Type: the gap ends with the last key, or with the first."""
        if len(digits.rstrip("#")) >= 6:
            self.last = (digits[:4], digits)
            self.w.typed |= {digits.rstrip("#"), digits.rstrip("#")[-6:]}
        if digits:
            self.pause(but=pace * (len(digits) - 1) if at_end else 0)
        for n, key in enumerate(digits):
            if n:
                self.w.until(self.w.unix_ms + pace)
            self.w.post(ev.KeyPressed(keypad, key))

    def halves(self, who: int, later: int = 0) -> tuple[str, str]:
        """What the member has in hand: his whole code, and the six digits after it."""
        record = self.issued[CAST[who % 4].member]
        codes = self.w.rules.codes
        step = codes.step(record.kind, self.w.unix_ms // 1000) + later
        shown = issue(KEY, "yuexin", record.kind, record.member, record.generation, max(1, step), codes)
        return shown.digits, shown.second

    def list_all(self, *changed: AccessRecord, complete: bool = True, revision: int | None = None) -> None:
        """An answer of the server."""
        members = tuple(self.issued.values()) if complete else changed
        revision = self.revision if revision is None else revision
        self.post(ev.ListReceived(revision, f"{revision:064}", complete, members))

    def change(self, who: int, **changed: object) -> AccessRecord:
        """The server writes a record anew; the door hears nothing of it yet."""
        self.revision += 1
        record = replace(self.issued[CAST[who % 4].member], revision=self.revision, **changed)  # type: ignore[arg-type]
        self.issued[record.member] = record
        return record

    def command(
        self, verb: str, args: Mapping[str, object] | None = None, *, n: int | None = None, life: int = 30
    ) -> None:
        """A command of the server; what it says of time is what time it really is."""
        self.pause()
        self.n = max(self.n, self.n + 1 if n is None else n)
        number = self.n if n is None else max(1, n)
        self.w.post(
            ev.CommandReceived(Command(f"c{number}", number, verb, args or {}, self.w.unix_ms // 1000 + life))
        )
