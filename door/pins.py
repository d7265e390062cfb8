"""The pin library, chosen by name, and what is wrong with a choice of pins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from door.errors import PinError

if TYPE_CHECKING:
    from gpiozero.pins import Factory

FACTORIES = ("lgpio", "mock")

# Each is refused with its reason: gpiozero would take them and go wrong later.
_NO_FACTORY = {
    "native": "it writes to registers past the kernel, which no Pi 5 allows",
    "pigpio": "it needs a daemon that listens on the network",
    "rpigpio": "it cannot work with the kernels of bookworm and later",
}
_NO_PIN = {
    0: "belongs to the identification of HATs",
    1: "belongs to the identification of HATs",
    2: "has a fixed pull-up of 1.8 kΩ, which can hold a relay on and ruins a keypad's row",
    3: "has a fixed pull-up of 1.8 kΩ, which can hold a relay on and ruins a keypad's row",
}


def use(name: str, runtime_dir: Path | None = None) -> Factory:
    """Make ``name`` (``lgpio`` or ``mock``) the library of all devices made from now on.

    ``runtime_dir`` is where lgpio may put its notification pipe; otherwise it litters the working directory.
    Raises ``PinError``: a silent second choice could leave the strike undriven.
    """
    from gpiozero import Device

    if name not in FACTORIES:
        raise PinError(f"pins: no pin library {name[:20]!r} here; {_hint(name)}")
    if runtime_dir is not None:
        os.environ["LG_WD"] = str(runtime_dir)  # read by lgpio while it is imported
    try:
        factory = _mock() if name == "mock" else _lgpio()
    except Exception as error:  # lgpio, gpiozero and the kernel each raise their own
        raise PinError(
            f"pins: {name} does not load ({type(error).__name__}: {error}); on a Raspberry Pi install "
            'python3-lgpio and put the user into group gpio, elsewhere choose pins = "mock"'
        ) from error
    Device.pin_factory = factory
    return factory


def faults(uses: Mapping[str, int]) -> list[str]:
    """What is wrong with ``{"strike": 17, …}`` (GPIO numbers), a sentence each; empty when nothing is."""
    found = []
    taken: dict[int, str] = {}
    for use_, pin in uses.items():
        if not 0 <= pin <= 27:
            found.append(f"{use_}: there is no GPIO{pin} on the header; GPIO4 to GPIO27 can be used")
        elif pin in _NO_PIN:
            found.append(f"{use_}: GPIO{pin} {_NO_PIN[pin]}; take one of GPIO4 to GPIO27")
        elif pin in taken:
            found.append(f"{use_}: GPIO{pin} is already taken by {taken[pin]}")
        taken.setdefault(pin, use_)
    return found


def _hint(name: str) -> str:
    why = f"{_NO_FACTORY[name]}; " if name in _NO_FACTORY else ""
    return f"{why}choose lgpio on a Raspberry Pi, mock for simulated pins"


def _mock() -> Factory:
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    return MockFactory(pin_class=MockPWMPin)  # a buzzer with tones needs PWM; all else is the same


def _lgpio() -> Factory:
    import lgpio
    from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin

    class StraightPin(LGPIOPin):
        """Becomes an output at the level asked for.

        gpiozero's own goes through low, which an active-low relay board takes for "on": a click at each
        start, and an open door should the process be held up just then.
        """

        def output_with_state(self, state: bool) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(state))

    factory = LGPIOFactory()
    factory.pin_class = StraightPin
    return factory
