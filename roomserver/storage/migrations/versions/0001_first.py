"""The tables as they were when Alembic came; what made them before counted its schemas from 1 to 4.

All four lacked only tables, and columns that may be null. So whatever is missing is made: in a database of
theirs a little, in an empty one everything.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = sa.MetaData()


def _whole(name: str, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=more.pop("nullable", False), **more)


def _serial(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, _SERIAL, primary_key=True)


def _of(table: str, name: str, *, nullable: bool = False, **more: Any) -> sa.Column[int]:
    return sa.Column(name, _SERIAL, sa.ForeignKey(f"{table}.id"), nullable=nullable, **more)


def _chars(length: int, name: str, *args: Any, nullable: bool = False, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), *args, nullable=nullable, **more)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _bytes(name: str, *, nullable: bool = False, **more: Any) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable, **more)


def _table(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint) -> None:
    sa.Table(name, _TABLES, *columns)


_table("meta", _chars(32, "name", primary_key=True), _text("value"))
_table("head", _whole("id", primary_key=True, autoincrement=False), _whole("revision"), _chars(64, "digest"))
_table(
    "members",
    _chars(6, "number", primary_key=True),
    _chars(32, "kind"),
    _whole("generation"),
    _whole("revoked_through"),
    _whole("card_pair"),
    _whole("suspended_until", nullable=True),
    _whole("not_before", nullable=True),
    _whole("not_after", nullable=True),
    _whole("revision", index=True),
    sa.Column("learnt", sa.Boolean(), nullable=False),
    _whole("added_at"),
    _whole("forgotten_at", nullable=True),
)
_table(
    "changes",
    _whole("revision", primary_key=True, autoincrement=False),
    _chars(6, "member", index=True),
    _text("record"),
    _chars(64, "digest"),
    _whole("at"),
    _chars(32, "why"),
)
_table("terms", _serial(), _chars(32, "name", index=True), _text("text"), _whole("at"))
_table(
    "doors",
    _serial(),
    _chars(32, "name", unique=True),
    _bytes("key"),
    _bytes("former_key", nullable=True),
    _bytes("mqtt_password"),
    _chars(64, "api_token", nullable=True, unique=True),
    _whole("command_n"),
    _whole("added_at"),
    _whole("enrolled_at", nullable=True),
    _whole("asked_at", nullable=True),
    _whole("holds_revision", nullable=True),
)
_table(
    "enrolment_tokens", _chars(64, "hash", primary_key=True), _of("doors", "door_id"), _whole("expires_at")
)
_table(
    "logs",
    _serial(),
    _of("doors", "door_id"),
    _chars(32, "name"),
    _whole("through"),
    _whole("top"),
    _whole("ack"),
    _chars(64, "ack_hash"),
    _whole("heard_at"),
    sa.UniqueConstraint("door_id", "name"),
)
_table(
    "rows",
    _of("logs", "log_id", primary_key=True),
    _whole("seq", primary_key=True, autoincrement=False),
    _chars(64, "hash"),
    _chars(64, "prev"),
    _bytes("raw"),
    _whole("at", nullable=True),
    _chars(32, "type", nullable=True),
    _chars(6, "member", nullable=True, index=True),
    _chars(32, "flag", nullable=True),
    _whole("received_at", index=True),
)
_table(
    "forks",
    _of("logs", "log_id", primary_key=True),
    _whole("seq", primary_key=True, autoincrement=False),
    _chars(64, "hash", primary_key=True),
    _bytes("raw"),
    _whole("received_at"),
)
_table(
    "gaps",
    _of("logs", "log_id", primary_key=True),
    _whole("first", primary_key=True, autoincrement=False),
    _whole("last", primary_key=True, autoincrement=False),
    _bytes("raw"),
    _whole("received_at"),
)
_table(
    "alarms",
    _serial(),
    _of("doors", "door_id", index=True),
    _chars(32, "kind"),
    _text("subject"),
    _whole("count"),
    _whole("first_at"),
    _whole("last_at"),
    _whole("seen_at", nullable=True),
)
_table(
    "commands",
    _chars(32, "id", primary_key=True),
    _of("doors", "door_id", index=True),
    _chars(32, "verb"),
    _text("args"),
    _whole("asked_at"),
    _whole("n", nullable=True),
    _whole("not_after", nullable=True),
    _whole("done_at", nullable=True),
    _chars(32, "error", nullable=True),
)
_table(
    "latest",
    _of("doors", "door_id", primary_key=True),
    _chars(32, "topic", primary_key=True),
    _text("text"),
    _whole("at"),
)
_table(
    "persons",
    _chars(6, "number", sa.ForeignKey("members.number"), primary_key=True),
    _bytes("name"),
    _bytes("phone"),
    _chars(64, "identity_tag", nullable=True, unique=True),
    _chars(32, "provider"),
    _bytes("handle", unique=True),
    _whole("joined_at"),
)
_table(
    "applications",
    _serial(),
    _bytes("name", nullable=True),
    _bytes("phone", nullable=True),
    _chars(64, "identity_tag", nullable=True, index=True),
    _chars(32, "provider"),
    _chars(32, "state", index=True),
    _chars(32, "reason", nullable=True),
    _whole("applied_at"),
    _whole("decided_at", nullable=True),
)
_table(
    "consents",
    _serial(),
    _of("applications", "application_id", nullable=True, index=True),
    _chars(6, "member", nullable=True, index=True),
    _chars(32, "subject"),
    _chars(32, "version"),
    _whole("at"),
)
_table(
    "sessions",
    _chars(64, "hash", primary_key=True),
    _chars(6, "member", nullable=True, index=True),
    _of("applications", "application_id", nullable=True, index=True),
    _chars(64, "wechat_tag", nullable=True),
    _whole("made_at"),
    _whole("seen_at"),
    _whole("expires_at", index=True),
)
_table(
    "one_time",
    _chars(64, "hash", primary_key=True),
    _chars(32, "purpose"),
    _chars(6, "member", nullable=True, index=True),
    _chars(64, "wechat_tag", nullable=True),
    _whole("made_at"),
    _whole("expires_at", index=True),
)
_table(
    "passkeys",
    _bytes("id", primary_key=True),
    _chars(6, "member", index=True),
    _bytes("public_key"),
    _whole("sign_count"),
    _whole("made_at"),
    _whole("used_at", nullable=True),
)
_table(
    "wechat_accounts", _chars(64, "tag", primary_key=True), _chars(6, "member", index=True), _whole("made_at")
)
_table("draws", _chars(6, "member", primary_key=True), _whole("at", index=True))
_table(
    "notifications",
    _serial(),
    _of("doors", "door_id"),
    _chars(32, "event"),
    _text("subject"),
    _whole("at"),
    _whole("made_at", index=True),
    sa.UniqueConstraint("door_id", "event", "subject"),
)
_table(
    "deliveries",
    _of("notifications", "notification_id", primary_key=True),
    _chars(32, "way", primary_key=True),
    _whole("at", index=True),
    sa.Column("sent", sa.Boolean(), nullable=False),
)
_table(
    "ways",
    _chars(32, "name", primary_key=True),
    _whole("since"),
    _whole("claimed_until"),
    _whole("sent_at", nullable=True),
    _whole("failures"),
    _whole("failing_since", nullable=True),
    _whole("retry_at"),
    _text("error", nullable=True),
)


def upgrade() -> None:
    """Make what is missing; the list of members begins empty."""
    connection = op.get_bind()
    empty = not sa.inspect(connection).has_table("head")
    _TABLES.create_all(connection)
    there = sa.inspect(connection)
    for table in _TABLES.sorted_tables:
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in (column for column in table.columns if column.name not in known):
            op.add_column(table.name, sa.Column(column.name, column.type, nullable=True))
    if empty:
        op.execute(sa.insert(_TABLES.tables["head"]).values(id=1, revision=0, digest="0" * 64))
    op.execute(sa.delete(_TABLES.tables["meta"]).where(_TABLES.tables["meta"].c.name == "schema"))
