"""The frame holds: what may be skipped, what the project claims of its packages, how it is set up."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
PROJECT = tomllib.loads(TEXT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split())
PINNED = {canonicalize_name(name): version for name, version in PINS.items()}
INSTALLED_FOR_TESTS = [*PROJECT["dependencies"], *EXTRAS["server"], *EXTRAS["dev"]]

# -- skips ----------------------------------------------------------------------------------------

SKIPPERS = {
    "a mark": "@pytest.mark.skip(reason='no broker')\ndef test_it(): pass",
    "a call": "def test_it(): pytest.skip('no broker')",
    "a fixture": "@pytest.fixture\ndef it(): pytest.skip('no broker')\ndef test_it(it): pass",
    "an expected failure": "@pytest.mark.xfail(reason='no broker')\ndef test_it(): raise OSError",
    "a test not run": "@pytest.mark.xfail(run=False, reason='no broker')\ndef test_it(): pass",
    "a missing module": "no = pytest.importorskip('no_such_module', reason='no broker')\ndef test_it(): pass",
    "a parameter": "@pytest.mark.parametrize('n', [1])\ndef test_it(n): pytest.skip('no broker')",
}


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str, *, ci: str = "", excuses: str = ""
) -> pytest.RunResult:
    """A run of pytest over one file, with the frame's conftest and the given skips.txt."""
    monkeypatch.setenv("CI", ci)
    tests = pytester.mkdir("tests")
    (tests / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"), "utf-8")
    (tests / "skips.txt").write_text(excuses, "utf-8")
    (tests / "test_it.py").write_text(f"import pytest\n{code}\n", "utf-8")
    return pytester.runpytest_subprocess("tests")


@pytest.mark.parametrize("code", SKIPPERS.values(), ids=SKIPPERS)
def test_in_ci_a_skip_is_a_failure(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """However a test gets out of running."""
    result = run(pytester, monkeypatch, code, ci="true")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no broker*", "*write its reason into tests/skips.txt*"])


@pytest.mark.parametrize("excuse", ["tests/test_it.py", "tests/test_it.py::test_it"])
@pytest.mark.parametrize("code", [SKIPPERS["a mark"], SKIPPERS["a parameter"]], ids=["mark", "parameter"])
def test_in_ci_an_excused_skip_passes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str, excuse: str
) -> None:
    """By the test's own id, all its parameters, or its file."""
    result = run(pytester, monkeypatch, code, ci="true", excuses=f"# why\n\n{excuse} # a reason\n")
    assert result.ret == 0
    result.assert_outcomes(skipped=1)


def test_an_excuse_is_for_its_own_test_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id that only begins alike excuses nothing."""
    excuse = "tests/test_it.py::test # a reason"
    assert run(pytester, monkeypatch, SKIPPERS["a mark"], ci="1", excuses=excuse).ret == 1


@pytest.mark.parametrize("ci", ["", "0", "false"])
def test_outside_ci_a_skip_is_only_said(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    """At home nobody must have everything."""
    result = run(pytester, monkeypatch, SKIPPERS["a mark"], ci=ci)
    assert result.ret == 0
    result.assert_outcomes(skipped=1)


def test_an_excuse_without_a_reason_is_refused(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is skipped."""
    result = run(pytester, monkeypatch, "def test_it(): pass", excuses="tests/test_it.py\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'tests/test_it.py' has no reason*"])


def test_every_excuse_names_a_test_there_is() -> None:
    """An excuse outlives its test otherwise, and excuses the next one of that name."""
    for line in (ROOT / "tests/skips.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        file, _, test = line.split(" # ")[0].strip().partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert not test or f"def {test.split('[')[0]}(" in text, line


def test_a_warning_is_an_error() -> None:
    """Also one that nobody sees, because it comes from a thread or a finaliser."""
    options = tomllib.loads(TEXT)["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert 0 < options["timeout"] <= 60


# -- packages -------------------------------------------------------------------------------------


def test_the_base_is_five_libraries() -> None:
    """A door installs nothing else of its own accord."""
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert names == {"gpiozero", "paho-mqtt", "pyotp", "requests", "sqlite-utils"}


def test_everything_we_depend_on_and_except_has_its_reason() -> None:
    """One entry a line and a comment beside it, for dependencies as for lint rules."""
    ours = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    lint = tomllib.loads(TEXT)["tool"]["ruff"]["lint"]
    for entry in [*ours, *lint["ignore"]]:
        assert re.search(rf'^ +"{re.escape(entry)}", +# \S.{{4,}}$', TEXT, re.MULTILINE), entry
    for pattern in lint["per-file-ignores"]:
        block = re.search(rf'^"{re.escape(pattern)}" = \[.*?\](.*?)$', TEXT, re.MULTILINE | re.DOTALL)
        assert block is not None
        assert "# " in block[0], pattern


def test_every_dependency_has_a_lower_bound_and_a_pin_within_it() -> None:
    """The bound says what we need, the pin what we tried."""
    build = tomllib.loads(TEXT)["build-system"]["requires"]
    for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra), *build]:
        wanted = Requirement(line)
        assert any(spec.operator == ">=" for spec in wanted.specifier), line
        assert wanted.specifier.contains(PINNED[canonicalize_name(wanted.name)]), line


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


# -- make -----------------------------------------------------------------------------------------


def test_bare_make_lists_every_target_in_one_line() -> None:
    """And nothing that is not there."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    match = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert match is not None
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = [re.fullmatch(r"  make (\S+)  +\S.*", line) for line in told.splitlines()]
    assert [line[1] for line in lines if line] == match[1].split()
    assert all(lines)


def stand_ins(folder: Path, **scripts: str) -> str:
    """A PATH with these commands before all others."""
    for name, script in scripts.items():
        file = folder / name.replace("_", "-")
        file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        file.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_ci_runs_make_test_with_skips_forbidden(tmp_path: Path) -> None:
    """From wherever it is called."""
    path = stand_ins(tmp_path, make='echo "CI=$CI make $* in $(pwd)"')
    told = subprocess.run(
        [ROOT / ".ci/run"], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"CI=true make test in {ROOT}\n"


def test_a_python_that_does_not_fit_is_refused_in_words(tmp_path: Path) -> None:
    """And no half environment is left behind."""
    told = subprocess.run(
        [ROOT / "tools/make-venv", tmp_path / "venv", ROOT / "constraints.txt"],
        env={"PATH": stand_ins(tmp_path, python2="exit 1"), "PYTHON": "python2"},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert "no Python 3.11, 3.12 or 3.13" in told.stderr
    assert not (tmp_path / "venv").exists()


def test_an_environment_that_works_is_kept(tmp_path: Path) -> None:
    """So that a second ``make`` costs nothing, and needs no network."""
    path = stand_ins(tmp_path, apt_get="exit 1")
    make_venv = [ROOT / "tools/make-venv", Path(sys.prefix), ROOT / "constraints.txt"]
    subprocess.run(make_venv, env={"PATH": path, "PYTHON": "nonesuch"}, check=True)


def test_without_root_make_says_what_will_be_skipped(tmp_path: Path) -> None:
    """Every package of the list with its why; apt-get is left alone."""
    path = stand_ins(tmp_path, id="echo 1000", apt_get="echo apt-get was called")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "debian-packages").write_text((ROOT / "tools/debian-packages").read_text("utf-8"), "utf-8")
    (tools / "debian-packages.txt").write_text("# why\nnonesuch  no-such-command  nobody knows\n", "utf-8")
    told = subprocess.run(
        ["sh", tools / "debian-packages"], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert "nonesuch\tnobody knows" in told.stdout
    assert "apt-get was called" not in told.stdout


def test_as_root_make_installs_what_is_missing_and_only_that(tmp_path: Path) -> None:
    """One that cannot be installed is said and stops nothing: its tests are skipped."""
    log = tmp_path / "log"
    path = stand_ins(tmp_path, id="echo 0", apt_get=f'echo "$*" >>{log}; [ "$1" = update ]')
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "debian-packages").write_text((ROOT / "tools/debian-packages").read_text("utf-8"), "utf-8")
    packages = "nonesuch  no-such-command  nobody knows\nshell  sh  is always there\n"
    (tools / "debian-packages.txt").write_text(packages, "utf-8")
    told = subprocess.run(
        ["sh", tools / "debian-packages"], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert log.read_text("utf-8").splitlines()[1].split()[-1] == "nonesuch"
    assert "shell" not in log.read_text("utf-8")
    assert "could not be installed" in told.stderr


def test_every_debian_package_has_its_command_and_its_why() -> None:
    """The list is read by a script: three columns."""
    lines = (ROOT / "tools/debian-packages.txt").read_text("utf-8").splitlines()
    for line in lines[1:]:
        assert re.fullmatch(r"[a-z0-9.+-]+ +[a-z_-]+ +\S.{9,}", line), line
