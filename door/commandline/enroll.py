"""``door enroll``: the one-time token becomes credentials, which are kept."""

from __future__ import annotations

import argparse
import getpass
import sys
import tempfile

from door import credentials
from door.commandline.desk import Desk
from door.enroll import enroll as ask
from door.errors import ConfigError


def enroll(args: argparse.Namespace) -> int:
    """Swap the one-time token for the door's credentials, and keep them."""
    found = Desk.of(args).config
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
    sys.stdout.write(f"Enrolled as {found.door.name}; keys are in {found.door.credentials}.\n")
    sys.stdout.write("Next: systemctl restart door\n")
    return 0
