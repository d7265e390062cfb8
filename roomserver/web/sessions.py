"""Who is calling: sessions by a random cookie of which the database has the hash, and forms that are our own.

A session ends when it was not used for ``LIFE_SECONDS``, when its member leaves, or when he signs out.
Signing in makes a new token each time, so one that was planted before is worth nothing after.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from roomserver.storage.register import WebSession
from roomserver.storage.vault import new_token, token_hash
from roomserver.web.limits import Limit, network
from roomserver.web.problems import Problem
from roomserver.web.server import Server

LIFE_SECONDS = 180 * 86_400
APPLICANT_SECONDS = 60 * 86_400
RESIDENT, COMMITTEE = "session", "committee"  # the cookies; whoever is both has both
COMMITTEE_PATH = "/committee"
RENEW_SECONDS = 86_400  # a page view writes to the database once a day, not each time


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a session belongs to: a member, an applicant, or a WeChat account that is nobody yet."""

    member: str | None = None
    application: int | None = None
    wechat_tag: str | None = None


class SignedOutError(Problem):
    """Only for members: a browser is led to the sign-in page, other callers get 401."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, "Sign in first.")


# -- in the database ------------------------------------------------------------------------------


def begin(session: Session, visitor: Visitor, now: int, token: str = "") -> str:
    """A new session; its token (the caller's own, or a new one) goes into the cookie and nowhere else."""
    _sweep(session, now)
    token = token or new_token()
    life = LIFE_SECONDS if visitor.member else APPLICANT_SECONDS
    session.add(
        WebSession(
            hash=token_hash(token),
            member=visitor.member,
            application_id=visitor.application,
            wechat_tag=visitor.wechat_tag,
            made_at=now,
            seen_at=now,
            expires_at=now + life,
        )
    )
    return token


def find(session: Session, token: str, now: int) -> WebSession | None:
    """The session of ``token``, unless it has expired."""
    found = session.get(WebSession, token_hash(token))
    return found if found is not None and now < found.expires_at else None


def visitor_by(session: Session, token: str | None, now: int) -> Visitor:
    """Whom the session of ``token`` belongs to, if there is one."""
    found = find(session, token or "", now)
    return Visitor() if found is None else _whom(found)


def end(session: Session, token: str) -> None:
    """Sign out: the token is dead everywhere."""
    session.execute(delete(WebSession).where(WebSession.hash == token_hash(token)))


def end_all(session: Session, member: str, but: str | None = None) -> int:
    """End every session of a member (but the one of a token); how many there were."""
    kept = token_hash(but) if but else ""
    query = delete(WebSession).where(WebSession.member == member, WebSession.hash != kept)
    return len(session.execute(query.returning(WebSession.hash)).all())


def settle_wechat(session: Session, token: str) -> None:
    """The question whether the account is to be linked is answered."""
    query = update(WebSession).where(WebSession.hash == token_hash(token))
    session.execute(query.values(wechat_tag=None))


def admit(session: Session, application: int, member: str, now: int) -> None:
    """The applicant has become a member: his browsers are signed in."""
    query = update(WebSession).where(WebSession.application_id == application)
    session.execute(query.values(application_id=None, member=member, expires_at=now + LIFE_SECONDS))


def _whom(found: WebSession) -> Visitor:
    return Visitor(found.member, found.application_id, found.wechat_tag)


def _sweep(session: Session, now: int) -> None:
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))


# -- in a request ---------------------------------------------------------------------------------


def server_of(request: Request) -> Server:
    """What the pages work on."""
    server: Server = request.app.state.server
    return server


def visitor_of(request: Request) -> Visitor:
    """Whoever calls; looked up once in a request, and the session's life renewed once a day."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = _look_up(request)
    visitor: Visitor = request.state.visitor
    return visitor


def visitor_now(request: Request, session: Session) -> Visitor:
    """Whoever calls, as this transaction sees it: since he asked he may have been signed out, or taken in."""
    return visitor_by(session, token_of(request), server_of(request).clock())


def member_or_none(request: Request) -> str | None:
    """The signed-in member's number, if anybody is signed in."""
    return visitor_of(request).member


def member_of(request: Request) -> str:
    """The signed-in member's number; ``SignedOutError`` when nobody is."""
    member = member_or_none(request)
    if member is None:
        raise SignedOutError
    return member


SignedIn = Annotated[str, Depends(member_of)]
MaybeSignedIn = Annotated[str | None, Depends(member_or_none)]
Room = Annotated[Server, Depends(server_of)]
Whoever = Annotated[Visitor, Depends(visitor_of)]


def token_of(request: Request, whose: str = RESIDENT) -> str | None:
    """The session token that the browser sent, as a resident's or one of the committee's."""
    return request.cookies.get(_cookie(request, whose)) or None


def give_cookie(
    request: Request,
    response: Response,
    token: str,
    whose: str = RESIDENT,
    seconds: int | None = LIFE_SECONDS,
) -> None:
    """Sign the browser in with ``token``; without ``seconds`` until it is closed."""
    _set_cookie(request, response, whose, token, seconds)


def take_cookie(request: Request, response: Response, whose: str = RESIDENT) -> None:
    """Sign the browser out."""
    response.delete_cookie(_cookie(request, whose), httponly=True, samesite="lax", secure=_secure(request))


def sign_in(
    request: Request, response: Response, session: Session, visitor: Visitor, *, carry: bool = True
) -> None:
    """A new session for ``visitor``; the one the browser had is ended.

    What it knew of WeChat is carried over: the account may be linked to whom the visitor turns out to be.
    """
    if old := token_of(request):
        before = find(session, old, server_of(request).clock())
        if carry and before is not None:
            visitor = replace(visitor, wechat_tag=before.wechat_tag)
        end(session, old)
    give_cookie(request, response, begin(session, visitor, server_of(request).clock()))


def spend(request: Request, limit: Limit, account: str | None = None) -> None:
    """Count a try, by the caller's address and (if given) by account; ``TooManyError`` when too many."""
    limits = request.app.state.limits
    limits.spend(limit, network(request.client.host if request.client else ""))
    if account is not None:
        limits.spend(limit, f"account {account}")


def _look_up(request: Request) -> Visitor:
    token, server = token_of(request), server_of(request)
    if token is None:
        return Visitor()
    now = server.clock()
    with server.opened.database.read() as session:
        found = find(session, token, now)
        if found is None:
            return Visitor()
        visitor, stale = _whom(found), now - found.seen_at >= RENEW_SECONDS
    if stale:
        _renew(server, token, now)
    return visitor


def _renew(server: Server, token: str, now: int) -> None:
    with server.opened.database.write() as session:
        found = find(session, token, now)
        if found is not None:
            life = LIFE_SECONDS if found.member else APPLICANT_SECONDS
            found.seen_at, found.expires_at = now, now + life


# -- forms ----------------------------------------------------------------------------------------

FORM_FIELD = "form_token"
FORM_HEADER = "X-Form-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignFormError(Problem):
    """A form that another site sent, or one of a page that was open for too long."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN, "This form was not sent from its page. Open the page again and try again."
        )


def form_token(request: Request) -> str:
    """What a form must carry in ``form_token`` (or a script in ``X-Form-Token``) to be taken as our own.

    It comes from a cookie that only this site can read; a browser without one is given it with the answer.
    """
    visit = request.cookies.get(_cookie(request, "visit"))
    if not visit:
        if not hasattr(request.state, "visit"):
            request.state.visit = new_token()
        visit = request.state.visit
    return _token_for(visit, token_of(request, _whose(request)))


def give_visit(request: Request, response: Response) -> None:
    """The cookie that the form on this page needs, if the browser did not have it."""
    if hasattr(request.state, "visit"):
        _set_cookie(request, response, "visit", request.state.visit, None)


async def own_form(request: Request) -> None:
    """Refuse whatever could change something and was not sent from a page of ours."""
    if request.method in _SAFE:
        return
    _check_origin(request)
    given = request.headers.get(FORM_HEADER)
    if given is None:
        found = (await request.form()).get(FORM_FIELD)
        given = found if isinstance(found, str) else ""
    visit = request.cookies.get(_cookie(request, "visit"), "")
    if not visit or not hmac.compare_digest(
        given.encode("utf-8", "replace"), _token_for(visit, token_of(request, _whose(request))).encode()
    ):
        raise ForeignFormError


def _check_origin(request: Request) -> None:
    """Browsers say where a form comes from, and a page cannot change what they say."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignFormError
    origin = request.headers.get("origin")
    if origin is None:
        return
    known = {server_of(request).opened.place.origin, f"{request.url.scheme}://{request.headers.get('host')}"}
    if origin not in known:
        raise ForeignFormError


def _whose(request: Request) -> str:
    """Which of the two sessions a form belongs to."""
    return COMMITTEE if f"{request.url.path}/".startswith(f"{COMMITTEE_PATH}/") else RESIDENT


def _token_for(visit: str, session_token: str | None) -> str:
    text = f"form\n{visit}\n{session_token or ''}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# -- cookies --------------------------------------------------------------------------------------


def _secure(request: Request) -> bool:
    return server_of(request).opened.place.origin.startswith("https:")


def _cookie(request: Request, name: str) -> str:
    # __Host-: no other host of the domain can plant one. Browsers take that name over TLS only.
    return f"__Host-{name}" if _secure(request) else name


def _set_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        _cookie(request, name),
        value,
        seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(request),
    )
