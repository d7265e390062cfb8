"""From the last key to the relay, with row and used step on the disk; and how many commits an entry is."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from gpiozero import Device

from benchmarks.figures import Figure, spread
from contract.codes import Kind, issue
from contract.messages import report_key
from door import pins
from door.effects import Cue, Reply
from door.events import ContactChanged, KeyPressed, ServerTime, Started, Stopping
from door.lock import Strike
from door.loop import Inbox, Loop
from door.rules import Rules
from door.state import restore
from door.store import Store
from door.timesource import moment

KEY = bytes(range(32))
SAMPLES = 200


class Nobody:
    """No lamp, no broker."""

    def show(self, *_: object) -> None:
        """Nothing."""

    def cue(self, word: str, at: int) -> None:
        """Nothing."""

    def reply(self, reply: Reply) -> None:
        """Nothing."""

    def refresh(self) -> None:
        """Nothing."""

    def replay(self, log: str, seq: int) -> None:
        """Nothing."""


class Lamp:
    """No lamp."""

    def show(self, cue: Cue, ms: int | None) -> None:
        """Nothing."""


class TimedStrike(Strike):
    """A strike that says when its coil got current; the thread that will end it is begun after that."""

    def __init__(self, pin: int) -> None:
        super().__init__(pin)
        self.energised = threading.Event()
        self.at = 0

    def _pulse(self, seconds: float) -> None:
        self.at = time.perf_counter_ns()
        super()._pulse(seconds)
        self.energised.set()


def figures() -> list[Figure]:
    """Key → relay, and commits."""
    pins.use("mock")
    rules = Rules("bench-door", KEY)
    with tempfile.TemporaryDirectory() as folder:
        inbox = Inbox()
        store = Store(
            Path(folder, "door.db"), door=rules.door, report_key=report_key(KEY, rules.door), post=inbox.put
        )
        remembered = store.start()
        strike = TimedStrike(17)
        state = restore(remembered.facts, remembered.access, moment(), rules)
        loop = Loop(
            inbox, state, rules, keeper=store, lock=strike, indicator=Lamp(), teller=Nobody(),
            beat=lambda now: now + 60_000,
        )  # fmt: skip
        running = threading.Thread(target=loop.run, daemon=True)
        running.start()
        inbox.put(ServerTime(time.time_ns() // 1_000_000))
        inbox.put(Started(False, "benchmark"))
        try:
            samples, commits = _entries(inbox, store, strike, rules)
        finally:
            inbox.put(Stopping("done"))
            running.join(5)
            store.stop(5)
            strike.close()
            if Device.pin_factory is not None:
                Device.pin_factory.reset()
    return [
        Figure("last key → relay, durable record, mock pins", spread(samples, "ms"), "p50 ≤ 1 ms"),
        Figure("commits an entry (granted, entered)", f"{commits:.2f}", "≤ 2"),
    ]


def _entries(inbox: Inbox, store: Store, strike: TimedStrike, rules: Rules) -> tuple[list[float], float]:
    commits: list[str] = []
    store.ask(lambda db: db.set_trace_callback(commits.append)).result()
    samples = []
    for n in range(1, SAMPLES + 1):
        step = rules.codes.step(Kind.PHONE, int(time.time()))
        code = issue(KEY, rules.door, Kind.PHONE, f"{n:04}", 1, step, rules.codes).digits
        for key in code[:-1]:
            inbox.put(KeyPressed("front", key))
        while not inbox.empty():
            time.sleep(0.001)
        time.sleep(0.002)  # the loop is idle again, as it is between two keys of a person
        strike.energised.clear()
        began = time.perf_counter_ns()
        inbox.put(KeyPressed("front", code[-1]))
        assert strike.energised.wait(5), "the strike did not move"
        samples.append((strike.at - began) / 1e6)
        inbox.put(ContactChanged(True))
        inbox.put(ContactChanged(False))
    store.ask(lambda db: db.set_trace_callback(None)).result()
    return samples, sum(sql.startswith("COMMIT") for sql in commits) / SAMPLES
