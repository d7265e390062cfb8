"""Members who want to get in, and make the mistakes that people make."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.codes import Kind, issue
from door.effects import Cue
from tests.attacks.target import DAY_MS, Target
from tests.house import KEY, cues

PATIENCE = 4  # times he begins anew before he goes away
LOOKS_S = {Cue.NOT_NOW: 45}  # he looks at his page, which says that this code is over
AT_ONCE_S = 6
BOTH_FROM = 2  # the third time he types both codes, whatever the door says


@dataclass
class Visit:
    """How it went: whether he got in, by two codes, after so many seconds."""

    member: str
    let_in: bool = False
    doubled: bool = False
    seconds: float = 0.0
    heard: tuple[Cue, ...] = ()


def visit(door: Target, member: str, kind: Kind, mistake: str | None = None, keypad: str = "front") -> Visit:
    """Types what his phone shows, and then what the door asks for, like anybody."""
    went, began, heard = Visit(member), door.unix_ms, []
    for turn in range(PATIENCE):
        keys = MISTAKES[mistake](door, member, kind) if mistake and turn == 0 else door.code(member, kind)
        heard += _said(door, keys, keypad)
        if heard[-1:] == [Cue.SECOND_CODE] or (heard[-1:] == [Cue.WRONG] and turn >= BOTH_FROM):
            went.doubled = True
            heard += _said(door, _second(door, keys, member, kind), keypad)
        if heard[-1:] == [Cue.ACCEPTED]:
            break
        door.wait(LOOKS_S.get(heard[-1], AT_ONCE_S) if heard else AT_ONCE_S)
        door.at_once("*", keypad=keypad)
    went.let_in = heard[-1:] == [Cue.ACCEPTED]
    went.seconds, went.heard = (door.unix_ms - began) / 1000, tuple(heard)
    if went.let_in:
        door.open_and_close()
    return went


def _said(door: Target, keys: str, keypad: str) -> list[Cue]:
    """What he hears; told to wait, he waits and types it again."""
    heard = _typed(door, keys, keypad)
    if heard[-1:] == [Cue.WAIT]:
        door.wait(max(0, door.state.budget.pause_until - door.now) / 1000)
        heard += _typed(door, keys, keypad)
    return heard


def _second(door: Target, keys: str, member: str, kind: Kind) -> str:
    """What stands beside the first on his phone: the six digits after it."""
    form, now = door.rules.codes, door.unix_ms // 1000
    for step in form.acceptable(kind, now):
        issued = issue(KEY, door.rules.door, kind, member, 1, step, form)
        if issued.digits == keys[-form.length :]:
            return issued.second + "#"
    return door.second(member, kind) + "#"


def _typed(door: Target, keys: str, keypad: str) -> list[Cue]:
    """Keys at the pace of a person; a space is a pause of 17 s."""
    shown = []
    for part in keys.split(" "):
        shown += cues(door.type(part, keypad=keypad, gap=0.4))
        if part is not keys.split(" ")[-1]:
            shown += cues(door.wait(17))
    return [cue for cue in shown if cue is not Cue.CLEARED]


def one_digit(door: Target, member: str, kind: Kind) -> str:
    """The key beside the right one."""
    code, at = list(door.code(member, kind)), door.rng.randrange(4, 10)
    code[at] = str((int(code[at]) + door.rng.choice((1, 3, 7, 9))) % 10)
    return "".join(code)


def two_swapped(door: Target, member: str, kind: Kind) -> str:
    """Two neighbours the wrong way round."""
    code, at = list(door.code(member, kind)), door.rng.randrange(4, 9)
    code[at], code[at + 1] = code[at + 1], code[at]
    return "".join(code)


def own_number(door: Target, member: str, kind: Kind) -> str:
    """A digit wrong in his number: the guess is at somebody else's."""
    code, at = list(door.code(member, kind)), door.rng.randrange(4)
    code[at] = str((int(code[at]) + door.rng.randrange(1, 10)) % 10)
    return "".join(code)


def stale(door: Target, member: str, kind: Kind) -> str:
    """The code of some minutes ago; for a sheet the line of yesterday."""
    return door.code(member, kind, later=-1 if kind is Kind.PAPER else -door.rng.randrange(2, 6))


def pressed_twice(door: Target, member: str, kind: Kind) -> str:
    """A key that counts twice, so that the last digit is one too many."""
    code, at = door.code(member, kind), door.rng.randrange(10)
    return code[: at + 1] + code[at:]


def stops_and_begins_again(door: Target, member: str, kind: Kind) -> str:
    """He stops, is told that the digits are gone, and begins again."""
    code = door.code(member, kind)
    return code[: door.rng.randrange(3, 9)] + " " + code


def begins_again_at_once(door: Target, member: str, kind: Kind) -> str:
    """He begins again from the first digit and has cleared nothing."""
    code = door.code(member, kind)
    return code[: door.rng.randrange(3, 9)] + code


def clears(door: Target, member: str, kind: Kind) -> str:
    """He sees it, clears, and types it right."""
    code = door.code(member, kind)
    return code[: door.rng.randrange(3, 9)] + "*" + code


MISTAKES: dict[str, Callable[[Target, str, Kind], str]] = {
    "one digit": one_digit,
    "two swapped": two_swapped,
    "the number": own_number,
    "stale": stale,
    "pressed twice": pressed_twice,
    "stops": stops_and_begins_again,
    "begins again": begins_again_at_once,
    "clears": clears,
}
# Of a hundred mistakes. Guessed, for want of a study of this keypad; how often each costs a token is not.
HOW_OFTEN = (30, 15, 10, 15, 8, 8, 4, 10)


def plays(door: Target, keypad: str = "front") -> list[Cue]:
    """A child, or somebody on his way home: a handful of keys."""
    keys = "".join(door.rng.choice("0123456789#*") for _ in range(door.rng.randrange(3, 25)))
    heard = cues(door.type(keys, keypad=keypad, gap=0.3))
    return [*heard, *cues(door.wait(20))]


@dataclass
class Week:
    """What a while of traffic came to."""

    days: int
    visits: list[Visit] = field(default_factory=list)
    lockouts: int = 0
    spent: Counter[str] = field(default_factory=Counter)  # tokens, by the mistake, before what came back
    least: float = 10.0  # tokens that were left at the worst moment

    @property
    def doubled(self) -> float:
        """The share of visits that needed a second code."""
        return sum(v.doubled for v in self.visits) / len(self.visits)

    @property
    def refused(self) -> float:
        """The share of visits that ended outside."""
        return sum(not v.let_in for v in self.visits) / len(self.visits)

    def take_note(self, door: Target, mistake: str) -> None:
        """What the last visit left at the door."""
        self.lockouts += len(door.rows("lockout"))
        self.least = min(self.least, door.tokens)
        wrong = [row for row in door.rows("denied") if row.member and row.reason in PAID]
        self.spent[mistake] += len(wrong)


PAID = ("unknown-code", "early-code")
VISITS = 200
KINDS = (Kind.PHONE,) * 17 + (Kind.PAPER,) * 2 + (Kind.STAFF,)


def traffic(
    door: Target, members: dict[Kind, tuple[str, ...]], *, days: int, typos: float = 0.1, players: int = 3
) -> Week:
    """So many days of ``VISITS``, from six in the morning to nine in the evening, of members and players."""
    rng, began = random.Random(7), door.unix_ms
    week = Week(days)
    for day in range(days):
        who = (True,) * VISITS + (False,) * players
        moments = sorted((began + day * DAY_MS + rng.randrange(15 * 3_600_000), comes) for comes in who)
        for moment, comes in moments:
            door.sleep(max(0, moment - door.unix_ms) / 1000)
            door.log.clear()
            mistake = None
            if comes:
                kind = rng.choice(KINDS)
                mistake = rng.choices(tuple(MISTAKES), HOW_OFTEN)[0] if rng.random() < typos else None
                week.visits.append(visit(door, rng.choice(members[kind]), kind, mistake))
            else:
                plays(door)
            week.take_note(door, mistake or ("none" if comes else "a player"))
    return week
