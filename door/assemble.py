"""The door's parts, each made from its table of the configuration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from contract.messages import report_key
from door.commands import Taken
from door.config import Config
from door.credentials import Credentials
from door.effects import Cue
from door.events import Beam, Event, FaultChanged, FireChanged, Moment, Stopping, TamperChanged
from door.fittings import Keypad as KeypadTable
from door.indicator import Indicator, PinIndicator, TerminalIndicator, Together
from door.keypad import Keypad, MatrixKeypad
from door.keypads.terminal import TerminalKeypad
from door.lock import Lock, Maglock, Strike
from door.outputs import Chime, RoomLights
from door.rules import Rules
from door.sensors import BreakBeam, Contact, DoorContact, ExitButton, MotionSensor
from door.state import State, restore
from door.store import Remembered, Store
from door.told import POWER_FAILED

if TYPE_CHECKING:
    from door.display.screen import Display

Post = Callable[[Event], None]
_LOG = logging.getLogger(__name__)


@runtime_checkable
class Showing(Indicator, Protocol):
    """A keypad with a lamp of its own, a display."""


class Dark:
    """No light and no sound."""

    def show(self, cue: Cue, ms: int | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def lock(config: Config) -> Lock:
    """The lock, its relay at rest: locked."""
    kind = {"strike": Strike, "maglock": Maglock}[config.lock.kind]
    return kind(config.lock.pin, active_high=config.lock.active_high)


def folders(config: Config) -> None:
    """Make what can be made; a folder that cannot be is the store's fault to tell, and members get in."""
    for folder in (config.door.state_dir, config.door.runtime_dir):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)


def store(config: Config, credentials: Credentials, post: Post) -> Store:
    """The store, not yet opened."""
    return Store(
        config.door.state_dir / "door.db",
        door=config.door.name,
        report_key=report_key(credentials.door_key, config.door.name),
        post=post,
        retention_days=config.audit.retention_days,
    )


def state(remembered: Remembered, credentials: Credentials, rules: Rules, now: Moment) -> State:
    """The state as it was remembered; commands numbered before enrolling count as taken."""
    found = restore(remembered.facts, remembered.access, now, rules)
    if found.taken.highest < credentials.command_n:
        found = replace(found, taken=Taken(credentials.command_n))
    return found


def indicator(config: Config, local: Callable[[], datetime]) -> Indicator:
    """Light and sound at the door, and whatever else shows a cue."""
    others: list[Indicator] = []
    if config.bell.fitted and config.bell.chime is not None:
        others.append(Chime(config.bell.chime))
    lamp = _lamp(config, lambda: quiet(config.indicator.quiet, local()))
    if (voice := config.voice).fitted:
        from door.voice import Voice

        others.append(
            Voice(
                languages=voice.languages,
                folder=voice.folder,
                device=voice.device,
                quiet=lambda: quiet(voice.quiet, local()),
            )
        )
    return Together(lamp, *others) if others else lamp


def _lamp(config: Config, hush: Callable[[], bool]) -> Indicator:
    table = config.indicator
    if table.kind == "terminal":
        return TerminalIndicator()
    if table.kind == "pins":
        return PinIndicator(
            red=table.red,
            green=table.green,
            blue=table.blue,
            buzzer=table.buzzer,
            tonal=table.tonal,
            quiet=hush,
        )
    return Dark()


def display(config: Config, post: Post, local: Callable[[], datetime]) -> Display | None:
    """The display, if one is fitted; it lights up when it is told something."""
    if not (table := config.display).fitted:
        return None
    from door.display.screen import Display, open_panel

    return Display(
        lambda: open_panel(
            table.kind,
            port=table.port,
            address=table.address,
            upside_down=table.upside_down,
        ),
        post,
        local=local,
        languages=table.languages,
        contrast=table.contrast,
        quiet=lambda: quiet(table.quiet, local()),
    )


def everywhere(first: Indicator, others: Iterable[object]) -> Indicator:
    """An indicator that shows on whatever else can: some keypads, a display."""
    showing = [other for other in others if isinstance(other, Showing)]
    return Together(first, *showing) if showing else first


def quiet(hours: str, at: datetime) -> bool:
    """Whether the neighbours sleep at local time ``at``; "" for never."""
    if not hours:
        return False
    begin, end = hours.split("-")
    clock = f"{at:%H:%M}"
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def contact(config: Config, post: Post) -> DoorContact | None:
    """The door contact, if one is fitted."""
    table = config.contact
    return DoorContact(table.pin, post, inverted=not table.normally_closed) if table.fitted else None


def exit_button(config: Config, post: Post) -> ExitButton | None:
    """The exit button, if one is fitted."""
    return ExitButton(config.exit_button.pin, post) if config.exit_button.fitted else None


def sensors(config: Config, post: Post) -> tuple[Contact | BreakBeam, ...]:
    """The other sensors that are fitted; each begins to post when it is started."""
    found: list[Contact | BreakBeam] = []
    if config.beams.fitted:
        for beam, pin in ((Beam.OUTER, config.beams.outer), (Beam.INNER, config.beams.inner)):
            found.append(BreakBeam(pin, beam, post, closed_when_clear=config.beams.closed_when_clear))
    if config.motion.fitted:
        found.append(MotionSensor(config.motion.pin, post, module=config.motion.kind == "module"))
    if config.tamper.fitted:
        found.append(Contact(config.tamper.pin, post, TamperChanged))
    if config.fire.fitted:
        found.append(Contact(config.fire.pin, post, FireChanged, normally_closed=config.fire.normally_closed))
    if (mains := config.power_fail).fitted:
        failed = partial(FaultChanged, POWER_FAILED)
        found.append(Contact(mains.pin, post, failed, normally_closed=mains.normally_closed))
    return tuple(found)


def lights(config: Config) -> RoomLights | None:
    """The relay of the room's lights, if one is fitted."""
    table = config.lights
    if not table.fitted:
        return None
    return RoomLights(table.pin, active_high=table.active_high, lit_at_rest=table.at_rest == "on")


def keypad(table: KeypadTable, post: Post, length: int, quiet: Callable[[], bool]) -> Keypad:
    """One keypad; what only its kind needs is imported here. When a terminal's input ends, the door stops."""
    match table.kind:
        case "terminal":
            return TerminalKeypad(
                post, name=table.name, full_length=length, on_end=lambda: post(Stopping("end of input"))
            )
        case "wiegand":
            from door.keypads.wiegand import WiegandKeypad

            return WiegandKeypad(post, name=table.name, pins=table.data)
        case "usb":
            from door.keypads.usb import UsbKeypad

            assert table.device is not None
            return UsbKeypad(post, name=table.name, device=table.device, stuck_seconds=table.stuck_seconds)
        case "osdp":
            from door.keypads.osdp import OsdpKeypad
            from door.keypads.osdpbus import Line

            assert table.device is not None
            assert table.secure_key is not None
            line = Line(table.device, table.baud, table.address, table.secure_key.hex())
            return OsdpKeypad(post, name=table.name, line=line, quiet=quiet)
    return MatrixKeypad(
        post, name=table.name, rows=table.rows, columns=table.columns, layout="/".join(table.layout),
        stuck_seconds=table.stuck_seconds,
    )  # fmt: skip
