"""Edges of the contract that mutation testing found bare: the last value that holds, the first that fails."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contract import access, audit, codes, hours, messages
from contract.access import AccessError, AccessRecord
from contract.audit import FIRST_PREV, MAX_ROW_BYTES, RowError
from contract.authenticator import provisioning_uri
from contract.codes import WINDOWS, Codes, Kind, Window, issue
from contract.hours import DAYS, Hours, HoursError
from contract.messages import MAX_SIGNED_BYTES, Ack, Command, MessageError, Topics

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX = 2**53 - 1
DOOR, DOOR_KEY = "yuexin", bytes(range(32))
KEY = messages.command_key(DOOR_KEY, DOOR)
REPORT_KEY = messages.report_key(DOOR_KEY, DOOR)
TOPIC = Topics(DOOR).command

# -- numbers --------------------------------------------------------------------------------------


def test_the_numbers_of_the_protocol_are_these():
    """In figures: a test that takes the name of a number agrees with whatever it becomes."""
    assert (codes.MAX_GENERATION, codes.CARD_PAIRS_AHEAD) == (2_147_483_647, 10)
    assert codes.EPOCH.isoformat() == "1970-01-01"
    assert (messages.MAX_SIGNED_BYTES, audit.MAX_ROW_BYTES) == (2048, 4096)
    assert (messages.MAX_N, messages.COMMAND_WINDOW) == (9_007_199_254_740_991, 64)
    assert (messages.COMMAND_LIFE_SECONDS, messages.COMMAND_EXPIRY_SECONDS) == (60, 10)
    assert {audit.FIRST_PREV, access.EMPTY_DIGEST} == {"0" * 64}


def test_a_number_on_no_record_is_a_phone_of_generation_1():
    assert AccessRecord("0427").as_json() == {
        "member": "0427",
        "kind": "phone",
        "generation": 1,
        "revoked_through": 0,
        "card_pair": 0,
        "suspended_until": None,
        "not_before": None,
        "not_after": None,
        "revision": 0,
    }


def test_codes_are_these_until_the_server_says_otherwise():
    assert Codes() == Codes(6, 4, WINDOWS, 1800, 10, SHANGHAI, "study room")
    told = dict(WINDOWS)
    assert told == {
        Kind.PHONE: Window(120, 30, 60),
        Kind.STAFF: Window(30, 10, 20),
        Kind.PAPER: Window(86_400, 0, 21_600),
    }


# -- hours ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("opens", ["08:30", "00:01", "23:59"])
def test_the_next_opening_is_told_to_the_minute(opens):
    room = hours.parse({day: [f"{opens}-24:00"] for day in DAYS}, {})
    midnight = datetime(2026, 11, 24, tzinfo=SHANGHAI)
    told = room.next_opening(int(midnight.timestamp()), SHANGHAI)
    assert told is not None
    assert datetime.fromtimestamp(told, SHANGHAI) == datetime.fromisoformat(f"2026-11-24T{opens}+08:00")


@pytest.mark.parametrize("days, found", [(1, True), (366, True), (367, False)])
def test_the_next_opening_is_looked_for_a_year_ahead(days, found):
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    opens = (now + timedelta(days=days)).date()
    room = Hours(week=((),) * 7, dates={opens.isoformat(): ((480, 1320),)})
    at = int(datetime(opens.year, opens.month, opens.day, 8, tzinfo=UTC).timestamp())
    assert room.next_opening(int(now.timestamp()), UTC) == (at if found else None)


@pytest.mark.parametrize("span", ["08:60-22:00", "08:75-22:00", "08:00-22:60", "08:00-08:00", "00:00-24:01"])
def test_a_span_of_no_such_minutes_is_refused(span):
    with pytest.raises(HoursError, match=span):
        hours.parse({"mon": [span]}, {})


@pytest.mark.parametrize("span, minutes", [("08:59-22:59", (539, 1379)), ("00:00-24:00", (0, 1440))])
def test_the_last_minutes_of_an_hour_and_of_a_day_hold(span, minutes):
    assert hours.parse({"mon": [span]}, {}).week[0] == (minutes,)


def test_a_fault_shows_what_was_written_but_not_all_of_it():
    for name, shown in (("mond", "'mond'"), ("m" * 500, f"'{'m' * 20}';")):
        with pytest.raises(HoursError, match=f"no day {shown}"):
            hours.parse({name: []}, {})
    with pytest.raises(HoursError, match="mon: a int is no span"):
        hours.parse({"mon": [8]}, {})


def test_the_week_has_its_seven_days():
    assert " ".join(DAYS) == "mon tue wed thu fri sat sun"


# -- access records -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "member, holds", [("42", False), ("042", True), ("000427", True), ("0000427", False)]
)
def test_a_number_of_a_record_has_three_to_six_digits(member, holds):
    told = AccessRecord(member).as_json()
    if holds:
        assert access.from_json(told) == AccessRecord(member)
    else:
        with pytest.raises(AccessError, match="member"):
            access.from_json(told)


@pytest.mark.parametrize("name", ["suspended_until", "not_before", "not_after", "revision"])
def test_times_and_revisions_hold_from_nought_to_the_last_whole_number_of_json(name):
    for value in (0, MAX):
        told = AccessRecord("0427").as_json() | {name: value}
        assert access.from_json(told).as_json()[name] == value
    for value in (-1, MAX + 1):
        with pytest.raises(AccessError, match=name):
            access.from_json(AccessRecord("0427").as_json() | {name: value})


def test_a_revocation_reaches_three_generations_further_than_any_that_is_out():
    assert access.revoke(AccessRecord("0427", generation=5, revoked_through=2)).revoked_through == 8
    assert access.revoke(AccessRecord("0427", generation=5, revoked_through=7)).revoked_through == 10


# -- codes ----------------------------------------------------------------------------------------


def test_the_shortest_forms_of_the_codes_hold():
    assert Window(step=1, skew=0, grace=0).step == 1
    step = WINDOWS[Kind.PHONE].step
    assert Codes(bundle_seconds=step, paper_uses=1).bundle_seconds == step
    with pytest.raises(ValueError, match="bundle_seconds"):
        Codes(bundle_seconds=step - 1)
    with pytest.raises(ValueError, match="paper_uses"):
        Codes(paper_uses=0)


def test_a_code_of_step_nought_is_issued_and_a_pair_of_number_nought_is_not():
    first = issue(DOOR_KEY, DOOR, Kind.PHONE, "0427", 1, 0, Codes())
    assert (first.begins, first.ends) == (0, 120)
    with pytest.raises(ValueError, match="count from 1"):
        issue(DOOR_KEY, DOOR, Kind.CARD, "0427", 1, 0, Codes())


def test_a_pair_of_a_card_has_no_time():
    pair = issue(DOOR_KEY, DOOR, Kind.CARD, "0427", 1, 1, Codes())
    assert (pair.step, pair.begins, pair.ends) == (1, 0, 0)


def test_a_slash_in_the_name_of_the_room_is_no_path_to_an_authenticator():
    uri = provisioning_uri(bytes(20), "0427", Codes(room="room 1/x"))
    assert uri.startswith("otpauth://totp/room%201%2Fx:0427?")


# -- signed messages ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key, info", [(KEY, "door-command/v1/yuexin"), (REPORT_KEY, "door-report/v1/yuexin")]
)
def test_keys_are_what_the_protocol_says(key, info):
    """HKDF-Expand of one block is one HMAC (RFC 5869 §2.3)."""
    assert key == hmac.digest(DOOR_KEY, info.encode() + b"\x01", "sha256")


def test_topics_know_their_door():
    assert Topics(DOOR).door == DOOR


def signed(length: int) -> bytes:
    """A signed message of so many bytes."""
    bare = len(messages.sign(KEY, TOPIC, {"x": ""}))
    return messages.sign(KEY, TOPIC, {"x": "y" * (length - bare)})


def test_a_signed_message_may_have_all_its_bytes_and_no_more():
    full = signed(MAX_SIGNED_BYTES)
    assert len(full) == MAX_SIGNED_BYTES
    assert set(messages.check(KEY, TOPIC, full)) == {"x"}
    with pytest.raises(ValueError, match="longer than"):
        signed(MAX_SIGNED_BYTES + 1)


def test_a_message_that_does_not_end_is_not_looked_at():
    raw = signed(200)
    with pytest.raises(MessageError, match="no mac at the end"):
        messages.check(KEY, TOPIC, raw[:-2] + b'"]')


@pytest.mark.parametrize("name, last", [("id", "i" * 64), ("n", MAX), ("not_after", MAX), ("not_after", 0)])
def test_the_last_values_of_a_command_hold(name, last):
    fields = Command("c", 1, "unlock", {}, 1).as_json() | {name: last}
    assert messages.command_from(fields, retained=False).as_json() == fields


def test_a_command_is_retained_only_where_that_is_said():
    assert not Command("c", 1, "unlock", {}, 1).retained


@pytest.mark.parametrize("seq", [0, MAX])
def test_the_first_and_the_last_ack_hold(seq):
    ack = Ack("l", seq, "h")
    assert messages.ack_from(ack.as_json()) == ack


# -- codes that fit -------------------------------------------------------------------------------


def test_of_steps_that_fit_the_newest_is_found(monkeypatch):
    """By whoever looks at them all, and by whoever ends with the first that fits."""
    secret = bytes(20)
    code = codes.otp(secret, 5, 6)
    for find in (codes.match, codes.match_newest):
        assert [find(secret, code, steps) for steps in (range(4, 7), range(4, 5), range(0))] == [
            5,
            None,
            None,
        ]
    looked_at = []
    monkeypatch.setattr(codes.Generator, "at", lambda _, step: looked_at.append(step) or code)
    assert codes.match_newest(secret, code, range(3, 9)) == 8
    assert looked_at == [8]
    assert codes.match(secret, code, range(3, 9)) == 8
    assert looked_at == [8, 3, 4, 5, 6, 7, 8]


# -- audit rows -----------------------------------------------------------------------------------


def test_a_gap_is_a_row_by_its_hash_and_says_which_rows_are_gone():
    raw = audit.gap(REPORT_KEY, DOOR, "0123456789abcdef", 3, 9)
    digest = audit.verify(REPORT_KEY, DOOR, raw)
    told = {"type": "gap", "log": "0123456789abcdef", "from": 3, "seq": 9, "hash": digest}
    assert json.loads(raw) == told


def row(length: int) -> audit.Row:
    """A row of so many bytes, or one whose detail was cut."""
    first = {"log": "l", "seq": 1, "prev": FIRST_PREV, "at": 0, "clock": "none", "type": "started"}
    bare = audit.make(REPORT_KEY, DOOR, **first, detail={"x": ""})  # type: ignore[arg-type]
    detail = {"x": "y" * (length - len(bare.raw))}
    return audit.make(REPORT_KEY, DOOR, **first, detail=detail)  # type: ignore[arg-type]


def test_a_row_may_have_all_its_bytes_and_no_more():
    full = row(MAX_ROW_BYTES)
    assert len(full.raw) == MAX_ROW_BYTES
    assert audit.verify(REPORT_KEY, DOOR, full.raw) == full.hash
    assert row(MAX_ROW_BYTES + 1).detail == {"cut": True}
    with pytest.raises(RowError, match="at most"):
        audit.verify(REPORT_KEY, DOOR, b"x" * (MAX_ROW_BYTES + 1))


def sealed(body: bytes) -> bytes:
    """A body (without its closing brace) with its hash, whatever it says."""
    text = f"studyroom/{DOOR}/audit\n".encode() + body
    return body + b',"hash":"' + hmac.digest(REPORT_KEY, text, "sha256").hex().encode() + b'"}'


def test_a_hash_of_nothing_is_no_row():
    with pytest.raises(RowError, match="ends with its hash"):
        audit.verify(REPORT_KEY, DOOR, sealed(b""))


@pytest.mark.parametrize("seq", [1, MAX])
def test_the_first_and_the_last_row_of_a_log_have_their_place(seq):
    raw = sealed(json.dumps({"log": "l", "seq": seq, "prev": "p"}).encode()[:-1])
    assert audit.place(raw) == ("l", seq, "p")


@pytest.mark.parametrize("name", ["log", "seq", "prev"])
@pytest.mark.parametrize("value", [None, [], True])
def test_a_row_without_a_place_is_refused(name, value):
    told = {"log": "l", "seq": 1, "prev": "p"} | {name: value}
    with pytest.raises(RowError, match=f"{name} of a row"):
        audit.place(sealed(json.dumps(told).encode()[:-1]))


@pytest.mark.parametrize("name", ["member", "reason"])
@pytest.mark.parametrize("value", [427, [], False])
def test_a_member_and_a_reason_are_words_or_nothing(name, value):
    told = json.loads(row(400).raw) | {name: value}
    del told["hash"]
    with pytest.raises(RowError, match="member and reason"):
        audit.parse(sealed(json.dumps(told).encode()[:-1]))
