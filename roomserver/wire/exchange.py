"""What is said over MQTT, without the wire: messages in, messages out, the database between (PROTOCOL §4).

A message is bytes from anybody until its hash or mac is checked; nothing it can say raises anything here.
What goes out is decided after the commit: an ack is the promise that a row is on the disk.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from contract import messages
from contract.messages import COMMAND_EXPIRY_SECONDS, Ack, Topics
from roomserver.notify import noted
from roomserver.notify.noted import NOTED
from roomserver.residents import members
from roomserver.storage.database import Database
from roomserver.storage.vault import Vault
from roomserver.wire import commands, doors, reach, rows, state
from roomserver.wire.doors import Keys
from roomserver.wire.gaps import Gaps, Missing

log = logging.getLogger("roomserver.wire.exchange")

STATE_TOPICS = frozenset({"availability", "state", "occupancy", "health"})
SHARED = ("audit", "command/result")  # each message to one of the servers
SUBSCRIPTIONS = (*SHARED, *sorted(STATE_TOPICS))


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came."""

    topic: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish with QoS 1; ``expiry`` in seconds."""

    topic: str
    payload: bytes
    retain: bool = False
    expiry: int | None = None


@dataclass(slots=True)
class _Heard:
    """What one transaction took in, to be acted on when it is durable."""

    acks: dict[tuple[str, str], Ack] = field(default_factory=dict)
    forks: list[tuple[str, Ack]] = field(default_factory=list)
    spans: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)


class Exchange:
    """One thread's: takes batches of messages, and says what is to be published."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        noted: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._vault = database, vault
        self._clock, self._monotonic = clock, monotonic
        self._noted = noted  # called when somebody is to be told of something
        self._doors: dict[str, Keys] = {}
        self._edition = -1  # of the doors, as they were read
        self._gaps = Gaps()
        self._announced: dict[str, int] = {}  # the revision each door was hinted at
        self._states: dict[str, Any] = {}  # of each door the last that came here, since the link is up

    def connected(self) -> list[Outgoing]:
        """Everything retained again, for every door: nothing rests on the broker's memory."""
        self._announced.clear()
        self._states.clear()
        out = self.changed()
        with self._database.read() as session:
            for keys in self._doors.values():
                for known in reach.of_door(session, keys.id):
                    self._watch(keys.name, known.log, known.through, known.top)
                    out += [] if known.ack is None else [self._ack(keys, known.ack)]
        return out

    def changed(self) -> list[Outgoing]:
        """After a change by another hand (CLI, API): doors are read again; the hint, if the list changed."""
        with self._database.read() as session:
            self._read_doors(session)
        return self._hints()

    def take(self, batch: Iterable[Incoming]) -> list[Outgoing]:
        """Store what is right in ``batch`` in one transaction, or (should that fail) each by itself."""
        batch = list(batch)
        heard = self._store(batch)
        for message in batch if heard is None else ():
            alone = self._store([message])
            if alone is not None:
                heard = _Heard() if heard is None else heard
                heard.acks |= alone.acks
                heard.forks += alone.forks
                heard.spans |= alone.spans
        if heard is None:
            return []
        for (door, log_name), (through, top) in heard.spans.items():
            self._watch(door, log_name, through, top)
        acks = [
            *heard.forks,
            *((door, ack) for (door, _), ack in heard.acks.items()),
        ]  # last: what is retained
        return [self._ack(self._doors[door], ack) for door, ack in acks] + self._hints()

    def due(self) -> list[Outgoing]:
        """``replay`` for every log whose gap has lasted; an answer to it comes as rows."""
        missing = self._gaps.due(self._monotonic())
        if not missing:
            return []
        with self._database.write() as session:
            for gap in missing:
                if not self._lasts(session, gap):
                    continue
                log.info(
                    "door %s: rows of log %s are missing from %s on, asking again", gap.door, gap.log, gap.seq
                )
                args = {"log": gap.log, "from": gap.seq}
                commands.ask(session, self._doors[gap.door].id, "replay", args, self._clock())
        return self.waiting_commands()

    def waiting_commands(self) -> list[Outgoing]:
        """Commands that wait to be sent, numbered and signed now; ask only when they can go out."""
        out: list[Outgoing] = []
        with self._database.write() as session:
            for keys in self._doors.values():
                waiting = commands.sign_waiting(session, keys, self._clock())
                out += [Outgoing(one.topic, one.payload, expiry=COMMAND_EXPIRY_SECONDS) for one in waiting]
        return out

    def _read_doors(self, session: Session) -> None:
        self._edition = doors.edition(session)
        self._doors = {door.name: doors.keys(door, self._vault) for door in doors.listed(session)}

    def timer(self) -> float | None:
        """The monotonic second at which ``due`` has something; None while nothing is missing."""
        return self._gaps.timer()

    def _store(self, batch: list[Incoming]) -> _Heard | None:
        heard = _Heard()
        try:
            with self._database.write() as session:
                if (
                    doors.edition(session) != self._edition
                ):  # another server added a door, or gave it a new key
                    self._read_doors(session)
                audit, others = self._sorted(batch)
                self._audit(session, audit, heard)
                for name, kind, payload in others:
                    self._one(session, self._doors[name], kind, payload, heard)
        except SQLAlchemyError as error:
            log.error("the database does not take what the doors send: %s", type(error).__name__)
            return None
        self._states |= heard.states
        if session.info.get(NOTED):
            self._noted()
        return heard

    def _sorted(self, batch: list[Incoming]) -> tuple[dict[str, list[bytes]], list[tuple[str, str, bytes]]]:
        """The audit messages of each door that there is, and its others: door, kind, payload."""
        audit: dict[str, list[bytes]] = {}
        others = []
        for message in batch:
            match state.topic_of(message.topic):
                case (name, "audit") if name in self._doors:
                    audit.setdefault(name, []).append(message.payload)
                case (name, kind) if name in self._doors:
                    others.append((name, kind, message.payload))
        return audit, others

    def _audit(self, session: Session, arrived: Mapping[str, list[bytes]], heard: _Heard) -> None:
        batch = [(self._doors[name], raws) for name, raws in arrived.items()]
        for name, receipt in zip(arrived, rows.receive_all(session, batch, self._clock()), strict=True):
            heard.forks += [(name, ack) for ack in receipt.forks]
            for reached in receipt.logs:
                heard.spans[name, reached.log] = (reached.through, reached.top)
                if reached.ack is not None:
                    heard.acks[name, reached.log] = reached.ack

    def _one(self, session: Session, keys: Keys, kind: str, payload: bytes, heard: _Heard) -> None:
        if kind == "command/result":
            commands.take_result(session, keys, payload, self._clock())
        elif kind in STATE_TOPICS:
            self._state(session, keys, kind, payload, heard)

    def _state(self, session: Session, keys: Keys, kind: str, payload: bytes, heard: _Heard) -> None:
        try:
            value = state.read(kind, payload)
        except ValueError as error:
            log.debug("door %s: %s is not understood: %s", keys.name, kind, error)
            return
        if kind == "state":
            noted.of_state(session, keys.id, self._before(session, keys, heard), value, self._clock())
            heard.states[keys.name] = value
        state.keep(session, keys.id, kind, value, self._clock())
        reported = state.reported_rows(value) if kind == "health" else None
        if reported is not None:
            known = {one.log: one.through for one in reach.of_door(session, keys.id)}
            if reported[0] in known:  # a log of which nothing came yet is coming
                heard.spans.setdefault((keys.name, reported[0]), (known[reported[0]], reported[1]))

    def _before(self, session: Session, keys: Keys, heard: _Heard) -> Any:
        """The state that came here before this one: what is stored may come from a server that is ahead."""
        for taken in (heard.states, self._states):
            if keys.name in taken:
                return taken[keys.name]
        told = state.of_door(session, keys.id).get("state")
        return told and told.value

    def _lasts(self, session: Session, gap: Missing) -> bool:
        """Whether no other server has filled the gap meanwhile."""
        (known,) = [one for one in reach.of_door(session, self._doors[gap.door].id) if one.log == gap.log]
        if known.through + 1 == gap.seq:
            return True
        self._watch(gap.door, gap.log, known.through, known.top)
        return False

    def _watch(self, door: str, log_name: str, through: int, top: int) -> None:
        self._gaps.saw(door, log_name, through=through, top=top, now=self._monotonic())

    def _ack(self, keys: Keys, ack: Ack) -> Outgoing:
        topic = Topics(keys.name).ack
        return Outgoing(topic, messages.sign(keys.command, topic, ack.as_json()), retain=True)

    def _hints(self) -> list[Outgoing]:
        with self._database.read() as session:
            revision = members.revision(session)
        news = [name for name in self._doors if self._announced.get(name) != revision]
        self._announced |= dict.fromkeys(news, revision)
        payload = json.dumps({"revision": revision}).encode()
        return [Outgoing(Topics(name).access, payload, retain=True) for name in news]
