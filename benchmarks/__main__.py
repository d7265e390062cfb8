"""``python -m benchmarks``: measure everything, into docs/performance.md and docs/hardware.md."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks import crowd, decision, delivery, parts, phones, relay, running
from benchmarks.figures import Figure
from benchmarks.page import machine, written
from demo.setting import Setting

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def main() -> int:
    """Measure, print, and put the table in its place."""
    found = [*decision.figures(), *relay.figures()]
    with tempfile.TemporaryDirectory(prefix="studyroom-bench-", ignore_cleanup_errors=True) as folder:
        setting = Setting(Path(folder))
        try:
            setting.start()
            found += running.figures(setting)
            found += delivery.figures(setting)
            found += phones.figures(setting)
        finally:
            setting.stop()
    found += crowd.figures()
    table = _table(found)
    sys.stdout.write(table + "\n")
    written(PAGE, table)
    return parts.main()


def _table(found: Iterable[Figure]) -> str:
    lines = ["| what | measured | aim |", "|---|---|---|"]
    lines += [f"| {figure.what} | {figure.found} | {figure.aim} |" for figure in found]
    return f"{machine()}\n\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
