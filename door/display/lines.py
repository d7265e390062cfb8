"""What stands on the display: four lines of sixteen columns (a Chinese character takes two), in words alone.

At rest the time, how many seats are free (as strangers may know it) and what to do; after a key, its cue.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contract.bands import Band, band, seen_from_outside
from door.cues import SIGNALS
from door.effects import Cue, Mode

ROWS, COLUMNS = 4, 16
READ_MS = 4000  # a sentence stays for so long, however short its light is
Lines = tuple[str, ...]
Both = tuple[str, str]

SEATS = {
    Band.PLENTY: ("座位很多", "Plenty of seats"),
    Band.SOME: ("还有座位", "Some seats free"),
    Band.FEW: ("座位不多", "Few seats free"),
    Band.FULL: ("座位可能满", "Probably full"),
    Band.UNKNOWN: ("", ""),
}
HINTS = {
    Mode.NORMAL: ("请输入号码", "Enter your code"),
    Mode.OPEN: ("门开着,请进", "The door is open"),
    Mode.LOCKDOWN: ("暂时不能进入", "Closed for now"),
}
DOUBLE = ("请连输两个号码", "Type two codes")
FIRE = ("火警,门已打开,请离开", "Fire! Door open, please leave")  # the voice has more room
NO_TIME = "--:--"


@dataclass(frozen=True, slots=True)
class View:
    """What whoever stands before it is to know.

    ``double``: the door asks for two codes; ``seconds``: what remains of a wait.
    """

    clock: str = NO_TIME
    seats: Band = Band.UNKNOWN
    mode: Mode = Mode.NORMAL
    double: bool = False
    cue: Cue | None = None
    seconds: int = 0


def lines(view: View, languages: Collection[str]) -> Lines:
    """Four lines, none longer than ``COLUMNS``; ``languages`` has "zh", "en" or both."""
    chosen = [n for n, language in enumerate(("zh", "en")) if language in languages]
    if view.cue is not None and (said := _said(view.cue, view.seconds)) is not None:
        return _framed([line for n in chosen for line in _wrapped(said[n], chinese=n == 0)])
    seats, hint = at_rest(view)
    if len(chosen) == 1:
        return view.clock, seats[chosen[0]], "", hint[chosen[0]]
    return f"{view.clock} {seats[0]}".rstrip(), seats[1], *hint


def at_rest(view: View) -> tuple[Both, Both]:
    """How many seats are free and what to do next, in Chinese and English."""
    if view.mode is Mode.LOCKDOWN:
        return SEATS[Band.UNKNOWN], HINTS[view.mode]
    return SEATS[view.seats], DOUBLE if view.double and view.mode is Mode.NORMAL else HINTS[view.mode]


def told(state: Mapping[str, object], occupancy: Mapping[str, object]) -> View:
    """The view of what the door tells outside (``state``, ``occupancy`` of PROTOCOL §4), without a time."""
    count, capacity = occupancy.get("count"), occupancy.get("capacity")
    seats = Band.UNKNOWN
    if isinstance(count, int) and isinstance(capacity, int) and occupancy.get("confidence") != "unknown":
        seats = band(capacity - seen_from_outside(count), capacity)
    return View(
        seats=seats,
        mode=Mode(str(state.get("mode", Mode.NORMAL))),
        double=state.get("lockout") is True or untrusted(state) or alarmed(state, "store-failed"),
        cue=Cue.FIRE if alarmed(state, "fire") else None,
    )


def untrusted(state: Mapping[str, object]) -> bool:
    """Whether nobody vouches for the door's clock."""
    return alarmed(state, "clock-untrusted")


def alarmed(state: Mapping[str, object], alarm: str) -> bool:
    """Whether an alarm stands."""
    alarms = state.get("alarms")
    return isinstance(alarms, list | tuple) and alarm in alarms


def lasts_ms(cue: Cue, ms: int | None) -> int | None:
    """How long a cue's sentence stays; None: until another cue."""
    signal = SIGNALS[cue]
    bound = signal.most_ms if ms is None else ms
    if bound is None:
        return None if signal.light.again else READ_MS
    return max(bound, READ_MS)


def alphabet() -> set[str]:
    """Every character that can stand there; the font has them all."""
    said = [_said(cue, 1) for cue in Cue]
    pairs = [*SEATS.values(), *HINTS.values(), DOUBLE, *(pair for pair in said if pair is not None)]
    return set("".join(text for pair in pairs for text in pair)) | set(string.printable.strip()) | {" "}


def width(text: str) -> int:
    """The columns a text takes (Unicode Standard Annex 11: wide characters take two)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _said(cue: Cue, seconds: int) -> tuple[str, str] | None:
    if cue is Cue.WAIT and seconds > 0:
        return f"请等{seconds}秒", f"Please wait {seconds} s"
    if cue is Cue.FIRE:
        return FIRE
    signal = SIGNALS[cue]
    return (signal.zh, signal.en) if signal.zh and signal.en else None


def _framed(said: list[str]) -> Lines:
    """In the middle of the four lines, the odd one below."""
    above = (ROWS - len(said)) // 2
    return ("",) * above + tuple(said) + ("",) * (ROWS - len(said) - above)


def _wrapped(text: str, *, chinese: bool) -> list[str]:
    """A sentence in lines: broken between words, or after a comma, or (a long clause) in its middle."""
    parts = re.findall(r"[^,]+,?", text) if chinese else [f"{word} " for word in text.split()]
    found = [""]
    for part in parts:
        half = len(part) // 2
        pieces = [part] if width(part.rstrip()) <= COLUMNS else [part[:half], part[half:]]
        for piece in pieces:
            if found[-1] and width((found[-1] + piece).rstrip()) > COLUMNS:
                found.append("")
            found[-1] += piece
    return [line.rstrip() for line in found]
