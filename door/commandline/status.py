"""``door status``: the screen once, or again whenever something changes."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from door.commandline import rows, screen
from door.commandline.desk import Desk
from door.commandline.rows import Wanted
from door.control import ControlError, ask
from door.errors import StoreError

LAST_ROWS = 5
AGAIN_SECONDS = 2
HOME_AND_CLEAR = "\x1b[H\x1b[J"


def status(args: argparse.Namespace) -> int:
    """Show everything the door knows on one screen; of a stopped door what it last knew, and exit code 1."""
    if args.watch:
        return _watch(args)
    return _once(Desk.of(args), as_json=args.json)


def _watch(args: argparse.Namespace) -> int:
    """Until Ctrl-C: a new row is shown at once, all else within two seconds."""
    try:
        while True:
            desk = Desk.of(args)  # a new one: it remembers its answers
            if sys.stdout.isatty() and not args.json:
                sys.stdout.write(HOME_AND_CLEAR)
            _once(desk, as_json=args.json)
            sys.stdout.flush()
            _wait(desk)
    except KeyboardInterrupt:
        return 0


def _wait(desk: Desk) -> None:
    import time

    if desk.status is None:
        time.sleep(AGAIN_SECONDS)
        return
    audit = desk.status["health"]["audit"]
    given = {"log": audit["log"], "after": audit["seq"], "wait": AGAIN_SECONDS}
    try:
        ask(desk.config.socket, "rows", given, AGAIN_SECONDS)
    except ControlError:
        time.sleep(AGAIN_SECONDS)


def _once(desk: Desk, *, as_json: bool) -> int:
    if desk.status is None:
        return _stopped(desk, as_json=as_json)
    last = _last(desk)
    if as_json:
        told: dict[str, Any] = {k: v for k, v in desk.status.items() if k not in ("ok", "error")}
        _print_json({"running": True, **told, "rows": [json.loads(text) for text in last]})
    else:
        sys.stdout.writelines(f"{line}\n" for line in screen.lines(desk.status, last, desk.zone))
    return 0


def _last(desk: Desk) -> list[str]:
    """The newest rows, by the running door: whoever may ask it need not read its database."""
    audit = desk.running()["health"]["audit"]
    given = {"log": audit["log"], "after": max(0, audit["seq"] - LAST_ROWS), "wait": 0}
    return [str(text) for text in desk.ask("rows", given)["rows"]][-LAST_ROWS:]


def _stopped(desk: Desk, *, as_json: bool) -> int:
    try:
        with desk.ledger() as ledger:
            facts, waiting = ledger.facts(), sum(log.seq - log.ack for log in ledger.outstanding())
            last = list(rows.stored(ledger, Wanted(), LAST_ROWS))
    except StoreError:
        desk.running()
        raise
    if as_json:
        rest = {"outbox": waiting, "rows": [rows.parsed(text) for text in last]}
        _print_json({"running": False, "door": desk.config.door.name, "facts": facts, **rest})
    else:
        sys.stdout.writelines(f"{line}\n" for line in screen.stopped(facts, waiting, last, desk.zone))
    sys.stderr.write("door: no door runs here; next: systemctl start door, then journalctl -u door\n")
    return 1


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
