"""Passkeys (WebAuthn): a member's browser signs a challenge of ours; the library does the checking.

A passkey is discoverable: nobody says who he is before he signs in, so nobody learns which numbers are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
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

from roomserver import once
from roomserver.once import Purpose
from roomserver.place import Place
from roomserver.register import Passkey, Person

MOST = 10  # of one member


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
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.room,
        user_id=person.handle,
        user_name=member,
        user_display_name=f"{site.room} {member}",
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in listed(session, member)],
    )
    token = bytes_to_base64url(options.challenge)
    once.make(session, Purpose.PASSKEY_NEW, now, member=member, token=token)
    return _json(options)


def take_new(session: Session, site: Site, member: str, answer: dict[str, Any], now: int) -> None:
    """Keep the passkey that the member's browser made; ``PasskeyRefusedError`` if it is none."""
    challenge = _challenge(answer)
    taken = once.take(session, Purpose.PASSKEY_NEW, challenge, now)
    if taken is None or taken.member != member:
        raise PasskeyRefusedError("no such challenge")
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefusedError(type(error).__name__) from None
    if session.get(Passkey, made.credential_id) is not None:
        raise PasskeyRefusedError("known already")
    session.add(
        Passkey(
            id=made.credential_id,
            member=member,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            made_at=now,
        )
    )


def ask_to_sign_in(session: Session, site: Site, now: int) -> dict[str, Any]:
    """What any browser needs to sign in: the same for everybody."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    once.make(session, Purpose.PASSKEY_IN, now, token=bytes_to_base64url(options.challenge))
    return _json(options)


def take_sign_in(session: Session, site: Site, answer: dict[str, Any], now: int) -> str:
    """The member whose passkey answered; ``PasskeyRefusedError`` if none of ours did."""
    challenge = _challenge(answer)
    key = session.get(Passkey, _id(answer), with_for_update=True)
    if once.take(session, Purpose.PASSKEY_IN, challenge, now) is None or key is None:
        raise PasskeyRefusedError("no such challenge or passkey")
    try:
        seen = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise PasskeyRefusedError(type(error).__name__) from None
    key.sign_count, key.used_at = seen.new_sign_count, now
    return key.member


def remove(session: Session, member: str, id_: str) -> None:
    """Forget a passkey of the member; another's is not touched."""
    try:
        raw = base64url_to_bytes(id_)
    except ValueError:
        return
    session.execute(delete(Passkey).where(Passkey.id == raw, Passkey.member == member))


# What the library raises on what a browser never sends: garbage, too.
_WRONG = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError)


def _json(options: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told


def _challenge(answer: dict[str, Any]) -> str:
    """The challenge that the browser signed, as it says; whether it did is checked after."""
    try:
        told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))["challenge"]
    except (ValueError, KeyError, TypeError, RecursionError):
        told = None
    if not isinstance(told, str) or len(told) > 200:
        raise PasskeyRefusedError("no challenge")
    return told.rstrip("=")


def _id(answer: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(answer["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PasskeyRefusedError("no id") from None
