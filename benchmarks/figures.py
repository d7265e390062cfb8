"""A figure: what was measured, how it was spread, what it was meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; ``beside`` is what people would use instead, measured in the same run."""

    what: str
    found: str
    aim: str
    beside: str = ""


def spread(samples: Sequence[float], unit: str) -> str:
    """Median and 99th percentile."""
    ordered = sorted(samples)
    median, high = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return f"{short(median)} {unit} (p99 {short(high)}, n {len(ordered)})"


def short(number: float) -> str:
    """Three digits that matter."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"
