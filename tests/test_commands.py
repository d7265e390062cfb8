"""Commands: taken once, fresh, by a trusted clock, and stored before anything is done (PROTOCOL §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import MAX_GENERATION
from contract.messages import COMMAND_WINDOW, VERBS, Command
from door import commands
from door.commands import Taken
from door.effects import (
    DURABLE,
    Cue,
    Effect,
    Forget,
    Learn,
    Mode,
    Record,
    Refresh,
    Relock,
    Remember,
    Replay,
    Reply,
    Settle,
    Show,
    Unlock,
)
from door.events import Asked, CommandReceived, CommandRefused
from door.rules import Rules
from tests.house import KEY, NOW, House, granted, of, reasons

RULES = Rules("yuexin", KEY)
LOG = "0123456789abcdef"
ARGS: dict[str, dict[str, object]] = {
    "unlock": {},
    "mode": {"mode": "open", "until": None},
    "revoke": {"member": "0427"},
    "refresh": {},
    "count": {"count": 3},
    "replay": {"log": LOG, "from": 7},
    "identify": {},
    "forget": {"member": "0427"},
}
every_verb = pytest.mark.parametrize("verb", sorted(VERBS))


def send(
    house: House,
    verb: str,
    args: object = None,
    *,
    n: int = 1,
    not_after: int | None = None,
    retained: bool = False,
) -> tuple[Effect, ...]:
    args = ARGS.get(verb, {}) if args is None else args
    end = house.unix_ms // 1000 + 10 if not_after is None else not_after
    return house.post(CommandReceived(Command(f"id{n}", n, verb, args, end, retained)))  # type: ignore[arg-type]


def error(effects: tuple[Effect, ...]) -> str | None:
    (reply,) = of(Reply, effects)
    return reply.error


def untouched(effects: tuple[Effect, ...]) -> bool:
    return not any(isinstance(e, (*DURABLE, Unlock, Relock, Show, Refresh, Replay)) for e in effects)


# -- taken once -----------------------------------------------------------------------------------


def test_every_verb_has_its_arguments_here():
    assert ARGS.keys() == VERBS


@every_verb
def test_every_verb_is_done_once(verb):
    house = House()
    assert error(send(house, verb)) is None
    again = send(house, verb)
    assert error(again) == "replayed"
    assert untouched(again)


@every_verb
def test_a_number_is_stored_before_anything_is_done(verb):
    effects = send(House(), verb, n=5)
    settled = effects.index(Settle())
    stored = [e.value for e in of(Remember, effects[:settled]) if e.name == "commands"]
    assert stored == [Taken().take(5).remembered().value]
    assert all(not isinstance(e, (Unlock, Show, Refresh, Replay, Reply)) for e in effects[:settled])
    assert isinstance(effects[-1], Reply)


@every_verb
def test_a_number_stays_taken_through_a_power_cut(verb):
    house = House()
    send(house, verb)
    house.power_cut()
    assert error(send(house, verb)) == "replayed"


@pytest.mark.parametrize(
    "n, taken", [(101, True), (100, False), (99, True), (36, True), (35, False), (0, False)]
)
def test_a_number_is_fresh_above_the_highest_or_within_64_below_it(n, taken):
    house = House()
    send(house, "identify", n=100)
    assert (error(send(house, "identify", n=n)) is None) is taken


@given(st.lists(st.integers(1, 300), max_size=60))
def test_numbers_in_any_order_are_taken_once(numbers):
    window, done = Taken(), set()
    for n in numbers:
        highest = max(done, default=0)
        fresh = n > highest or (n not in done and highest - n <= COMMAND_WINDOW)
        assert window.has(n) is not fresh
        if fresh:
            window = window.take(n)
            done.add(n)
        assert window.highest == max(done, default=0)
        assert window.mask < 2**COMMAND_WINDOW
        assert commands.restore(window.remembered().value) == window


def test_a_number_far_ahead_is_taken_and_all_below_its_window_are_gone():
    window = Taken().take(3).take(2**53 - 1)
    assert (window.highest, window.mask) == (2**53 - 1, 0)
    assert window.has(3)


@pytest.mark.parametrize(
    "fact",
    [None, 5, [], {}, {"highest": -1, "mask": 0}, {"highest": 1, "mask": -1}, {"highest": "1", "mask": 0}],
)
def test_a_window_that_cannot_be_read_is_a_new_one(fact):
    assert commands.restore(fact) == Taken()


# -- fresh ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("s, wrong", [(-1, "expired"), (0, None), (60, None), (61, "expired")])
@every_verb
def test_a_command_is_good_until_its_end_at_most_60_s_ahead(verb, s, wrong):
    house = House()
    assert error(send(house, verb, not_after=NOW + s)) == wrong


@every_verb
def test_a_command_that_is_refused_takes_no_number_and_does_nothing(verb):
    house = House()
    effects = send(house, verb, not_after=NOW - 1)
    assert untouched(effects)
    assert house.state.taken == Taken()
    assert error(send(house, verb)) is None


@every_verb
def test_a_retained_command_is_refused(verb):
    effects = send(House(), verb, retained=True)
    assert error(effects) == "retained"
    assert untouched(effects)


SAFE = {"revoke", "refresh", "replay", "identify", "forget"}


@every_verb
def test_without_a_trusted_clock_only_what_cannot_open_is_done(verb):
    house = House(clock=False)
    effects = send(house, verb)
    assert error(effects) == (None if verb in SAFE else "clock-untrusted")
    assert of(Unlock, effects) == []


@pytest.mark.parametrize(
    "mode, wrong", [("lockdown", None), ("open", "clock-untrusted"), ("normal", "clock-untrusted")]
)
def test_without_a_trusted_clock_a_lockdown_is_the_only_mode(mode, wrong):
    house = House(clock=False)
    assert error(send(house, "mode", {"mode": mode, "until": None})) == wrong


@pytest.mark.parametrize("verb", ["mode", "unlock", "count"])
def test_a_time_told_by_a_code_is_not_trusted_for_commands(verb):
    house = House(clock=False, facts={"known_past": NOW})
    assert granted(house.double("0427"))
    assert error(send(house, verb)) == "clock-untrusted"


# -- what is wrong --------------------------------------------------------------------------------


def test_an_unknown_verb_takes_its_number():
    house = House()
    assert error(send(house, "explode")) == "unknown-verb"
    assert error(send(house, "explode")) == "replayed"


BAD = {
    "unlock": [{"x": 1}, {"member": "0427"}],
    "mode": [{}, {"mode": "ajar"}, {"mode": ["open"]}, {"mode": None}, {"mode": "open", "until": "x"},
             {"mode": "open", "until": 1.5}, {"mode": "open", "until": True}, {"mode": "open", "until": -1},
             {"mode": "open", "until": 2**53}, {"mode": "open", "x": 1}],
    "revoke": [{}, {"member": 427}, {"member": "427"}, {"member": "0000"}, {"member": ["0427"]},
               {"member": "\u0660\u0664\u0662\u0667"}, {"member": "0427", "through": "1"},
               {"member": "0427", "through": -1}, {"member": "0427", "through": MAX_GENERATION + 1},
               {"member": "0427", "through": True}, {"member": "0427", "x": 1}],
    "refresh": [{"since": 1}],
    "count": [{}, {"count": -1}, {"count": 10_000}, {"count": "3"}, {"count": True}, {"count": 3.0},
              {"count": 3, "x": 1}],
    "replay": [{}, {"log": LOG}, {"log": LOG, "from": 0}, {"log": LOG[1:], "from": 1},
               {"log": 16 * [0], "from": 1}, {"log": "g" * 16, "from": 1}, {"log": "\u00e9" * 16, "from": 1},
               {"log": LOG, "from": True}, {"log": LOG, "from": 2**53}],
    "identify": [{"x": None}],
    "forget": [{}, {"member": None}, {"member": "0000"}, {"member": "0427", "through": 1}],
}  # fmt: skip


@pytest.mark.parametrize("verb, args", [(verb, args) for verb, bad in BAD.items() for args in bad])
def test_bad_arguments_do_nothing(verb, args):
    house = House()
    effects = send(house, verb, args)
    assert error(effects) == "bad-args"
    assert of(Unlock, effects) == of(Learn, effects) == of(Forget, effects) == of(Show, effects) == []
    assert house.rows("command")[-1].reason == "bad-args"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["0427", "open", LOG]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["mode", "until", "member", "through", "count", "log", "from", "unix"]) | st.text(
    max_size=5
)


@given(
    st.sampled_from(sorted(VERBS | commands.LOCAL_VERBS)) | st.text(max_size=9),
    st.dictionaries(names, anything, max_size=3),
)
def test_arguments_of_any_type_never_raise(verb, args):
    house = House()
    assert error(send(house, verb, args)) in {None, "unknown-verb", "bad-args", "failed"}
    assert error(house.post(Asked("2", verb, args, "admin"))) in {None, "unknown-verb", "bad-args", "failed"}
    house = House(clock=False)
    assert error(send(house, verb, args)) in {None, "unknown-verb", "bad-args", "failed", "clock-untrusted"}


# -- what is done ---------------------------------------------------------------------------------


def test_unlock():
    effects = send(House(), "unlock")
    assert Unlock(5_000) in effects
    assert of(Show, effects) == [Show(Cue.ACCEPTED, 5_000)]
    assert [row.type for row in of(Record, effects)] == ["command", "unlocked"]


def test_mode():
    house = House()
    send(house, "mode", {"mode": "open", "until": NOW + 60})
    assert house.state.mode.mode is Mode.OPEN


@pytest.mark.parametrize("through, reach", [(None, 4), (0, 0), (2, 2)])
def test_revoke(through, reach):
    house = House()
    effects = send(house, "revoke", {"member": "0427", "through": through})
    row = of(Record, effects)[1]
    assert (row.type, row.member, row.detail) == (
        "revoked",
        "0427",
        {"generation": 1, "through": reach, "by": "server"},
    )
    assert house.access.record("0427").revoked_through == reach
    assert reasons(house.at_once(house.code("0427"))) == (["revoked"] if reach else [])


def test_a_revocation_with_less_than_what_is_held_changes_nothing():
    house = House()
    house.access.records["0427"] = AccessRecord("0427", revoked_through=9)
    send(house, "revoke", {"member": "0427", "through": 2})
    assert house.access.record("0427").revoked_through == 9


def test_refresh_count_replay_identify():
    assert Refresh() in send(House(), "refresh")
    assert Replay(LOG, 7) in send(House(), "replay")
    assert Show(Cue.IDENTIFY, 10_000) in send(House(), "identify")
    house = House()
    send(house, "count")
    assert house.state.occupancy.count == 3


def test_forget_keeps_what_never_un_happens():
    house = House()
    house.access.records["0427"] = AccessRecord(
        "0427", generation=3, revoked_through=3, suspended_until=5, revision=8
    )
    send(house, "forget")
    assert house.access.records["0427"] == AccessRecord("0427", generation=3, revoked_through=3)
    assert house.rows("forgotten")[0].member == "0427"


def test_messages_that_are_no_commands_are_one_row_a_minute():
    house = House()
    for n in range(100):
        effects = house.post(CommandRefused("x" * (n % 2), "bad-mac"))
        assert len(of(Reply, effects)) == n % 2  # no id, no answer
    house.wait(60)
    assert [(row.reason, row.detail) for row in house.rows("command")] == [("bad-mac", {"count": 100})]


# -- the administrator at the door ----------------------------------------------------------------


def ask(house: House, verb: str, **args: object) -> tuple[Effect, ...]:
    return house.post(Asked("7", verb, args, "admin"))


def test_the_administrator_needs_no_clock_and_no_number():
    house = House(clock=False)
    assert Unlock(5_000) in ask(house, "unlock")
    assert Unlock(5_000) in ask(house, "unlock")
    assert house.rows("unlocked")[0].detail == {"by": "admin"}


def test_verbs_of_the_door_alone_are_no_commands():
    for verb in commands.LOCAL_VERBS:
        assert error(send(House(), verb, {"member": "0427"})) == "unknown-verb"


def test_reinstate_raises_the_generation():
    house = House()
    ask(house, "revoke", member="0427")
    assert error(ask(house, "reinstate", member="0427")) is None
    assert house.access.record("0427") == AccessRecord("0427", generation=5, revoked_through=4)
    assert reasons(house.at_once(house.code("0427"))) == ["unknown-code"]
    assert granted(house.at_once(house.code("0427", generation=5)))


def test_reinstate_ends_a_suspension():
    house = House()
    house.access.records["0427"] = AccessRecord("0427", suspended_until=NOW + 99)
    ask(house, "reinstate", member="0427")
    assert house.access.record("0427").suspended_until is None


@pytest.mark.parametrize(
    "record", [AccessRecord("0427"), AccessRecord("0427", revoked_through=MAX_GENERATION)]
)
def test_nobody_is_reinstated_who_is_in_or_beyond_the_last_generation(record):
    house = House()
    house.access.records["0427"] = record
    effects = ask(house, "reinstate", member="0427")
    assert error(effects) == "failed"
    assert of(Learn, effects) == []


def test_a_number_revoked_for_ever_offers_no_generation():
    house = House()
    house.access.records["0427"] = AccessRecord("0427", revoked_through=MAX_GENERATION)
    house.drain()
    assert not granted(house.double("0427", generation=MAX_GENERATION + 1))
