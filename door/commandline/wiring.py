"""``door wiring``: the picture of how the door is wired, for whoever holds the wire."""

from __future__ import annotations

import argparse
import sys

from door import config as configuration


def wiring(args: argparse.Namespace) -> int:
    """Print the SVG; only the configuration is needed, and no Pi."""
    from door.wiring.picture import picture

    sys.stdout.write(picture(configuration.load(args.config)))
    return 0
