"""Passkeys (WebAuthn): a member's browser signs a challenge of ours; the library does the checking.

A passkey is discoverable: nobody says who he is before he signs in, so nobody learns which numbers are known.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from roomserver.place import Place
from roomserver.residents import once
from roomserver.residents.once import Purpose, Taken
from roomserver.storage.register import Passkey, Person
from roomserver.storage.schema import Base

MOST = 10  # of one member
Key = TypeVar("Key", bound=Base)  # the table of a kind of passkey


class PasskeyRefusedError(ValueError):
    """This is not the answer of a passkey we know to a challenge of ours; what is wrong is not told."""


@dataclass(frozen=True, slots=True)
class Site:
    """For whom passkeys are good: the host of the pages."""

    host: str
    origin: str
    room: str


def site_of(place: Place) -> Site:
    """The site of a place. Behind another address than ``http.public_url`` no passkey works."""
    host = urlsplit(place.origin).hostname or ""
    # Browsers take no address for a host, but they take localhost for a secure one.
    return Site(host, place.origin, place.settings.codes.room)


def listed(session: Session, member: str) -> list[Passkey]:
    """The passkeys of a member."""
    return list(session.scalars(select(Passkey).where(Passkey.member == member).order_by(Passkey.made_at)))


def ask_for_new(session: Session, site: Site, member: str, now: int) -> dict[str, Any]:
    """What the browser of a signed-in member needs to make a passkey."""
    person = session.get(Person, member)
    if person is None or len(listed(session, member)) >= MOST:
        raise PasskeyRefusedError("no person, or too many passkeys")
    known = [key.id for key in listed(session, member)]
    options, token = new_options(site, person.handle, member, known)
    once.make(session, Purpose.PASSKEY_NEW, now, member=member, token=token)
    return options


def take_new(session: Session, site: Site, member: str, answer: dict[str, Any], now: int) -> None:
    """Keep the passkey that the member's browser made; ``PasskeyRefusedError`` if it is none."""
    taken, key = answered(session, site, answer, now, Purpose.PASSKEY_NEW, Passkey)
    if taken.member != member:
        raise PasskeyRefusedError("no such challenge")
    key.member = member
    session.add(key)


def ask_to_sign_in(session: Session, site: Site, now: int) -> dict[str, Any]:
    """What any browser needs to sign in: the same for everybody."""
    options, token = in_options(site)
    once.make(session, Purpose.PASSKEY_IN, now, token=token)
    return options


def take_sign_in(session: Session, site: Site, answer: dict[str, Any], now: int) -> str:
    """The member whose passkey answered; ``PasskeyRefusedError`` if none of ours did."""
    challenge = challenge_of(answer)
    key = session.get(Passkey, id_of(answer), with_for_update=True)
    if once.take(session, Purpose.PASSKEY_IN, challenge, now) is None or key is None:
        raise PasskeyRefusedError("no such challenge or passkey")
    key.sign_count = signed_by(site, answer, challenge, key.public_key, key.sign_count)
    key.used_at = now
    return key.member


def remove(session: Session, member: str, id_: str) -> None:
    """Forget a passkey of the member; another's is not touched."""
    try:
        raw = base64url_to_bytes(id_)
    except ValueError:
        return
    session.execute(delete(Passkey).where(Passkey.id == raw, Passkey.member == member))


# -- the browser's half, whoever signs in ---------------------------------------------------------


def answered(
    session: Session, site: Site, answer: dict[str, Any], now: int, purpose: Purpose, table: type[Key]
) -> tuple[Taken, Key]:
    """The new passkey, nobody's yet, and what its challenge stood for; or ``PasskeyRefusedError``."""
    challenge = challenge_of(answer)
    taken = once.take(session, purpose, challenge, now)
    if taken is None:
        raise PasskeyRefusedError("no such challenge")
    made = made_by(site, answer, challenge)
    if session.get(table, made.credential_id) is not None:
        raise PasskeyRefusedError("known already")
    key = table(
        id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        made_at=now,
    )
    return taken, key


def new_options(site: Site, handle: bytes, name: str, known: Sequence[bytes]) -> tuple[dict[str, Any], str]:
    """What a browser needs to make a passkey for ``name``, and the challenge in it."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.room,
        user_id=handle,
        user_name=name,
        user_display_name=f"{site.room} {name}",
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in known],
    )
    return _json(options), bytes_to_base64url(options.challenge)


def in_options(site: Site) -> tuple[dict[str, Any], str]:
    """What any browser needs to sign in, and the challenge in it."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _json(options), bytes_to_base64url(options.challenge)


def made_by(site: Site, answer: dict[str, Any], challenge: str) -> VerifiedRegistration:
    """The passkey that a browser made; ``PasskeyRefusedError`` if it is none."""
    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefusedError(type(error).__name__) from None


def signed_by(site: Site, answer: dict[str, Any], challenge: str, public_key: bytes, count: int) -> int:
    """How often the passkey has signed now; ``PasskeyRefusedError`` if this was not signed by it."""
    try:
        seen = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefusedError(type(error).__name__) from None
    return seen.new_sign_count


# What the library raises on what a browser never sends: garbage, too.
_WRONG = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError)


def _json(options: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told


def challenge_of(answer: dict[str, Any]) -> str:
    """The challenge that the browser signed, as it says; whether it did is checked after."""
    try:
        told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))["challenge"]
    except (ValueError, KeyError, TypeError, RecursionError):
        told = None
    if not isinstance(told, str) or len(told) > 200:
        raise PasskeyRefusedError("no challenge")
    return told.rstrip("=")


def id_of(answer: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(answer["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PasskeyRefusedError("no id") from None
