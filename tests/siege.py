"""A busy door that is killed again and again, and what must be true of it every time.

A gesture that was answered has left its traces in the database, and one that was not has left all of them
or none; so after each kill the database alone says what the door must remember, and the next life is held
to it by what it answers.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client
from rescue_world import LATE, NAME, DoorProcess, Memory, World
from serving import Wire

from contract import messages
from contract.audit import Row
from contract.codes import Issued
from roomserver.bell import ring
from roomserver.place import load, now, open_place
from roomserver.wire import commands, doors

TOKENS = 10
TOKEN_MS = 2 * 3_600_000
COMMAND_SECONDS = 1  # a door that is not at the broker yet does not hear it
GESTURES = 8  # in one life, at most
PAUSES = {"server": (0.0, 0.6), "broker": (0.0, 0.3)}


class Replayer(Wire):
    """Somebody at the broker who has kept all commands, and sends them again whenever the door comes back."""

    def results(self) -> list[dict[str, Any]]:
        """What the door said became of commands."""
        key = messages.report_key(self.key, self.topics.door)
        raws = [raw for topic, raw in list(self.all) if topic == self.topics.result]
        return [messages.check(key, self.topics.result, raw) for raw in raws]

    def done(self) -> set[str]:
        """The commands that the door said it had carried out."""
        return {result["id"] for result in self.results() if result["ok"]}

    def _subscribe(self, client: Client, *_: object) -> None:
        topics = (self.topics.command, self.topics.result, self.topics.availability)
        client.subscribe([(topic, 1) for topic in topics])

    def _take(self, topic: str, payload: bytes) -> None:
        super()._take(topic, payload)
        if (topic, payload) == (self.topics.availability, b"online"):
            for raw in {raw for topic, raw in list(self.all) if topic == self.topics.command}:
                self._client.publish(self.topics.command, raw, 1)


class Weather:
    """Kills the server and the broker at random moments, and starts them again."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self._world, self._rng = world, rng
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Weather:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._over.wait(self._rng.uniform(0.2, 5)):
                self._strike(self._rng.choice(("server", "broker") if self._world.broker else ("server",)))
        except Exception as error:  # noqa: BLE001  (told by who waits)
            self._error = error

    def _strike(self, whom: str) -> None:
        victim = self._world.broker if whom == "broker" else self._world.server
        assert victim is not None
        victim.kill()
        self.kills[whom] += 1
        self._over.wait(self._rng.uniform(*PAUSES[whom]))
        victim.start()


@dataclass
class Siege:
    """Lives of a door; ``faults`` is what was found wrong with them."""

    world: World
    seed: int
    faults: list[str] = field(default_factory=list)
    late: int = 0  # lives in which the disk took longer than the loop waits for it (promise 3 counts them)
    fates: Counter[str] = field(default_factory=Counter)
    answers: Counter[str | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.door: DoorProcess = self.world.door
        numbers = self.rng.sample(range(1, 10_000), 9_000)
        self._members = (f"{number:04}" for number in numbers)
        self._wire = Replayer(NAME, self.world.home)
        self._opened = open_place(load(self.world.server.config))
        self._ran_ms = 0.0
        self._denied = 0
        self._entered: list[Issued] = []
        self._revoked: list[str] = []
        self._seen: set[tuple[str, object]] = set()
        self._idle = threading.Event()
        self._timers: list[threading.Timer] = []

    def close(self) -> None:
        """Give back what was opened."""
        self._wire.close()
        self._opened.database.close()

    @property
    def lockout(self) -> bool:
        """Whether the door asks for double codes, by what was guessed so far."""
        return self._denied >= TOKENS

    @property
    def refused(self) -> set[str]:
        """The words with which commands were refused."""
        return {str(result["error"]) for result in self._wire.results() if not result["ok"]}

    # -- one life -------------------------------------------------------------------------------

    def live(self, fate: str | None = None) -> None:
        """Start the door, keep it busy until it is killed, and look at what it left."""
        fate = fate or self.rng.choice("anywhere at-cue in-gesture in-gesture start stop".split())
        self.fates[fate] += 1
        said = self.door.errors.stat().st_size if self.door.errors.exists() else 0
        self.door.on_cue = lambda _: None
        began = time.monotonic()
        self.door.start()
        self._arm(fate)
        gestures = [
            self._again,
            *(self.rng.choice(self._usual) for _ in range(self.rng.randrange(1, GESTURES))),
        ]
        for n, gesture in enumerate(gestures, 1):
            if fate == "in-gesture" and n == len(gestures):
                self._soon(self.door.kill, 0.015)
            if not self.door.running or not gesture():
                break
        if fate == "stop":
            self.door.terminate()
            self._soon(self.door.kill, 0.15)
        else:
            self.door.kill()
        code = self.door.ended()
        self._too_late()
        self._ran_ms += (time.monotonic() - began) * 1000
        stopped = {0, -15} if fate == "stop" else set()  # -15: told to stop before it was there to hear it
        self._expect(code in {-9} | stopped, f"the door ended by itself with {code}")
        self._look(late=LATE in self.door.errors.read_text()[said:])

    def _arm(self, fate: str) -> None:
        match fate:
            case "anywhere":
                self._soon(self.door.kill, 1.5)
            case "start":
                self._soon(self.door.kill, 0.7)
            case "at-cue":
                last = self.rng.randrange(2, GESTURES)
                self.door.on_cue = lambda n: self.door.kill() if n == last else None

    def _soon(self, act: Any, most: float) -> None:
        """Within so many seconds, while all else goes on."""
        timer = threading.Timer(self.rng.uniform(0, most), act)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _too_late(self) -> None:
        """What was to happen in this life and did not must not happen in the next."""
        while self._timers:
            timer = self._timers.pop()
            timer.cancel()
            timer.join()

    @property
    def _usual(self) -> tuple[Any, ...]:
        return (
            self._good,
            self._good,
            self._wrong,
            self._revoke,
            self._revoked_again,
            self._command,
            self._again,
        )

    # -- gestures: whether the door may be typed at again ---------------------------------------

    def _good(self) -> bool:
        code = self.world.code(next(self._members))
        cue = self._type(code, "accepted")
        if cue == "accepted":
            self._seen.add(("granted", code.digits[:4]))
        self._entered.append(code)  # when nobody saw an answer, the database will say which it was
        return cue is not None

    def _again(self) -> bool:
        """The newest used code, once more: whoever looked over the shoulder.

        Not in a lockout: a wrong pair has its pause, and each of the next lives would begin with it.
        """
        if not self._entered or self.lockout:
            return True
        return self._type(self._entered[-1], "not-now") is not None

    def _wrong(self) -> bool:
        code = self.world.code(next(self._members)).digits
        digits = code[:4] + "".join(str((int(digit) + 5) % 10) for digit in code[4:])
        cue = self.door.type(digits)
        self.answers[cue] += 1
        self._expect(cue in {None, "second-code" if self.lockout else "wrong"}, f"a wrong code: {cue}")
        if cue == "wrong":
            self._denied += 1
            self._seen.add(("denied", code[:4]))
        return cue is not None

    def _revoke(self) -> bool:
        member = next(self._members)
        answer = self.door.ask("revoke", member=member)
        if answer is not None and answer.get("ok"):
            self._seen.add(("revoked", member))
        self._revoked.append(member)
        return True

    def _revoked_again(self) -> bool:
        done = [member for member in self._revoked if ("revoked", member) in self._seen]
        if not done:
            return True
        return self._type(self.world.code(self.rng.choice(done)), "not-now") is not None

    def _command(self) -> bool:
        """The server asks something; what it sent is sent again in the next life."""
        with self._opened.database.write() as session:
            id_ = commands.ask(session, doors.get(session, NAME).id, "identify", {}, now())
        ring(self._opened.place.bell)
        end = time.monotonic() + COMMAND_SECONDS
        while self.door.running and time.monotonic() < end and id_ not in self._wire.done():
            self._idle.wait(0.02)
        return True

    def _type(self, code: Issued, right: str) -> str | None:
        """Type a code, the second one too where the budget is spent; the answer must be ``right``."""
        cue = self.door.type(code.digits)
        if self.lockout and cue is not None:
            self._expect(cue == "second-code", f"a single code in the lockout: {cue}")
            cue = self.door.type(code.second)
        self.answers[cue] += 1
        self._expect(cue in {None, right}, f"expected {right}, got {cue}")
        return cue

    # -- after each life ------------------------------------------------------------------------

    def _look(self, *, late: bool) -> None:
        """Hold the database to what was seen, and take from it what was not."""
        self.late += late
        self._seen |= {("command", id_) for id_ in self._wire.done()}
        stored = self.world.stored()
        memory = self._memory()
        if memory is None:
            self._expect(not (self._seen or stored), "the database is gone")
            self._entered = []
            return
        self._expect(memory.fault is None, f"{memory.fault}")
        self._expect(len(memory.logs) <= 1, "a new log was begun")
        lost = self._seen - {(row.type, row.detail.get("id", row.member)) for row in memory.rows}
        self._expect(late or not lost, f"seen, and not recorded: {sorted({type_ for type_, _ in lost})}")
        self._seen -= lost
        self._look_at_server(memory, stored)
        self._look_at_traces(memory)
        used = {(row.member, row.detail["step"]) for row in memory.of("granted")}
        self._entered = [code for code in self._entered if (code.digits[:4], code.step) in used]
        self._denied = len(_guesses(memory))

    def _memory(self) -> Memory | None:
        """What the door remembers; None when it was killed before it had a place for that."""
        self._expect(not list(self.door.folder.glob("state/*.corrupt-*")), "the database was set aside")
        if not self.door.database.exists():
            return None
        try:
            return self.world.memory()
        except sqlite3.OperationalError:
            return None

    def _look_at_server(self, memory: Memory, stored: set[Any]) -> None:
        self._expect(stored <= memory.keys, "the server has rows that the door lost")
        places = {(log, seq) for log, seq, _ in stored}
        for log, ack in memory.acks.items():
            missing = {(log, seq) for seq in range(1, ack + 1)} - places
            self._expect(not missing, "acknowledged, and not at the server")

    def _look_at_traces(self, memory: Memory) -> None:
        granted = [(row.member, row.detail["step"]) for row in memory.of("granted")]
        self._expect(len(granted) == len(set(granted)), "one code, two entries")
        for member, step in granted:
            used = memory.used.get((str(member), "phone"), (0, 0))
            self._expect(used[1] >= int(str(step)), "a grant without its used step")
        for row in memory.of("revoked"):
            record = memory.members.get(str(row.member), {"revoked_through": 0})
            self._expect(
                record["revoked_through"] >= row.detail["through"], "a revocation without its record"
            )
        numbers = [row.detail["n"] for row in memory.of("command") if "n" in row.detail]
        self._expect(len(numbers) == len(set(numbers)), "a command was taken twice")
        wrong = len(_guesses(memory))
        level = int(memory.facts.get("budget", TOKENS * TOKEN_MS))
        most = (TOKENS - wrong) * TOKEN_MS + self._ran_ms
        self._expect(
            level <= most, f"the budget stands at {level / TOKEN_MS:.2f} after {wrong} wrong guesses"
        )

    def _expect(self, true: bool, otherwise: str) -> None:
        if not true and otherwise not in self.faults:
            self.faults.append(otherwise)


def _guesses(memory: Memory) -> list[Row]:
    """The rows of wrong single codes, each of which cost a token."""
    return [row for row in memory.of("denied") if row.member and row.reason == "unknown-code"]
