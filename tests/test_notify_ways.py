"""Each way to notify, against a local server with the documented protocol and its documented errors."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from certificates import Authority, Pair
from postoffice import ACCOUNT, PostOffice, post_office
from secrecy import WITNESS
from servers import Said, Server, serving

from roomserver.notify import words
from roomserver.notify.mail import Mail
from roomserver.notify.message import Message, NotSentError, Sender, Told
from roomserver.notify.post import MAX_ANSWER_BYTES
from roomserver.notify.robots import (
    DINGTALK_ERRORS,
    WECOM_ERRORS,
    WECOM_TEXT_BYTES,
    DingTalk,
    WeCom,
    cut,
    dingtalk_sign,
)
from roomserver.notify.settings import LASTING, Event, Way
from roomserver.notify.webhook import ID, SIGNATURE, Webhook

ZONE = dt.timezone(dt.timedelta(hours=8))
T = 1_795_485_600  # 2026-11-24 10:00 in Shanghai
FIRE = Told("front", Event.FIRE, 1, T, T)
STORM = Told("front", Event.FORCED, 57, T - 240, T)
MESSAGE = words.message("0123456789abcdef", [FIRE, STORM], "悦心自习室", "both", ZONE)
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
SECRET = "SEC0123456789abcdef0123456789abcdef"


def why(sender: Sender, message: Message = MESSAGE) -> NotSentError:
    """Why it is not sent."""
    with pytest.raises(NotSentError) as raised:
        sender.send(message)
    return raised.value


@pytest.fixture
def robot() -> Iterator[Server]:
    """A robot that takes everything."""
    WITNESS.word(KEY)
    WITNESS.word(SECRET)
    with serving(lambda _: Said({"errcode": 0, "errmsg": "ok"})) as server:
        yield server


# -- WeCom ----------------------------------------------------------------------------------------


def test_wecom_gets_a_text_under_its_key(robot: Server) -> None:
    WeCom(f"{robot.url}/cgi-bin/webhook/send?key={KEY}", 2).send(MESSAGE)
    (asked,) = robot.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/cgi-bin/webhook/send", {"key": [KEY]})
    assert json.loads(asked.body) == {"msgtype": "text", "text": {"content": MESSAGE.text}}
    assert "悦心自习室".encode() in asked.body  # UTF-8, and no \\u which WeCom does not take


def test_wecom_gets_no_more_bytes_than_it_takes(robot: Server) -> None:
    WeCom(f"{robot.url}/?key={KEY}", 2).send(Message("0", "标题", ("火" * 2000,)))
    text = json.loads(robot.asked[0].body)["text"]["content"]
    assert WECOM_TEXT_BYTES - 3 < len(text.encode()) <= WECOM_TEXT_BYTES
    assert text.endswith("火…")
    assert cut("短", 3) == "短"


@pytest.mark.parametrize("code", sorted(WECOM_ERRORS))
def test_wecom_says_200_also_when_it_refuses(robot: Server, code: int) -> None:
    hint = f"invalid, hint: [{KEY}], from ip: 198.51.100.7"
    robot.answer = lambda _: Said({"errcode": code, "errmsg": hint})
    error = why(WeCom(f"{robot.url}/?key={KEY}", 2))
    assert str(error) == f"errcode {code}: {WECOM_ERRORS[code].why}"  # and nothing of what it wrote
    assert error.lasting == (code not in (-1, 45009))
    assert error.after == (60 if code == 45009 else 0)


def test_an_errcode_nobody_documented_is_not_taken_for_success(robot: Server) -> None:
    robot.answer = lambda _: Said({"errcode": 99999, "errmsg": "?"})
    assert why(WeCom(robot.url, 2)).lasting


# -- DingTalk -------------------------------------------------------------------------------------


def test_dingtalk_is_signed_as_its_documents_say(robot: Server) -> None:
    sender = DingTalk(
        f"{robot.url}/robot/send?access_token={KEY}", SECRET, 2, clock=lambda: 1_795_485_600.123
    )
    sender.send(MESSAGE)
    (asked,) = robot.asked
    expected = hmac.new(SECRET.encode(), f"1795485600123\n{SECRET}".encode(), hashlib.sha256).digest()
    assert asked.query == {
        "access_token": [KEY],
        "timestamp": ["1795485600123"],
        "sign": [base64.b64encode(expected).decode()],
    }
    assert json.loads(asked.body) == {"msgtype": "text", "text": {"content": MESSAGE.text}}


def test_the_sign_agrees_with_openssl() -> None:
    """Which says so of ``1577262236757\\nthis is secret`` with ``dgst -sha256 -hmac``."""
    expected = "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    assert dingtalk_sign("this is secret", 1_577_262_236_757) == expected


def test_dingtalk_without_a_secret_is_not_signed(robot: Server) -> None:
    DingTalk(f"{robot.url}/robot/send?access_token={KEY}", "", 2).send(MESSAGE)
    assert robot.asked[0].query == {"access_token": [KEY]}


@pytest.mark.parametrize("code", sorted(DINGTALK_ERRORS))
def test_every_documented_error_of_dingtalk_is_told_in_words(robot: Server, code: int) -> None:
    robot.answer = lambda _: Said({"errcode": code, "errmsg": f"token {KEY} is not exist"})
    error = why(DingTalk(f"{robot.url}/?access_token={KEY}", SECRET, 2))
    assert str(error) == f"errcode {code}: {DINGTALK_ERRORS[code].why}"
    assert error.lasting == (code not in (-1, 130101, 410100))
    assert error.after == (600 if code in (130101, 410100) else 0)  # it then stops the robot for so long


# -- what every program elsewhere can do ----------------------------------------------------------


SENDERS = {
    "wecom": lambda url: WeCom(f"{url}/?key={KEY}", 1),
    "dingtalk": lambda url: DingTalk(f"{url}/?access_token={KEY}", SECRET, 1),
    "webhook": lambda url: Webhook(f"{url}/?key={KEY}", SECRET, 1),
}


@pytest.mark.parametrize("kind", sorted(SENDERS))
@pytest.mark.parametrize(
    "status, lasting", [(302, False), (400, True), (404, True), (410, True), (429, False), (503, False)]
)
def test_a_status_that_is_no_success_is_none(robot: Server, kind: str, status: int, lasting: bool) -> None:
    headers = {"Location": f"{robot.url}/elsewhere", "Retry-After": "90"}
    robot.answer = lambda _: Said({"errcode": 0}, status, headers)
    error = why(SENDERS[kind](robot.url))
    assert (str(error), error.lasting, error.after) == (f"answered {status}", lasting, 90)
    assert len(robot.asked) == 1  # and no other address was followed


@pytest.mark.parametrize("wait", ["Wed, 21 Oct 2015 07:28:00 GMT", "-5", "9" * 30, "\u0663"])
def test_a_strange_retry_after_does_no_harm(robot: Server, wait: str) -> None:
    robot.answer = lambda _: Said({}, 429, {"Retry-After": wait.encode().decode("latin-1")})
    assert why(SENDERS["webhook"](robot.url)).after in (0, 3600)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"errcode":"0"}', b'{"errcode":false}', b"<html>", b"[" * 9000, b"\xff",
     b'{"errcode":0' + b" " * MAX_ANSWER_BYTES + b"}"],
    ids=["nothing", "null", "list", "empty", "text", "false", "html", "deep", "no-text", "long"],
)  # fmt: skip
def test_an_answer_that_is_none_is_no_success(robot: Server, kind: str, body: bytes) -> None:
    robot.answer = lambda _: Said(body)
    assert str(why(SENDERS[kind](robot.url))) == "answered something else than its documents say"


@pytest.mark.parametrize("kind", sorted(SENDERS))
def test_nobody_there_is_said_without_the_address(
    robot: Server, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    robot.close()
    error = why(SENDERS[kind](robot.url))
    assert str(error) == "no answer (ConnectionError)"
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert KEY not in caplog.text


# -- webhook --------------------------------------------------------------------------------------


def test_a_webhook_gets_words_for_people_and_facts_for_programs(robot: Server) -> None:
    robot.answer = lambda _: Said(b"", 204)
    Webhook(f"{robot.url}/hook", "", 2).send(MESSAGE)
    (asked,) = robot.asked
    assert json.loads(asked.body) == {
        "id": MESSAGE.id,
        "title": MESSAGE.title,
        "text": MESSAGE.text,
        "told": [
            {"door": "front", "event": "fire", "count": 1, "first": T, "last": T, "over": None},
            {"door": "front", "event": "forced", "count": 57, "first": T - 240, "last": T, "over": None},
        ],
    }


def test_a_webhook_is_signed_over_its_body(robot: Server) -> None:
    Webhook(f"{robot.url}/hook", SECRET, 2).send(MESSAGE)
    (asked,) = robot.asked
    expected = hmac.new(SECRET.encode(), asked.body, hashlib.sha256).hexdigest()
    assert asked.headers[SIGNATURE] == f"sha256={expected}"
    assert asked.headers[ID] == MESSAGE.id


# -- mail -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom this machine trusts in these tests."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    """A right certificate."""
    return authority.issue(
        "mail", dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    )


@pytest.fixture
def trusting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is among the system's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A mail server on this machine, in the clear and without accounts."""
    with post_office() as made:
        yield made


def way(office: PostOffice, **of: object) -> Way:
    """A way to it."""
    made = Way("office", host="127.0.0.1", port=office.port, security="none", sender="room@example.org",
               to=("a@example.org", "b@example.org"), timeout_seconds=5)  # fmt: skip
    return replace(made, **of)  # type: ignore[arg-type]


def test_a_letter_says_who_what_and_when(office: PostOffice) -> None:
    Mail(way(office), "").send(MESSAGE)
    (letter,) = office.letters
    assert office.readers == [["a@example.org", "b@example.org"]]
    assert (letter["From"], letter["To"]) == ("room@example.org", "a@example.org, b@example.org")
    assert letter["Subject"] == MESSAGE.title == "悦心自习室: 火警 · 门被强行打开 / Fire alarm · Door forced"
    assert letter["Message-ID"] == "<0123456789abcdef@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    text = letter.get_content()
    assert all(line in text for line in MESSAGE.lines)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_letter_goes_over_tls_with_an_account(pair: Pair, security: str) -> None:
    WITNESS.word(ACCOUNT[1])
    with post_office(pair, starttls=security == "starttls") as office:
        Mail(way(office, security=security, username=ACCOUNT[0]), ACCOUNT[1]).send(MESSAGE)
        assert len(office.letters) == 1
        assert office.accounts == [ACCOUNT[0].encode()]


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_wrong_password_is_said_and_not_shown(
    pair: Pair, security: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "roomserver")
    with post_office(pair, starttls=security == "starttls") as office:
        error = why(Mail(way(office, security=security, username=ACCOUNT[0]), "another password"))
    assert (str(error), error.lasting) == ("the mail server refuses username and password", True)
    assert "another password" not in caplog.text


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_nobody_vouches_for_gets_no_password(pair: Pair, security: str) -> None:
    with post_office(pair, starttls=security == "starttls") as office:
        error = why(Mail(way(office, security=security, username=ACCOUNT[0]), ACCOUNT[1]))
        assert office.accounts == []
    assert (str(error), error.lasting) == ("the mail server's certificate or TLS is not right", True)


def test_no_password_goes_to_a_server_that_cannot_do_starttls(office: PostOffice) -> None:
    error = why(Mail(way(office, security="starttls", username=ACCOUNT[0]), ACCOUNT[1]))
    assert (str(error), error.lasting) == ("the mail server lacks what security or username ask for", True)
    assert office.letters == []


@pytest.mark.parametrize(
    "place, answer, text, lasting",
    [
        ("DATA", "451 try again", "mail server: it refuses the letter (451)", False),
        ("DATA", "550 spam", "mail server: it refuses the letter (550)", True),
        ("DATA", "552 too much", "mail server: it refuses the letter (552)", True),
        ("both", "450 busy", "mail server: it refuses every reader (450)", False),
        ("both", "550 unknown", "mail server: it refuses every reader (550)", True),
    ],
    ids=["data-451", "data-550", "data-552", "readers-450", "readers-550"],
)
def test_4xx_is_for_now_and_5xx_for_good(
    office: PostOffice, place: str, answer: str, text: str, lasting: bool
) -> None:
    office.says = dict.fromkeys(("a@example.org", "b@example.org") if place == "both" else (place,), answer)
    error = why(Mail(way(office), ""))
    assert (str(error), error.lasting) == (text, lasting)
    assert office.letters == []


def test_one_reader_refused_is_said_and_the_other_has_his_letter(
    office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    office.says = {"a@example.org": "550 unknown"}
    Mail(way(office), "").send(MESSAGE)
    assert office.readers == [["b@example.org"]]
    assert "1 of 2 readers are refused" in caplog.text
    assert "example.org" not in caplog.text


def test_a_rude_farewell_is_no_failure(office: PostOffice) -> None:
    """Else the letter, which was taken, would be sent again."""
    office.says = {"QUIT": "421 busy"}
    Mail(way(office), "").send(MESSAGE)
    assert len(office.letters) == 1


def test_a_mail_server_that_is_not_there(office: PostOffice) -> None:
    error = why(Mail(way(office, port=1), ""))
    assert (str(error), error.lasting) == ("no answer of the mail server (ConnectionRefusedError)", False)


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", sorted(Event))
def test_every_event_has_plain_words_in_both_languages(event: Event) -> None:
    zh = words.message("0", [Told("front", event, 1, T, T)], "自习室", "zh", ZONE)
    en = words.message("0", [Told("front", event, 1, T, T)], "Room", "en", ZONE)
    assert any("\u4e00" <= c <= "\u9fff" for c in "".join(zh.lines))
    assert en.text.replace("·", "").isascii()
    both = words.message("0", [Told("front", event, 1, T, T)], "Room", "both", ZONE)
    assert both.lines == (*zh.lines, *en.lines)


@pytest.mark.parametrize("event", sorted(LASTING))
@pytest.mark.parametrize("count", [0, 3])
def test_what_is_over_is_said_to_be_and_asks_for_nothing(event: Event, count: int) -> None:
    told = Told("front", event, count, T - 600, T - 60, T)
    zh, en = (words.message("0", [told], "Room", language, ZONE) for language in ("zh", "en"))
    for said, which, short in ((zh, 0, "（结束）"), (en, 1, "(over)")):
        assert short in said.title
        first, second = said.lines[0].splitlines()
        assert ("3" in first) == (count == 3)
        assert "11-24 10:00" in second
        assert words.SHORT[event][which] in second
        assert words.LONG[event][which] not in said.text


def test_a_storm_is_one_line_with_its_count() -> None:
    assert MESSAGE.lines[3].splitlines()[0] == "front · 57 times, 11-24 09:56 to 10:00"
    assert MESSAGE.lines[2].splitlines()[0] == "front · 11-24 09:56 至 10:00，共 57 次"
    assert MESSAGE.lines[1].splitlines()[0] == "front · 11-24 10:00"
