"""Bugs planted one by one in a copy of the core: the walk catches each, by its rules alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bugs import BUGS, Bug

ROOT = Path(__file__).parent.parent
WALKS = 1000

# One of each family, told apart by different rules; `make test-all` plants them all.
SAMPLE = (
    "the relock of who came before cuts the next one short",
    "edges are toggled instead of levels read",
    "unlocked before it is recorded",
    "the step that was used opens again",
    "lockdown lets phones in",
    "the budget is full again after a power cut",
    "typed digits are in the state's text",
    "NTP moves the known past",
    "an older list un-happens a revocation",
    "the mask is shifted one too far",
)


def walked(packages: Path) -> subprocess.CompletedProcess[str]:
    """Walk past the door in ``packages``; nothing of the checkout's own door is within reach."""
    path = f"{packages}:{ROOT / 'tests'}"
    command = [sys.executable, "-m", "walk", str(WALKS)]
    return subprocess.run(
        command, env={"PYTHONPATH": path}, cwd=packages, capture_output=True, text=True, timeout=280
    )


def copied(packages: Path) -> Path:
    """A copy of the door and the contract."""
    for package in ("door", "contract"):
        shutil.copytree(ROOT / package, packages / package, ignore=shutil.ignore_patterns("__pycache__"))
    return packages


def caught(bug: Bug, packages: Path) -> None:
    """Walk until it is found; anything else than a rule that was broken is no finding."""
    bug.plant(copied(packages))
    done = walked(packages)
    assert done.returncode == 1, f"{bug.what}: not caught in {done.stdout} walks {done.stderr}"
    assert done.stdout.split()[0].isdigit(), f"{bug.what}: the walk did not begin: {done.stderr}"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_every_planted_bug_is_of_the_code_as_it_stands(bug):
    assert (ROOT / bug.file).read_text("utf-8").count(bug.old) == 1
    assert bug.old != bug.new


def test_the_bugs_are_many_and_each_has_a_name_of_its_own():
    assert len({bug.what for bug in BUGS}) == len(BUGS) >= 40
    assert set(SAMPLE) <= {bug.what for bug in BUGS}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", [b for b in BUGS if b.what in SAMPLE], ids=lambda bug: bug.what)
def test_a_planted_bug_is_caught(bug, tmp_path):
    caught(bug, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", [b for b in BUGS if b.what not in SAMPLE], ids=lambda bug: bug.what)
def test_every_planted_bug_is_caught(bug, tmp_path):
    caught(bug, tmp_path)


@pytest.mark.timeout(120)
def test_a_core_without_a_bug_is_walked_past(tmp_path, monkeypatch):
    """Else everything would be caught."""
    monkeypatch.setattr(sys.modules[__name__], "WALKS", 20)
    done = walked(copied(tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, "20"), done.stderr
