"""Mutation testing: change the core in one small place after another; does a test notice?

``python tools/mutate.py [FILE…]`` works on a copy; without files it takes all of ``FILES``.
A mutant meets the quick tests that pass through its line; if they miss it, the walk of ``tests/walk/``.
The tests are collected once.
For a change within a function a fork of that process gets the changed code;
a change of the module itself (constants, fields, defaults) is imported anew in a fork of its own.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutants import Mutant, mutants

ROOT = Path(__file__).parent.parent
FILES = [
    *(f"contract/{name}.py" for name in "codes access audit messages hours settings options zones".split()),
    *(f"door/{name}.py" for name in "keys pairs admission doorway occupancy modes commands".split()),
    *(f"door/{name}.py" for name in "accesslist clock acts told budget check controller state".split()),
    *(f"door/{name}.py" for name in "sensed bell beams lights".split()),
]
TESTS = {
    "contract": "access audit codes config hours messages mutants_settings protocol_document "
    "settings".split(),
    "door": "accesslist admission beams bell budget check clock commands controller doorway double_code fire "
    "keys lights lost_steps modes occupancy mutants_judge mutants_sensing".split(),
}
QUICK = ["-q", "-x", "-p", "no:cacheprovider", "--no-header", "--no-summary", "-W", "ignore", "--timeout=0"]
WATCHED = 3  # a test that is watched line by line takes so many times as long
KILLED, SURVIVED, HUNG = "killed", "survived", "hung"


@dataclass
class Passed:
    """What the unchanged core was seen to do: the lines that a test passes through, and how long it takes."""

    lines: dict[str, set[tuple[str, int | None]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def through(self, file: str, line: int | None = None) -> list[str]:
        """The tests that pass through a line, quickest first; without a line through the file, or nowhere.

        Who passes nowhere through the core looks at its constants.
        """
        found = [node for node, seen in self.lines.items() if (file, line) in seen or not (line or seen)]
        return sorted(found, key=lambda node: self.seconds[node])


def forked(work: Callable[[], int], seconds: float) -> int | None:
    """The exit code of work done in a fork, which has so many seconds of the processor; None if it hung."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            code = work()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def outcome(code: int | None) -> str:
    """What an exit code says of a mutant."""
    return HUNG if code is None else SURVIVED if code == 0 else KILLED


class FirstFailure:
    """Ends the process at the first test that fails, before anybody writes down why."""

    def __init__(self, told: int | None = None) -> None:
        self.told = told

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            if self.told is not None:
                os.write(self.told, item.nodeid.encode())
            os._exit(1)


@dataclass(frozen=True)
class Limits:
    """Until when mutants are begun, the processor's seconds for each, and how often it is walked past."""

    until: float
    each: float
    walks: int


class Mutation:
    """Takes the place of pytest's own loop once everything is collected."""

    def __init__(self, chosen: list[Mutant], copy: Path, limits: Limits, out: Path) -> None:
        self.chosen, self.copy, self.limits, self.out = chosen, copy, limits, out
        self.passed = Passed()
        self.killers: dict[str, None] = {}  # the latest last: who caught one is asked first for the next

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutation",
            phases=(Phase.explicit, Phase.generate),
            max_examples=15,
            derandomize=True,
            database=None,
            deadline=None,
        )
        settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        told = self.copy / "passed.pickle"
        forked(lambda: self.look(list(items.values()), told), 600)
        self.passed = pickle.loads(told.read_bytes())  # noqa: S301  (our own fork's)
        functions = live_functions(self.copy)
        gc.freeze()  # else each fork would copy what it only counts
        for mutant in self.chosen:
            if mutant.function and time.monotonic() < self.limits.until:
                became = self.met(mutant, functions.get((mutant.file, mutant.function), []), items)
                write(self.out, mutant, became)
        return True

    def met(self, mutant: Mutant, targets: list[FunctionType], items: dict[str, pytest.Item]) -> str | None:
        """What becomes of a mutant within a function; None if it is the very same code, or none at all."""
        try:
            with mutant.made() as tree:
                code = compile(tree, str(self.copy / mutant.file), "exec", dont_inherit=True)
        except SyntaxError:  # a case for everything, before the last
            return None
        changed = next(c for c in codes(code) if c.co_qualname == mutant.function)
        if targets and all(changed == target.__code__ for target in targets):
            return None
        nodes = within_seconds(self.passed, self.passed.through(mutant.file, mutant.line), self.limits.each)
        latest = [node for node in reversed(self.killers) if node in set(nodes)]
        tests = [items[node] for node in dict.fromkeys([*latest, *nodes])]
        read, told = os.pipe()
        quick = forked(lambda: self.run(targets, changed, tests, told), 2 * self.limits.each)
        os.close(told)
        killer = os.read(read, 4096).decode()
        os.close(read)
        if killer:
            self.killers.pop(killer, None)
            self.killers[killer] = None
        if quick == 0 and mutant.file.startswith("door/") and self.limits.walks:
            quick = forked(lambda: self.walk(targets, changed), 5 * self.limits.each)
        return outcome(quick)

    def look(self, items: list[pytest.Item], told: Path) -> int:
        """Run every test on the unchanged core and note what it passes through; who fails is left out."""
        passed, prefix = Passed(), f"{self.copy}{os.sep}"
        for item in items:
            seen: set[tuple[str, int]] = set()

            def lines(frame: FrameType, _event: str, _arg: object, seen: set[Any] = seen) -> Any:
                seen.add((frame.f_code.co_filename, frame.f_lineno))
                return lines

            def calls(frame: FrameType, _event: str, _arg: object, lines: Any = lines) -> Any:
                name = frame.f_code.co_filename
                return lines if name.startswith((f"{prefix}door", f"{prefix}contract")) else None

            began = time.process_time()
            sys.settrace(calls)
            reports = runtestprotocol(item, log=False, nextitem=None)
            sys.settrace(None)
            seconds = time.process_time() - began
            if all(report.passed for report in reports) and seconds < self.limits.each * WATCHED:
                files = {(f.removeprefix(prefix), None) for f, _ in seen}
                passed.lines[item.nodeid] = files | {(f.removeprefix(prefix), line) for f, line in seen}
                passed.seconds[item.nodeid] = seconds
        told.write_bytes(pickle.dumps(passed))
        return 0

    def run(self, targets: list[FunctionType], changed: CodeType, items: list[pytest.Item], told: int) -> int:
        """Give the functions their changed code, and run the tests until one fails."""
        for target in targets:
            target.__code__ = changed
        for item in items:
            item.config.pluginmanager.register(FirstFailure(told), "first")
            runtestprotocol(item, log=False, nextitem=None)
            item.config.pluginmanager.unregister(name="first")
        return 0

    def walk(self, targets: list[FunctionType], changed: CodeType) -> int:
        """Give the functions their changed code, and walk past the door."""
        import walk

        for target in targets:
            target.__code__ = changed
        return walk.main(self.limits.walks)


def within_seconds(passed: Passed, nodes: list[str], each: float) -> list[str]:
    """As many of the tests as fit into the time of a mutant."""
    chosen, total = [], 0.0
    for node in nodes:
        total += passed.seconds[node]
        if total < each * WATCHED:
            chosen.append(node)
    return chosen


def codes(code: CodeType) -> Iterator[CodeType]:
    """All code within a code, the outer before the inner."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)
            yield const


def live_functions(copy: Path) -> dict[tuple[str, str], list[FunctionType]]:
    """The functions of the core, as they stand in this process."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename.startswith(str(copy)):
            key = each.__code__.co_filename.removeprefix(f"{copy}{os.sep}"), each.__code__.co_qualname
            found.setdefault(key, []).append(each)
    return found


class Only:
    """Keeps of what was collected the tests that are asked for, in that order."""

    def __init__(self, nodes: list[str]) -> None:
        self.nodes = {node: at for at, node in enumerate(nodes)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.nodes), key=lambda i: self.nodes[i.nodeid])


def imported_anew(mutant: Mutant, copy: Path, nodes: list[str], limits: Limits) -> str:
    """Whether a mutant of the module itself is noticed: in its tests, or (of the door) by the walk."""
    import ast

    path = copy / mutant.file
    source = path.read_bytes()
    with mutant.made() as tree:
        path.write_text(ast.unparse(tree), "utf-8")

    def tests() -> int:
        files = list(dict.fromkeys(node.split("::")[0] for node in nodes))
        return int(pytest.main([*QUICK, *files], plugins=[Only(nodes), FirstFailure()]))

    def walk() -> int:
        from walk import main

        return main(limits.walks)

    try:
        code = forked(tests, 5 * limits.each)
        if code == 0 and limits.walks and mutant.file.startswith("door/"):
            code = forked(walk, 5 * limits.each)
        return outcome(code)
    finally:
        path.write_bytes(source)


def copied(copy: Path, files: list[str]) -> list[str]:
    """A copy of the core and the tests, the rest beside it; the names of the tests taken."""
    for name in ("contract", "door", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.name not in {"contract", "door", "tests"} and not path.name.startswith("."):
            (copy / path.name).symlink_to(path)
    packages = dict.fromkeys(file.split("/")[0] for file in files)
    names = [*(name for package in packages for name in TESTS[package]), *(f"mutants_{p}" for p in packages)]
    return [f"tests/test_{name}.py" for name in names if (copy / f"tests/test_{name}.py").exists()]


def mutate(files: list[str], part: str, copy: Path, out: Path, limits: Limits, again: Path | None) -> None:
    """Mutate, and write each mutant with what became of it."""
    tests = copied(copy, files)
    os.chdir(copy)
    sys.path[:0] = [str(copy), str(copy / "tests")]
    sys.dont_write_bytecode = True
    chosen = [m for file in files for m in mutants(file, (copy / file).read_text("utf-8"))]
    if again is not None:
        survivors = {
            (m["file"], m["in"], m["old"], m["new"]) for m in lines(again) if m["outcome"] == SURVIVED
        }
        chosen = [m for m in chosen if (m.file, m.function or "module", m.old, m.new) in survivors]
    chosen = [m for m in chosen if part in ("both", "functions" if m.function else "module")]
    out.parent.mkdir(exist_ok=True)
    out.write_text("")
    plugin = Mutation(chosen, copy, limits, out)
    forked(lambda: int(pytest.main([*QUICK, *tests], plugins=[plugin])), 3600)
    passed = pickle.loads((copy / "passed.pickle").read_bytes())  # noqa: S301  (our own fork's)
    for name in "gpiozero hypothesis pyotp requests fastapi sqlalchemy paho.mqtt.client".split():
        __import__(name)  # once, and not in each fork
    for mutant in chosen:
        if not mutant.function and time.monotonic() < limits.until:
            nodes = within_seconds(passed, passed.through(mutant.file), limits.each)
            write(out, mutant, imported_anew(mutant, copy, nodes, limits))
    tell(out, len(chosen))


def write(out: Path, mutant: Mutant, became: str | None) -> None:
    """A line for a mutant, unless it was none."""
    if became is not None:
        told = {"file": mutant.file, "line": mutant.line, "in": mutant.function or "module"}
        told |= {"old": mutant.old, "new": mutant.new, "outcome": became}
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")


def lines(out: Path) -> list[dict[str, Any]]:
    """What was written."""
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def tell(out: Path, made: int) -> None:
    """The survivors, and the numbers."""
    told = lines(out)
    for m in told:
        if m["outcome"] == SURVIVED:
            print(f"{m['file']}:{m['line']} {m['in']}: {m['old']}  →  {m['new']}")
    counts = ", ".join(
        f"{sum(m['outcome'] == word for m in told)} {word}" for word in (KILLED, HUNG, SURVIVED)
    )
    print(f"{made} mutants, {len(told)} of them tried: {counts}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--part", choices=("both", "functions", "module"), default="both")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "mutants.jsonl", help="a line for each mutant"
    )
    parser.add_argument("--again", type=Path, help="try the survivors of an earlier run, and no other")
    parser.add_argument("--seconds", type=float, default=7200, help="no new mutant is begun after")
    parser.add_argument("--each", type=float, default=3, help="seconds of the processor for a mutant")
    parser.add_argument("--walks", type=int, default=100, help="walks for a mutant that the tests miss")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mutate(
            args.files,
            args.part,
            Path(folder).resolve(),
            args.out.resolve(),
            Limits(time.monotonic() + args.seconds, args.each, args.walks),
            args.again and args.again.resolve(),
        )


if __name__ == "__main__":
    main()
