"""The numbers the door decides by: one frozen record, from ``config.toml`` and the server together."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.codes import Codes
from contract.hours import Hours


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in milliseconds unless the name says otherwise."""

    door: str
    door_key: bytes = field(repr=False)
    codes: Codes = field(default_factory=Codes)

    # what the committee sets
    hours: Hours = field(default_factory=Hours)
    capacity: int = 15
    when_full: str = "allow"  # or "refuse", and then only while the count is exact
    note: str = ""
    revision: int = 0

    # the strike, the contact, the exit button
    unlock_ms: int = 5_000
    has_contact: bool = True
    held_ms: int = 30_000  # open so long: the held cue
    held_alarm_ms: int = 120_000  # open so long: the held alarm
    forced_grace_ms: int = 1_500  # opening so soon after the relock was not forced
    exit_shunt_ms: int = 10_000
    exit_unlocks: bool = True

    # typing
    silence_ms: int = 15_000
    second_pause_ms: int = 3_000
    pair_ms: int = 60_000

    # guessing
    budget_tokens: int = 10
    budget_refill_ms: int = 2 * 3_600_000
    failures_in_a_row: int = 100
    entries_in_half_an_hour: int = 4

    # time and leases
    trust_system_clock: bool = False
    search_seconds: int = 168 * 3600
    staff_search_seconds: int = 72 * 3600
    lease_seconds: int = 14 * 86_400
    list_stale_seconds: int = 86_400

    # occupancy, and the lights by it
    empty_after_ms: int = 10 * 3_600_000
    has_beams: bool = False
    beam_blocked_ms: int = 120_000  # broken for so long: the beam counts nobody
    has_motion: bool = False
    motion_silent_ms: int = 60 * 60_000
    has_lights: bool = False
    lights_off_ms: int = 5 * 60_000

    has_bell: bool = False
