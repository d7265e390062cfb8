"""``door members``: everybody the door knows, with the standing that the door itself would give him."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shell import Shell, kept
from village import codes_of, config, door_at, home, write

from contract.access import AccessRecord
from contract.codes import Codes, Kind
from door.effects import CountFailures, Cue, Learn, Remember, Use

PAST = 1_795_000_000  # 2026-11-18 19:06:40 in Shanghai
FORM = Codes()
FUTURE = 4_102_444_800  # 2100-01-01 08:00 in Shanghai
RECORDS = (
    AccessRecord("0101", revision=1),
    AccessRecord("0202", generation=2, revoked_through=5),
    AccessRecord("0303", suspended_until=FUTURE),
    AccessRecord("0404", Kind.PAPER),
    AccessRecord("0505", not_before=FUTURE),
    AccessRecord("0606", not_after=PAST - 100),
    AccessRecord("0707", card_pair=3),
)
Beside = Callable[..., Shell]


@pytest.fixture
def beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Beside:
    """A shell beside a stopped door that knows these members."""

    def make(*more: Any, list_at: int | None = None) -> Shell:
        home(tmp_path)
        facts = [Remember("known_past", PAST), Remember("list_at", list_at)]
        kept(tmp_path, [*map(Learn, RECORDS), *facts, *more])
        return Shell(write(tmp_path, config(tmp_path)), capsys)

    return make


def standings(shell: Shell) -> dict[str, str]:
    """By number."""
    head, *lines = shell.door("members").out.splitlines()
    assert head.split() == ["number", "standing", "kind", "generation", "last", "used", "failures"]
    at = head.index("standing"), head.index("kind")
    return {line[:4]: line[slice(*at)].strip() for line in lines}


def test_everybody_is_listed_with_his_standing(beside: Beside) -> None:
    """In the words of the room, with the end of what ends."""
    assert standings(beside()) == {
        "0101": "good",
        "0202": "revoked",
        "0303": "suspended until 2100-01-01 08:00 CST",
        "0404": "lease ended",
        "0505": "not before 2100-01-01 08:00 CST",
        "0606": "ended 2026-11-18 19:05 CST",
        "0707": "good",
    }


def test_a_lease_counts_from_the_last_answer_of_the_server(beside: Beside) -> None:
    assert standings(beside(list_at=PAST - 13 * 86_400))["0404"] == "good"


def test_what_was_used_last_is_told_as_a_time(beside: Beside) -> None:
    """The step of a phone, the day of a sheet, the pair of a card; nobody's numbers of a step."""
    phone, paper = FORM.step(Kind.PHONE, PAST), FORM.step(Kind.PAPER, PAST)
    uses = [Use("0101", "phone", 1, phone), Use("0404", "paper", 1, paper), Use("0404", "paper2", 1, paper)]
    shell = beside(*uses, CountFailures("0101", 7), list_at=PAST)
    lines = {line[:4]: line for line in shell.door("members").out.splitlines()}
    assert "2026-11-18 19:06 CST" in lines["0101"]
    assert lines["0101"].endswith("  7")
    assert "2026-11-18" in lines["0404"]
    assert "card pair 3" in lines["0707"]


def test_whoever_is_on_no_record_is_a_phone_of_the_first_generation(beside: Beside) -> None:
    """He may come in (PROTOCOL §1), and is listed once he has tried."""
    shell = beside(CountFailures("0999", 1))
    assert standings(shell)["0999"] == "good (on no record)"
    assert shell.door("members", "0888").out.splitlines()[1].startswith("0888    good (on no record)")


def test_only_the_numbers_given_are_shown(beside: Beside) -> None:
    shell = beside()
    assert [line[:4] for line in shell.door("members", "0606", "0101").out.splitlines()[1:]] == [
        "0606",
        "0101",
    ]


def test_json_is_complete(beside: Beside) -> None:
    """The record as it travels, and what the table shows."""
    found = {one["member"]: one for one in json.loads(beside().door("members", "--json").out)}
    assert found.keys() == {record.member for record in RECORDS}
    for record in RECORDS:
        assert record.as_json().items() <= found[record.member].items()
    assert {"on_record", "refusal", "last_used", "failures"} <= found["0101"].keys()
    assert (found["0101"]["refusal"], found["0404"]["refusal"]) == (None, "lease-ended")


@pytest.mark.parametrize("number", ["427", "0000", "０４２７", "x", "0427719385", ""])
def test_what_is_no_number_is_exit_code_2(beside: Beside, number: str) -> None:
    code, out, err = beside().door("members", number)
    assert (code, out) == (2, "")
    assert "a member number has 4 of the digits 0 to 9" in err
    assert "719385" not in err


def test_a_door_that_knows_nobody_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home(tmp_path)
    kept(tmp_path)
    assert Shell(write(tmp_path, config(tmp_path)), capsys).door("members").out.startswith("Nobody yet: ")


def test_beside_a_running_door_it_shows_what_is_so_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row of the list is there when the act is."""
    with door_at(tmp_path) as door:
        shell = Shell(door.path, capsys)
        assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED
        door.walk_in()
        shell.door("revoke", "0611")
        found = {one["member"]: one for one in json.loads(shell.door("members", "--json").out)}
    assert found["0611"]["refusal"] == "revoked"
    assert found["0427"]["last_used"] is not None
    assert replace(AccessRecord("0611"), revoked_through=4).as_json().items() <= found["0611"].items()
