"""``python -m benchmarks``: measure everything and write the table into docs/performance.md."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import decision, delivery, phones, relay, running
from benchmarks.figures import Figure
from demo.setting import Setting

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


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
    table = _table(found)
    sys.stdout.write(table + "\n")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return 0


def _table(found: Iterable[Figure]) -> str:
    lines = ["| what | measured | aim |", "|---|---|---|"]
    lines += [f"| {figure.what} | {figure.found} | {figure.aim} |" for figure in found]
    return f"{_machine()}\n\n" + "\n".join(lines)


def _machine() -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return (
        f"Measured {date.today():%Y-%m-%d} on {os.cpu_count()} cores of {model}, "
        f"Python {platform.python_version()}, studyroom {version('studyroom')}."
    )


if __name__ == "__main__":
    sys.exit(main())
