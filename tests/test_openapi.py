"""What the OpenAPI allows, and what it does not, sent by Schemathesis: no 5xx, no undocumented answer.

Without a session and with one; each request carries the token of its form, or it would get no further.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import InvalidArgument, Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from stage import Browser, Stage, T, form_token, stage

from contract.codes import Codes, Kind
from roomserver.residents import members, once, persons
from roomserver.residents.once import Purpose
from roomserver.web import limits, sessions
from roomserver.web.limits import Limit
from roomserver.wire import doors

FEW, MANY = 6, 60


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A room with a door and a member, where one may try as often as one likes."""
    with pytest.MonkeyPatch.context() as patch, stage(tmp_path_factory.mktemp("openapi")) as made:
        for name, limit in vars(limits).copy().items():
            if isinstance(limit, Limit):
                patch.setattr(limits, name, Limit(limit.name, 10**6, 1))
        with made.opened.database.write() as session:
            doors.add(session, made.opened.vault, "front", T)
            members.add(session, Kind.PHONE, Codes(), T, "0427")
            persons.enter(session, made.opened.vault, "0427", persons.details("王小明", "13800138000"), T)
        yield made


def member(room: Stage) -> Browser:
    """A browser that is signed in, again if the last request has signed it out or forgotten the member."""
    with room.opened.database.write() as session:
        if persons.read(session, room.opened.vault, "0427") is None:
            persons.enter(session, room.opened.vault, "0427", persons.details("王小明", "13800138000"), T)
        token = once.make(session, Purpose.LINK, room.now, member="0427")
    browser = room.browser()
    browser.submit(f"/in/{token}")
    return browser


class Caller:
    """Somebody who sends requests with the token of a form, signed in or not."""

    def __init__(self, room: Stage, *, signed_in: bool) -> None:
        self.room, self.signed_in = room, signed_in
        self._renew()

    def send(self, case: Case) -> None:
        """One request; its answer must be one that the OpenAPI tells of, in the form it tells."""
        if self.signed_in and not self._still_in():
            self._renew()
        response = case.call(
            base_url=self.room.url,
            headers={"X-Form-Token": self.token},
            cookies=self.cookies,
            allow_redirects=False,
            timeout=30,
        )
        case.validate_response(response, checks=CHECKS)
        told = {int(status) for status in case.operation.definition.raw["responses"]}
        assert response.status_code < 500 or response.status_code in told, response.text

    def _renew(self) -> None:
        browser = member(self.room) if self.signed_in else self.room.browser()
        self.token = form_token(browser.get("/me" if self.signed_in else "/join").text)
        self.cookies = dict(browser.cookies)
        browser.close()

    def _still_in(self) -> bool:
        with self.room.opened.database.read() as session:
            return sessions.find(session, self.cookies["session"], self.room.now) is not None


# Not those that know better than we do which values a form takes, and who may call what.
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def operations(room: Stage) -> list[APIOperation]:
    """Everything in the OpenAPI."""
    schema = schemathesis.openapi.from_dict(room.app.openapi())
    return [found.ok() for found in schema.get_all_operations()]


def hunt(room: Stage, examples: int, *, signed_in: bool) -> int:
    """Send ``examples`` requests to each operation; how many operations there are."""
    caller = Caller(room, signed_in=signed_in)
    found = operations(room)
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _send_all(caller, operation.as_strategy(generation_mode=mode), examples)
            except (Unsatisfiable, InvalidArgument):  # an operation without parameters has no wrong ones
                assert mode is GenerationMode.NEGATIVE
    return len(found)


def _send_all(caller: Caller, cases: SearchStrategy[Case], examples: int) -> None:
    @given(case=cases)
    @settings(
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        database=None,
    )
    def send(case: Case) -> None:
        caller.send(case)

    send()


@pytest.mark.parametrize("signed_in", [False, True], ids=["a stranger", "a member"])
def test_no_request_gets_an_answer_that_is_not_documented(room: Stage, signed_in: bool) -> None:
    assert hunt(room, FEW, signed_in=signed_in) >= 25


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("signed_in", [False, True], ids=["a stranger", "a member"])
def test_no_request_of_very_many_gets_an_answer_that_is_not_documented(room: Stage, signed_in: bool) -> None:
    hunt(room, MANY, signed_in=signed_in)


def test_the_hunt_sees_an_answer_that_is_not_documented(room: Stage) -> None:
    """Else it would find nothing, whatever there is to be found."""
    told = room.app.openapi()
    hidden = copy.deepcopy(told)
    del hidden["paths"]["/me"]["get"]["responses"]["401"]
    schema = schemathesis.openapi.from_dict(hidden)
    operation = next(o.ok() for o in schema.get_all_operations() if o.ok().label == "GET /me")
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        _send_all(Caller(room, signed_in=False), operation.as_strategy(), 1)
