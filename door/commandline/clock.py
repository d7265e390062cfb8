"""``door clock``: where the time comes from, in words; and a person's own word for it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from door.commandline import times, words
from door.commandline.desk import Desk
from door.commandline.words import Tone
from door.errors import AskedError

DISAGREE_MS = 30_000
NOBODYS_PAST = 1_600_000_000  # before it there was no door: only running time since 1970 was counted
SOURCES = {
    "server": "the server's answer within the last day, carried on by running time",
    "ntp": "this machine's clock, which NTP holds or the configuration trusts",
    "rtc": "this machine's clock, which a clock chip has set",
    "manual": "an administrator's word since the door started",
    "code": "a double code of a phone",
    "none": "nothing: the door knows no time",
}
TRUSTED = {
    True: "trusted, so single codes of every kind open",
    False: "not trusted, so everybody is asked for a second code",
}
CONSEQUENCES = (
    "Single codes of every kind are judged by it until the door restarts or a better source tells",
    "the time. If it is more than a minute wrong, right codes are refused; a used code opens never again.",
    "The known past stays where it is: leases, suspensions and retention do not move by your word.",
)


def clock(args: argparse.Namespace) -> int:
    """Say what time the door goes by; with --trust: believe this machine's clock, or the time given."""
    desk = Desk.of(args)
    if args.trust is not None:
        return _vouch(desk, args.trust)
    if desk.status is None:
        return _last_known(desk, as_json=args.json)
    shown = desk.ask("readings")
    told = {name: value for name, value in shown.items() if name not in ("ok", "error")}
    if args.json:
        sys.stdout.write(json.dumps({"running": True, **told}, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(desk, told))
    return 0


def _vouch(desk: Desk, given: times.When) -> int:
    desk.running()
    unix = _moment(given, desk)
    past = desk.running()["health"]["clock"]["known_past"]
    desk.ask("clock", {"unix": unix})
    source = desk.ask("status")["health"]["clock"]["source"]
    whose = "this machine's clock" if given == times.NOW else "your word"
    sys.stdout.write(f"The door believes {whose}: {times.shown(unix, desk.zone)}.\n")
    if source != "manual":
        sys.stdout.write(f"But it has a better source, {source}, and goes by that while it lasts.\n")
        return 0
    if unix < past:
        sys.stdout.write(
            f"That is before the known past ({times.shown(past, desk.zone)}), which has passed for certain "
            "as far as the door can tell: look at your watch again.\n"
        )
    sys.stdout.writelines(f"{line}\n" for line in CONSEQUENCES)
    return 0


def _moment(given: times.When, desk: Desk) -> int:
    if given == times.NOW:
        return int(time.time())
    if given.seconds is not None:
        raise AskedError("--trust: give the time that it is, such as 19:02 or '2026-11-24 19:02'")
    if given.day is not None and given.clock is None:
        raise AskedError("--trust: a date alone is no time; add the time of day, as in '2026-11-24 19:02'")
    now = int(time.time())
    candidates = (given.before(now, desk.zone), given.after(now, desk.zone))
    return min(candidates, key=lambda unix: abs(unix - now))


def _last_known(desk: Desk, *, as_json: bool) -> int:
    if not desk.database.exists():
        desk.running()
    past = desk.facts.get("known_past")
    if as_json:
        sys.stdout.write(json.dumps({"running": False, "known_past": past}, indent=2) + "\n")
        return 0
    at = times.shown(past if type(past) is int else None, desk.zone)
    sys.stdout.write(f"No door runs here. When it last noted it, this much had passed for certain: {at}.\n")
    sys.stdout.write("It finds its time anew when it starts: systemctl start door\n")
    return 0


def _lines(desk: Desk, told: Mapping[str, Any]) -> Iterator[str]:
    trusted = bool(told["trusted"])
    yield from words.entry("source", f"{told['source']}: {SOURCES[told['source']]}", indent=12)
    yield from words.entry("trust", TRUSTED[trusted], Tone.GOOD if trusted else Tone.CARE, indent=12)
    yield from words.entry("now", times.shown(told["now"], desk.zone), indent=12)
    yield from words.entry("offset", offset(told["offset_ms"]), indent=12)
    yield from words.entry("known past", _past(told["known_past"], desk), indent=12)
    yield from words.entry("disagrees", ". ".join(_disagreements(told)) or "no source disagrees", indent=12)
    if not trusted:
        yield "Next: look at a watch, then door clock --trust '2026-11-24 19:02' (with the time it is)."


def _past(known: int, desk: Desk) -> str:
    if known < NOBODYS_PAST:
        return "none yet: neither a server nor a phone's code has told of any"
    return f"{times.shown(known, desk.zone)}; so much has passed for certain"


def offset(ms: int | None) -> str:
    """How far this machine's clock is from the time the door goes by."""
    if ms is None:
        return "unknown: there is no time to compare this machine's clock with"
    if abs(ms) < 1000:
        return "this machine's clock agrees within a second"
    way = "ahead" if ms > 0 else "behind"
    return f"this machine's clock is {times.lasted(abs(ms) / 1000)} {way}"


def _disagreements(told: Mapping[str, Any]) -> Iterator[str]:
    now = told["now"]
    for source, ms in sorted(told["readings"].items()):
        ahead = 0 if now is None else ms - now * 1000
        if source != told["source"] and abs(ahead) > DISAGREE_MS:
            way = "ahead of" if ahead > 0 else "behind"
            yield f"{source} is {times.lasted(abs(ahead) / 1000)} {way} {told['source']}"
    if told["lowered"]:
        yield "the server has set the known past back: look at the server's clock"
