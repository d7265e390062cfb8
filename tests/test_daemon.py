"""The daemon, whole: how it starts, what it works without, how it ends and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from patience import until
from village import (
    DOOR,
    SILENT,
    Door,
    answered,
    codes_of,
    config,
    door_at,
    door_process,
    home,
    now_of_system,
    verified,
    write,
)

from contract.codes import Codes, Kind, issue
from door import config as configuration
from door import control, fittings, tables
from door.alone import RunningError
from door.daemon import Daemon
from door.effects import Cue
from door.errors import ConfigError
from door.events import ListReceived, ServerTime, SystemTime
from door.rules import Rules

KEY = bytes(range(32))
SYSTEM = tables.Clock(trust="system")
IN_1970 = SystemTime(0, synchronised=True, rtc=False)
IN_2099 = SystemTime(4_073_155_200_000, synchronised=True, rtc=False)


def stored(folder: Path) -> list[bytes]:
    """The rows of the newest log as they lie in the file."""
    with closing(sqlite3.connect(folder / "state" / "door.db")) as db:
        (log,) = db.execute("SELECT log FROM logs ORDER BY position DESC LIMIT 1").fetchone()
        return [raw for (raw,) in db.execute("SELECT raw FROM rows WHERE log = ? ORDER BY seq", (log,))]


def rows_of(folder: Path) -> list[dict[str, object]]:
    """The same, verified and read."""
    return list(verified(KEY, stored(folder)))


# -- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """Exit code 0, every row written and chained, no socket, also while the door is unlocked."""
    with door_process(tmp_path) as door:
        until(lambda: answered(tmp_path / "run" / "control.sock"), 15)
        door.type(codes_of("0427")[0])
        door.says("accepted")
        assert control.ask(tmp_path / "run" / "control.sock", "status", {})["state"]["lock"] == "UNLOCKED"
        door.process.send_signal(number)
        assert door.wait() == 0, door.text
    assert not (tmp_path / "run" / "control.sock").exists()
    rows = rows_of(tmp_path)
    assert [row["type"] for row in rows if row["type"] in ("granted", "stopped")] == ["granted", "stopped"]
    assert rows[-1]["reason"] == number.name
    assert "Traceback" not in door.text


def test_end_of_input_ends_it(tmp_path: Path) -> None:
    """A door on a terminal is there for as long as somebody can type; a last line needs no end."""
    with door_process(tmp_path) as door:
        until(lambda: answered(tmp_path / "run" / "control.sock"), 15)
        assert door.process.stdin is not None
        door.process.stdin.write(codes_of("0427")[0])
        door.end_of_input()
        assert door.wait() == 0, door.text
        assert "accepted" in door.text
    assert rows_of(tmp_path)[-1]["reason"] == "end of input"


def test_when_it_ends_the_relay_is_at_rest_and_no_thread_is_left(tmp_path: Path) -> None:
    """Also in the middle of an unlock, and with the database whole."""
    before = set(threading.enumerate())
    with door_at(tmp_path) as door:
        door.post(codes_of("0427")[0])
        until(lambda: door.unlocked)
        door.stop()
        assert not door.unlocked
        left = {thread.name for thread in set(threading.enumerate()) - before}
        assert left <= {"control-talk"}, left
    assert [row["type"] for row in rows_of(tmp_path)][-1] == "stopped"


def test_a_part_that_fails_at_its_end_keeps_no_other_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock above all."""
    with door_at(tmp_path) as door:

        def broken() -> None:
            raise OSError("this part is broken")

        for part in (door.daemon.keypads[0], door.daemon.control):
            monkeypatch.setattr(part, "stop", broken)
        door.post(codes_of("0427")[0])
        until(lambda: door.unlocked)
        door.stop()
        assert not door.unlocked
        monkeypatch.undo()
        door.daemon.keypads[0].stop()
        door.daemon.control.stop()
    assert "this part is broken" in caplog.text
    assert rows_of(tmp_path)[-1]["type"] == "stopped"


# -- configuration --------------------------------------------------------------------------------


def opens_for(door: Door, member: str) -> float:
    """How long an unlock lasts that nobody uses, in seconds."""
    assert door.post(codes_of(member)[0]) is Cue.ACCEPTED
    until(lambda: door.unlocked)
    return until(lambda: not door.unlocked)


def test_reloading_a_good_file_changes_what_it_may(tmp_path: Path) -> None:
    """The strike time, from the next grant on."""
    settings = config(tmp_path, clock=SYSTEM, lock=fittings.Lock(unlock_seconds=3))
    with door_at(tmp_path, settings) as door:
        write(tmp_path, replace(settings, lock=fittings.Lock(unlock_seconds=1)))
        door.daemon.reload()
        assert 0.8 < opens_for(door, "0427") < 2.5
        assert door.rows("rules")


def test_reloading_a_faulty_file_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """SIGHUP to the real process: all faults are told, the door goes on."""
    with door_process(tmp_path) as door:
        until(lambda: answered(tmp_path / "run" / "control.sock"), 15)
        path = tmp_path / "config.toml"
        good = path.read_text("utf-8")
        path.write_text(good.replace("unlock_seconds = 5", 'unlock_seconds = "a while"') + "\n[loock]\n")
        door.process.send_signal(signal.SIGHUP)
        door.says("the old configuration stays")
        door.says("lock.unlock_seconds")
        door.says('did you mean "lock"')
        door.type(codes_of("0427")[0])
        door.says("accepted")
        path.write_text(good.replace("capacity = 15", "capacity = 3"))
        door.process.send_signal(signal.SIGHUP)
        sock = tmp_path / "run" / "control.sock"
        until(lambda: control.ask(sock, "status", {})["occupancy"]["capacity"] == 3)
        assert "Traceback" not in door.text


def test_rules_that_come_while_the_file_is_read_again_are_in_force_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by a thread of its own: the rules made of what the server said before must not come last."""
    made, asked = configuration.rules, threading.main_thread()
    with door_at(tmp_path, config(tmp_path, clock=SYSTEM)) as door:
        tells = threading.Thread(target=door.daemon.take_rules, args=({}, {"capacity": 3}))

        def made_slowly(*of: Any) -> Rules:
            found = made(*of)
            if threading.current_thread() is asked:
                tells.start()
                tells.join(0.2)
            return found

        monkeypatch.setattr(configuration, "rules", made_slowly)
        door.daemon.reload()
        tells.join(30)
        door.settled()
        assert door.daemon.loop.rules.capacity == 3


def test_a_hangup_in_the_middle_of_a_threads_start_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler takes no lock: it may run while the thread it interrupts holds that very lock."""
    heard = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    with door_at(tmp_path) as door:
        monkeypatch.setattr(door.daemon, "reload", heard.set)
        try:
            door.daemon._take_signals()
            with vars(threading)["_active_limbo_lock"]:  # held by whoever starts a thread
                signal.raise_signal(signal.SIGHUP)
            assert heard.wait(10)
        finally:
            for number, handler in zip(numbers, handlers, strict=True):
                signal.signal(number, handler)


def test_a_faulty_configuration_stops_it_before_a_pin_is_touched(tmp_path: Path) -> None:
    """``ConfigError`` from the constructor."""
    home(tmp_path)
    path = write(tmp_path, config(tmp_path))
    path.write_text(path.read_text("utf-8").replace("pin = 17", "pin = 27"))
    with pytest.raises(ConfigError, match="GPIO27"):
        Daemon(path)


# -- what it works without ------------------------------------------------------------------------


def test_without_broker_server_and_control_socket_members_get_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The socket's folder is a file; nothing answers anywhere."""
    (tmp_path / "in-the-way").write_text("")
    settings = config(tmp_path, "http://127.0.0.1:9", clock=SYSTEM)
    settings = replace(settings, door=replace(settings.door, socket=tmp_path / "in-the-way" / "socket"))
    home(tmp_path)
    path = write(tmp_path, settings)
    door = Door(path)
    try:
        door._thread.start()
        until(lambda: "cannot be asked" in caplog.text)
        assert door.post(codes_of("0427")[0]) in (Cue.ACCEPTED, Cue.SECOND_CODE)
    finally:
        door.close()


def test_when_the_disk_is_gone_health_is_told_and_the_loop_lives(tmp_path: Path) -> None:
    """``disk_free_mb`` is null."""
    with door_at(tmp_path) as door:
        object.__setattr__(door.daemon.health, "disk", tmp_path / "unmounted")
        assert door.status()["health"]["disk_free_mb"] is None
        door.daemon._beats["minute"] = 0
        door.daemon.loop._beat_at = 0
        assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED


def test_a_beat_that_fails_is_logged_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next member must get in."""
    with door_at(tmp_path) as door:

        def broken(_now: int) -> int:
            raise OSError("no beat")

        monkeypatch.setattr(door.daemon.loop, "_beat", broken)
        door.daemon.loop._beat_at = 0
        assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED
        until(lambda: "no beat" in caplog.text)
        monkeypatch.undo()


def double(door: Door, member: str) -> None:
    """The door asks for a second code, and then opens."""
    first, second = codes_of(member)
    assert door.post(first) is Cue.SECOND_CODE
    assert door.post(second + "#") is Cue.ACCEPTED
    until(lambda: door.unlocked)


def test_with_a_read_only_store_a_double_code_opens(tmp_path: Path) -> None:
    """And ``store-failed`` stands among the alarms until the disk does its part again."""
    with door_at(tmp_path) as door:
        door.daemon.store._pause = door.daemon.store._first_pause = 3600  # until we say so
        door.daemon.store.ask(lambda db: db.execute("PRAGMA query_only = 1").fetchone()).result(5)
        door.post("0427000000")  # anything that leaves a row
        until(lambda: "store-failed" in door.alarms)
        double(door, "0511")
        assert door.status()["health"]["store"]["ok"] is False
        door.walk_in()
        door.daemon.store.retry()
        until(lambda: "store-failed" not in door.alarms)
        assert door.post(codes_of("0612")[0]) is Cue.ACCEPTED
        granted = [row["member"] for row in door.rows("granted")]
        assert granted == ["0511", "0612"], "what was held in memory was written in its place"
        assert [row["type"] for row in door.rows()].count("fault-ended") >= 1


def test_a_store_of_a_newer_program_is_left_alone_and_a_double_code_opens(tmp_path: Path) -> None:
    """The old binary on the new database: shout, let in, touch nothing."""
    with door_at(tmp_path):
        pass
    path = tmp_path / "state" / "door.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 99")
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('door', 'later', '')"
        )
    before = path.read_bytes()
    with door_at(tmp_path) as door:
        until(lambda: "store-failed" in door.alarms)
        double(door, "0427")
    assert path.read_bytes() == before


def test_a_corrupt_store_is_set_aside_and_a_double_code_opens(tmp_path: Path) -> None:
    """A new log; the used steps are gone, so no single code is believed for a while."""
    with door_at(tmp_path) as door:
        log = door.daemon.store.log
    path = tmp_path / "state" / "door.db"
    path.write_bytes(os.urandom(len(path.read_bytes())))
    with door_at(tmp_path) as door:
        assert door.daemon.store.log != log
        double(door, "0427")
        assert [row["reason"] for row in door.rows("fault")] == ["store-failed"]
    assert len(list((tmp_path / "state").glob("door.db*"))) > 1
    assert rows_of(tmp_path)[0]["type"] == "log-began"


# -- clock ----------------------------------------------------------------------------------------


def lived_once(folder: Path) -> None:
    """The door has run, and the server has told it the time."""
    with door_at(folder, config(folder), clock=SILENT) as door:
        door.daemon.inbox.put(ServerTime(now_of_system().unix_ms))
        door.daemon.inbox.put(ListReceived(1, "0" * 64, complete=True, members=()))
        until(lambda: "clock-untrusted" not in door.alarms)
        door.settled()


@pytest.mark.parametrize("clock", [SILENT, IN_1970, SystemTime(0, synchronised=False, rtc=True)])
def test_a_door_that_wakes_in_1970_asks_for_a_double_code(tmp_path: Path, clock: SystemTime) -> None:
    """It knows that more has passed; everybody gets in, and the first one tells it the time."""
    lived_once(tmp_path)
    with door_at(tmp_path, config(tmp_path), clock=clock) as door:
        assert "clock-untrusted" in door.alarms
        card = issue(KEY, DOOR, Kind.CARD, "0301", 1, 1, Codes())
        assert door.post(card.digits) is Cue.SECOND_CODE
        assert door.post(card.second + "#") is Cue.ACCEPTED
        double(door, "0511")
        assert door.status()["health"]["clock"]["source"] == "code"
        assert door.post(codes_of("0612")[0]) is Cue.ACCEPTED


def test_a_door_that_wakes_in_2099_opens_to_no_old_code_and_shuts_nobody_out(tmp_path: Path) -> None:
    """NTP says so and is believed; only single codes fail, until the server tells better."""
    lived_once(tmp_path)
    with door_at(tmp_path, config(tmp_path), clock=IN_2099) as door:
        assert door.status()["health"]["clock"]["source"] == "ntp"
        assert door.post(codes_of("0427", later=-20)[0]) is Cue.WRONG
        assert door.post(codes_of("0511")[0]) is Cue.WRONG
        assert door.post(codes_of("0511")[1] + "#") is Cue.ACCEPTED
        door.daemon.inbox.put(ServerTime(now_of_system().unix_ms))
        door.settled()
        assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED
        assert "clock-disagrees" in door.alarms


def test_the_administrator_can_vouch_for_the_clock(tmp_path: Path) -> None:
    """`door clock --trust`: single codes open again."""
    with door_at(tmp_path, config(tmp_path), clock=SILENT) as door:
        assert door.post(codes_of("0427")[0]) is Cue.SECOND_CODE
        told = control.ask(door.daemon.config.socket, "clock", {"unix": now_of_system().unix_ms // 1000})
        assert told["ok"]
        assert door.post(codes_of("0511")[0]) is Cue.ACCEPTED


# -- the door as it is found ----------------------------------------------------------------------


def test_a_door_found_open_was_not_forced(tmp_path: Path) -> None:
    """And it is held only after its time, not at once."""
    home(tmp_path)
    settings = config(tmp_path, clock=SYSTEM, contact=fittings.Contact(forced_grace_ms=0))
    door = Door(write(tmp_path, settings))
    try:
        door.contact.drive_high()
        door.start()
        state = door.status()["state"]
        assert (state["door"], state["lock"]) == ("open", "LOCKED")
        assert not {"forced", "held"} & set(state["alarms"])
        door.contact.drive_low()
        until(lambda: door.status()["state"]["door"] == "closed")
        assert door.rows("forced") == []
        door.contact.drive_high()
        until(lambda: "forced" in door.alarms)
        assert door.rows("forced")
    finally:
        door.close()


def test_a_door_that_moves_while_it_starts_is_seen_as_it_is(tmp_path: Path) -> None:
    """Pushed and let go within the time that the contact takes to settle, just when the level was read."""
    home(tmp_path)
    door = Door(write(tmp_path, config(tmp_path, clock=SYSTEM)))
    try:
        contact = door.daemon.contact
        assert contact is not None
        until(lambda: contact._told is False)
        settle: list[Callable[[], None]] = []
        contact._after = lambda _seconds, act: settle.append(act)
        door.contact.drive_high()
        door._thread.start()
        until(lambda: answered(door.daemon.config.socket))
        door.contact.drive_low()
        settle[0]()
        door.settled()
        assert door.status()["state"]["door"] == "closed"
    finally:
        door.close()


# -- alone ----------------------------------------------------------------------------------------


def test_a_second_door_on_the_same_socket_refuses(tmp_path: Path) -> None:
    """With the word that one runs, and where; the first goes on."""
    with door_at(tmp_path) as door:
        with pytest.raises(RunningError, match=r"running already: it answers at .*control\.sock"):
            Daemon(door.path)
        assert door.post(codes_of("0427")[0]) is Cue.ACCEPTED


def test_a_second_door_on_the_same_database_refuses(tmp_path: Path) -> None:
    """Also with a socket of its own; and as a process it says so in a sentence."""
    with door_at(tmp_path / "one") as door:
        other = config(tmp_path / "two", clock=SYSTEM)
        state_dir = door.daemon.config.door.state_dir
        other = replace(other, door=replace(other.door, state_dir=state_dir))
        with door_process(tmp_path / "two", other) as second:
            assert second.wait() == 1
            assert "running already" in second.text
            assert "Traceback" not in second.text
        door.stop()
        with door_at(tmp_path / "one") as again:
            assert again.daemon.store.log == door.daemon.store.log


def test_a_socket_left_by_a_killed_door_is_replaced(tmp_path: Path) -> None:
    """kill -9 leaves the socket; the kernel lets go of the database."""
    for _ in range(2):
        with door_process(tmp_path) as door:
            until(lambda: answered(tmp_path / "run" / "control.sock"), 15)
            door.process.kill()
            door.wait()
        assert (tmp_path / "run" / "control.sock").exists()
