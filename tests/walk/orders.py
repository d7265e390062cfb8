"""Orders of the server and of the administrator, fresh, stale and wrong; and other rules."""

from __future__ import annotations

from collections.abc import Mapping

from contract.hours import Hours
from contract.messages import Command
from door import events as ev
from walk.doors import CAST, MORNING
from walk.walker import Walker, gesture


@gesture(6)
def commands(walker: Walker, a: int, b: int) -> None:
    """A fresh command: unlock, a mode (with an end or without), revoke, count, and what is none."""
    now = walker.w.unix_ms // 1000
    member = CAST[a % 4].member
    kinds: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("unlock", {}),
        ("mode", {"mode": ("lockdown", "open", "normal", "lockdown")[a % 4]}),
        ("mode", {"mode": ("open", "lockdown")[a % 2], "until": now + (2, 60, 600, 90_000)[a // 2]}),
        ("revoke", {"member": member, **({"through": a} if a > 3 else {})}),
        ("count", {"count": a}),
        (("identify", {}), ("forget", {"member": member}), ("refresh", {}))[a % 3],
        (("dance", {}), ("reinstate", {"member": member}), ("clock", {"unix": now}))[a % 3],
        (("unlock", {"wrong": 1}), ("count", {"wrong": -1}), ("mode", {"mode": "normal"}))[a % 3],
    )
    verb, args = kinds[b]
    walker.command(verb, args)


@gesture(4)
def stale_command(walker: Walker, a: int, b: int) -> None:
    """An unlock that must not be: replayed, at the edges of the window, expired, too far ahead, retained."""
    high = max(walker.w.m.taken, default=0) if walker.w.m else 0
    if b < 2:
        walker.command("unlock", n=high - (0, 1, 2, 3, 62, 63, 64, 65)[a])
    elif b == 2:
        walker.command("unlock", n=high + (1, 2, 3, 62, 63, 64, 65, 66)[a])
    elif b == 3:
        walker.command("unlock", life=(-1, 0, 60, 61, -2, 1, 59, 90)[a])
    elif b == 4:
        walker.n += 1
        stale = Command("r", walker.n, "unlock", {}, walker.w.unix_ms // 1000 + 30, retained=True)
        walker.post(ev.CommandReceived(stale))
    else:
        walker.post(ev.CommandRefused("" if a % 2 else "x", "bad-mac"))


@gesture(4)
def asks(walker: Walker, a: int, b: int) -> None:
    """The administrator at the door."""
    now = walker.w.unix_ms // 1000
    member = CAST[a % 4].member
    kinds: tuple[tuple[str, dict[str, object]], ...] = (
        ("unlock", {}),
        ("revoke", {"member": member}),
        ("reinstate", {"member": member}),
        ("clock", {"unix": now + (0, 0, 20, -20, 31, 3600, -7200, 90_000)[a]}),
        ("mode", {"mode": ("normal", "lockdown", "open", "normal")[a % 4]}),
        ("count", {"count": a}),
        ("forget", {"member": member}),
        ("dance", {"wrong": 1}),
    )
    if b == 2 and a > 3:
        walker.post(ev.Asked("a1", *kinds[1], "admin"))
    verb, args = kinds[b]
    walker.post(ev.Asked(f"a{b}", verb, args, "admin"))


@gesture(2)
def another_rule(walker: Walker, a: int, b: int) -> None:
    """The committee changes hours, seats or what happens when they are taken."""
    local = (walker.w.unix_ms // 1000 + 8 * 3600) % 86_400 // 60
    hours = (Hours(), MORNING, Hours(week=(((0, local), (min(local + 2, 1439), 1440)),) * 7), Hours())[b % 4]
    walker.pause()
    walker.w.change_rules(hours=hours, capacity=1 + a % 3, when_full=("refuse", "allow")[a // 4])
    walker.post(ev.RulesReceived(a))
