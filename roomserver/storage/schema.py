"""The tables of doors and member numbers, keys sealed; who a number is stands in ``register.py``."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contract.access import EMPTY_DIGEST

Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called INTEGER
Word = String(32)
Number = String(6)
Digest = String(64)


class Base(DeclarativeBase):
    """Times are whole Unix seconds."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger, bytes: LargeBinary, str: Text}


class Meta(Base):
    """Facts about the database itself."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(Word, primary_key=True)
    value: Mapped[str]


class Head(Base):
    """The one row whose lock orders all changes of the access list."""

    __tablename__ = "head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(Digest, default=EMPTY_DIGEST)


class Member(Base):
    """An access record (PROTOCOL §2); ``learnt``: a number known only from a door's rows.

    ``forgotten_at``: its member left; the number may be given away when no row mentions it any more.
    """

    __tablename__ = "members"
    number: Mapped[str] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    generation: Mapped[int]
    revoked_through: Mapped[int]
    card_pair: Mapped[int]
    suspended_until: Mapped[int | None]
    not_before: Mapped[int | None]
    not_after: Mapped[int | None]
    revision: Mapped[int] = mapped_column(index=True)
    learnt: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[int]
    forgotten_at: Mapped[int | None]


class Change(Base):
    """One change of the access list, and the digest over all changes up to it."""

    __tablename__ = "changes"
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[str] = mapped_column(Number, index=True)
    record: Mapped[str]
    digest: Mapped[str] = mapped_column(Digest)
    at: Mapped[int]
    why: Mapped[str] = mapped_column(Word)


class Terms(Base):
    """The ``codes`` and ``rules`` the doors are told, once for each time they changed."""

    __tablename__ = "terms"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(Word, index=True)
    text: Mapped[str]
    at: Mapped[int]


class Door(Base):
    """A door: its sealed keys, the hash of its API token, its command counter, what it was told."""

    __tablename__ = "doors"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(Word, unique=True)
    key: Mapped[bytes]
    former_key: Mapped[bytes | None]  # the one before a rekey: rows made with it are still on their way
    mqtt_password: Mapped[bytes]
    api_token: Mapped[str | None] = mapped_column(Digest, unique=True)
    command_n: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[int]
    enrolled_at: Mapped[int | None]
    asked_at: Mapped[int | None]
    holds_revision: Mapped[int | None]


class EnrolmentToken(Base):
    """A one-time token, by its hash."""

    __tablename__ = "enrolment_tokens"
    hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"))
    expires_at: Mapped[int]


class Log(Base):
    """The life of one audit database: ``through`` is gapless, ``ack`` the last real row in that stretch."""

    __tablename__ = "logs"
    __table_args__ = (UniqueConstraint("door_id", "name"),)
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"))
    name: Mapped[str] = mapped_column(Word)
    through: Mapped[int] = mapped_column(default=0)
    top: Mapped[int] = mapped_column(default=0)
    ack: Mapped[int] = mapped_column(default=0)
    ack_hash: Mapped[str] = mapped_column(Digest, default=EMPTY_DIGEST)
    heard_at: Mapped[int]


class AuditRow(Base):
    """A row as received; the columns beside ``raw`` are read from it and serve only to find it."""

    __tablename__ = "rows"
    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Digest)
    prev: Mapped[str] = mapped_column(Digest)
    raw: Mapped[bytes]
    at: Mapped[int | None]
    type: Mapped[str | None] = mapped_column(Word)
    member: Mapped[str | None] = mapped_column(Number, index=True)
    flag: Mapped[str | None] = mapped_column(Word)
    received_at: Mapped[int] = mapped_column(index=True)


class Fork(Base):
    """A row under a number that was stored before: an older image of the door's disk was in use."""

    __tablename__ = "forks"
    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    raw: Mapped[bytes]
    received_at: Mapped[int]


class Gap(Base):
    """Rows the door no longer has, as it said."""

    __tablename__ = "gaps"
    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    raw: Mapped[bytes]
    received_at: Mapped[int]


class Alarm(Base):
    """Something the server noticed that somebody should look at; repeated, it is counted."""

    __tablename__ = "alarms"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"), index=True)
    kind: Mapped[str] = mapped_column(Word)
    subject: Mapped[str]
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[int]
    last_at: Mapped[int]
    seen_at: Mapped[int | None]


class SentCommand(Base):
    """A command and what became of it; ``n`` and ``not_after`` are set when it is sent."""

    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(Word, primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"), index=True)
    verb: Mapped[str] = mapped_column(Word)
    args: Mapped[str]
    asked_at: Mapped[int]
    n: Mapped[int | None]
    not_after: Mapped[int | None]
    done_at: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Word)


class Latest(Base):
    """The last state, occupancy, health and availability a door told; unsigned, never ground for refusing."""

    __tablename__ = "latest"
    door_id: Mapped[int] = mapped_column(ForeignKey("doors.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(Word, primary_key=True)
    text: Mapped[str]
    at: Mapped[int]
