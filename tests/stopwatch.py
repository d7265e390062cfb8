"""Whether two acts take the same time: told by the least that each took, which nothing else delayed."""

from __future__ import annotations

import time
from collections.abc import Callable

TURNS = 10
TURNS_AT_MOST = 300


def difference(one: Callable[[], object], other: Callable[[], object], near: float) -> float:
    """By what part of the longer their times differ (0 to 1), taken by turns until it is at most ``near``.

    A busy machine delays and never hurries. So more turns bring equal acts nearer to each other, and leave
    acts that differ where they are.
    """
    least = [float("inf"), float("inf")]
    apart = 1.0
    for turn in range(TURNS_AT_MOST):
        for index, act in enumerate((one, other)):
            began = time.perf_counter()
            act()
            least[index] = min(least[index], time.perf_counter() - began)
        apart = 1 - min(least) / max(least)
        if turn >= TURNS and apart <= near:
            break
    return apart
