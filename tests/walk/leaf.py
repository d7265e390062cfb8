"""The leaf and the ways out: opened, closed, left by the button, freed by a fire."""

from __future__ import annotations

from door import events as ev
from walk.walker import Walker, gesture


@gesture(8)
def opens(walker: Walker, a: int, b: int) -> None:
    """The door is opened (forced, if it was locked), and perhaps closed."""
    if not walker.w.rules.has_contact:
        return
    until = walker.w.m.way.until if walker.w.m else None
    if b > 5 and until not in (None, -1):  # at the end of the grace that follows the relock
        walker.gap = until - walker.w.now + walker.w.rules.forced_grace_ms + (-1, 0, 1)[a % 3]
    walker.post(ev.ContactChanged(True))
    if b < 5:
        walker.gap = (500, 3000, 1499, 1500, 1501)[b]
        walker.post(ev.ContactChanged(False))


@gesture(4)
def closes(walker: Walker, a: int, b: int) -> None:
    """The door is closed; a level told twice is no news."""
    if walker.w.rules.has_contact:
        walker.post(ev.ContactChanged(False))


@gesture(5)
def leaves(walker: Walker, a: int, b: int) -> None:
    """The exit button, once or again, and perhaps out."""
    if b == 7:
        walker.command("mode", {"mode": "open"})
    walker.post(ev.ExitPressed())
    if a in (1, 2):
        walker.gap = 150 * (a - 1)  # so long the record took
        walker.pause()
        walker.post(ev.LockMoved(walker.w.now, walker.w.rules.unlock_ms))
    if b in (1, 2, 3):
        walker.gap = (700, 3000, walker.w.rules.exit_shunt_ms)[b - 1]
        opens(walker, 0, 0)
    elif b == 4:
        walker.gap = 1000
        walker.post(ev.ExitPressed())
    elif b > 4:
        walker.gap = (1000, 4999, 5000, 1)[a % 4]
        walker.command("mode", {"mode": ("lockdown", "normal", "open")[a % 3]})


@gesture(2)
def burns(walker: Walker, a: int, b: int) -> None:
    """The fire alarm begins or ends, and what is done meanwhile."""
    walker.post(ev.FireChanged(b < 5))
    if b < 4:
        walker.gap = 1000
        walker.command("mode", {"mode": ("lockdown", "normal", "open", "lockdown")[b]})
        walker.gap = (1000, 4999, 5000, 1)[a % 4]
        walker.post(ev.ExitPressed() if a > 3 else ev.ContactChanged(a % 2 == 0))
        walker.post(ev.FireChanged(a == 7))
