"""Signed messages: bound to their topic and key, checked on bytes first, and never a surprise to parse."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from hostile import HOSTILE_TEXTS, HOSTILE_VALUES
from hypothesis import given
from hypothesis import strategies as st

from contract import messages as m
from contract.codes import derive
from contract.messages import MAX_N, MAX_SIGNED_BYTES, Ack, Command, MessageError, Topics

DOOR_KEY = bytes(range(32))
KEY = m.command_key(DOOR_KEY, "yuexin")
TOPIC = Topics("yuexin").command
COMMAND = Command("c-1", 7, "revoke", {"member": "0427", "through": 4}, 1_795_485_599)


def signed(body: bytes, topic: str = TOPIC) -> bytes:
    """``body`` (without its closing brace) with the mac that belongs to it, whatever it says."""
    return (
        body
        + b',"mac":"'
        + hmac.new(KEY, topic.encode() + b"\n" + body, "sha256").hexdigest().encode()
        + b'"}'
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts
fields = st.dictionaries(texts.filter(lambda key: key != "mac"), values, min_size=1, max_size=5)


# -- topics ---------------------------------------------------------------------------------------


def test_every_topic_is_under_its_door_and_none_twice():
    topics = [value for name, value in vars(Topics("yuexin")).items() if name not in ("door", "base")]
    assert all(topic.startswith("studyroom/yuexin/") for topic in topics)
    assert len(set(topics)) == len(topics) == 10


@pytest.mark.parametrize("door", ["", "A", "a/b", "+", "#", "a b", "a" * 33, "门", "a\n", "ａ"])
def test_a_name_that_could_leave_its_tree_is_no_door(door):
    with pytest.raises(ValueError, match="name"):
        Topics(door)


def test_the_door_and_the_server_sign_with_keys_of_their_own():
    keys = [make(DOOR_KEY, door) for make in (m.command_key, m.report_key) for door in ("yuexin", "lihu")]
    assert len(set(keys)) == 4
    assert {len(key) for key in keys} == {32}
    assert derive(DOOR_KEY, "yuexin", "phone", "0427", 1) not in [key[:20] for key in keys]


# -- sign and check -------------------------------------------------------------------------------


def test_the_bytes_of_a_signed_message_are_those_of_the_protocol():
    body = b'{"id":"c-1","n":7,"verb":"revoke","args":{"member":"0427","through":4},"not_after":1795485599'
    assert m.sign(KEY, TOPIC, COMMAND.as_json()) == signed(body)


@given(fields)
def test_what_is_signed_checks_to_the_same_fields(given_fields):
    raw = m.sign(KEY, TOPIC, given_fields)
    assert m.check(KEY, TOPIC, raw) == given_fields
    assert raw.isascii()


def test_a_mac_is_bound_to_its_topic():
    topics = Topics("yuexin")
    raw = m.sign(KEY, topics.command, COMMAND.as_json())
    for other in (topics.ack, topics.result, Topics("lihu").command, topics.command + "\n", ""):
        with pytest.raises(MessageError, match="wrong mac"):
            m.check(KEY, other, raw)


def test_a_mac_is_bound_to_its_key():
    raw = m.sign(KEY, TOPIC, COMMAND.as_json())
    for other in (
        m.report_key(DOOR_KEY, "yuexin"),
        m.command_key(DOOR_KEY, "lihu"),
        m.command_key(bytes(32), "yuexin"),
    ):
        with pytest.raises(MessageError, match="wrong mac"):
            m.check(other, TOPIC, raw)


def test_every_single_byte_is_under_the_mac():
    raw = m.sign(KEY, TOPIC, COMMAND.as_json())
    for at in range(len(raw)):
        for changed in (
            raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :],
            raw[:at] + raw[at + 1 :],
            raw[:at] + b" " + raw[at:],
        ):
            with pytest.raises(MessageError):
                m.check(KEY, TOPIC, changed)


@pytest.mark.parametrize(
    "change", [bytes.upper, lambda raw: raw + b"\n", lambda raw: b"\n" + raw, lambda raw: raw[:-1]]
)
def test_a_mac_written_otherwise_is_refused(change):
    raw = m.sign(KEY, TOPIC, {"a": "A"})
    with pytest.raises(MessageError):
        m.check(KEY, TOPIC, change(raw))


@pytest.mark.parametrize(
    "tail", [b"", b"}", b',"mac":"', b',"mac":""}', b',"mac":"' + b"0" * 63 + b'"}', b"," * 74]
)
def test_a_message_without_its_tail_is_refused(tail):
    with pytest.raises(MessageError, match="no mac at the end"):
        m.check(KEY, TOPIC, tail)
    with pytest.raises(MessageError, match="no mac at the end"):
        m.check(KEY, TOPIC, b'{"a":1' + tail)


def test_a_tail_alone_is_no_message():
    with pytest.raises(MessageError, match="no mac at the end"):
        m.check(KEY, TOPIC, signed(b""))


def test_a_message_of_exactly_the_bound_stands_and_a_byte_more_does_not():
    room = MAX_SIGNED_BYTES - len(signed(b'{"a":""'))
    assert len(m.sign(KEY, TOPIC, {"a": "x" * room})) == MAX_SIGNED_BYTES
    with pytest.raises(ValueError, match="2048 bytes"):
        m.sign(KEY, TOPIC, {"a": "x" * (room + 1)})
    with pytest.raises(MessageError, match="2048 bytes"):
        m.check(KEY, TOPIC, signed(b'{"a":"' + b"x" * (room + 1) + b'"'))


def test_nothing_is_parsed_before_length_tail_and_mac_are_right(monkeypatch):
    monkeypatch.setattr(
        json, "loads", lambda *args, **kwargs: pytest.fail("parsed before the mac was checked")
    )
    good = signed(b'{"a":1')
    for raw in (b"{" * 5_000, b'{"a":1}', good[:-3] + b'0"}', good[:-3] + b'1"}'):
        if raw != good:
            with pytest.raises(MessageError):
                m.check(KEY, TOPIC, raw)


def test_a_huge_message_costs_no_mac(monkeypatch):
    raw = signed(b'{"a":"' + b"x" * MAX_SIGNED_BYTES + b'"')
    monkeypatch.setattr(hmac, "digest", lambda *args: pytest.fail("the mac of a huge message was made"))
    with pytest.raises(MessageError, match="2048 bytes"):
        m.check(KEY, TOPIC, raw)


def test_a_mac_is_compared_in_constant_time(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or real(a, b))
    m.check(KEY, TOPIC, signed(b'{"a":1'))
    assert compared == [(64, 64)]


@pytest.mark.parametrize("wrong", [{"a": 1.5}, {"a": float("nan")}, {"a": "\ud800"}, {"a": "x" * 2_048}, {}])
def test_what_would_be_refused_is_not_signed(wrong):
    with pytest.raises(ValueError):  # noqa: PT011 -- each says its own why
        m.sign(KEY, TOPIC, wrong)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_message_raise_nothing_but_message_error(raw):
    for given_bytes in (raw, raw + b',"mac":"' + b"\xff" * 64 + b'"}'):
        with pytest.raises(MessageError):
            m.check(KEY, TOPIC, given_bytes)


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_hostile_text_with_a_right_mac_raises_nothing_but_message_error(text):
    with pytest.raises(MessageError) as told:
        m.check(KEY, TOPIC, signed(text.removesuffix(b"}")))
    assert len(str(told.value)) < 250


# -- loads ----------------------------------------------------------------------------------------

READABLE = {"4,000 digits"}
DEEP = {"deep and escaped"}  # how deep is too deep differs between Python's versions


@pytest.mark.parametrize("most", [2_048, 4_096, 10**7])
@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS.keys() - DEEP))
def test_hostile_text_is_refused_with_value_error(name, most):
    text = HOSTILE_TEXTS[name]
    if name in READABLE and len(text) <= most:
        assert isinstance(m.loads(text, most), dict)
    else:
        with pytest.raises(ValueError):  # noqa: PT011 -- each says its own why
            m.loads(text, most)


@pytest.mark.parametrize("text", [b'{"a":', b'{"a":"\\u0041","b":'])
def test_nesting_of_any_depth_is_read_or_refused(text):
    for depth in [*range(900, 1_010), 3_000, 30_000]:
        try:
            value: Any = m.loads(text + b"[" * depth + b"]" * depth + b"}", 10**6)
        except ValueError as error:
            assert "nested too deep" in str(error)  # noqa: PT017
        else:
            assert isinstance(value, dict)


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_garbage_raises_nothing_but_value_error(raw):
    try:
        value = m.loads(raw, 4_096)
    except ValueError:
        return
    assert json.dumps(value, ensure_ascii=False).encode()


def test_the_bound_of_a_text_is_in_bytes():
    text = '{"a":"习"}'.encode()
    assert m.loads(text, len(text)) == {"a": "习"}
    with pytest.raises(ValueError, match="longer than"):
        m.loads(text, len(text) - 1)


def test_a_key_given_twice_is_its_last():
    assert m.loads(b'{"a":1,"a":2}', 100) == {"a": 2}


# -- commands and acks ----------------------------------------------------------------------------


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.integers(1, MAX_N),
    st.sampled_from(sorted(m.VERBS)),
    st.integers(0, MAX_N),
    st.booleans(),
)
def test_a_command_arrives_as_it_was_sent(id_, n, verb, not_after, retained):
    command = Command(id_, n, verb, {"member": "0427"}, not_after, retained)
    raw = m.sign(KEY, TOPIC, command.as_json())
    assert m.command_from(m.check(KEY, TOPIC, raw), retained=retained) == command


def test_whether_a_command_was_retained_is_the_brokers_word_and_not_the_payloads():
    told = COMMAND.as_json() | {"retained": False}
    assert m.command_from(told, retained=True).retained


WRONG_COMMANDS = {
    "id": [None, "", "x" * 65, 1, [], {}],
    "n": [None, 0, -1, MAX_N + 1, True, 1.0, "7", 10**5000],
    "verb": [None, 1, [], True],
    "args": [None, [], "", 1],
    "not_after": [None, -1, MAX_N + 1, True, 1.5, "soon", 10**5000],
}


@pytest.mark.parametrize(
    "name, wrong",
    [(name, value) for name, values_ in WRONG_COMMANDS.items() for value in values_],
    ids=lambda value: type(value).__name__,
)
def test_a_command_with_a_wrong_field_is_refused_and_not_quoted(name, wrong):
    with pytest.raises(MessageError) as told:
        m.command_from(COMMAND.as_json() | {name: wrong}, retained=False)
    assert name in str(told.value)
    assert len(str(told.value)) < 100


@pytest.mark.parametrize("name", WRONG_COMMANDS)
def test_a_command_without_a_field_is_refused(name):
    fields_ = COMMAND.as_json()
    del fields_[name]
    with pytest.raises(MessageError, match=name):
        m.command_from(fields_, retained=False)


def test_an_unknown_verb_is_a_command_so_that_it_can_be_answered():
    assert m.command_from(COMMAND.as_json() | {"verb": "dance"}, retained=False).verb == "dance"


@given(st.integers(0, MAX_N), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_an_ack_arrives_as_it_was_sent(seq, digest):
    ack, topic = Ack("0123456789abcdef", seq, digest), Topics("yuexin").ack
    assert m.ack_from(m.check(KEY, topic, m.sign(KEY, topic, ack.as_json()))) == ack


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", ["id", "n", "verb", "args", "not_after", "log", "seq", "hash"])
def test_hostile_values_raise_nothing_but_message_error(name, value):
    whole = COMMAND.as_json() | Ack("0123456789abcdef", 1, "0" * 64).as_json() | {name: value}
    told: list[str] = []
    for read in (lambda: m.command_from(whole, retained=False), lambda: m.ack_from(whole)):
        try:
            read()
        except MessageError as error:
            told.append(str(error))
    assert all(len(text) < 100 for text in told)


@pytest.mark.parametrize(
    "wrong", [{"log": 1}, {"seq": -1}, {"seq": True}, {"seq": 1.0}, {"seq": MAX_N + 1}, {"hash": None}]
)
def test_an_ack_with_a_wrong_field_is_refused(wrong):
    with pytest.raises(MessageError):
        m.ack_from(Ack("0123456789abcdef", 1, "0" * 64).as_json() | wrong)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
names = st.sampled_from(["id", "n", "verb", "args", "not_after", "log", "seq", "hash"])


@given(st.dictionaries(names | st.text(), json_values))
def test_garbage_fields_raise_nothing_but_message_error(value):
    for read in (lambda: m.command_from(value, retained=False), lambda: m.ack_from(value)):
        try:
            read()
        except MessageError:
            continue
