"""What host and guest can tell of how it came about; for the message of an assertion."""

from __future__ import annotations

from tests.rig.guest import GREEN, RED, RELAY, Guest

ASKED = (
    "cat /proc/uptime",
    "door status --json",
    "door audit --json",
    "journalctl -u door --no-pager -n 200",
    "tail -n 2000 /sys/kernel/debug/wires/log",
)


def evidence(guest: Guest) -> str:
    """The lamp, the relay and the console as the host has them, and what a guest still answers."""
    shown = {line: guest.relay(line)[-1] for line in (RELAY, RED, GREEN)}
    told = [f"shown: {shown}", f"console: {guest.console[-4000:]}"]
    try:
        told += [f"{question}: {guest.tried(question, 30)}" for question in ASKED]
    except (AssertionError, OSError) as error:
        told.append(f"the guest answers no more: {error!r}")
    return "\n".join(told)
