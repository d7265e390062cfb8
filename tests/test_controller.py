"""The controller: pure, raises nothing whatever comes in, and puts effects in the order of DESIGN §4."""

import copy
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import Kind
from contract.messages import ALARMS, REASONS, ROW_TYPES, Command
from door.accesslist import AccessList
from door.controller import decide, ordered
from door.effects import (
    DURABLE,
    CountFailures,
    Cue,
    Effect,
    Learn,
    Record,
    Relock,
    Remember,
    Reply,
    Settle,
    Show,
    Unlock,
    Use,
)
from door.events import (
    Asked,
    Beam,
    BeamChanged,
    CommandReceived,
    CommandRefused,
    ContactChanged,
    Event,
    ExitPressed,
    FaultChanged,
    FireChanged,
    KeyHeld,
    KeypadChanged,
    KeyPressed,
    ListReceived,
    MotionChanged,
    RulesReceived,
    ServerTime,
    Started,
    Stopping,
    StoreChanged,
    SystemTime,
    TamperChanged,
    TimerFired,
)
from door.rules import Rules
from door.state import State, restore
from tests.house import KEY, NOW, House, of, wrong

SEARCHED = Rules("yuexin", KEY, search_seconds=3_600, staff_search_seconds=3_600)  # longer is only slower
RULES = replace(SEARCHED, has_beams=True, has_motion=True, has_lights=True, has_bell=True)


def order(effects: Iterable[Effect]) -> list[str]:
    """The kinds of effects in their order, without the click of the keys."""
    return [type(e).__name__ for e in effects if not (isinstance(e, Show) and e.cue is Cue.KEY)]


# -- order ----------------------------------------------------------------------------------------


def test_a_grant_is_recorded_then_unlocks_then_shows():
    house = House()
    assert order(house.at_once(house.code("0427"))) == ["Record", "Use", "Settle", "Unlock", "Show"]


def test_a_grant_by_double_code_is_recorded_with_all_it_proves():
    house = House(clock=False, facts={"known_past": NOW - 7_200})
    house.access.failures["0427"] = 3
    house.access.records["0427"] = AccessRecord("0427")
    effects = house.double("0427")
    assert order(effects)[1:] == [
        "Record", "Use", "CountFailures", "Remember", "Record", "Settle", "Unlock", "Show",
    ]  # fmt: skip
    assert of(CountFailures, effects) == [CountFailures("0427", 0)]


def test_a_wrong_guess_is_spent_durably_then_shown():
    house = House()
    effects = house.at_once(wrong(house.code("0427")))
    assert order(effects) == ["Record", "Remember", "CountFailures", "Settle", "Show"]


def test_the_guess_that_brings_the_lockout_about_tells_it_before_the_cue():
    house = House()
    for _ in range(9):
        house.at_once(wrong(house.code("0427")))
    effects = house.at_once(wrong(house.code("0427")))
    assert order(effects) == ["Record", "Remember", "CountFailures", "Record", "Settle", "Show"]


def test_what_a_wrong_pair_and_a_late_code_leave_is_durable_before_they_are_answered():
    """The pause, or whoever pulls the plug is rid of it; the known past, or he sets the clock back."""
    house = House()
    house.wait(100)
    late = house.at_once(house.code("0427", later=-2))
    assert order(late) == ["Record", "Remember", "Remember", "Settle", "Show"]
    assert [e.name for e in late if isinstance(e, Remember)] == ["known_past", "budget"]
    house.drain()
    house.at_once(house.code("0427"))
    pair = house.at_once("111111#")
    assert order(pair) == ["Remember", "Remember", "Settle", "Show"]
    assert [e.name for e in pair if isinstance(e, Remember)] == ["budget", "pause"]


@pytest.mark.parametrize("what", ["refused", "wrong length", "first"])
def test_all_other_answers_are_shown_then_recorded(what):
    house = House()
    match what:
        case "refused":
            house.access.records["0427"] = AccessRecord("0427", revoked_through=1)
            assert order(house.at_once(house.code("0427"))) == ["Show", "Record"]
        case "wrong length":
            assert order(house.at_once("123#")) == ["Show"]
        case _:
            house.drain()
            assert order(house.at_once(house.code("0427"))) == ["Show"]


def test_the_exit_button_unlocks_first():
    house = House(rules=Rules("yuexin", KEY, has_contact=False))
    assert order(house.post(ExitPressed())) == ["Unlock", "Record", "Remember"]


def test_an_opening_locks_first():
    house = House()
    house.at_once(house.code("0427"))
    assert order(house.post(ContactChanged(True))) == ["Relock", "Record", "Remember"]


def test_a_command_is_stored_then_done_then_answered():
    command = Command("a", 1, "unlock", {}, NOW + 5)
    assert order(House().post(CommandReceived(command))) == [
        "Remember", "Record", "Record", "Settle", "Unlock", "Show", "Reply",
    ]  # fmt: skip


def test_a_command_that_locks_locks_before_it_is_stored():
    house = House()
    house.post(ExitPressed())
    house.wait(4)
    house.post(ContactChanged(True))
    command = Command("a", 1, "mode", {"mode": "lockdown", "until": None}, NOW + 10)
    assert order(house.post(CommandReceived(command)))[0] == "Relock"


def test_starting_and_stopping_lock_first():
    house = House()
    assert order(house.post(Started(False, "1")))[0] == "Relock"
    house.post(ExitPressed())
    assert order(house.post(Stopping("SIGTERM")))[0] == "Relock"


rows = st.builds(Record, st.sampled_from(sorted(ROW_TYPES)))
any_effect = st.one_of(
    st.just(Relock()), st.just(Unlock(5)), st.just(Show(Cue.HELD)), st.just(Settle()), rows,
    st.just(Reply("a", "b")), st.just(Use("0427", "phone", 1, 1)),
    st.just(Learn(AccessRecord("0427"))), st.just(Remember("budget", 1)),
)  # fmt: skip


@given(st.lists(any_effect, max_size=12).map(tuple))
def test_order_loses_nothing_but_an_unlock_that_was_taken_back(effects):
    reading = House().state.reading(0)
    result = ordered(effects, reading)
    assert len(of(Relock, result)) == len(of(Relock, effects))
    for kind in (Show, Reply, Record, Use, Learn, Remember):
        assert [type(e) for e in of(kind, result)] == [type(e) for e in of(kind, effects)]
    moved = [e for e in effects if isinstance(e, (Relock, Unlock))]
    after = [e for e in result if isinstance(e, (Relock, Unlock))]
    assert not moved or type(after[-1]) is type(moved[-1])  # the lock ends as it was decided
    kinds = [type(e) for e in result]
    assert Relock not in kinds[len(of(Relock, result)) :]
    if Settle in kinds:
        durable = [n for n, e in enumerate(result) if isinstance(e, DURABLE)]
        assert max(durable) < kinds.index(Settle)
        assert Unlock not in kinds[: kinds.index(Settle)]


# -- whatever comes in ----------------------------------------------------------------------------

text = st.text(max_size=12)
number = st.integers() | st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63, 10**30, NOW, NOW * 1000])
member = st.sampled_from(["0427", "0500", "0600", "9123", "", "0000"]) | text
records = st.builds(
    AccessRecord, member, st.sampled_from([Kind.PHONE, Kind.STAFF, Kind.PAPER]), number, number, number,
    st.none() | number, st.none() | number, st.none() | number, number,
)  # fmt: skip
json = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
args = st.dictionaries(
    st.sampled_from(["mode", "until", "member", "through", "count", "unix"]) | text, json, max_size=3
)
verbs = (
    st.sampled_from(["unlock", "mode", "revoke", "reinstate", "forget", "count", "clock", "replay"]) | text
)
keys = st.builds(
    KeyPressed, st.sampled_from(["front", "side"]) | text, st.sampled_from("0123456789*#") | text
)
events: st.SearchStrategy[Event] = st.one_of(
    keys,
    st.builds(Started, st.none() | st.booleans(), text),
    st.builds(Stopping, text),
    st.builds(KeypadChanged, text, st.none() | st.sampled_from(["lost", "stuck"]) | text),
    st.builds(ContactChanged, st.booleans()),
    st.just(ExitPressed()),
    st.builds(BeamChanged, st.sampled_from(Beam), st.booleans(), number),
    st.builds(KeyHeld, text, st.sampled_from("*#") | text),
    st.builds(MotionChanged, st.booleans()),
    st.builds(FireChanged, st.booleans()),
    st.builds(TamperChanged, st.booleans()),
    st.just(TimerFired()),
    st.builds(ServerTime, number),
    st.builds(SystemTime, number, st.booleans(), st.booleans()),
    st.builds(ListReceived, number, text, st.booleans(), st.lists(records, max_size=3).map(tuple)),
    st.builds(RulesReceived, number),
    st.builds(CommandReceived, st.builds(Command, text, number, verbs, args, number, st.booleans())),
    st.builds(CommandRefused, text, text),
    st.builds(Asked, text, verbs, args, text),
    st.builds(StoreChanged, st.none() | text),
    st.builds(FaultChanged, text, st.booleans()),
)
typed = st.sampled_from(
    ["0427123456", "0427654321#", "123456#", "0500111111", "0600111111", "0427", "*", "#"]
)
gaps = st.sampled_from([0, 1, 3_000, 15_000, 60_000, 600_000, 86_400_001]) | st.integers(0, 10**10)
stories = st.lists(st.tuples(events | typed, gaps), max_size=14)
facts = st.dictionaries(
    st.sampled_from(["budget", "known_past", "list_at", "occupancy", "mode", "commands"]), json, max_size=6
)


@settings(max_examples=250)
@given(facts, stories)
@example({}, [(SystemTime(10**30, True, True), 0), ("0427123456", 0)])
@example({"known_past": 2**60}, [("0427123456", 0), ("123456#", 0)])
@example({}, [(Asked("1", "clock", {"unix": 2**40}, "a"), 0), ("0600123456", 0)])
def test_whatever_comes_in_nothing_is_raised_and_the_timer_moves_on(kept, story):
    house = House(rules=RULES, facts=kept)
    for what, gap in story:
        house.now += gap
        before = len(house.log)
        for event in [KeyPressed("front", key) for key in what] if isinstance(what, str) else [what]:
            house.post(event)
        for _ in range(20):
            if house.state.timer(house.rules) > house.now:
                break
            house.post(TimerFired())
        assert house.state.timer(house.rules) > house.now, "the door would never sleep again"
        assert_told_in_the_protocols_words(house, house.log[before:])


def assert_told_in_the_protocols_words(house: House, effects: list[Effect]) -> None:
    for row in of(Record, effects):
        assert row.type in ROW_TYPES
        assert row.type != "denied" or row.reason in REASONS
        assert row.at >= 0
    assert set(house.state.alarms(house.now, house.rules)) <= ALARMS
    assert 0 <= house.tokens <= 10


# -- pure -----------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(stories)
def test_a_decision_changes_nothing_it_was_given_and_is_the_same_again(story):
    state = restore({}, AccessList({"0427": AccessRecord("0427")}), 1_000_000, RULES)
    now = 1_000_000
    for what, gap in story:
        now += gap
        for event in [KeyPressed("front", key) for key in what] if isinstance(what, str) else [what]:
            before, access = copy.deepcopy(state), copy.deepcopy(state.access)
            first, second = decide(state, event, now, RULES), decide(state, event, now, RULES)
            assert first == second
            assert (state, state.access) == (before, access)
            state = first[0]


def test_no_digit_of_a_code_is_in_any_effect():
    house = House()
    secret = [house.code("0427")[4:], house.second("0427"), wrong(house.code("0428"))[4:]]
    house.at_once(house.code("0427"))
    house.at_once(house.code("0427"))
    house.at_once(wrong(house.code("0428")))
    house.drain()
    house.at_once("0427" + secret[1])
    house.wait(61)
    told = repr(house.log) + repr(house.state) + repr(house.facts)
    assert not [digits for digits in secret if digits in told]


def test_a_fault_is_a_level_and_told_once():
    house = House()
    for _ in range(3):
        house.post(StoreChanged("full"))
        house.post(KeypadChanged("front", "lost"))
        house.post(FaultChanged("undervoltage", True))
    assert sorted((r.reason, r.detail.get("of")) for r in house.rows("fault")) == [
        ("keypad-lost", "front"), ("store-failed", "full"), ("undervoltage", None),
    ]  # fmt: skip
    assert house.state.alarms(house.now, house.rules) == ("keypad-lost", "store-failed", "undervoltage")
    for _ in range(3):
        house.post(StoreChanged(None))
        house.post(KeypadChanged("front", None))
        house.post(FaultChanged("undervoltage", False))
    assert len(house.rows("fault-ended")) == 3
    assert house.state.alarms(house.now, house.rules) == ()


def test_a_keypad_has_one_fault_at_a_time():
    house = House()
    house.post(KeypadChanged("front", "lost"))
    house.post(KeypadChanged("front", "stuck"))
    assert house.state.alarms(house.now, house.rules) == ("keypad-stuck",)


def test_new_rules_are_a_row():
    row = of(Record, House().post(RulesReceived(7)))[0]
    assert (row.type, row.detail) == ("rules", {"revision": 7})


def test_a_list_that_grew_old_is_an_alarm():
    house = House()
    house.enrol()
    house.wait(86_400)
    house.post(ServerTime(house.unix_ms))
    assert house.state.alarms(house.now, house.rules) == ()
    house.wait(2)
    house.post(ServerTime(house.unix_ms))
    assert house.state.alarms(house.now, house.rules) == ("list-stale",)


def test_the_state_is_small():
    assert State.__slots__ == (
        "budget", "clock", "access", "occupancy", "beams", "lit", "bell", "keys", "firsts", "doorway", "mode",
        "taken", "recent", "list_at", "store_fault", "faults",
    )  # fmt: skip
