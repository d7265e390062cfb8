"""What the administrator has done: by the running door at once, or in the database of a stopped one."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Mapping
from typing import Any

from contract.codes import is_member
from door.commandline import times
from door.commandline.desk import ERRORS, Desk
from door.control import AwayError
from door.errors import AskedError, DoorError

KNOWS_SECONDS = 2.0  # how long a command waits for the server's acknowledgement
LOOK_SECONDS = 0.05
COUNT_AT_MOST = 9999


def unlock(args: argparse.Namespace) -> int:
    """Unlock for the strike time."""
    return _done(Desk.of(args), "unlock", {}, "Unlocked.")


def mode(args: argparse.Namespace) -> int:
    """Normal, lockdown or open; open lasts at most 24 hours."""
    desk = Desk.of(args)
    given: dict[str, object] = {"mode": args.mode}
    if args.until is not None:
        desk.running()
        given["until"] = until = args.until.after(desk.now, desk.zone)
        if until <= desk.now:
            raise AskedError(f"--until: {times.shown(until, desk.zone)} is past; give a time to come")
    desk.ask("mode", given)
    so = desk.ask("status")["state"]  # not what was asked: open ends by itself
    ends = f" until {times.shown(so['until'], desk.zone)}" if so["until"] else ""
    sys.stdout.write(f"The door is in mode {so['mode']}{ends}. {_knows(desk)}\n")
    return 0


def revoke(args: argparse.Namespace) -> int:
    """No code of this member opens from now on; without a number it asks for a code, unseen."""
    desk = Desk.of(args)
    member = _asked_for(desk) if not args.member else _number(desk, "".join(args.member))
    return _done(desk, "revoke", {"member": member}, f"{member} is revoked at this door.")


def reinstate(args: argparse.Namespace) -> int:
    """Undo a revocation, with a new generation; the old codes stay dead."""
    desk = Desk.of(args)
    member = _number(desk, args.member)
    return _done(desk, "reinstate", {"member": member}, f"{member} may draw new codes.")


def forget(args: argparse.Namespace) -> int:
    """Drop a member's record, but for what must never un-happen."""
    desk = Desk.of(args)
    member = _number(desk, args.member)
    return _done(desk, "forget", {"member": member}, f"{member} is forgotten at this door.")


def count(args: argparse.Namespace) -> int:
    """Say how many are in the room."""
    if args.count > COUNT_AT_MOST:
        raise AskedError(f"so many are in no room: give a number up to {COUNT_AT_MOST}")
    said = "One is in." if args.count == 1 else f"{args.count} are in."
    return _done(Desk.of(args), "count", {"count": args.count}, said)


def identify(args: argparse.Namespace) -> int:
    """Flash and beep, to find the door."""
    Desk.of(args).ask("identify")
    sys.stdout.write("Look and listen.\n")
    return 0


def refresh(args: argparse.Namespace) -> int:
    """Ask the server for the access list now."""
    Desk.of(args).ask("refresh")
    sys.stdout.write("Asked.\n")
    return 0


IN_THE_DATABASE = frozenset({"revoke", "reinstate", "forget", "count"})  # what lasts, and moves no lock


def _done(desk: Desk, verb: str, given: Mapping[str, object], said: str) -> int:
    try:
        desk.ask(verb, given)
    except AwayError as away:
        if verb not in IN_THE_DATABASE or not desk.database.exists():
            raise
        _in_the_database(desk, verb, given, away)
        sys.stdout.write(f"{said} The door does not run; the server hears of it after the next start.\n")
        return 0
    sys.stdout.write(f"{said} {_knows(desk)}\n")
    return 0


def _in_the_database(desk: Desk, verb: str, given: Mapping[str, object], away: AwayError) -> None:
    from door.stopped import decide_stopped

    error = decide_stopped(desk.config, desk.rules, verb, given)
    if error is not None:
        raise DoorError(ERRORS.get(error, error).format(verb=verb)) from away


def _knows(desk: Desk) -> str:
    """Whether the server has what was just recorded; waits a moment for its acknowledgement."""
    end = time.monotonic() + KNOWS_SECONDS
    status = desk.ask("status")
    wanted = status["health"]["audit"]
    while not _acknowledged(status, wanted):
        if not status["health"]["store"]["ok"]:
            return "The server has not heard yet: the store has failed, see `door status`."
        if not status["broker"]:
            since = times.shown(status["broker_since"], desk.zone, now=desk.now)
            return f"The server has not heard yet: the broker is away since {since}; it will."
        if time.monotonic() >= end:
            return "The server has not heard yet: it has not acknowledged within 2 s; it will."
        time.sleep(LOOK_SECONDS)
        status = desk.ask("status")
    return "The server knows."


def _acknowledged(status: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    audit = status["health"]["audit"]
    return bool(audit["log"] == wanted["log"] and audit["ack"] >= wanted["seq"])


def _number(desk: Desk, typed: str) -> str:
    """A member number; what may be a code is refused and not repeated."""
    digits = desk.member_digits
    if len(typed) > digits and any(letter.isdigit() for letter in typed):
        raise AskedError(
            "that is more than a member number, and a code must not stand in a command line, where others "
            f"can read it: give the {digits} digits of the number, or `door revoke` alone, which asks for it"
        )
    return _member(desk, typed, repr(typed[:20]))


def _asked_for(desk: Desk) -> str:
    """The member number of a code that is typed unseen, or piped; the rest of it is dropped here."""
    if sys.stdin.isatty():
        typed = getpass.getpass("Code or member number (not shown): ")
    else:
        typed = sys.stdin.readline()
    typed = "".join(typed.split())
    digits, whole = desk.member_digits, desk.member_digits + desk.digits
    if len(typed) not in (digits, whole) or not (typed.isascii() and typed.isdigit()):
        raise AskedError(
            f"that is neither a member number ({digits} digits) nor a code ({whole} digits); type it again"
        )
    return _member(desk, typed[:digits], "what was typed")


def _member(desk: Desk, typed: str, shown: str) -> str:
    from contract.codes import Codes

    if not is_member(typed, Codes(member_digits=desk.member_digits)):
        raise AskedError(
            f"{shown} is no member number: it has {desk.member_digits} of the digits 0 to 9 and is not all "
            "zeros; look at the number, `door members` lists them"
        )
    return typed
