"""The sample of the rig that `make test` runs: a boot, a right code, a wrong one, a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.patience import until
from tests.rig.guest import relay
from tests.rig.visitor import Visitor

pytestmark = pytest.mark.timeout(900)  # with the first there is the guest to build


def test_from_power_on_to_armed_the_relay_rests(place: Path) -> None:
    """The boot that armed this very guest: nothing energised it, not the kernel and not the door."""
    assert relay(place) == [[]]


def test_a_right_code_opens_for_five_seconds(visitor: Visitor) -> None:
    """Real keys on real wires, to the relay and back; and it is on record."""
    visitor.enters("0427")
    until(lambda: not visitor.guest.unlocked, 30)
    ((up, down),) = visitor.guest.relay()
    assert (up.level, down.level) == (1, 0)
    assert [row["member"] for row in visitor.rows() if row["type"] == "granted"] == ["0427"]


def test_a_wrong_code_does_not_open(visitor: Visitor) -> None:
    """The lamp flashes red twice, and the relay never stirs."""
    right = visitor.draws("0427").digits
    visitor.until_seen(right[:-1] + str((int(right[-1]) + 5) % 10), lambda: visitor.reds() == 2)
    assert visitor.guest.relay() == [[]]


def test_a_killed_door_lets_go_of_the_lock(visitor: Visitor) -> None:
    """On a kernel that leaves outputs driven: systemd's `door relock` does it, and the door comes back."""
    visitor.enters("0427")
    visitor.guest.shell("systemctl kill -s KILL door")
    until(lambda: not visitor.guest.unlocked, 30)
    visitor.guest.armed()
    ((up, down),) = visitor.guest.relay()
    assert (up.level, down.level) == (1, 0)
    assert (down.ns - up.ns) / 1e9 < 4.5  # not by its own end after 5 s
