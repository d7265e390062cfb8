"""The packages hold: every dependency is declared, used, bounded, pinned, and has its reason."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
PROJECT = tomllib.loads(TEXT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split())
PINNED = {canonicalize_name(name): version for name, version in PINS.items()}
INSTALLED_FOR_TESTS = [*PROJECT["dependencies"], *(line for extra in EXTRAS for line in EXTRAS[extra])]
INSTALLED_FOR_TESTS = [line for line in INSTALLED_FOR_TESTS if line not in EXTRAS["pi"]]
COMES_WITH = {"markupsafe": "jinja2", "starlette": "fastapi", "pydantic": "fastapi", "urllib3": "requests"}
COMES_WITH |= {"luma-core": "luma-oled", "smbus2": "luma-oled", "luma-emulator": "luma-oled"}  # one namespace
NEVER_IMPORTED = {
    "luma-emulator",
    "mypy",
    "psycopg",
    "pytest-timeout",
    "pytest-xdist",
    "python-multipart",
    "ruff",
    "types-requests",
    "tzdata",
}


def test_the_base_is_five_libraries() -> None:
    """A door installs nothing else of its own accord."""
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert names == {"gpiozero", "paho-mqtt", "pyotp", "requests", "sqlite-utils"}


def test_everything_we_depend_on_and_except_has_its_reason() -> None:
    """One entry a line and a comment beside it, for dependencies as for lint rules."""
    lint = tomllib.loads(TEXT)["tool"]["ruff"]["lint"]
    for entry in [*OURS, *lint["ignore"]]:
        assert re.search(rf'^ +"{re.escape(entry)}", +# \S.{{4,}}$', TEXT, re.MULTILINE), entry
    for pattern in lint["per-file-ignores"]:
        block = re.search(rf'^"{re.escape(pattern)}" = \[.*?\](.*?)$', TEXT, re.MULTILINE | re.DOTALL)
        assert block is not None
        assert "# " in block[0], pattern


def test_every_dependency_has_a_lower_bound_and_a_pin_within_it() -> None:
    """The bound says what we need, the pin what we tried."""
    build = tomllib.loads(TEXT)["build-system"]["requires"]
    for line in [*OURS, *build]:
        wanted = Requirement(line)
        assert any(spec.operator == ">=" for spec in wanted.specifier), line
        assert wanted.specifier.contains(PINNED[canonicalize_name(wanted.name)]), line


def declared(lines: Iterable[str]) -> set[str]:
    """The names of dependencies."""
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported(*folders: str) -> Iterator[tuple[Path, str]]:
    """The distributions that the files of these folders import, wherever in the file."""
    origin = metadata.packages_distributions()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in {name.split(".")[0] for name in names} & origin.keys():
                for name in map(canonicalize_name, origin[top]):  # tencentcloud comes in two parts
                    if name != "studyroom":
                        yield file, COMES_WITH.get(name, name)


@pytest.mark.parametrize(
    "folders, extras",
    [
        (["contract", "door"], ["pi", "osdp", "display"]),
        (["roomserver"], ["server", "postgresql", "tencent", "aliyun"]),
        (["demo"], ["server"]),
        (["tests"], ["server", "postgresql", "dev", "pi", "osdp", "display", "tencent", "aliyun"]),
    ],
    ids=["door", "roomserver", "demo", "tests"],
)
def test_what_is_imported_is_declared(folders: list[str], extras: list[str]) -> None:
    """By the base or the extra it is installed with; not found by chance where the tests ran."""
    allowed = declared([*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])])
    assert not {(file.name, name) for file, name in imported(*folders) if name not in allowed}


def test_what_is_declared_is_used() -> None:
    """A dependency nobody imports is dropped."""
    used = {name for _, name in imported("contract", "door", "roomserver", "demo", "tests")}
    assert declared(OURS) - used - NEVER_IMPORTED == {"lgpio"} - metadata.packages_distributions().keys()


def test_constraints_are_plain_pins() -> None:
    """Name and version; no hash, no address, no marker, nothing twice, in order."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in lines)
    assert len(PINNED) == len(lines)


def test_nothing_is_installed_unpinned() -> None:
    """Every package the tests run with, and all that those need, in the version of constraints.txt."""
    waiting = [(Requirement(line), "") for line in INSTALLED_FOR_TESTS]
    seen = set()
    while waiting:
        wanted, extra = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in seen or (wanted.marker and not wanted.marker.evaluate({"extra": extra})):
            continue
        seen.add(name)
        assert metadata.version(name) == PINNED.get(name), name
        needs = [Requirement(line) for line in metadata.requires(name) or ()]
        waiting += [(need, extra) for need in needs for extra in ("", *wanted.extras)]
    assert len(seen) > len(INSTALLED_FOR_TESTS)


def test_python_versions_agree_wherever_they_are_said() -> None:
    """In pyproject.toml, in its classifiers, and in the script that looks for a Python."""
    versions = SpecifierSet(PROJECT["requires-python"])
    said = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if ":: Python :: 3." in line]
    assert said == [f"3.{n}" for n in range(30) if versions.contains(f"3.{n}")]
    script = (ROOT / "tools/make-venv").read_text("utf-8")
    assert "(3, 11) <= sys.version_info < (3, 14)" in script
    assert all(f"python{version}" in script for version in said)


def test_no_lock_file_and_no_registry_is_committed() -> None:
    """Where packages come from is the business of the machine they are installed on."""
    locks = {"poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "package-lock.json"}
    assert not [path.name for path in ROOT.iterdir() if path.name in locks]
    files = ["Makefile", "pyproject.toml", "constraints.txt", ".ci/run"]
    files += [str(path) for path in (ROOT / "tools").iterdir() if path.is_file()]
    for file in files:
        text = (ROOT / file).read_text("utf-8")
        assert not re.search(r"https?://|index-url|find-links|trusted-host", text), file


def test_the_scripts_can_be_started() -> None:
    """``door`` and ``roomserver`` are what pyproject.toml says they are."""
    for name, target in PROJECT["scripts"].items():
        module = target.split(":")[0]
        code = f"from {module} import main; main(['--help'])"
        told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        assert name in told.stdout
