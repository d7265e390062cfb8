"""What a small display at the door says: the time, the seats, and what to do next, in both languages.

It hangs where everybody sees it: seats are told in a word, and one inside looks as none (DESIGN §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from door.panel.words import Both

TYPE: Both = ("请输入号码", "Type your code")
TWICE: Both = ("请连续输入两个号码", "Type two codes in a row")
FREE: Both = ("门开着,请进", "Open, please come in")
SHUT: Both = ("自习室暂停开放", "Closed for the moment")
LEAVE: Both = ("火警,请离开", "Fire, please leave")

PLENTY: Both = ("座位很多", "Plenty of seats")
SOME: Both = ("还有一些座位", "Some seats are free")
FEW: Both = ("座位不多了", "Few seats are left")
FULL: Both = ("可能已经坐满", "Probably full")
UNKNOWN: Both = ("座位不清楚", "Seats not known")


def display(status: Mapping[str, Any]) -> dict[str, object]:
    """``status`` as ``door status`` has it; a time that nobody vouches for is not shown."""
    health = status["health"]
    now = datetime.fromtimestamp(health["at"], ZoneInfo(status["time_zone"]))
    known = health["clock"]["source"] != "none"
    return {
        "time": f"{now:%H:%M}" if known else "--:--",
        "seats": seats(status["occupancy"]),
        "next": _next(status["state"], known=known),
    }


def seats(room: Mapping[str, Any]) -> Both:
    """Free seats in a word."""
    if room["confidence"] == "unknown":
        return UNKNOWN
    free = room["capacity"] - max(room["count"], 1)
    if free <= 0:
        return FULL
    if 5 * free <= room["capacity"]:
        return FEW
    return SOME if 2 * free <= room["capacity"] else PLENTY


def _next(state: Mapping[str, Any], *, known: bool) -> Both:
    if "fire" in state["alarms"]:
        return LEAVE
    if state["mode"] != "normal":
        return FREE if state["mode"] == "open" else SHUT
    return TYPE if known and not state["lockout"] and "store-failed" not in state["alarms"] else TWICE
