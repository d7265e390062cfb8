"""The contract and the decision core import nothing that touches the world; door and server stay apart."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORLD = (
    "gpiozero",
    "paho",
    "requests",
    "sqlite3",
    "sqlite_utils",
    "socket",
    "threading",
    "asyncio",
    "subprocess",
)
# The rules of DESIGN §4; whatever else controller.py brings with it is core as well.
RULES = "events keys check budget doorway occupancy controller rules accesslist clock commands".split()


def modules(package: str) -> list[str]:
    """Every module of a package, by its files."""
    files = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


@cache
def loaded(module: str) -> frozenset[str]:
    """What a fresh interpreter has loaded after importing ``module`` alone."""
    program = f"import json, sys; import {module}; json.dump(sorted(sys.modules), sys.stdout)"
    # -I would hide the checkout; -S keeps what site (and its .pth files) loads out of the account.
    paths = [str(ROOT), *(path for path in sys.path if "packages" in path)]
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}; {program}"],
        check=True, capture_output=True, text=True, timeout=30, cwd=ROOT,
    )  # fmt: skip
    return frozenset(json.loads(done.stdout))


def core() -> list[str]:
    """The decision core: what importing the controller loads of the door."""
    return sorted(name for name in loaded("door.controller") if name.startswith("door."))


def world(module: str) -> set[str]:
    """What of the world ``module`` loads; from Python 3.13 on ``zoneinfo`` itself brings ``threading``."""
    return (loaded(module) & set(WORLD)) - (loaded("zoneinfo") & {"threading"})


@pytest.mark.parametrize("module", [*modules("contract"), "pyotp", "zoneinfo", "hmac"])
def test_the_contract_and_what_it_builds_on_load_nothing_of_the_world(module):
    assert not world(module)


def test_no_file_of_the_core_or_the_contract_names_anything_of_the_world():
    """Also where the interpreter has brought it already."""
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in [*core(), *modules("contract")] if "." in name]
    assert {file.name: found for file in files if (found := imports(file.read_text()) & set(WORLD))} == {}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_the_core_alone_loads_nothing_of_the_world(rule):
    assert importlib.util.find_spec(f"door.{rule}") is not None
    assert not world(f"door.{rule}")


def test_the_whole_core_loads_nothing_of_the_world():
    assert not world("door.controller")


def test_the_controller_routes_to_every_rule():
    assert {f"door.{rule}" for rule in RULES} <= set(core())


def test_the_measure_sees_what_a_module_loads():
    assert loaded("sqlite_utils") >= {"sqlite3"}
    assert loaded("requests") >= {"socket", "threading"}


def test_no_file_of_the_core_is_over_250_lines():
    files = [
        ROOT / f"{name.replace('.', '/')}.py" for name in [*core(), *modules("contract")] if name.count(".")
    ]
    lengths = {file.name: len(file.read_text().splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def imports(source: str) -> set[str]:
    """The top-level packages a source names in any import, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                found |= {alias.name.split(".")[0] for alias in names}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.split(".")[0])
            case ast.Call(
                func=ast.Name("__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(str(name)), *_],
            ):
                found.add(name.split(".")[0])
    return found


@pytest.mark.parametrize(
    "package, others",
    [
        ("contract", {"door", "roomserver", "demo"}),
        ("door", {"roomserver", "demo"}),
        ("roomserver", {"door", "demo"}),
    ],
)
def test_a_package_imports_none_that_it_must_not_know(package, others):
    files = list((ROOT / package).rglob("*.py"))
    assert files
    assert {str(file): found for file in files if (found := imports(file.read_text()) & others)} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import door",
        "import os, door.lock as lock",
        "from door import lock",
        "from door.lock import Strike",
        "def f():\n    from door.lock import Strike",
        "import importlib\nimportlib.import_module('door.lock')",
        "__import__('door')",
        "if True:\n    import door",
    ],
)
def test_the_scan_sees_every_way_to_import(source):
    assert "door" in imports(source)


def test_the_scan_takes_a_word_for_no_import():
    assert imports("from . import door\ndoor = 'import door'\nfrom .door import x") == set()
