"""What to do about each alarm, in words for whoever stands before it at night."""

from __future__ import annotations

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "held": "close the door; if it is closed, look at the contact's magnet",
    "forced": "look at the door, then type: door audit --since 2h",
    "tamper": "look at the housing of the Pi and of the keypad",
    "lockout": "nothing: two codes in a row open, and it ends by itself",
    "fire": "get everybody out; the door is free until the alarm ends",
    "store-failed": "look at the disk: df -h; then journalctl -u door. Members come in with two codes",
    "keypad-lost": "look at its plug and wires, then type: door check; meanwhile: door unlock",
    "keypad-stuck": "free the key",
    "clock-untrusted": "type: door clock; if a watch says what time it is: door clock --trust",
    "clock-disagrees": "type: door clock; it says which source is off",
    "list-stale": "look at the link and the server: door check --online",
    "audit-fork": "an older image of the card was put in; nothing to do but to know why",
    "power-failed": "the mains has failed and a battery holds the door: look at the breaker",
    "beam-blocked": "clear the doorway, wipe both lenses; then say how many are in: door count N",
    "display-lost": "look at its plug; `door check` says whether it answers",
    "undervoltage": "give the Pi a better supply, and the lock one of its own",
}


def advice(alarm: str) -> str:
    """What to do; an alarm of a newer door is looked up in its documents."""
    return ADVICE.get(alarm, "see docs/operations.md")
