"""docs/promises.md: ten promises, each with tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "promises.md").read_text("utf-8")
PROMISES = re.findall(r"^## (\d+)\. .+\n((?:(?!^## ).*\n?)*)", TEXT, re.MULTILINE)
NAMED = re.findall(r"`(tests/[^`]+)`", TEXT)


@cache
def functions_of(file: str) -> frozenset[str]:
    """The test functions of a file, with the class they stand in."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    body = ast.parse(path.read_text("utf-8")).body
    inner = [(f"{node.name}::", node.body) for node in body if isinstance(node, ast.ClassDef)]
    return frozenset(
        prefix + node.name
        for prefix, nodes in [("", body), *inner]
        for node in nodes
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    )


def exists(name: str) -> bool:
    """Whether ``tests/file.py::test`` is one."""
    file, _, test = name.partition("::")
    return test in functions_of(file)


def test_the_promises_are_ten_in_order() -> None:
    assert [number for number, _ in PROMISES] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize("number, text", PROMISES, ids=[f"promise-{number}" for number, _ in PROMISES])
def test_a_promise_is_said_and_then_shown(number: str, text: str) -> None:
    lines = [line for line in text.splitlines() if line]
    assert not lines[0].startswith("- ")
    assert [line for line in lines if re.fullmatch(r"- `tests/test_\w+\.py::test_\w+`", line)]


@pytest.mark.parametrize("name", NAMED)
def test_what_shows_a_promise_is_a_test(name: str) -> None:
    assert exists(name)


def test_no_test_is_named_twice_under_a_promise() -> None:
    for number, text in PROMISES:
        named = re.findall(r"`(tests/[^`]+)`", text)
        assert (number, len(named)) == (number, len(set(named)))


def test_a_name_that_is_no_test_is_seen() -> None:
    assert not exists("tests/test_promises.py::test_there_is_none")
    assert not exists("tests/test_none.py::test_a")
    assert not exists("tests/test_promises.py::exists")
    assert exists("tests/test_promises.py::test_the_promises_are_ten_in_order")
