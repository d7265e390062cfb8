"""Keys, contact and relay on the kernel's own GPIO."""

from __future__ import annotations

import random
from threading import Thread

import pytest

from tests.patience import until
from tests.rig.conftest import Figure
from tests.rig.cuts import busy, drawn
from tests.rig.figures import spread
from tests.rig.guest import CONTACT, EXIT, GREEN, GROUND, RELAY, Guest
from tests.rig.visitor import WIRES, Visitor, pulses

pytestmark = pytest.mark.timeout(1800)
PULSE_MS, PULSE_OFF_MS = 5000, 50

# What anybody would write with gpiozero: the button switches the relay, in its own callback.
BARE = f"""
from gpiozero import Button, LED, Device
from gpiozero.pins.lgpio import LGPIOFactory
from signal import pause
Device.pin_factory = LGPIOFactory()
relay, button = LED({RELAY}), Button({EXIT}, pull_up=True)
button.when_pressed, button.when_released = relay.on, relay.off
print("ready", flush=True)
pause()
"""


def enters_and_waits(visitor: Visitor, member: str) -> None:
    """In by a code, and until the door is locked again."""
    visitor.enters(member)
    until(lambda: not visitor.guest.unlocked, 60)


def test_twelve_of_twelve_keys(visitor: Visitor) -> None:
    """Each digit by codes that open, ``*`` by what it clears, ``#`` by what it ends."""
    missing, number = set("0123456789"), 0
    while missing:
        number += 1
        digits = set(visitor.draws(f"{number:04}").digits)
        if len(digits & missing) >= min(4, len(missing)):
            enters_and_waits(visitor, f"{number:04}")
            missing -= digits
    visitor.types("12*")
    enters_and_waits(visitor, "2500")
    visitor.types("12#")
    until(lambda: visitor.reds() == 2, 60)
    assert visitor.shorts() == 0


def test_a_chord_is_no_key_and_shorts_nothing(visitor: Visitor) -> None:
    """1, 2 and 4 held together look like 5 as well, for the keypad has no diodes; two of a row do no harm."""
    corners = [WIRES[key] for key in "124"]
    visitor.guest.wires(
        *[(*corner, 1) for corner in corners], 0.3, *[(*corner, 0) for corner in corners], 0.3
    )
    visitor.types("*")
    flashes = len(pulses(visitor.guest.relay(GREEN)[-1]))
    assert flashes <= 2  # one of the chord at most, and the asterisk
    visitor.guest.wires((*WIRES["1"], 1), 0.2, (*WIRES["2"], 1), 0.2, (*WIRES["1"], 0), (*WIRES["2"], 0), 0.2)
    visitor.types("*")
    enters_and_waits(visitor, "0427")
    assert visitor.shorts() == 0


def test_a_key_that_bounces_is_one_key(visitor: Visitor) -> None:
    """Five bounces of a millisecond when it is pressed and when it is let go."""
    script: list[tuple[int, int, int] | float] = []
    for key in visitor.draws("0427").digits:
        wire = WIRES[key]
        for _ in range(5):
            script += [(*wire, 1), 0.001, (*wire, 0), 0.001]
        script += [(*wire, 1), 0.08]
        for _ in range(5):
            script += [(*wire, 0), 0.001, (*wire, 1), 0.001]
        script += [(*wire, 0), 0.1]
    visitor.guest.wires(*script)
    until(lambda: visitor.guest.unlocked, 60)
    assert [row["member"] for row in visitor.rows() if row["type"] == "granted"] == ["0427"]


def test_a_host_that_stalls_takes_no_key(visitor: Visitor) -> None:
    """The clock of an idle guest jumps then, by more than a key is held; nine come all the same."""
    rng, codes = random.Random(3), drawn(visitor)
    hands = Thread(target=visitor.guest.wires, args=busy(codes, rng))
    hands.start()
    while hands.is_alive():
        visitor.guest.stall(rng.choice((0.05, 0.15, 0.3, 0.6)))
        hands.join(rng.uniform(0.5, 2))
    assert [row["member"] for row in visitor.rows() if row["type"] == "granted"] == list(codes)


def test_a_door_open_at_boot_was_not_forced(off: Guest, visitor_of: Visitor) -> None:
    """The level is read, not waited for; opened later without a cause it is forced."""
    off.boot(shut=False)
    off.armed()
    assert visitor_of.status()["state"]["door"] == "open"
    assert [row for row in visitor_of.rows() if row["type"] == "forced"] == []
    visitor_of.door(shut=True)
    until(lambda: visitor_of.status()["state"]["door"] == "closed", 60, 1)
    off.wires(2.0)
    visitor_of.door(shut=False)
    until(lambda: [row for row in visitor_of.rows() if row["type"] == "forced"], 60, 1)


def test_the_pulse_at_the_lock_is_the_promised_time(visitor: Visitor, figure: Figure) -> None:
    """By the kernel's log, whatever the record took before: it does not come off the strike time."""
    for member in range(1, 6):
        enters_and_waits(visitor, f"{member:04}")
    found = pulses(visitor.guest.relay()[-1])
    assert len(found) == 5
    assert all(abs(ms - PULSE_MS) <= PULSE_OFF_MS for ms in found), found
    figure("relay pulse of 5,000 ms", spread(found), f"± {PULSE_OFF_MS} ms")


def test_from_edge_to_relay(visitor: Visitor, figure: Figure) -> None:
    """The exit button through queue and decision, beside a bare callback; the last key, with its record."""
    guest = visitor.guest
    guest.forget()
    for _ in range(50):
        guest.wires(
            (EXIT, GROUND, 1), 0.2, (EXIT, GROUND, 0), (CONTACT, GROUND, 0), 0.2, (CONTACT, GROUND, 1), 0.2
        )
    ours = reactions(guest, EXIT)
    keyed = []
    for member in range(1, 6):
        keyed.append(visitor.enters(f"{member:04}"))
        until(lambda: not guest.unlocked, 60)
    guest.shell("systemctl stop door")
    guest.shell(
        f"cat >/run/bare.py <<'END'\n{BARE}\nEND\ncd /run; export LG_WD=/run\n"
        "/opt/studyroom/.venv/bin/python bare.py >/run/bare.log 2>&1 &"
    )
    until(lambda: "ready" in guest.shell("cat /run/bare.log"), 60, 1)
    guest.forget()
    for _ in range(50):
        guest.wires((EXIT, GROUND, 1), 0.1, (EXIT, GROUND, 0), 0.1)
    bare = reactions(guest, EXIT)
    assert len(ours) == len(bare) == 50
    assert sorted(ours)[25] < 100
    figure("exit button → relay", spread(ours), "–")
    figure("exit button → relay, bare gpiozero", spread(bare), "–")
    figure("last key → relay, with the record on disk", spread(keyed), "250 ms")


def reactions(guest: Guest, line: int) -> list[float]:
    """From each fall of a line to the next rise of the relay, in milliseconds."""
    found, fell = [], 0
    for change in guest.log():
        if change.line == line and not change.level:
            fell = change.ns
        elif change.line == RELAY and change.level and fell:
            found.append((change.ns - fell) / 1e6)
            fell = 0
    return found
