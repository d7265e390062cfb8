"""Somebody at the door: draws a code as a phone would, and presses its keys with a finger."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from contract.codes import Codes, Issued, Kind, issue
from tests.patience import until
from tests.rig.guest import CONTACT, GREEN, GROUND, RED, Change, Guest

ROWS, COLUMNS = (5, 6, 13, 19), (12, 16, 20)  # as in config.toml
LAYOUT = ("123", "456", "789", "*0#")
WIRES = {key: (ROWS[r], COLUMNS[c]) for r, row in enumerate(LAYOUT) for c, key in enumerate(row)}
CODES = Codes()
HOLD, GAP = 0.12, 0.12
ROOM = "runuser -u roomserver -- roomserver -c /var/lib/roomserver/roomserver.toml"
ALONE = "systemd.mask=roomserver.service"  # for a boot's kernel: nobody to talk to
BACK = """cp /etc/systemd/system/roomserver.service /run/systemd/system/back.service
systemctl daemon-reload; systemctl start back"""  # under another name: the mask holds until the next boot
Script = list[tuple[int, int, int] | float]


def pressing(keys: str, hold: float = HOLD, gap: float = GAP) -> Script:
    """One key after the other."""
    script: Script = []
    for key in keys:
        script += [(*WIRES[key], 1), hold, (*WIRES[key], 0), gap]
    return script


class Visitor:
    """At the door of ``guest``, whose keys and tokens lie in ``place``."""

    def __init__(self, guest: Guest, place: Path) -> None:
        self.guest = guest
        self._known = json.loads((place / "door.json").read_text())

    def now(self) -> int:
        """The guest's time, in Unix seconds."""
        return int(self.guest.shell("date +%s"))

    def draws(self, member: str, at: int | None = None) -> Issued:
        """What the member's phone shows now, or shows at a time that the guest does not know."""
        when = self.now() if at is None else at
        key = bytes.fromhex(self._known["door_key"])
        return issue(key, self._known["door"], Kind.PHONE, member, 1, CODES.step(Kind.PHONE, when), CODES)

    def types(self, keys: str, *, hold: float = HOLD, gap: float = GAP) -> int:
        """Press each key; when the last one went down, in the ns of the log."""
        return self.guest.wires(*pressing(keys, hold, gap))[-2]

    def enters(self, member: str) -> float:
        """Draw a code, type it, and wait for the relay; ms from the last key to the relay."""
        pressed = self.until_seen(self.draws(member).digits, lambda: self.guest.unlocked)
        return (self.guest.relay()[-1][-1].ns - pressed) / 1e6

    def until_seen(self, keys: str, answer: Callable[[], object]) -> int:
        """Type, and wait for the answer; when the last key went down. No key may be lost."""
        pressed = self.types(keys)
        until(answer, 60)
        return pressed

    def door(self, *, shut: bool) -> None:
        """Move the leaf."""
        self.guest.wires((CONTACT, GROUND, int(shut)))

    def reds(self) -> int:
        """How often the lamp has flashed red since the pins came up."""
        return reds(self.guest)

    def shorts(self) -> int:
        """How often two drivers have worked against each other."""
        return int(self.guest.shell("cat /sys/kernel/debug/wires/shorts"))

    def status(self) -> dict[str, Any]:
        """What the running door tells an administrator."""
        told: dict[str, Any] = json.loads(self.guest.shell("door status --json"))
        return told

    def until_all_arrived(self) -> None:
        """Wait until the server has every row that the door has now, each once.

        The server shows them as they arrived by its clock: if that went back, in another order.
        """
        ours = [(row["log"], row["seq"], row["hash"]) for row in self.rows()]
        assert ours[0][1] == 1
        assert all(b[1] == a[1] + 1 for a, b in pairwise(ours) if a[0] == b[0])
        until(lambda: self.status()["health"]["outbox"]["rows"] == 0, 240, 3)
        said = json.loads(self.guest.shell(f"{ROOM} rows --json --limit 0", 240))
        theirs = [(row["log"], row["seq"], row["hash"]) for row in said]
        assert sorted(row for row in theirs if row in ours) == sorted(ours), f"{theirs} for {ours}"

    def rows(self) -> list[dict[str, Any]]:
        """Every audit row, by the administrator's command."""
        said = self.guest.shell("door audit --json")
        return [json.loads(line) for line in said.splitlines()]


def level(changes: Sequence[Change], ns: int) -> int:
    """What a line was at a moment."""
    return next((change.level for change in reversed(changes) if change.ns <= ns), 0)


def pulses(changes: Sequence[Change]) -> list[float]:
    """How long a line was high each time, in milliseconds; a last one that has not ended is left out."""
    rises = [change.ns for change in changes if change.level]
    falls = [change.ns for change in changes if not change.level]
    return [(fall - rise) / 1e6 for rise, fall in zip(rises, falls, strict=False)]


def reds(guest: Guest) -> int:
    """How often the lamp has flashed red, and not white or amber, which are red and green."""
    (*_, greens), (*_, red) = guest.relay(GREEN), guest.relay(RED)
    ups = [change.ns for change in red if change.level]
    falls = [change.ns for change in red if not change.level]
    return sum(not level(greens, (up + down) // 2) for up, down in zip(ups, falls, strict=False))
