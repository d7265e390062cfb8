"""``door odds``: the numbers in force in words, each agreeing with the arithmetic, and complete as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shell import Shell, kept
from village import config, home, write

from door import tables
from door.effects import Remember


def shell_of(folder: Path, capsys: pytest.CaptureFixture[str], **changes: object) -> Shell:
    """A shell beside a door that has these numbers."""
    home(folder)
    return Shell(write(folder, config(folder, **changes)), capsys)


def test_a_try_a_day_and_a_year_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database, without a running door: for a new one that is being thought about."""
    code, out, err = shell_of(tmp_path, capsys).door("odds")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert "a try 1 in 500,000" in said
    assert "22 guesses: 10 in store, one more every 2 h of running time" in said
    assert "a year 0.88 % (4,402 guesses in 366 days)" in said
    assert "after a wrong pair the door pauses 2 s, then twice as long, up to 30 s" in said
    assert "2,880 pairs: 30 s apart" in said
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(shell_of(tmp_path, capsys).door("odds", "--json").out)
    assert told["double"].keys() == told["year_together"].keys() == {"server", "ntp", "none"}
    for part in (told["single"], *told["double"].values()):
        assert {"kind", "live", "among", "a_day", "a_year", "per_try", "per_day", "per_year"} == part.keys()
        assert 0 < part["per_try"] < part["per_day"] < part["per_year"] < 0.01
    assert told["year_together"]["server"] < 0.01
    assert told["in_force"]["budget_tokens"] == 10


def test_the_numbers_are_those_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = tables.Budget(tokens=4, refill_hours=6)
    told = json.loads(shell_of(tmp_path, capsys, budget=budget).door("odds", "--json").out)
    assert (told["single"]["a_day"], told["single"]["a_year"]) == (4 + 4, 4 + 4 * 366)


def test_and_those_the_server_said_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = shell_of(tmp_path, capsys)
    kept(tmp_path, [Remember("server", {"codes": {"digits": 8}, "rules": {}})])
    told = json.loads(shell.door("odds", "--json").out)
    assert (told["in_force"]["digits"], told["single"]["among"]) == (8, 10**8)
