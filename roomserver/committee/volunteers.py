"""Who of the committee is calling: a session of their own, and what its role may do (``roles.MAY``).

The cookie is another than the residents', so one browser may be a resident and a volunteer at once, and
neither becomes the other. Changing one's ways in wants a session that began a moment ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.params import Depends as Dependency
from sqlalchemy import delete
from sqlalchemy.orm import Session

from roomserver.committee import accounts
from roomserver.committee.office import Account, AccountSession
from roomserver.committee.roles import MAY, Right, Role
from roomserver.storage.vault import new_token, token_hash
from roomserver.web import limits, sessions
from roomserver.web.problems import Problem
from roomserver.web.sessions import COMMITTEE

IDLE_SECONDS = 12 * 3600
LIFE_SECONDS = 7 * 86_400
FRESH_SECONDS = 10 * 60
SEEN_SECONDS = 300  # a page view writes to the database once in so long, not each time


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A signed-in account; ``ready`` when it could sign in again, ``fresh`` when it just has."""

    id: int
    name: str
    role: Role
    ready: bool
    fresh: bool

    def may(self, right: Right) -> bool:
        """Whether its role may do this."""
        return self.role in MAY[right]


class NotSignedInError(Problem):
    """Only for the committee: a browser is led to their sign-in page, other callers get 401."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, "Sign in to the committee's pages first.")


class NotAllowedError(Problem):
    """Signed in, but the role may not do this."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, "Your role may not do this. Ask the administrator.")


class SetUpFirstError(Problem):
    """Signed in by a link, and no way in of one's own yet: a browser is led to where they are set up."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, "Set up a password or a passkey first.")


class StaleError(Problem):
    """Ways in are changed by somebody who has just signed in, not by whoever finds the phone."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, "Sign in again before you change how anybody signs in.")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a route asks for; as a dependency it lets through whose role may."""

    right: Right

    def __call__(self, request: Request) -> Volunteer:
        """The caller; ``NotSignedInError``, ``SetUpFirstError`` or ``NotAllowedError``."""
        caller = volunteer_of(request)
        if not caller.ready and self.right is not Right.OWN:
            raise SetUpFirstError
        if not caller.may(self.right):
            raise NotAllowedError
        return caller


def needs(right: Right) -> Dependency:
    """For the ``dependencies`` of a route: who may call it."""
    dependency: Dependency = Depends(Allowed(right))
    return dependency


def volunteer_or_none(request: Request) -> Volunteer | None:
    """The caller, if he is signed in; looked up once in a request."""
    if not hasattr(request.state, "volunteer"):
        request.state.volunteer = _look_up(request)
    found: Volunteer | None = request.state.volunteer
    return found


def volunteer_of(request: Request) -> Volunteer:
    """The caller; ``NotSignedInError`` when nobody is signed in."""
    found = volunteer_or_none(request)
    if found is None:
        raise NotSignedInError
    return found


def account_now(request: Request, session: Session) -> Account:
    """The caller's account as this transaction sees it; ``NotSignedInError`` if he was signed out since."""
    token, now = sessions.token_of(request, COMMITTEE), sessions.server_of(request).clock()
    found = None if token is None else _find(session, token, now)
    if found is None:
        raise NotSignedInError
    return found[1]


def must_be_fresh(caller: Volunteer) -> None:
    """``StaleError`` unless the caller has just signed in."""
    if not caller.fresh:
        raise StaleError


def spend(request: Request, caller: Volunteer) -> None:
    """Count what of a member leaves the pages; ``TooManyError`` for whoever takes everybody's."""
    request.app.state.limits.spend(limits.GIVEN_OUT, f"account {caller.id}")


Caller = Annotated[Volunteer, Depends(volunteer_of)]


def begin(session: Session, account: Account, now: int) -> str:
    """A new session; its token goes into the cookie and nowhere else."""
    session.execute(delete(AccountSession).where(AccountSession.expires_at <= now))
    token, ends = new_token(), now + IDLE_SECONDS
    session.add(
        AccountSession(
            hash=token_hash(token), account_id=account.id, made_at=now, seen_at=now, expires_at=ends
        )
    )
    account.seen_at = now
    return token


def sign_in(request: Request, response: Response, session: Session, account: Account) -> None:
    """A new session for this browser; the one it had is ended."""
    end(request, session)
    token = begin(session, account, sessions.server_of(request).clock())
    sessions.give_cookie(request, response, token, COMMITTEE, None)


def end(request: Request, session: Session) -> None:
    """Sign this browser out."""
    token = sessions.token_of(request, COMMITTEE)
    if token is not None:
        session.execute(delete(AccountSession).where(AccountSession.hash == token_hash(token)))


def end_others(request: Request, session: Session, account: int) -> None:
    """Sign the account's other browsers out."""
    kept = token_hash(sessions.token_of(request, COMMITTEE) or "")
    others = (AccountSession.account_id == account, AccountSession.hash != kept)
    session.execute(delete(AccountSession).where(*others))


def _look_up(request: Request) -> Volunteer | None:
    token, server = sessions.token_of(request, COMMITTEE), sessions.server_of(request)
    if token is None:
        return None
    now = server.clock()
    with server.opened.database.read() as session:
        known = _find(session, token, now)
        if known is None:
            return None
        found, account = known
        fresh, stale = now - found.made_at < FRESH_SECONDS, now - found.seen_at >= SEEN_SECONDS
        ready = accounts.has_way_in(session, account)
        caller = Volunteer(account.id, account.name, Role(account.role), ready, fresh)
    if stale:
        with server.opened.database.write() as session:
            again = session.get(AccountSession, token_hash(token))
            if again is not None:
                again.seen_at = now
                again.expires_at = min(now + IDLE_SECONDS, again.made_at + LIFE_SECONDS)
    return caller


def _find(session: Session, token: str, now: int) -> tuple[AccountSession, Account] | None:
    """The session of ``token`` and its account, while both are good."""
    found = session.get(AccountSession, token_hash(token))
    account = None if found is None or found.expires_at <= now else session.get(Account, found.account_id)
    if found is None or account is None or account.disabled_at is not None:
        return None
    return found, account
