"""docs/protocol.md and contract/ say the same: every word of one is in the other, and so is every number."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from contract import access, audit, codes, messages
from contract.codes import PAPER2, WINDOWS, Codes, Kind
from contract.messages import Command, Topics
from door.clock import TRUSTED, Source
from door.commands import SAFE

DOCUMENT = Path(__file__).parent.parent / "docs" / "protocol.md"
TEXT = DOCUMENT.read_text("utf-8")
KEY = bytes(range(32))  # of the examples


def section(title: str) -> str:
    """The text from a heading to the next heading, of whatever depth."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/protocol.md has no section {title!r}"
    return found[1]


def tables(title: str) -> list[dict[str, list[str]]]:
    """The tables of a section, each by its first column without backquotes."""
    found = re.findall(r"(?:^\|.*\n)+", section(title), re.MULTILINE)
    return [{row[0]: row[1:] for row in map(cells, table.splitlines()[2:])} for table in found]


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def examples() -> list[str]:
    return re.findall(r"^```\n(.*?)\n```$", section("7. One of each"), re.MULTILINE)


# -- words ----------------------------------------------------------------------------------------

WORDS = {
    "Row types": messages.ROW_TYPES,
    "Alarms": messages.ALARMS,
    "Reasons": messages.REASONS,
    "Verbs": messages.VERBS,
    "Command errors": messages.COMMAND_ERRORS,
    "Kinds": frozenset({*map(str, Kind), PAPER2}),
}


@pytest.mark.parametrize("title", WORDS)
def test_the_words_of_the_document_are_those_of_the_code(title):
    (table,) = tables(title)
    assert set(table) == WORDS[title]
    assert all(any(row) for row in table.values())


@pytest.mark.parametrize("title", WORDS)
def test_no_word_stands_twice(title):
    words = [cells(line)[0] for line in section(title).splitlines() if line.startswith("| `")]
    assert len(words) == len(set(words)) == len(WORDS[title])


def test_the_topics_of_the_document_are_those_of_the_code():
    topics = {value for name, value in vars(Topics("x")).items() if name not in ("door", "base")}
    (table,) = tables("Topics")
    assert {topic.replace("{door}", "x") for topic in table} == topics


def test_the_fields_of_a_record_a_row_and_a_command_are_told():
    record = section("2. The access list").split("has the fields ")[1].split(".\n")[0]
    assert re.findall(r"`(\w+)`", record) == [field.name for field in fields(access.AccessRecord)]
    row = section("Audit rows").split("bytes: `{")[1].split("}`.")[0]
    named = [name for name in re.findall(r'"(\w+)"', row) if name != "0427"]
    assert named == [field.name for field in fields(audit.Row) if field.name != "raw"]
    command = section("Commands").split("`{")[1].split("}`")[0]
    fields_ = Command("a", 1, "unlock", {}, 1).as_json()
    assert re.findall(r'"(\w+)"', command) == [*fields_, "mac"]


def test_what_may_be_done_without_a_trusted_clock_is_what_the_door_does():
    told = {verb: row[-1] for verb, row in tables("Verbs")[0].items()}
    assert {verb for verb, may in told.items() if may == "yes"} == SAFE
    assert told.pop("mode") == "only `lockdown"
    assert set(told.values()) == {"yes", "no"}


def test_the_sources_of_time_are_the_doors_best_first():
    told = {source: row[-1] for source, row in tables("Time")[0].items()}
    assert list(told) == list(Source)
    assert {source for source, trusted in told.items() if trusted == "yes"} == TRUSTED


# -- numbers --------------------------------------------------------------------------------------

SECONDS = {"s": 1, "h": 3600}


def seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * SECONDS[unit]


@pytest.mark.parametrize("kind", WINDOWS)
def test_the_windows_of_the_document_are_those_of_the_code(kind):
    counter, skew, grace, *_ = tables("Kinds")[0][kind]
    window = WINDOWS[kind]
    assert (seconds(skew), seconds(grace)) == (window.skew, window.grace)
    assert counter == f"t / {window.step}" or (kind is Kind.PAPER and counter.startswith("days"))


def test_every_bound_of_the_contract_is_in_the_document():
    bounds, _ = tables("6. Numbers")
    told = {name: int(row[0]) for name, row in bounds.items()}
    for name, value in told.items():
        assert [getattr(m, name) for m in (codes, access, audit, messages) if hasattr(m, name)][0] == value  # noqa: RUF015
    public = {
        name
        for module in (codes, access, audit, messages)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, int)
    }
    assert public == set(told)


def test_the_form_of_codes_in_the_document_is_the_default_of_the_code():
    _, defaults = tables("6. Numbers")
    form = Codes()
    told = {key: row[0] for key, row in defaults.items()}
    assert told == {
        "digits": str(form.digits),
        "member_digits": str(form.member_digits),
        "bundle": str(form.bundle_seconds),
        "paper_uses": str(form.paper_uses),
        "time_zone": str(form.time_zone),
        "room": form.room,
    }


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {messages.MAX_SIGNED_BYTES} bytes",
        f"at most {audit.MAX_ROW_BYTES} bytes",
        f"within {messages.COMMAND_WINDOW} below it",
        f"at most {messages.COMMAND_LIFE_SECONDS} s ahead",
        f"message expiry {messages.COMMAND_EXPIRY_SECONDS} s",
        f"max(generation, revoked_through) + {access.REVOKE_AHEAD}",
        f"the next {codes.CARD_PAIRS_AHEAD} pairs",
        f"{Codes().paper_uses} times a day",
        f"`{messages.DOOR_NAME.pattern}`",
        f"at most {Codes().bundle_seconds // 60} min before its step begins",
        f"{Codes().bundle_seconds // WINDOWS[Kind.PHONE].step} codes, and the one that follows",
    ],
)
def test_a_number_in_a_sentence_is_that_of_the_code(sentence):
    assert sentence in TEXT


# -- derivations and examples ---------------------------------------------------------------------


def test_the_derivations_are_those_of_the_code():
    infos = {info.split("/")[0]: info for info in re.findall(r"KDF\(door key, `([^`]+)`, \d+\)", TEXT)}
    lengths = dict(re.findall(r"KDF\(door key, `([^/`]+)[^`]*`, (\d+)\)", TEXT))
    code = infos["door-code"].format(door="yuexin", kind="phone", member="0427", generation=1)
    assert codes.derive(KEY, "yuexin", "phone", "0427", 1) == codes.kdf(KEY, code, int(lengths["door-code"]))
    for name, derived in (("door-command", messages.command_key), ("door-report", messages.report_key)):
        info = infos.pop(name).format(door="yuexin")
        assert derived(KEY, "yuexin") == codes.kdf(KEY, info, int(lengths[name]))
    assert list(infos) == ["door-code"]


def test_the_code_of_the_example_is_issued():
    form = Codes()
    step = form.step(Kind.PHONE, 1_767_225_600)
    issued = codes.issue(KEY, "yuexin", Kind.PHONE, "0427", 1, step, form)
    assert examples()[0] == f"{issued.digits} {issued.second}"


def test_the_command_of_the_example_is_signed():
    key, raw = messages.command_key(KEY, "yuexin"), examples()[1].encode()
    command = messages.command_from(messages.check(key, Topics("yuexin").command, raw), retained=False)
    assert (command.verb, command.args) == ("revoke", {"member": "0427", "through": 4})
    assert messages.sign(key, Topics("yuexin").command, command.as_json()) == raw


def test_the_row_of_the_example_verifies():
    key, raw = messages.report_key(KEY, "yuexin"), examples()[2].encode()
    assert audit.verify(key, "yuexin", raw) == audit.parse(raw).hash
    assert (audit.parse(raw).type, audit.parse(raw).prev) == ("log-began", audit.FIRST_PREV)


# -- its form -------------------------------------------------------------------------------------


def test_there_is_one_sentence_a_line():
    prose = re.sub(r"^```\n.*?\n```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if line and not line.startswith(("|", "#", "- "))]
    more = [line for line in lines if re.search(r"[.!?] [A-Z`]", line)]
    assert more == []
    assert [line for line in lines if not line.endswith((".", ":"))] == []
