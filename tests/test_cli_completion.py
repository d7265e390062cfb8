"""bash completes what the parser of ``door`` takes: asked of bash itself, with the script sourced."""

from __future__ import annotations

import argparse
import shlex
import subprocess
from pathlib import Path

import pytest
from shell import Shell

from contract.messages import ROW_TYPES
from door import cli
from door.commandline.completion import bash

SCRIPT = bash(cli._parser())


def completed(line: str, folder: Path | None = None) -> set[str]:
    """What bash offers at the end of this line."""
    typed = shlex.split(line) + ([""] if line.endswith(" ") else [])
    program = (
        f"{SCRIPT}\nCOMP_WORDS=({' '.join(map(shlex.quote, typed))})\nCOMP_CWORD={len(typed) - 1}\n"
        'complete -p door >/dev/null || exit 3\n_door\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-uc", program], capture_output=True, text=True, timeout=20, cwd=folder
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command by its name."""
    found = next(a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def test_the_first_word_is_a_command_or_an_option() -> None:
    assert completed("door ") == {*commands(), "-h", "--help", "--config"}


def test_the_beginning_of_a_command_is_completed() -> None:
    assert completed("door re") == {"relock", "refresh", "revoke", "reinstate"}


def test_an_option_of_its_own_before_the_command_is_passed_over() -> None:
    assert completed("door --config x.toml ver") == {"verify"}


@pytest.mark.parametrize("command", sorted(commands()))
def test_each_command_offers_its_options_and_words(command: str) -> None:
    """All of them, and no other's."""
    actions = commands()[command]._actions
    options = {option for action in actions for option in action.option_strings}
    assert completed(f"door {command} -") == options
    words = {str(word) for action in actions if not action.option_strings for word in action.choices or ()}
    if not any(action.metavar == "FILE" for action in actions if not action.option_strings):
        assert completed(f"door {command} ") == options | words


def test_what_follows_an_option_is_of_that_option(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    assert completed("door audit --type ") == ROW_TYPES
    assert completed("door audit --type gr") == {"granted"}
    assert completed("door audit --since ") == set()
    assert completed("door --config conf", tmp_path) == {"config.toml"}
    assert completed("door mode l") == {"lockdown"}


def test_files_are_offered_where_a_file_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "night.story").write_text("")
    assert "night.story" in completed("door simulate ni", tmp_path)
    assert completed("door revoke ni", tmp_path) == set()


def test_the_command_prints_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It needs no configuration; another shell is a usage error."""
    shell = Shell(tmp_path / "none.toml", capsys)
    assert shell.door("completion", "bash") == (0, SCRIPT, "")
    assert shell.door("completion", "fish").code == 2
