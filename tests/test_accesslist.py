"""The access list: complete lists, merging, and revocations that a server has forgotten (PROTOCOL §2, §3)."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord, revoke
from contract.codes import Kind
from door import accesslist
from door.accesslist import AccessList, Used
from door.effects import CountFailures, Effect, Forget, Learn, Record, Remember, TakeList, Use
from door.events import KeyPressed, ListReceived
from tests.house import NOW, House, cues, granted, of, reasons, replace, wrong

A = AccessRecord("0001", revision=1)
B = AccessRecord("0002", Kind.STAFF, 2, 1, 5, NOW + 9, revision=2)


def received(
    house: House, *members: AccessRecord, complete: bool = True, revision: int = 9
) -> tuple[Effect, ...]:
    return house.post(ListReceived(revision, "d" * 64, complete, members))


def again(effects: tuple[Effect, ...]) -> list[tuple[str | None, object, object]]:
    rows = [row for row in of(Record, effects) if row.type == "revoked"]
    assert all(row.detail["again"] is True for row in rows)
    return [(row.member, row.detail["generation"], row.detail["through"]) for row in rows]


# -- taking a list --------------------------------------------------------------------------------


def test_a_list_is_taken_and_its_revision_kept():
    house = House()
    effects = received(house, A, B)
    assert house.access.records == {"0001": A, "0002": B}
    assert (house.access.revision, house.access.digest) == (9, "d" * 64)
    assert of(Record, effects)[0].detail == {"revision": 9, "complete": True, "members": 2}
    assert Remember("list_at", NOW) in effects


def test_an_answer_without_news_is_no_row_but_renews_the_lease():
    house = House()
    received(house, A)
    house.wait(100)
    effects = received(house, complete=False)
    assert of(Record, effects) == []
    assert house.state.list_at == house.state.reading(house.now).known_past


def test_a_delta_leaves_who_is_not_in_it():
    house = House()
    received(house, A, B)
    received(house, replace(A, suspended_until=3, revision=4), complete=False)
    assert house.access.records["0001"].suspended_until == 3
    assert house.access.records["0002"] == B


def test_in_a_delta_the_higher_revision_counts():
    house = House()
    received(house, replace(A, suspended_until=3, revision=4))
    received(house, replace(A, suspended_until=None, revision=3), complete=False)
    assert house.access.records["0001"].suspended_until == 3


def test_in_a_complete_list_everything_is_replaced_whatever_its_revision():
    house = House()
    received(house, replace(A, suspended_until=3, not_after=7, revision=4))
    received(house, replace(A, revision=2))
    assert house.access.records["0001"] == replace(A, revision=2)


def test_who_is_missing_from_a_complete_list_keeps_what_never_un_happens():
    house = House()
    received(house, A, B)
    received(house, A)
    assert house.access.records["0002"] == AccessRecord("0002", Kind.STAFF, 2, 1, 5)


@pytest.mark.parametrize("complete", [True, False])
def test_generation_revocation_and_card_pair_never_fall(complete):
    house = House()
    received(house, replace(A, generation=5, revoked_through=4, card_pair=7, revision=3))
    received(house, replace(A, revision=8), complete=complete)
    ours = house.access.records["0001"]
    assert (ours.generation, ours.revoked_through, ours.card_pair) == (5, 4, 7)


# -- told again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("ours", [replace(A, generation=3), replace(A, revoked_through=2), revoke(A)])
def test_a_server_that_knows_less_is_told_again(complete, ours):
    house = House()
    house.access.records["0001"] = ours
    assert again(received(house, A, complete=complete)) == [("0001", ours.generation, ours.revoked_through)]


def test_a_server_that_lacks_a_member_altogether_is_told_again():
    house = House()
    house.access.records["0001"] = revoke(A)
    assert again(received(house, B)) == [("0001", 1, 4)]
    assert again(received(house, complete=False)) == []


def test_a_server_that_knows_as_much_or_more_is_told_nothing():
    house = House()
    house.access.records |= {"0001": A, "0002": B}
    assert again(received(house, replace(A, generation=9, revoked_through=8), B)) == []


# -- effects --------------------------------------------------------------------------------------


def test_paper_counts_its_uses_and_others_their_step():
    access = AccessList()
    for step in (5, 5, 6):
        access.apply(Use("0001", "paper", 1, step))
    assert access.used["0001", "paper"] == Used(1, 6, 1)
    access.apply(Use("0001", "paper", 1, 6))
    assert access.last_used("0001", "paper", 1) == Used(1, 6, 2)
    assert access.last_used("0001", "paper", 2) is None
    assert access.last_used("0001", "phone", 1) is None


def test_a_used_pair_of_a_card_goes_into_the_record_and_never_falls():
    access = AccessList({"0002": B})
    access.apply(Use("0002", "card", 2, 7))
    access.apply(Use("0002", "card", 2, 6))
    assert access.records["0002"] == replace(B, card_pair=7)


def test_what_is_learnt_never_lowers_what_never_un_happens():
    access = AccessList({"0001": replace(A, generation=4, revoked_through=3, card_pair=9)})
    access.apply(Learn(replace(A, generation=2, revoked_through=6)))
    assert access.records["0001"] == replace(A, generation=4, revoked_through=6, card_pair=9)


def test_forgetting_who_is_on_no_record_is_nothing():
    access = AccessList()
    access.apply(Forget("0001"))
    assert access.records == {}


def test_failures_are_counted_and_forgotten():
    access = AccessList()
    access.apply(CountFailures("0001", 3))
    assert access.failures == {"0001": 3}
    access.apply(CountFailures("0001", 0))
    access.apply(CountFailures("0001", 0))
    assert access.failures == {}


def test_effects_of_others_are_passed_over():
    access = AccessList({"0001": A})
    for effect in (Record("started"), Remember("budget", 1)):
        access.apply(effect)
    assert access == AccessList({"0001": A})


# -- merging in any order -------------------------------------------------------------------------

records = st.builds(
    AccessRecord,
    st.sampled_from(["0001", "0002", "0003"]),
    st.sampled_from([Kind.PHONE, Kind.STAFF, Kind.PAPER]),
    st.integers(1, 5),
    st.integers(0, 6),
    st.integers(0, 9),
    revision=st.integers(0, 5),
)
effects = st.one_of(
    st.builds(Learn, records),
    st.builds(Forget, st.sampled_from(["0001", "0002", "0003"])),
    st.builds(Use, st.sampled_from(["0001", "0002"]), st.just("card"), st.just(1), st.integers(1, 12)),
    st.builds(
        TakeList,
        st.integers(0, 9),
        st.just("d" * 64),
        st.booleans(),
        st.lists(records, max_size=3).map(tuple),
    ),
)


@given(st.lists(effects, max_size=12))
def test_whatever_happens_no_maximum_ever_falls(story):
    access = AccessList()
    for effect in story:
        before = dict(access.records)
        access.apply(effect)
        for member, record in before.items():
            after = access.records[member]
            assert after.generation >= record.generation
            assert after.revoked_through >= record.revoked_through
            assert after.card_pair >= record.card_pair


# -- constant work --------------------------------------------------------------------------------


class Counted(dict):  # type: ignore[type-arg]
    """A dict that counts its look-ups, and lets nobody go through it."""

    lookups = 0

    def get(self, key, default=None):
        self.lookups += 1
        return super().get(key, default)

    def __getitem__(self, key):
        self.lookups += 1
        return super().__getitem__(key)

    def __contains__(self, key):
        self.lookups += 1
        return super().__contains__(key)

    def _through(self, *_: object) -> Iterator[object]:
        raise AssertionError("somebody goes through everybody")

    __iter__ = keys = values = items = copy = __or__ = __reversed__ = _through


@pytest.mark.parametrize("members", [1, 2_000])
@pytest.mark.parametrize("what", ["right", "wrong", "double", "renewed", "card", "late"])
def test_a_decision_looks_up_so_few_whatever_the_number_of_members(what, members):
    house = House()
    house.enrol(*(AccessRecord(f"{n:04}", revision=1) for n in range(1, members + 1)))
    access = house.access
    access.records, access.used, access.failures = Counted(access.records), Counted(access.used), Counted()
    match what:
        case "right":
            assert granted(house.at_once(house.code("0001")))
        case "wrong":
            assert cues(house.at_once(wrong(house.code("0001"))))
        case "double" | "renewed":
            house.drain("0001")
            access.records.lookups = access.used.lookups = access.failures.lookups = 0
            assert granted(house.double("0001", generation=1 if what == "double" else 2))
        case "card":
            house.at_once(house.card("0001", 1)[0])
            assert granted(house.at_once(house.card("0001", 1)[1] + "#"))
        case _:
            house.wait(100)
            assert reasons(house.at_once(house.code("0001", later=-2))) == ["late-code"]
    assert sum(table.lookups for table in (access.records, access.used, access.failures)) < 150


def test_a_key_that_completes_nothing_looks_nobody_up():
    house = House()
    house.access.records = Counted()
    house.post(KeyPressed("front", "1"))
    assert house.access.records.lookups == 0


def test_an_answer_of_the_server_is_the_only_one_to_go_through_everybody():
    access = AccessList(Counted({"0001": A}))
    with pytest.raises(AssertionError, match="goes through"):
        accesslist.received(access, ListReceived(1, "d" * 64, True, ()))
