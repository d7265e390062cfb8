"""The documents say what the programs say: commands, keys, words, numbers, links; one sentence a line."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from contract import messages
from contract.codes import Kind
from contract.messages import Topics
from docs import draw
from door import cli as door_cli
from door.clock import Source
from door.config import Config
from door.effects import Cue
from roomserver import cli as server_cli
from roomserver.settings import Settings
from roomserver.wire.alarms import Noticed

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


@cache
def read(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text("utf-8")


def prose(name: str) -> list[str]:
    """The lines of a document outside of blocks, tables, comments and headings; code spans are one word."""
    text = SPAN.sub("code", re.sub(r"<!--.*?-->", "", BLOCK.sub("", read(name)), flags=re.DOTALL))
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("|", "#"))]


def rows(name: str) -> dict[str, str]:
    """Every line of every table of a document, by the code in its first cell."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", read(name), re.MULTILINE))


# -- their form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_line_is_one_sentence(name: str) -> None:
    """In English and in Chinese; what stands in brackets or is counted (1.) is none."""
    more = []
    for line in prose(name):
        sentence = re.sub(r"^(\d+\.|-|>) |!\[.*\]\(.*\)|\([^)]*\)", "", line)
        if re.search(r"[.?!][”\"]? +[A-Z“\"]|[。\uff01\uff1f].", sentence):
            more.append(line)
    assert more == []


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_shouted_at(name: str) -> None:
    assert [line for line in prose(name) if re.search(r"\w[!\uff01]", line)] == []


def anchors(name: str) -> set[str]:
    """The places in a document that a link may name, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", BLOCK.sub("", read(name)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", read(name))):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        there = file.exists()
        if there and anchor:
            there = anchor in anchors(str(file.relative_to(ROOT)))
        if not there:
            dead.append(target)
    assert dead == []


def test_the_picture_is_well_formed_and_described() -> None:
    names = [element.tag.rpartition("}")[2] for element in ET.fromstring(read("docs/door.svg"))]
    assert names[:2] == ["title", "desc"]
    assert "docs/door.svg" in read("README.md")


def test_every_document_is_found_from_the_first_page() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+\.md)", read("README.md")))
    assert {name for name in NAMES if name != "README.md"} <= linked


def test_two_commands_stand_at_the_top() -> None:
    first = BLOCK.search(read("README.md"))
    assert first
    assert re.findall(r"^make (\w+)", first[3], re.MULTILINE) == ["demo", "test"]
    assert read("README.md")[: first.start()].count("\n") < 20


# -- commands -------------------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command of a program, with its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                below = [((name, *words), command) for words, command in commands(inner)]
                yield from below or [((name,), inner)]


PROGRAMS = {"door": door_cli._parser(), "roomserver": server_cli.parser()}
COMMANDS = {
    " ".join((program, *words)): command
    for program, parser in PROGRAMS.items()
    for words, command in commands(parser)
}


def said(name: str) -> list[str]:
    """What a document tells to type: code spans, and lines of blocks, that begin with a program."""
    lines = [line.strip() for _, _, block in BLOCK.findall(read(name)) for line in block.splitlines()]
    lines = [re.sub(r"^(sudo (-u \w+ )?|room(?= (init|door|member|code) ))", _unsudo, line) for line in lines]
    return [
        line for line in (*SPAN.findall(read(name)), *lines) if re.match(r"(door|roomserver) [a-z-]", line)
    ]


def _unsudo(found: re.Match[str]) -> str:
    return "roomserver" if found[0] == "room" else ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_operations(command: str) -> None:
    told = [line for line in rows("docs/operations.md") if re.fullmatch(rf"{command}( [A-Z]+)*", line)]
    assert len(told) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_told_beside_it(command: str) -> None:
    lines = rows("docs/operations.md").items()
    told = next(text for line, text in lines if re.fullmatch(rf"{command}( [A-Z]+)*", line))
    options = {option for action in COMMANDS[command]._actions for option in action.option_strings}
    lacking = {o for o in options - {"-h", "--help", "--json"} if o not in told}
    assert lacking == set()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_to_be_typed_can_be_typed(name: str) -> None:
    unknown = []
    for line in said(name):
        words = [word for word in shlex.split(line, comments=True) if not word.startswith(("-", "/", "…"))]
        known = any(words[: len(command.split())] == command.split() for command in COMMANDS)
        group = any(command.startswith(" ".join(words) + " ") for command in COMMANDS)
        if not (known or group):
            unknown.append(line)
    assert unknown == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {
        target
        for name in NAMES
        for text in (*SPAN.findall(read(name)), *(block for *_, block in BLOCK.findall(read(name))))
        for target in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    }
    assert {"demo", "test", "lint"} <= named <= targets


# -- words ----------------------------------------------------------------------------------------


def test_every_key_of_both_files_is_told() -> None:
    told = rows("docs/configuration.md")
    for settings in (Config(), Settings()):
        keys = {key for key, _, _ in draw.keys(settings)}
        assert len(keys) > 20
        assert keys <= told.keys()


def test_the_keys_told_are_those_of_the_file_that_comes_with_the_door() -> None:
    """So nothing is left out because the drawing does not see it."""
    text = read("config.toml")
    typed = set(re.findall(r"^(?:# )?([a-z_]+) = ", text, re.MULTILINE))
    assert typed == {key.rpartition(".")[2] for key, _, _ in draw.keys(Config())}


WHERE = {
    "docs/operations.md": messages.ALARMS | messages.REASONS | {str(noticed) for noticed in Noticed},
    "docs/protocol.md": messages.ROW_TYPES
    | messages.VERBS
    | messages.COMMAND_ERRORS
    | {t.replace("/x", "/{door}") for n, t in vars(Topics("x")).items() if n not in ("door", "base")},
    "docs/glossary.md": {str(cue) for cue in Cue},
}


@pytest.mark.parametrize("name", WHERE)
def test_every_word_has_its_line(name: str) -> None:
    assert WHERE[name] - rows(name).keys() == set()


def test_every_kind_and_every_source_of_time_is_explained() -> None:
    words = {*Kind, *Source}
    assert {str(word) for word in words} <= set(SPAN.findall(read("docs/glossary.md")))


# -- one word for one thing -----------------------------------------------------------------------

FORBIDDEN = {
    "an entry is a person going in": r"\b(wrong|right|typed)[ _-]entr(y|ies)\b",
    "what is on record are audit rows": r"\baudit[ _-]events?\b|\bevent[ _-]log\b",
    "members are reinstated": r"\brestor(e|es|ed|ing)[ _](a |the )?members?\b|\bmember[ _]restor",
    "the test hardware is the rig": r"\bbench(es)?\b",
}
SAYS_WHAT_IS_NOT_SAID = (Path(__file__), ROOT / "docs" / "glossary.md")


def sources() -> Iterator[Path]:
    """All code and all documents but those that say what is not said."""
    for folder in ("contract", "door", "roomserver", "demo", "tests", "systemd", "docs"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".md", ".service") and file not in (
                Path(__file__),
                ROOT / "docs/glossary.md",
            ):
                yield file
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config.toml"))


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_other_word_is_used(rule: str) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{number}"
        for file in sources()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(FORBIDDEN[rule], line, re.IGNORECASE)
    }
    assert found == set()


@pytest.mark.parametrize(
    "rule, line",
    [
        *zip(
            FORBIDDEN,
            ("a wrong entry", "audit_events = []", "def restore_member():", "the bench"),
            strict=True,
        )
    ],
)
def test_the_search_sees_another_word(rule: str, line: str) -> None:
    assert re.search(FORBIDDEN[rule], line)


@pytest.mark.parametrize("word", "attempt entry grant denial lockout budget outbox lease".split())
def test_every_word_of_the_trade_has_a_sentence_and_its_chinese(word: str) -> None:
    lines = re.findall(rf"^\| {word} \| (.+?) \| (.+?) \|$", read("docs/glossary.md"), re.MULTILINE)
    zh, text = lines[0]
    assert re.search(r"[\u4e00-\u9fff]", zh)
    assert text.endswith(".")


# -- what the administrator copies -----------------------------------------------------------------


def block(name: str, first: str) -> str:
    """The block of a document that begins with a text."""
    (found,) = [str(text) for *_, text in BLOCK.findall(read(name)) if text.startswith(first)]
    return found


def test_a_backup_made_and_restored_as_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Step by step, in another folder."""
    config, file = tmp_path / "roomserver.toml", tmp_path / "backup.db"
    for command in ("init", "member add --number 0427"):
        assert server_cli.main(["--config", str(config), *command.split()]) == 0
    words = shlex.split(block("docs/operations.md", "roomserver backup"))
    assert server_cli.main(["--config", str(config), *words[1:-1], str(file)]) == 0
    for old in tmp_path.glob("roomserver.db*"):
        old.unlink()
    for command in ("init", f"restore {file}"):
        assert f"`roomserver {command.split()[0]}" in read("docs/operations.md")
        assert server_cli.main(["--config", str(config), *command.split()]) == 0
    capsys.readouterr()
    assert server_cli.main(["--config", str(config), "member", "list"]) == 0
    assert "0427" in capsys.readouterr().out
