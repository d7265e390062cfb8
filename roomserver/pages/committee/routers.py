"""Every router of the committee's pages, each route of which names the right that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from fastapi.routing import APIRoute

from roomserver.committee.volunteers import Allowed
from roomserver.pages.committee import (
    alarms,
    applications,
    history,
    live,
    member,
    members,
    notify,
    office,
    overview,
    own,
    paper,
    rows,
    rules,
    sign_in,
    use,
)

OPEN: Sequence[APIRouter] = (sign_in.router,)  # for whoever is not signed in yet
ROUTERS: Sequence[APIRouter] = (
    overview.router,
    live.router,
    applications.router,
    members.router,
    member.router,
    paper.router,
    use.router,
    notify.router,
    office.router,
    alarms.router,
    rules.router,
    rows.router,
    history.router,
    own.router,
)


def all_checked() -> Iterator[APIRouter]:
    """The routers, to be hung into the application; ``TypeError`` for a route that anybody could call."""
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute) or len(rights(route)) != 1:
                raise TypeError(f"{getattr(route, 'path', route)}: a route of the committee names one right")
        yield router
    yield from OPEN


def rights(route: APIRoute) -> list[Allowed]:
    """What a route asks for."""
    return [found.dependency for found in route.dependencies if isinstance(found.dependency, Allowed)]
