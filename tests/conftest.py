"""The frame of the tests: in CI a skipped test is a failure, unless skips.txt says why it may be.

Warnings are errors and a hang is a failure by pyproject.toml; here are the rules pytest has no option for.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

pytest_plugins = ["secrecy"]
SKIPS = Path(__file__).with_name("skips.txt")
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")
WHAT_TO_DO = "In CI a skip is a failure: bring what the test needs, or write its reason into tests/skips.txt."

# How long one example takes says how busy the machine is; the timeout of the whole test catches a hang.
settings.register_profile("studyroom", parent=settings.default, deadline=None)
settings.load_profile("studyroom")

# A shell has what it runs in the background ignore Ctrl-C, and children inherit that: the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def read_excuses(text: str) -> dict[str, str]:
    """Node ids and files that may be skipped, each with its reason; a line without a reason is an error."""
    excuses = {}
    for line in text.splitlines():
        node, _, reason = line.partition(" # ")
        if not line.strip() or line.startswith("#"):
            continue
        if not reason.strip():
            raise pytest.UsageError(f"tests/skips.txt: {line!r} has no reason; write: node id, ' # ', reason")
        excuses[node.strip()] = reason.strip()
    return excuses


@pytest.fixture(scope="module", autouse=True)
def _databases() -> Iterator[None]:
    """Databases on PostgreSQL go with the file that made them."""
    yield
    if "databases" in sys.modules:
        sys.modules["databases"].forget()


EXCUSES = read_excuses(SKIPS.read_text("utf-8"))


def excused(node: str) -> bool:
    """Whether a test, all its parameters, or its file may be skipped."""
    return bool({node, node.split("[")[0], node.split("::")[0]} & EXCUSES.keys())


def judged(report: Report) -> Report:
    """The report, as a failure if it is a skip that nobody excused."""
    if IN_CI and report.skipped and not excused(report.nodeid):
        told = report.longrepr
        reason = told[2] if isinstance(told, tuple) else vars(report).get("wasxfail", told)
        vars(report).pop("wasxfail", None)  # with it pytest would show the failure and not count it
        report.outcome = "failed"
        report.longrepr = f"{reason}\n{WHAT_TO_DO}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """An unexcused skip (or expected failure) of a test fails."""
    report = yield
    return judged(report)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """An unexcused skip of a whole file (``importorskip`` at its top) fails."""
    report = yield
    return judged(report)
