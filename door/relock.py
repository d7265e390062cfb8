"""``door relock``: put the lock's relay at rest, whatever happened to the daemon.

systemd runs it after every stop and crash (``ExecStopPost=``), so it must work when nothing else does:
it imports the pin library alone, and a configuration it cannot read costs it only the lock's own table.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from door import pins
from door.lock import Relay


def main(path: Path) -> int:
    """Exit code 0 when the relay is at rest, 1 when the pin cannot be had."""
    config = _read(path)
    try:
        lock = config.get("lock", {})
        runtime_dir = config.get("door", {}).get("runtime_dir")
        pins.use(str(config.get("pins", {}).get("factory", "lgpio")), runtime_dir and Path(runtime_dir))
        Relay(int(lock.get("pin", 17)), active_high=bool(lock.get("active_high", True))).close()
    except Exception as error:  # noqa: BLE001  (whatever it is, say so and let systemd go on)
        sys.stderr.write(f"door relock: the lock's pin cannot be had: {error}\n")
        return 1
    return 0


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"door relock: {path} cannot be read ({error}); using the default pin\n")
        return {}
