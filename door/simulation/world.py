"""What is around a virtual door: power, network, broker, server, clocks; and the timeline of what it does."""

from __future__ import annotations

from contract.access import AccessRecord
from contract.messages import Command
from door.effects import Effect, Record, Refresh
from door.events import (
    Asked,
    Beam,
    BeamChanged,
    CommandReceived,
    ContactChanged,
    Event,
    ExitPressed,
    KeyHeld,
    RulesReceived,
    ServerTime,
    StoreChanged,
)
from door.rules import Rules
from door.simulation.keeping import Failing, Keeper
from door.simulation.office import Office
from door.simulation.surroundings import Surroundings
from door.simulation.timeline import Timeline, What
from door.simulation.virtual import VirtualDoor
from door.simulation.witness import Witness

POLL_MS = 300_000  # how often the link asks when nobody hints
HINT_MS = 10_000  # PROTOCOL §4: at most one GET in 10 s
HINTED_MS = 500
AGAIN_MS = 5_000  # so soon after the network is back, link and broker are too
MINUTE_MS = 60_000  # how often the system clock is read
FRESH_SECONDS = 30  # of a command
HELD_MS = 3_000
STEP_MS = 120  # from one edge of a beam to the next


class World:
    """A door and its surroundings; ``unix_ms`` is the real time."""

    def __init__(self, rules: Rules, keeper: Keeper, timeline: Timeline, unix_ms: int) -> None:
        self.around, self.office = Surroundings(), Office()
        self.witness = Witness(timeline)
        self.disk = Failing(keeper)
        self.door = VirtualDoor(rules, self.disk, unix_ms=unix_ms, seen=self._seen)
        self.contact_open = False
        self.connected = False  # to the broker
        self._asked_at, self._ask_at, self._minute_at, self._connect_at = 0, unix_ms, unix_ms, unix_ms
        self._commands = 0

    @property
    def unix_ms(self) -> int:
        """What time it really is."""
        return self.door.unix_ms

    @property
    def unix(self) -> int:
        """The same in seconds."""
        return self.door.unix_ms // 1000

    @property
    def reaches_server(self) -> bool:
        """Whether the door's link has an answer that it may believe."""
        return self.around.network and self.around.server and self.around.certificate

    @property
    def heard(self) -> bool:
        """Whether a row reaches the server at once: never before it is written."""
        return self.connected and self.around.server and not self.disk.failing

    def until(self, unix_ms: int) -> None:
        """Let time pass, with all that happens by itself."""
        if not self.around.power:
            self.door.unix_ms = unix_ms
            return
        while (at := max(self.unix_ms, min(self._ask_at, self._minute_at, self._connect_at))) <= unix_ms:
            self.door.until(at)
            self._beat()
        self.door.until(unix_ms)

    def wait(self, ms: int) -> None:
        """Let so much time pass."""
        self.until(self.unix_ms + ms)

    def post(self, event: Event) -> None:
        """Something happens at the door; without power nobody notices."""
        if self.around.power:
            self.door.post(event)

    # -- the leaf -------------------------------------------------------------------------------

    def move(self, opened: bool) -> None:
        """The leaf opens or closes."""
        self.contact_open = opened
        if self.door.rules.has_contact:
            self.post(ContactChanged(opened))

    def cross(self, inward: bool, *, back: bool = False) -> None:
        """Somebody passes the doorway, or turns back in the middle of it."""
        first, second = (Beam.OUTER, Beam.INNER) if inward else (Beam.INNER, Beam.OUTER)
        for beam, broken in ((first, True), (second, True), (second if back else first, False)):
            self._break(beam, broken)
            self.wait(STEP_MS)
        self._break(first if back else second, False)

    def block(self, broken: bool) -> None:
        """Something is put into the outer beam, or taken out of it."""
        self._break(Beam.OUTER, broken)

    def hold(self, key: str) -> None:
        """A key is pressed and held for as long as a keypad wants to call it held."""
        if self.around.power:
            self.door.press(key)
            self.wait(HELD_MS)
            self.post(KeyHeld("front", key))

    def _break(self, beam: Beam, broken: bool) -> None:
        if self.door.rules.has_beams:
            self.post(BeamChanged(beam, broken, self.door.now))

    def press_exit(self) -> None:
        """The exit button; the way out is mechanical where there is no power."""
        self.post(ExitPressed())

    # -- power, network, disk -------------------------------------------------------------------

    def power_on(self) -> None:
        """The door boots; its system clock goes on from where it stopped, unless a battery kept it."""
        self.around.power_on(self.unix_ms)
        self._minute_at, self._connect_at = self.unix_ms, self.unix_ms + AGAIN_MS
        self._ask_at = self.unix_ms + AGAIN_MS
        self.door.boot(self.around.system_time(self.unix_ms), contact_open=self.contact_open)

    def power_off(self) -> None:
        """Everything that is not written is gone; the strike is released because nothing holds it."""
        self.around.power_off(self.unix_ms)
        lost = [effect for effect in self.disk.stop() if isinstance(effect, Record)]
        if lost:
            self.witness.waiting = self.witness.waiting[: -len(lost)]
            text = f"{len(lost)} rows that the disk did not take are lost"
            self.witness.add(self.unix_ms, What.WORLD, text, {"lost": len(lost)})
        self._disconnect()
        self.witness.power_gone(self.unix_ms)

    def changed(self) -> None:
        """Network, broker or server may have gone or come."""
        if self.around.network and self.around.broker:
            self._connect_at = min(self._connect_at, self.unix_ms + AGAIN_MS)
            self._ask_at = min(self._ask_at, self.unix_ms + AGAIN_MS)
        else:
            self._disconnect()

    def hint(self) -> None:
        """The server has news: with a broker the door asks within seconds, without one when it asks next."""
        if self.heard:
            soon = max(self.unix_ms + HINTED_MS, self._asked_at + HINT_MS)
            self._ask_at = min(self._ask_at, soon)

    def fail_disk(self, failing: bool) -> None:
        """The disk fails, or works again."""
        self.disk.failing = failing
        self.post(StoreChanged("failed" if failing else None))
        self._deliver(len(self.witness.waiting))

    # -- who asks the door ----------------------------------------------------------------------

    def command(self, verb: str, args: dict[str, object]) -> None:
        """A signed command of the server; unless the door hears it within seconds, it expires."""
        if not (self.heard):
            text = f"the command {verb} does not reach the door, and expires"
            self.witness.add(self.unix_ms, What.WORLD, text, {"verb": verb})
            return
        self._commands += 1
        not_after = (self.unix_ms + self.around.server_ahead) // 1000 + FRESH_SECONDS
        self.post(CommandReceived(Command(f"{self._commands:032x}", self._commands, verb, args, not_after)))

    def ask(self, verb: str, args: dict[str, object]) -> None:
        """The administrator's command at the door."""
        if not self.around.power:
            text = f"nobody answers {verb}: the door has no power"
            self.witness.add(self.unix_ms, What.WORLD, text, {"verb": verb})
        self.post(Asked("story", verb, args, "administrator"))

    # -- what happens by itself -----------------------------------------------------------------

    def _beat(self) -> None:
        now = self.unix_ms
        if now >= self._minute_at:
            self._minute_at = now + MINUTE_MS
            self.door.post(self.around.system_time(self.unix_ms))
        if now >= self._ask_at:
            self._ask_at = now + POLL_MS
            self._ask_server()
        if now >= self._connect_at:
            self._connect_at = now + POLL_MS
            self._connect()

    def _ask_server(self) -> None:
        if not self.reaches_server:
            return
        self._asked_at = self.unix_ms
        self.door.post(ServerTime(self.unix_ms + self.around.server_ahead))
        access = self.door.state.access
        self.door.post(self.office.answer(access.revision, access.digest))
        if self.office.rules_revision > self.door.rules.revision:
            self.door.rules = self.office.in_force(self.door.rules)
            self.door.post(RulesReceived(self.door.rules.revision))

    def _connect(self) -> None:
        if not self.connected and self.around.network and self.around.broker:
            self.connected = True
            self.witness.connected(self.unix_ms)
        self._deliver(len(self.witness.waiting))

    def _disconnect(self) -> None:
        if self.connected:
            self.connected = False
            if self.around.broker:
                will = {"topic": "availability", "payload": "offline"}
                self.witness.add(self.unix_ms, What.TOPIC, "availability: offline (says the broker)", will)

    def _deliver(self, late: int) -> None:
        """Rows that wait reach the server, which learns from them; ``late`` of them have waited for it."""
        if not self.heard:
            return
        rows, self.witness.waiting = self.witness.waiting, []
        for row in rows:
            self._learn(row)
        if late:
            text = f"{late} {'row reaches' if late == 1 else 'rows reach'} the server"
            self.witness.add(self.unix_ms, What.WORLD, text, {"rows": late})

    def _learn(self, row: Record) -> None:
        through, generation = row.detail.get("through"), row.detail.get("generation")
        if row.type == "revoked" and row.member and isinstance(through, int) and isinstance(generation, int):
            kind = self.door.state.access.record(row.member).kind
            self.office.learn(AccessRecord(row.member, kind, generation, through), self.unix)

    def _seen(self, effects: tuple[Effect, ...]) -> None:
        late = len(self.witness.waiting)
        self.witness.effects(effects, self.unix_ms, heard=self.heard)
        self.witness.topics(self.door, sent=self.connected)
        self._deliver(late)
        if any(isinstance(effect, Refresh) for effect in effects):
            self._ask_at = min(self._ask_at, self.unix_ms + HINTED_MS)
