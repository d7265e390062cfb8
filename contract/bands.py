"""Free seats in a word: all that is told to whoever is not known, on a page or at the door (DESIGN §6)."""

from __future__ import annotations

from enum import StrEnum

SOME, FEW = 0.5, 0.2  # of all seats: no more than these are free


class Band(StrEnum):
    """Free seats, as everybody may know them."""

    PLENTY = "plenty"
    SOME = "some"
    FEW = "few"
    FULL = "full"
    UNKNOWN = "unknown"


def seen_from_outside(inside: int) -> int:
    """How many a stranger is told are inside: an empty room looks as if one were in it."""
    return max(1, inside)


def band(free: int, capacity: int) -> Band:
    """Free seats of ``capacity`` in a word."""
    if free <= 0:
        return Band.FULL
    if free <= capacity * FEW:
        return Band.FEW
    return Band.SOME if free <= capacity * SOME else Band.PLENTY
