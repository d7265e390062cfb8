"""``door``: the daemon, and the administrator's command; the words it knows, and how it ends.

Exit codes: 0 done, 1 it could not be done (or was found wrong), 2 what was asked or configured is wrong,
130 interrupted.
Each command imports only what it needs, so that ``relock`` works on a broken installation.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from door import simulate
from door.commandline import times
from door.errors import AskedError, ConfigError, DoorError

CONFIG = Path("/etc/studyroom/config.toml")
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # journald adds the time
_CODE = re.compile(r"\d[\d ]{4,}\d")  # what may be one, or a part of one
MODES = ("normal", "lockdown", "open")


def main(argv: list[str] | None = None) -> int:
    """Run one command; every failure is a sentence and an exit code, never a traceback."""
    args = _parser().parse_args(argv)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except (ConfigError, AskedError) as error:
        return _failed(error, 2)
    except DoorError as error:
        return _failed(error, 1)
    except BrokenPipeError:  # `door audit | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:  # a disk that is full, a folder that may not be written
        return _failed(error, 1)
    except EOFError:  # Ctrl-D where something was to be typed unseen
        sys.stderr.write("\n")
        return _failed(AskedError("nothing was typed: give the command again, and then what it asks for"), 2)
    except KeyboardInterrupt:
        return 130
    return code


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"door: {error}\n")
    return code


def run(args: argparse.Namespace) -> int:
    """Be the door until told to stop."""
    from door import memory
    from door.daemon import Daemon

    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    memory.hold()
    Daemon(args.config).run()
    return 0


def relock(args: argparse.Namespace) -> int:
    """Put the relay at rest."""
    from door.relock import main as relock_main

    return relock_main(args.config)


def _of(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """A command that is imported when it is asked for."""

    def late(args: argparse.Namespace) -> int:
        found = importlib.import_module(f"door.commandline.{module}")
        return int(getattr(found, function)(args))

    return late


class _Parser(argparse.ArgumentParser):
    """A parser that says where to read on, and of which command it speaks; it repeats no code."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As ever; but a word too many is told by the command that it was given to."""
        known, more = super().parse_known_args(args, namespace)
        if more:
            self.error(f"too much is given: {' '.join(more)}")
        return known, more

    def error(self, message: str) -> NoReturn:
        """Usage, what is wrong, and what to type next; exit code 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {_CODE.sub('…', message)}; next: {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="door", description="The study-room door.")
    parser.add_argument(
        "--config", type=Path, default=CONFIG, metavar="FILE", help=f"the configuration (default: {CONFIG})"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_daemon, _looks, _acts, _people, _log, _clock):
        add(_Commands(commands))
    simulate.add_to(commands)
    return parser


class _Commands:
    """The commands of the parser: each with its help, and what it runs."""

    def __init__(self, commands: Any) -> None:
        self._commands = commands

    def add(
        self, name: str, help: str, run: Callable[[argparse.Namespace], int], *, as_json: bool = False
    ) -> Any:
        command = self._commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        command.set_defaults(run=run)
        if as_json:
            command.add_argument("--json", action="store_true", help="everything, as JSON")
        return command


def _daemon(commands: _Commands) -> None:
    commands.add("run", "be the door until told to stop", run)
    checking = commands.add(
        "check", "say what is wrong with configuration and machine", _of("check", "check")
    )
    checking.add_argument("--pins", action="store_true", help="claim each pin for a moment (door stopped)")
    checking.add_argument("--online", action="store_true", help="ask the server, reach the broker")
    showing = commands.add(
        "panel", "be a door on simulated pins, with a page to play at", _of("panel", "panel")
    )
    showing.add_argument("--port", type=_port, default=0, help="of the page, on this machine alone")
    commands.add("wiring", "draw how the door is wired, as an SVG", _of("wiring", "wiring"))
    entering = commands.add("enroll", "swap the one-time token for credentials", _of("enroll", "enroll"))
    entering.add_argument("--url", help="the server's address, if it is not in the configuration")
    entering.add_argument(
        "--ca", type=Path, metavar="FILE", help="the authority that signed the server's certificate"
    )
    commands.add("relock", "put the relay at rest", relock)
    completing = commands.add(
        "completion", "print what a shell completes by", _of("completion", "completion")
    )
    completing.add_argument("shell", choices=("bash",), help="which shell")
    completing.set_defaults(parser=_parser)


def _looks(commands: _Commands) -> None:
    showing = commands.add("status", "show everything on one screen", _of("status", "status"), as_json=True)
    showing.add_argument("--watch", action="store_true", help="again at each change, until Ctrl-C")
    commands.add("odds", "say how likely a guess is to open", _of("odds", "odds"), as_json=True)


def _acts(commands: _Commands) -> None:
    commands.add("unlock", "unlock for the strike time", _of("acts", "unlock"))
    moding = commands.add("mode", "normal, lockdown or open", _of("acts", "mode"))
    moding.add_argument("mode", choices=MODES, help="open lasts at most 24 hours")
    moding.add_argument("--until", type=_when, metavar="TIME", help=f"when it ends: {times.FORMS}")
    counting = commands.add("count", "say how many are in the room", _of("acts", "count"))
    counting.add_argument("count", type=_whole, metavar="N", help="how many are in")
    commands.add("identify", "flash and beep, to find the door", _of("acts", "identify"))
    commands.add("refresh", "ask the server for the access list now", _of("acts", "refresh"))


def _people(commands: _Commands) -> None:
    listing = commands.add("members", "list whom the door knows", _of("members", "members"), as_json=True)
    listing.add_argument("member", nargs="*", metavar="NUMBER", help="only these")
    revoking = commands.add("revoke", "no code of this member opens from now on", _of("acts", "revoke"))
    revoking.add_argument(
        "member", nargs="*", metavar="NUMBER", help="without one, a code is asked for and not shown"
    )
    undone = "undo a revocation or a suspension, with a new generation"
    commands.add("reinstate", undone, _of("acts", "reinstate")).add_argument("member", metavar="NUMBER")
    dropped = "drop a member's record, but for what must never un-happen"
    commands.add("forget", dropped, _of("acts", "forget")).add_argument("member", metavar="NUMBER")


def _log(commands: _Commands) -> None:
    showing = commands.add("audit", "show the audit rows", _of("audit", "audit"))
    showing.add_argument("--since", type=_when, metavar="TIME", help=times.FORMS)
    showing.add_argument("--type", action="append", metavar="TYPE", help="granted, denied …; may be repeated")
    showing.add_argument("--member", action="append", metavar="NUMBER", help="may be repeated")
    showing.add_argument("--follow", action="store_true", help="and each new one, until Ctrl-C")
    form = showing.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="complete rows, one a line")
    form.add_argument("--csv", action="store_true", help="for a spreadsheet (RFC 4180)")
    looking = "look whether rows were changed, taken out, moved or put in"
    commands.add("verify", looking, _of("verify", "verify"), as_json=True)


def _clock(commands: _Commands) -> None:
    telling = commands.add("clock", "say what time the door goes by", _of("clock", "clock"), as_json=True)
    telling.add_argument(
        "--trust",
        type=_clock_time,
        nargs="?",
        const=times.NOW,
        metavar="TIME",
        help=f"believe this machine's clock, or the time given: {times.CLOCK_FORMS}",
    )


def _whole(text: str) -> int:
    """A whole number in ASCII digits; argparse says the rest."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a whole number in the digits 0 to 9")
    return int(text)


def _port(text: str) -> int:
    """A port; 0 takes any that is free."""
    if _whole(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text[:20]} is no port; there are 1 to 65535, and 0 takes any")
    return int(text)


def _clock_time(text: str) -> times.When:
    """A time that it may be now."""
    return _when(text, times.CLOCK_FORMS)


def _when(text: str, forms: str = times.FORMS) -> times.When:
    """A time as typed."""
    try:
        return times.parse(text, forms)
    except times.TimeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
