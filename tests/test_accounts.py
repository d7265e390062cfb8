"""The committee's accounts: made at the shell, set up with a link, signed in to; as an attacker would try."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyotp
import pytest
from committee import PASSWORD, Committee, committee, hashed
from rooms import room_in
from sqlalchemy import select
from sqlalchemy.orm import Session
from stage import Browser, T, form_token, overtaken
from stopwatch import difference

from roomserver.cli import main, parser
from roomserver.committee import accounts, acts, volunteers
from roomserver.committee.accounts import AccountError, LastAdminError, WeakPasswordError
from roomserver.committee.office import AccountSession
from roomserver.committee.roles import Role
from roomserver.residents import once
from roomserver.residents.once import Purpose
from roomserver.web import limits
from roomserver.web.limits import Limit

SIGN_IN = "/committee/sign-in"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room with an account of each role."""
    with committee(tmp_path) as made:
        yield made


def sign_in(browser: Browser, name: str, password: str, code: str) -> int:
    """Try, and what is answered."""
    return browser.submit(SIGN_IN, {"name": name, "password": password, "code": code}).status_code


def link(room: Committee, name: str) -> str:
    """A new link of an account that lost its ways in."""
    with room.opened.database.write() as session:
        return accounts.reset(session, name, room.now)


# -- signing in -----------------------------------------------------------------------------------


def test_name_password_and_code_together_sign_in(room: Committee) -> None:
    browser = room.stranger()
    assert browser.get("/committee").headers["location"] == SIGN_IN
    assert sign_in(browser, "the-duty", PASSWORD, room.code()) == 303
    assert browser.get("/committee").status_code == 200
    assert room.acts() == ["signed-in"]


@pytest.mark.parametrize(
    "name, password, code",
    [
        ("the-duty", PASSWORD, "000000"),
        ("the-duty", PASSWORD, ""),
        ("the-duty", "wrong", None),
        ("the-duty", "", None),
        ("nobody", PASSWORD, None),
        ("", "", ""),
    ],
    ids=["wrong code", "no code", "wrong password", "no password", "unknown", "nothing"],
)
def test_anything_less_does_not_and_the_answer_is_the_same(
    room: Committee, name: str, password: str, code: str | None
) -> None:
    browser = room.stranger()
    fields = {"name": name, "password": password, "code": room.code() if code is None else code}
    answer = browser.submit(SIGN_IN, fields)
    assert answer.status_code == 422
    assert "committee" not in answer.cookies
    reference = room.stranger().submit(SIGN_IN, {"name": "x", "password": "x", "code": "x"}).text
    without = [re.sub(r'value="[^"]*"', "", text) for text in (answer.text, reference)]
    assert without[0] == without[1]


def test_a_code_is_good_once(room: Committee) -> None:
    """Somebody who looks over the shoulder is too late."""
    assert sign_in(room.stranger(), "the-duty", PASSWORD, room.code()) == 303
    assert sign_in(room.stranger(), "the-duty", PASSWORD, room.code()) == 422
    assert sign_in(room.stranger(), "the-duty", PASSWORD, room.code(-30)) == 422
    assert sign_in(room.stranger(), "the-duty", PASSWORD, room.code(30)) == 303


def test_a_name_is_the_same_however_it_is_typed(room: Committee) -> None:
    assert sign_in(room.stranger(), " The-DUTY ", PASSWORD, f"{room.code()[:3]} {room.code()[3:]}") == 303


def test_a_disabled_account_is_out_at_once_and_stays_out(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    with room.opened.database.write() as session:
        accounts.disable(session, "the-duty", room.now)
    assert browser.get("/committee").status_code == 303
    assert sign_in(room.stranger(), "the-duty", PASSWORD, room.code()) == 422


def test_an_unknown_account_takes_as_long_as_a_known_one(
    room: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMMITTEE", Limit("committee", 1000, 1))

    def tried(name: str) -> None:
        kept = accounts.opened_by(room.opened, name, "wrong")
        with room.opened.database.write() as session:
            found = accounts.take_sign_in(session, room.opened.vault, name, kept, "000000", room.now)
        assert found is None

    assert difference(partial(tried, "the-duty"), partial(tried, "nobody"), near=0.25) <= 0.25


def test_tries_are_counted_by_account_whether_it_exists_or_not(room: Committee) -> None:
    for name in ("the-duty", "nobody"):
        answers = [sign_in(room.stranger(), name, "wrong", "000000") for _ in range(limits.COMMITTEE.times)]
        assert set(answers) == {422}
        assert sign_in(room.stranger(), name, PASSWORD, room.code()) == 429
    assert sign_in(room.stranger(), "the-admin", PASSWORD, room.code()) == 303


def test_tries_are_counted_by_address(room: Committee, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN", Limit("sign-in", 3, 600))
    answers = [sign_in(room.stranger(), f"nobody{n}", "wrong", "000000") for n in range(4)]
    assert answers == [422, 422, 422, 429]


# -- sessions -------------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_not_used_and_after_a_week(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    room.wait(volunteers.IDLE_SECONDS - 1)
    assert browser.get("/committee").status_code == 200
    answers = []
    for _ in range(14):
        room.wait(volunteers.IDLE_SECONDS - 1)
        answers.append(browser.get("/committee").status_code)
    assert answers == [200] * 13 + [303]


def test_the_cookie_is_kept_from_scripts_and_gone_with_the_browser(room: Committee) -> None:
    browser = room.stranger()
    fields = {"name": "the-duty", "password": PASSWORD, "code": room.code()}
    (cookie,) = [
        c
        for c in browser.submit(SIGN_IN, fields).headers.get_list("set-cookie")
        if c.startswith("committee=")
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" not in cookie


def test_a_session_of_a_resident_is_none_of_the_committee_and_the_other_way_round(room: Committee) -> None:
    token = room.moves_in("0428")
    thief = room.stage.browser({"committee": token, "session": room.badge(Role.ADMIN)})
    assert thief.get("/committee").status_code == 401
    assert thief.get("/code").status_code == 401


def test_signing_out_kills_the_token(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    token = browser.cookies["committee"]
    assert browser.submit("/committee/me", to="/committee/me/sign-out").status_code == 303
    assert room.stage.browser({"committee": token}).get("/committee").status_code == 401


def test_a_planted_session_is_worth_nothing_after_signing_in(room: Committee) -> None:
    planted = room.badge(Role.DUTY)
    victim = room.stage.browser({"committee": planted})
    with room.opened.database.write() as session:
        token = accounts.reset(session, "the-admin", room.now)
    victim.submit(f"/committee/in/{token}")
    assert victim.cookies["committee"] != planted
    assert room.stage.browser({"committee": planted}).get("/committee").status_code == 401


# -- the link, and setting up ---------------------------------------------------------------------


def test_a_link_is_good_once_and_its_page_says_nothing(room: Committee) -> None:
    token = link(room, "the-duty")
    pages = [room.stranger().get(f"/committee/in/{one}").text for one in (token, "x" * 32)]
    without = [re.sub(r'value="[0-9a-f]{64}"|/in/[\w-]+', "", text) for text in pages]
    assert without[0] == without[1]
    assert room.stranger().submit(f"/committee/in/{token}").status_code == 303
    assert room.stranger().submit(f"/committee/in/{token}").status_code == 410


def test_a_link_ends_after_a_day_and_with_a_newer_one(room: Committee) -> None:
    old, new = link(room, "the-duty"), link(room, "the-duty")
    assert room.stranger().submit(f"/committee/in/{old}").status_code == 410
    room.wait(once.LIFE_SECONDS[Purpose.ACCOUNT_LINK])
    assert room.stranger().submit(f"/committee/in/{new}").status_code == 410


def test_a_residents_link_opens_no_account(room: Committee) -> None:
    with room.opened.database.write() as session:
        token = once.make(session, Purpose.LINK, room.now, member="0427")
    assert room.stranger().submit(f"/committee/in/{token}").status_code == 410


def test_whoever_comes_by_a_link_sets_up_a_way_in_before_all_else(room: Committee) -> None:
    browser = room.stranger()
    browser.submit(f"/committee/in/{link(room, 'the-duty')}")
    assert browser.get("/committee").headers["location"] == "/committee/me"
    text = browser.get("/committee/me").text
    secret = re.search(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", text)
    sealed = re.search(r'name="secret" value="([^"]+)"', text)
    assert secret
    assert sealed
    key = secret[0].replace(" ", "")
    code = pyotp.TOTP(key).at(room.now)
    weak = {"secret": sealed[1], "password": "short", "code": code}
    assert browser.submit("/committee/me", weak, "/committee/me/password").status_code == 422
    wrong = weak | {"password": PASSWORD, "code": "000000"}
    assert browser.submit("/committee/me", wrong, "/committee/me/password").status_code == 422
    right = wrong | {"code": code}
    assert browser.submit("/committee/me", right, "/committee/me/password").status_code == 303
    assert browser.get("/committee").status_code == 200
    assert sign_in(room.stranger(), "the-duty", PASSWORD, code) == 422  # it was used to set up
    room.wait(30)
    assert sign_in(room.stranger(), "the-duty", PASSWORD, pyotp.TOTP(key).at(room.now)) == 303


def test_a_secret_of_anothers_page_is_refused(room: Committee) -> None:
    sealed = room.opened.vault.seal_text(f"999 {room.now} {room.secret}").decode()
    for secret in (sealed, "nonsense", ""):
        fields = {"secret": secret, "password": PASSWORD, "code": room.code()}
        browser = room.of(Role.DUTY)
        assert browser.submit("/committee/me", fields, "/committee/me/password").status_code == 422


def test_ways_in_are_changed_only_just_after_signing_in(room: Committee) -> None:
    """Whoever finds a phone that is signed in does not take the account over."""
    browser = room.of(Role.DUTY)
    room.wait(volunteers.FRESH_SECONDS)
    assert "data-passkey" not in browser.get("/committee/me").text
    answer = browser.submit("/committee/me", {"password": PASSWORD}, "/committee/me/password")
    assert answer.status_code == 403
    token = form_token(browser.get("/committee/me").text)
    answer = browser.post("/committee/passkey/new/options", json={}, headers={"X-Form-Token": token})
    assert answer.status_code == 403


def test_a_new_password_signs_the_other_browsers_out(room: Committee) -> None:
    thief, browser = room.of(Role.DUTY), room.of(Role.DUTY)
    with room.opened.database.read() as session:
        account = accounts.get(session, "the-duty").id
    secret = accounts.new_secret()
    sealed = room.opened.vault.seal_text(f"{account} {room.now} {secret}").decode()
    fields = {"secret": sealed, "password": "another long one", "code": pyotp.TOTP(secret).at(room.now)}
    assert browser.submit("/committee/me", fields, "/committee/me/password").status_code == 303
    assert thief.get("/committee").status_code == 303
    assert browser.get("/committee").status_code == 200


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "the-Duty rules the door", "x" * 201])
def test_a_weak_password_is_none(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        accounts.hashed("the-duty", password)


def test_the_database_has_neither_password_nor_secret(room: Committee) -> None:
    with room.opened.database.read() as session:
        account = accounts.get(session, "the-duty")
        assert account.password is not None
        assert account.password.startswith("$argon2id$")
        assert account.totp is not None
        assert room.secret.encode() not in account.totp
    room.badge(Role.DUTY)
    with room.opened.database.read() as session:
        (found,) = session.scalars(select(AccountSession))
    assert room.stage.browser({"committee": found.hash}).get("/committee").status_code == 401


# -- at the shell ---------------------------------------------------------------------------------


def test_the_administrator_adds_lists_resets_and_disables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with room_in(tmp_path) as room:

        def said(*words: str) -> str:
            capsys.readouterr()
            assert main(["-c", str(tmp_path / "roomserver.toml"), "account", *words]) == 0
            return capsys.readouterr().out

        assert "no account yet" in said("list")
        assert "/committee/in/" in said("add", "王阿姨", "--role", "admin")
        assert "link not used yet" in said("list")
        assert "/committee/in/" in said("reset", "王阿姨")
        with room.opened.database.write() as session:
            made, _ = accounts.add(session, "li", Role.ADMIN, T)
            made.password = hashed()
        said("disable", "王阿姨")
        assert "disabled" in said("list")
        assert '"disabled_at": ' in said("list", "--json")
        said("role", "王阿姨", "duty")
        with room.opened.database.read() as session:
            assert {a.name: a.role for a in accounts.listed(session)} == {"li": "admin", "王阿姨": "duty"}
            done = [(act.what, act.who, act.detail) for act in acts.listed(session, most=1)]
        assert done == [("account-role", None, {"account": "王阿姨", "role": "duty"})]


def typed(room: Committee, *words: str) -> None:
    """A command at the shell."""
    parsed = parser().parse_args(["account", *words])
    parsed.work(room.opened, parsed)


@pytest.mark.parametrize("words", ["disable the-admin", "role the-admin committee"])
def test_the_last_administrator_stays(room: Committee, words: str) -> None:
    """Another counts who can sign in: not one whose link waits, and not one who is disabled."""
    admin = room.of(Role.ADMIN)
    with room.opened.database.write() as session:
        accounts.add(session, "waits", Role.ADMIN, room.now)
        gone, _ = accounts.add(session, "gone", Role.ADMIN, room.now)
        gone.password, gone.disabled_at = hashed(), room.now
    with pytest.raises(LastAdminError, match="roomserver account add NAME --role admin"):
        typed(room, *words.split())
    assert admin.get("/committee/accounts").status_code == 200
    assert room.acts() == []
    with room.opened.database.write() as session:
        accounts.get(session, "waits").password = hashed()
    typed(room, *words.split())
    assert admin.get("/committee/accounts").status_code == 303
    assert len(room.acts()) == 1


def test_the_last_administrator_who_lost_his_ways_in_is_reset_at_the_shell(room: Committee) -> None:
    typed(room, "reset", "the-admin")
    typed(room, "reset", "the-admin")  # the link went astray
    with pytest.raises(LastAdminError):  # though it cannot sign in just now
        typed(room, "disable", "the-admin")


def test_another_role_signs_out_and_leaves_the_ways_in(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    with room.opened.database.write() as session:
        token = accounts.add(session, "new", Role.DUTY, room.now)[1]
        for name in ("the-duty", "new"):
            accounts.set_role(session, name, Role.COMMITTEE)
        with pytest.raises(AccountError, match="already"):
            accounts.set_role(session, "the-duty", Role.COMMITTEE)
    assert browser.get("/committee").headers["location"] == SIGN_IN
    again = room.stranger()
    assert sign_in(again, "the-duty", PASSWORD, room.code()) == 303
    assert again.get("/committee/acts").status_code == 200  # which one on duty may not see
    assert room.stranger().submit(f"/committee/in/{token}").status_code == 303


def test_what_cannot_be_done_says_what_to_do(room: Committee) -> None:
    with room.opened.database.write() as session:
        for name in ("the-duty", "a b", "", "x" * 33):
            with pytest.raises(AccountError, match="account"):
                accounts.add(session, name, Role.DUTY, T)
        with pytest.raises(AccountError, match="account list"):
            accounts.reset(session, "nobody", T)


# -- what is under way ----------------------------------------------------------------------------

SHUT: dict[str, Callable[[Session, str, int], object]] = {
    "reset": accounts.reset,
    "disabled": accounts.disable,
}


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("how", SHUT)
def test_a_sign_in_under_way_does_not_outlive_a_reset(room: Committee, how: str, before: int) -> None:
    browser = room.stranger()
    with overtaken(room.opened.database, lambda session: SHUT[how](session, "the-duty", room.now), before):
        sign_in(browser, "the-duty", PASSWORD, room.code())
    assert browser.get("/committee").headers["location"] == SIGN_IN
    with room.opened.database.read() as session:
        assert session.scalars(select(AccountSession)).all() == []


def test_a_new_password_under_way_does_not_undo_a_reset(room: Committee) -> None:
    browser = room.of(Role.DUTY)
    text = browser.get("/committee/me").text
    key = re.search(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", text)
    sealed = re.search(r'name="secret" value="([^"]+)"', text)
    assert key
    assert sealed
    code = pyotp.TOTP(key[0].replace(" ", "")).at(room.now)
    fields = {"form_token": form_token(text), "secret": sealed[1], "password": PASSWORD[::-1], "code": code}
    with overtaken(room.opened.database, lambda session: accounts.reset(session, "the-duty", room.now)):
        answer = browser.post("/committee/me/password", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN)
    with room.opened.database.read() as session:
        account = accounts.get(session, "the-duty")
        assert (account.password, account.totp) == (None, None)
    assert room.acts() == []
