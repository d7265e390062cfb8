"""The door's configuration, whole: loaded with every fault at once, and made into the rules in force.

``config.toml`` speaks for a door without a server; of codes and rules the server's word holds (PROTOCOL §3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from contract.settings import Fault, SettingsError, read
from door import credentials as credentials_file
from door import pins, tables
from door.attachments import Beams, Bell, Display, Fire, Lights, Motion, PowerFail, Tamper, Voice
from door.credentials import Broker, Credentials
from door.errors import ConfigError
from door.fittings import Contact, ExitButton, Indicator, Keypad, Lock, Pins
from door.rules import Rules
from door.tables import Access, Audit, Budget, Clock, CodeForm, Door, Mqtt, Occupancy, Room, Server
from door.terms import codes_in_force, rules_in_force

_FITTED_PINS: Mapping[str, tuple[str, ...]] = {
    "contact": ("pin",),
    "exit_button": ("pin",),
    "beams": ("outer", "inner"),
    "motion": ("pin",),
    "tamper": ("pin",),
    "fire": ("pin",),
    "power_fail": ("pin",),
    "lights": ("pin",),
    "bell": ("chime",),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of the door. Every key has its default here; what is left out stays so.

    After a change: `door check`, then `systemctl reload door`. A faulty file changes nothing.
    """

    door: Door = field(default_factory=Door)
    server: Server = field(default_factory=Server)
    mqtt: Mqtt = field(default_factory=Mqtt)
    pins: Pins = field(default_factory=Pins)
    lock: Lock = field(default_factory=Lock)
    contact: Contact = field(default_factory=Contact)
    exit_button: ExitButton = field(default_factory=ExitButton)
    keypads: tuple[Keypad, ...] = (Keypad(),)
    indicator: Indicator = field(default_factory=Indicator)
    beams: Beams = field(default_factory=Beams)
    motion: Motion = field(default_factory=Motion)
    tamper: Tamper = field(default_factory=Tamper)
    fire: Fire = field(default_factory=Fire)
    power_fail: PowerFail = field(default_factory=PowerFail)
    lights: Lights = field(default_factory=Lights)
    bell: Bell = field(default_factory=Bell)
    voice: Voice = field(default_factory=Voice)
    display: Display = field(default_factory=Display)
    room: Room = field(default_factory=Room)
    codes: CodeForm = field(default_factory=CodeForm)
    budget: Budget = field(default_factory=Budget)
    clock: Clock = field(default_factory=Clock)
    access: Access = field(default_factory=Access)
    occupancy: Occupancy = field(default_factory=Occupancy)
    audit: Audit = field(default_factory=Audit)

    @property
    def socket(self) -> Path:
        """Where the command line finds the running door."""
        return self.door.socket or self.door.runtime_dir / "control.sock"

    def pins_in_use(self) -> dict[str, int]:
        """The GPIO number of each key that drives or reads one."""
        found: dict[str, int | None] = {"lock.pin": self.lock.pin}
        for n, keypad in enumerate(self.keypads, 1):
            found |= {f"keypads[{n}].{key}": pin for key, pin in keypad.pins().items()}
        if self.indicator.kind == "pins":
            lights = ("red", "green", "blue", "buzzer")
            found |= {f"indicator.{light}": getattr(self.indicator, light) for light in lights}
        for table, keys in _FITTED_PINS.items():
            fitted = getattr(self, table)
            if fitted.fitted:
                found |= {f"{table}.{key}": getattr(fitted, key) for key in keys}
        return {key: pin for key, pin in found.items() if pin is not None}

    def faults(self) -> Iterator[Fault]:
        """What no table can tell alone."""
        yield from self._pin_faults()
        yield from self._keypad_faults()
        if fault := credentials_file.exposed(self.door.credentials):
            yield Fault("door.credentials", fault)

    def _pin_faults(self) -> Iterator[Fault]:
        uses = self.pins_in_use()
        for text in pins.faults(uses):
            key, _, what = text.partition(": ")
            yield Fault(key, what, also=tuple(other for other in uses if what.endswith(f" {other}")))

    def _keypad_faults(self) -> Iterator[Fault]:
        names: dict[str, str] = {}
        devices: dict[str, str] = {}
        kinds = [keypad.kind for keypad in self.keypads]
        for n, keypad in enumerate(self.keypads, 1):
            key = f"keypads[{n}].name"
            if keypad.name in names:
                first = names[keypad.name]
                yield Fault(key, f'"{keypad.name}" is already {first}: give it another', also=(first,))
            names.setdefault(keypad.name, key)
            if keypad.kind in ("usb", "osdp") and keypad.device is not None:
                first = devices.setdefault(keypad.device, f"keypads[{n}].device")
                if first != f"keypads[{n}].device":
                    yield Fault(
                        f"keypads[{n}].device", f"is already {first}: give each its own", also=(first,)
                    )
            if keypad.kind == "terminal" and "terminal" in kinds[: n - 1]:
                yield Fault(
                    f"keypads[{n}].kind", "there is one terminal, and it is taken: choose another kind"
                )


def load(path: Path) -> Config:
    """The configuration at ``path``; ``ConfigError`` tells all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except PermissionError:
        raise ConfigError(f"{path} may not be read by you: try it with sudo") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}; put the file there, or name it: door --config FILE …"
        ) from None
    except ValueError:
        raise ConfigError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    try:
        return read(Config, text, name=str(path))
    except SettingsError as error:
        raise ConfigError(str(error)) from error


def broker(config: Config, credentials: Credentials) -> Broker:
    """The broker as enrolling told it, with what ``[mqtt]`` says instead.

    ``ConfigError`` when its CA cannot be read, and for plain MQTT to another machine.
    """
    own = config.mqtt
    given = {key: getattr(own, key) for key in ("host", "port", "username", "password", "tls")}
    if own.ca is not None:
        given["ca"] = _pem(own.ca)
    found = replace(credentials.mqtt, **{key: value for key, value in given.items() if value is not None})
    if not found.tls and not tables.is_loopback(found.host):
        raise ConfigError(
            f"mqtt: {found.host} is another machine, and without TLS the password and every member number "
            "would pass in the clear; give the broker a certificate and set mqtt.tls = true"
        )
    return found


def rules(config: Config, credentials: Credentials, server: Mapping[str, object] | None = None) -> Rules:
    """What the door decides by; ``server`` is the latest ``{"codes": …, "rules": …}`` told, either may lack.

    What it lacks comes from enrolling, and what that lacks from the file. ``ConfigError`` when the server's
    values are no codes or rules: keep the rules in force then.
    """
    if credentials.door != config.door.name:
        raise ConfigError(
            f"the credentials are those of door {credentials.door}, but door.name is {config.door.name}; "
            "correct door.name, or enroll again"
        )
    told = {"codes": credentials.codes, "rules": credentials.rules, **(server or {})}
    codes, room = codes_in_force(config, told["codes"]), rules_in_force(config, told["rules"])
    return Rules(
        door=config.door.name,
        door_key=credentials.door_key,
        codes=codes,
        hours=room.opening(),
        capacity=room.capacity,
        when_full=room.when_full,
        note=room.note,
        revision=room.revision,
        unlock_ms=config.lock.unlock_seconds * 1000,
        has_contact=config.contact.fitted,
        held_ms=config.contact.held_seconds * 1000,
        held_alarm_ms=config.contact.held_alarm_seconds * 1000,
        forced_grace_ms=config.contact.forced_grace_ms,
        exit_shunt_ms=config.exit_button.shunt_seconds * 1000,
        exit_unlocks=config.exit_button.unlocks,
        budget_tokens=config.budget.tokens,
        budget_refill_ms=config.budget.refill_hours * 3_600_000,
        trust_system_clock=config.clock.trust == "system",
        search_seconds=config.clock.search_hours * 3600,
        staff_search_seconds=config.clock.staff_search_hours * 3600,
        lease_seconds=config.access.lease_days * 86_400,
        list_stale_seconds=config.access.list_stale_hours * 3600,
        empty_after_ms=config.occupancy.empty_after_hours * 3_600_000,
        has_beams=config.beams.fitted,
        beam_blocked_ms=config.beams.blocked_seconds * 1000,
        has_motion=config.motion.fitted,
        motion_silent_ms=config.motion.silent_minutes * 60_000,
        has_lights=config.lights.fitted,
        lights_off_ms=config.lights.off_minutes * 60_000,
        has_bell=config.bell.fitted,
    )


def _pem(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(f"mqtt.ca: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"mqtt.ca: {path} is not a PEM file") from None
