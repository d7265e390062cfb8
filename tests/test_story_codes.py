"""Debian's oathtool opens the door, given a secret that this test derives by itself: every kind."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator

import pytest
from house import KEY, NOW, House, granted
from patience import until
from village import DOOR, Door, Village, door_at, hotp, secret, totp, village

from contract.access import AccessRecord
from contract.codes import Kind
from door.effects import Cue

pytestmark = pytest.mark.skipif(shutil.which("oathtool") is None, reason="oathtool is not installed")
DAYS = (NOW + 8 * 3600) // 86_400  # the local date in Shanghai, which keeps one offset all year


def test_phone_opens_with_rfc_6238_codes_of_120_seconds() -> None:
    """`oathtool --totp --time-step-size=120s`."""
    house = House()
    assert granted(house.at_once("0427" + totp(secret(KEY, DOOR, "phone", "0427"), 120, NOW)))


def test_staff_opens_with_the_codes_of_any_authenticator() -> None:
    """`oathtool --totp`, steps of 30 s; a lease is needed: the list was answered."""
    house = House()
    code = "0301" + totp(secret(KEY, DOOR, "staff", "0301"), 30, NOW)
    assert not granted(house.at_once(code))
    house.enrol(AccessRecord("0301", kind=Kind.STAFF))
    assert granted(house.at_once(code))


def test_paper_opens_with_the_counter_of_the_local_date() -> None:
    """`oathtool --hotp --counter DAYS`."""
    house = House()
    house.enrol(AccessRecord("0510", kind=Kind.PAPER))
    assert granted(house.at_once("0510" + hotp(secret(KEY, DOOR, "paper", "0510"), DAYS)))


def test_paper_opens_a_lockout_with_its_second_code() -> None:
    """The second code of a sheet is of a secret of its own, ``paper2``."""
    house = House()
    house.enrol(AccessRecord("0510", kind=Kind.PAPER))
    house.drain()
    assert not granted(house.at_once("0510" + hotp(secret(KEY, DOOR, "paper", "0510"), DAYS)))
    assert granted(house.at_once(hotp(secret(KEY, DOOR, "paper2", "0510"), DAYS) + "#"))


def test_a_card_opens_with_counters_2k_and_2k_plus_1() -> None:
    """Pair 3: `oathtool --hotp --counter 6`, then 7."""
    house = House()
    house.enrol(AccessRecord("0427"))
    card = secret(KEY, DOOR, "card", "0427")
    assert not granted(house.at_once("0427" + hotp(card, 6)))
    assert granted(house.at_once(hotp(card, 7) + "#"))


def test_a_double_code_of_phone_is_two_steps_running() -> None:
    """Also of a generation that the door has not heard of."""
    house = House()
    phone = secret(KEY, DOOR, "phone", "0427", 2)
    assert not granted(house.at_once("0427" + totp(phone, 120, NOW)))
    assert granted(house.at_once(totp(phone, 120, NOW, later=1) + "#"))


@pytest.mark.parametrize("kind, generation", [("paper", 1), ("phone", 2), ("staff", 1)])
def test_a_secret_with_anything_else_in_it_opens_nothing(kind: str, generation: int) -> None:
    """Another kind or generation is another secret."""
    house = House()
    code = "0427" + totp(secret(KEY, DOOR, kind, "0427", generation), 120, NOW)
    assert not granted(house.at_once(code))


# -- through the whole door: keys on wires, the real server, the relay's pin ----------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Village, Door]]:
    """A village with a member of each kind, and its door."""
    with village(tmp_path_factory.mktemp("codes"), "embedded") as made:
        for kind, number in (("staff", "0301"), ("paper", "0510")):
            made.server.cli("member", "add", "--kind", kind, "--number", number)
        with door_at(made.folder / "door", made.settings) as door:
            until(lambda: door.state.list_at is not None)
            until(lambda: not door.unlocked)
            yield made, door


def let_in(door: Door) -> None:
    """The relay's pin is high now; go in, and it is low."""
    until(lambda: door.unlocked)
    door.walk_in()


def test_phone_through_the_whole_door(place: tuple[Village, Door]) -> None:
    """From the copper of the keys to the copper of the relay, and the same code once."""
    made, door = place
    code = "0427" + totp(secret(made.key, DOOR, "phone", "0427"), 120, time.time())
    assert door.type(code) is Cue.ACCEPTED
    let_in(door)
    assert door.type(code) is Cue.NOT_NOW
    assert not door.unlocked


def test_staff_through_the_whole_door(place: tuple[Village, Door]) -> None:
    """The server's answer is the lease."""
    made, door = place
    key = secret(made.key, DOOR, "staff", "0301")
    assert door.type("0301" + totp(key, 30, time.time())) is Cue.ACCEPTED
    let_in(door)


def test_paper_through_the_whole_door(place: tuple[Village, Door]) -> None:
    """The same code a second time on the same day."""
    made, door = place
    key = secret(made.key, DOOR, "paper", "0510")
    code = "0510" + hotp(key, (int(time.time()) + 8 * 3600) // 86_400)
    for _ in range(2):
        assert door.type(code) is Cue.ACCEPTED
        let_in(door)


def test_a_card_through_the_whole_door(place: tuple[Village, Door]) -> None:
    """Neither half alone is told right or wrong from any other."""
    made, door = place
    card = secret(made.key, DOOR, "card", "0301")
    assert door.type("0301" + hotp(card, 2)) is Cue.WRONG  # a single staff code that is none
    assert door.type(hotp(card, 3) + "#") is Cue.ACCEPTED
    let_in(door)


def test_no_code_is_in_any_row(place: tuple[Village, Door]) -> None:
    """Promise 10: what was typed is nowhere, at the door or at the server."""
    made, door = place
    code = totp(secret(made.key, DOOR, "phone", "0611"), 120, time.time())
    door.type("0611" + code)
    let_in(door)
    until(lambda: made.hashes() and made.hashes()[-1][1] == door.daemon.store.seq)
    alone = re.compile(
        rb"(?<![0-9a-zA-Z])%b(?![0-9a-zA-Z])" % code.encode()
    )  # six digits are in any long hash
    for folder in (made.folder / "door" / "state", made.folder / "server"):
        for path in folder.iterdir():
            if path.is_file():
                assert not alone.search(path.read_bytes()), path
    assert not alone.search(made.server.log().encode())
