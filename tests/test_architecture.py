"""The walk of one key is told in CONTRIBUTING as it goes, and docs/architecture.md is what the code draws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from docs import draw
from docs.diagrams import DIAGRAMS, explore
from door import doorway
from tests.footsteps import Call, footsteps
from tests.hardware import mock_factory

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LINE = re.compile(r"^\| `((?:door|contract)/\S+\.py)` \| `(\S+)` \|(?: (\w+) \|)?", re.MULTILINE)
SEVEN = 7

__all__ = ["mock_factory"]


def told(heading: str) -> dict[str, tuple[str, str]]:
    """A table of CONTRIBUTING by its file: the function, and who asks."""
    found = re.search(rf"^\| {heading} \|.*\n((?:\|.*\n)+)", CONTRIBUTING, re.MULTILINE)
    assert found, f"CONTRIBUTING has no table of {heading}"
    return {file: (function, by) for file, function, by in LINE.findall(found[1])}


STOPS, ASKED = told("stop"), told("asked on the way")


@pytest.fixture
def calls(mock_factory: MockFactory, tmp_path: Path) -> list[Call]:
    """What the last key of a right code entered, from the press to the relay."""
    return footsteps(mock_factory, tmp_path)


def first(calls: list[Call], file: str, function: str) -> int:
    """When a function was entered first."""
    for n, call in enumerate(calls):
        if (call.file, call.function) == (file, function):
            return n
    raise AssertionError(f"the key does not come through {function} of {file}")


# -- the walk -------------------------------------------------------------------------------------


def test_the_walk_is_seven_files_from_the_keypad_to_the_lock() -> None:
    assert len(STOPS) == SEVEN
    assert [*STOPS][:: SEVEN - 1] == ["door/keypad.py", "door/lock.py"]


def test_the_key_comes_through_every_stop_in_the_order_told(calls: list[Call]) -> None:
    entered = [first(calls, file, function) for file, (function, _) in STOPS.items()]
    assert all(before < after for before, after in pairwise(entered))


def test_each_stop_is_entered_from_a_stop_before_it(calls: list[Call]) -> None:
    """But for the loop, which takes the key from the queue."""
    before: set[str] = set()
    for file, (function, _) in STOPS.items():
        by = calls[first(calls, file, function)].by
        assert by in before or file in ("door/keypad.py", "door/loop.py")
        before.add(file)


def test_every_file_on_the_way_is_told_and_no_other(calls: list[Call]) -> None:
    assert {call.file for call in calls} == STOPS.keys() | ASKED.keys()
    assert not STOPS.keys() & ASKED.keys()


def test_whoever_is_asked_on_the_way_is_asked_as_told(calls: list[Call]) -> None:
    entered = {(call.file, call.function, Path(call.by).stem) for call in calls}
    assert {(file, *asked) for file, asked in ASKED.items()} <= entered


# -- what is drawn --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> Mapping[Path, Mapping[str, str]]:
    """Everything that the code draws now."""
    return draw.drawn()


def test_the_documents_are_what_the_code_draws(drawn: Mapping[Path, Mapping[str, str]]) -> None:
    stale = [
        str(document.relative_to(ROOT))
        for document, pictures in drawn.items()
        if draw.redrawn(document.read_text("utf-8"), pictures) != document.read_text("utf-8")
    ]
    assert stale == [], "run: python -m docs.draw"


def test_the_wirings_are_what_the_code_draws() -> None:
    stale = [file.name for file, drawing in draw.wirings().items() if file.read_text("utf-8") != drawing]
    assert stale == [], "run: python -m docs.draw"


def test_a_file_without_a_place_on_the_map_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {**draw.GROUPS["door"], "touches": "pins lock"}
    monkeypatch.setitem(draw.GROUPS, "door", lacking)
    with pytest.raises(draw.DrawError, match=r"keypad.*sensors"):
        draw.folder_map("door")


def test_every_file_says_in_its_first_line_what_it_is() -> None:
    silent = [
        f"{package}/{name}.py"
        for package in draw.GROUPS
        for name in draw.files(package)
        if len(draw.purpose(package, name)) < 10
    ]
    assert silent == []


@pytest.mark.parametrize("name", DIAGRAMS)
def test_nothing_seen_from_outside_decides_two_ways(name: str) -> None:
    """From one box the same gesture with the same cue leads to one box: the words of a state are enough."""
    ways: dict[tuple[str, str], set[str]] = {}
    for (here, there), labels in explore(DIAGRAMS[name]).items():
        for label in labels:
            ways.setdefault((here, label), set()).add(there)
    assert {way: there for way, there in ways.items() if len(there) > 1} == {}


def test_a_changed_rule_changes_the_diagram(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else the diagram would not be drawn from the code."""
    before = explore(DIAGRAMS["doorway"])
    right = doorway._opened_rightly
    monkeypatch.setattr(
        doorway, "_opened_rightly", lambda way, now: (replace(right(way, now)[0], held=True), None, ())
    )
    assert explore(DIAGRAMS["doorway"]) != before
