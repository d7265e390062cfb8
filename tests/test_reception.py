"""The administrator's commands about people, and a new sealing key under a running server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import databases
import pytest
from cryptography.fernet import Fernet
from serving import RoomServer, room_server
from stage import Browser, form_token

from roomserver.cli import main, parser
from roomserver.errors import RoomserverError
from roomserver.place import load, open_place
from roomserver.storage import vault
from roomserver.storage.register import OneTime, Person, Reason
from roomserver.storage.vault import VaultError, make_key_file, open_key_file
from roomserver.upkeep import sealing

FORM = {
    "name": "王小明",
    "phone": "138 0013 8000",
    "identity": "11010519491231002X",
    "membership": "true",
    "identity_check": "true",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RoomServer]:
    """A running server of one test."""
    with room_server(tmp_path) as running:
        yield running


def browser(server: RoomServer) -> Browser:
    """A resident's phone."""
    return Browser(base_url=server.url, timeout=20)


def told(server: RoomServer, capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """What a command that fails says."""
    assert main(["-c", str(server.config), *args]) == 2
    return capsys.readouterr().err


def test_from_application_to_member_to_a_new_phone_to_nobody(server: RoomServer, tmp_path: Path) -> None:
    with browser(server) as phone:
        phone.submit("/join", FORM)
        text = server.cli("application", "list")
        assert all(word in text for word in ("王小明", "13800138000", "see-paper"))
        assert FORM["identity"] not in text
        member = server.json("application", "approve", "1")["member"]
        assert "王小明" in phone.get("/me").text
    assert server.json("application", "list") == []
    assert server.json("member", "who", member)["name"] == "王小明"
    assert "13800138000" in server.cli("member", "who", member)

    url = server.json("member", "link", member)["url"]
    with browser(server) as new_phone:
        assert new_phone.submit(url).headers["location"] == "/code"
        assert "王小明" in new_phone.get("/me").text
        assert "cannot be undone" in _refused(server, "member", "forget", member)
        server.cli("member", "forget", member, "--yes")
        assert new_phone.get("/me").status_code == 401
    assert "only the number is known" in _refused(server, "member", "who", member)
    assert server.json("member", "list")[0]["revoked_through"] > 0
    assert FORM["identity"] not in server.log()


def _refused(server: RoomServer, *args: str) -> str:
    """The text of the error that a command ends with."""
    opened = open_place(load(server.config))
    parsed = parser().parse_args(["-c", str(server.config), *args])
    try:
        with pytest.raises(RoomserverError) as caught:
            parsed.work(opened, parsed)
    finally:
        opened.database.close()
    return str(caught.value)


def test_a_newer_link_kills_the_one_before(server: RoomServer) -> None:
    server.cli("member", "add", "--number", "0427")
    old, new = (server.json("member", "link", "0427")["url"] for _ in range(2))
    with browser(server) as phone:
        assert phone.submit(old).status_code == 410
        assert phone.submit(new).status_code == 303


def test_a_link_is_shown_as_a_qr_code(server: RoomServer, tmp_path: Path) -> None:
    server.cli("member", "add", "--number", "0427")
    text = server.cli("member", "link", "0427")
    assert re.search(r"^  http://127\.0\.0\.1:\d+/in/[\w-]{32}$", text, re.MULTILINE)
    assert text.count("▄") + text.count("▀") > 100
    server.cli("member", "link", "0427", "--svg", str(tmp_path / "link.svg"))
    assert ET.parse(tmp_path / "link.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_links_token_is_in_no_column(server: RoomServer) -> None:
    server.cli("member", "add", "--number", "0427")
    token = server.json("member", "link", "0427")["url"].rpartition("/")[2]
    assert token.encode() not in databases.raw(server.folder)


@pytest.mark.parametrize(
    "args, word",
    [
        (("application", "approve", "7"), "No application 7"),
        (("application", "decline", "7"), "No application 7"),
        (("member", "link", "0999"), "There is no member 0999"),
        (("member", "who", "0999"), "There is no member 0999"),
        (("member", "forget", "0999", "--yes"), "There is no member 0999"),
    ],
)
def test_what_is_not_there_is_told(
    server: RoomServer, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], word: str
) -> None:
    assert word in told(server, capsys, *args)


@pytest.mark.parametrize(
    "args",
    [
        ("member", "reinstate", "0427"),
        ("member", "reissue", "0427"),
        ("member", "suspend", "0427", "--until", "2999-01-01"),
        ("member", "revoke", "0427", "--reason", "words that must not stay"),
        ("member", "link", "0427"),
        ("code", "0427"),
        ("paper", "card", "0427"),
    ],
    ids=" ".join,
)
def test_who_was_forgotten_stays_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]
) -> None:
    place = RoomServer(tmp_path)
    place.cli("door", "add", "front")
    place.cli("member", "add", "--number", "0427")
    place.cli("member", "forget", "0427", "--yes")
    before = place.json("member", "list")
    said = told(place, capsys, *args)
    assert "has left and is forgotten" in said
    assert "roomserver member add" in said
    assert place.json("member", "list") == before
    opened = open_place(load(place.config))
    with opened.database.read() as session:
        assert not session.query(OneTime).all() + session.query(Reason).all()
    opened.database.close()


def test_declining_tells_the_applicant(server: RoomServer) -> None:
    with browser(server) as phone:
        phone.submit("/join", FORM)
        server.cli("application", "decline", "1")
        assert "没有通过" in phone.get("/join").text


# -- the sealing key ------------------------------------------------------------------------------


def test_a_new_key_seals_everything_while_the_server_runs(server: RoomServer) -> None:
    home = server.enroll("front")
    with browser(server) as phone:
        phone.submit("/join", FORM)
        server.cli("application", "approve", "1")
        old = server.folder / "old.key"
        old.write_bytes((server.folder / "roomserver.key").read_bytes())
        only = () if databases.kind().startswith("sqlite") else ("--only-server",)
        assert "Back it up" in server.cli("rotate-key", *only)
        keys = (server.folder / "roomserver.key").read_bytes().split()
        assert len(keys) == 1
        assert keys != old.read_bytes().split()
        assert "王小明" in phone.get("/me").text  # the running server has noticed
        phone.submit("/me", {"name": "王大明", "phone": "13900139000"}, "/me/details")
        with browser(server) as second:
            second.submit("/join", FORM | {"identity": "440524188001010014"})
    member = server.json("member", "list")[0]["member"]
    assert server.json("member", "who", member)["name"] == "王大明"
    assert server.enroll("front")["door_key"] == home["door_key"]
    with browser(server) as again:  # the tag's key came along: the number is still known
        again.submit("/join", FORM)
    assert [bool(one["member"]) for one in server.json("application", "list")] == [False, True]
    place = open_place(load(server.config))
    with place.database.read() as session:
        sealed = session.query(Person).one().name
    place.database.close()
    with pytest.raises(VaultError):
        open_key_file(old).open(sealed)


@pytest.mark.parametrize("stop", ["after the new key", "before the old key goes"])
def test_a_rotation_that_was_broken_off_loses_nothing(
    tmp_path: Path, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = RoomServer(tmp_path)
    place.cli("door", "add", "front")
    opened = open_place(load(place.config))
    if stop == "after the new key":
        vault.add_key(opened.place.key_file)
    else:
        monkeypatch.setattr(vault, "drop_old_keys", _die)
        with pytest.raises(KeyboardInterrupt):
            sealing.rotate(opened)
        monkeypatch.undo()
    assert len(vault.read_keys(opened.place.key_file)) == 2
    place.cli("door", "mosquitto")  # opens what is sealed
    sealing.rotate(opened)
    assert len(vault.read_keys(opened.place.key_file)) == 1
    opened.database.close()
    place.cli("door", "mosquitto")


def _die(_: Path) -> None:
    raise KeyboardInterrupt


def test_the_key_file_stays_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key_file(file)
    vault.add_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert vault.drop_old_keys(file) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key"]


def test_a_key_file_that_was_spoilt_seals_nothing(tmp_path: Path) -> None:
    """What is sealed with a key that is in no file could never be opened again."""
    file = tmp_path / "key"
    make_key_file(file)
    opened = open_key_file(file)
    sealed = opened.seal(b"x")
    file.write_bytes(b"nonsense\n")
    with pytest.raises(VaultError):
        opened.seal(b"y")
    file.write_bytes(Fernet.generate_key())
    assert open_key_file(file).open(opened.seal(b"y")) == b"y"
    with pytest.raises(VaultError):
        opened.open(sealed)


def test_a_key_file_that_is_away_for_a_moment_is_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key_file(file)
    opened = open_key_file(file)
    file.rename(tmp_path / "elsewhere")
    assert opened.open(opened.seal(b"x")) == b"x"


def test_json_is_complete(server: RoomServer) -> None:
    with browser(server) as phone:
        page = phone.get("/join").text
        phone.post("/join", data={"form_token": form_token(page), **FORM})
    (one,) = json.loads(server.cli("application", "list", "--json"))
    assert one.keys() == {"id", "who", "reason", "applied_at", "member", "again"}
