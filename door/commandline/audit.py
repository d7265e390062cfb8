"""``door audit``: the rows of the log, as many as are asked for, and with ``--follow`` each new one."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from contract.messages import ROW_TYPES
from contract.settings import suggest
from door.commandline import rows
from door.commandline.desk import Desk
from door.commandline.rows import Wanted
from door.control import AwayError, ControlError, HungUpError, ask
from door.errors import AskedError

WAIT_SECONDS = 20  # a question for news is asked again after so long without any
AWAY_SECONDS = 1.0


def audit(args: argparse.Namespace) -> int:
    """Show the audit rows; with --follow, each new one as it is written."""
    desk = Desk.of(args)
    wanted = _wanted(args, desk)
    tell = _teller(args, desk)
    with desk.ledger() as ledger:
        if args.csv:
            sys.stdout.write(rows.as_csv(None, desk.zone))
        ledger.db.execute("BEGIN")  # what is written from here on follows
        ledger.find_head()
        log, seq = ledger.head.log, ledger.head.seq
        none = True
        for text in rows.stored(ledger, wanted):
            tell(text)
            none = False
    if none and not (args.follow or args.json or args.csv):
        sys.stderr.write("door: no row is like that; `door audit` alone shows all there are\n")
    if args.follow:
        for text in news(desk, log, seq):
            if wanted.takes(rows.parsed(text)):
                tell(text)
    return 0


def _wanted(args: argparse.Namespace, desk: Desk) -> Wanted:
    types = tuple(word for given in args.type or () for word in given.split(","))
    for word in types:
        if word not in ROW_TYPES:
            hint = suggest(word, ROW_TYPES) or f"; there are {', '.join(sorted(ROW_TYPES))}"
            raise AskedError(f"--type: there are no rows of type {word[:20]!r}{hint}")
    members = tuple(args.member or ())
    for member in members:
        if not (len(member) == desk.member_digits and member.isascii() and member.isdigit()):
            raise AskedError(
                f"--member: a member number has {desk.member_digits} of the digits 0 to 9, and "
                "`door members` lists them"
            )
    since = None if args.since is None else args.since.before(desk.now, desk.zone)
    return Wanted(since, types, members)


def _teller(args: argparse.Namespace, desk: Desk) -> Callable[[str], None]:
    def tell(text: str) -> None:
        if args.json:
            sys.stdout.write(text + "\n")
        elif args.csv:
            sys.stdout.write(rows.as_csv(rows.parsed(text), desk.zone))
        else:
            sys.stdout.write(rows.line(rows.parsed(text), desk.zone) + "\n")
        if args.follow:
            sys.stdout.flush()

    return tell


def news(desk: Desk, log: str, seq: int) -> Iterator[str]:
    """Each row behind ``seq`` of ``log``, for ever; a door that stops is waited for."""
    while True:
        try:
            given = {"log": log, "after": seq, "wait": WAIT_SECONDS}
            answer = ask(desk.config.socket, "rows", given, WAIT_SECONDS)
        except (AwayError, HungUpError):
            time.sleep(AWAY_SECONDS)
            continue
        if not answer.get("ok"):
            raise ControlError("the running door is older than this command: systemctl restart door")
        for text in answer["rows"]:
            seq = rows.parsed(text)["seq"]
            yield text
        if answer["log"] != log and not answer["rows"]:
            log, seq = answer["log"], 0
