"""Stands beside a virtual door and writes down what its relay, its lamp and its messages do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from door import view
from door.effects import Cue, Effect, Light, Record, Relock, Replay, Reply, Show, Unlock
from door.simulation.timeline import Timeline, What
from door.simulation.virtual import VirtualDoor

UNSAID = frozenset({"step", "id", "version", "n"})  # details that tell a reader nothing; JSON has them


class Witness:
    """Writes into ``timeline``; ``waiting`` are the rows that the server does not have yet."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.unlocked = False  # by what the relay was told, not by what the core believes
        self.lit = False
        self.waiting: list[Record] = []
        self._told: dict[str, dict[str, object]] = {}

    def effects(self, effects: tuple[Effect, ...], at: int, *, heard: bool) -> None:
        """What one decision did at ``at`` (Unix ms); ``heard`` when broker and server hear it at once."""
        for effect in effects:
            self._effect(effect, at, heard=heard)

    def topics(self, door: VirtualDoor, *, sent: bool) -> None:
        """Retained topics, where they say something new."""
        state, rules = door.state, door.rules
        shown = {"state": view.state(state, door.now, rules), "occupancy": view.occupancy(state, rules)}
        at = state.reading(door.now).best
        for word, payload in shown.items():
            before = self._told.get(word, {})
            news = {name: value for name, value in payload.items() if before.get(name, ...) != value}
            if news:
                self._told[word] = payload
                text = ", ".join(f"{name} {self._said(name, value)}" for name, value in news.items())
                data = {"topic": word, "payload": {**payload, "at": at}, "sent": sent}
                self.add(door.unix_ms, What.TOPIC, f"{word}: {text}{'' if sent else '  (not sent)'}", data)

    def connected(self, at: int) -> None:
        """The broker has the door (again): all that is retained is published again."""
        self.add(at, What.TOPIC, "availability: online", {"topic": "availability", "payload": "online"})
        for word, payload in self._told.items():
            data = {"topic": word, "payload": payload, "sent": True}
            self.timeline.add(at, What.TOPIC, f"{word}: as it is now", data, detail=True)

    def power_gone(self, at: int) -> None:
        """A strike without current is locked from outside."""
        self._told, self.lit = {}, False
        if self.unlocked:
            self.unlocked = False
            self.add(at, What.RELAY, "locks: nothing holds it open", {"relay": "LOCKED"})

    def add(self, at: int, what: What, text: str, data: Mapping[str, object]) -> None:
        """One line."""
        self.timeline.add(at, what, text, data)

    def _effect(self, effect: Effect, at: int, *, heard: bool) -> None:
        match effect:
            case Relock():
                if self.unlocked:
                    self.add(at, What.RELAY, "locks", {"relay": "LOCKED"})
                self.unlocked = False
            case Unlock(ms):
                self.unlocked = True
                length = "until further notice" if ms is None else f"for {ms / 1000:g} s"
                self.add(at, What.RELAY, f"unlocks {length}", {"relay": "UNLOCKED", "ms": ms})
            case Light(on):
                self.lit = on
                self.add(at, What.WORLD, f"the lights go {'on' if on else 'off'}", {"lights": on})
            case Show(cue, ms):
                data = {"cue": cue.value, "ms": ms}
                self.timeline.add(at, What.CUE, cue.value, data, detail=cue is Cue.KEY)
            case Record():
                self._row(effect, at, heard=heard)
            case Reply(id, by, error):
                done = "done" if error is None else f"not done: {error}"
                self.add(at, What.WORLD, f"the door answers: {done}", {"id": id, "by": by, "error": error})
            case Replay(log, seq):
                self.add(at, What.WORLD, f"rows are sent again from {seq}", {"log": log, "from": seq})
            case _:
                pass  # what the door remembers is no message

    def _row(self, row: Record, at: int, *, heard: bool) -> None:
        self.waiting.append(row)
        words = [row.type, row.member or "", row.reason or ""]
        words += [self._detail(name, value) for name, value in row.detail.items() if name not in UNSAID]
        data = {
            "type": row.type,
            "member": row.member,
            "reason": row.reason,
            "detail": dict(row.detail),
            "row_at": row.at,
            "clock": row.clock,
            "sent": heard,
        }
        kept = "" if heard else "  (kept for the server)"
        self.add(at, What.ROW, "  ".join(word for word in words if word) + kept, data)

    def _detail(self, name: str, value: object) -> str:
        if isinstance(value, bool):
            return name if value else ""
        return "" if value is None else f"{name} {self._said(name, value)}"

    def _said(self, name: str, value: object) -> str:
        match value:
            case None:
                return "none"
            case bool():
                return "yes" if value else "no"
            case list():
                return " ".join(value) or "none"
            case int() if name in ("until", "since"):
                local = datetime.fromtimestamp(value, self.timeline.zone)
                return f"{local:%Y-%m-%d %H:%M}" if value else "never"
            case _:
                return str(value)
