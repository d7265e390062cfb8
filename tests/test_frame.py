"""The frame holds: a skip is a failure in CI, and make and its scripts do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
Run = Callable[..., pytest.RunResult]

# -- skips ----------------------------------------------------------------------------------------

SKIPPERS = {
    "mark": "@pytest.mark.skip(reason='no broker')\ndef test_it(): pass",
    "call": "def test_it(): pytest.skip('no broker')",
    "fixture": "@pytest.fixture\ndef it(): pytest.skip('no broker')\ndef test_it(it): pass",
    "failure": "@pytest.mark.xfail(reason='no broker')\ndef test_it(): raise OSError",
    "not_run": "@pytest.mark.xfail(run=False, reason='no broker')\ndef test_it(): pass",
    "parameter": "@pytest.mark.parametrize('n', [1])\ndef test_it(n): pytest.skip('no broker')",
}
WHOLE_FILE = {"module": "no = pytest.importorskip('no_such_module', reason='no broker')\ndef test_it(): pass"}


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of pytest over files named after what is in them, with the frame's conftest and a skips.txt."""

    def go(codes: Mapping[str, str], *, ci: str, excuses: Iterable[str] = ()) -> pytest.RunResult:
        monkeypatch.setenv("CI", ci)
        tests = pytester.mkdir("tests")
        for file in ("conftest.py", "secrecy.py"):
            (tests / file).write_text((ROOT / "tests" / file).read_text("utf-8"), "utf-8")
        (tests / "skips.txt").write_text("\n".join(["# why", "", *excuses]), "utf-8")
        for name, code in codes.items():
            (tests / f"test_{name}.py").write_text(f"import pytest\n{code}\n", "utf-8")
        return pytester.runpytest_subprocess("tests")

    return go


def test_in_ci_a_skip_is_a_failure(run: Run) -> None:
    """However a test gets out of running."""
    result = run(SKIPPERS, ci="true")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=3, errors=3)  # an error is a failure before the test itself
    result.stdout.fnmatch_lines(["*no broker*", "*write its reason into tests/skips.txt*"])


def test_in_ci_a_file_that_is_skipped_is_a_failure(run: Run) -> None:
    """By a module that is missing at its top."""
    result = run(WHOLE_FILE, ci="1")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*no broker*", "*write its reason into tests/skips.txt*"])


def test_in_ci_an_excused_skip_passes(run: Run) -> None:
    """By the test's own id, that of all its parameters, or its file."""
    excuses = [
        "tests/test_mark.py::test_it # a reason",
        "tests/test_parameter.py::test_it # a reason",
        *(f"tests/test_{name}.py # a reason" for name in ("call", "fixture", "failure", "not_run", "module")),
    ]
    result = run(SKIPPERS | WHOLE_FILE, ci="true", excuses=excuses)
    assert result.ret == 0
    result.assert_outcomes(skipped=5, xfailed=2)


def test_an_excuse_is_for_its_own_test_alone(run: Run) -> None:
    """An id that only begins alike excuses nothing."""
    result = run({"call": SKIPPERS["call"]}, ci="true", excuses=["tests/test_call.py::test # a reason"])
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize("ci", ["", "false"])
def test_outside_ci_a_skip_is_only_said(run: Run, ci: str) -> None:
    """At home nobody must have everything."""
    result = run(SKIPPERS, ci=ci)
    assert result.ret == 0
    result.assert_outcomes(skipped=4, xfailed=2)


def test_an_excuse_without_a_reason_is_refused(run: Run) -> None:
    """Also where nothing is skipped."""
    result = run({"it": "def test_it(): pass"}, ci="", excuses=["tests/test_it.py"])
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
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert 0 < options["timeout"] <= 60


# -- make -----------------------------------------------------------------------------------------


def test_bare_make_lists_every_target_in_one_line() -> None:
    """And nothing that is not there."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    match = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert match is not None
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    told = subprocess.run(["make"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout
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
    """The lists are read by a script: three columns, the second a command or an absolute path."""
    lists = [path.read_text("utf-8").splitlines() for path in (ROOT / "tools").glob("debian-packages*.txt")]
    assert len(lists) == 2
    for line in [line for lines in lists for line in lines[1:]]:
        assert re.fullmatch(r"[a-z0-9.+-]+ +(?:[a-z0-9_-]+|/\S+) +\S.{9,}", line), line
