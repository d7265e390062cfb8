"""Suspended until a time, and why: what the member reads, what is kept, what the committee types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import databases
import pytest
from neighbours import MEMBER, Neighbourhood, neighbourhood
from serving import RoomServer

from contract import access
from contract.access import AccessRecord
from roomserver.cli import main
from roomserver.residents import members, persons, reasons
from roomserver.residents.members import MemberError
from roomserver.residents.reasons import LENGTH, ReasonError
from roomserver.storage.register import Reason
from roomserver.upkeep import housekeeping, sealing

DAY = 86_400
WHY = "一人占了两个座位"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Neighbourhood]:
    """A room with its door and a signed-in member."""
    with neighbourhood(tmp_path) as running:
        yield running


def suspend(room: Neighbourhood, days: int = 4, why: str = WHY) -> AccessRecord:
    """The committee suspends the member."""
    with room.opened.database.write() as session:
        record = members.suspend(session, MEMBER, room.now + days * DAY, room.now)
        reasons.give(session, room.opened.vault, MEMBER, why, room.now)
    return record


def page(room: Neighbourhood) -> str:
    """The member's page."""
    return room.phone().get("/code").text


def kept(room: Neighbourhood) -> str | None:
    """The reason that is in the database."""
    with room.opened.database.read() as session:
        return reasons.read(session, room.opened.vault, MEMBER)


# -- what the member reads ------------------------------------------------------------------------


def test_a_suspended_member_reads_until_when_and_why(room: Neighbourhood) -> None:
    suspend(room)
    assert "暂停到 11月28日 10:00" in page(room)
    assert f"原因：{WHY}" in page(room)
    assert f"Reason: {WHY}" in room.phone().get("/code?lang=en").text
    assert room.phone().get("/me/data.json").json()["reason"] == WHY


def test_a_suspension_ends_by_itself_or_is_lifted_and_the_codes_are_the_same(room: Neighbourhood) -> None:
    before = page(room)
    suspend(room, days=1)
    assert 'id="digits"' not in page(room)
    with room.opened.database.write() as session:
        lifted = members.lift(session, MEMBER, room.now)
    assert (lifted.suspended_until, lifted.generation) == (None, 1)
    assert page(room) == before
    suspend(room, days=1)
    room.wait(DAY)
    assert 'id="digits"' in page(room)


def test_a_revoked_member_reads_why_and_what_was_said_before_is_gone(room: Neighbourhood) -> None:
    suspend(room)
    room.revoke()
    assert "已停用" in page(room)
    assert WHY not in page(room)
    with room.opened.database.write() as session:
        reasons.give(session, room.opened.vault, MEMBER, "搬走了", room.now)
    assert "原因：搬走了" in page(room)


def test_a_page_that_is_open_hears_of_another_reason_and_another_end(room: Neighbourhood) -> None:
    seen = set()
    for days, why in ((4, WHY), (5, WHY), (5, "打电话")):
        suspend(room, days, why)
        seen.add(room.phone().get("/code/live").json()["standing"])
    assert len(seen) == 3


def test_words_are_shown_as_words(room: Neighbourhood) -> None:
    suspend(room, why="<b>x</b>")
    assert "<b>x</b>" not in page(room)
    assert "&lt;b&gt;x" in page(room)


# -- what is kept ---------------------------------------------------------------------------------


def test_a_reason_goes_when_its_standing_changes_whoever_changes_it(room: Neighbourhood) -> None:
    def at_the_door() -> None:
        with room.opened.database.write() as session:
            members.merge(session, access.revoke(members.get(session, MEMBER)), "learnt", room.now)

    def lifted() -> None:
        with room.opened.database.write() as session:
            members.lift(session, MEMBER, room.now)

    def left() -> None:
        with room.opened.database.write() as session:
            persons.forget(session, MEMBER, room.now)

    for change in (lifted, room.revoke, at_the_door, left):
        with room.opened.database.write() as session:
            if members.get(session, MEMBER).revoked:
                members.reinstate(session, MEMBER, room.now)
        suspend(room)
        assert kept(room) == WHY
        change()
        assert kept(room) is None


def test_a_reason_stays_with_what_does_not_touch_it(room: Neighbourhood) -> None:
    suspend(room)
    with room.opened.database.write() as session:
        members.reissue(session, MEMBER, room.now)
        housekeeping.sweep(session, room.now + 4 * DAY - 1)
    assert kept(room) == WHY
    with room.opened.database.write() as session:
        housekeeping.sweep(session, room.now + 4 * DAY)
    assert kept(room) is None


def test_housekeeping_leaves_the_reason_of_a_revocation(room: Neighbourhood) -> None:
    room.revoke()
    with room.opened.database.write() as session:
        reasons.give(session, room.opened.vault, MEMBER, WHY, room.now)
        housekeeping.sweep(session, room.now + 400 * DAY)
    assert kept(room) == WHY


def test_a_reason_is_sealed_and_its_key_changes_with_the_others(room: Neighbourhood) -> None:
    suspend(room)
    assert WHY.encode() not in databases.raw(room.opened.place.folder)
    with room.opened.database.read() as session:
        before = session.get_one(Reason, MEMBER).text
    sealing.rotate(room.opened)
    with room.opened.database.read() as session:
        assert session.get_one(Reason, MEMBER).text != before
    assert kept(room) == WHY


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LENGTH + 1), "a\x00b", "a\u202eb"])
def test_what_nobody_can_read_is_no_reason(text: str) -> None:
    with pytest.raises(ReasonError, match="the member reads it"):
        reasons.words(text)


def test_a_reason_is_one_line(room: Neighbourhood) -> None:
    suspend(room, why="  占座\n 两次 ")
    assert kept(room) == "占座 两次"


# -- what cannot be -------------------------------------------------------------------------------


def test_a_suspension_ends_in_the_future_and_is_of_who_may_enter(room: Neighbourhood) -> None:
    with room.opened.database.write() as session:
        with pytest.raises(MemberError, match="future"):
            members.suspend(session, MEMBER, room.now, room.now)
        with pytest.raises(MemberError, match="not suspended"):
            members.lift(session, MEMBER, room.now)
        members.revoke(session, MEMBER, room.now)
        with pytest.raises(MemberError, match="is revoked"):
            members.suspend(session, MEMBER, room.now + DAY, room.now)


def test_who_is_reinstated_is_not_suspended_any_more(room: Neighbourhood) -> None:
    suspend(room)
    room.revoke()
    with room.opened.database.write() as session:
        record = members.reinstate(session, MEMBER, room.now)
    assert (record.revoked, record.suspended_until) == (False, None)
    assert 'id="digits"' in page(room)


# -- what the committee types ---------------------------------------------------------------------


def test_the_committee_suspends_lifts_and_revokes_with_a_reason(tmp_path: Path) -> None:
    server = RoomServer(tmp_path)
    server.cli("member", "add", "--number", MEMBER)
    said = server.cli("member", "suspend", MEMBER, "--until", "2099-11-28 09:00", "--reason", WHY)
    assert "until 2099-11-28 09:00:00" in said
    assert "suspended" in server.cli("member", "list")
    assert "may enter again" in server.cli("member", "lift", MEMBER)
    record = server.json("member", "suspend", MEMBER, "--until", "2099-11-28")
    assert record["suspended_until"] == 4_099_478_400  # midnight in Shanghai
    server.cli("member", "revoke", MEMBER, "--reason", WHY)
    assert "revoked" in server.cli("member", "list")


@pytest.mark.parametrize(
    "words, told",
    [
        (("suspend", MEMBER, "--until", "soon"), "2026-11-28"),
        (("suspend", MEMBER, "--until", "2099-11-28T09:00Z"), "room's clock"),
        (("suspend", MEMBER, "--until", "2020-01-01"), "future"),
        (("suspend", MEMBER, "--until", "2099-01-01", "--reason", " "), "the member reads it"),
        (("suspend", "0999", "--until", "2099-01-01"), "member list"),
        (("lift", MEMBER), "not suspended"),
        (("revoke", MEMBER, "--reason", "x" * 201), "200 characters"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    server = RoomServer(tmp_path)
    server.cli("member", "add", "--number", MEMBER)
    before = server.json("member", "list")
    capsys.readouterr()
    assert main(["-c", str(server.config), "member", *words]) == 2
    assert told in capsys.readouterr().err
    assert server.json("member", "list") == before
