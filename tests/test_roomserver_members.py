"""Members at the server: numbers, generations, the list as a chain, and what a door's rows teach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databases import on_both
from hypothesis import given
from hypothesis import strategies as st
from rooms import NOW, Room, room_in
from sqlalchemy.orm import Session

from contract.access import EMPTY_DIGEST, AccessRecord
from contract.access import revoke as revoked
from contract.codes import MAX_GENERATION, Codes, Kind
from door.accesslist import AccessList, received
from door.effects import Record
from door.events import ListReceived
from roomserver.residents import members
from roomserver.residents.members import MemberError
from roomserver.storage.schema import Member
from roomserver.wire import learning

__all__ = ["on_both"]  # every test here runs on SQLite and on PostgreSQL

CODES = Codes()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A transaction on an empty room, undone at the end."""
    with room_in(tmp_path) as room, room.opened.database.write() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One room for the examples of a property, each of which is undone."""
    with room_in(tmp_path_factory.mktemp("members")) as room:
        yield room


def add(session: Session, number: str = "0427", kind: Kind = Kind.PHONE) -> AccessRecord:
    """A member with a number of our choice."""
    return members.add(session, kind, CODES, NOW, number)


def learn(session: Session, type_: str, member: str | None, **detail: object) -> AccessRecord | None:
    """A row of the door, learnt from; the record after it."""
    from test_roomserver_rows import ledger

    learning.learn(session, ledger(1).add(type_, member, **detail), NOW)
    return members.find(session, member) if member else None


def test_numbers_are_drawn_among_the_free_and_never_all_zeros(session: Session) -> None:
    drawn = {members.add(session, Kind.PHONE, CODES, NOW).member for _ in range(200)}
    assert len(drawn) == 200
    assert "0000" not in drawn
    assert all(len(number) == 4 and number.isdigit() for number in drawn)
    assert len({number[0] for number in drawn}) > 5  # random, not counted up


def test_the_last_free_number_is_found_and_then_there_is_none(session: Session) -> None:
    short = Codes(member_digits=3)
    fields = AccessRecord("001").as_json() | {"revision": 1, "added_at": NOW}
    fields.pop("member")
    session.add_all(Member(number=f"{n:03}", **fields) for n in range(1, 1000) if n != 617)
    assert members.add(session, Kind.PHONE, short, NOW).member == "617"
    with pytest.raises(MemberError, match="All member numbers are taken"):
        members.add(session, Kind.PHONE, short, NOW)


def test_a_number_that_a_row_mentions_is_not_free(tmp_path: Path) -> None:
    with room_in(tmp_path) as room:
        log = room.ledger(1)
        log.add("denied", "0427")
        room.exchange().take([_arrived(row.raw) for row in log.rows])
        with room.opened.database.write() as session, pytest.raises(MemberError, match="taken"):
            add(session, "0427")


@pytest.mark.parametrize("number", ["0000", "427", "04270", "０４２７", "12a4", "", "-123", " 123"])
def test_a_number_that_is_none_is_refused(session: Session, number: str) -> None:
    with pytest.raises(MemberError, match="4 digits"):
        add(session, number)


def test_a_revoked_member_comes_back_above_everything_that_was_out(session: Session) -> None:
    add(session)
    assert members.revoke(session, "0427", NOW).revoked_through == 4
    assert members.revoke(session, "0427", NOW).revision == 2  # again: nothing new
    with pytest.raises(MemberError, match="revoked"):
        members.reissue(session, "0427", NOW)
    back = members.reinstate(session, "0427", NOW)
    assert (back.generation, back.revoked_through, back.revoked) == (5, 4, False)
    assert members.reissue(session, "0427", NOW).generation == 6
    with pytest.raises(MemberError, match="not revoked"):
        members.reinstate(session, "0427", NOW)


@pytest.mark.parametrize("act", ["revoke", "lift", "reinstate", "reissue", "suspend", "present"])
def test_nothing_is_done_with_a_member_who_left(session: Session, act: str) -> None:
    add(session)
    before = members.forget(session, "0427", NOW)
    more = {"suspend": (NOW + 1, NOW), "present": ()}.get(act, (NOW,))
    with pytest.raises(MemberError, match="has left and is forgotten"):
        getattr(members, act)(session, "0427", *more)
    assert members.get(session, "0427") == before


def test_who_left_and_was_let_in_again_at_a_door_is_not_hidden(session: Session) -> None:
    """He opens doors, so the committee must be able to find him, and to revoke him."""
    add(session)
    reach = members.forget(session, "0427", NOW).revoked_through
    learn(session, "forgotten", "0427", generation=1, through=0)
    assert members.left(session, "0427")
    learn(session, "reinstated", "0427", generation=reach + 1, through=reach)
    assert not members.left(session, "0427")
    assert members.revoke(session, "0427", NOW).revoked


def test_generations_end_with_a_word_about_it(session: Session) -> None:
    add(session)
    learn(session, "revoked", "0427", generation=1, through=MAX_GENERATION)
    with pytest.raises(MemberError, match="all generations"):
        members.reinstate(session, "0427", NOW)


def test_a_delta_is_told_only_to_who_holds_the_same_list(session: Session) -> None:
    add(session, "0001")
    held = members.answer(session, 0, EMPTY_DIGEST)
    assert (held.complete, [r.member for r in held.members]) == (False, ["0001"])
    add(session, "0002")
    delta = members.answer(session, held.revision, held.digest)
    assert (delta.complete, [r.member for r in delta.members]) == (False, ["0002"])
    nothing = members.answer(session, delta.revision, delta.digest)
    assert (nothing.complete, nothing.members, nothing.digest) == (False, [], delta.digest)
    for since, digest in ((1, "a" * 64), (2, held.digest), (99, delta.digest), (0, "a" * 64)):
        told = members.answer(session, since, digest)
        assert (told.complete, len(told.members)) == (True, 2)


def test_two_lists_of_the_same_length_have_different_digests(session: Session) -> None:
    """A server restored from a backup counts again; its list is not the one the door holds."""
    before = session.begin_nested()
    add(session, "0001")
    lost = members.answer(session, 0, EMPTY_DIGEST)
    before.rollback()
    add(session, "0002")
    told = members.answer(session, lost.revision, lost.digest)
    assert told.complete
    assert told.revision == lost.revision


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "revoke", "reinstate", "reissue"]), st.sampled_from(["0001", "0002", "0003"])
    ),
    max_size=12,
)


@given(CHANGES, st.sets(st.integers(min_value=0, max_value=12)))
def test_a_door_that_asks_now_and_then_holds_what_the_server_has(
    shared: Room, changes: list[tuple[str, str]], asks: set[int]
) -> None:
    door = AccessList()
    with shared.opened.database.write() as session:
        for n, (verb, number) in enumerate(changes):
            try:
                add(session, number) if verb == "add" else getattr(members, verb)(session, number, NOW)
            except MemberError:
                continue
            if n in asks:
                _fetch(door, session)
        _fetch(door, session)
        assert {r.member: r for r in members.listed(session)} == door.records
        session.rollback()


def test_a_grant_of_a_higher_generation_is_learnt_and_kills_those_below(session: Session) -> None:
    add(session)
    record = learn(session, "granted", "0427", kind="phone", generation=3, step=7)
    assert record is not None
    assert (record.generation, record.revoked_through, record.revision) == (3, 2, 2)


def test_an_ordinary_grant_changes_nothing(session: Session) -> None:
    before = add(session)
    assert learn(session, "granted", "0427", kind="phone", generation=1, step=7) == before
    assert learn(session, "granted", "0427", kind="paper", generation=1, step=7) == before


def test_another_kind_is_learnt_only_with_a_higher_generation(session: Session) -> None:
    add(session)
    record = learn(session, "granted", "0427", kind="paper", generation=2, step=7)
    assert record is not None
    assert (record.kind, record.generation) == (Kind.PAPER, 2)


def test_a_card_teaches_its_pair_alone(session: Session) -> None:
    before = add(session)
    record = learn(session, "granted", "0427", kind="card", generation=1, pair=4)
    assert record == replace(before, card_pair=4, revision=2)
    assert learn(session, "granted", "0427", kind="card", generation=1, pair=3) == record


def test_a_revocation_at_the_door_is_learnt_by_maximum(session: Session) -> None:
    add(session)
    learn(session, "revoked", "0427", generation=1, through=4)
    record = learn(session, "revoked", "0427", generation=1, through=2)
    assert record is not None
    assert record.revoked_through == 4


def test_a_server_that_lost_a_member_learns_of_him_and_gives_his_number_to_nobody(session: Session) -> None:
    record = learn(session, "revoked", "0427", generation=5, through=4, kind="paper", again=True)
    assert record is not None
    assert (record.kind, record.generation, record.revoked_through) == (Kind.PAPER, 5, 4)
    assert session.get_one(Member, "0427").learnt
    with pytest.raises(MemberError, match="taken"):
        add(session)


def test_a_restored_server_learns_from_the_door_what_it_forgot_and_nothing_un_happens(
    session: Session,
) -> None:
    """The door holds more than the list it is told; its rows bring the list back, kinds included."""
    held = [
        AccessRecord("0001", Kind.PAPER, generation=3, revoked_through=2, revision=7),
        AccessRecord("0002", Kind.STAFF, generation=1, revoked_through=4, revision=8),
    ]
    door = AccessList(records={r.member: r for r in held}, revision=8, digest="d" * 64)
    told = members.answer(session, door.revision, door.digest)
    event = ListReceived(told.revision, told.digest, told.complete, tuple(told.members))
    effects = received(door, event)
    door.take(told.members, complete=told.complete)
    door.revision, door.digest = told.revision, told.digest
    for effect in effects:
        if isinstance(effect, Record) and effect.type == "revoked":
            learn(session, effect.type, effect.member, **effect.detail)
    _fetch(door, session)
    kept = {n: (r.kind, r.generation, r.revoked_through) for n, r in door.records.items()}
    assert kept == {"0001": (Kind.PAPER, 3, 2), "0002": (Kind.STAFF, 1, 4)}
    assert {r.member: (r.kind, r.generation, r.revoked_through) for r in members.listed(session)} == kept


@pytest.mark.parametrize("type_", ["denied", "entered", "lockout", "forgotten-otherwise"])
def test_other_rows_teach_nothing(session: Session, type_: str) -> None:
    assert learn(session, type_, "0427", kind="phone", generation=3, through=9) is None


NONSENSE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)


@given(
    st.sampled_from(["granted", "revoked", "reinstated", "forgotten"]),
    st.dictionaries(
        st.sampled_from(["kind", "generation", "through", "step", "pair", "card_pair"]), NONSENSE
    ),
)
def test_nonsense_in_a_detail_never_lowers_anything(
    shared: Room, type_: str, detail: dict[str, object]
) -> None:
    with shared.opened.database.write() as session:
        add(session)
        members.reissue(session, "0427", NOW)
        before = members.revoke(session, "0427", NOW)
        after = learn(session, type_, "0427", **detail)
        session.rollback()
    assert after is not None
    assert after.generation >= before.generation
    assert after.revoked_through >= before.revoked_through
    assert after.card_pair >= before.card_pair
    assert after.kind != Kind.CARD


def test_revoking_at_both_ends_meets_in_the_middle(session: Session) -> None:
    ours = add(session)
    theirs = revoked(replace(ours, generation=3))
    members.revoke(session, "0427", NOW)
    record = learn(session, "revoked", "0427", generation=theirs.generation, through=theirs.revoked_through)
    assert record is not None
    assert record.revoked_through == 6
    assert members.reinstate(session, "0427", NOW).generation == 7


def _fetch(door: AccessList, session: Session) -> None:
    answer = members.answer(session, door.revision, door.digest)
    assert not answer.complete
    door.take(answer.members, complete=answer.complete)
    door.revision, door.digest = answer.revision, answer.digest


def _arrived(raw: bytes):  # type: ignore[no-untyped-def]
    from roomserver.wire.exchange import Incoming

    return Incoming("studyroom/front/audit", raw)
