"""The tables of ``config.toml`` about the door's surroundings and its rules (the hardware: ``fittings.py``).

``config.toml`` itself is written from these (``contract.sample``); ``config.py`` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from contract.hours import HoursError, parse
from contract.messages import DOOR_NAME
from contract.settings import Fault, option
from contract.zones import ZoneError, zone


@dataclass(frozen=True, slots=True)
class Door:
    """The door itself."""

    name: str = option(
        "study-room",
        pattern=DOOR_NAME.pattern,
        form="1 to 32 of a-z, 0-9 and -",
        doc="The name it was added under at the server. Codes are made for it: a new name means new codes.",
    )
    state_dir: Path = option(Path("/var/lib/door"), doc="Where the database lives.")
    runtime_dir: Path = option(Path("/run/door"), doc="What lives only while the door runs.")
    socket: Path | None = option(
        None,
        doc="Where the command line finds the running door; left out: control.sock in runtime_dir.",
        example="/run/door/control.sock",
    )
    credentials: Path = option(
        Path("/etc/studyroom/door.json"),
        doc="What `door enroll` writes: keys, so readable by its owner alone (mode 0600).",
    )


@dataclass(frozen=True, slots=True)
class Server:
    """The server that issues the codes. Without one the door goes on with what it knows."""

    url: str | None = option(
        None, doc="https://, or http:// on this machine only.", example="https://room.example.org"
    )
    ca: Path | None = option(
        None,
        doc="Authority (PEM) that signed the server's certificate, if it is not a public one.",
        example="/etc/studyroom/ca.pem",
    )
    poll_seconds: int = option(
        60, least=10, most=3600, doc="How often to ask for the access list; the broker's hint comes sooner."
    )

    def faults(self) -> Iterator[Fault]:
        """A URL that would carry the token in the clear. It is not quoted: people write passwords in URLs."""
        if self.url is not None and (text := _url_fault(self.url)):
            yield Fault("url", text)


@dataclass(frozen=True, slots=True)
class Mqtt:
    """The broker. Enrolling tells all of this; a key given here wins over what it told."""

    host: str | None = option(
        None, pattern=r"[!-~]{1,253}", form="a host name or address", doc="Its address.", example="localhost"
    )
    port: int | None = option(None, least=1, most=65535, doc="8883 with TLS, or 1883.", example=8883)
    username: str | None = option(None, doc="The door's account.", example="door-study-room")
    password: str | None = option(None, secret=True, doc="Better left to the credentials.", example="")
    tls: bool | None = option(None, doc="false only for a broker on this machine.", example=True)
    ca: Path | None = option(
        None, doc="Authority (PEM) of the broker's certificate.", example="/etc/studyroom/ca.pem"
    )


@dataclass(frozen=True, slots=True)
class Room:
    """The room. With a server the committee sets these there, and what it says holds."""

    name: str = option("study room", pattern=".{1,60}", form="1 to 60 characters", doc="What people call it.")
    time_zone: str = option("Asia/Shanghai", doc="Where it is; paper codes change at its midnight.")
    capacity: int = option(15, least=1, most=1000, doc="Seats.")
    when_full: Literal["allow", "refuse"] = option(
        "allow", doc="refuse: no entry while full, and then only while the count is exact; never for staff."
    )
    note: str = option("", pattern=".{0,500}", form="at most 500 characters", doc="A word to members.")
    hours: Mapping[str, tuple[str, ...]] = option(
        factory=dict,
        doc="Opening hours by weekday; a day left out is open all day, [] is closed.",
        example={"sat": ["08:00-12:00", "13:00-22:00"], "sun": []},
    )
    holidays: Mapping[str, tuple[str, ...]] = option(
        factory=dict, doc="Dates that differ from their weekday.", example={"2026-10-01": []}
    )

    def faults(self) -> Iterator[Fault]:
        """Each day and date that is none, and a time zone that nobody knows."""
        try:
            zone(self.time_zone)
        except ZoneError as error:
            yield Fault("time_zone", str(error))
        for day, spans in self.hours.items():
            yield from _hours_fault("hours", {day: spans}, {})
        for date, spans in self.holidays.items():
            yield from _hours_fault("holidays", {}, {date: spans})


@dataclass(frozen=True, slots=True)
class CodeForm:
    """The form of the codes. With a server it sets these too."""

    digits: int = option(6, least=6, most=8, doc="Digits of a code, after the member number.")
    member_digits: int = option(4, least=3, most=6, doc="Digits of a member number.")
    paper_uses: int = option(10, least=1, most=100, doc="How often the code of a paper sheet opens in a day.")


@dataclass(frozen=True, slots=True)
class Budget:
    """Wrong guesses. When they are spent the door asks for two codes in a row."""

    tokens: int = option(10, least=1, most=100, doc="Wrong guesses in store.")
    refill_hours: int = option(2, least=1, most=168, doc="Running time after which one more is allowed.")


@dataclass(frozen=True, slots=True)
class Clock:
    """Time. A Pi has no battery clock: how much its system clock is believed."""

    trust: Literal["none", "system"] = option(
        "none", doc="none: only if NTP or a clock chip holds it. system: as it is (for a machine that knows)."
    )
    search_hours: int = option(
        168, least=1, most=336, doc="How far a double code may lie from known past when the time is unsure."
    )
    staff_search_hours: int = option(72, least=1, most=336, doc="The same for codes of staff.")


@dataclass(frozen=True, slots=True)
class Access:
    """What holds without a server's answer."""

    lease_days: int = option(
        14, least=1, most=90, doc="So long staff, paper and card still open after the last answer."
    )
    list_stale_hours: int = option(24, least=1, most=720, doc="So long without an answer raises an alarm.")


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is in."""

    empty_after_hours: int = option(
        10, least=1, most=72, doc="A door untouched for so long: nobody is in (a motion sensor knows sooner)."
    )


@dataclass(frozen=True, slots=True)
class Audit:
    """What is kept at the door."""

    retention_days: int = option(90, least=1, most=180, doc="Rows the server has are deleted after this.")


def _hours_fault(key: str, hours: Mapping[str, object], holidays: Mapping[str, object]) -> Iterator[Fault]:
    try:
        parse(hours, holidays)
    except HoursError as error:
        yield Fault(key, str(error))


def _url_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be a URL such as https://room.example.org"
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        return "must be a URL such as https://room.example.org"
    if parts.username is not None or parts.password is not None:
        return "must not have a user name or password in it; `door enroll` gets the door a token"
    if parts.scheme == "http" and not is_loopback(host):
        return "must begin with https://; plain http:// is for a server on this machine (127.0.0.1)"
    return None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, so that nothing said to it passes a wire."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
