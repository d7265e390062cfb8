"""The panel without a browser: who is refused, what a gesture is, how one walks, and the door behind it."""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from patience import until
from serving import ROOT, answers
from shell import Shell
from village import config, home, write

from contract.messages import ALARMS, REASONS, ROW_TYPES
from door import tables
from door.attachments import Beams, Fire
from door.config import Config
from door.panel.finger import Finger
from door.panel.gestures import FORMS, SWITCHES, GestureError, parse
from door.panel.server import HEADERS, Server, opened
from door.panel.street import SEAT, Street, get_up, step, walk
from door.panel.words import DEEDS, ROWS, WHY, sentence

PATIENCE = 40.0


def settings(folder: Path) -> Config:
    """A door on simulated pins that has beams and a fire alarm, and whose clock only the network holds."""
    fitted: dict[str, Any] = {"beams": Beams(fitted=True), "fire": Fire(fitted=True)}
    return config(folder, clock=tables.Clock(trust="none"), **fitted)


def house(folder: Path) -> Path:
    """Its configuration, in a folder of its own."""
    home(folder)
    return write(folder, settings(folder))


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One panel, its power on."""
    folder = tmp_path_factory.mktemp("panel")
    with opened(house(folder), log=folder / "door.log") as server:
        until(lambda: server.world.journal.state["status"] is not None, PATIENCE)
        yield server


def said(server: Server, **gesture: object) -> httpx.Response:
    """A gesture, as the page makes it."""
    return httpx.post(f"{server.url}gesture", json=gesture, headers={"Origin": server.url[:-26]})


# -- who is let in --------------------------------------------------------------------------------


def test_the_page_is_whole_and_asks_nobody_else(panel: Server) -> None:
    """Each file it names is there, with a policy that allows no stranger; nothing comes from elsewhere."""
    page = httpx.get(panel.url)
    assert page.status_code == 200
    files = set(re.findall(r'(?:href|src)="([^"]+)"', page.text)) | {"clips/zh/accepted.wav"}
    assert len(files) >= 4
    for file in files:
        answer = httpx.get(panel.url + file)
        assert answer.status_code == 200, file
        assert "://" not in re.sub(r"http://www\.w3\.org/\S+", "", answer.text if "wav" not in file else "")
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "headers, status",
    [({"Host": "door.example"}, 421), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403)],
    ids=["another name for loopback", "another page", "a page of no origin"],
)
@pytest.mark.parametrize("path", ["", "events", "gesture"])
def test_a_stranger_is_refused_whatever_he_knows(
    panel: Server, path: str, headers: dict[str, str], status: int
) -> None:
    ask = httpx.post if path == "gesture" else httpx.get
    answer = ask(panel.url + path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert answer.text.strip()


@pytest.mark.parametrize("token", ["", "guess", "%E9"])
def test_without_the_token_nothing_is_shown(panel: Server, token: str) -> None:
    """Nor does the answer tell it."""
    base = f"http://127.0.0.1:{panel.server_port}/"
    for answer in (httpx.get(f"{base}{token}/"), httpx.post(f"{base}{token}/gesture", json={"do": "leave"})):
        assert answer.status_code == 403
        assert panel.token not in answer.text


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"do": "fly"}', "application/json", 400),
        (b'{"do": "walk", "to": 101}', "application/json", 400),
        (b'{"do": "walk", "to": true}', "application/json", 400),
        (b'{"do": "type", "keys": "12a"}', "application/json", 400),
        (b'{"do": "switch", "name": "sun", "on": true}', "application/json", 400),
        (b'{"do": "leave"}', "text/plain", 415),
        (b'{"do": "leave"}', "application/json", 409),
        (b" " * 2000, "application/json", 413),
    ],
    ids="half list unknown far truth letters switch text nobody long".split(),
)
def test_what_is_no_gesture_is_told_so(panel: Server, body: bytes, kind: str, status: int) -> None:
    answer = httpx.post(f"{panel.url}gesture", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert len(answer.text) > 20


def test_nothing_is_at_other_paths(panel: Server) -> None:
    assert httpx.get(f"{panel.url}../../etc/passwd").status_code == 403
    assert httpx.get(f"{panel.url}panel.py").status_code == 404
    assert httpx.post(f"{panel.url}events", json={}).status_code == 404


# -- the door behind it ----------------------------------------------------------------------------


def test_the_keys_reach_the_door_and_its_rows_come_back(panel: Server) -> None:
    """A wrong code: on record with its reason, told in both languages, and never the digits."""
    assert said(panel, do="type", keys="0427719385").status_code == 204
    until(lambda: "denied" in types(panel), PATIENCE)
    (row, *_) = [thing for thing in happened(panel) if thing.get("type") == "denied"]
    assert (row["reason"], row["en"]) == ("unknown-code", "It stays shut: not a present code")
    assert "719385" not in json.dumps([panel.world.journal.state, happened(panel)])


def test_a_key_that_does_not_click_is_pressed_again() -> None:
    """Two zeros that a busy keypad took for one long press; the second try is heard."""
    pressed: list[str] = []
    shown: queue.Queue[str | None] = queue.Queue()

    def press(key: str, down: bool) -> None:
        if down:
            pressed.append(key)
            if pressed != ["1", "0", "0"]:
                finger.heard()

    finger = Finger(press, shown.put)
    finger.type("1002")
    assert [shown.get(timeout=PATIENCE) for _ in range(5)] == ["1", "0", "0", "2", None]
    assert pressed == ["1", "0", "0", "0", "2"]


def happened(server: Server) -> list[dict[str, Any]]:
    """All that the page was told."""
    return [dict(thing) for thing in server.world.journal.news(0, 0, 0).happened]


def test_a_fire_frees_the_door_and_a_power_cut_locks_it(panel: Server) -> None:
    """The relay is at rest without power, whatever the contacts say; and back it frees it again."""
    journal = panel.world.journal
    assert said(panel, do="switch", name="burning", on=True).status_code == 204
    until(lambda: journal.state["out"]["unlocked"], PATIENCE)
    assert said(panel, do="switch", name="power", on=False).status_code == 204
    until(lambda: not journal.state["out"]["unlocked"] and journal.state["status"] is None, PATIENCE)
    assert said(panel, do="switch", name="power", on=True).status_code == 204
    until(lambda: journal.state["out"]["unlocked"], PATIENCE)
    assert said(panel, do="switch", name="burning", on=False).status_code == 204
    until(lambda: not journal.state["out"]["unlocked"] and "fire-ended" in types(panel), PATIENCE)


def types(server: Server) -> list[str]:
    """The types of all rows so far."""
    return [thing["type"] for thing in happened(server) if thing["what"] == "row"]


def test_a_disk_that_takes_nothing_is_shouted_about_until_it_does(panel: Server) -> None:
    journal = panel.world.journal
    until(lambda: journal.state["status"] is not None, PATIENCE)
    said(panel, do="switch", name="disk", on=False)
    said(panel, do="type", keys="1205000000")
    until(lambda: "store-failed" in journal.state["status"]["alarms"], PATIENCE)
    said(panel, do="switch", name="disk", on=True)
    until(lambda: "store-failed" not in journal.state["status"]["alarms"], PATIENCE)


def test_a_wrong_clock_is_read_at_once(panel: Server) -> None:
    """Held by the network it is believed, here without a server; the display goes by it."""
    journal = panel.world.journal
    until(lambda: (journal.state["status"] or {}).get("clock", {}).get("source") == "ntp", PATIENCE)
    before = journal.state["status"]["display"]["time"]
    said(panel, do="clock", seconds=3 * 3600)
    until(lambda: hour(journal.state["status"]["display"]["time"]) == (hour(before) + 3) % 24, PATIENCE)
    said(panel, do="clock", seconds=0)


def hour(shown: str) -> int:
    """Of a time on the display, rounded, so that a minute that passes does not matter."""
    return round(int(shown[:2]) + int(shown[3:]) / 60 - 0.25) % 24


def test_a_door_that_ends_by_itself_says_why(tmp_path: Path) -> None:
    """Here another door keeps its folder; nothing hangs, and the switch is off."""
    path = house(tmp_path)
    with opened(path, log=tmp_path / "first.log") as first:
        until(lambda: first.world.journal.state["power"] == "on", PATIENCE)
        with opened(path, log=tmp_path / "second.log") as second:
            state = second.world.journal
            until(lambda: "a door is running already" in (state.state["why"] or ""), PATIENCE)
            assert state.state["switches"]["power"] is False
        assert first.world.journal.state["power"] == "on"


def test_door_panel_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """The command itself: prints its address, and leaves neither process nor port."""
    path = house(tmp_path)
    command = [sys.executable, "-m", "door", "--config", str(path), "panel"]
    with panel_process(command) as process:
        assert process.stdout is not None
        text = process.stdout.readline() + process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\S+/", text)
        assert found, text
        assert httpx.get(found[0]).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert not answers(int(found[1]))
    children = [p for p in Path("/proc").glob("[0-9]*/cmdline") if str(path) in _read(p)]
    assert children == []


@contextmanager
def panel_process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The command, killed at the end if need be."""
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("fault", ["real pins", "no keypad", "port"])
def test_what_cannot_be_played_at_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    path, words = house(tmp_path), ["panel"]
    text = path.read_text("utf-8")
    if fault == "real pins":
        path.write_text(text.replace('factory = "mock"', 'factory = "lgpio"'))
        expected = 'set pins.factory = "mock"'
    elif fault == "no keypad":
        path.write_text(text.replace('kind = "matrix"', 'kind = "terminal"'))
        expected = "add one"
    else:
        words, expected = ["panel", "--port", "70000"], "is no port"
    done = Shell(path, capsys).door(*words)
    assert done.code == 2
    assert expected in done.err


# -- gestures and words ----------------------------------------------------------------------------


def test_every_gesture_is_understood() -> None:
    at = {
        "key": {"key": "*", "down": True},
        "type": {"keys": "0427"},
        "walk": {"to": 0},
        "leave": {},
        "switch": {"name": "power", "on": False},
        "clock": {"seconds": -5},
    }
    assert at.keys() == FORMS.keys()
    for do, said in at.items():
        assert parse(json.dumps({"do": do, **said}).encode()).at == said
        with pytest.raises(GestureError, match=do):
            parse(json.dumps({"do": do, **said, "more": 1}).encode())


def test_every_word_of_the_door_has_its_sentence() -> None:
    assert ROWS.keys() == ROW_TYPES
    assert WHY.keys() >= REASONS | ALARMS
    assert DEEDS.keys() == {(name, on) for name in SWITCHES for on in (True, False)}
    assert sentence({"type": "denied", "reason": "used-code"})[0] == "没有开门:号码已经用过了"


# -- the street ------------------------------------------------------------------------------------


def seen(street: Street, *, unlocked: bool, steps: int = 400) -> tuple[Street, list[tuple[str, ...]]]:
    """Steps until nothing moves, and what the sensors saw, each change once."""
    facts: list[tuple[str, ...]] = []
    for _ in range(steps):
        street = step(street, unlocked=unlocked)
        now = tuple(name for name, so in street.facts.items() if so and name != "moving")
        if not facts or facts[-1] != now:
            facts.append(now)
    return street, facts


def test_who_walks_in_waits_for_the_strike_and_breaks_the_beams_in_order() -> None:
    waiting, facts = seen(walk(Street(), SEAT), unlocked=False)
    assert (waiting.seated, waiting.leaf_open, facts) == (0, False, [()])
    seated, facts = seen(waiting, unlocked=True)
    assert (seated.seated, seated.x, seated.leaf_open) == (1, 0, False)
    assert facts == [
        ("open",), ("open", "outer"), ("open", "outer", "inner"), ("open", "inner"), ("open",), (),
    ]  # fmt: skip


def test_who_walks_out_turns_the_handle_and_needs_no_strike() -> None:
    outside, facts = seen(get_up(Street(seated=1)), unlocked=False)
    assert (outside.seated, outside.x, outside.leaf_open) == (0, 0, False)
    assert facts == [(), ("inner",), ("outer", "inner"), ("outer",), (), ("exit",), ("open",), ()]
