"""What a small display at the door says: the time, the seats, and what to do next, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from door.panel.words import Both

TYPE: Both = ("请输入号码", "Type your code")
TWICE: Both = ("请输入号码,再输入下一个", "Type your code, then the next one")
FREE: Both = ("门开着,请进", "The door is open, please come in")
SHUT: Both = ("自习室暂停开放", "The room is closed for the moment")
LEAVE: Both = ("火警,请离开", "Fire alarm, please leave")


def display(status: Mapping[str, Any]) -> dict[str, object]:
    """``status`` as ``door status`` has it; a time that nobody vouches for is not shown."""
    state, health = status["state"], status["health"]
    now = datetime.fromtimestamp(health["at"], ZoneInfo(status["time_zone"]))
    known = health["clock"]["source"] != "none"
    return {
        "time": f"{now:%H:%M}" if known else "--:--",
        "seats": _seats(status["occupancy"]),
        "next": _next(state),
    }


def _seats(room: Mapping[str, Any]) -> Both:
    free = max(0, room["capacity"] - room["count"])
    if room["confidence"] == "exact":
        return f"还有 {free} 个座位", f"{free} seats are free"
    return f"大约还有 {free} 个座位", f"About {free} seats are free"


def _next(state: Mapping[str, Any]) -> Both:
    if "fire" in state["alarms"]:
        return LEAVE
    if state["mode"] == "open":
        return FREE
    if state["mode"] == "lockdown":
        return SHUT
    double = state["lockout"] or {"clock-untrusted", "store-failed"} & set(state["alarms"])
    return TWICE if double else TYPE
