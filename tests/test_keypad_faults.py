"""Each fault of a keypad's configuration is told in words: the key, and what it may be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contract.settings import SettingsError, read
from door.config import Config
from door.keypads.table import FACTORY_KEY, Keypad

KEY = bytes(range(16)).hex()
OSDP = f'kind = "osdp"\ndevice = "/dev/ttyUSB0"\nsecure_key = "{KEY}"'


def faults(*keypads: str) -> list[str]:
    """All that is wrong with a file of these keypads."""
    names = [f'[[keypads]]\nname = "k{n}"\n{text}\n' for n, text in enumerate(keypads, 1)]
    try:
        read(Config, "\n".join(names))
    except SettingsError as error:
        return [f"{fault.key}: {fault.text}" for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "text",
    [
        'kind = "wiegand"\ndata = [5, 6]',
        'kind = "usb"\ndevice = "/dev/input/by-id/usb-keypad-event-kbd"',
        'kind = "usb"\ndevice = "HID 13ba:0001"',
        OSDP,
        f"{OSDP}\naddress = 126\nbaud = 115200",
        'kind = "terminal"',
        'kind = "matrix"\nrows = [5, 6]\ncolumns = [12, 13, 16, 19, 20]\nlayout = ["12345", "67890"]',
    ],
)
def test_each_kind_can_be_had(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    "text, told",
    [
        (
            'kind = "wiegnd"',
            (
                'kind: must be one of "matrix", "wiegand", "usb", "osdp", "terminal", not "wiegnd"; '
                'did you mean "wiegand"?'
            ),
        ),
        ('kind = "wiegand"', "data: must be two pins for kind wiegand: D0, then D1"),
        ('kind = "wiegand"\ndata = [5]', "data: must be two pins for kind wiegand: D0, then D1"),
        ('kind = "wiegand"\ndata = [5, 5]', "data[2]: GPIO5 is already taken by keypads[1].data[1]"),
        ('kind = "wiegand"\ndata = [5, 17]', "data[2]: GPIO17 is already taken by lock.pin"),
        (
            'kind = "wiegand"\ndata = [2, 5]',
            (
                "data[1]: GPIO2 has a fixed pull-up of 1.8 kΩ, which can hold a relay on and ruins a "
                "keypad's row; take one of GPIO4 to GPIO27"
            ),
        ),
        ('kind = "wiegand"\ndata = [5, 40]', "data[2]: must be a whole number from 0 to 27, not 40"),
        (
            'kind = "usb"',
            (
                "device: is missing: kind usb needs the path of the keypad (ls /dev/input/by-id) or "
                "its name (door check lists them)"
            ),
        ),
        (
            'kind = "usb"\ndevice = ""',
            'device: must be a path under /dev, or the name of a USB keypad, not ""',
        ),
        (
            OSDP.replace("/dev/ttyUSB0", "ttyUSB0"),
            "device: must be a serial port under /dev, such as /dev/ttyUSB0",
        ),
        (
            OSDP.replace("device", "# device"),
            ("device: is missing: kind osdp needs its serial port, such as /dev/ttyUSB0 or /dev/serial0"),
        ),
        (
            OSDP.replace("secure_key", "# "),
            (
                "secure_key: is missing: kind osdp needs the key of its secure channel: without one, "
                "codes pass in the clear"
            ),
        ),
        (OSDP.replace(KEY, KEY[2:]), "secure_key: must be 16 bytes, as 32 hex digits, not what is there"),
        (
            OSDP.replace(KEY, FACTORY_KEY.hex()),
            (
                "secure_key: is the key that every keypad comes with: set one of your own, in the "
                "keypad and here"
            ),
        ),
        (OSDP + "\naddress = 127", "address: must be a whole number from 0 to 126, not 127"),
        (OSDP + "\nbaud = 9601", "baud: must be one of 9600, 19200, 38400, 57600, 115200, 230400, not 9601"),
        ("rows = [5, 6]", "layout: must have 2 rows of 3 keys, one for each pin"),
        (
            'layout = ["123", "456", "789", "*##"]',
            "layout: must have every digit, and no key twice: look at 0 #",
        ),
    ],
)
def test_a_fault_is_told_with_its_key_and_what_it_may_be(text: str, told: str) -> None:
    assert faults(text) == [f"keypads[1].{told}"]


def test_a_key_of_the_channel_stands_in_no_fault_and_no_repr() -> None:
    (told,) = faults(OSDP.replace(KEY, KEY + "5a"))
    assert KEY not in told
    assert "secure_key" not in repr(Keypad(secure_key=bytes(16)))


def test_two_keypads_share_neither_a_device_nor_a_serial_port_nor_its_pins() -> None:
    assert faults(OSDP, OSDP) == ["keypads[2].device: is already keypads[1].device: give each its own"]
    assert faults('kind = "usb"\ndevice = "A"', 'kind = "usb"\ndevice = "B"') == []
    taken = faults(OSDP.replace("ttyUSB0", "serial0"), 'kind = "wiegand"\ndata = [14, 6]')
    assert taken == ["keypads[2].data[1]: GPIO14 is already taken by keypads[1].device (transmit)"]


def test_a_door_with_another_keypad_loads_nothing_of_these() -> None:
    """Nor does it pay for them in memory or at its start."""
    program = "import sys, door.daemon; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    kinds = {"wiegand", "usb", "inotify", "osdp", "osdpbus", "osdpsignals", "inputevents", "inputdevices"}
    found = set(loaded.stdout.split())
    assert found.isdisjoint({"osdp_sys", *(f"door.keypads.{kind}" for kind in kinds)})
    assert "door.keypads.chatter" in found
