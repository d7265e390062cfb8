"""How long it is from one gesture to the next: the durations of every rule, and a millisecond more or less.

They are read from ``Rules`` and the modules of the core: a new rule is in at once.
"""

from __future__ import annotations

from dataclasses import fields
from types import ModuleType

from contract.codes import WINDOWS
from door import controller
from walk.doors import DAY_MS, DOORS, MINUTE_MS


def core() -> list[ModuleType]:
    """The controller and every module of the door that it reaches."""
    found: list[ModuleType] = []
    ahead = [controller]
    while ahead:
        module = ahead.pop()
        found.append(module)
        reached = [m for m in vars(module).values() if isinstance(m, ModuleType)]
        ahead += [m for m in reached if m.__name__.startswith("door.") and m not in found + ahead]
    return found


def durations() -> set[int]:
    """Every duration a rule goes by, in milliseconds, from a tenth of a second to half a day."""
    found = {s * 1000 for w in WINDOWS.values() for s in (w.step, w.skew, w.grace)}
    for rules in DOORS:
        found |= {getattr(rules, f.name) for f in fields(rules) if f.name.endswith("_ms")}
        found |= {getattr(rules, f.name) * 1000 for f in fields(rules) if f.name.endswith("_seconds")}
    for module in core():
        for name, value in vars(module).items():
            if isinstance(value, int) and name.isupper():
                found |= {value} if name.endswith("_MS") else set()
                found |= {value * 1000} if name.endswith(("_S", "_SECONDS")) else set()
    return {ms for ms in found if 100 <= ms <= DAY_MS}


SHORT = (0, 1, 200, 1000, 2500, 9000)
GAPS = tuple(sorted({ms + by for ms in durations() for by in (-1, 0, 1)}))
WITHIN_MINUTES = tuple(gap for gap in GAPS if gap <= 11 * MINUTE_MS + 1)
BEYOND = tuple(gap for gap in GAPS if gap > 11 * MINUTE_MS + 1)
