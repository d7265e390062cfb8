"""Joining: what a resident fills in, what becomes of it, and what nobody can find out by trying."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from threading import Barrier

import databases
import httpx
import pytest
from stage import Browser, Stage, T, form_token, stage
from stopwatch import difference

from contract.codes import Kind
from roomserver.identity import Verdict
from roomserver.identity.gb11643 import Fault, NumberError, check_character, read
from roomserver.pages.words import CATALOGUE
from roomserver.residents import joining, members, persons
from roomserver.residents.joining import Applicant, JoiningError, Sent
from roomserver.settings import Identity, Settings
from roomserver.storage.register import Application, Consent, Person, WebSession
from roomserver.storage.vault import new_token

TODAY = date(2026, 11, 24)
NUMBER, OTHER = "11010519491231002X", "440524188001010014"
PASSPORT = "E12345678"


def born(year: int, month: int = 1, day: int = 1, order: int = 1) -> str:
    """A right number of somebody born then."""
    body = f"310110{year:04}{month:02}{day:02}{order:03}"
    return body + check_character(body)


def form(**changes: str) -> dict[str, str]:
    """The form, filled in well; a field given as empty is left out."""
    fields = {
        "name": "王小明",
        "phone": "138 0013 8000",
        "identity": NUMBER,
        "membership": "true",
        "identity_check": "true",
    }
    return {name: value for name, value in (fields | changes).items() if value}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stage]:
    """A room whose committee looks at the papers."""
    with stage(tmp_path) as made:
        yield made


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Stage]:
    """A room that believes everybody."""
    with stage(tmp_path, replace(Settings(), identity=Identity(provider="demo"))) as made:
        yield made


def apply(room: Stage, browser: Browser | None = None, **changes: str) -> httpx.Response:
    """Send the form."""
    return (browser or room.browser()).submit("/join?again=1", form(**changes), "/join")


def rows(room: Stage, table: type[Application | Person | Consent | WebSession]) -> int:
    """How many there are."""
    with room.opened.database.read() as session:
        return session.query(table).count()


# -- the number (GB 11643) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [NUMBER, OTHER, "11010519491231002x", " 110105 19491231 002X", "１１０１０５19491231002Ｘ"]
)
def test_a_right_number_is_right_however_it_is_typed(text: str) -> None:
    assert read(text, TODAY).digits in (NUMBER, OTHER)
    assert read(text, TODAY).mainland


@pytest.mark.parametrize(
    "text, fault",
    [
        ("11204416541220243X", Fault.DATE),  # a provider's sample: of 1654, and with a wrong check character
        ("110105194912310021", Fault.CHECK),
        ("11010519490230002X", Fault.DATE),
        ("110105204912310020", Fault.DATE),
        ("99010519491231002X", Fault.FORM),
        ("11010519491231002", Fault.FORM),
        ("1101051949123100211", Fault.FORM),
        ("110105491231002", Fault.FORM),
        ("", Fault.FORM),
        ("王小明", Fault.FORM),
        ("٣" * 18, Fault.FORM),
        ("1" * 10_000, Fault.FORM),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(text: str, fault: Fault) -> None:
    with pytest.raises(NumberError) as caught:
        read(text, TODAY)
    assert caught.value.fault is fault
    assert not text or text not in str(caught.value)


def test_one_slip_in_any_place_is_noticed() -> None:
    """MOD 11-2 finds every single wrong digit; the date and the province find some before it does."""
    for place in range(17):
        for digit in "0123456789":
            slip = NUMBER[:place] + digit + NUMBER[place + 1 :]
            if slip != NUMBER:
                with pytest.raises(NumberError):
                    read(slip, TODAY)


@pytest.mark.parametrize("text", [PASSPORT, "H1234567890", "c 1234567"])
def test_another_paper_is_for_people_to_look_at(text: str) -> None:
    assert not read(text, TODAY).mainland


@pytest.mark.parametrize("birthday, age", [(date(2012, 11, 24), 14), (date(2012, 11, 25), 13)])
def test_an_age_is_in_full_years(birthday: date, age: int) -> None:
    number = read(born(birthday.year, birthday.month, birthday.day), TODAY)
    assert number.age(TODAY) == age


def test_a_number_is_in_no_repr() -> None:
    assert NUMBER not in repr(read(NUMBER, TODAY))


# -- the form -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"name": ""}, "join.fault.name"),
        ({"name": "12345"}, "join.fault.name"),
        ({"name": "王\u200b\u202e"}, "join.fault.name"),
        ({"name": "王" * 61}, "join.fault.name"),
        ({"phone": "12345"}, "join.fault.phone"),
        ({"phone": "call me"}, "join.fault.phone"),
        ({"identity": "110105194912310021"}, "join.fault.check"),
        ({"identity": "11010519490230002X"}, "join.fault.date"),
        ({"identity": "123"}, "join.fault.form"),
        ({"membership": ""}, "join.fault.consent"),
        ({"identity_check": ""}, "join.fault.consent"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    room: Stage, changes: dict[str, str], fault: str
) -> None:
    answer = apply(room, **changes)
    assert answer.status_code == 422
    assert answer.text.count(CATALOGUE[fault][0]) == 1
    kept = [value for name, value in form(**changes).items() if name in ("phone", "identity")]
    assert all(f'value="{value}"' in answer.text for value in kept)
    assert rows(room, Application) == 0


def test_all_that_is_wrong_is_told_at_once(room: Stage) -> None:
    answer = apply(room, name="", phone="", identity="", membership="", identity_check="")
    assert len(re.findall('class="fault"', answer.text)) == 5


def test_somebody_too_young_is_told_the_age_and_not_stored(room: Stage) -> None:
    answer = apply(room, identity=born(2012, 11, 25))
    assert "14 岁" in answer.text
    assert apply(room, identity=born(2012, 11, 24)).status_code == 303
    assert rows(room, Application) == 1


def test_what_is_typed_cannot_become_markup(room: Stage) -> None:
    answer = apply(room, name='"><script>alert(1)</script>', phone="")
    assert "<script>alert" not in answer.text


# -- the committee's way --------------------------------------------------------------------------


def test_an_application_waits_until_a_volunteer_has_seen_the_paper(room: Stage) -> None:
    browser = room.browser()
    assert apply(room, browser).headers["location"] == "/join"
    assert CATALOGUE["join.waiting"][0] in browser.get("/join").text
    assert browser.get("/me").status_code == 401
    with room.opened.database.write() as session:
        (waits,) = joining.waiting(session, room.opened)
        assert (waits.who.name, waits.who.phone, waits.reason) == ("王小明", "13800138000", "see-paper")
        record = joining.approve(session, room.opened, waits.id, Kind.PHONE, T)
    assert browser.get("/join").headers["location"] == "/code"
    assert f">{record.member}<" in browser.get("/me").text
    assert rows(room, Application) == 0


def test_the_two_consents_are_recorded_with_their_version(room: Stage) -> None:
    apply(room)
    with room.opened.database.write() as session:
        record = joining.approve(session, room.opened, 1, Kind.PHONE, T)
        found = [(c.member, c.application_id, c.subject, c.version, c.at) for c in session.query(Consent)]
    version = joining.CONSENT_VERSION
    assert found == [
        (record.member, None, "membership", version, T),
        (record.member, None, "identity-check", version, T),
    ]


def test_a_declined_application_loses_the_name_at_once_and_is_gone_after_a_month(room: Stage) -> None:
    browser = room.browser()
    apply(room, browser)
    with room.opened.database.write() as session:
        joining.decline(session, 1, T)
        found = session.get_one(Application, 1)
        assert (found.name, found.phone, found.identity_tag) == (None, None, None)
    assert CATALOGUE["join.declined"][0] in browser.get("/join").text
    assert rows(room, Consent) == 0
    with room.opened.database.write() as session:
        joining.sweep(session, T + joining.DECLINED_SECONDS - 1)
        assert session.query(Application).count() == 1
        joining.sweep(session, T + joining.DECLINED_SECONDS)
        assert session.query(Application).count() == 0
    assert "<form" in browser.get("/join").text


def test_an_application_is_decided_once(room: Stage) -> None:
    apply(room)
    with room.opened.database.write() as session:
        joining.approve(session, room.opened, 1, Kind.PHONE, T)
    for decide in (
        lambda session: joining.approve(session, room.opened, 1, Kind.PHONE, T),
        lambda session: joining.decline(session, 1, T),
    ):
        with pytest.raises(JoiningError), room.opened.database.write() as session:
            decide(session)


def test_a_second_registration_is_shown_to_the_committee_and_cannot_be_approved(room: Stage) -> None:
    apply(room)
    apply(room, name="Wang Xiaoming", identity=" 11010519491231002x")
    with room.opened.database.write() as session:
        one, other = joining.waiting(session, room.opened)
        assert (one.again, other.again) == (None, one.id)
        member = joining.approve(session, room.opened, one.id, Kind.PHONE, T).member
        (other,) = joining.waiting(session, room.opened)
        assert other.member == member
        with pytest.raises(JoiningError, match=f"member link {member}"):
            joining.approve(session, room.opened, other.id, Kind.PHONE, T)


def test_who_applies_again_replaces_what_he_sent_before(room: Stage) -> None:
    browser = room.browser()
    apply(room, browser)
    apply(room, browser, name="王大明")
    with room.opened.database.read() as session:
        assert [one.who.name for one in joining.waiting(session, room.opened)] == ["王大明"]


def test_an_application_can_be_withdrawn(room: Stage) -> None:
    browser = room.browser()
    apply(room, browser)
    browser.submit("/join", to="/join/withdraw")
    assert rows(room, Application) == rows(room, Consent) == 0


# -- at once --------------------------------------------------------------------------------------


def test_who_is_known_to_be_right_is_a_member_at_once(demo: Stage) -> None:
    browser = demo.browser()
    assert apply(demo, browser).headers["location"] == "/code"
    assert "王小明" in browser.get("/me").text
    with demo.opened.database.read() as session:
        (person,) = session.query(Person)
        assert members.get(session, person.number).kind is Kind.PHONE
    assert browser.get("/join").headers["location"] == "/code"


def test_a_member_who_sends_the_form_again_stays_who_he_is(demo: Stage) -> None:
    browser = demo.browser()
    token = re.search(r'value="([0-9a-f]{64})"', browser.get("/join").text)
    assert token
    apply(demo, browser)
    again = browser.post("/join", data={"form_token": token[1], **form(identity=OTHER)})
    assert again.status_code == 403
    assert rows(demo, Person) == 1


@pytest.mark.parametrize(
    "changes, verdict",
    [({"name": "王停机"}, Verdict.DOWN), ({"identity": PASSPORT}, Verdict.SEE_PAPER)],
)
def test_who_cannot_be_checked_now_waits_and_is_told_why(
    demo: Stage, changes: dict[str, str], verdict: Verdict
) -> None:
    browser = demo.browser()
    apply(demo, browser, **changes)
    assert CATALOGUE[f"join.waiting.{verdict}"][0] in browser.get("/join").text
    assert rows(demo, Person) == 0


def test_a_name_that_does_not_belong_to_the_number_is_told_and_not_stored(demo: Stage) -> None:
    answer = apply(demo, name="王不符")
    assert CATALOGUE["join.fault.wrong"][0] in answer.text
    assert rows(demo, Application) == rows(demo, Person) == 0


def test_a_second_registration_waits_like_everybody_whom_the_register_does_not_have(demo: Stage) -> None:
    apply(demo)
    thief, stranger = demo.browser(), demo.browser()
    apply(demo, thief)
    apply(demo, stranger, identity=PASSPORT)
    assert scrubbed(thief.get("/join")) == scrubbed(stranger.get("/join"))
    assert rows(demo, Person) == 1


def test_two_registrations_of_one_number_at_once_make_one_member(demo: Stage) -> None:
    browsers = [demo.browser() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda browser: apply(demo, browser), browsers))
    assert sorted(answer.headers["location"] for answer in answers) == ["/code", *["/join"] * 3]
    assert rows(demo, Person) == 1


def test_who_comes_when_no_number_is_free_waits_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    codes = replace(Settings().codes, member_digits=3)
    with stage(tmp_path, replace(Settings(), identity=Identity(provider="demo"), codes=codes)) as room:
        with room.opened.database.write() as session:
            for number in range(1, 1000):
                members.add(session, Kind.PHONE, codes.codes(), T, f"{number:03}")
        browser = room.browser()
        assert apply(room, browser).headers["location"] == "/join"
        assert CATALOGUE["join.waiting.see-paper"][0] in browser.get("/join").text
        assert "Raise member_digits" in caplog.text


def test_the_paid_service_is_asked_only_so_often_a_day(tmp_path: Path) -> None:
    settings = replace(Settings(), identity=Identity(provider="demo", checks_a_day=1))
    with stage(tmp_path, settings) as room:
        assert apply(room).headers["location"] == "/code"
        browser = room.browser()
        apply(room, browser, identity=OTHER)
        assert CATALOGUE["join.waiting.provider-busy"][0] in browser.get("/join").text
        room.now += 86_400
        assert apply(room, browser, identity=OTHER).headers["location"] == "/code"


# -- two taps -------------------------------------------------------------------------------------


class Slow:
    """A provider that knows its answer only when so many have asked; on the way something may happen."""

    def __init__(self, verdict: Verdict, askers: int = 2, meanwhile: Callable[[], object] = bool) -> None:
        self._verdict = verdict
        self._all = Barrier(askers, meanwhile, timeout=60)

    def check(self, _name: str, _number: str) -> Verdict:
        """Wait for the others."""
        self._all.wait()
        return self._verdict


def tapped_twice(room: Stage, browser: Browser, verdict: Verdict) -> Browser:
    """The form is sent twice before either is answered, and the browser with what both answers gave it."""
    room.app.state.provider = Slow(verdict)
    token = form_token(browser.get("/join?again=1").text)
    taps = [room.browser(dict(browser.cookies)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda tap: tap.post("/join", data={"form_token": token, **form()}), taps)
    assert one.status_code == other.status_code == 303
    assert one.headers["location"] == other.headers["location"]
    assert one.cookies["session"] == other.cookies["session"]
    return taps[0]


@pytest.mark.parametrize("provider", ["committee", "demo"])
def test_two_taps_make_one_application_and_the_phone_has_it(tmp_path: Path, provider: str) -> None:
    with stage(tmp_path, replace(Settings(), identity=Identity(provider=provider))) as room:
        browser = tapped_twice(room, room.browser(), Verdict.SEE_PAPER)
        browser = tapped_twice(room, browser, Verdict.SEE_PAPER)  # and once again, as an applicant
        assert CATALOGUE["join.waiting"][0] in browser.get("/join").text
        assert (rows(room, Application), rows(room, WebSession), rows(room, Consent)) == (1, 1, 2)
        with room.opened.database.write() as session:
            (waits,) = joining.waiting(session, room.opened)
            joining.approve(session, room.opened, waits.id, Kind.PHONE, T)
        assert browser.get("/join").headers["location"] == "/code"


def test_two_taps_make_one_member_and_the_phone_is_signed_in(demo: Stage) -> None:
    browser = tapped_twice(demo, demo.browser(), Verdict.RIGHT)
    assert "王小明" in browser.get("/me").text
    assert (rows(demo, Person), rows(demo, Application), rows(demo, WebSession)) == (1, 0, 1)


def test_the_same_number_from_another_browser_is_not_taken_for_a_second_tap(demo: Stage) -> None:
    mine, thief = demo.browser(), demo.browser()
    apply(demo, mine)
    assert apply(demo, thief).headers["location"] == "/join"
    assert thief.cookies["session"] != mine.cookies["session"]
    assert thief.get("/me").status_code == 401


@pytest.mark.parametrize("verdict", [Verdict.RIGHT, Verdict.SEE_PAPER])
def test_who_is_approved_while_he_tries_again_stays_signed_in(demo: Stage, verdict: Verdict) -> None:
    browser = demo.browser()
    apply(demo, browser, name="王停机")

    def approved() -> None:
        with demo.opened.database.write() as session:
            joining.approve(session, demo.opened, 1, Kind.PHONE, T)

    demo.app.state.provider = Slow(verdict, 1, approved)
    assert apply(demo, browser).headers["location"] == "/code"
    assert "王停机" in browser.get("/me").text
    assert (rows(demo, Person), rows(demo, Application), rows(demo, WebSession)) == (1, 0, 1)


# -- what nobody finds out ------------------------------------------------------------------------


def scrubbed(answer: httpx.Response) -> tuple[int, str]:
    """An answer without what is different in every answer."""
    return answer.status_code, re.sub(r"[0-9a-f]{64}", "", answer.text)


def test_nobody_learns_whether_a_number_is_known(room: Stage) -> None:
    """The same answer; and the same work, the slow part of which is the tag that both are given."""
    apply(room)
    with room.opened.database.write() as session:
        joining.approve(session, room.opened, 1, Kind.PHONE, T)
    told = []
    for number in (NUMBER, OTHER):
        browser = room.browser()
        answer = apply(room, browser, identity=number)
        told.append((answer.status_code, answer.headers["location"], scrubbed(browser.get("/join"))))
    assert told[0] == told[1]


def test_known_and_unknown_numbers_take_the_same_time(room: Stage) -> None:
    """A look-up saved would be milliseconds of some forty."""
    apply(room)
    with room.opened.database.write() as session:
        joining.approve(session, room.opened, 1, Kind.PHONE, T)

    def sent(who: Applicant) -> None:
        joining.apply(room.opened, who, lambda *_: Verdict.SEE_PAPER, Sent(new_token()), T)

    known, unknown = (
        partial(sent, joining.applicant(room.opened, "王小明", "13800138000", number, T))
        for number in (NUMBER, OTHER)
    )
    assert difference(known, unknown, near=0.25) <= 0.25


def test_an_identity_number_is_in_no_file(demo: Stage, tmp_path: Path) -> None:
    """Not in the database and not beside it, in any form that can be searched for."""
    apply(demo)
    apply(demo, demo.browser(), identity=OTHER, name="王停机")
    stored = databases.raw(demo.opened.place.folder)
    for secret in (NUMBER, OTHER, "王小明", "13800138000"):
        assert secret.encode() not in stored
        assert secret.encode().hex().encode() not in stored.lower()
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_joining_is_limited_by_address(room: Stage) -> None:
    browser = room.browser()
    codes = [apply(room, browser).status_code for _ in range(31)]
    assert codes == [303] * 30 + [429]


# -- who is who -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed, kept",
    [
        (("  王  小明 ", "138-0013-8000"), ("王 小明", "13800138000")),
        (("阿卜杜拉·买买提", "+86 138 0013 8000"), ("阿卜杜拉·买买提", "+8613800138000")),
        (("O'Neill", "(021) 5555 1234"), ("O'Neill", "02155551234")),
    ],
)
def test_names_and_phones_are_kept_as_people_write_them(
    typed: tuple[str, str], kept: tuple[str, str]
) -> None:
    who = persons.details(*typed)
    assert (who.name, who.phone) == kept
    assert kept[0] not in repr(who)
