"""``door verify``: walk every log, and say what is not as the door wrote it, and where."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from contract.messages import report_key
from door import credentials
from door.commandline import times
from door.commandline.desk import Desk
from door.proof import Finding, Log, Premises, findings, walk


def verify(args: argparse.Namespace) -> int:
    """Look whether any row of the audit logs was changed, taken out, moved or put in; exit 1 if so."""
    desk = Desk.of(args)
    premises = _premises(desk)
    with desk.ledger() as ledger:
        ledger.db.execute("BEGIN")  # one moment of a database that is being written
        logs, strays = walk(ledger.db, premises)
    wrong = list(findings(logs, strays))
    if args.json:
        told = [{k: v for k, v in asdict(log).items() if k != "findings"} for log in logs]
        found = {"ok": not wrong, "logs": told, "findings": [asdict(one) for one in wrong]}
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(desk, logs, wrong))
    return int(bool(wrong))


def _premises(desk: Desk) -> Premises:
    door, settings = desk.config.door, desk.config
    key = report_key(credentials.load(door.credentials).door_key, door.name)
    health = desk.status["health"] if desk.status else None  # asked before the database is looked at
    written = (health["audit"]["log"], health["audit"]["seq"]) if health and health["store"]["ok"] else None
    past = health["clock"]["known_past"] if health else desk.facts.get("known_past")
    past, kept = past if type(past) is int else 0, settings.audit.retention_days * 86_400
    return Premises(door.name, key, past - kept, past - 2 * kept, written)


def _lines(desk: Desk, logs: list[Log], wrong: list[Finding]) -> Iterator[str]:
    for log in logs:
        state = "wrong" if log.findings else "whole"
        rows = f"rows {log.first} to {log.last}" if log.rows else "no rows"
        yield f"log {log.log}  {state}  {rows}, begun {times.shown(log.began, desk.zone)} ({log.reason})"
        if log.first > 1 and not log.findings:
            yield f"  rows before {log.first} are past retention"
        if not log.keyed:
            yield "  of an earlier enrolment: its order was checked, its hashes need the key of that time"
    for one in wrong:
        where = f"log {one.log}" + ("" if one.seq is None else f", row {one.seq}")
        yield f"WRONG  {one.what:<8} {where}: {one.text}"
    if wrong:
        yield f"{len(wrong)} found. Keep a copy of {desk.database} as it is; compare with `roomserver rows`."
    else:
        yield f"Nothing is wrong: {sum(log.rows for log in logs)} rows, each as this door wrote it."
