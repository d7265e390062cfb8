"""``roomserver check``: every part told at once, what to do, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from broker import Mosquitto, free_port

from roomserver.cli import main
from roomserver.place import DATABASE_FILE

Found = tuple[int, dict[str, list[str]]]


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A place after ``init``, with a door, on a free port."""
    file = tmp_path / "roomserver.toml"
    assert main(["-c", str(file), "init", "--http-port", str(free_port())]) == 0
    assert main(["-c", str(file), "door", "add", "front"]) == 0
    capsys.readouterr()
    return file


def check(config: Path, capsys: pytest.CaptureFixture[str]) -> Found:
    """Exit code, and the faults of each part."""
    code = main(["-c", str(config), "check", "--json"])
    return code, json.loads(capsys.readouterr().out)


def external(config: Path, port: int, *more: str) -> None:
    """An external broker from now on."""
    text = config.read_text().replace('broker = "embedded"', "\n".join(('broker = "external"', *more)))
    config.write_text(text.replace("port = 1883", f"port = {port}"))


def test_a_place_after_init_is_well(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check(config, capsys)
    assert (code, [part for part in found if found[part]]) == (0, [])
    assert list(found) == [
        "settings",
        "key file",
        "database",
        "secret files",
        "certificate",
        "port",
        "broker",
    ]
    assert main(["-c", str(config), "check"]) == 0
    assert "key file      well" in capsys.readouterr().out


def test_every_fault_is_told_at_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key open to all, the database gone, a secret's file gone, a broker that is not there."""
    folder = config.parent
    external(config, free_port(), 'password_file = "lost"')
    (folder / "roomserver.key").chmod(0o644)
    (folder / DATABASE_FILE).unlink()
    code, found = check(config, capsys)
    assert code == 1
    assert "chmod 600" in found["key file"][0]
    assert "Bring it back, or run: roomserver init" in found["database"][0]
    assert not (folder / DATABASE_FILE).exists()  # looking makes nothing
    assert "lost: No such file" in found["secret files"][0]
    assert found["broker"] != []


@pytest.mark.parametrize("password, faults", [("server-secret", 0), ("guessed", 1)])
def test_the_broker_is_asked_whether_it_knows_this_server(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, password: str, faults: int
) -> None:
    broker = Mosquitto(tmp_path, {"roomserver": "server-secret"})
    broker.start()
    try:
        external(config, broker.port, 'password_file = "word"')
        (config.parent / "word").write_text(password)
        code, found = check(config, capsys)
    finally:
        broker.kill()
    assert (code, len(found["broker"])) == (faults, faults)
    assert "password in [mqtt]" in " ".join(found["broker"]) or not faults


def test_faults_of_the_settings_come_first(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("[http]\nport = 0\nhots = 1\n")
    code, found = check(config, capsys)
    assert (code, list(found)) == (1, ["settings"])
    told = " ".join(found["settings"])
    assert "port" in told
    assert "hots" in told


def test_another_key_file_is_told(config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert main(["-c", str(other / "roomserver.toml"), "init"]) == 0
    (config.parent / "roomserver.key").write_bytes((other / "roomserver.key").read_bytes())
    capsys.readouterr()
    code, found = check(config, capsys)
    assert code == 1
    assert "not the one this database was sealed with" in found["database"][0]
