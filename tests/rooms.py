"""A room server without its wire: a place in a folder, its database opened, for tests of what is inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import databases
from serving import Ledger

from contract.sample import sample
from roomserver.cli import main
from roomserver.place import Opened, load, open_place
from roomserver.settings import Settings
from roomserver.storage.schema import Door
from roomserver.wire import doors
from roomserver.wire.exchange import Exchange

NOW = 1_795_485_600  # 2026-11-24 09:00 in Shanghai


@dataclass
class Room:
    """An opened place with the door ``front``; ``now`` and ``seconds`` are its clocks."""

    opened: Opened
    now: int = NOW
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        with self.opened.database.write() as session:
            if doors.find(session, "front") is None:
                doors.add(session, self.opened.vault, "front", self.now)
        with self.opened.database.read() as session:
            self.door: Door = doors.get(session, "front")
        self.key = self.opened.vault.open(self.door.key)
        self.keys = doors.keys(self.door, self.opened.vault)

    def exchange(self) -> Exchange:
        """A subscriber's inside, connected."""
        made = Exchange(self.opened.database, self.opened.vault, lambda: self.now, lambda: self.seconds)
        made.changed()
        made.connected()
        return made

    def ledger(self, rows: int, log: str = "0123456789abcdef") -> Ledger:
        """A log of the door with so many rows."""
        made = Ledger("front", self.key, log)
        while len(made.rows) < rows:
            made.add()
        return made

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.seconds += seconds
        self.now += int(seconds)


@contextmanager
def room_in(folder: Path, settings: Settings | None = None, restored: Path | None = None) -> Iterator[Room]:
    """A room in ``folder``, made by ``roomserver init`` if there is none yet, or from a backup."""
    config = folder / "roomserver.toml"
    if not config.exists():
        settings = settings or Settings()
        settings = replace(settings, database=databases.setting(folder, settings.database))
        config.write_text(sample(settings), "utf-8")
        assert main(["-c", str(config), "init"]) == 0
        assert restored is None or main(["-c", str(config), "restore", str(restored)]) == 0
    opened = open_place(load(config))
    try:
        yield Room(opened)
    finally:
        opened.database.close()
