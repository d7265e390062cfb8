"""The loop performs what was decided, in order, and no fault of a part keeps a member out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from house import KEY, NOW
from patience import until

from contract.codes import Kind, issue
from door import loop as looping
from door.accesslist import AccessList
from door.effects import Cue, Effect, Record, Reply, Use
from door.errors import StoreError
from door.events import Asked, ContactChanged, KeyPressed, LockMoved, ServerTime, Started, Stopping
from door.loop import Inbox, Loop, NewRules
from door.rules import Rules
from door.state import restore

RULES = Rules("yuexin", KEY)


class Parts:
    """Everything a loop is connected to; ``log`` is what happened, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.future: Future[float] | None = None
        self.unlocked = False
        self.unlock_error: Exception | None = None

    def keep(self, effects: Sequence[Effect]) -> Future[float]:
        self.log.append(("keep", *effects))
        if self.future is not None:
            return self.future
        done: Future[float] = Future()
        done.set_result(0.1)
        return done

    def unlock(self, seconds: float | None) -> None:
        if self.unlock_error is not None:
            raise self.unlock_error
        self.log.append(("unlock", seconds))

    def relock(self) -> None:
        self.log.append(("relock",))

    def close(self) -> None:
        self.log.append(("close",))

    def cue(self, word: str, at: int) -> None:
        self.log.append(("cue", word, at))

    def reply(self, reply: Reply) -> None:
        self.log.append(("reply", reply))

    def refresh(self) -> None:
        self.log.append(("refresh",))

    def replay(self, log: str, seq: int) -> None:
        self.log.append(("replay", log, seq))

    def of(self, word: str) -> list[tuple[Any, ...]]:
        return [entry for entry in self.log if entry[0] == word]


class Lamp:
    """Shows into the same log."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def show(self, cue: Cue, ms: int | None) -> None:
        self._parts.log.append(("show", cue, ms))


class Tell(Parts):
    """Parts whose retained topics are kept by word."""

    def show(self, topic_word: str, payload: Mapping[str, object]) -> None:
        self.log.append(("topic", topic_word, dict(payload)))


def made(parts: Tell) -> Loop:
    """A loop that has started at ``NOW``."""
    state = restore({}, AccessList(), looping.moment(), RULES)
    loop = Loop(
        Inbox(), state, RULES, keeper=parts, lock=parts, indicator=Lamp(parts), teller=parts,
        beat=lambda now: now + 60_000,
    )  # fmt: skip
    loop.handle(ServerTime(NOW * 1000))
    loop.handle(Started(False, "test"))
    parts.log.clear()
    return loop


def code(member: str = "0427") -> str:
    """The member's present code."""
    step = RULES.codes.step(Kind.PHONE, NOW)
    return issue(KEY, "yuexin", Kind.PHONE, member, 1, step, RULES.codes).digits


def type_(loop: Loop, digits: str) -> None:
    """All keys at once."""
    for key in digits:
        loop.handle(KeyPressed("front", key))


def test_a_grant_is_recorded_before_the_lock_moves_and_shown_last() -> None:
    parts = Tell()
    type_(made(parts), code())
    words = [
        entry[0] for entry in parts.log if entry[0] in ("keep", "unlock") or entry[1:2] == (Cue.ACCEPTED,)
    ]
    assert words == ["keep", "unlock", "show", "cue"]
    kept = parts.of("keep")[0]
    assert [type(effect) for effect in kept[1:3]] == [Record, Use]


def test_a_used_step_counts_before_the_next_event() -> None:
    parts = Tell()
    loop = made(parts)
    type_(loop, code())
    type_(loop, code())
    assert len(parts.of("unlock")) == 1
    assert ("show", Cue.NOT_NOW, None) in parts.log


def test_a_slow_disk_keeps_nobody_waiting_longer_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looping, "SETTLE_SECONDS", 0.01)
    parts = Tell()
    loop = made(parts)
    parts.future = Future()  # never done
    type_(loop, code())
    assert parts.of("unlock") == [("unlock", 5.0)]


def test_the_loop_tells_when_the_lock_has_moved() -> None:
    """So that the time it waited for the record is not taken from whoever enters."""
    parts = Tell()
    loop = made(parts)
    before = looping.moment()
    type_(loop, code())
    told = loop._inbox.get_nowait()
    assert isinstance(told, LockMoved)
    assert told.ms == 5_000
    assert before <= told.at <= looping.moment()


def test_a_failed_disk_lets_in_who_has_typed_a_right_code() -> None:
    parts = Tell()
    loop = made(parts)
    parts.future = Future()
    parts.future.set_exception(StoreError("full"))
    type_(loop, code())
    assert parts.of("unlock") == [("unlock", 5.0)]


def test_a_fault_in_one_event_is_logged_without_the_code_and_the_next_member_gets_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = Tell()
    loop = made(parts)
    parts.unlock_error = OSError("the pin does not answer")
    with caplog.at_level(logging.ERROR):
        type_(loop, code("0001"))
    assert "KeyPressed could not be dealt with" in caplog.text
    assert code("0001")[4:] not in caplog.text
    parts.unlock_error = None
    type_(loop, code("0002"))
    assert parts.of("unlock") == [("unlock", 5.0)]


def test_retained_topics_are_told_only_when_they_say_something_new() -> None:
    parts = Tell()
    loop = made(parts)
    loop.rules = Rules("yuexin", KEY, forced_grace_ms=0)
    loop.handle(ContactChanged(True))
    loop.handle(ContactChanged(True))
    states = [payload for _, word, payload in parts.of("topic") if word == "state"]
    assert [(s["door"], s["alarms"]) for s in states] == [("open", ["forced"])]


def test_key_clicks_are_shown_and_never_told() -> None:
    parts = Tell()
    type_(made(parts), "123")
    assert parts.of("show") == [("show", Cue.KEY, None)] * 3
    assert parts.of("cue") == []


def test_new_rules_hold_from_their_event_on() -> None:
    parts = Tell()
    loop = made(parts)
    loop.handle(NewRules(Rules("yuexin", KEY, unlock_ms=9_000, revision=7)))
    type_(loop, code())
    assert parts.of("unlock") == [("unlock", 9.0)]
    rows = [effect for entry in parts.of("keep") for effect in entry[1:] if isinstance(effect, Record)]
    assert ("rules", {"revision": 7}) in [(row.type, row.detail) for row in rows]


def test_what_was_asked_is_answered_after_it_is_done() -> None:
    parts = Tell()
    made(parts).handle(Asked("q1", "unlock", {}, "root"))
    words = [entry[0] for entry in parts.log if entry[0] in ("keep", "unlock", "reply")]
    assert words == ["keep", "unlock", "reply"]
    assert parts.of("reply") == [("reply", Reply("q1", "root", None))]


def test_the_loop_wakes_for_its_timer_and_ends_when_told() -> None:
    parts = Tell()
    loop = made(parts)
    loop.rules = Rules("yuexin", KEY, unlock_ms=50)
    type_(loop, code())
    assert parts.of("relock") == []
    running = threading.Thread(target=loop.run, daemon=True)
    running.start()
    until(lambda: parts.of("relock"))
    loop._inbox.put(Stopping("test"))
    running.join(5)
    assert not running.is_alive()
    assert parts.log[-1][0] != "unlock"
    assert len(parts.of("relock")) == 2
