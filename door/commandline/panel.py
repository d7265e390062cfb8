"""``door panel``: the door for someone without hardware, as a page in the browser."""

from __future__ import annotations

import argparse
import signal
import sys
import threading


def panel(args: argparse.Namespace) -> int:
    """Be a door on simulated pins, and serve its page until Ctrl-C."""
    from door.panel.server import opened

    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    with opened(args.config, args.port) as server:
        sys.stdout.write(f"The panel, for this machine alone; Ctrl-C ends it:\n  {server.url}\n")
        sys.stdout.flush()
        over.wait()
    return 0
