"""A new sealing key for several servers: each has a key file of its own, and all have one database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import postgresql
import pytest
from serving import RoomServer
from sqlalchemy import select
from stage import Browser

from contract.codes import Codes, Kind
from roomserver.cli import main
from roomserver.place import Opened, load, now, open_place
from roomserver.residents import members, persons
from roomserver.residents.persons import Details
from roomserver.settings import Settings
from roomserver.storage.vault import (
    Vault,
    VaultError,
    add_key,
    let_seal,
    make_key_file,
    open_key_file,
    read_keys,
)
from roomserver.upkeep import sealing
from roomserver.web import sessions
from roomserver.web.sessions import Visitor

KEY = "roomserver.key"


class Pair:
    """Two servers on one PostgreSQL, each with a copy of the key file, and a member who is signed in."""

    def __init__(self, folder: Path, url: str) -> None:
        settings = replace(Settings(), database=url)
        self.one = RoomServer(folder / "one", settings=settings)
        (folder / "two").mkdir()
        self.copy()
        self.two = RoomServer(folder / "two", settings=settings)
        self.opened = open_place(load(self.one.config))
        with self.opened.database.write() as session:
            members.add(session, Kind.PHONE, Codes(), now(), "0427")
            persons.enter(session, self.opened.vault, "0427", Details("王小明", "13800138000"), now())
            self.cookie = sessions.begin(session, Visitor(member="0427"), now())
        self.names = 0

    @property
    def folder(self) -> Path:
        """Where both live."""
        return self.one.folder.parent

    def copy(self) -> None:
        """Bring the key file of the first to the second."""
        shutil.copy(self.folder / "one" / KEY, self.folder / "two" / KEY)

    def both_work(self) -> None:
        """Each running server seals another name, and the other opens it."""
        for here, there in ((self.one, self.two), (self.two, self.one)):
            self.names += 1
            name = "王" + "大" * self.names
            with self.phone(here) as phone:
                phone.submit("/me", {"name": name, "phone": "13900139000"}, "/me/details")
            with self.phone(there) as phone:
                assert f'value="{name}"' in phone.get("/me").text

    def phone(self, server: RoomServer) -> Browser:
        """The member's, at a server."""
        return Browser(base_url=server.url, cookies={"session": self.cookie}, timeout=30)

    def keys(self) -> list[bytes]:
        """Those of the first server's file."""
        return read_keys(self.folder / "one" / KEY)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Both places; no server runs yet."""
    with postgresql.database() as url:
        made = Pair(tmp_path, url)
        yield made
        made.one.kill()
        made.two.kill()
        made.opened.database.close()


def told(server: RoomServer, capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """What a command that fails says."""
    assert main(["-c", str(server.config), *args]) == 2
    return capsys.readouterr().err


def values(opened: Opened) -> list[bytes]:
    """Everything in the database that is sealed in a column of its own."""
    with opened.database.read() as session:
        columns = [column for columns in sealing.SEALED.values() for column in columns]
        return [value for column in columns for value in session.scalars(select(column)) if value is not None]


def test_step_by_step_both_servers_open_all_that_either_seals(pair: Pair) -> None:
    pair.one.cli("door", "add", "front")
    old = Vault(pair.keys())
    pair.one.start()
    pair.two.start()
    pair.both_work()
    for step in ("--add", "--seal", "--drop"):
        pair.one.cli("rotate-key", step)
        assert len(pair.keys()) == (1 if step == "--drop" else 2)
        pair.both_work()
        pair.copy()
        pair.both_work()
    left = values(pair.opened)
    assert len(left) == 4  # a door's key and password, a name and a phone
    new = Vault(pair.keys())
    for value in left:
        assert new.open(value)
        with pytest.raises(VaultError):
            old.open(value)


def test_what_a_server_with_an_older_file_sealed_is_not_lost(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second server was left out of the second copy."""
    pair.one.cli("rotate-key", "--add")
    pair.copy()
    pair.one.cli("rotate-key", "--seal")
    behind = open_key_file(pair.folder / "two" / KEY)
    with pair.opened.database.write() as session:
        persons.correct(session, behind, "0427", Details("王大明", "13900139000"))
    said = told(pair.one, capsys, "rotate-key", "--drop")
    assert "2 values were still sealed with the old key" in said
    assert "every server" in said
    assert len(pair.keys()) == 2
    pair.copy()
    assert "Back it up" in pair.one.cli("rotate-key", "--drop")
    assert len(pair.keys()) == 1
    assert pair.one.json("member", "who", "0427")["name"] == "王大明"


def test_on_postgresql_nothing_happens_unless_it_is_the_only_server(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    before, kept = pair.keys(), values(pair.opened)
    said = told(pair.one, capsys, "rotate-key")
    assert "roomserver rotate-key --add" in said
    assert "--only-server" in said
    assert (pair.keys(), values(pair.opened)) == (before, kept)
    assert "2 values" in pair.one.cli("rotate-key", "--only-server")
    assert len(pair.keys()) == 1
    assert pair.keys() != before


def test_a_server_that_lacks_the_key_says_so(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    pair.one.cli("rotate-key", "--only-server")  # which was not true
    assert "each needs the file of the one that has rotated" in told(
        pair.two, capsys, "member", "who", "0427"
    )
    pair.copy()
    assert pair.two.json("member", "who", "0427")["name"] == "王小明"


def test_on_sqlite_one_command_is_enough(tmp_path: Path) -> None:
    server = RoomServer(tmp_path, settings=replace(Settings(), database=f"sqlite:///{tmp_path}/room.db"))
    server.cli("door", "add", "front")
    before = read_keys(tmp_path / KEY)
    assert "2 values" in server.cli("rotate-key")
    assert len(read_keys(tmp_path / KEY)) == 1
    assert read_keys(tmp_path / KEY) != before
    server.cli("door", "mosquitto")  # opens what is sealed


def test_a_step_out_of_turn_is_refused_and_the_right_one_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, file = RoomServer(tmp_path), tmp_path / KEY
    for step, before in (
        ("--seal", "--add"),
        ("--drop", "--add"),
        ("", "--add"),
        ("--add", "--seal"),
        ("--drop", "--seal"),
        ("", "--seal"),
        ("--add", "--drop"),
        ("", "--drop"),
        ("--drop", "--add"),
    ):
        if not step:
            server.cli("rotate-key", before)
            continue
        kept = file.read_bytes()
        assert f"roomserver rotate-key {before}" in told(server, capsys, "rotate-key", step)
        assert file.read_bytes() == kept


def test_sealing_that_was_broken_off_goes_on_with_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is changed first; done again it must not turn back to the old key."""
    server = RoomServer(tmp_path)
    server.cli("door", "add", "front")
    server.cli("rotate-key", "--add")
    _, new = read_keys(tmp_path / KEY)
    with monkeypatch.context() as broken:
        broken.setattr(sealing, "_reseal_all", _die)
        assert main(["-c", str(server.config), "rotate-key", "--seal"]) == 130
    assert "2 values" in server.cli("rotate-key", "--seal")
    server.cli("rotate-key", "--drop")
    assert read_keys(tmp_path / KEY) == [new]
    server.cli("door", "mosquitto")


def _die(_: Opened) -> int:
    raise KeyboardInterrupt


def test_a_key_that_waits_opens_and_does_not_seal(tmp_path: Path) -> None:
    file, copy = tmp_path / "key", tmp_path / "copy"
    make_key_file(file)
    old, here = Vault(read_keys(file)), open_key_file(file)
    add_key(file, waits=True)
    assert old.open(here.seal(b"x")) == b"x"
    shutil.copy(file, copy)
    there = open_key_file(copy)
    let_seal(file)
    sealed = here.seal(b"y")
    with pytest.raises(VaultError):
        old.open(sealed)
    assert there.open(sealed) == b"y"
    assert here.open(there.seal(b"z")) == b"z"
