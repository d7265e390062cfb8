"""The frame of the committee's pages: navigation by what the caller may do, and times in his language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse

from roomserver.committee.acts import Done
from roomserver.committee.roles import Right
from roomserver.committee.volunteers import Volunteer
from roomserver.pages import look, times
from roomserver.pages.words import CATALOGUE, Language, word
from roomserver.web import sessions

# Path, word, and the right that opens it; in the order of the evening.
NAV: Sequence[tuple[str, str, Right]] = (
    ("/committee", "now", Right.LOOK),
    ("/committee/applications", "applications", Right.APPLICATIONS),
    ("/committee/members", "members", Right.LOOK),
    ("/committee/alarms", "alarms", Right.ALARMS),
    ("/committee/rules", "rules", Right.RULES),
    ("/committee/rows", "rows", Right.ROWS),
    ("/committee/paper", "paper", Right.PAPER),
    ("/committee/use", "use", Right.USE),
    ("/committee/notify", "notify", Right.NOTIFY),
    ("/committee/accounts", "accounts", Right.ACCOUNTS),
    ("/committee/acts", "acts", Right.ACTS),
    ("/committee/me", "me", Right.OWN),
)


def page(
    request: Request, caller: Volunteer | None, template: str, status: int = HTTPStatus.OK, **values: object
) -> HTMLResponse:
    """A page of the committee; without a caller (who is yet to sign in) it has no navigation."""
    shown = () if caller is None or not caller.ready else NAV
    values |= {
        "caller": caller,
        "nav": [(path, name) for path, name, right in shown if caller is not None and caller.may(right)],
        "here": request.url.path,
        "may": lambda right: caller is not None and caller.may(Right(right)),
    }
    return look.render(request, template, status, **values, **said(request))


def said(request: Request) -> dict[str, object]:
    """What templates say times and acts with."""
    server, spoken = sessions.server_of(request), look.language(request)
    zone = server.opened.place.settings.codes.codes().time_zone
    return times_in(spoken, zone, server.clock())


def times_in(spoken: Language, zone: tzinfo, now: int) -> dict[str, object]:
    """The same for whoever reads in a language."""

    def act(done: Done) -> str:
        told = {key: _said(spoken, key, value) for key, value in done.detail.items()}
        return word(spoken, f"act.{done.what}", member=done.member or "", **told)

    return {
        "when": lambda t: times.when(spoken, zone, now, t),
        "second": lambda t: times.second(spoken, zone, now, t),
        "ago": lambda t: times.ago(spoken, now - t),
        "act": act,
        "words": CATALOGUE,
    }


def _said(spoken: Language, key: str, value: object) -> object:
    """A detail of an act in words, where there is one for it: a role, the kind of an alarm."""
    known = {"role": f"committee.role.{value}", "kind": f"alarms.{value}"}.get(key, "")
    return word(spoken, known) if known in CATALOGUE else value
