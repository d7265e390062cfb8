"""A small coverage-guided fuzzer: an input that goes a new way through our lines is kept and changed on.

Pure Python on ``sys.settrace``, so it runs wherever the tests do; how often is counted and not timed, so that
the same seed finds the same things on every machine.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from hostile import HOSTILE_TEXTS

ROOT = Path(__file__).parent.parent
OURS = tuple(f"{ROOT / package}/" for package in ("contract", "door", "roomserver"))
MOST_BYTES = 6000
NUMBERS = (-1, 0, 1, 2**31 - 1, 2**31, 2**53 - 1, 2**53, 10**20, 1.5, 1e308, float("nan"))
TEXTS = ("", "0427", "0000", "\ud800", "\x00", "１２", "2026-02-30", "24:00", "x" * 300, "../..", "\n")
VALUES: tuple[Any, ...] = (*NUMBERS, *TEXTS, None, True, [], {}, [[]], {"": {}})
WORDS = [json.dumps(value).encode() for value in VALUES] + [
    b"0", b"99999", b"9999-12-31", b"0001", b"9999", b"31", b"nan", b"inf", b"'s", b"''", b"23:59-00:00",
]  # fmt: skip
PIECES = (b"9", b"0", b'"', b"[", b"{", b"\xff", b"\\", b"\xed\xa0\x80", b"\\ud800")
_WORD = re.compile(rb"[\w.:'-]+|\[[^\]]*\]|\"[^\"]*\"")

Edge = tuple[object, int, int]


def reached(run: Callable[[bytes], object], raw: bytes, files: tuple[str, ...] = OURS) -> set[Edge]:
    """The steps from line to line that ``run`` takes over ``raw`` in files that begin with ``files``."""
    edges: set[Edge] = set()

    def calls(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(files):
            return None
        before = 0

        def lines(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal before
            edges.add((code, before, frame.f_lineno))
            before = frame.f_lineno
            return lines

        return lines

    outer = sys.gettrace()
    sys.settrace(calls)
    try:
        run(raw)
    finally:
        sys.settrace(outer)
    return edges


class Fuzz:
    """Inputs from ``seeds`` on; the shortest of each new way is kept."""

    def __init__(
        self,
        run: Callable[[bytes], object],
        seeds: Iterable[bytes],
        seed: int,
        files: tuple[str, ...] = OURS,
    ) -> None:
        self._run, self._random, self._files = run, random.Random(seed), files
        self._edges: set[Edge] = set()
        self._found: dict[frozenset[Edge], bytes] = {}
        self._seeds = list(seeds)
        for raw in self._seeds:
            self._edges |= self._reached(raw)

    @property
    def kept(self) -> list[bytes]:
        """What is changed on."""
        return [*self._seeds, *self._found.values()]

    def try_one(self, raw: bytes) -> bool:
        """Run over ``raw``; whether it is kept. What the run raises, it raises, with ``raw`` as a note."""
        edges = self._reached(raw)
        way = frozenset(edges)
        if edges <= self._edges and len(raw) >= len(self._found.get(way, b"")):
            return False
        self._edges |= edges
        self._found[way] = raw
        return True

    def _reached(self, raw: bytes) -> set[Edge]:
        try:
            return reached(self._run, raw, self._files)
        except BaseException as error:
            error.add_note(f"over {raw!r}")
            raise

    def go(self, times: int) -> None:
        """So many inputs more."""
        for _ in range(times):
            self.try_one(self.changed())

    def changed(self) -> bytes:
        """One of those kept, changed in one to four places."""
        raw = self._random.choice(self.kept or [b""])
        for _ in range(self._random.randint(1, 4)):
            ways = (self._bytes, self._bytes, self._word, self._word, self._line, self._spliced, self._value)
            raw = self._random.choice(ways)(raw)
        return raw[:MOST_BYTES]

    def _bytes(self, raw: bytes) -> bytes:
        at, length = self._random.randint(0, len(raw)), self._random.choice((0, 1, 1, 2, 8))
        one = bytes([self._random.choice((self._random.randrange(256), self._random.randrange(32, 127)))])
        piece = self._random.choice((b"", one, one, one, self._random.choice(PIECES)))
        return raw[:at] + piece * self._random.choice((1, 1, 1, 40)) + raw[at + length :]

    def _word(self, raw: bytes) -> bytes:
        """A word that is another one, of this input, of another, or one of those that have broken things."""
        words = list(_WORD.finditer(raw))
        if not words:
            return self._bytes(raw)
        word = self._random.choice(words)
        others = WORDS
        if self._random.random() < 0.5:
            others = [found[0] for found in _WORD.finditer(self._random.choice(self.kept))] or WORDS
        return raw[: word.start()] + self._random.choice(others) + raw[word.end() :]

    def _line(self, raw: bytes) -> bytes:
        """A line taken out, doubled, or moved."""
        lines = raw.splitlines(keepends=True) or [b""]
        line = self._random.choice(lines)
        if self._random.random() < 0.5:
            lines.remove(line)
        lines.insert(self._random.randint(0, len(lines)), line if self._random.random() < 0.7 else b"\n")
        return b"".join(lines)

    def _spliced(self, raw: bytes) -> bytes:
        """The beginning of it, and the end of another."""
        other = self._random.choice([*self.kept, *HOSTILE_TEXTS.values()])[:MOST_BYTES]
        return raw[: self._random.randint(0, len(raw))] + other[self._random.randint(0, len(other)) :]

    def _value(self, raw: bytes) -> bytes:
        """Where it is JSON, one value that has another, or none."""
        try:
            value = json.loads(raw)
            return json.dumps(self._other(value), separators=(",", ":")).encode()
        except (ValueError, RecursionError):
            return self._bytes(raw)

    def _other(self, value: Any) -> Any:
        if isinstance(value, dict | list) and value and self._random.random() < 0.85:
            key = (
                self._random.choice(list(value))
                if isinstance(value, dict)
                else self._random.randrange(len(value))
            )
            if self._random.random() < 0.15:
                del value[key]
            else:
                value[key] = self._other(value[key])
            return value
        return self._random.choice(VALUES)
