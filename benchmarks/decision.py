"""From the last key of a right code to the decision, for rooms of any size; beside it the usual scan."""

from __future__ import annotations

import base64
import time
from dataclasses import replace

import pyotp

from benchmarks.figures import Figure, short, spread
from contract.access import AccessRecord
from contract.codes import WINDOWS, Kind, derive, issue
from door.accesslist import AccessList
from door.controller import decide
from door.events import Event, KeyPressed, ServerTime, Started
from door.rules import Rules
from door.state import State, restore

KEY = bytes(range(32))
NOW = 1_795_485_600
SIZES = (10, 1_000, 100_000, 1_000_000)
SCANNED = (10, 1_000, 10_000)  # a scan of a million takes half a minute
SAMPLES = 300
STARTED_MS = 1_000
STEP_SECONDS = WINDOWS[Kind.PHONE].step


def figures() -> list[Figure]:
    """A line for each size of room."""
    rules = replace(Rules("bench-door", KEY), codes=replace(Rules("x", KEY).codes, member_digits=6))
    decided = [_decided(size, rules) for size in SIZES]
    scanned = [f"{size:,}: {short(_scan_us(size, rules))} µs" for size in SCANNED]
    lines = [
        Figure(f"right code: last key → decision, {size:,} members", found, "≤ 50 µs, flat")
        for size, found in zip(SIZES, decided, strict=True)
    ]
    return [*lines, Figure("the usual scan over pyotp objects, one right code", "; ".join(scanned), "–")]


def _decided(size: int, rules: Rules) -> str:
    access = AccessList({f"{n:06}": AccessRecord(f"{n:06}") for n in range(1, size + 1)})
    state = _started(access, rules)
    samples = []
    for n in range(SAMPLES):
        member = f"{1 + n * size // SAMPLES % size:06}"
        later = (
            n * STEP_SECONDS // SAMPLES
        )  # at every moment of a step: near its end the next one fits as well
        now = STARTED_MS + later * 1_000
        code = _code(member, NOW + later, rules)
        typed = state
        for key in code[:-1]:
            typed, _ = decide(typed, KeyPressed("front", key), now, rules)
        last: Event = KeyPressed("front", code[-1])
        began = time.perf_counter_ns()
        _, effects = decide(typed, last, now, rules)
        samples.append((time.perf_counter_ns() - began) / 1000)
        assert any(type(effect).__name__ == "Unlock" for effect in effects)
    return spread(samples, "µs")


def _started(access: AccessList, rules: Rules) -> State:
    state = restore({}, access, STARTED_MS, rules)
    for event in (ServerTime(NOW * 1000), Started(False, "benchmark")):
        state, _ = decide(state, event, STARTED_MS, rules)
    return state


def _code(member: str, t: int, rules: Rules) -> str:
    step = rules.codes.step(Kind.PHONE, t)
    return issue(KEY, rules.door, Kind.PHONE, member, 1, step, rules.codes).digits


def _scan_us(size: int, rules: Rules) -> float:
    """Everybody's TOTP object tried in turn until one fits: the median place in the list is the middle."""
    secrets = [derive(KEY, rules.door, Kind.PHONE, f"{n:06}", 1) for n in range(1, size + 1)]
    everybody = [pyotp.TOTP(base64.b32encode(secret).decode(), interval=120) for secret in secrets]
    typed = everybody[size // 2].at(NOW)
    began = time.perf_counter_ns()
    found = next(n for n, one in enumerate(everybody) if one.verify(typed, for_time=NOW, valid_window=1))
    assert found <= size // 2
    return (time.perf_counter_ns() - began) / 1000
