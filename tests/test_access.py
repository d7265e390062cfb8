"""Access records: no merge lets anything un-happen, a digest tells any change, garbage is no record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace

import pytest
from hostile import HOSTILE_TEXTS, HOSTILE_VALUES
from hypothesis import given
from hypothesis import strategies as st

from contract.access import (
    EMPTY_DIGEST,
    REVOKE_AHEAD,
    AccessError,
    AccessRecord,
    bare,
    chain_digest,
    from_json,
    merge,
    replaced,
    revoke,
)
from contract.codes import MAX_GENERATION, Kind

ON_RECORD = [Kind.PHONE, Kind.STAFF, Kind.PAPER]
moments = st.none() | st.integers(0, 2**53 - 1)
any_record = st.builds(
    AccessRecord,
    member=st.just("0427"),
    kind=st.sampled_from(ON_RECORD),
    generation=st.integers(1, MAX_GENERATION),
    revoked_through=st.integers(0, MAX_GENERATION),
    card_pair=st.integers(0, MAX_GENERATION),
    suspended_until=moments,
    not_before=moments,
    not_after=moments,
    revision=st.integers(0, 2**53 - 1),
)


@st.composite
def histories(draw: st.DrawFn) -> list[AccessRecord]:
    """Records as one member's history yields them: a kind has its generation, all else its revision."""
    kinds = draw(st.lists(st.sampled_from(ON_RECORD), min_size=5, max_size=5))
    rest = draw(st.lists(st.tuples(moments, moments, moments), min_size=5, max_size=5))

    def one() -> AccessRecord:
        generation, revision = draw(st.integers(1, 5)), draw(st.integers(0, 4))
        counted = draw(st.integers(0, 6)), draw(st.integers(0, 6))
        return AccessRecord("0427", kinds[generation - 1], generation, *counted, *rest[revision], revision)

    return [one(), one(), one()]


# -- merge ----------------------------------------------------------------------------------------


@given(histories())
def test_records_of_one_history_merge_to_the_same_in_any_order_and_however_often(records):
    a, b, c = records
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert merge(merge(a, b), b) == merge(a, b)


@pytest.mark.parametrize("combine", [merge, replaced])
@given(ours=any_record, theirs=any_record)
def test_generation_revocation_and_card_pair_never_fall(combine, ours, theirs):
    result = combine(ours, theirs)
    for name in ("generation", "revoked_through", "card_pair"):
        assert getattr(result, name) == max(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("combine", [merge, replaced])
@given(ours=any_record, theirs=any_record)
def test_what_was_revoked_stays_revoked_until_a_higher_generation(combine, ours, theirs):
    if ours.revoked and theirs.generation <= ours.revoked_through:
        assert combine(ours, theirs).revoked


@given(any_record, any_record)
def test_dates_and_suspension_come_from_the_higher_revision(ours, theirs):
    newer = theirs if theirs.revision >= ours.revision else ours
    result = merge(ours, theirs)
    for name in ("suspended_until", "not_before", "not_after", "revision"):
        assert getattr(result, name) == getattr(newer, name)


@given(any_record, any_record)
def test_a_complete_list_replaces_all_else_whatever_its_revision(ours, theirs):
    result = replaced(ours, theirs)
    for name in ("suspended_until", "not_before", "not_after", "revision"):
        assert getattr(result, name) == getattr(theirs, name)


@pytest.mark.parametrize("combine", [merge, replaced])
@given(ours=any_record, theirs=any_record)
def test_a_kind_comes_with_the_higher_generation(combine, ours, theirs):
    result = combine(ours, theirs)
    if ours.generation != theirs.generation:
        assert result.kind == max(ours, theirs, key=lambda record: record.generation).kind


def test_a_kind_learnt_at_the_door_outlives_an_older_list():
    learnt = AccessRecord("0427", Kind.STAFF, generation=2, revoked_through=1, revision=3)
    behind = AccessRecord("0427", Kind.PHONE, generation=1, revision=9)
    assert merge(learnt, behind) == replace(learnt, revision=9)
    assert merge(behind, learnt) == replace(learnt, revision=9)


def test_a_staff_number_on_no_record_takes_the_lists_kind_at_the_same_generation():
    assert merge(AccessRecord("0427"), AccessRecord("0427", Kind.STAFF, revision=1)).kind is Kind.STAFF


def test_a_revocation_that_arrives_late_is_not_lost():
    ours = AccessRecord("0427", generation=2, revision=9)
    late = AccessRecord("0427", generation=1, revoked_through=4, revision=3)
    assert merge(ours, late).revoked
    assert merge(ours, late).revision == 9


def test_a_lifted_suspension_is_lifted():
    suspended = AccessRecord("0427", suspended_until=1_800_000_000, revision=4)
    assert merge(suspended, AccessRecord("0427", revision=5)).suspended_until is None


def test_records_of_two_members_do_not_merge_and_neither_is_named():
    with pytest.raises(ValueError, match="two members") as told:
        merge(AccessRecord("0427"), AccessRecord("0428"))
    assert "042" not in str(told.value)


@given(any_record)
def test_a_forgotten_number_keeps_what_never_un_happens_and_nothing_of_its_person(record):
    kept = bare(record)
    names = ("member", "kind", "generation", "revoked_through", "card_pair")
    assert [getattr(kept, name) for name in names] == [getattr(record, name) for name in names]
    assert (kept.suspended_until, kept.not_before, kept.not_after, kept.revision) == (None, None, None, 0)


# -- revocation -----------------------------------------------------------------------------------


def test_a_number_on_no_record_is_a_phone_of_generation_one():
    record = AccessRecord("0427")
    assert (record.kind, record.generation, record.revoked_through) == (Kind.PHONE, 1, 0)
    assert not record.revoked


@given(any_record)
def test_a_revocation_reaches_three_generations_beyond(record):
    assert revoke(record).revoked_through == min(record.top + REVOKE_AHEAD, MAX_GENERATION)
    assert revoke(record).revoked
    assert replace(revoke(record), revoked_through=record.revoked_through) == record


@given(any_record, st.integers(0, 2**40))
def test_a_revocation_through_a_generation_never_falls_nor_passes_the_last(record, through):
    result = revoke(record, through)
    assert result.revoked_through == max(record.revoked_through, min(through, MAX_GENERATION))


def test_a_member_is_revoked_up_to_and_with_the_generation_named():
    assert AccessRecord("0427", generation=4, revoked_through=4).revoked
    assert not AccessRecord("0427", generation=5, revoked_through=4).revoked


@given(any_record)
def test_the_next_generation_is_above_all_that_was_spoken_of(record):
    assert record.top == max(record.generation, record.revoked_through)
    if record.top < MAX_GENERATION:
        assert not replace(record, generation=record.top + 1).revoked


# -- as it travels --------------------------------------------------------------------------------


@given(any_record)
def test_a_record_travels_unchanged(record):
    assert from_json(json.loads(json.dumps(record.as_json()))) == record


def test_a_record_has_the_fields_of_the_protocol():
    names = "member kind generation revoked_through card_pair suspended_until not_before not_after revision"
    assert list(AccessRecord("0427").as_json()) == names.split()


def test_a_field_of_a_later_version_is_passed_over():
    assert from_json(AccessRecord("0427").as_json() | {"nickname": "x"}) == AccessRecord("0427")


@pytest.mark.parametrize("name", [field.name for field in fields(AccessRecord)])
def test_a_record_without_a_field_is_refused_and_the_field_named(name):
    value = AccessRecord("0427").as_json()
    del value[name]
    with pytest.raises(AccessError, match=name):
        from_json(value)


WRONG = {
    "member": ["", "42", "0427000", "０４２７", "04a7", 427, None],
    "kind": ["card", "paper2", "", "PHONE", None, ["phone"], 1],
    "generation": [0, -1, MAX_GENERATION + 1, 1.0, True, "1", None],
    "revoked_through": [-1, MAX_GENERATION + 1, 0.0, False, None],
    "card_pair": [-1, MAX_GENERATION + 1, "0", None],
    "suspended_until": [-1, 2**53, 1.5, "never", True],
    "not_before": [-1, 2**53, 1.5],
    "not_after": [-1, 2**53, []],
    "revision": [-1, 2**53, None, 1.0],
}


@pytest.mark.parametrize("name, wrong", [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_field_is_refused_and_named(name, wrong):
    with pytest.raises(AccessError, match=name):
        from_json(AccessRecord("0427").as_json() | {name: wrong})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(json_values | st.fixed_dictionaries({f.name: json_values for f in fields(AccessRecord)}))
def test_garbage_raises_nothing_but_access_error(value):
    with pytest.raises(AccessError):
        from_json(value)


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", [None, *WRONG])
def test_hostile_values_raise_nothing_but_access_error(name, value):
    whole = value if name is None else AccessRecord("0427").as_json() | {name: value}
    try:
        record = from_json(whole)
    except AccessError as error:
        told = str(error)
    else:
        assert record.as_json() == whole
        return
    assert len(told) < 200


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_whatever_a_json_reader_makes_of_hostile_text_is_no_record(text):
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    with pytest.raises(AccessError):
        from_json(value)


# -- digest ---------------------------------------------------------------------------------------


@given(any_record, any_record)
def test_a_digest_tells_two_records_apart(one, other):
    assert (chain_digest(EMPTY_DIGEST, one) == chain_digest(EMPTY_DIGEST, other)) == (one == other)


@pytest.mark.parametrize("name", [field.name for field in fields(AccessRecord)])
def test_a_digest_differs_for_a_change_of_any_field(name):
    record = AccessRecord("0427", generation=2, suspended_until=5)
    other = {"member": "0428", "kind": Kind.PAPER}.get(name, 7)
    assert chain_digest(EMPTY_DIGEST, replace(record, **{name: other})) != chain_digest(EMPTY_DIGEST, record)


@given(st.lists(any_record, min_size=1, max_size=6), st.data())
def test_a_chain_tells_order_loss_and_repetition(records, data):
    def chained(changes: list[AccessRecord]) -> str:
        digest = EMPTY_DIGEST
        for record in changes:
            digest = chain_digest(digest, record)
        return digest

    at = data.draw(st.integers(0, len(records) - 1))
    whole = chained(records)
    assert chained(records) == whole
    assert chained(records[:at] + records[at + 1 :]) != whole
    assert chained([*records[:at], records[at], *records[at:]]) != whole
    if records != records[::-1]:
        assert chained(records[::-1]) != whole


def test_a_digest_is_the_same_on_both_sides_of_the_wire():
    record = AccessRecord("0427", Kind.STAFF, 2, 1, 3, None, 5, 6, 7)
    travelled = from_json(json.loads(json.dumps(record.as_json())))
    text = (
        '{"card_pair":3,"generation":2,"kind":"staff","member":"0427","not_after":6,"not_before":5,'
        '"revision":7,"revoked_through":1,"suspended_until":null}'
    )
    told = hashlib.sha256(f"{EMPTY_DIGEST}\n{text}".encode()).hexdigest()
    assert chain_digest(EMPTY_DIGEST, record) == chain_digest(EMPTY_DIGEST, travelled) == told
