"""What is kept, and how long: nothing beyond what the privacy page says, and nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import until
from serving import Ledger
from stage import Stage, T, stage

from contract.codes import Codes, Kind
from roomserver.residents import members, once
from roomserver.residents.members import RETENTION_SECONDS
from roomserver.residents.once import Purpose
from roomserver.storage.register import OneTime, WebSession
from roomserver.storage.schema import AuditRow, Log
from roomserver.storage.schema import Change as ListChange
from roomserver.upkeep import housekeeping
from roomserver.upkeep.housekeeping import DAY_SECONDS, Housekeeping
from roomserver.web import sessions
from roomserver.web.sessions import Visitor
from roomserver.wire import doors, rows


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stage]:
    """A room."""
    with stage(tmp_path) as made:
        yield made


def test_sessions_and_one_time_tokens_go_when_their_time_is_over(room: Stage) -> None:
    with room.opened.database.write() as session:
        sessions.begin(session, Visitor("0427"), T)
        once.make(session, Purpose.LINK, T, member="0427")
        link = once.LIFE_SECONDS[Purpose.LINK]
        housekeeping.sweep(session, T + link + DAY_SECONDS - 1)
        assert session.query(OneTime).count() == 1
        housekeeping.sweep(session, T + link + DAY_SECONDS)
        assert session.query(OneTime).count() == 0
        housekeeping.sweep(session, T + sessions.LIFE_SECONDS)
        assert session.query(WebSession).count() == 0


def test_rows_go_after_half_a_year_and_the_log_goes_on(room: Stage) -> None:
    vault = room.opened.vault
    with room.opened.database.write() as session:
        doors.add(session, vault, "front", T)
        keys = doors.keys(doors.get(session, "front"), vault)
        ledger = Ledger("front", vault.open(doors.get(session, "front").key))
        for _ in range(4):
            ledger.add("bell")
        rows.receive(session, keys, [row.raw for row in ledger.rows[:3]], T)
        housekeeping.sweep(session, T + RETENTION_SECONDS - 1)
        assert session.query(AuditRow).count() == 3
        housekeeping.sweep(session, T + RETENTION_SECONDS)
        assert [row.seq for row in session.query(AuditRow)] == [3]  # the chain goes on from it
        later = T + RETENTION_SECONDS + 1
        receipt = rows.receive(session, keys, [row.raw for row in ledger.rows[3:]], later)
        assert receipt.logs[0].ack == ledger.ack(5)
        assert session.query(Log).one().through == 5


def test_the_list_of_a_door_that_is_up_to_date_stays_a_delta(room: Stage) -> None:
    with room.opened.database.write() as session:
        for number in ("0427", "0428"):
            members.add(session, Kind.PHONE, Codes(), T, number)
        held = members.answer(session, 0, "0" * 64)
        housekeeping.sweep(session, T + RETENTION_SECONDS)
        assert [change.revision for change in session.query(ListChange)] == [2]
        assert not members.answer(session, held.revision, held.digest).complete


def test_a_running_server_sweeps_by_itself(room: Stage) -> None:
    with room.opened.database.write() as session:
        sessions.begin(session, Visitor("0427"), T)
    keeper = Housekeeping(room.opened.database, lambda: room.now, 0.01)
    keeper.start()

    def left() -> int:
        with room.opened.database.read() as session:
            return session.query(WebSession).count()

    assert left() == 1
    room.now += sessions.LIFE_SECONDS
    until(lambda: left() == 0)
    keeper.stop()
