"""Street, door and room as somebody walks through them: where he is, what the leaf does, what the beams see.

Pure; one ``step`` is 20 ms. The doorway is 100 paces long: 0 is the street, 100 a seat in the room.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

STEP_SECONDS = 0.02
SEAT = 100
LEAF = 40  # where the door leaf is; who comes from the street stops before it while it is shut
IN_FRONT = 36
BEHIND = 44
OUTER = range(46, 55)  # where a body breaks the beam on the side of the street
INNER = range(50, 59)  # and on the side of the room; a hand apart, so that a body breaks both
CLEAR = range(33, 47)  # where a body keeps the leaf from falling shut
CLOSER_STEPS = 25  # the door closer takes half a second


@dataclass(frozen=True, slots=True)
class Street:
    """Who walks is at ``x`` on his way to ``aim``; ``seated`` is how many have sat down inside."""

    x: int = 0
    aim: int = 0
    seated: int = 0
    leaf_open: bool = False
    chair: bool = False  # somebody has put a chair into the door
    closing: int = 0  # steps until the leaf falls shut

    @property
    def facts(self) -> dict[str, bool]:
        """What the sensors of the doorway see."""
        return {
            "open": self.leaf_open,
            "exit": self.x == BEHIND and self.aim < self.x and not self.leaf_open,
            "outer": self.x in OUTER,
            "inner": self.x in INNER,
            "moving": self.x > BEHIND and self.x != self.aim,
        }


def walk(street: Street, aim: int) -> Street:
    """He wants to be there from now on."""
    return replace(street, aim=min(max(aim, 0), SEAT))


def get_up(street: Street) -> Street:
    """One of those inside goes home; nothing while somebody else is on his way, or nobody is there."""
    if not street.seated or street.x or street.aim:
        return street
    return replace(street, seated=street.seated - 1, x=SEAT, aim=0)


def put_chair(street: Street, there: bool) -> Street:
    """A chair in the door keeps it open, once it is; taken away, the leaf falls shut."""
    return replace(street, chair=there, closing=CLOSER_STEPS)


def step(street: Street, *, unlocked: bool) -> Street:
    """20 ms later; the same again when nothing moves."""
    street = _leaf(street, unlocked)
    ahead = street.x + (street.aim > street.x) - (street.aim < street.x)
    if not street.leaf_open and ahead in (IN_FRONT + 1, BEHIND - 1):
        ahead = street.x  # he stands before the leaf
    street = replace(street, x=ahead)
    if street.x == street.aim == SEAT:
        street = replace(street, seated=street.seated + 1, x=0, aim=0)
    return street


def _leaf(street: Street, unlocked: bool) -> Street:
    """From inside the handle opens always; from the street the strike must let go."""
    inward = street.x == IN_FRONT and street.aim > street.x and unlocked
    outward = street.x == BEHIND and street.aim < street.x
    if inward or outward:
        return replace(street, leaf_open=True, closing=CLOSER_STEPS)
    if not street.leaf_open or street.chair:
        return street
    if street.x in CLEAR:
        return replace(street, closing=CLOSER_STEPS)
    left = street.closing - 1
    return replace(street, closing=left, leaf_open=left > 0)
