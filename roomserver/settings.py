"""``roomserver.toml``: what the administrator may set, and the file ``roomserver init`` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from contract.codes import Codes
from contract.hours import HoursError
from contract.hours import parse as parse_hours
from contract.settings import Fault, option
from contract.zones import ZoneError, zone
from roomserver.notify import settings as notify_settings
from roomserver.notify.settings import Way
from roomserver.room.notices import Notices


@dataclass(frozen=True, slots=True)
class Http:
    """Where doors and browsers reach the server."""

    host: str = option("127.0.0.1", doc="Address to listen on; a door on another machine needs TLS.")
    port: int = option(8000, least=1, most=65535, doc="Port to listen on.")
    certificate: Path | None = option(
        None, example="server.pem", doc="PEM file with the certificate chain; with it the server speaks TLS."
    )
    private_key: Path | None = option(None, example="server.key", doc="PEM file with the certificate's key.")
    public_url: str = option(
        "",
        pattern=r"(https?://[^/\s?#@]+/?)?",
        form="an address such as https://room.example",
        doc="Where browsers find the pages, as in https://room.example; empty: at host and port.",
    )

    def faults(self) -> Iterator[Fault]:
        """A certificate without its key, or the other way round."""
        if (self.certificate is None) != (self.private_key is None):
            yield Fault("certificate", "goes with private_key: give both or neither", also=("private_key",))


@dataclass(frozen=True, slots=True)
class Mqtt:
    """The broker: the embedded one on loopback, or any other by host and port."""

    broker: Literal["embedded", "external"] = option(
        "embedded", doc="The embedded broker serves one door on this machine; else an external one."
    )
    host: str = option("127.0.0.1", doc="The broker's address as this server reaches it.")
    port: int = option(1883, least=1, most=65535, doc="The broker's port.")
    username: str = option("roomserver", doc="This server's user at an external broker.")
    password: str = option("", secret=True, doc="Its password; or leave it empty and use password_file.")
    password_file: Path | None = option(
        None, example="mqtt-password", doc="A file with that password, such as a systemd credential."
    )
    tls: bool = option(False, doc="Whether the external broker speaks TLS.")
    ca_file: Path | None = option(
        None, example="broker-ca.pem", doc="PEM file of the broker's authority, if it is not a public one."
    )
    door_host: str = option("", doc="The broker's address as doors reach it; empty: the same as host.")

    def faults(self) -> Iterator[Fault]:
        """Two passwords; TLS at a broker that has none; an embedded broker anywhere but on loopback."""
        yield from _given_twice(self, "password")
        if self.broker == "embedded" and self.tls:
            yield Fault("tls", "the embedded broker stays on this machine and has no TLS", also=("broker",))
        if self.broker == "embedded" and self.host not in ("127.0.0.1", "::1", "localhost"):
            yield Fault(
                "host", "the embedded broker has no topic rights, so it listens on loopback only: 127.0.0.1"
            )


@dataclass(frozen=True, slots=True)
class CodeForm:
    """The form of the codes; doors follow it. What ``terms.FIXED`` names stays once there are members."""

    digits: int = option(
        6,
        least=6,
        most=8,
        doc="Digits of a one-time code, after the member number; fixed once there are members.",
    )
    member_digits: int = option(
        4, least=3, most=6, doc="Digits of a member number; fixed once there are members."
    )
    paper_uses: int = option(10, least=1, most=100, doc="How often the code of a paper sheet opens in a day.")
    time_zone: str = option(
        "Asia/Shanghai",
        doc="The door's time zone: when a paper code's day begins; fixed once there are members.",
    )
    room: str = option(
        "study room", pattern=".{1,60}", form="a name of 1 to 60 characters", doc="The room's name."
    )

    def faults(self) -> Iterator[Fault]:
        """A time zone nobody knows."""
        try:
            zone(self.time_zone)
        except ZoneError as error:
            yield Fault("time_zone", str(error))

    def codes(self) -> Codes:
        """The form as ``contract.codes`` takes it."""
        return Codes(
            digits=self.digits,
            member_digits=self.member_digits,
            paper_uses=self.paper_uses,
            time_zone=zone(self.time_zone),
            room=self.room,
        )


@dataclass(frozen=True, slots=True)
class RoomRules:
    """The committee's rules; doors follow them."""

    capacity: int = option(
        15, least=1, most=1000, doc="Seats. All of these hold until the committee saves its own on its page."
    )
    when_full: Literal["allow", "refuse"] = option(
        "allow", doc="refuse: no entry while the exact count is full."
    )
    note: str = option("", doc="A line for the door's page, such as why the room is closed.")
    hours: Mapping[str, tuple[str, ...]] = option(
        factory=dict,
        doc="Opening hours by weekday; a day left out is open all day, [] is closed.",
        example={"sat": ["08:00-12:00", "13:00-22:00"], "sun": []},
    )
    holidays: Mapping[str, tuple[str, ...]] = option(
        factory=dict, doc="Dates that differ from their weekday.", example={"2026-10-01": []}
    )

    def faults(self) -> Iterator[Fault]:
        """Hours that are none."""
        try:
            parse_hours(self.hours, self.holidays)
        except HoursError as error:
            yield Fault("hours", str(error), also=("holidays",))

    def as_json(self) -> dict[str, object]:
        """The rules as they travel."""
        return {
            "hours": {day: list(spans) for day, spans in self.hours.items()},
            "holidays": {day: list(spans) for day, spans in self.holidays.items()},
            "capacity": self.capacity,
            "when_full": self.when_full,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Identity:
    """Who says that a name and an identity number belong together, and from what age."""

    provider: Literal["committee", "demo", "tencent", "aliyun"] = option(
        "committee",
        doc="committee: a volunteer looks at the paper; tencent and aliyun: their paid service; "
        "demo: believes everybody.",
    )
    least_age: int = option(
        14, least=0, most=120, doc="Members are at least so old, in years, by their identity number."
    )
    checks_a_day: int = option(
        200, least=1, most=100_000, doc="At most so many questions to a paid service in 24 h, then it waits."
    )
    key_id: str = option(
        "", doc="The SecretId (tencent) or AccessKeyId (aliyun) of an account for this alone."
    )
    key_secret: str = option("", secret=True, doc="Its secret; or leave it empty and use key_secret_file.")
    key_secret_file: Path | None = option(
        None, example="identity-secret", doc="A file with that secret, such as a systemd credential."
    )
    endpoint: str = option(
        "", pattern=r"(https?://[^/\s?#@]+)?", form="an address such as https://faceid.tencentcloudapi.com",
        doc="Another address of the service, such as a proxy's; empty: its own.",
    )  # fmt: skip
    timeout_seconds: int = option(8, least=1, most=60, doc="How long an answer of the service may take.")

    def faults(self) -> Iterator[Fault]:
        """A paid service without its key; a key given twice."""
        yield from _given_twice(self, "key_secret")
        paid = self.provider in ("tencent", "aliyun")
        if paid and not (self.key_id and (self.key_secret or self.key_secret_file)):
            yield Fault("provider", f"{self.provider} needs key_id and key_secret", also=("key_id",))


@dataclass(frozen=True, slots=True)
class Wechat:
    """The mini program through which members come from WeChat."""

    app_id: str = option("", doc="The mini program's AppID; empty: there is none.")
    secret: str = option("", secret=True, doc="Its AppSecret; or leave it empty and use secret_file.")
    secret_file: Path | None = option(
        None, example="wechat-secret", doc="A file with that secret, such as a systemd credential."
    )
    endpoint: str = option(
        "https://api.weixin.qq.com", pattern=r"https?://[^/\s?#@]+", form="an address without a path",
        doc="Where WeChat answers.",
    )  # fmt: skip
    timeout_seconds: int = option(5, least=1, most=60, doc="How long WeChat's answer may take.")
    verification: Mapping[str, str] = option(
        factory=dict,
        doc="The file WeChat wants at the root of the domain: its name and what is in it.",
        example={"MP_verify_AbCdEfGh12345678.txt": "AbCdEfGh12345678"},
    )

    def faults(self) -> Iterator[Fault]:
        """A program without its secret; a secret given twice; a file that is no verification file."""
        yield from _given_twice(self, "secret")
        if self.app_id and not (self.secret or self.secret_file):
            yield Fault("app_id", "needs secret or secret_file", also=("secret",))
        for name in self.verification:
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}\.txt", name):
                yield Fault("verification", "the name of the file is letters, digits, _ and -, then .txt")


@dataclass(frozen=True, slots=True)
class Audit:
    """What is kept here."""

    retention_days: int = option(
        180,
        least=7,
        most=180,
        doc="Rows, commands and what the committee did are deleted after this; counts by the hour stay.",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What the room server may be told. Paths start from the folder of this file."""

    database: str = option(
        "",
        secret=True,
        doc="postgresql://USER:PASSWORD@HOST/NAME; empty: SQLite, in roomserver.db beside this file.",
    )
    key_file: Path = option(
        Path("roomserver.key"), doc="The key that door keys are sealed with. Back it up apart."
    )
    http: Http = field(default_factory=Http)
    mqtt: Mqtt = field(default_factory=Mqtt)
    codes: CodeForm = field(default_factory=CodeForm)
    rules: RoomRules = field(default_factory=RoomRules)
    identity: Identity = field(default_factory=Identity)
    wechat: Wechat = field(default_factory=Wechat)
    notices: Notices = field(default_factory=Notices)
    audit: Audit = field(default_factory=Audit)
    notify: tuple[Way, ...] = option((), example=(notify_settings.EXAMPLE,), doc="Who is told of alarms.")

    def faults(self) -> Iterator[Fault]:
        """Ways to notify that cannot be told apart."""
        yield from notify_settings.faults(self.notify)


def _given_twice(table: object, key: str) -> Iterator[Fault]:
    """A secret that stands in the file itself and in a file of its own."""
    beside = f"{key}_file"
    if getattr(table, key) and getattr(table, beside):
        yield Fault(beside, f"give either {key} or {beside}", also=(key,))
