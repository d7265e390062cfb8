"""The residents' stories: each is played through the real core, in memory and through the real store."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from docs import draw, stories
from door import admission, beams, bell, budget, check, clock, doorway, modes, occupancy, pairs
from door.accesslist import AccessList
from door.simulation import people
from door.simulation.people import Cast, Person
from door.simulation.phrases import Code
from door.simulation.play import Played, play_file
from door.simulation.timeline import What

ROOT = Path(__file__).parent.parent
STORIES = sorted((ROOT / "stories").glob("*.story"))
PAGE_LINES = 60
PROMISED = (
    "The phone is dead",
    "A vandal at midnight",
    "Power cut at 3 a.m.",
    "The paper sheet in a lockout",
    "The first of the month",
    "Two neighbours at once",
    "The door left open",
    "A shared screenshot",
    "Lost phone, re-issued",
    "Revoked while the network is down",
    "Lockdown",
    "The clock is a year ahead",
    "Last night's screenshot after the breaker flipped",
    "The volunteer's authenticator",
    "Exam week: full room",
    "The dead server",
    # PROTOCOL §1 Time
    "The end of the bundle, typed first",
    "An authenticator ten hours off",
    "The server a day ahead for a minute",
    "Eighty hours without power",
    "A certificate not yet valid",
)


@cache
def played(path: Path) -> Played:
    """A story, played in memory."""
    return play_file(path)


def named(path: Path) -> str:
    """Its name in the list of tests."""
    return path.stem


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_the_door_does_what_the_story_tells(path: Path) -> None:
    assert played(path).failures == []


@pytest.mark.parametrize("path", [p for p in STORIES if "power" in p.read_text("utf-8")], ids=named)
def test_the_real_store_remembers_what_the_story_needs(path: Path) -> None:
    """The same timeline to the millisecond, with every fact, row and used step through the file."""
    stored = play_file(path, store=True)
    assert stored.failures == []
    assert stored.timeline.as_json() == played(path).timeline.as_json()


def test_the_stories_that_were_promised_are_told() -> None:
    assert set(PROMISED) - {played(path).story.title for path in STORIES} == set()


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_a_story_is_a_page_with_something_to_expect(path: Path) -> None:
    story = played(path).story
    assert len(path.read_text("utf-8").splitlines()) <= PAGE_LINES
    assert story.about
    assert sum(step.expects for step in story.steps) >= 4
    assert path.stem == re.sub(r"[^a-z0-9]+", "-", re.sub(r"['.]", "", story.title.lower()))


def test_no_story_has_a_code_in_digits_and_none_shows_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed stands neither in the text nor in JSON; steps are no codes."""
    typed: set[str] = set()
    digits = Cast.digits

    def watched(cast: Cast, who: Person, code: Code, now: int) -> list[str]:
        attempts = digits(cast, who, code, now)
        typed.update(attempt.rstrip("#")[-6:] for attempt in attempts if len(attempt) > 6)
        return attempts

    monkeypatch.setattr(people.Cast, "digits", watched)
    for path in STORIES:
        one = play_file(path)
        shown = json.dumps(one.as_json(), ensure_ascii=False) + "\n".join(one.timeline.lines())
        assert not typed & set(re.findall(r"(?<![0-9a-f])\d{6}(?!\d)", shown)), path.stem
        assert not [code for code in typed for number in ("0427", "0318", "9999") if number + code in shown]
        assert not re.search(r"\d{5}", path.read_text("utf-8"))
    assert len(typed) > 100


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_nothing_opens_without_a_record_before_it(path: Path) -> None:
    """Promise 7, in every story: the row of a grant stands before the relay, and the relay before the cue."""
    shown = [e for e in played(path).timeline.entries if e.data.get("cue") != "key"]
    grants = [n for n, entry in enumerate(shown) if entry.data.get("type") == "granted"]
    for n in grants:
        after = [entry for entry in shown[n:] if entry.what in (What.RELAY, What.CUE)][:2]
        assert [e.data.get("relay") or e.data.get("cue") for e in after] == ["UNLOCKED", "accepted"]
        assert {e.unix_ms for e in after} == {shown[n].unix_ms}
    unlocked = [e for e in shown if e.data.get("relay") == "UNLOCKED"]
    out = [e for e in shown if e.what is What.STORY and re.search("leaves|exit button", e.text)]
    assert len(unlocked) == len(grants) + len(out)


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_every_opening_of_the_lock_ends(path: Path) -> None:
    """Promise 6: nothing in them is unlocked for longer than the strike time, but for a fire."""
    moves = [e for e in played(path).timeline.entries if e.what is What.RELAY]
    opened = None
    for move in moves:
        if move.data["relay"] == "LOCKED" and opened is not None:
            assert move.unix_ms - opened <= 5_000
            opened = None
        elif move.data["relay"] == "UNLOCKED":
            opened = None if move.data["ms"] is None else move.unix_ms
            assert opened is not None or "fire" in path.stem


def test_the_document_lists_the_stories_and_the_language() -> None:
    text = stories.DOCUMENT.read_text("utf-8")
    assert draw.redrawn(text, stories.drawn()) == text, "run: python -m docs.stories"


BUGS: tuple[tuple[str, object, str, object], ...] = (
    ("two-neighbours-at-once", AccessList, "_use", lambda *_: None),
    ("a-shared-screenshot", admission, "_too_often", lambda *_: None),
    ("a-vandal-at-midnight", budget, "pausing", lambda *_: 0),
    ("a-vandal-at-midnight", budget, "spend", lambda purse, *_: (purse, ())),
    ("an-honest-typo", budget, "REFUNDS_AT_MOST", 0),
    ("lost-phone-re-issued", pairs, "_provable", lambda *_: ()),
    ("last-nights-screenshot-after-the-breaker-flipped", clock, "known_past_ms", lambda *_: 0),
    ("the-clock-is-a-year-ahead", clock, "disagrees", lambda *_: False),
    ("the-end-of-the-bundle-typed-first", clock, "learn", lambda told, *_: told),
    ("the-volunteers-authenticator", admission, "_unleased", lambda *_: None),
    ("lockdown", modes, "restore", lambda _: modes.ModeState()),
    ("exam-week-full-room", occupancy, "surely_full", lambda *_: False),
    ("the-door-left-open", doorway, "_shunted", lambda *_: True),
    ("the-paper-sheet-in-a-lockout", check.Asked, "needs_pair", lambda *_: False),
    ("power-cut-at-3-am", AccessList, "_use", lambda *_: None),
    ("the-fire-alarm-in-a-lockdown", doorway, "fire", lambda way, *_, **__: (way, ())),
    ("the-bell", bell, "REST_MS", 0),
    ("through-the-beams", beams, "_within", lambda across, *_: (across, beams.Passed(inward=True))),
    ("through-the-beams", occupancy, "STILL_MS", 10**9),
)


@pytest.mark.parametrize("name, where, what, bug", BUGS, ids=[f"{b[0]}-{b[2]}" for b in BUGS])
def test_a_story_notices_when_its_rule_is_broken(
    name: str, where: object, what: str, bug: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else it would be a tale and no test."""
    monkeypatch.setattr(where, what, bug)
    assert not play_file(ROOT / "stories" / f"{name}.story").ok
