"""Keeps the door in memory: when others use up all there is, its own pages are not taken for theirs."""

from __future__ import annotations

import ctypes

MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4  # <sys/mman.h>; on fault: what is never used takes nothing


def hold() -> bool:
    """Lock what is used now and later, as far as the limit allows (``LimitMEMLOCK=``); whether it did.

    A door whose pages come back from the disk one by one holds its strike seconds too long.
    """
    try:
        return bool(ctypes.CDLL(None).mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
    except (OSError, AttributeError):
        return False
