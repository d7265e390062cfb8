"""``roomserver``: what the administrator types; bad input is told with what to do next, and exit code 2."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from contract.codes import Kind
from contract.settings import SettingsError
from roomserver.bell import ring
from roomserver.commandline import chair, checkup, desk, reception, statistics, upkeep
from roomserver.commandline.desk import DeskError
from roomserver.committee.roles import Role
from roomserver.errors import RoomserverError
from roomserver.notify import desk as notify_desk
from roomserver.paper import desk as paper_desk
from roomserver.paper.issuing import DAYS, Paper
from roomserver.place import load, open_place
from roomserver.residents.issue import SHEET_DAYS
from roomserver.room.usage import week_of


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it is done, 2 when it was not and why was said; 1 when a check found faults."""
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return _run(args)
    except (RoomserverError, SettingsError, OSError) as error:
        sys.stderr.write(f"roomserver: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _run(args: argparse.Namespace) -> int:
    if args.work is desk.init:
        desk.init(args)
        return 0
    if not args.config.exists():
        raise DeskError(f"There is no {args.config}. Run: roomserver --config {args.config} init")
    if args.work is checkup.check:
        status: int = args.work(args)
        return status
    opened = open_place(load(args.config))
    try:
        args.work(opened, args)
        if args.rings and not ring(opened.place.bell):
            note = "The server is not running; the door hears of this when it runs (roomserver serve).\n"
            (sys.stderr if args.json else sys.stdout).write(note)  # JSON stays JSON
    finally:
        opened.database.close()
    return 0


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of rows; write 50, or 0 for all")
    return int(text)


def _week(text: str) -> date:
    try:
        return week_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no week; write 2026-W47") from None


def parser() -> argparse.ArgumentParser:
    """Every command and its options."""
    top = argparse.ArgumentParser(prog="roomserver", description="The server of a study room.")
    top.add_argument(
        "-c", "--config", type=Path, default=Path("roomserver.toml"), help="default: ./roomserver.toml"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    init = _command(commands, "init", desk.init, "write roomserver.toml, the key file and an empty database")
    init.add_argument("--http-port", type=int)
    init.add_argument("--mqtt-port", type=int)
    init.add_argument("--mosquitto", metavar="HOST", help="and files for a Mosquitto that doors find at HOST")
    _command(commands, "serve", desk.serve, "run: HTTP, the subscriber, and the embedded broker")
    words = "what is wrong with settings, files, database and broker, all at once"
    _command(commands, "check", checkup.check, words, listing=True)
    _door_commands(commands)
    _member_commands(commands)
    _application_commands(commands)
    _notify_commands(commands)
    _account_commands(commands)
    _paper_commands(commands)
    code = _command(commands, "code", desk.code, "draw codes for a member", listing=True)
    code.add_argument("number")
    code.add_argument("--door", help="which door, if there are several")
    code.add_argument("--card", action="store_true", help="a wallet card of five pairs")
    code.add_argument(
        "--days", type=int, default=SHEET_DAYS, choices=(7, 14, 28), help="days of a paper sheet"
    )
    rows = _command(commands, "rows", desk.rows, "show audit rows, newest last", listing=True)
    rows.add_argument("--door", help="of one door")
    rows.add_argument("--limit", type=_count, default=50, help="at most so many; 0: all")
    _report_command(commands)
    _upkeep_commands(commands)
    _command(commands, "status", desk.status, "show what the doors told last", listing=True)
    return top


def _upkeep_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "write the database into a file, while the server runs"
    backup = _command(commands, "backup", upkeep.back_up, words)
    restore = _command(commands, "restore", upkeep.restore, "put a backup into an empty database")
    for command in (backup, restore):
        command.add_argument("file", type=Path, metavar="FILE")
    words = "seal everything with a new key, while the server runs"
    rotate = _command(commands, "rotate-key", reception.rotate_key, words)
    steps = rotate.add_mutually_exclusive_group()
    for step, words in (
        ("add", "of several servers, first: a new key that does not seal yet"),
        ("seal", "then, with the file copied to all: seal with it"),
        ("drop", "then, with the file copied to all again: drop the old key"),
        ("only-server", "all at once on PostgreSQL, where no other server shares it"),
    ):
        steps.add_argument(f"--{step}", dest="step", action="store_const", const=step, help=words)


def _notify_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    notify = commands.add_parser("notify", help="who is told of alarms").add_subparsers(
        required=True, metavar="COMMAND"
    )
    test = _command(notify, "test", notify_desk.notify_test, "send a test message")
    test.add_argument("name", nargs="?", help="by which way; left out: by each")
    _command(notify, "list", notify_desk.notify_list, "show each way, and what fails", listing=True)


def _report_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = _command(commands, "report", statistics.report, "the use of the room in a week, in counts alone")
    report.add_argument("--week", type=_week, help="such as 2026-W47; left out: the last whole one")
    report.add_argument("--weeks", type=int, default=1, choices=(1, 4, 12), help="so many, from that one on")
    report.add_argument("--door", help="which door, if there are several")
    report.add_argument("--lang", choices=("zh", "en"), default="zh", help="its language")
    report.add_argument("--csv", action="store_true", help="a line for each hour, for a spreadsheet")
    report.add_argument("--out", type=Path, metavar="FILE", help="where to write it")


def _paper_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    paper = commands.add_parser("paper", help="what is printed").add_subparsers(
        required=True, metavar="COMMAND"
    )
    codes = {
        Paper.SHEET: "a sheet: a code a day, large, and the second one beside it",
        Paper.CARD: "a wallet card of five pairs, to be folded and sealed",
        Paper.AUTHENTICATOR: "the QR code of a volunteer's authenticator",
    }
    made = {of: _command(paper, of, paper_desk.paper_codes, words) for of, words in codes.items()}
    for of, command in made.items():
        command.set_defaults(paper=of)
        command.add_argument("number")
        command.add_argument("--door", help="which door, if there are several")
    made[Paper.SHEET].add_argument(
        "--days", type=int, default=SHEET_DAYS, choices=DAYS, help="for so many days"
    )
    notice = _command(paper, "notice", paper_desk.paper_notice, "the notice for the door")
    handover = _command(paper, "handover", paper_desk.paper_handover, "the page for a successor")
    for command in (*made.values(), notice, handover):
        command.add_argument("--out", type=Path, metavar="FILE", help="where to write the page")


def _door_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    door = commands.add_parser("door", help="doors").add_subparsers(required=True, metavar="COMMAND")
    add = _command(
        door, "add", desk.door_add, "a one-time token for a door, new or replaced", rings=True, listing=True
    )
    add.add_argument("name")
    _command(door, "list", desk.door_list, "show the doors", listing=True)
    rekey = _command(
        door, "rekey", desk.door_rekey, "a new key for a door, when its own may be known", rings=True
    )
    rekey.add_argument("name")
    _command(door, "mosquitto", desk.door_mosquitto, "print the doors' lines of Mosquitto's password file")


def _member_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    member = commands.add_parser("member", help="members").add_subparsers(required=True, metavar="COMMAND")
    add = _command(member, "add", desk.member_add, "a new member", rings=True, listing=True)
    add.add_argument("--kind", type=Kind, choices=[Kind.PHONE, Kind.STAFF, Kind.PAPER], default=Kind.PHONE)
    add.add_argument("--number", help="default: drawn among the free")
    _command(member, "list", desk.member_list, "show the members", listing=True)
    acts = {}
    for name, work, words in (
        ("suspend", reception.member_suspend, "keep a member out until a time"),
        ("lift", reception.member_lift, "end a suspension now"),
        ("revoke", desk.member_revoke, "let a member draw no code and enter no more"),
        ("reinstate", desk.member_reinstate, "let a revoked member in again, with new codes"),
        ("reissue", desk.member_reissue, "new codes for a lost sheet or card"),
        ("lost-phone", reception.member_lost_phone, "sign a member out everywhere, with new codes"),
    ):
        acts[name] = _command(member, name, work, words, rings=True, listing=True)
        acts[name].add_argument("number")
    for name in ("suspend", "revoke"):
        acts[name].add_argument("--reason", metavar="WORDS", help="the member reads them on his page")
    acts["suspend"].add_argument(
        "--until", required=True, metavar="TIME", help="2026-11-28, or '2026-11-28 09:00'"
    )
    who = _command(member, "who", reception.member_who, "show who a number is", listing=True)
    link = _command(
        member, "link", reception.member_link, "a link that signs a member's phone in, once", listing=True
    )
    link.add_argument("--svg", type=Path, metavar="FILE", help="write the QR code as a picture")
    forget = _command(
        member, "forget", reception.member_forget, "delete who a number is, for good", rings=True
    )
    forget.add_argument("--yes", action="store_true", help="it cannot be undone, and that is meant")
    export = _command(member, "export", upkeep.member_export, "all that is stored about a member, as JSON")
    for command in (who, link, forget, export):
        command.add_argument("number")


def _application_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    application = commands.add_parser("application", help="people who want to join")
    words = application.add_subparsers(required=True, metavar="COMMAND")
    _command(words, "list", reception.application_list, "show who waits", listing=True)
    approve = _command(
        words,
        "approve",
        reception.application_approve,
        "the paper was seen: a member",
        rings=True,
        listing=True,
    )
    approve.add_argument(
        "--kind", type=Kind, choices=[Kind.PHONE, Kind.STAFF, Kind.PAPER], default=Kind.PHONE
    )
    decline = _command(words, "decline", reception.application_decline, "not taken in; the name is deleted")
    for command in (approve, decline):
        command.add_argument("id", type=int)


def _account_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    account = commands.add_parser("account", help="the committee's accounts")
    words = account.add_subparsers(required=True, metavar="COMMAND")
    add = _command(words, "add", chair.account_add, "an account, and the link to set it up", listing=True)
    add.add_argument("--role", type=Role, choices=list(Role), default=Role.COMMITTEE)
    _command(words, "list", chair.account_list, "show the accounts", listing=True)
    reset = _command(words, "reset", chair.account_reset, "new ways in for a lost password", listing=True)
    disable = _command(words, "disable", chair.account_disable, "no more signing in")
    role = _command(words, "role", chair.account_role, "another role, and signed out everywhere")
    for command in (add, reset, disable, role):
        command.add_argument("name")
    role.add_argument("role", type=Role, choices=list(Role))


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    work: object,
    words: str,
    *,
    rings: bool = False,
    listing: bool = False,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(work=work, rings=rings, json=False)
    if listing:
        command.add_argument("--json", action="store_true", help="complete, as JSON")
    return command
