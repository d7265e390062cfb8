"""Admission: in which order the reasons not to come in are looked for, and what is kept of entries."""

import pytest

from contract import hours
from contract.access import AccessRecord
from contract.codes import Kind
from door import admission
from door.admission import Recent, Room
from door.clock import Reading, Source
from door.effects import Mode
from door.rules import Rules
from tests.house import KEY, NOW, replace

SHUT = Rules("yuexin", KEY, hours=hours.parse({day: [] for day in hours.DAYS}, {}), when_full="refuse")
AT = 10_000_000
OFTEN = tuple(Recent("0427", AT - n) for n in range(4))
ROOM = Room(Mode.LOCKDOWN, surely_full=True, list_at=None, recent=(Recent("0428", AT),))
READING = Reading(Source.SERVER, NOW, NOW)
ALL_WRONG = AccessRecord("0427", Kind.PAPER, 1, 1, 0, NOW + 10, NOW + 10, NOW - 10)


def refusal(
    record: AccessRecord = ALL_WRONG, kind: Kind = Kind.PAPER, rules: Rules = SHUT, **room: object
) -> str | None:
    return admission.refusal(record, kind, READING, replace(ROOM, **room), AT, rules)


def test_what_was_withdrawn_comes_first_and_the_seat_last():
    record = ALL_WRONG
    assert refusal(record) == "revoked"
    record = replace(record, revoked_through=0)
    assert refusal(record) == "suspended"
    record = replace(record, suspended_until=None)
    assert refusal(record) == "suspended"
    record = replace(record, not_before=None)
    assert refusal(record) == "revoked"
    record = replace(record, not_after=None)
    assert refusal(record) == "lease-ended"
    assert refusal(record, list_at=NOW) == "lockdown"
    assert refusal(record, list_at=NOW, mode=Mode.NORMAL) == "outside-hours"
    rules = replace(SHUT, hours=hours.Hours())
    assert refusal(record, list_at=NOW, mode=Mode.NORMAL, rules=rules, recent=OFTEN) == "too-many-entries"
    assert refusal(record, list_at=NOW, mode=Mode.NORMAL, rules=rules) == "room-full"
    assert refusal(record, list_at=NOW, mode=Mode.NORMAL, rules=rules, surely_full=False) is None


@pytest.mark.parametrize(
    "kind, reason", [(Kind.PHONE, None), (Kind.STAFF, "lease-ended"), (Kind.CARD, "lease-ended")]
)
def test_the_lease_is_that_of_the_code_and_not_of_the_member(kind, reason):
    open_ = {"mode": Mode.NORMAL, "surely_full": False}
    assert refusal(AccessRecord("0427"), kind, rules=replace(SHUT, hours=hours.Hours()), **open_) == reason


def test_a_card_of_staff_goes_where_staff_goes():
    staff = AccessRecord("0500", Kind.STAFF)
    assert refusal(staff, Kind.CARD, list_at=NOW) is None


def test_with_no_clock_the_hours_cannot_be_told():
    reading = Reading(Source.NONE, None, NOW)
    room = replace(ROOM, mode=Mode.NORMAL, surely_full=False)
    assert admission.refusal(AccessRecord("0427"), Kind.PHONE, reading, room, AT, SHUT) is None


def test_dates_count_from_known_past_when_there_is_no_clock():
    reading = Reading(Source.NONE, None, NOW)
    room = replace(ROOM, mode=Mode.NORMAL, surely_full=False)
    record = AccessRecord("0427", not_after=NOW - 1)
    assert admission.refusal(record, Kind.PHONE, reading, room, AT, SHUT) == "revoked"


def test_entries_are_kept_for_three_hours():
    kept = admission.keep((), "0427", 0)
    kept = admission.keep(kept, "0428", 3 * 3_600_000 - 1)
    assert [entry.member for entry in kept] == ["0427", "0428"]
    kept = admission.keep(kept, "0429", 3 * 3_600_000)
    assert [entry.member for entry in kept] == ["0428", "0429"]
