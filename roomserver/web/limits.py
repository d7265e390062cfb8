"""How often something may be tried, by address and by account: counted in memory, so no address is stored.

Several server processes count each for itself; the limits are then so many times wider.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock

from roomserver.web.problems import Problem

MOST_KEYS = 20_000  # the longest unused are forgotten first


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` in ``seconds``."""

    name: str
    times: int
    seconds: int


# A housing estate shares few addresses, so the limits by address are wide, and those by account narrow.
JOIN = Limit("join", 30, 3600)
SIGN_IN = Limit("sign-in", 60, 600)
PASSKEY = Limit("passkey", 30, 600)
WECHAT = Limit("wechat", 120, 600)
COMMITTEE = Limit("committee", 10, 900)
GIVEN_OUT = Limit("given-out", 60, 3600)  # names, links and paper by one account: an evening's, not a list
MY_DATA = Limit("my-data", 30, 3600)


class TooManyError(Problem):
    """Too often; the answer says after how many seconds to try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many tries from here. Try again in {max(1, round(seconds / 60))} min.",
            {"Retry-After": str(seconds)},
        )


class Limits:
    """The tries of the last minutes, by limit and key (an address, a member number)."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()
        self._lock = Lock()

    def spend(self, limit: Limit, key: str) -> None:
        """Count one try of ``key``; ``TooManyError`` when there were too many."""
        now = self._clock()
        with self._lock:
            tries = self._tries.setdefault((limit.name, key), deque())
            self._tries.move_to_end((limit.name, key))
            while len(self._tries) > MOST_KEYS:
                self._tries.popitem(last=False)
            while tries and tries[0] <= now - limit.seconds:
                tries.popleft()
            if len(tries) >= limit.times:
                raise TooManyError(tries[0] + limit.seconds - now)
            tries.append(now)


def network(address: str) -> str:
    """The key of an address: itself, or the /64 of an IPv6 address, of which a household has 2^64."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)
