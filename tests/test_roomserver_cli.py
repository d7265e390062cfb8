"""``roomserver`` as the administrator types it: what it says, what is then true, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import until
from serving import ROOT, RoomServer, answers, free_port

from contract.codes import Codes, Kind, parse
from roomserver.cli import main, parser
from roomserver.place import load

Typed = tuple[int, str, str]


class Desk:
    """A terminal in the folder of a place."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config, self._capsys = folder / "roomserver.toml", capsys

    def __call__(self, *words: str) -> Typed:
        """Exit code, standard output and error of a command."""
        try:
            code = main(["-c", str(self.config), *words])
        except SystemExit as left:
            code = int(str(left.code))
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def json(self, *words: str):  # type: ignore[no-untyped-def]
        """The JSON a command prints."""
        code, out, _ = self(*words, "--json")
        assert code == 0
        return json.loads(out)


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A folder with nothing in it."""
    return Desk(tmp_path, capsys)


@pytest.fixture
def desk(empty: Desk) -> Desk:
    """A place after ``init``, with the door ``front``."""
    assert empty("init")[0] == 0
    assert empty("door", "add", "front")[0] == 0
    return empty


def refused(typed: Typed) -> str:
    """What a refusal says; it has exit code 2, no traceback, and nothing on standard output."""
    code, out, err = typed
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err


def test_init_writes_what_reads_back_and_only_the_owner_reads_the_key(empty: Desk) -> None:
    code, out, _ = empty("init", "--http-port", "8123", "--mqtt-port", "1899")
    assert code == 0
    assert "roomserver serve" in out
    place = load(empty.config)
    assert (place.settings.http.port, place.settings.mqtt.port) == (8123, 1899)
    for name in ("roomserver.toml", "roomserver.key", "roomserver.db"):
        assert (place.folder / name).stat().st_mode & 0o777 == 0o600


def test_init_again_changes_nothing(desk: Desk) -> None:
    before = {path.name: path.read_bytes() for path in desk.config.parent.iterdir() if path.suffix != ".db"}
    code, out, _ = desk("init")
    assert code == 0
    assert out.count("stays as it is") == 2
    after = {path.name: path.read_bytes() for path in desk.config.parent.iterdir() if path.suffix != ".db"}
    assert before == after
    assert len(desk.json("door", "list")) == 1


def test_without_init_every_command_says_what_to_do(empty: Desk) -> None:
    assert "init" in refused(empty("member", "list"))
    empty.config.write_text("")
    assert "init" in refused(empty("member", "list"))


def test_all_faults_of_the_settings_are_told_at_once(desk: Desk) -> None:
    desk.config.write_text(
        '[http]\nprot = 1\nport = 0\n[mqtt]\nbroker = "embeded"\ntls = 3\n[codes]\ntime_zone = "X"\n'
    )
    told = refused(desk("status"))
    assert "5 faults" in told
    assert 'did you mean "port"' in told
    assert 'did you mean "embedded"' in told


def test_another_key_file_is_told(desk: Desk) -> None:
    (desk.config.parent / "roomserver.key").write_bytes(b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    desk("member", "add", "--number", "0427")
    assert "key file" in refused(desk("code", "0427"))


def test_a_database_of_a_newer_program_is_left_alone(desk: Desk) -> None:
    database = sqlite3.connect(desk.config.parent / "roomserver.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    assert "9999" in refused(desk("member", "add"))
    code, _, err = desk("init")
    assert code == 2
    assert "9999" in err


@pytest.mark.parametrize(
    "words, hint",
    [
        (("member", "revoke", "0001"), "member list"),
        (("member", "add", "--number", "0000"), "digits"),
        (("member", "add", "--kind", "card"), "choose from"),
        (("member",), "required"),
        (("door", "add", "Front"), "a-z"),
        (("door", "rekey", "side"), "door list"),
        (("code", "0001"), "member list"),
        (("code", "0427", "--door", "side"), "door list"),
        (("rows", "--door", "side"), "door list"),
        (("rows", "--limit", "x"), "0 for all"),
        (("rows", "--limit", "-1"), "0 for all"),
        (("door", "add", "back"), "Mosquitto"),
        ((), "required"),
    ],
)
def test_bad_input_is_told_with_what_to_do(desk: Desk, words: tuple[str, ...], hint: str) -> None:
    assert hint in refused(desk(*words))


def test_a_phone_draws_its_bundle(desk: Desk) -> None:
    desk("member", "add", "--number", "0427")
    drawn = desk.json("code", "0427")
    assert len(drawn["codes"]) in (15, 16)
    assert all(parse(one["code"], Codes()).member == "0427" for one in drawn["codes"])
    steps = drawn["codes"]
    assert [one["second"] for one in steps[:-1]] == [two["code"][4:] for two in steps[1:]]
    code, out, _ = desk("code", "0427")
    assert code == 0
    digits = steps[3]["code"]  # some way ahead: still in the bundle, should the first step just have ended
    assert f"{digits[:4]} {digits[4:7]} {digits[7:]}   second " in out


def test_staff_get_a_link_and_paper_a_sheet_and_everybody_a_card(desk: Desk) -> None:
    desk("member", "add", "--kind", "staff", "--number", "0001")
    desk("member", "add", "--kind", "paper", "--number", "0002")
    assert desk.json("code", "0001")["uri"].startswith("otpauth://totp/study%20room:0001?secret=")
    for days in (7, 14, 28):
        assert len(desk.json("code", "0002", "--days", str(days))["codes"]) == days
    card = desk.json("code", "0001", "--card")
    assert (card["kind"], [one["step"] for one in card["codes"]]) == (Kind.CARD, [1, 2, 3, 4, 5])
    for number in ("0001", "0002"):
        assert desk("code", number, "--card")[0] == desk("code", number)[0] == 0


def test_a_revoked_member_draws_nothing_until_reinstated(desk: Desk) -> None:
    desk("member", "add", "--number", "0427")
    before = desk.json("code", "0427")["codes"][0]["code"]
    assert desk("member", "revoke", "0427")[0] == 0
    assert "revoked" in refused(desk("code", "0427"))
    assert "revoked" in refused(desk("code", "0427", "--card"))
    assert "roomserver code 0427" in desk("member", "reinstate", "0427")[1]
    assert desk.json("code", "0427")["codes"][0]["code"] != before


def test_every_listing_is_words_when_empty_and_json_when_asked(empty: Desk) -> None:
    empty("init")
    assert "door add" in empty("door", "list")[1]
    assert "member add" in empty("member", "list")[1]
    assert "No row" in empty("rows")[1]
    assert "door add" in empty("status")[1]
    for words in (("door", "list"), ("member", "list"), ("rows",)):
        assert empty.json(*words) == []
    assert empty.json("status") == {"doors": {}, "alarms": [], "notify": []}
    assert "door add" in refused(empty("code", "0427"))


def test_a_new_key_kills_what_was_drawn_and_says_whose(desk: Desk) -> None:
    desk("member", "add", "--number", "0427")
    desk("member", "add", "--kind", "staff", "--number", "0001")
    desk("member", "add", "--kind", "paper", "--number", "0002")
    before = desk.json("code", "0427")["codes"][-1]
    code, out, _ = desk("door", "rekey", "front")
    assert code == 0
    assert "authenticators of: 0001" in out
    assert "sheets of: 0002" in out
    after = {one["step"]: one["code"] for one in desk.json("code", "0427")["codes"]}
    assert after.get(before["step"]) != before["code"]


def test_every_command_has_words_of_its_own() -> None:
    def walk(top):  # type: ignore[no-untyped-def]
        for action in top._actions:
            for name, command in (
                (getattr(action, "choices", None) or {}).items() if action.nargs == "A..." else ()
            ):
                yield name, command
                yield from walk(command)

    found = dict(walk(parser()))
    assert {"init", "serve", "door", "member", "code", "rows", "status", "reissue", "rekey"} <= found.keys()
    for name, command in found.items():
        assert "usage: roomserver" in command.format_help(), name


# -- the real process -----------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RoomServer]:
    """A place whose server does not run yet."""
    made = RoomServer(tmp_path)
    yield made
    made.kill()


def run(server: RoomServer, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own."""
    command = [sys.executable, "-m", "roomserver", "-c", str(server.config), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)


def test_the_process_exits_as_it_says(server: RoomServer) -> None:
    good, bad = run(server, "member", "list"), run(server, "code", "9999")
    assert (good.returncode, good.stderr) == (0, "")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("roomserver: There is no")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_tells_systemd_and_ends_in_order(server: RoomServer, number: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        name = f"\0studyroom-test-{os.getpid()}-{number}"
        notify.bind(name)
        notify.settimeout(20)
        process = subprocess.Popen(
            [sys.executable, "-m", "roomserver", "-c", str(server.config), "serve"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": f"@{name[1:]}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert notify.recv(100) == b"READY=1"
            assert answers(server.http_port)
            assert answers(server.mqtt_port)
            process.send_signal(number)
            assert notify.recv(100) == b"STOPPING=1"
            _, told = process.communicate(timeout=15)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in told
    until(lambda: not answers(server.mqtt_port))


def test_who_is_told_to_stop_while_it_starts_ends_in_order(server: RoomServer) -> None:
    """Its broker is up, its pages are not yet."""
    command = [sys.executable, "-m", "roomserver", "-c", str(server.config), "serve"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        until(lambda: answers(server.mqtt_port), 30, 0.001)
        assert not answers(server.http_port)
        process.terminate()
        assert process.wait(30) == 0
    until(lambda: not answers(server.mqtt_port), 30)


@pytest.mark.parametrize("port", ["http", "mqtt"])
def test_a_port_that_is_taken_is_told_and_nothing_stays_behind(server: RoomServer, port: str) -> None:
    taken, other = (server.http_port, server.mqtt_port)[:: 1 if port == "http" else -1]
    with socket.socket() as blocker:
        blocker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        blocker.bind(("127.0.0.1", taken))
        blocker.listen()
        ended = run(server, "serve")
    assert ended.returncode == 2
    assert str(taken) in ended.stderr
    assert f"{port}.port" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not answers(other)


def test_the_cli_says_whether_a_running_server_was_told(server: RoomServer) -> None:
    assert "not running" in server.cli("member", "add")
    server.start()
    assert "not running" not in server.cli("member", "add")
    assert server.stop() == 0
    assert "not running" in server.cli("member", "add")


def test_two_servers_do_not_run_in_one_place(server: RoomServer) -> None:
    server.start()
    assert run(server, "serve").returncode == 2
    assert answers(server.http_port)


def test_a_free_port_is_free() -> None:
    assert not answers(free_port())


# -- the form of the codes ------------------------------------------------------------------------


def written(desk: Desk, key: str, value: str) -> None:
    """``codes.key = value`` in the file."""
    text, replaced = re.subn(rf"(?m)^#? ?{key} = .*$", f"{key} = {value}", desk.config.read_text("utf-8"))
    assert replaced == 1
    desk.config.write_text(text, "utf-8")


@pytest.mark.parametrize(
    "key, value, kept",
    [("digits", "8", "6"), ("member_digits", "5", "4"), ("time_zone", '"Asia/Tokyo"', '"Asia/Shanghai"')],
)
def test_the_form_of_the_codes_is_chosen_before_the_first_member(
    desk: Desk, key: str, value: str, kept: str
) -> None:
    """Sheets, cards and apps have one form; another in the file is refused, and nothing is done."""
    written(desk, key, value)
    assert desk("status")[0] == 0  # nobody has a code yet
    written(desk, key, kept)
    number = desk.json("member", "add")["member"]
    written(desk, key, value)
    code, _, err = desk("member", "add")
    assert code == 2
    assert f"codes.{key} = {kept}" in err
    written(desk, key, kept)
    assert [one["member"] for one in desk.json("member", "list")] == [number]


def test_how_often_paper_opens_and_the_name_of_the_room_change_at_any_time(desk: Desk) -> None:
    desk.json("member", "add")
    written(desk, "paper_uses", "3")
    written(desk, "room", '"Reading room"')
    assert desk("member", "list")[0] == 0
