"""What the server says of codes and rules, checked as a file would be; what it leaves out, the file says.

The server may be newer, or broken: unknown keys are passed over, a wrong value refuses the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from contract.codes import WINDOWS, Codes, Kind, Window
from contract.hours import Hours, HoursError, parse
from contract.messages import MAX_N
from contract.settings import Fault, SettingsError, fill, option
from contract.zones import ZoneError, zone
from door.errors import ConfigError

if TYPE_CHECKING:
    from door.config import Config

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """At most three steps are ever acceptable, so that a window neither costs time nor invites guessing."""

    step: int = option(least=10, most=86_400)
    skew: int = option(least=0, most=86_400)
    grace: int = option(least=0, most=86_400)

    def faults(self) -> Iterator[Fault]:
        """A skew and a grace longer together than a step."""
        if self.skew + self.grace > self.step:
            text = f"skew and grace together must be at most a step ({self.step} s)"
            yield Fault("grace", text, also=("skew", "step"))


@dataclass(frozen=True, slots=True)
class CodeTerms:
    """``codes`` of an answer of the server."""

    digits: int = option(least=6, most=8)
    member_digits: int = option(least=3, most=6)
    bundle: int = option(least=10, most=1800)  # a code proves the time to within this (PROTOCOL §1)
    paper_uses: int = option(least=1, most=100)
    time_zone: str = option()
    room: str = option(pattern=".{1,60}", form="1 to 60 characters")
    windows: Mapping[str, WindowTerms] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """What no door can follow: a zone it does not know, a bundle below a step, another day for paper."""
        try:
            zone(self.time_zone)
        except ZoneError as error:
            yield Fault("time_zone", str(error))
        if self.bundle < self.in_force[Kind.PHONE].step:
            yield Fault("bundle", "must be at least one step of phone", also=("windows.phone",))
        if self.in_force[Kind.PAPER].step != WINDOWS[Kind.PAPER].step:
            yield Fault("windows.paper.step", "must be a day (86400)")

    @property
    def in_force(self) -> dict[Kind, Window]:
        """The window of each kind; kinds of a newer server are passed over."""
        told = {Kind(name): Window(**asdict(w)) for name, w in self.windows.items() if name in tuple(WINDOWS)}
        return {**WINDOWS, **told}


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """``rules`` of an answer of the server."""

    capacity: int = option(least=1, most=1000)
    when_full: Literal["allow", "refuse"] = option()
    note: str = option(pattern="(?s).{0,2000}", form="at most 2000 characters", lines=True)
    hours: Mapping[str, tuple[str, ...]] = option()
    holidays: Mapping[str, tuple[str, ...]] = option()
    revision: int = option(0, least=0, most=MAX_N)

    def faults(self) -> Iterator[Fault]:
        """Hours that are none."""
        try:
            self.opening()
        except HoursError as error:
            yield Fault("hours", str(error), also=("holidays",))

    def opening(self) -> Hours:
        """The opening hours and holidays."""
        return parse(self.hours, self.holidays)


def codes_in_force(config: Config, told: object) -> Codes:
    """The form of the codes; ``ConfigError`` when what the server told is none."""
    room, form = config.room, config.codes
    base: dict[str, object] = {**asdict(form), "time_zone": room.time_zone, "room": room.name}
    base["bundle"] = Codes().bundle_seconds
    terms = _filled(CodeTerms, base, told, "codes")
    return Codes(
        digits=terms.digits,
        member_digits=terms.member_digits,
        windows=terms.in_force,
        bundle_seconds=terms.bundle,
        paper_uses=terms.paper_uses,
        time_zone=zone(terms.time_zone),
        room=terms.room,
    )


def rules_in_force(config: Config, told: object) -> RuleTerms:
    """The committee's rules; ``ConfigError`` when what the server told is none."""
    return _filled(RuleTerms, asdict(config.room), told, "rules")


def _filled(cls: type[T], base: Mapping[str, object], told: object, what: str) -> T:
    name = f"what the server says of {what}"
    if not isinstance(told, Mapping):
        raise ConfigError(f"{name} must be a JSON object")
    given = {key: value for key, value in told.items() if value is not None}
    try:
        return fill(cls, {**base, **given}, name=name, strict=False)
    except SettingsError as error:
        raise ConfigError(str(error)) from error
