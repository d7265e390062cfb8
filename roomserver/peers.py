"""Servers on one PostgreSQL tell each other that the database was changed; nothing polls.

One that has lost its broker thereby has its commands and hints sent by another.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread

from roomserver.storage.database import Database

log = logging.getLogger("roomserver.peers")

CHANNEL = "studyroom_changed"
AGAIN_SECONDS = 5  # after a fault of the database
STOP_SECONDS = 3


class Peers:
    """Calls ``changed`` on its own thread when another server tells; on SQLite there is no other."""

    def __init__(self, database: Database, changed: Callable[[], None]) -> None:
        self._engine, self._changed = database.engine, changed
        self._alone = self._engine.dialect.name != "postgresql"
        self._teller, self._told = socket.socketpair()
        self._teller.setblocking(False)
        self._stopping = Event()
        self._heard = True  # else it was said that they are not
        self._thread = Thread(target=self._run, name="peers", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        if not self._alone:
            self._thread.start()

    def stop(self) -> None:
        """No more; within ``STOP_SECONDS``."""
        self._stopping.set()
        self.tell()
        if not self._alone:
            self._thread.join(STOP_SECONDS)
        self._teller.close()
        self._told.close()

    def tell(self) -> None:
        """The database was changed here; from any thread. While PostgreSQL is away it is told later."""
        with suppress(OSError):  # so many wait that one more changes nothing, or it is stopped
            self._teller.send(b"\1")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001  (whatever the driver says, this thread must go on)
                if self._heard:
                    log.error("other servers on this database are not heard: %s", type(error).__name__)
                self._heard = False
                self._stopping.wait(AGAIN_SECONDS)

    def _listen(self) -> None:
        with (
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            DefaultSelector() as either,
        ):
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            link = connection.connection.driver_connection
            assert link is not None
            connection.detach()  # it listens: nobody else is to be given it
            either.register(link, EVENT_READ)
            either.register(self._told, EVENT_READ)
            if not self._heard:
                log.info("other servers on this database are heard again")
            self._heard = True
            self._changed()  # what was told while nobody listened here
            while True:
                told = self._told in [key.fileobj for key, _ in either.select()]
                if self._stopping.is_set():
                    return
                if told:
                    self._told.recv(4096)
                    link.execute(f"NOTIFY {CHANNEL}")
                if any(one.pid != link.info.backend_pid for one in link.notifies(timeout=0)):
                    self._changed()
