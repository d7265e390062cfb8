"""Audit rows: verified on their bytes, chained, bounded, and of one door alone."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from hostile import HOSTILE_TEXTS, HOSTILE_VALUES
from hypothesis import given
from hypothesis import strategies as st

from contract import audit
from contract.audit import FIRST_PREV, MAX_ROW_BYTES, Row, RowError
from contract.messages import report_key

DOOR = "yuexin"
KEY = report_key(bytes(range(32)), DOOR)
LOG = "0123456789abcdef"


def made(**changes: Any) -> Row:
    fields = {
        "log": LOG,
        "seq": 1,
        "prev": FIRST_PREV,
        "at": 1_795_485_599,
        "clock": "ntp",
        "type": "granted",
    }
    return audit.make(KEY, DOOR, **(fields | changes))


def signed(body: bytes) -> bytes:
    """``body`` (without its closing brace) with the hash that belongs to it, whatever it says."""
    digest = hmac.new(KEY, f"studyroom/{DOOR}/audit\n".encode() + body, "sha256").hexdigest()
    return body + b',"hash":"' + digest.encode() + b'"}'


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
details = st.dictionaries(texts, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts, max_size=4)
rows = st.builds(
    made,
    seq=st.integers(1, 2**53 - 1),
    at=st.integers(0, 2**53 - 1),
    type=st.sampled_from(["granted", "denied", "tamper"]),
    member=st.none() | st.sampled_from(["0427", "9003"]),
    reason=st.none() | st.sampled_from(["used-code", "late-code"]),
    detail=details,
)


# -- bytes and hash -------------------------------------------------------------------------------


def test_the_bytes_of_a_row_are_those_of_the_protocol():
    row = made(member="0427", reason="used-code", detail={"kind": "phone"})
    body = (
        f'{{"log":"{LOG}","seq":1,"prev":"{"0" * 64}","at":1795485599,"clock":"ntp","type":"granted",'
        '"member":"0427","reason":"used-code","detail":{"kind":"phone"}'
    )
    assert row.raw == signed(body.encode())


@given(rows)
def test_a_row_reads_as_it_was_made(row):
    assert audit.verify(KEY, DOOR, row.raw) == row.hash
    assert audit.parse(row.raw) == row
    assert audit.place(row.raw) == (row.log, row.seq, row.prev)
    assert row.raw.isascii()


def test_a_row_keeps_every_field_it_was_made_of():
    row = made(
        seq=7,
        prev="a" * 64,
        member="0427",
        reason="revoked",
        detail={"through": 3, "自": ["习", {"室": None}]},
    )
    assert (row.log, row.seq, row.prev, row.at, row.clock) == (LOG, 7, "a" * 64, 1_795_485_599, "ntp")
    assert (row.type, row.member, row.reason) == ("granted", "0427", "revoked")
    assert row.detail == {"through": 3, "自": ["习", {"室": None}]}


@given(rows, st.data())
def test_a_changed_byte_is_found(row, data):
    at = data.draw(st.integers(0, len(row.raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != row.raw[at]))
    with pytest.raises(RowError):
        audit.verify(KEY, DOOR, row.raw[:at] + bytes([other]) + row.raw[at + 1 :])


@given(rows, st.data())
def test_an_inserted_byte_is_found(row, data):
    at, byte = data.draw(st.integers(0, len(row.raw))), data.draw(st.binary(min_size=1, max_size=3))
    with pytest.raises(RowError):
        audit.verify(KEY, DOOR, row.raw[:at] + byte + row.raw[at:])


@given(rows, st.data())
def test_a_removed_byte_is_found(row, data):
    at = data.draw(st.integers(0, len(row.raw) - 1))
    with pytest.raises(RowError):
        audit.verify(KEY, DOOR, row.raw[:at] + row.raw[at + 1 :])


def test_every_single_byte_of_a_row_is_under_its_hash():
    raw = made(member="0427").raw
    for at in range(len(raw)):
        with pytest.raises(RowError):
            audit.verify(KEY, DOOR, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])


def test_the_row_of_another_door_or_key_is_refused():
    row = made()
    for key, door in (
        (KEY, "lihu"),
        (report_key(bytes(32), DOOR), DOOR),
        (report_key(bytes(range(32)), "lihu"), DOOR),
    ):
        with pytest.raises(RowError, match="not right for this door"):
            audit.verify(key, door, row.raw)


def test_a_hash_is_compared_in_constant_time(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(len(b)) or real(a, b))
    audit.verify(KEY, DOOR, made().raw)
    assert compared == [64]


def test_a_row_that_says_it_differently_is_verified_as_it_stands():
    """The hash is over bytes: spaces, another order and unknown fields are the sender's own."""
    raw = signed(b'{ "type" : "new-in-v9", "seq":2,"log":"' + LOG.encode() + b'", "prev": "x", "later": [1]')
    assert audit.verify(KEY, DOOR, raw) == raw[-66:-2].decode()
    assert audit.place(raw) == (LOG, 2, "x")
    with pytest.raises(RowError):
        audit.parse(raw)


# -- chain ----------------------------------------------------------------------------------------


def chain(length: int) -> list[Row]:
    made_rows: list[Row] = []
    for seq in range(1, length + 1):
        made_rows.append(made(seq=seq, prev=made_rows[-1].hash if made_rows else FIRST_PREV))
    return made_rows


def test_each_row_names_the_hash_of_the_one_before():
    read = [audit.parse(row.raw) for row in chain(5)]
    assert read[0].prev == "0" * 64
    assert [row.prev for row in read[1:]] == [row.hash for row in read[:-1]]


def test_a_row_rewritten_in_place_breaks_the_chain_behind_it():
    first, second, _ = chain(3)
    forged = made(detail={"forged": True})
    assert audit.verify(KEY, DOOR, forged.raw) == forged.hash
    assert second.prev == first.hash != forged.hash


# -- bounds ---------------------------------------------------------------------------------------


def test_a_row_of_exactly_the_bound_stands_and_a_byte_more_is_cut():
    room = MAX_ROW_BYTES - len(made(detail={"x": ""}).raw)
    assert len(made(detail={"x": "y" * room}).raw) == MAX_ROW_BYTES
    cut = made(detail={"x": "y" * (room + 1)}, member="0427", reason="revoked")
    assert cut.detail == {"cut": True}
    assert (cut.member, cut.reason) == ("0427", "revoked")
    assert audit.parse(cut.raw) == cut
    assert audit.verify(KEY, DOOR, cut.raw) == cut.hash


@pytest.mark.parametrize(
    "detail",
    [
        {"a": 1.5},
        {"a": float("nan")},
        {"a": [{"b": float("inf")}]},
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": "x" * 10_000},
        {"自": "习" * 1_000},
    ],
)
def test_a_decision_goes_on_record_when_its_detail_may_not_travel(detail):
    row = made(detail=detail)
    assert row.detail == {"cut": True}
    assert audit.verify(KEY, DOOR, row.raw) == row.hash


def test_a_longer_row_is_refused_before_its_hash_is_made(monkeypatch):
    raw = signed(b'{"a":"' + b"x" * MAX_ROW_BYTES + b'"')
    monkeypatch.setattr(hmac, "digest", lambda *args: pytest.fail("the hash of a huge row was made"))
    with pytest.raises(RowError, match="4096 bytes"):
        audit.verify(KEY, DOOR, raw)
    with pytest.raises(RowError, match="4096 bytes"):
        audit.parse(raw)


@pytest.mark.parametrize(
    "wrong", [{"seq": 0}, {"seq": 2**53}, {"seq": True}, {"at": -1}, {"at": 2**53}, {"log": None}]
)
def test_a_row_that_no_reader_would_take_is_not_made(wrong):
    with pytest.raises(RowError):
        made(**wrong)


# -- garbage --------------------------------------------------------------------------------------


@given(st.binary(max_size=300) | st.binary(min_size=75, max_size=75).map(lambda raw: b"{" + raw))
def test_bytes_that_are_no_row_raise_nothing_but_row_error(raw):
    for read in (lambda: audit.verify(KEY, DOOR, raw), lambda: audit.parse(raw), lambda: audit.place(raw)):
        with pytest.raises(RowError):
            read()


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_hostile_text_raises_nothing_but_row_error_and_is_not_quoted(text):
    tail = b',"hash":"' + "ö".encode() * 32 + b'"}'
    for raw in (text, text + tail, signed(text.removesuffix(b"}"))):
        for read in (lambda: audit.parse(raw), lambda: audit.place(raw)):  # noqa: B023
            with pytest.raises(RowError) as told:
                read()
            assert len(str(told.value)) < 250
    for raw in (text, text + tail):
        with pytest.raises(RowError):
            audit.verify(KEY, DOOR, raw)


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "name", ["log", "seq", "prev", "at", "clock", "type", "member", "reason", "detail", "hash"]
)
def test_a_field_of_another_type_raises_nothing_but_row_error(name, value):
    fields = json.loads(made(member="0427").raw)
    try:
        raw = json.dumps(fields | {name: value}).encode()
    except (TypeError, ValueError):  # this value has no JSON
        return
    try:
        row = audit.parse(raw)
    except RowError as error:
        told = str(error)
    else:
        assert json.loads(raw)[name] == getattr(row, name)
        return
    assert len(told) < 250


@pytest.mark.parametrize("name", ["log", "seq", "prev", "at", "clock", "type", "detail", "hash"])
def test_a_row_without_a_field_is_refused_and_the_field_named(name):
    fields = json.loads(made().raw)
    del fields[name]
    with pytest.raises(RowError, match=name):
        audit.parse(json.dumps(fields).encode())


def test_a_field_given_twice_cannot_hide_the_hash():
    row = made()
    raw = signed(row.raw[: -len(b',"hash":""}') - 64] + b',"hash":"' + b"0" * 64 + b'"')
    assert audit.verify(KEY, DOOR, raw) == audit.parse(raw).hash
