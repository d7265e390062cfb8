"""Each route of the committee's pages and each role, as an attacker would try them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from committee import Committee, committee
from fastapi import APIRouter
from fastapi.routing import APIRoute
from stage import Browser, form_token

from roomserver.committee.roles import MAY, Right, Role
from roomserver.pages.committee import live, routers
from roomserver.web.sessions import COMMITTEE_PATH

FILLED = {"{number}": "0428", "{id}": "1", "{door}": "front", "{token}": "x" * 32}
ROUTES = [
    (method, route.path, routers.rights(route)[0].right)
    for router in routers.ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
NAMES = [f"{method} {path}" for method, path, _ in ROUTES]
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Committee]:
    """A room with an account of each role, and a member to do things to."""
    with pytest.MonkeyPatch.context() as patch, committee(tmp_path_factory.mktemp("roles")) as made:
        patch.setattr(live, "MOST_SECONDS", 0.1)  # else the stream would go on
        patch.setattr(live, "QUIET_SECONDS", 0.1)
        made.moves_in("0428")
        yield made


def call(browser: Browser, method: str, path: str, token: str | None) -> httpx.Response:
    """What a page of ours would send, or (without a token) another site."""
    for place, value in FILLED.items():
        path = path.replace(place, value)
    if method == "GET":
        return browser.get(path, headers={"Accept": "*/*"})
    given = {} if token is None else {"X-Form-Token": token}
    return browser.post(path, headers={"Accept": "*/*", **given})


def test_there_are_routes_to_try() -> None:
    assert len(ROUTES) > 10


@pytest.mark.parametrize("method, path, right", ROUTES, ids=NAMES)
def test_a_role_may_what_the_table_says_and_nothing_else(
    room: Committee, method: str, path: str, right: Right
) -> None:
    for role in Role:
        browser = room.of(role)
        answer = call(browser, method, path, form_token(browser.get("/committee/me").text))
        assert (answer.status_code in REFUSED) == (role not in MAY[right]), (role, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.parametrize("method, path, right", ROUTES, ids=NAMES)
def test_a_stranger_and_a_resident_may_nothing(room: Committee, method: str, path: str, right: Right) -> None:
    assert right in MAY
    for browser in (room.stranger(), room.phone()):
        token = form_token(browser.get("/committee/sign-in").text)
        assert call(browser, method, path, token).status_code == 401


@pytest.mark.parametrize(
    "method, path, right",
    [one for one in ROUTES if one[0] != "GET"],
    ids=[name for name in NAMES if not name.startswith("GET")],
)
def test_what_another_site_sends_is_refused_whoever_is_signed_in(
    room: Committee, method: str, path: str, right: Right
) -> None:
    browser = room.of(Role.ADMIN)
    own = form_token(browser.get("/committee/me").text)
    assert call(browser, method, path, None).status_code == 403, right
    assert call(browser, method, path, "0" * 64).status_code == 403
    resident = form_token(room.phone().get("/me").text)
    assert call(browser, method, path, resident).status_code == 403
    foreign = room.of(Role.ADMIN)
    foreign.headers["Origin"] = "https://elsewhere.example"
    assert call(foreign, method, path, own).status_code == 403


def test_a_token_of_a_form_from_before_signing_in_is_worth_nothing_after(room: Committee) -> None:
    browser = room.stranger()
    token = form_token(browser.get("/committee/sign-in").text)
    browser.cookies.set("committee", room.badge(Role.ADMIN), domain="127.0.0.1", path="/")
    assert call(browser, "POST", "/committee/members/{number}/revoke", token).status_code == 403


def test_a_route_without_a_right_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter(prefix=COMMITTEE_PATH)
    router.get("/open")(lambda: None)
    monkeypatch.setattr(routers, "ROUTERS", (router,))
    with pytest.raises(TypeError, match="names one right"):
        list(routers.all_checked())


def test_every_right_is_somebodys_and_the_administrator_has_all() -> None:
    assert set(MAY) == set(Right)
    assert all(Role.ADMIN in roles for roles in MAY.values())


@pytest.mark.parametrize("right", [Right.MEMBERS, Right.REVEAL, Right.APPLICATIONS, Right.RULES, Right.MODE])
def test_who_is_on_duty_changes_nothing_for_good(right: Right) -> None:
    assert Role.DUTY not in MAY[right]


def test_the_navigation_leads_nowhere_one_may_not_go(room: Committee) -> None:
    for role in Role:
        browser = room.of(role)
        text = browser.get("/committee").text
        strip = text[text.index('class="strip"') : text.index("</nav>", text.index('class="strip"'))]
        links = [part.split('"')[0] for part in strip.split('href="')[1:]]
        assert links
        assert {browser.get(link).status_code for link in links} == {200}
