"""The doors that are walked past, and who lives behind them."""

from __future__ import annotations

from dataclasses import replace

from house import KEY

from contract.access import AccessRecord
from contract.codes import Kind
from contract.hours import Hours
from door.rules import Rules

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

DEFAULT = Rules("yuexin", KEY, search_seconds=3600, staff_search_seconds=1800)
TIGHT = replace(
    DEFAULT,
    budget_tokens=3,
    budget_refill_ms=11 * MINUTE_MS,
    failures_in_a_row=4,
    entries_in_half_an_hour=2,
    lease_seconds=5400,
    list_stale_seconds=2700,
    empty_after_ms=50 * MINUTE_MS,
    capacity=3,
    when_full="refuse",
    codes=replace(DEFAULT.codes, paper_uses=2),
)
MORNING = Hours(week=((((8 * 60, 22 * 60),)),) * 7)
DOORS = (
    TIGHT,
    replace(TIGHT, has_contact=False, search_seconds=DEFAULT.search_seconds),
    DEFAULT,
    replace(TIGHT, exit_unlocks=False, hours=MORNING, trust_system_clock=True, failures_in_a_row=2),
    replace(TIGHT, has_beams=True, has_motion=True, has_lights=True, has_bell=True),
    replace(TIGHT, has_motion=True, motion_silent_ms=20 * MINUTE_MS, has_lights=True),
)
CAST = (
    AccessRecord("0427"),
    AccessRecord("0012", kind=Kind.STAFF, generation=2),
    AccessRecord("0300", kind=Kind.PAPER),
    AccessRecord("0555", generation=3, card_pair=4),
)
STRANGER = "9998"
