"""Commands: is one fresh, and may its verb be done now (PROTOCOL §4).

The signature was checked on the bytes before; here it is decided whether the command is taken, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contract.codes import MAX_GENERATION, is_member
from contract.messages import COMMAND_LIFE_SECONDS, COMMAND_WINDOW, VERBS, Command
from door.clock import LATEST_MS, Reading
from door.effects import Effect, Mode, Remember
from door.rules import Rules

# What may be done by a clock that nobody vouches for: nothing of it can open the door.
SAFE = frozenset({"revoke", "refresh", "replay", "identify", "forget"})
LOCAL_VERBS = frozenset({"reinstate", "clock"})  # the administrator's at the door


@dataclass(frozen=True, slots=True)
class Taken:
    """Which numbers were taken: the highest, and a mask of the ``COMMAND_WINDOW`` below it."""

    highest: int = 0
    mask: int = 0

    def has(self, n: int) -> bool:
        """Whether ``n`` was taken, or is too old to tell."""
        behind = self.highest - n
        return behind >= 0 and (behind > COMMAND_WINDOW or behind == 0 or bool(self.mask >> (behind - 1) & 1))

    def take(self, n: int) -> Taken:
        """With ``n`` taken too."""
        if n <= self.highest:
            return Taken(self.highest, self.mask | 1 << (self.highest - n - 1))
        ahead = n - self.highest
        mask = (self.mask << ahead | 1 << (ahead - 1)) if ahead <= COMMAND_WINDOW else 0
        return Taken(n, mask & ((1 << COMMAND_WINDOW) - 1))

    def remembered(self) -> Effect:
        """The fact that is stored before anything is done."""
        return Remember("commands", {"highest": self.highest, "mask": self.mask})


def restore(fact: object) -> Taken:
    """The window as it was stored."""
    match fact:
        case {"highest": int() as highest, "mask": int() as mask} if highest >= 0 and mask >= 0:
            return Taken(highest, mask)
        case _:
            return Taken()


def stale(command: Command, taken: Taken, reading: Reading) -> str | None:
    """Why the command is not taken, as an error word; None when it is fresh."""
    if command.retained:
        return "retained"
    if taken.has(command.n):
        return "replayed"
    if not reading.trusted:
        return None if _safe(command.verb, command.args) else "clock-untrusted"
    ahead = command.not_after - (reading.unix or 0)
    return None if 0 <= ahead <= COMMAND_LIFE_SECONDS else "expired"


def fault(verb: str, args: Mapping[str, object], rules: Rules, *, local: bool = False) -> str | None:
    """What is wrong with a verb and its arguments, as an error word."""
    if verb not in VERBS and not (local and verb in LOCAL_VERBS):
        return "unknown-verb"
    return None if _ARGS[verb](args, rules) else "bad-args"


def _safe(verb: str, args: Mapping[str, object]) -> bool:
    return verb in SAFE or verb not in VERBS or (verb == "mode" and args.get("mode") == "lockdown")


def _none(args: Mapping[str, object], _: Rules) -> bool:
    return not args


def _mode(args: Mapping[str, object], _: Rules) -> bool:
    until = args.get("until")
    return (
        args.keys() <= {"mode", "until"}
        and args.get("mode") in tuple(Mode)
        and (until is None or _whole(until, 0, 2**53 - 1))
    )


def _revoke(args: Mapping[str, object], rules: Rules) -> bool:
    through = args.get("through")
    return (
        args.keys() <= {"member", "through"}
        and is_member(args.get("member"), rules.codes)
        and (through is None or _whole(through, 0, MAX_GENERATION))
    )


def _member(args: Mapping[str, object], rules: Rules) -> bool:
    return args.keys() == {"member"} and is_member(args["member"], rules.codes)


def _count(args: Mapping[str, object], _: Rules) -> bool:
    return args.keys() == {"count"} and _whole(args["count"], 0, 9999)


def _replay(args: Mapping[str, object], _: Rules) -> bool:
    log = args.get("log")
    return (
        args.keys() == {"log", "from"}
        and isinstance(log, str)
        and len(log) == 16
        and set(log) <= set("0123456789abcdef")
        and _whole(args["from"], 1, 2**53 - 1)
    )


def _clock(args: Mapping[str, object], _: Rules) -> bool:
    return args.keys() == {"unix"} and _whole(args["unix"], 0, LATEST_MS // 1000)


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


_ARGS: Mapping[str, Callable[[Mapping[str, object], Rules], bool]] = {
    "unlock": _none,
    "mode": _mode,
    "revoke": _revoke,
    "refresh": _none,
    "count": _count,
    "replay": _replay,
    "identify": _none,
    "forget": _member,
    "reinstate": _member,
    "clock": _clock,
}
