"""Every parser of what comes from outside returns, or raises the error it documents, whatever the bytes.

The corpus in ``corpus/`` has what was found: inputs that reach what the seeds do not, and those named
``crash-…`` that once raised something else. ``make fuzz`` finds more (docs/security.md).
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from fuzz import Fuzz, reached
from hypothesis import given
from hypothesis import strategies as st
from parsers import PARSERS, corpus

LONGER = 50  # times as many inputs in the long run
TIMES = {"door-settings": 20, "story": 15, "enrolment": 60, "server-settings": 100}
MOST_TIMES = 250  # of a parser that is quick
HERE = Path(__file__).parent
INPUTS = [pytest.param(name, raw, id=f"{name}-{n}") for name in PARSERS for n, raw in corpus(name).items()]


@pytest.mark.parametrize("name, raw", INPUTS)
def test_what_was_found_once_is_answered_by_the_documented_error(name: str, raw: bytes) -> None:
    PARSERS[name](raw)


@pytest.mark.parametrize("name", PARSERS)
def test_seeds_are_understood(name: str) -> None:
    """Or a fuzzer would begin, and stay, outside the door."""
    PARSERS[name].parse(PARSERS[name].seeds[0])


def hunt(name: str, seed: int, times: int) -> Fuzz:
    """A run of the fuzzer over a parser."""
    fuzz = Fuzz(PARSERS[name], [*PARSERS[name].seeds, *corpus(name).values()], seed)
    fuzz.go(times)
    return fuzz


@pytest.mark.parametrize("name", PARSERS)
def test_a_short_hunt_finds_nothing_but_documented_errors(name: str) -> None:
    """The same inputs each time."""
    hunt(name, 1, TIMES.get(name, MOST_TIMES))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PARSERS)
def test_a_long_hunt_finds_nothing_but_documented_errors(name: str) -> None:
    """Others each time; a failure shows the input, which goes into the corpus under a name."""
    hunt(name, secrets.randbits(32), LONGER * TIMES.get(name, MOST_TIMES))


@given(
    name=st.sampled_from(sorted(PARSERS.keys() - {"door-settings", "enrolment", "story"})), raw=st.binary()
)
def test_any_bytes_at_all(name: str, raw: bytes) -> None:
    """What no input of ours looks like."""
    PARSERS[name](raw)


def test_every_folder_of_the_corpus_is_a_parsers() -> None:
    assert {folder.name for folder in (HERE / "corpus").iterdir()} <= PARSERS.keys()


# -- the fuzzer itself ----------------------------------------------------------------------------


def a_bug_behind_four_doors(raw: bytes) -> None:
    """Chance alone opens them once in 4,000 million inputs."""
    if raw[:1] != b"d":
        return
    if raw[1:2] != b"o":
        return
    if raw[2:3] != b"o":
        return
    if raw[3:4] == b"r":
        raise ZeroDivisionError


def test_the_fuzzer_finds_a_bug_behind_several_conditions() -> None:
    """For each that is met is kept; and it shows the input in a note."""
    with pytest.raises(ZeroDivisionError) as raised:
        Fuzz(a_bug_behind_four_doors, [b""], 1, (__file__,)).go(60_000)
    assert "over b'door" in raised.value.__notes__[0]
    Fuzz(a_bug_behind_four_doors, [b""], 1, ()).go(10_000)  # without a guide it does not


def test_an_input_that_reaches_nothing_new_is_not_kept() -> None:
    """Nor is one that leads out of the parser."""
    parser = PARSERS["json"]
    fuzz = Fuzz(parser, [b'{"a":1}'], 1)
    assert not fuzz.try_one(b'{"b":2}')
    assert fuzz.try_one(b"[")
    assert fuzz.kept == [b'{"a":1}', b"["]
    assert reached(parser, b"[") != reached(parser, b'{"a":1}')
