"""Which role of the committee may do what: the one table that every page of theirs is held to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the room; who has a shell on the server needs none."""

    ADMIN = "admin"
    COMMITTEE = "committee"
    DUTY = "duty"


class Right(StrEnum):
    """What a page or a button asks for; each of the committee's routes names exactly one."""

    OWN = "own"  # one's own ways in
    LOOK = "look"  # the room as it is, members by number with masked names
    DOOR = "door"  # unlock, identify, set the count
    MODE = "mode"  # open, lockdown, normal
    SUSPEND = "suspend"  # until a time, and lift it again
    MEMBERS = "members"  # revoke, reinstate, re-issue, a lost phone, a link to come back
    REVEAL = "reveal"  # a name and a phone in the clear
    APPLICATIONS = "applications"
    RULES = "rules"  # hours, holidays, capacity, note
    ROWS = "rows"  # the door's records
    ALARMS = "alarms"  # see to an alarm
    PAPER = "paper"  # sheets, cards, notices
    USE = "use"  # the use of the room, in counts
    NOTIFY = "notify"  # who is told of what
    ACTS = "acts"  # who did what
    ACCOUNTS = "accounts"  # who the committee are


_ALL = frozenset(Role)
_SEATED = frozenset({Role.ADMIN, Role.COMMITTEE})
_ADMIN = frozenset({Role.ADMIN})

MAY: Mapping[Right, frozenset[Role]] = {
    Right.OWN: _ALL,
    Right.LOOK: _ALL,
    Right.DOOR: _ALL,
    Right.MODE: _SEATED,
    Right.SUSPEND: _ALL,
    Right.MEMBERS: _SEATED,
    Right.REVEAL: _SEATED,
    Right.APPLICATIONS: _SEATED,
    Right.RULES: _SEATED,
    Right.ROWS: _SEATED,
    Right.ALARMS: _ALL,
    Right.PAPER: _SEATED,
    Right.USE: _ALL,
    Right.NOTIFY: _ADMIN,
    Right.ACTS: _SEATED,
    Right.ACCOUNTS: _ADMIN,
}
