"""``door check``: the configuration, and whether this machine is as it says, line by line."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contract.access import EMPTY_DIGEST
from door import config as configuration
from door import credentials
from door.commandline.desk import Desk
from door.commandline.words import Tone, tint
from door.config import Config
from door.credentials import Credentials
from door.errors import DoorError, StoreError

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at, what is so, and (unless all is well) what to do."""

    what: str
    so: str
    to_do: str | None = None

    def __str__(self) -> str:
        mark = tint("ok   ", Tone.GOOD) if self.to_do is None else tint("fault", Tone.BAD)
        return f"{mark}  {self.what:<15} {self.so}" + (f"; {self.to_do}" if self.to_do else "")


def check(args: argparse.Namespace) -> int:
    """Say what is wrong with the configuration and this machine, or that nothing is."""
    desk = Desk.of(args)
    found, held = desk.config, credentials.load(desk.config.door.credentials)
    configuration.rules(found, held)
    broker = configuration.broker(found, held)
    looks = [_settled(desk, held), _folders(found), _voice(found), _display(found), _keypads(found)]
    if args.pins:
        looks.append(_pins(desk))
    if args.online:
        looks.append(_online(desk, held, broker))
    faults = 0
    for look in looks:
        for one in look:
            sys.stdout.write(f"{one}\n")
            faults += one.to_do is not None
    if faults:
        sys.stdout.write(f"{faults} to be put right; then type this again.\n")
        return 1
    sys.stdout.write(f"{args.config}: nothing wrong. After a change: systemctl reload door (pins: restart)\n")
    return 0


def _settled(desk: Desk, held: Credentials) -> Iterator[Found]:
    """What has been read already, or there would be no line here."""
    yield Found("configuration", str(desk.path))
    yield Found("credentials", f"of {held.door}")
    yield Found("time zone", str(desk.zone))


def _folders(found: Config) -> Iterator[Found]:
    for what, folder in (("state", found.door.state_dir), ("runtime", found.door.runtime_dir)):
        yield _folder(f"{what} folder", folder)
    yield _folder("socket folder", found.socket.parent)


def _voice(found: Config) -> Iterator[Found]:
    if not found.voice.fitted:
        return
    if shutil.which("aplay") is None:
        yield Found("voice", "aplay is not installed", "apt-get install alsa-utils")
    elif found.voice.folder is not None and not found.voice.folder.is_dir():
        yield Found("voice", f"{found.voice.folder} is no folder", "make it, or leave voice.folder out")
    else:
        yield Found("voice", " and ".join(found.voice.languages))


def _folder(what: str, folder: Path) -> Found:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent  # made at the start
    if not there.is_dir():
        return Found(what, f"{there} is no folder", "move what is there, or set another in the configuration")
    if not os.access(there, os.W_OK | os.X_OK):
        return Found(
            what, f"{there} may not be written by you", "try it as the door's own user, or with sudo"
        )
    made = "" if there == folder else ", made when the door starts"
    disk = os.statvfs(there)
    return Found(what, f"{folder}{made}, {disk.f_bavail * disk.f_frsize >> 20:,} MB free")


def _keypads(found: Config) -> Iterator[Found]:
    """Whether those that are plugged in are there; wires on pins cannot be asked."""
    for keypad in found.keypads:
        if keypad.kind == "usb":
            yield _usb(f"keypad {keypad.name}", str(keypad.device))
        elif keypad.kind == "osdp":
            yield _osdp(f"keypad {keypad.name}", Path(str(keypad.device)))


def _display(found: Config) -> Iterator[Found]:
    """Whether its library and its bus are there."""
    if not found.display.fitted:
        return
    if importlib.util.find_spec("luma") is None:
        yield Found("display", "the package luma.oled is not installed", "pip install 'studyroom[display]'")
        return
    bus = Path(f"/dev/i2c-{found.display.port}")
    if not bus.exists():
        yield Found("display", f"{bus} is not there", "dtparam=i2c_arm=on in config.txt, or correct port")
        return
    yield _readable("display", bus)


def _usb(what: str, device: str) -> Found:
    from door.keypads import inputdevices

    places = inputdevices.Places()
    path = inputdevices.find(device, places)
    if path is None or not path.exists():
        names = ", ".join(sorted({name for name, _ in inputdevices.keypads(places)})) or "none"
        return Found(what, f"{device} is not there", f"plug it in, or name another (there are: {names})")
    return _readable(what, path)


def _osdp(what: str, device: Path) -> Found:
    if importlib.util.find_spec("osdp_sys") is None:
        return Found(what, "the package libosdp is not installed", "pip install 'studyroom[osdp]'")
    if not device.exists():
        return Found(what, f"{device} is not there", "plug the adapter in, or correct device")
    return _readable(what, device)


def _readable(what: str, device: Path) -> Found:
    if not os.access(device, os.R_OK):
        to_do = "try it as the door's own user, or with sudo (docs/wiring.md says what that user needs)"
        return Found(what, f"{device} may not be read by you", to_do)
    return Found(what, f"{device} is there")


def _pins(desk: Desk) -> Iterator[Found]:
    """Each pin is claimed for a moment, as an input: nothing is driven, and the relay stays at rest."""
    if desk.status is not None:
        yield Found(
            "pins", "held by the running door", "stop it first, or leave --pins away: it has them all"
        )
        return
    from gpiozero import InputDevice

    from door import pins

    pins.use(desk.config.pins.factory, desk.config.door.runtime_dir)
    for use, number in desk.config.pins_in_use().items():
        try:
            InputDevice(number).close()
        except Exception as error:  # noqa: BLE001  (gpiozero, lgpio and the kernel each raise their own)
            yield Found(use, f"GPIO{number} cannot be had ({error})", "see who has it: gpioinfo")
        else:
            yield Found(use, f"GPIO{number}")


def _online(desk: Desk, held: Credentials, broker: credentials.Broker) -> Iterator[Found]:
    if desk.config.server.url is None:
        yield Found("server", "none is configured: the door goes on with what it knows")
    else:
        yield _tried("server", desk.config.server.url, lambda: _server(desk, held))
    yield _tried("broker", f"{broker.host}:{broker.port}", lambda: _reach(broker.host, broker.port))


def _tried(what: str, where: str, try_: Callable[[], str]) -> Found:
    try:
        return Found(what, f"{where} {try_()}")
    except DoorError as error:
        return Found(what, str(error), "see whether it runs, and whether the address and the keys are right")
    except OSError as error:
        why = str(error) if error.errno is None else os.strerror(error.errno)
        return Found(
            what,
            f"{where} cannot be reached ({why})",
            "see whether it runs, and whether the address is right",
        )


def _server(desk: Desk, held: Credentials) -> str:
    """The question that the door itself asks, judged by this machine's clock."""
    import time

    from door.answers import base_url
    from door.call import call
    from door.link import access_from
    from door.tls import Context, TlsSettings

    server = desk.config.server
    assert server.url is not None
    url = f"{base_url(server.url)}/api/v1/doors/{desk.config.door.name}/access"
    revision, digest = _position(desk)
    params: dict[str, str | int] = {"since": revision, "digest": digest, "n": 0}
    context = Context(TlsSettings(server.ca), lambda: int(time.time()))
    answer = call("GET", url, context=context, token=held.api_token, params=params)
    return f"answers, list revision {access_from(answer.fields).received.revision}"


def _position(desk: Desk) -> tuple[int, str]:
    """Which list the door has, so that the server does not send all of it again."""
    try:
        with desk.ledger() as ledger:
            access = ledger.access_list()
    except StoreError:
        return 0, EMPTY_DIGEST
    return access.revision, access.digest


def _reach(host: str, port: int) -> str:
    socket.create_connection((host, port), CONNECT_SECONDS).close()
    return "can be reached"
