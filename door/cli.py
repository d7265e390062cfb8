"""``door``: the daemon, and the administrator's command.

Exit codes: 0 done, 1 it could not be done, 2 what was asked or configured is wrong.
Each command imports only what it needs, so that ``relock`` works on a broken installation.
"""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from door import simulate
from door.errors import ConfigError, DoorError

if TYPE_CHECKING:
    from door.config import Config

CONFIG = Path("/etc/studyroom/config.toml")
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # journald adds the time


def main(argv: list[str] | None = None) -> int:
    """Run one command; every failure is a sentence and an exit code, never a traceback."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ConfigError as error:
        print(f"door: {error}", file=sys.stderr)
        return 2
    except DoorError as error:
        print(f"door: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a disk that is full, a folder that may not be written
        print(f"door: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(args: argparse.Namespace) -> int:
    """Be the door until told to stop."""
    from door.daemon import Daemon

    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    Daemon(args.config).run()
    return 0


def check(args: argparse.Namespace) -> int:
    """Say what is wrong with the configuration, all of it, or that nothing is."""
    from door import config, credentials

    found = config.load(args.config)
    config.rules(found, credentials.load(found.door.credentials))
    print(f"{args.config}: nothing wrong. After a change: systemctl reload door (pins: restart)")
    return 0


def enroll(args: argparse.Namespace) -> int:
    """Swap the one-time token for the door's credentials, and keep them."""
    from door import credentials
    from door.enroll import enroll as ask

    found = _config(args)
    url = args.url or found.server.url
    if url is None:
        raise ConfigError(
            "server.url is not set: give the server's address with --url, or in the configuration"
        )
    token = sys.stdin.readline().strip() if not sys.stdin.isatty() else getpass.getpass("Token: ").strip()
    if not token:
        raise ConfigError("no token was given: it is what `roomserver door add` printed")
    found.door.credentials.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=found.door.credentials.parent):
        pass  # where nothing can be kept, the token is not spent
    answer = ask(url, token, found.door.name, args.ca or found.server.ca)
    kept = credentials.parse({**answer, "door": found.door.name})
    credentials.save(kept, found.door.credentials)
    print(f"Enrolled as {found.door.name}; keys are in {found.door.credentials}.")
    print("Next: systemctl restart door")
    return 0


def status(args: argparse.Namespace) -> int:
    """Show what the running door knows."""
    answer = _ask(args, "status", {})
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def act(args: argparse.Namespace) -> int:
    """Have the running door do something."""
    given = {name: getattr(args, name) for name in args.takes if getattr(args, name) is not None}
    _ask(args, args.verb, given)
    print(args.done.format(**given))
    return 0


def clock(args: argparse.Namespace) -> int:
    """Say what time the door goes by; with --trust: believe this machine's clock from now on."""
    if args.trust:
        now = datetime.now(UTC)
        _ask(args, "clock", {"unix": int(now.timestamp())})
        print(f"The door believes this machine's clock: {now.astimezone():%Y-%m-%d %H:%M:%S}.")
        return 0
    shown = _ask(args, "status", {})["health"]["clock"]
    print(f"{shown['source']} ({'trusted' if shown['trusted'] else 'not trusted'})")
    return 0


def relock(args: argparse.Namespace) -> int:
    """Put the relay at rest."""
    from door.relock import main as relock_main

    return relock_main(args.config)


_ERRORS = {
    "bad-args": "that is not something this door can do: look at the number, and at `door {verb} --help`",
    "failed": "nothing to do: the door holds no revocation and no suspension of that number",
    "unknown-verb": "the running door is older than this command: systemctl restart door",
}


def _ask(args: argparse.Namespace, verb: str, given: Mapping[str, object]) -> dict[str, Any]:
    from door.control import ControlError, ask

    answer = ask(_config(args).socket, verb, given)
    if not answer.get("ok"):
        error = str(answer.get("error"))
        raise ControlError(_ERRORS.get(error, error).format(verb=verb))
    return answer


def _config(args: argparse.Namespace) -> Config:
    from door import config

    return config.load(args.config)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="door", description="The study-room door.")
    parser.add_argument("--config", type=Path, default=CONFIG, help=f"default: {CONFIG}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function in (("run", run), ("check", check), ("status", status), ("relock", relock)):
        commands.add_parser(name, help=function.__doc__).set_defaults(run=function)
    telling = commands.add_parser("clock", help=clock.__doc__)
    telling.add_argument("--trust", action="store_true", help="you have looked at it, and it is right")
    telling.set_defaults(run=clock)
    entering = commands.add_parser("enroll", help=enroll.__doc__)
    entering.add_argument("--url", help="the server's address, if it is not in the configuration")
    entering.add_argument("--ca", type=Path, help="the authority that signed the server's certificate")
    entering.set_defaults(run=enroll)
    simulate.add_to(commands)
    _acts(commands)
    return parser


def _whole(text: str) -> int:
    """A whole number in ASCII digits; argparse says the rest."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a whole number in the digits 0 to 9")
    return int(text)


def _acts(commands: Any) -> None:
    def add(verb: str, help: str, done: str, **takes: Any) -> None:
        command = commands.add_parser(verb, help=help)
        for name, kind in takes.items():
            option = name if kind[1] else f"--{name}"
            command.add_argument(option, type=kind[0])
        command.set_defaults(run=act, verb=verb, takes=tuple(takes), done=done)

    member = (str, True)
    add("unlock", "unlock for the strike time", "Unlocked.")
    add(
        "mode",
        "normal, lockdown or open",
        "The door is in mode {mode}.",
        mode=(str, True),
        until=(_whole, False),
    )
    add(
        "revoke",
        "no code of this member opens from now on",
        "{member} is revoked at this door.",
        member=member,
    )
    add(
        "reinstate", "undo a revocation, with a new generation", "{member} may draw new codes.", member=member
    )
    add("forget", "drop a member's record", "{member} is forgotten at this door.", member=member)
    add("count", "say how many are in the room", "{count} are in.", count=(_whole, True))
    add("identify", "flash and beep, to find the door", "Look and listen.")
    add("refresh", "ask the server for the access list now", "Asked.")


if __name__ == "__main__":
    sys.exit(main())
