"""The state diagrams of docs/architecture.md, found by playing whole gestures on the door's own ``decide``.

Nothing here knows a rule: a diagram is the gestures tried in every state that was reached, and what came of
them.
A state is put into a few words; states with the same words are one box, and several doors of each box are
played on, so that two that behave differently would show as two arrows with one name.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from contract.access import AccessRecord
from contract.codes import Kind
from door.clock import Source
from door.effects import Effect, Mode
from door.events import Asked, ContactChanged, ExitPressed, ServerTime
from door.rules import Rules
from tests.house import KEY, House, cues, wrong

DOORS_OF_A_BOX = 4
REST = 12  # seconds: unlock time, grace and shunt are over
SILENCE = 61  # seconds: a first code is forgotten
STAFF = tuple(f"09{n:02}" for n in range(1, 40))


@dataclass
class Play:
    """A door being played on; ``owner`` typed the first code that is kept, if it was a good one."""

    house: House
    owner: tuple[str, int] | None = None  # member, generation

    @property
    def stranger(self) -> str:
        """A member who has not been here yet."""
        return f"{1000 + len(self.house.access.used) + len(self.house.access.failures)}"

    @property
    def source(self) -> Source:
        """Where the door's time comes from."""
        return self.house.state.reading(self.house.now).source

    def server_time(self) -> None:
        """The server tells the time."""
        self.house.post(ServerTime(self.house.unix_ms))


Gesture = Callable[[Play], str | None]  # what came of it, None where it cannot be made


@dataclass(frozen=True)
class Diagram:
    """Where it begins, how a state is called, and what may happen."""

    begin: Callable[[], Play]
    words: Callable[[Play], str]
    gestures: Mapping[str, Gesture] = field(default_factory=dict)


Arrows = dict[tuple[str, str], list[str]]


def explore(diagram: Diagram) -> Arrows:
    """Every arrow between boxes, with what happened on it."""
    arrows: Arrows = defaultdict(list)
    waiting = [diagram.begin()]
    played: dict[str, int] = defaultdict(int)
    while waiting:
        play = waiting.pop(0)
        here = diagram.words(play)
        if played[here] == DOORS_OF_A_BOX:
            continue
        played[here] += 1
        for there, name, after in _tried(diagram, play):
            if name not in arrows[here, there]:
                arrows[here, there].append(name)
            waiting.append(after)
    return arrows


def _tried(diagram: Diagram, play: Play) -> Iterator[tuple[str, str, Play]]:
    for name, gesture in diagram.gestures.items():
        after = copy.deepcopy(play)
        after.house.log.clear()
        outcome = gesture(after)
        if outcome is not None:
            yield diagram.words(after), f"{name} ({outcome})" if outcome else name, after


def mermaid(diagram: Diagram) -> str:
    """The diagram as GitHub draws it."""
    arrows = explore(diagram)
    names = list(dict.fromkeys(name for pair in arrows for name in pair))
    box = {name: f"s{n}" for n, name in enumerate(names, 1)}
    lines = ["stateDiagram-v2", *(f"    {box[name]} : {name}" for name in names)]
    lines.append(f"    [*] --> {box[diagram.words(diagram.begin())]}")
    for (here, there), labels in arrows.items():
        lines.append(f"    {box[here]} --> {box[there]} : {'<br/>'.join(labels)}")
    return "\n".join(lines)


# -- gestures -------------------------------------------------------------------------------------


def _shown(effects: list[Effect]) -> str:
    return ", ".join(dict.fromkeys(cue.value for cue in cues(effects)))


def _code(play: Play, generation: int = 1) -> str:
    member = play.stranger
    play.owner = member, generation
    return play.house.code(member, generation=generation)


def _types(play: Play, digits: str) -> str:
    """What is shown for a code of full length; of the one that is kept it is said that it comes once more."""
    kept = any(digits == first.member + first.otp for first in play.house.state.firsts)
    shown = _shown(play.house.type(digits))
    return f"once more: {shown}" if kept else shown


def right_code(play: Play) -> str:
    """A present code of somebody new."""
    return _types(play, _code(play))


def newer_code(play: Play) -> str:
    """A code of a generation the door has not heard of."""
    return _types(play, _code(play, generation=2))


def wrong_code(play: Play) -> str:
    """Ten digits that are nobody's."""
    digits = wrong(_code(play))
    play.owner = None
    return _types(play, digits)


def second_code(of_generation: int) -> Gesture:
    """The code that follows the first one kept, if that was of this generation."""

    def type_(play: Play) -> str | None:
        if not play.house.state.firsts or play.owner is None or play.owner[1] != of_generation:
            return None
        member, generation = play.owner
        play.owner = None
        return _shown(play.house.type(play.house.second(member, generation=generation) + "#"))

    return type_


def wrong_second(play: Play) -> str | None:
    """Six digits that do not follow; the pause after them is waited out."""
    if not play.house.state.firsts:
        return None
    shown = _shown(play.house.type("000000#"))
    play.owner = None
    play.house.wait(SILENCE)
    return f"{shown}, a pause"


def silence(play: Play) -> str | None:
    """Nobody types for a minute."""
    if not play.house.state.firsts:
        return None
    play.owner = None
    play.house.wait(SILENCE)
    return ""


def ten_wrong(play: Play) -> str | None:
    """Guessing until the budget is spent."""
    state = play.house.state
    if state.budget.lockout or state.firsts or play.source is not Source.SERVER:
        return None
    play.house.drain()
    play.house.wait(SILENCE)
    return "wrong"


def two_hours(play: Play) -> str | None:
    """The budget refills by one."""
    if not play.house.state.budget.lockout or play.house.state.firsts:
        return None
    play.house.wait(play.house.rules.budget_refill_ms / 1000)
    play.server_time()
    return ""


def day_alone(play: Play) -> str | None:
    """The server's time grows too old to be believed."""
    if play.source is not Source.SERVER or play.house.state.budget.lockout or play.house.state.firsts:
        return None
    play.house.wait(24 * 3600 + 1)
    return ""


def server_time(play: Play) -> str | None:
    """The server is back."""
    if play.source is Source.SERVER or play.house.state.firsts:
        return None
    play.server_time()
    return ""


def cut_in_lockout(play: Play) -> str | None:
    """A vandal pulls the plug."""
    if not play.house.state.budget.lockout or play.house.state.firsts:
        return None
    play.house.power_cut(30)
    play.server_time()
    return ""


def opens(play: Play) -> str | None:
    """The leaf is pushed."""
    return None if play.house.state.doorway.open else _shown(list(play.house.post(ContactChanged(True))))


def closes(play: Play) -> str | None:
    """The leaf falls shut."""
    if not play.house.state.doorway.open:
        return None
    play.house.post(ContactChanged(False))
    play.house.wait(REST)
    return ""


def _at_a_closed_door(gesture: Gesture) -> Gesture:
    return lambda play: None if play.house.state.doorway.open else gesture(play)


def exit_button(play: Play) -> str:
    """Somebody leaves."""
    play.house.post(ExitPressed())
    return "" if play.house.unlocked else "stays locked"


def time_over(play: Play) -> str | None:
    """Nobody pushed."""
    if not play.house.unlocked:
        return None
    play.house.wait(REST)
    return ""


def left_open(play: Play) -> str | None:
    """Somebody put a chair into the door."""
    if not play.house.state.doorway.open or play.house.state.doorway.held:
        return None
    return _shown(play.house.wait(play.house.rules.held_alarm_ms / 1000))


def _asked(mode: Mode) -> Gesture:
    def ask(play: Play) -> str | None:
        if play.house.state.mode.mode is mode:
            return None
        play.house.post(Asked("1", "mode", {"mode": mode.value}, "admin"))
        return ""

    return ask


def _in(mode: Mode, gesture: Gesture) -> Gesture:
    return lambda play: gesture(play) if play.house.state.mode.mode is mode else None


def _typed_and_gone(typed: Callable[[Play], list[Effect]]) -> Gesture:
    def go(play: Play) -> str:
        shown = _shown(typed(play))
        play.house.wait(SILENCE)
        return shown

    return go


def _staff(play: Play) -> list[Effect]:
    used = {member for member, _ in play.house.access.used}
    return play.house.double(next(m for m in STAFF if m not in used), Kind.STAFF)


def _exit_and_gone(play: Play) -> str:
    said = exit_button(play) or "unlocks"
    play.house.wait(REST)
    return said


def restart(play: Play) -> str:
    """The power fails and comes back."""
    play.house.power_cut(30)
    play.server_time()
    return ""


def a_day(play: Play) -> str:
    """Nobody thought of it."""
    play.house.wait(24 * 3600)
    play.server_time()
    return ""


# -- diagrams -------------------------------------------------------------------------------------


def _door() -> Play:
    play = Play(House(rules=Rules("yuexin", KEY), clock=False))
    play.server_time()
    play.house.enrol(*(AccessRecord(member, Kind.STAFF) for member in STAFF))
    play.house.wait(REST)
    return play


def _doorway_words(play: Play) -> str:
    way = play.house.state.doorway
    if not way.open:
        return "closed, unlocked" if play.house.unlocked else "closed, locked"
    alarms = [word for word, there in (("forced", way.forced), ("held", way.held)) if there]
    return ", ".join(["open, unlocked" if play.house.unlocked else "open, locked", *alarms])


def _code_words(play: Play) -> str:
    state = play.house.state
    if state.budget.lockout:
        judged = "lockout, double codes only"
    elif play.source is Source.NONE:
        judged = "no time, double codes only"
    elif play.source is Source.CODE:
        judged = "time from a code, single phone codes open"
    else:
        judged = "single codes open"
    return f"{judged}, a first code is kept" if state.firsts else judged


def _mode_words(play: Play) -> str:
    return f"{play.house.state.mode.mode.value}, {'unlocked' if play.house.unlocked else 'locked'}"


_RESIDENT = _typed_and_gone(lambda play: play.house.type(play.house.code(play.stranger)))
_RESIDENT_PAIR = _typed_and_gone(lambda play: play.house.double(play.stranger))

DIAGRAMS: Mapping[str, Diagram] = {
    "doorway": Diagram(
        _door,
        _doorway_words,
        {
            "a right code": _at_a_closed_door(right_code),
            "the exit button": _at_a_closed_door(exit_button),
            "it opens": opens,
            "it closes": closes,
            "nobody opens in time": _at_a_closed_door(time_over),
            "open for 120 s": left_open,
        },
    ),
    "codes": Diagram(
        _door,
        _code_words,
        {
            "a right code": right_code,
            "a code re-issued meanwhile": newer_code,
            "a wrong code": wrong_code,
            "its second code": second_code(1),
            "the second of one re-issued": second_code(2),
            "a wrong second code": wrong_second,
            "60 s of silence": silence,
            "ten wrong codes": ten_wrong,
            "2 h of running time": two_hours,
            "a power cut": cut_in_lockout,
            "24 h without server and NTP": day_alone,
            "the server tells the time": server_time,
        },
    ),
    "modes": Diagram(
        _door,
        _mode_words,
        {
            "mode normal": _asked(Mode.NORMAL),
            "mode lockdown": _asked(Mode.LOCKDOWN),
            "mode open": _asked(Mode.OPEN),
            "24 h": _in(Mode.OPEN, a_day),
            "a restart": restart,
            "a resident's code": _in(Mode.NORMAL, _RESIDENT),
            "a resident's double code": _in(Mode.LOCKDOWN, _RESIDENT_PAIR),
            "a double code of staff": _in(Mode.LOCKDOWN, _typed_and_gone(_staff)),
            "the exit button": _in(Mode.LOCKDOWN, _exit_and_gone),
        },
    ),
}
