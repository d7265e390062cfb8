"""``[[notify]]`` of ``roomserver.toml``: who is told of alarms, in which way, and when not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from contract.settings import Fault, option

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


class Event(StrEnum):
    """What somebody is told of: a row or an alarm of a door by its own word, its silence, or its records."""

    FIRE = "fire"
    FORCED = "forced"
    TAMPER = "tamper"
    HELD = "held"
    LOCKOUT = "lockout"
    BELL = "bell"
    STORE_FAILED = "store-failed"
    OFFLINE = "offline"
    RECORDS = "records"


LASTING = frozenset(
    {Event.FIRE, Event.TAMPER, Event.HELD, Event.LOCKOUT, Event.STORE_FAILED, Event.OFFLINE}
)  # they end some time, and that is told too


def over(event: str) -> str:
    """The word for its end."""
    return f"{event}-ended"


@dataclass(frozen=True, slots=True)
class Way:
    """Somebody who is told of alarms, a [[notify]] for each. After a change: roomserver notify test"""

    name: str = option(pattern=r"[a-z0-9-]{1,32}", form="1 to 32 of a-z, 0-9 and -", doc="What you call it.")
    kind: Literal["email", "webhook", "wecom", "dingtalk"] = option(
        "email", doc="email; webhook: JSON to any program; wecom, dingtalk: a robot in a group chat."
    )
    url: str = option(
        "",
        pattern=r"(https?://[^\s#]+)?",
        form="an address that begins with https://",
        secret=True,
        doc="Of a webhook or robot, with its key; or leave it empty and use url_file.",
    )
    url_file: Path | None = option(None, example="wecom-url", doc="A file with that address.")
    secret: str = option(
        "",
        secret=True,
        doc="The mail account's password, DingTalk's SEC…, or a key that signs a webhook; or secret_file.",
    )
    secret_file: Path | None = option(None, example="mail-password", doc="A file with that secret.")
    host: str = option("", doc="The mail server.")
    port: int = option(465, least=1, most=65535, doc="Its port: 465 with tls, 587 with starttls.")
    security: Literal["tls", "starttls", "none"] = option(
        "tls",
        doc="How the mail server is spoken to; none: only on this machine or in a network of one's own.",
    )
    username: str = option("", doc="The mail account; empty: without one.")
    sender: str = option(
        "", pattern=r"([\w.+-]+@[\w.-]+)?", form="an address such as room@example.org", doc="Who writes."
    )
    to: tuple[str, ...] = option(
        (),
        pattern=r"[\w.+-]+@[\w.-]+",
        form="an address such as committee@example.org",
        doc="Who is written to.",
        example=["committee@example.org"],
    )
    language: Literal["both", "zh", "en"] = option("both", doc="both: Chinese first.")
    events: tuple[Event, ...] = option(tuple(Event), doc="What is told.")
    urgent: tuple[Event, ...] = option(
        (Event.FIRE, Event.FORCED, Event.TAMPER), doc="What is told in quiet hours, too."
    )
    quiet: str = option(
        "22:00-07:00",
        pattern=rf"({_CLOCK}-{_CLOCK})?",
        form='hours such as 22:00-07:00, or ""',
        doc='When the rest waits (local time), or "" for never.',
    )
    gather_minutes: int = option(
        10, least=1, most=1440, doc="The same of the same door is told again after so long, with a count."
    )
    timeout_seconds: int = option(10, least=1, most=60, doc="How long an answer may take.")

    def faults(self) -> Iterator[Fault]:
        """A way that leads nowhere; a secret given twice; hours that are none."""
        for key in ("url", "secret"):
            if getattr(self, key) and getattr(self, f"{key}_file"):
                yield Fault(f"{key}_file", f"give either {key} or {key}_file", also=(key,))
        if self.kind == "email":
            lacking = [key for key in ("host", "sender", "to") if not getattr(self, key)]
            if lacking:
                yield Fault("kind", f"email needs {' and '.join(lacking)}", also=tuple(lacking))
        elif not (self.url or self.url_file):
            yield Fault("kind", f"{self.kind} needs url or url_file", also=("url",))


EXAMPLE = Way("office", host="smtp.example.org", sender="room@example.org", to=("committee@example.org",))


def faults(ways: Sequence[Way]) -> Iterator[Fault]:
    """Two ways of one name."""
    names = [way.name for way in ways]
    for n, name in enumerate(names, 1):
        if name in names[: n - 1]:
            yield Fault(f"notify[{n}].name", f"{name} is already notify[{names.index(name) + 1}]")
