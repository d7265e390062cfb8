"""A room with residents, for tests of the pages: a door that tells and records what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext
from serving import Ledger
from stage import Browser, Stage, stage

from contract import audit
from contract.codes import Kind
from roomserver.residents import members
from roomserver.settings import RoomRules, Settings
from roomserver.storage.schema import Member
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import doors, rows, state, terms

MEMBER = "0427"
FORM = Settings().codes.codes()


class Neighbourhood:
    """The door ``front``, and member 0427 with a session."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.opened = stage, stage.opened
        with self.opened.database.write() as session:
            doors.add(session, self.opened.vault, "front", stage.now)
        with self.opened.database.read() as session:
            door = doors.get(session, "front")
            self.door_id, self.door_key = door.id, self.opened.vault.open(door.key)
            self.keys = doors.keys(door, self.opened.vault)
        self.ledger = Ledger("front", self.door_key)
        self.token = self.moves_in(MEMBER)

    @property
    def now(self) -> int:
        """The server's time."""
        return self.stage.now

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.stage.now += seconds

    def moves_in(self, number: str, kind: Kind = Kind.PHONE) -> str:
        """A new member, and the token of his session."""
        with self.opened.database.write() as session:
            members.add(session, kind, FORM, self.now, number)
            return sessions.begin(session, Visitor(member=number), self.now)

    def phone(self, token: str | None = None) -> Browser:
        """A signed-in browser that asks for pages."""
        made = self.stage.browser({"session": token or self.token})
        made.headers["Accept"] = "text/html"
        return made

    def sign_in(self, context: BrowserContext, token: str | None = None) -> None:
        """The same in Chromium."""
        context.add_cookies([{"name": "session", "value": token or self.token, "url": self.stage.url}])

    def tells(self, topic: str, value: Any) -> None:
        """The door tells of itself on a topic; it has just asked the server, too."""
        with self.opened.database.write() as session:
            state.keep(session, self.door_id, topic, value, self.now)
            state.keep(session, self.door_id, "availability", "online", self.now)
            doors.get(session, "front").asked_at = self.now

    def counts(self, inside: int, confidence: str = "estimate") -> None:
        """The door tells how many are inside."""
        told = {"count": inside, "capacity": 15, "occupied": inside > 0, "confidence": confidence}
        self.tells("occupancy", {**told, "since": self.now, "at": self.now})

    def says(self, **of: Any) -> None:
        """The door tells its state; what is not named is as usual."""
        usual = {"lock": "LOCKED", "door": "closed", "mode": "normal", "until": None, "lockout": False}
        self.tells("state", {**usual, "alarms": [], "at": self.now, **of})

    def records(
        self,
        type: str,
        member: str | None = MEMBER,
        reason: str | None = None,
        at: int | None = None,
        **detail: object,
    ) -> None:
        """The door's next row arrives now; ``at`` is what a door with another clock says."""
        made = audit.make(
            self.keys.report, "front", log=self.ledger.log, seq=len(self.ledger.rows) + 1,
            prev=self.ledger.rows[-1].hash if self.ledger.rows else audit.FIRST_PREV,
            at=at or self.now, clock="server", type=type, member=member, reason=reason, detail=detail,
        )  # fmt: skip
        self.ledger.rows.append(made)
        with self.opened.database.write() as session:
            rows.receive(session, self.keys, [made.raw], self.now)

    def rules(self, **of: Any) -> None:
        """The committee's rules are these from now on."""
        with self.opened.database.write() as session:
            terms.publish_rules(session, RoomRules(**of).as_json(), self.now)

    def revoke(self, number: str = MEMBER) -> None:
        """The committee revokes."""
        with self.opened.database.write() as session:
            members.revoke(session, number, self.now)

    def alter(self, number: str = MEMBER, **columns: object) -> None:
        """The access record says otherwise, as if the committee had changed it."""
        with self.opened.database.write() as session:
            for name, value in columns.items():
                setattr(session.get_one(Member, number), name, value)


@contextmanager
def neighbourhood(folder: Path, settings: Settings | None = None) -> Iterator[Neighbourhood]:
    """A running room for the length of a ``with``."""
    with stage(folder, settings) as running:
        yield Neighbourhood(running)
