"""The committee's tables: accounts and passkeys, browsers that are signed in, and what was done."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from roomserver.storage.schema import Base, Digest, Number, Serial, Word


class Account(Base):
    """Somebody of the committee. ``totp_step`` is the last one used: no code is good twice."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(Word, unique=True)
    role: Mapped[str] = mapped_column(Word)
    password: Mapped[str | None]
    totp: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(default=0)
    handle: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[int]
    seen_at: Mapped[int | None]
    disabled_at: Mapped[int | None]


class AccountPasskey(Base):
    """A passkey of an account: its public half."""

    __tablename__ = "account_passkeys"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    made_at: Mapped[int]
    used_at: Mapped[int | None]


class AccountSession(Base):
    """A browser of the committee's that is signed in, by the hash of its cookie."""

    __tablename__ = "account_sessions"
    hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[int]
    seen_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class Act(Base):
    """Something that was done: by whom (None: at the shell), when, and to which member, if to one."""

    __tablename__ = "acts"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    who: Mapped[str | None] = mapped_column(Word)
    what: Mapped[str] = mapped_column(Word)
    member: Mapped[str | None] = mapped_column(Number, index=True)
    detail: Mapped[str]
