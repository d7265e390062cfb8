"""The network comes and goes, broker and server are away for long: members do not notice."""

from __future__ import annotations

import pytest

from tests.patience import until
from tests.rig.conftest import Figure
from tests.rig.figures import spread
from tests.rig.guest import Guest
from tests.rig.visitor import ALONE, BACK, Visitor

pytestmark = pytest.mark.timeout(1800)
AT_ONCE_MS = 250


def all_enter(visitor: Visitor, first: int, last: int) -> list[float]:
    """One after the other; how long each waited from the last key, in ms."""
    waited = []
    for member in range(first, last):
        waited.append(visitor.enters(f"{member:04}"))
        until(lambda: not visitor.guest.unlocked, 60)
    return waited


def refused(visitor: Visitor) -> list[object]:
    """Why anybody was turned away."""
    return [row["reason"] for row in visitor.rows() if row["type"] == "denied"]


def test_a_door_that_boots_alone_lets_in_and_catches_up(
    off: Guest, visitor_of: Visitor, figure: Figure
) -> None:
    """No network, no broker, no server: after one double code that tells the time, singles open at once."""
    off.boot(more=ALONE)
    off.armed()
    pair = visitor_of.draws("0001")
    visitor_of.until_seen(f"{pair.digits}{pair.second}#", lambda: off.unlocked)
    until(lambda: not off.unlocked, 60)
    waited = all_enter(visitor_of, 2, 7)
    assert max(waited) < AT_ONCE_MS
    assert refused(visitor_of) == []
    off.shell(BACK, 300)
    visitor_of.until_all_arrived()
    figure("last key → relay, booted without a network", spread(waited), f"{AT_ONCE_MS} ms")


def test_a_network_that_flaps_keeps_nobody_waiting(visitor: Visitor, figure: Figure) -> None:
    """Two seconds on, two seconds off, while eight come."""
    visitor.guest.shell(
        "nohup sh -c 'while [ ! -e /run/still ]; do"
        " ip link set lo down; sleep 2; ip link set lo up; sleep 2; done' >/dev/null 2>&1 &"
    )
    waited = all_enter(visitor, 1, 9)
    assert max(waited) < AT_ONCE_MS
    assert refused(visitor) == []
    visitor.guest.shell("touch /run/still; sleep 5; ip link set lo up")
    visitor.until_all_arrived()
    figure("last key → relay, network flapping", spread(waited), f"{AT_ONCE_MS} ms")


def test_broker_and_server_gone_for_long_are_caught_up_with(visitor: Visitor, figure: Figure) -> None:
    """The one process that is both is stopped, beyond every time limit of a connection; eight come."""
    visitor.guest.shell("systemctl stop roomserver; sleep 180", 600)
    waited = all_enter(visitor, 1, 9)
    assert max(waited) < AT_ONCE_MS
    assert refused(visitor) == []
    assert visitor.status()["health"]["outbox"]["rows"] >= 8
    visitor.guest.shell("systemctl start roomserver", 300)
    visitor.until_all_arrived()
    figure("last key → relay, broker and server gone", spread(waited), f"{AT_ONCE_MS} ms")


def test_a_server_that_hangs_keeps_nobody_waiting(visitor: Visitor, figure: Figure) -> None:
    """Its process is stopped with every connection open, so nothing is refused and nothing answered."""
    visitor.guest.shell("systemctl kill -s STOP roomserver")
    waited = all_enter(visitor, 1, 6)
    assert max(waited) < AT_ONCE_MS
    assert refused(visitor) == []
    visitor.guest.shell("systemctl kill -s CONT roomserver")
    visitor.until_all_arrived()
    figure("last key → relay, server hanging", spread(waited), f"{AT_ONCE_MS} ms")
