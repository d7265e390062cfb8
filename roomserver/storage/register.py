"""The register: every table that says something of a person. Forgetting a member empties it of him at once.

Names and phones are sealed, and identity numbers are in none of these.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from roomserver.storage.schema import Base, Digest, Number, Serial, Word


class Person(Base):
    """Who a member number is; ``handle`` is the name a passkey knows him by, random as the number is."""

    __tablename__ = "persons"
    number: Mapped[str] = mapped_column(Number, ForeignKey("members.number"), primary_key=True)
    name: Mapped[bytes]
    phone: Mapped[bytes]
    identity_tag: Mapped[str | None] = mapped_column(Digest, unique=True)
    provider: Mapped[str] = mapped_column(Word)
    handle: Mapped[bytes] = mapped_column(unique=True)
    joined_at: Mapped[int]


class Application(Base):
    """Somebody who wants to become a member; approved it becomes a ``Person``, declined it loses the name."""

    __tablename__ = "applications"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    identity_tag: Mapped[str | None] = mapped_column(Digest, index=True)
    provider: Mapped[str] = mapped_column(Word)
    state: Mapped[str] = mapped_column(Word, index=True)
    reason: Mapped[str | None] = mapped_column(Word)
    applied_at: Mapped[int]
    decided_at: Mapped[int | None]


class Consent(Base):
    """A tick that was set: for what, and to which version of the words."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), index=True)
    member: Mapped[str | None] = mapped_column(Number, index=True)
    subject: Mapped[str] = mapped_column(Word)
    version: Mapped[str] = mapped_column(Word)
    at: Mapped[int]


class WebSession(Base):
    """A browser that is known, by the hash of its cookie: a member's, an applicant's, or one of WeChat's."""

    __tablename__ = "sessions"
    hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    member: Mapped[str | None] = mapped_column(Number, index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), index=True)
    wechat_tag: Mapped[str | None] = mapped_column(Digest)
    made_at: Mapped[int]
    seen_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class OneTime(Base):
    """Something good once, by its hash: a link, a ticket of WeChat's, a passkey's challenge.

    ``account_id``: it is for one of the committee.
    """

    __tablename__ = "one_time"
    hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    purpose: Mapped[str] = mapped_column(Word)
    member: Mapped[str | None] = mapped_column(Number, index=True)
    wechat_tag: Mapped[str | None] = mapped_column(Digest)
    account_id: Mapped[int | None]
    made_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class Passkey(Base):
    """A passkey of a member: its public half."""

    __tablename__ = "passkeys"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(Number, index=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    made_at: Mapped[int]
    used_at: Mapped[int | None]


class WechatAccount(Base):
    """Which member a WeChat account is, by a keyed tag of its openid."""

    __tablename__ = "wechat_accounts"
    tag: Mapped[str] = mapped_column(Digest, primary_key=True)
    member: Mapped[str] = mapped_column(Number, index=True)
    made_at: Mapped[int]


class Reason(Base):
    """Why a member is suspended or revoked, in the committee's words, sealed."""

    __tablename__ = "reasons"
    member: Mapped[str] = mapped_column(Number, primary_key=True)
    text: Mapped[bytes]
    at: Mapped[int]


class Draw(Base):
    """When a member last drew a code: it holds a seat for a while (DESIGN §6)."""

    __tablename__ = "draws"
    member: Mapped[str] = mapped_column(Number, primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
