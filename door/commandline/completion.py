"""``door completion bash``: what a shell completes ``door`` by, made from its own parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

SCRIPT = """\
# bash completion of door; made by: door completion bash
_door() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= at=1 words= files=
    while (( at < COMP_CWORD )); do
        case ${{COMP_WORDS[at]}} in
            {taking}) (( at += 2 )); continue ;;
            -*) (( at += 1 )); continue ;;
        esac
        command=${{COMP_WORDS[at]}}
        break
    done
    case "$command $before" in
{options}
    *)
        case $command in
{commands}
        esac ;;
    esac
    COMPREPLY=( $(compgen -W "$words" -- "$word") )
    if [[ $files && $word != -* ]]; then
        COMPREPLY+=( $(compgen -f -- "$word") )
    fi
}}
complete -o filenames -F _door door
"""


def completion(args: argparse.Namespace) -> int:
    """Print the completion script; to be put into /etc/bash_completion.d/door."""
    sys.stdout.write(bash(args.parser()))
    return 0


def bash(parser: argparse.ArgumentParser) -> str:
    """The script for a parser and its commands."""
    commands = _commands(parser)
    taking = [option for action in parser._actions if _takes(action) for option in action.option_strings]
    return SCRIPT.format(
        taking="|".join(taking),
        options="\n".join((*_options("", parser), *_each(commands, _options))),
        commands="\n".join((_words("''", parser, list(commands)), *_each(commands, _command))),
    )


Lines = Callable[[str, argparse.ArgumentParser], Iterator[str]]


def _each(commands: Mapping[str, argparse.ArgumentParser], lines: Lines) -> Iterator[str]:
    for name, command in commands.items():
        yield from lines(name, command)


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _options(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    """What may follow an option that takes a value: its words, a file, or (nothing is offered) any text."""
    for action in command._actions:
        if action.option_strings and _takes(action):
            pattern = "|".join(f'"{name} {option}"' for option in action.option_strings)
            yield f"    {pattern}) {_offer(action)} ;;"


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    yield _words(name, command, [])


def _words(pattern: str, command: argparse.ArgumentParser, more: list[str]) -> str:
    given = [option for action in command._actions for option in action.option_strings]
    free = [action for action in command._actions if not action.option_strings]
    for action in free:
        if not isinstance(action, argparse._SubParsersAction):
            more = [*more, *map(str, action.choices or ())]
    files = " files=1" if any(action.metavar == "FILE" for action in free) else ""
    return f'        {pattern}) words="{" ".join((*more, *given))}"{files} ;;'


def _offer(action: argparse.Action) -> str:
    if action.metavar == "FILE":
        return "files=1"
    words = list(action.choices or ())
    if action.dest == "type":
        from contract.messages import ROW_TYPES

        words = sorted(ROW_TYPES)
    return f'words="{" ".join(map(str, words))}"' if words else "words="


def _takes(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.nargs != 0
