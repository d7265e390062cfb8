"""Edges of the core that mutation testing found bare: the last moment that holds, the first that does not."""

from __future__ import annotations

import random
from functools import partial

import pytest

from contract.access import AccessRecord
from contract.codes import Attempt, Kind
from contract.messages import Command
from door import accesslist, acts, admission, clock, commands, doorway, keys, modes, occupancy, pairs, told
from door.accesslist import AccessList
from door.admission import Room
from door.clock import Clock, Reading, Source, Tick
from door.commands import Taken
from door.doorway import REMIND_MS, Doorway, Passage
from door.effects import Cue, Learn, Mode, Record, Relock, Remember, Reply, Settle, Show, Unlock
from door.events import (
    Asked,
    CommandReceived,
    CommandRefused,
    KeyPressed,
    ListReceived,
    Started,
    Stopping,
    StoreChanged,
    SystemTime,
)
from door.keys import Keys, Typed
from door.occupancy import Confidence, Occupancy
from door.rules import Rules
from tests.house import KEY, NOW, House, granted, replace

RULES = Rules("yuexin", KEY)
CLICK = (Show(Cue.KEY),)

# -- numbers --------------------------------------------------------------------------------------

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def test_the_numbers_of_the_design_are_these():
    """In figures: a test that takes the name of a number agrees with whatever it becomes."""
    assert (admission.HALF_AN_HOUR_MS, admission.BACK_WITHIN_MS) == (30 * MINUTE, 3 * HOUR)
    assert (pairs.GENERATIONS_AHEAD, pairs.BUNDLE_AHEAD_S) == (3, 1800)
    assert (doorway.REMIND_MS, acts.IDENTIFY_MS) == (10 * SECOND, 10 * SECOND)
    assert (modes.OPEN_AT_MOST_MS, clock.SERVER_LIFE_MS) == (24 * HOUR, 24 * HOUR)
    assert (clock.DISAGREE_MS, clock.LOWERED_MS) == (30 * SECOND, 5 * MINUTE)
    assert (clock.REMEMBER_EVERY_MS, clock.DRIFT_PER_MILLION) == (10 * MINUTE, 200)
    assert (clock.CODE_PROVES_S, clock.LEARNT_OFFSET_S) == (1800, 80)
    assert (occupancy.EXPECTED_AT_MOST, occupancy.STILL_MS) == (8, MINUTE)


def test_the_sources_of_time_have_the_words_of_the_protocol():
    assert tuple(Source) == ("server", "ntp", "rtc", "manual", "code", "none")


def test_before_anything_is_told_nothing_has_passed():
    assert clock.known_past_ms(Clock(), 0) == Clock().remembered == 0
    assert Clock().past == Tick(0, 0)


def test_the_text_of_a_state_leaves_the_access_list_out():
    """It may have a million members, and no log is to name one."""
    assert "access=" not in repr(House().state)


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["x", "", "٣", "A"])
def test_what_is_no_key_is_passed_over(key):
    standing = Keys((Typed("front", "04", 1),))
    assert keys.press(standing, KeyPressed("front", key), 2, RULES) == (standing, None, ())


@pytest.mark.parametrize("standing, key", [("042771938", "5"), ("71938", "#"), ("", "#"), ("", "4")])
def test_every_key_that_counts_clicks(standing, key):
    stands = Keys((Typed("front", standing, 0),) if standing else ())
    assert keys.press(stands, KeyPressed("front", key), 100, RULES)[2] == CLICK


@pytest.mark.parametrize("only", [None, "front"])
@pytest.mark.parametrize("late, complete", [(-1, False), (0, True)])
def test_a_second_code_stands_for_its_pause_and_then_counts(only, late, complete):
    stands = Keys((Typed("front", "719385", 5_000),), frozenset({"front"}))
    after, typed, _ = keys.tick(stands, 5_000 + RULES.second_pause_ms + late, RULES, only)
    assert (typed is not None, after.typed == ()) == (complete, complete)
    assert keys.tick(stands, 60_000, RULES, "side") == (stands, None, ())


def test_of_two_keypads_the_one_that_is_due_first_wakes_the_door():
    for at in ((1_000, 2_000), (2_000, 1_000)):
        stands = Keys((Typed("front", "1", at[0]), Typed("side", "1", at[1])))
        assert keys.due(stands, RULES) == 1_000 + RULES.silence_ms


# -- double codes ---------------------------------------------------------------------------------


def test_the_second_half_under_another_number_makes_no_pair():
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    assert not granted(house.at_once("0428" + house.second("0427")))


def test_the_second_half_under_the_same_number_makes_a_pair():
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    assert granted(house.at_once("0427" + house.second("0427")))


@pytest.mark.parametrize("member, found", [(None, True), ("0427", True), ("0428", False)])
def test_a_pair_is_of_one_number(member, found):
    house, access = House(), AccessList()
    first = pairs.First("0427", house.code("0427")[4:], at=0)
    second = Attempt(member, house.second("0427"))
    assert (
        pairs.find(first, second, access, Reading(Source.SERVER, NOW, NOW), 0, RULES) is not None
    ) is found


# -- admission ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.PAPER, Kind.CARD])
@pytest.mark.parametrize("late, told", [(-1, None), (0, None), (1, "lease-ended")])
def test_a_lease_holds_to_its_last_second(kind, late, told):
    reading = Reading(Source.SERVER, NOW, NOW)
    room = Room(Mode.NORMAL, surely_full=False, list_at=NOW - RULES.lease_seconds - late, recent=())
    assert admission.refusal(AccessRecord("0427"), kind, reading, room, 0, RULES) == told


# -- the doorway ----------------------------------------------------------------------------------

FREE = Doorway(open=False, unlocked=True, relock_at=None, passage=Passage.OTHER)
STRIKE = Doorway(open=False, unlocked=True, relock_at=9_000, passage=Passage.IN)


def test_a_free_door_is_not_armed_to_relock_by_who_comes():
    way, effects = doorway.unlock(FREE, Passage.IN, 1_000, RULES)
    assert (way, effects) == (replace(FREE, passage=Passage.IN), ())


def test_a_door_set_free_forgets_the_strike_time_and_that_it_was_held():
    held = replace(STRIKE, open=True, reminded_at=3, held=True)
    way, effects = doorway.free(held)
    assert way == replace(FREE, open=True)
    assert effects == (Unlock(None), Record("held-ended"))


@pytest.mark.parametrize("now, locks", [(8_999, False), (9_000, True)])
def test_a_lockdown_waits_for_who_is_on_the_way_out_to_the_millisecond(now, locks):
    leaving = replace(STRIKE, unlocked=False, relock_at=None, opened_at=5, exit_until=9_000)
    way, effects = doorway.shut(leaving, now)
    if locks:
        assert (way, effects) == (replace(leaving, relocked_at=now), (Relock(),))
    else:
        assert (way, effects) == (replace(leaving, unlocked=True, relock_at=9_000), (Unlock(1),))


def test_held_is_counted_anew_only_where_the_door_was_free_to_stand_open():
    assert doorway.shut(replace(FREE, open=True, opened_at=5), 700)[0].opened_at == 700
    assert doorway.shut(replace(STRIKE, open=True, opened_at=5), 700)[0].opened_at == 5


def test_the_end_of_mode_open_cuts_no_strike_time_short():
    assert doorway.end_free(STRIKE, 700) == (STRIKE, ())


def test_a_rightful_opening_ends_what_it_was_let_in_for():
    before = replace(STRIKE, exit_until=9_000, reminded_at=3)
    way, passage, effects = doorway.contact(before, True, 700, RULES)
    assert way == Doorway(open=True, opened_at=700, relocked_at=700)
    assert (passage, effects) == (Passage.IN, (Relock(),))


def test_through_a_free_door_the_second_who_comes_is_nobody_in_particular():
    way, passage, effects = doorway.contact(replace(FREE, passage=Passage.IN), True, 700, RULES)
    assert way == replace(FREE, open=True, opened_at=700)
    assert (passage, effects) == (Passage.IN, ())


def test_a_door_that_closes_ends_all_that_was_wrong_with_it():
    wrong = Doorway(open=True, held=True, forced=True, reminded_at=3)
    way, passage, effects = doorway.contact(wrong, False, 700, RULES)
    assert way == Doorway(open=False)
    assert (passage, effects) == (None, (Record("held-ended"), Record("forced-ended")))


@pytest.mark.parametrize("reminded_at, after", [(None, RULES.held_ms), (20_000, 20_000 + REMIND_MS)])
@pytest.mark.parametrize("late", [-1, 0])
def test_who_holds_the_door_is_reminded_to_the_millisecond(reminded_at, after, late):
    way = Doorway(open=True, opened_at=0, reminded_at=reminded_at, held=True)
    assert doorway.due(way, RULES) == after
    told = doorway.tick(way, after + late, RULES)
    assert told == ((way, ()) if late else (replace(way, reminded_at=after), (Show(Cue.HELD),)))


@pytest.mark.parametrize("late", [-1, 0])
def test_held_is_recorded_when_its_time_is_over_though_the_next_reminder_is_later(late):
    alarm = RULES.held_alarm_ms
    way = Doorway(open=True, opened_at=0, reminded_at=alarm - 1)
    assert doorway.due(way, RULES) == alarm
    assert doorway.tick(way, alarm + late, RULES)[1] == (() if late else (Record("held"),))


def test_a_door_that_is_late_for_everything_relocks_first():
    way = replace(STRIKE, open=True)
    effects = doorway.tick(way, RULES.held_alarm_ms, RULES)[1]
    assert effects == (Relock(), Show(Cue.HELD), Record("held"))


# -- occupancy ------------------------------------------------------------------------------------

IN = Occupancy(count=2, confidence=Confidence.EXACT, since=5)


@pytest.mark.parametrize("count", [0, 3])
def test_a_count_that_was_kept_is_a_number_and_no_more(count):
    kept = occupancy.restore({"count": count, "since": 7}, 900)
    assert kept == Occupancy(count, Confidence.UNKNOWN, 7, touched=900)
    for nonsense in ({"count": -1, "since": 7}, {"count": 1}, "1", None):
        assert occupancy.restore(nonsense, 900) == Occupancy(touched=900)


def test_of_a_crowd_at_the_door_the_last_eight_are_expected():
    crowd = IN
    for n in range(9):
        crowd, _ = occupancy.let_in(crowd, f"{n:04}", waiting=True, nothing_tells=False, beams=False, now=n)
    assert crowd == replace(IN, touched=8, expected=tuple(f"{n:04}" for n in range(1, 9)))


def test_a_door_that_opens_for_nobody_counts_nobody_but_was_touched():
    assert occupancy.entered(IN, 900, beams=False) == (replace(IN, touched=900), ())


def test_who_was_let_in_counts_once():
    expected = replace(IN, expected=("0427", "0012"))
    after, effects = occupancy.entered(expected, 900, beams=False)
    assert after == replace(IN, count=4, touched=900)
    kept = Remember("occupancy", {"count": 4, "since": 5})
    assert effects == (Record("entered", "0427"), Record("entered", "0012"), kept)
    assert occupancy.entered(after, 901, beams=False) == (replace(after, touched=901), ())


def test_who_leaves_by_the_button_counts_unless_beams_tell():
    kept = Remember("occupancy", {"count": 1, "since": 5})
    gone = replace(IN, count=1, touched=900)
    assert occupancy.left(IN, 900, beams=False) == (gone, (Record("left"), kept))
    assert occupancy.left(IN, 900, beams=True) == (replace(IN, touched=900), ())


def test_who_crosses_the_beams_is_the_first_of_those_expected():
    expected = replace(IN, expected=("0427", "0012"))
    after, effects = occupancy.crossed(expected, True, 900)
    assert after == replace(IN, count=3, touched=900, expected=("0012",))
    assert effects[0] == Record("entered", "0427")
    after, effects = occupancy.crossed(IN, False, 900)
    assert after == replace(IN, count=1, touched=900)
    assert effects[0] == Record("left")


def test_a_count_that_is_put_forgets_who_was_expected():
    after, _ = occupancy.put(replace(IN, expected=("0427",)), 7, "admin", 99, 900, beams=False)
    assert after == Occupancy(7, Confidence.ESTIMATE, since=99, touched=900, certain=True)


def test_a_room_known_to_be_empty_wakes_nobody():
    empty = replace(IN, count=0)
    assert occupancy.due(empty, False, RULES) is None
    assert occupancy.due(replace(empty, confidence=Confidence.UNKNOWN), False, RULES) == RULES.empty_after_ms
    assert occupancy.due(IN, None, RULES) is None


# -- modes ----------------------------------------------------------------------------------------

TRUSTED = Reading(Source.SERVER, NOW, NOW)


@pytest.mark.parametrize("mode, kept", [(Mode.NORMAL, None), (Mode.LOCKDOWN, NOW + 60), (Mode.OPEN, None)])
def test_a_mode_has_the_end_that_was_asked_but_normal_has_none(mode, kept):
    state, (fact, row) = modes.change(mode, NOW + 60, "admin", TRUSTED, 500)
    until = None if mode is Mode.NORMAL else NOW + 60
    assert state == modes.ModeState(mode, until, None if mode is Mode.NORMAL else 60_500)
    word = "normal" if mode is Mode.OPEN else mode.value
    assert fact == Remember("mode", {"mode": word, "until": kept})
    assert row == Record("mode", detail={"mode": mode.value, "until": until, "by": "admin"})


def test_a_lockdown_without_an_end_has_none_and_may_last_longer_than_a_day():
    assert modes.change(Mode.LOCKDOWN, None, "admin", TRUSTED, 500)[0].ends is None
    assert modes.change(Mode.LOCKDOWN, NOW + 100_000, "admin", TRUSTED, 500)[0].ends == 100_000_500
    assert modes.change(Mode.OPEN, NOW + 100_000, "admin", TRUSTED, 500)[0].ends == 86_400_500
    assert modes.change(Mode.OPEN, None, "admin", TRUSTED, 500)[0].ends == 86_400_500


def test_an_end_in_the_past_is_now():
    assert modes.change(Mode.LOCKDOWN, NOW - 60, "admin", TRUSTED, 500)[0].ends == 500


def test_a_restored_end_is_aimed_at_once_and_by_a_trusted_time_alone():
    kept = modes.restore({"mode": "lockdown", "until": NOW + 60})
    assert modes.aim(kept, Reading(Source.CODE, NOW, NOW), 500) == kept
    assert modes.aim(kept, TRUSTED, 500) == replace(kept, ends=60_500)
    assert modes.aim(replace(kept, ends=7), TRUSTED, 500).ends == 7


# -- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_a_number_is_had_when_it_was_taken_or_lies_below_the_window(seed):
    """Against a set of all that were taken; the steps are those at the edges of the window."""
    chance = random.Random(seed)
    taken, numbers = Taken(), {0}
    for _ in range(60):
        n = max(1, max(numbers) + chance.choice((-64, -63, -2, -1, 1, 1, 2, 3, 62, 63, 64, 65, 66)))
        if not taken.has(n):
            taken, numbers = taken.take(n), numbers | {n}
        high = max(numbers)
        around = range(max(1, high - 70), high + 3)
        assert [n for n in around if taken.has(n)] == [n for n in around if n in numbers or n < high - 64]
        assert 0 <= taken.mask < 2**64


@pytest.mark.parametrize("fact", [{"highest": 0, "mask": 0}, {"highest": 7, "mask": 5}])
def test_the_window_is_read_as_it_was_stored(fact):
    assert commands.restore(fact) == Taken(**fact)
    for name in fact:
        assert commands.restore(fact | {name: -1}) == commands.restore(fact | {name: None}) == Taken()


@pytest.mark.parametrize(
    "verb, args, told",
    [
        ("dance", {}, None),  # is refused for what it is
        ("unlock", {"mode": "lockdown"}, "clock-untrusted"),
        ("mode", {"mode": "open"}, "clock-untrusted"),
        ("mode", {"mode": "lockdown"}, None),
    ],
)
def test_by_an_untrusted_clock_only_what_cannot_open_is_taken(verb, args, told):
    command = Command("c", 1, verb, args, NOW + 9)
    assert commands.stale(command, Taken(), Reading(Source.CODE, NOW, NOW)) == told


LOG = "0123456789abcdef"
LATEST_S = 2**37


@pytest.mark.parametrize(
    "verb, args, holds",
    [
        *(("count", {"count": n}, 0 <= n <= 9999) for n in (-1, 0, 9999, 10_000)),
        *(("replay", {"log": LOG, "from": n}, 1 <= n <= 2**53 - 1) for n in (0, 1, 2**53 - 1, 2**53)),
        *(
            ("replay", {"log": log, "from": 1}, False)
            for log in (LOG[1:], LOG + "0", LOG[:-1] + "x", 7, None)
        ),
        ("replay", {"log": list(LOG), "from": 1}, False),
        *(("clock", {"unix": n}, 0 <= n <= LATEST_S) for n in (-1, 0, LATEST_S, LATEST_S + 1)),
        ("clock", {"unix": 1, "more": 1}, False),
    ],
)
def test_arguments_hold_to_their_last_value(verb, args, holds):
    assert commands.fault(verb, args, RULES, local=True) == (None if holds else "bad-args")


@pytest.mark.parametrize("until, told", [(-1, "bad-args"), (0, None), (2**53 - 1, None), (2**53, "bad-args")])
def test_the_end_of_a_mode_is_a_time(until, told):
    assert commands.fault("mode", {"mode": "open", "until": until}, RULES) == told


# -- the access list ------------------------------------------------------------------------------


@pytest.mark.parametrize("revision, digest, row", [(5, "a", False), (6, "a", True), (5, "b", True)])
def test_a_list_is_news_by_its_revision_or_by_its_digest(revision, digest, row):
    access = AccessList(revision=5, digest="a")
    told = accesslist.received(access, ListReceived(revision, digest, True, ()))
    assert any(isinstance(effect, Record) and effect.type == "list" for effect in told) is row


def test_a_server_that_forgot_is_told_the_generation_the_reach_and_the_kind():
    access = AccessList(records={"0427": AccessRecord("0427", Kind.PAPER, 4, 3)}, revision=5, digest="a")
    rows = accesslist.received(access, ListReceived(6, "b", True, ()))[1:]
    detail = {"generation": 4, "through": 3, "kind": "paper", "again": True}
    assert rows == (
        Record("list", detail={"revision": 6, "complete": True, "members": 0}),
        Record("revoked", "0427", detail=detail),
    )


# -- what is done for a command and for the administrator ----------------------------------------

stamped = partial(Record, at=NOW, clock="server")


def test_a_command_is_recorded_with_its_number_its_verb_and_its_name():
    verb = "v" * 17
    effects = House().post(CommandReceived(Command("c-1", 7, verb, {}, NOW + 9)))
    row = stamped("command", reason="unknown-verb", detail={"n": 7, "verb": "v" * 16, "id": "c-1"})
    kept = Remember("commands", {"highest": 7, "mask": 1 << 6})
    assert effects == (kept, row, Settle(), Reply("c-1", "server", "unknown-verb"))


def test_who_sent_what_is_refused_hears_it():
    assert House().post(CommandRefused("c-1", "bad-mac")) == (Reply("c-1", "server", "bad-mac"),)


def test_the_administrator_hears_what_was_done_and_what_was_not():
    house = House()
    assert house.post(Asked("a-1", "dance", {}, "ada")) == (Reply("a-1", "ada", "unknown-verb"),)
    unlocked = house.post(Asked("a-2", "unlock", {}, "ada"))
    assert unlocked == (
        stamped("unlocked", detail={"by": "ada"}),
        Settle(),
        Unlock(RULES.unlock_ms),
        Show(Cue.ACCEPTED, RULES.unlock_ms),
        Reply("a-2", "ada", None),
    )
    assert house.state.doorway.unlocked


def test_a_reinstated_member_has_a_new_generation_and_a_row():
    house = House(access=AccessList(records={"0427": AccessRecord("0427", generation=2, revoked_through=5)}))
    effects = house.post(Asked("a-1", "reinstate", {"member": "0427"}, "ada"))
    assert effects == (
        Learn(AccessRecord("0427", generation=6, revoked_through=5)),
        stamped("reinstated", "0427", detail={"generation": 6, "by": "ada"}),
        Settle(),
        Reply("a-1", "ada", None),
    )


# -- what the outside tells -----------------------------------------------------------------------


def test_what_is_no_news_of_the_outside_is_passed_over():
    house = House()
    state = house.state
    assert told.tell(state, KeyPressed("front", "1"), house.now, RULES) == (state, ())


def test_a_list_stores_the_known_past_and_the_next_note_of_it_is_later():
    house = House()
    house.now += 5_000
    effects = house.enrol()
    assert {e.name for e in effects if isinstance(e, Remember)} >= {"list_at", "known_past"}
    assert house.state.clock.remembered == house.now


def test_a_start_is_recorded_with_the_version_and_the_budget_is_kept():
    house = House(clock=False)
    effects = house.post(Started(False, "9.8"))
    assert Record("started", detail={"version": "9.8"}) in effects
    assert [e.name for e in effects if isinstance(e, Remember)] == ["budget", "used_steps_lost"]


def test_a_stop_is_recorded_with_its_reason_and_locks():
    house = House()
    house.post(Asked("a-1", "unlock", {}, "ada"))
    effects = house.post(Stopping("asked"))
    assert stamped("stopped", reason="asked") in effects
    assert not house.state.doorway.unlocked


@pytest.mark.parametrize("fault, of", [("full", {"of": "full"}), (None, {})])
def test_a_fault_of_the_store_is_recorded_with_what_it_is(fault, of):
    house = House()
    house.post(StoreChanged("failed" if fault is None else None))
    word = "fault-ended" if fault is None else "fault"
    assert stamped(word, reason="store-failed", detail=of) in house.post(StoreChanged(fault))


# -- the clock ------------------------------------------------------------------------------------


def test_the_known_past_runs_slower_by_a_fast_crystal():
    ran = 10**13
    assert clock.known_past_ms(Clock(past=Tick(500, 0)), ran) == 500 + ran - ran * 200 // 1_000_000


@pytest.mark.parametrize("ms", [0, 1, 999])
def test_a_reading_is_a_second_and_what_is_over(ms):
    told = clock.server(Clock(), NOW * 1000 + ms, 5)
    assert clock.read(told, 5) == Reading(Source.SERVER, NOW, NOW, ms)


@pytest.mark.parametrize("lowered", [False, True])
def test_without_a_trusted_time_only_a_lowered_past_disagrees(lowered):
    assert clock.disagrees(Clock(lowered=lowered), 5) is lowered


EMPTY = Clock()
BOTH = Clock(ticks={Source.CODE: Tick(NOW * 1000, 0), Source.MANUAL: Tick(NOW * 1000, 0)})


@pytest.mark.parametrize(
    "ms, taken", [(-1, False), (0, True), (2**37 * 1000, True), (2**37 * 1000 + 1, False)]
)
def test_a_time_is_taken_between_1970_and_the_end_of_calendars(ms, taken):
    assert (Source.SERVER in clock.server(EMPTY, ms, 5).ticks) is taken
    for event in (SystemTime(ms, True, False), SystemTime(ms, False, True)):
        assert bool(clock.system(EMPTY, event, 5, RULES).ticks) is taken


def test_the_server_ends_what_a_code_told_and_leaves_what_was_vouched_for():
    assert set(clock.server(BOTH, NOW * 1000, 5).ticks) == {Source.SERVER, Source.MANUAL}
    assert set(clock.vouch(BOTH, NOW * 1000, 5).ticks) == {Source.CODE, Source.MANUAL}


@pytest.mark.parametrize(
    "source, learns", [(Source.SERVER, False), (Source.MANUAL, False), (Source.CODE, True)]
)
def test_a_pair_tells_the_time_only_where_nothing_better_does(source, learns):
    before = Clock(past=Tick(NOW * 1000, 0), ticks={source: Tick(NOW * 1000, 0)})
    after = clock.learn(before, NOW + 600, 0, 0)
    assert after.ticks == ({Source.CODE: Tick((NOW + 680) * 1000, 0)} if learns else before.ticks)


def test_a_server_that_told_less_than_the_past_is_believed_before_a_code():
    before = Clock(past=Tick((NOW + 900) * 1000, 0), ticks={Source.SERVER: Tick(NOW * 1000, 0)})
    assert clock.learn(before, NOW + 600, 0, 0) == before


def test_a_vouched_time_before_the_known_past_gives_way_to_a_code():
    before = Clock(past=Tick((NOW + 900) * 1000, 0), ticks={Source.MANUAL: Tick(NOW * 1000, 0)})
    assert set(clock.learn(before, NOW + 900, 0, 0).ticks) == {Source.CODE}


def test_a_single_code_tells_no_time_but_what_has_passed():
    told, _ = clock.granted(EMPTY, Kind.PHONE, NOW // 120, None, 0, RULES)
    assert (dict(told.ticks), told.past) == ({}, Tick((NOW - 1800) * 1000, 0))
    told, _ = clock.granted(EMPTY, Kind.PHONE, NOW // 120, 0, 0, RULES)
    assert set(told.ticks) == {Source.CODE}


def test_the_row_of_a_new_source_says_by_how_many_seconds_time_jumps():
    before = Clock(ticks={Source.MANUAL: Tick(NOW * 1000, 0)}, told=Source.MANUAL)
    after = clock.server(before, (NOW + 5_000) * 1000, 0)
    _, rows = clock.change(before, after, clock.read(after, 0), 0)
    assert rows == (Record("clock", detail={"source": "server", "before": "manual", "jump_s": 5_000}),)


@pytest.mark.parametrize("source, holds", [(Source.MANUAL, True), (Source.NTP, False), (Source.RTC, False)])
def test_only_the_system_clock_must_not_lie_before_the_known_past(source, holds):
    told = Clock(past=Tick(NOW * 1000, 0), ticks={source: Tick((NOW - 1) * 1000, 0)})
    assert (clock.read(told, 0).source is source) is holds
