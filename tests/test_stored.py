"""The list of what is stored is whole, and the words of consent have the version that is recorded."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary
from stage import stage

from roomserver.pages.words import CATALOGUE
from roomserver.residents.joining import CONSENT_VERSION
from roomserver.settings import Audit, Settings
from roomserver.storage.database import Database
from roomserver.storage.schema import Base
from roomserver.storage.stored import STORED
from roomserver.upkeep import sealing

TABLES = Base.metadata.tables
assert Database  # its import brings in every table


def test_every_column_is_on_the_list_and_nothing_else() -> None:
    listed = {f"{table}.{column}" for table, stored in STORED.items() for column in stored.columns}
    assert listed == {f"{name}.{column.name}" for name, table in TABLES.items() for column in table.columns}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_line_says_what_why_and_how_long_in_both_languages(name: str) -> None:
    stored = STORED[name]
    for zh, en in (stored.what, stored.why, stored.long, *stored.columns.values()):
        assert any("\u4e00" <= c <= "\u9fff" for c in zh)
        assert en.isascii()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_may_hold_a_member_number_counts_as_personal(name: str) -> None:
    columns = set(TABLES[name].columns.keys())
    if columns & {"member", "number", "args"}:
        assert STORED[name].personal


OPEN_BYTES = {  # bytes that are not sealed, each for a reason
    "persons.handle": "random",
    "passkeys.id": "random",
    "accounts.handle": "random",
    "account_passkeys.id": "random",
    "account_passkeys.public_key": "public",
    "passkeys.public_key": "public",
    "rows.raw": "as the door signed it",
    "forks.raw": "as the door signed it",
    "gaps.raw": "as the door signed it",
}


def test_bytes_are_sealed_or_there_is_a_reason() -> None:
    """So that the rotation of the key file forgets none."""
    sealed = {f"{c.class_.__tablename__}.{c.key}" for columns in sealing.SEALED.values() for c in columns}
    found = {
        f"{name}.{column.name}"
        for name, table in TABLES.items()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert found == sealed | OPEN_BYTES.keys()


@pytest.mark.parametrize("spoken", [0, 1])
def test_the_page_shows_the_whole_list_with_the_days_of_this_server(tmp_path: Path, spoken: int) -> None:
    with stage(tmp_path, Settings(audit=Audit(retention_days=45))) as room:
        text = html.unescape(room.browser().get("/privacy", params={"lang": ("zh", "en")[spoken]}).text)
    for stored in STORED.values():
        words = [stored.what, stored.why, stored.long, *stored.columns.values()]
        assert all(one[spoken].format(days=45) in text for one in words)
    assert "{days}" in STORED["rows"].long[spoken]


CONSENTS = ("join.membership", "join.identity-check", "join.asked.committee", "join.asked.tencent",
            "join.asked.aliyun", "join.asked.demo")  # fmt: skip
# When this fails, the words were changed: raise joining.CONSENT_VERSION, and write both here.
AGREED = {"2026-11": "67fad079b3f43a92"}


def test_changed_words_of_consent_have_a_new_version() -> None:
    words = "\n".join(word for key in CONSENTS for word in CATALOGUE[key])
    assert AGREED[CONSENT_VERSION] == hashlib.sha256(words.encode()).hexdigest()[:16]
