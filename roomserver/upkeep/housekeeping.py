"""Counts the hours and deletes what is too old, as ``stored.py`` promises: at the start and every hour."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from roomserver.committee.office import AccountSession, Act
from roomserver.notify import noted
from roomserver.residents import joining, members, reasons
from roomserver.residents.members import LONGEST_DAYS
from roomserver.room import hourly
from roomserver.storage.database import Database
from roomserver.storage.register import Draw, OneTime, WebSession
from roomserver.storage.schema import AuditRow, Fork, Head, Log, SentCommand
from roomserver.storage.schema import Change as ListChange

log = logging.getLogger("roomserver.upkeep.housekeeping")

DAY_SECONDS = 86_400
HOUR_SECONDS = 3600
STOP_SECONDS = 3
KEPT_SECONDS = 30 * DAY_SECONDS  # what people were told


def sweep(session: Session, now: int, retention_days: int = LONGEST_DAYS) -> None:
    """Count the hours, then delete all that is too old; one server at a time."""
    before = now - retention_days * DAY_SECONDS
    members.lock(session)
    hourly.fill(session, now)
    joining.sweep(session, now)
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    session.execute(delete(OneTime).where(OneTime.expires_at <= now - DAY_SECONDS))
    session.execute(delete(Draw).where(Draw.at <= now - DAY_SECONDS))
    reasons.sweep(session, now)
    noted.sweep(session, now - KEPT_SECONDS)
    session.execute(delete(AccountSession).where(AccountSession.expires_at <= now))
    session.execute(delete(Act).where(Act.at <= before))
    hourly.close(session, before)
    _sweep_rows(session, before)


def _sweep_rows(session: Session, before: int) -> None:
    """Rows and what repeats them; but not the last one of a log, which its door's chain goes on from."""
    for log_id, ack in session.execute(select(Log.id, Log.ack)).all():
        old = (AuditRow.log_id == log_id, AuditRow.received_at <= before, AuditRow.seq < ack)
        session.execute(delete(AuditRow).where(*old))
    session.execute(delete(Fork).where(Fork.received_at <= before))
    session.execute(delete(SentCommand).where(SentCommand.asked_at <= before))
    # A door that holds an older revision is then told the whole list.
    head = session.get_one(Head, 1).revision
    session.execute(delete(ListChange).where(ListChange.at <= before, ListChange.revision < head))


class Housekeeping:
    """Sweeps on a thread of its own."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        retention_days: int,
        seconds: float = HOUR_SECONDS,
    ) -> None:
        self._database, self._clock = database, clock
        self._retention_days, self._seconds = retention_days, seconds
        self._stop = Event()
        self._thread = Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Sweep now, and then every hour."""
        self._thread.start()

    def stop(self) -> None:
        """No more; within ``STOP_SECONDS``, for what is not committed by then never was."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                with self._database.write() as session:
                    sweep(session, self._clock(), self._retention_days)
            except Exception:  # the next hour is another chance
                log.exception("what is too old could not be deleted")
            if self._stop.wait(self._seconds):
                return
