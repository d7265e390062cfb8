"""Asks the running door what it decided and what it knows, through the socket the command line uses."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from door.commandline import rows
from door.control import ControlError, ask
from door.display import lines
from door.effects import Cue
from door.panel.journal import Journal
from door.panel.words import sentence

WAIT_SECONDS = 20  # how long the door may wait for a row before it says that there is none
LOOK_SECONDS = 1.0
AWAY_SECONDS = 0.1
OLD_ROWS = 30


class Watch:
    """Puts each row and the door's ``status`` into the journal while the door is ``alive``."""

    def __init__(self, socket: Path, journal: Journal) -> None:
        self._socket, self._journal = socket, journal
        self._alive, self._news = threading.Event(), threading.Event()
        self._ended = False
        self._log, self._seq = "", 0
        self._zone: tzinfo = UTC  # the room's, before the first row
        for run in (self._rows, self._status):
            threading.Thread(target=run, name=f"watch{run.__name__}", daemon=True).start()

    def alive(self, alive: bool) -> None:
        """The door runs, or does not."""
        (self._alive.set if alive else self._alive.clear)()
        if not alive:
            self._journal.show(status=None)

    def look(self) -> None:
        """Something has changed: do not wait for the next look."""
        self._news.set()

    def end(self) -> None:
        """Ask no more."""
        self._ended = True
        self._alive.set()
        self._news.set()

    def _status(self) -> None:
        while self._alive.wait() and not self._ended:
            self._news.wait(LOOK_SECONDS)
            self._news.clear()
            try:
                status = ask(self._socket, "status", {})
            except ControlError:
                time.sleep(AWAY_SECONDS)
                continue
            if self._alive.is_set():
                self._begin(status)
                self._journal.show(status=told(status))

    def _begin(self, status: Mapping[str, Any]) -> None:
        if not self._log:
            self._zone = ZoneInfo(status["time_zone"])
            head = status["health"]["audit"]
            self._seq = max(0, head["seq"] - OLD_ROWS)
            self._log = head["log"]

    def _rows(self) -> None:
        while self._alive.wait() and not self._ended:
            if not self._log:
                time.sleep(AWAY_SECONDS)
                continue
            try:
                given = {"log": self._log, "after": self._seq, "wait": WAIT_SECONDS}
                answer = ask(self._socket, "rows", given, WAIT_SECONDS)
            except ControlError:
                time.sleep(AWAY_SECONDS)
                continue
            self._take(answer)

    def _take(self, answer: Mapping[str, Any]) -> None:
        for text in answer.get("rows", ()):
            row = rows.parsed(text)
            self._seq = row["seq"]
            self._journal.tell("row", **row_told(row, self._zone))
            self.look()
        if answer.get("log", self._log) != self._log and not answer["rows"]:
            self._log, self._seq = answer["log"], 0


def row_told(row: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """A row as the page shows it: the audit's own words, and a sentence in both languages."""
    zh, en = sentence(row)
    return {
        "at": row["at"],
        "type": row["type"],
        "reason": row.get("reason"),
        "detail": rows.detail(row.get("detail"), zone),
        "clock": row.get("clock"),
        "zh": zh,
        "en": en,
    }


def told(status: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of ``door status``."""
    state, health = status["state"], status["health"]
    shown = {name: state[name] for name in ("lock", "door", "mode", "lockout", "alarms")}
    room = {name: status["occupancy"][name] for name in ("count", "capacity", "confidence")}
    audit = health["audit"]
    return {
        **shown,
        "room": room,
        "clock": {name: health["clock"][name] for name in ("source", "trusted")},
        "link": health["link"]["up"],
        "broker": status["broker"],
        "store": health["store"]["ok"],
        "waiting": audit["seq"] - audit["ack"],
        "display": display(status),
    }


def display(status: Mapping[str, Any]) -> dict[str, object]:
    """What stands on the display; a time that nobody vouches for does not."""
    view = lines.told(status["state"], status["occupancy"])
    seats, hint = lines.at_rest(view)
    now = datetime.fromtimestamp(status["health"]["at"], ZoneInfo(status["time_zone"]))
    time_ = lines.NO_TIME if lines.untrusted(status["state"]) else f"{now:%H:%M}"
    return {"time": time_, "seats": seats, "next": lines.FIRE if view.cue is Cue.FIRE else hint}
