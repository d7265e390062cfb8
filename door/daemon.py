"""The daemon: the only place where the door's parts are put together.

Start: relock, then the store and the last access list, then the inputs, the loop, and the network last:
the door works before the network does, and without it.
"""

from __future__ import annotations

import gc
import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from contract.messages import command_key, report_key
from door import assemble, view
from door import config as configuration
from door import credentials as credentials_file
from door.alone import Alone
from door.control import Control
from door.effects import Remember, Reply
from door.errors import ConfigError
from door.events import FaultChanged, Moment, Started, Stopping
from door.health import Health, program_version, undervoltage
from door.indicator import Indicator
from door.ledger import Outstanding
from door.link import Known, Link
from door.loop import Inbox, Loop, NewRules
from door.machine import Machine
from door.reporter import Reporter
from door.rules import Rules
from door.state import State
from door.supervisor import Supervisor
from door.tail import Tail
from door.timesource import moment
from door.tls import TlsSettings

if TYPE_CHECKING:
    from door.display.screen import Display

BEAT_MS = 60_000
PRUNE_MS = 24 * 3_600_000
STOP_SECONDS = 5.0
FAREWELL_SECONDS = 1.0
LOOK_SECONDS = 0.05
_LOG = logging.getLogger(__name__)


class Daemon:
    """One door, made from its configuration file; ``run`` until told to stop.

    ``ConfigError``, ``RunningError`` and ``PinError`` are raised before anything can be unlocked.
    """

    def __init__(self, path: Path, machine: Machine | None = None) -> None:
        self.path, self.machine = path, machine or Machine()
        self.config = self.machine.fit(configuration.load(path))
        self.credentials = credentials_file.load(self.config.door.credentials)
        configuration.rules(self.config, self.credentials)  # tells what does not fit before a pin is touched
        assemble.folders(self.config)
        self.alone = Alone(self.config.door.state_dir, self.config.socket)
        self.machine.use_pins(self.config)
        self.inbox = Inbox()
        self._hangups: queue.SimpleQueue[bool] = queue.SimpleQueue()  # True: read again; False: the end
        self._ruling = threading.Lock()  # the server's rules and a new file come by threads of their own
        self.lock = assemble.lock(self.config)
        self.store = assemble.store(self.config, self.credentials, self.inbox.put)
        remembered = self.store.start()
        self.server_said = remembered.facts.get("server")
        rules = self._rules(self.server_said)
        self.contact, self.exit_button = (
            assemble.contact(self.config, self.inbox.put),
            assemble.exit_button(self.config, self.inbox.put),
        )
        self.sensors, self.lights = (
            assemble.sensors(self.config, self.inbox.put),
            assemble.lights(self.config),
        )
        self.keypads = tuple(
            assemble.keypad(k, self.inbox.put, rules.codes.length, self._quiet) for k in self.config.keypads
        )
        self.display, self.indicator = self._make_shown()
        self.reporter = self._make_reporter()
        self.tail = Tail(self.store)
        self.store.on_rows = self._rows_written
        self.link = self._make_link()
        self.control = self._make_control()
        self.loop = self._make_loop(assemble.state(remembered, self.credentials, rules, moment()), rules)
        self.health = self._make_health()
        self.supervisor = Supervisor()
        self._beats = {"alive": 0, "minute": 0, "prune": moment() + BEAT_MS}
        self._undervoltage = False
        self._outbox: dict[str, object] = {"rows": 0, "oldest": None}

    def run(self) -> None:
        """Start in order, serve, stop in order."""
        self.inbox.put(self.machine.system_time())
        self._post_started()
        if threading.current_thread() is threading.main_thread():
            self._take_signals()
        try:
            self._start()
            self.loop.run()
        finally:
            self._stop()

    def _post_started(self) -> None:
        started = partial(Started, version=program_version())
        if self.contact is None:
            self.inbox.put(started(None))
        else:
            self.contact.start_as(started)

    # -- what the loop tells (``loop.Teller``) --------------------------------------------------

    def show(self, topic_word: str, payload: Mapping[str, object]) -> None:
        """A retained topic has something new."""
        self.reporter.show(topic_word, payload)
        if self.display is not None:
            self.display.tell(topic_word, payload)

    def cue(self, word: str, at: int) -> None:
        """What anyone in the room could see."""
        self.reporter.cue(word, at)

    def reply(self, reply: Reply) -> None:
        """What was asked is done, or is not."""
        if not self.control.reply(reply):
            self.reporter.result(reply.id, reply.error is None, reply.error)

    def _light(self, on: bool) -> None:
        if self.lights is not None:
            self.lights.switch(on=on)

    def refresh(self) -> None:
        """Ask the server now."""
        if self.link is not None:
            self.link.refresh()

    def replay(self, log: str, seq: int) -> None:
        """Send rows again."""
        self.reporter.replay(log, seq)

    # -- what others ask ------------------------------------------------------------------------

    def status(self) -> Mapping[str, object]:
        """Everything that ``door status`` shows."""
        outstanding = self.store.outstanding()
        if wait([outstanding], LOOK_SECONDS).done:  # a disk that hangs is no reason to say nothing
            self._look_at_outbox(outstanding)
        state, rules, now = self.loop.state, self.loop.rules, moment()
        return {
            "door": self.config.door.name,
            "state": view.state(state, now, rules),
            "occupancy": view.occupancy(state, rules),
            "health": self.health.told(state, rules, now),
            "broker": self.reporter.connected,
            "broker_since": state.reading(now).best - int(time.monotonic() - self.reporter.since),
            "time_zone": str(rules.codes.time_zone),
        }

    def readings(self, _: Mapping[str, object]) -> Mapping[str, object]:
        """Everything that ``door clock`` shows."""
        return view.readings(self.loop.state, moment(), self._system_ms())

    def _rows_written(self) -> None:
        self.reporter.rows_written()
        self.tail.written()

    def _known(self) -> Known:
        reading = self.loop.state.reading(moment())
        return Known(now=reading.unix, past=reading.known_past or None)

    def _position(self) -> tuple[int, str, int]:
        access = self.loop.state.access
        return access.revision, access.digest, self.loop.state.taken.highest

    def _system_ms(self) -> int:
        return self.machine.system_time().unix_ms

    def _quiet(self) -> bool:
        return assemble.quiet(self.config.indicator.quiet, self._local())

    def _local(self) -> datetime:
        reading = self.loop.state.reading(moment())
        return datetime.fromtimestamp(reading.best, self.loop.rules.codes.time_zone)

    # -- rules ----------------------------------------------------------------------------------

    def take_rules(self, codes: Mapping[str, object], rules: Mapping[str, object]) -> None:
        """The server's codes and rules, in force and kept; ``ConfigError`` when they are none."""
        said = {"codes": dict(codes), "rules": dict(rules)}
        with self._ruling:
            new = configuration.rules(self.config, self.credentials, said)
            self.server_said = said
            self.store.keep([Remember("server", said)])
            self.inbox.put(NewRules(new))

    def reload(self) -> None:
        """Read the configuration again (SIGHUP); a faulty one changes nothing. Pins need a restart."""
        with self._ruling:
            try:
                config = self.machine.fit(configuration.load(self.path))
                new = configuration.rules(config, self.credentials, _object(self.server_said))
            except ConfigError as error:
                _LOG.error("the old configuration stays: %s", error)
                return
            self.config = config
            self.inbox.put(NewRules(new))

    def _rules(self, said: object) -> Rules:
        try:
            return configuration.rules(self.config, self.credentials, _object(said))
        except ConfigError as error:
            _LOG.warning("the server's last rules are not used: %s", error)
            return configuration.rules(self.config, self.credentials)

    # -- beats ----------------------------------------------------------------------------------

    def _beat(self, now: Moment) -> Moment:
        """Feed the watchdog; look at the system's clock and health once a minute; prune once a day."""
        if self.supervisor.alive_ms is not None:
            self.supervisor.tell("WATCHDOG=1")
            self._beats["alive"] = now + self.supervisor.alive_ms
        if now >= self._beats["minute"]:
            self._beats["minute"] = now + BEAT_MS
            self._minute(now)
        if now >= self._beats["prune"]:
            self._beats["prune"] = now + PRUNE_MS
            self.store.prune(self.loop.state.reading(now).known_past)
        return min(at for at in self._beats.values() if at > now)

    def _minute(self, now: Moment) -> None:
        self.inbox.put(self.machine.system_time())
        weak = bool(undervoltage())
        if weak != self._undervoltage:
            self._undervoltage = weak
            self.inbox.put(FaultChanged("undervoltage", weak))
        self.store.outstanding().add_done_callback(self._look_at_outbox)
        self.reporter.show("health", self.health.told(self.loop.state, self.loop.rules, now))

    def _look_at_outbox(self, found: Future[tuple[Outstanding, ...]]) -> None:
        if found.exception() is None:
            logs = found.result()
            oldest = min((log.oldest for log in logs), default=None)
            self._outbox = {"rows": sum(log.seq - log.ack for log in logs), "oldest": oldest}

    # -- start and stop -------------------------------------------------------------------------

    def _start(self) -> None:
        """What is at the door first, the network last."""
        inputs = (self.exit_button, *self.sensors, *self.keypads)
        for part in inputs:
            if part is not None:
                part.start()
        try:
            self.control.start()
        except OSError as error:
            _LOG.error("the door runs, but cannot be asked at %s: %s", self.config.socket, error)
        gc.collect()
        gc.freeze()  # what is there now stays for good; no pause for it between a key and the relay
        self.supervisor.tell("READY=1")
        self.reporter.start()
        if self.link is not None:
            self.link.start()

    def _take_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self.inbox.put(Stopping(signal.Signals(number).name)))
        # Only asked for in the handler: it runs in the middle of a decision, or of the start of a thread,
        # whose lock a thread begun in the handler would wait for, for ever.
        threading.Thread(target=self._reload_when_asked, name="reload", daemon=True).start()
        signal.signal(signal.SIGHUP, lambda *_: self._hangups.put(True))

    def _reload_when_asked(self) -> None:
        while self._hangups.get():
            self.reload()

    def _stop(self) -> None:
        """Inputs first, then the lock, then what is still to be written; all of it bounded."""
        self.supervisor.tell("STOPPING=1")
        self._hangups.put(False)
        for part in self.keypads:
            _surely(part.stop)
        _surely(self.control.stop)
        _surely(self.lock.close)
        for device in (self.contact, self.exit_button, *self.sensors, self.indicator, self.lights):
            if device is not None:
                _surely(device.close)
        _surely(self._farewell)
        _surely(lambda: self.reporter.stop(1.0))
        if not self.store.stop(STOP_SECONDS):
            _LOG.error("not everything could be written before the end")
        if self.link is not None:
            self.link.stop(1.0)
        self.alone.release()

    def _farewell(self) -> None:
        """Give the last rows a moment to reach the server; what stays is sent after the next start."""
        end = time.monotonic() + FAREWELL_SECONDS
        while self.reporter.connected and time.monotonic() < end:
            if not self.store.outstanding().result(FAREWELL_SECONDS):
                return
            time.sleep(LOOK_SECONDS)

    def _make_shown(self) -> tuple[Display | None, Indicator]:
        display = assemble.display(self.config, self.inbox.put, self._local)
        at_the_door = self.machine.indicator(assemble.indicator(self.config, self._local))
        return display, assemble.everywhere(at_the_door, (*self.keypads, display))

    def _make_control(self) -> Control:
        return Control(
            self.config.socket,
            post=self.inbox.put,
            status=self.status,
            questions={"rows": self.tail.answer, "readings": self.readings},
        )

    def _make_loop(self, state: State, rules: Rules) -> Loop:
        return Loop(
            self.inbox,
            state,
            rules,
            keeper=self.store,
            lock=self.lock,
            indicator=self.indicator,
            teller=self,
            beat=self._beat,
            light=self._light,
        )

    def _make_health(self) -> Health:
        return Health(
            store=self.store,
            link=self.link,
            outbox=lambda: self._outbox,
            keypads=tuple(keypad.name for keypad in self.keypads),
            disk=self.config.door.state_dir,
            began=moment(),
            system_ms=self._system_ms,
        )

    def _make_reporter(self) -> Reporter:
        key, door = self.credentials.door_key, self.config.door.name
        broker = configuration.broker(self.config, self.credentials)
        return Reporter(
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=broker.password,
            tls=TlsSettings(pem=broker.ca) if broker.tls else None,
            door=door,
            command_key=command_key(key, door),
            report_key=report_key(key, door),
            outbox=self.store,
            post=self.inbox.put,
            on_hint=lambda _: self.refresh(),
            now=lambda: self._known().now,
        )

    def _make_link(self) -> Link | None:
        if self.config.server.url is None:
            return None
        return Link(
            url=self.config.server.url,
            token=self.credentials.api_token,
            door=self.config.door.name,
            post=self.inbox.put,
            position=self._position,
            on_rules=self.take_rules,
            known=self._known,
            ca=self.config.server.ca,
            poll_seconds=self.config.server.poll_seconds,
        )


def _object(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, Mapping) else None


def _surely(end: Callable[[], object]) -> None:
    """Whatever one part does at its end, the others are ended too."""
    try:
        end()
    except Exception:  # noqa: BLE001  (each part has its own)
        _LOG.exception("at the end")
