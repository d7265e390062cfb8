"""How a page is made: template, language, words, and the headers that keep strangers' scripts out."""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from roomserver.pages.words import Language, word
from roomserver.web import sessions

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "lang"
LANGUAGE_SECONDS = 365 * 86_400

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,  # a misspelt name is an error, not an empty place
    trim_blocks=True,
    lstrip_blocks=True,
)


def language(request: Request) -> Language:
    """What the reader chose (``?lang=``, then the cookie), or what the browser prefers, or Chinese."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in set(Language):
            return Language(chosen)
    return _preferred(request.headers.get("accept-language", ""))


def render(request: Request, template: str, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """A page in the reader's language; in its template ``t`` gives a word by its key."""
    spoken = language(request)
    response = HTMLResponse(fragment(request, template, **values), status)
    if request.query_params.get("lang") == spoken:
        secure = request.url.scheme == "https"
        response.set_cookie(
            LANGUAGE_COOKIE, spoken, LANGUAGE_SECONDS, secure=secure, httponly=True, samesite="lax"
        )
    return response


def fragment(request: Request, template: str, **values: object) -> str:
    """The same without the frame: what a script puts into a page that is open."""
    spoken = language(request)
    return _environment.get_template(template).render(
        values
        | {
            "t": partial(word, spoken),
            "lang": spoken,
            "room": request.app.state.room,
            "switch": _here_in(request, _other(spoken)),
            "style": Markup(_style()),  # noqa: S704  (our own file, not a reader's text)
            "static": static,
            "form_token": partial(_form_token, request),
        }
    )


def by_itself(spoken: Language, template: str, room: str, **values: object) -> str:
    """A page without a request, for a file: nothing in it leads anywhere."""
    style = Markup(_style())  # noqa: S704  (our own file, not a reader's text)
    given = {"t": partial(word, spoken), "room": room, "style": style}
    return _environment.get_template(template).render(values | given)


def part(spoken: Language, template: str, **values: object) -> str:
    """A piece of a page in a language, made for nobody in particular."""
    return _environment.get_template(template).render(values | {"t": partial(word, spoken), "lang": spoken})


def static(name: str) -> str:
    """The address of a file of ``static/``; it changes with the file, so browsers may keep it for ever."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def headers() -> dict[str, str]:
    """What every page carries. The style lies inside the page, so that digits need one journey, not two."""
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{style}'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",  # with no-referrer browsers hide where a form of ours comes from
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def _form_token(request: Request) -> Markup:
    """The field that every form carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        sessions.FORM_FIELD, sessions.form_token(request)
    )


@cache
def _style() -> str:
    return (STATIC / "style.css").read_text("utf-8")


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _here_in(request: Request, other: Language) -> str:
    """This page in the other language."""
    query = request.url.include_query_params(lang=other).query
    path = request.url.path.lstrip("/")  # a link to //elsewhere would leave the room
    return f"/{quote(path)}?{query}"


def _other(spoken: Language) -> Language:
    return Language.EN if spoken is Language.ZH else Language.ZH


def _preferred(header: str) -> Language:
    """The first of zh and en by quality (RFC 9110 §12.5.4); what cannot be read counts for nothing."""
    best, chosen = 0.0, Language.ZH
    for part in header[:500].split(","):
        tag, _, quality = part.partition(";")
        spoken = tag.strip().lower().split("-")[0]
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if spoken in set(Language) and weight > best:
            best, chosen = weight, Language(spoken)
    return chosen
