"""What a thief with a volunteer's phone, or with a link to send, gets from the committee's pages: little."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, committee
from sqlalchemy import update
from stage import form_token

from roomserver.committee.office import Account
from roomserver.committee.roles import Role
from roomserver.residents import persons, reasons
from roomserver.web import limits

EVIL = "<img src=x onerror=alert(1)>\"'{{7*7}}"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Committee]:
    """A room whose member 0427 has a name that is an attack."""
    with committee(tmp_path) as made:
        vault = made.opened.vault
        with made.opened.database.write() as session:
            persons.enter(session, vault, "0427", persons.details("王小明", "13800138000"), made.now)
            reasons.give(session, vault, "0427", EVIL, made.now)
        yield made


@pytest.mark.parametrize("what", ["reveal", "link"])
def test_who_takes_everybodys_name_or_link_is_stopped_after_an_evenings_work(
    room: Committee, what: str
) -> None:
    browser = room.of(Role.COMMITTEE)
    token = form_token(browser.get("/committee/members/0427").text)
    path = f"/committee/members/0427/{what}"
    answers = [
        browser.post(path, headers={"X-Form-Token": token}).status_code
        for _ in range(limits.GIVEN_OUT.times + 1)
    ]
    assert answers == [200] * limits.GIVEN_OUT.times + [429]
    printed = browser.post("/committee/paper", data={"number": "0427"}, headers={"X-Form-Token": token})
    assert printed.status_code == 429
    assert len(room.acts("0427")) == limits.GIVEN_OUT.times  # and each of them is on record
    assert room.of(Role.ADMIN).submit("/committee/members/0427", {}, path).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/committee", "///evil.example", "/committee//evil.example"])
def test_no_address_makes_a_page_of_ours_lead_elsewhere(room: Committee, path: str) -> None:
    answer = room.stranger().get(f"{room.stage.url}{path}")
    links = re.findall(r'(?:href|action|src)="([^"]*)"', answer.text)
    assert [link for link in links if not re.match(r"/(?!/)|#|data:", link)] == []
    assert links != [] or answer.status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        f"members?number={EVIL}",
        "members/0427",
        f"rows?type={EVIL}&member={EVIL}&door={EVIL}&day={EVIL}",
        f"paper?number={EVIL[:20]}",
        f"use?week={EVIL[:8]}",
    ],
)
def test_what_a_thief_wrote_is_text_and_nothing_else(room: Committee, path: str) -> None:
    answer = room.of(Role.ADMIN).get(f"/committee/{path}")
    assert "<img" not in answer.text
    assert "49" not in re.findall(r"'(\d+)", answer.text)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_reason_a_rule_and_a_command_are_text_too(room: Committee) -> None:
    browser = room.of(Role.ADMIN)
    given = {"until": "2026-12-01T08:00", "reason": EVIL}
    browser.submit("/committee/members/0427", given, "/committee/members/0427/suspend")
    faulty = browser.submit(
        "/committee/rules", {"mon": EVIL, "note": EVIL, "holidays": EVIL, "capacity": EVIL}
    )
    assert faulty.status_code == 422
    page = browser.get("/committee/members/0427").text
    assert "&lt;img" in page
    for text in (page, faulty.text, browser.get("/committee/acts").text, room.phone().get("/code").text):
        assert "<img" not in text


def test_a_table_has_no_formulas_and_its_name_is_ours(room: Committee) -> None:
    answer = room.of(Role.DUTY).get("/committee/use.csv", params={"door": "=1+1", "week": "x\r\nA: b"})
    assert re.fullmatch(r'attachment; filename="use-\d{4}-W\d\d\.csv"', answer.headers["Content-Disposition"])
    for line in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))):
        assert not [cell for cell in line if cell[:1] in ("=", "+", "-", "@", "\t")]


def test_the_live_board_is_for_whoever_is_signed_in_alone(room: Committee) -> None:
    assert room.stranger().get("/committee/live", headers={"Accept": "*/*"}).status_code == 401
    assert room.phone().get("/committee/live", headers={"Accept": "*/*"}).status_code == 401
    disabled = room.of(Role.ADMIN)
    with room.opened.database.write() as session:
        session.execute(update(Account).values(disabled_at=room.now))
    assert disabled.get("/committee/live", headers={"Accept": "*/*"}).status_code == 401


def test_a_session_that_was_planted_is_worth_nothing_after_signing_in(room: Committee) -> None:
    victim = room.stranger()
    victim.cookies.set("committee", "planted-by-a-thief", domain="127.0.0.1", path="/")
    fields = {"name": "the-duty", "password": "purple kettle on the moon", "code": room.code()}
    assert victim.submit("/committee/sign-in", fields).status_code == 303
    thief = room.stage.browser({"committee": "planted-by-a-thief"})
    assert thief.get("/committee/me").status_code == 401
