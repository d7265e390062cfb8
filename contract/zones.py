"""Time zones by name, with words for a name that is none."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from contract.settings import suggest


class ZoneError(ValueError):
    """There is no such time zone here."""


def zone(name: str) -> ZoneInfo:
    """The time zone ``name`` (``Asia/Shanghai``); ``ZoneError`` says what may be meant or missing."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, no relative path, a folder of zones
        known = available_timezones()
    if not known:
        raise ZoneError("this machine knows no time zones; install tzdata (apt install tzdata)")
    raise ZoneError(f"there is no such time zone{suggest(name, known) or '; write it like Asia/Shanghai'}")
