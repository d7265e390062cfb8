"""The bell between processes, the embedded broker's users, and the vault: what stands around the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import free_port
from patience import until
from serving import answers

from roomserver.bell import Bell, ring
from roomserver.storage.vault import Vault, VaultError, make_key_file, open_key_file
from roomserver.wire.broker import BrokerError, EmbeddedBroker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A bell deeper down than the path of a socket may be long."""
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    return folder / "roomserver.bell"


def test_a_ring_is_heard_and_nobody_at_home_is_told(path: Path) -> None:
    heard = threading.Event()
    assert not ring(path)
    bell = Bell(path, heard.set)
    assert ring(path)
    assert heard.wait(5)
    bell.close()
    assert not ring(path)


def test_a_fault_at_one_ring_does_not_silence_the_next(path: Path) -> None:
    rings: list[int] = []

    def rung() -> None:
        rings.append(1)
        raise RuntimeError("whatever")

    bell = Bell(path, rung)
    for wanted in (1, 2, 3):
        ring(path)
        until(lambda wanted=wanted: len(rings) == wanted)
    bell.close()


def test_ringing_for_ever_at_a_busy_server_neither_blocks_nor_fails(path: Path) -> None:
    going = threading.Event()
    bell = Bell(path, lambda: bool(going.wait(10)))
    assert all(ring(path) for _ in range(70_000))  # more than a pipe holds
    going.set()
    bell.close()


def test_a_file_in_the_way_is_not_overwritten(path: Path) -> None:
    path.write_text("somebody's")
    with pytest.raises(FileExistsError, match="in the way"):
        Bell(path, lambda: None)
    assert path.read_text() == "somebody's"


def test_only_the_owner_may_ring(path: Path) -> None:
    bell = Bell(path, lambda: None)
    assert path.stat().st_mode & 0o777 == 0o600
    bell.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """An embedded broker that is not started."""
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", free_port())
    yield broker
    broker.stop()


def test_the_broker_starts_again_only_when_its_users_changed(embedded: EmbeddedBroker) -> None:
    assert embedded.serve({"front": "a"})
    assert not embedded.serve({"front": "a"})
    assert embedded.serve({"front": "b"})
    embedded.stop()
    assert not embedded.serve({"front": "c"})  # stopped is stopped


def test_the_brokers_passwords_do_not_stay_on_the_disk(tmp_path: Path, embedded: EmbeddedBroker) -> None:
    embedded.serve({"front": "a"})
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_a_word_about_it(tmp_path: Path, embedded: EmbeddedBroker) -> None:
    embedded.serve({})
    assert answers(embedded._port)
    with pytest.raises(BrokerError, match=r"mqtt\.port"):
        EmbeddedBroker(tmp_path, "127.0.0.1", embedded._port).serve({})


def test_what_is_sealed_opens_with_the_same_file_alone(tmp_path: Path) -> None:
    make_key_file(tmp_path / "one")
    make_key_file(tmp_path / "two")
    one, two = open_key_file(tmp_path / "one"), open_key_file(tmp_path / "two")
    sealed = one.seal(b"a door key")
    assert b"a door key" not in sealed
    assert one.open(sealed) == b"a door key"
    with pytest.raises(VaultError, match="not the one"):
        two.open(sealed)
    both = Vault([*(tmp_path / "two").read_bytes().split(), *(tmp_path / "one").read_bytes().split()])
    assert both.open(sealed) == b"a door key"  # a new first key, and the old one still opens


@pytest.mark.parametrize("content", [None, b"", b"not a key", b"\xff" * 44])
def test_a_key_file_that_is_none_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(VaultError):
        open_key_file(file)
    if content is not None:
        with pytest.raises(FileExistsError):
            make_key_file(file)
