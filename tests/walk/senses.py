"""What beams and the motion sensor see of whoever passes, stands or stays."""

from __future__ import annotations

from door import events as ev
from walk.walker import Walker, gesture

# What each beam does, as somebody passes from outside (O, I: broken; o, i: clear again).
PASSAGES = (
    "OIoi",  # in
    "IOio",  # out
    "OIio",  # turned back, having broken both
    "OoIOiIoi",  # in, a hand ahead
    "OIoOioIoi",  # two, the second on the heels of the first; or one who steps back
    "OIoOoi",  # leans back, and goes on
    "OOIoi",  # an edge was missed
    "OI",  # stands in the doorway
)

# A hand, a bag or the door's own handle: in one beam and then the other, never in both.
BRUSHES = ("Oo", "Ii", "OoIi", "IiOo", "OoIiOo", "IiOIoi", "OoIOio", "OoIiOIoi")

# Who stands there, and what he does when the beam has been broken for too long.
STANDS = (
    ("OI", "oi"),
    ("IO", "io"),
    ("O", "Ioi"),
    ("I", "Oio"),
    ("OIo", "i"),
    ("O", "o"),
    ("OIi", "Iio"),
    ("OI", ""),
)


@gesture(6)
def crosses(walker: Walker, a: int, b: int) -> None:
    """Somebody, two, or a bag in the beams; at a pace around that of two who walk close together."""
    walker.pause()
    edges(walker, PASSAGES[b], (40, 149, 150, 151, 300, 1000, 74, 75)[a])


@gesture(2)
def brushes(walker: Walker, a: int, b: int) -> None:
    """What is thinner than the beams are apart; at a pace around that of a hand with its body behind it."""
    walker.pause()
    edges(walker, BRUSHES[b], (40, 149, 298, 299, 300, 301, 1000, 75)[a])


@gesture(2)
def stands(walker: Walker, a: int, b: int) -> None:
    """Somebody stands in the doorway for as long as a beam may be broken, and goes on."""
    before, after = STANDS[b]
    walker.pause()
    edges(walker, before, 150)
    walker.gap = walker.w.rules.beam_blocked_ms - 150 * (len(before) - 1) + (0, -1, 1, -60_000)[a % 4]
    walker.pause()
    edges(walker, after, 150)


def edges(walker: Walker, passage: str, pace: int) -> None:
    """The beams, one edge after the other."""
    for n, edge in enumerate(passage):
        if n:
            walker.w.until(walker.w.unix_ms + pace)
        beam = ev.Beam.OUTER if edge.lower() == "o" else ev.Beam.INNER
        walker.w.post(ev.BeamChanged(beam, edge.isupper(), walker.w.now))


@gesture(3)
def an_edge(walker: Walker, a: int, b: int) -> None:
    """One edge of one beam, after the gap; its own time may lie before."""
    beam = ev.Beam.OUTER if a % 2 else ev.Beam.INNER
    walker.pause()
    at = walker.w.now - (0, 0, 10, 200)[b % 4]
    walker.w.post(ev.BeamChanged(beam, b > 3, at, found=a > 5))


@gesture(4)
def moves(walker: Walker, a: int, b: int) -> None:
    """The motion sensor: something moves, for a while or for long, or no more."""
    if b > 2:
        walker.post(ev.MotionChanged(True))
        walker.gap = (2500, 60_000, 59_999, 0)[a % 4]
    walker.post(ev.MotionChanged(b == 7))
