"""What is kept, and how long: nothing beyond what the privacy page says, and nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import until
from serving import Ledger
from stage import Stage, T, stage

from contract.codes import Codes, Kind
from contract.settings import SettingsError, read
from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.committee.office import Act
from roomserver.residents import members, once
from roomserver.residents.members import LONGEST_DAYS
from roomserver.residents.once import Purpose
from roomserver.settings import Settings
from roomserver.storage.register import OneTime, WebSession
from roomserver.storage.schema import AuditRow, Base, Log
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


@pytest.mark.parametrize("days", [7, 30, LONGEST_DAYS])
def test_rows_go_after_their_days_and_the_log_goes_on(room: Stage, days: int) -> None:
    vault, ends = room.opened.vault, T + days * DAY_SECONDS
    with room.opened.database.write() as session:
        doors.add(session, vault, "front", T)
        keys = doors.keys(doors.get(session, "front"), vault)
        ledger = Ledger("front", vault.open(doors.get(session, "front").key))
        for _ in range(4):
            ledger.add("bell")
        rows.receive(session, keys, [row.raw for row in ledger.rows[:3]], T)
        housekeeping.sweep(session, ends - 1, days)
        assert session.query(AuditRow).count() == 3
        housekeeping.sweep(session, ends, days)
        assert [row.seq for row in session.query(AuditRow)] == [3]  # the chain goes on from it
        receipt = rows.receive(session, keys, [row.raw for row in ledger.rows[3:]], ends + 1)
        assert receipt.logs[0].ack == ledger.ack(5)
        assert session.query(Log).one().through == 5


def test_the_list_of_a_door_that_is_up_to_date_stays_a_delta(room: Stage) -> None:
    with room.opened.database.write() as session:
        for number in ("0427", "0428"):
            members.add(session, Kind.PHONE, Codes(), T, number)
        held = members.answer(session, 0, "0" * 64)
        housekeeping.sweep(session, T + LONGEST_DAYS * DAY_SECONDS)
        assert [change.revision for change in session.query(ListChange)] == [2]
        assert not members.answer(session, held.revision, held.digest).complete


@pytest.mark.parametrize("days", ["0", "6", "181", "-1", "7.5", '"30"', "true"])
def test_a_retention_that_is_none_is_refused_with_every_other_fault(days: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Settings, f"[http]\nport = 0\n[audit]\nretention_days = {days}\n", name="roomserver.toml")
    assert [fault.key for fault in caught.value.faults] == ["http.port", "audit.retention_days"]
    assert "7 to 180" in str(caught.value)


def test_a_short_retention_gives_no_number_away_sooner(room: Stage) -> None:
    """A door may keep its rows for longer than this server does."""
    with room.opened.database.write() as session:
        members.add(session, Kind.PHONE, Codes(), T, "0427")
        members.forget(session, "0427", T)
        later = T + LONGEST_DAYS * DAY_SECONDS - 1
        housekeeping.sweep(session, later, 7)
        with pytest.raises(members.MemberError, match="taken"):
            members.add(session, Kind.PHONE, Codes(), later, "0427")
        assert members.add(session, Kind.PHONE, Codes(), later + 1, "0427").generation > 1


def test_a_running_server_sweeps_by_itself(room: Stage) -> None:
    with room.opened.database.write() as session:
        sessions.begin(session, Visitor("0427"), T)
        acts.note(session, None, Did.RULES_OF_FILE, T)
    keeper = Housekeeping(room.opened.database, lambda: room.now, 30, 0.01)
    keeper.start()

    def left(table: type[Base]) -> int:
        with room.opened.database.read() as session:
            return session.query(table).count()

    assert (left(Act), left(WebSession)) == (1, 1)
    room.now += 30 * DAY_SECONDS
    until(lambda: left(Act) == 0)
    assert left(WebSession) == 1
    room.now = T + sessions.LIFE_SECONDS
    until(lambda: left(WebSession) == 0)
    keeper.stop()


def test_a_stop_does_not_wait_for_a_database_that_does_not_answer(
    room: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "STOP_SECONDS", 0.1)
    keeper = Housekeeping(room.opened.database, lambda: room.now, 30)
    with room.opened.database.write() as session:
        session.query(Act).count()  # from here on it is locked
        keeper.start()
        keeper.stop()
        assert keeper._thread.is_alive()
    keeper._thread.join(30)
    assert not keeper._thread.is_alive()
