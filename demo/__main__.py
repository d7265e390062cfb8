"""``python -m demo``: set everything up, show a code, and be the door until Ctrl-C or the end of input.

Where a browser opens beside the terminal, the door's panel is played at and the terminal tells; elsewhere
(a pipe, a shell far away) the terminal is the keypad. ``--panel`` and ``--terminal`` choose one of them.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.neighbour import Neighbour
from demo.pocket import Pocket
from demo.setting import CONFIG, DOOR, ENDINGS, PANEL_CONFIG, Code, DemoError, Setting
from demo.witness import Witness
from door import credentials, pins
from door.daemon import Daemon
from door.errors import DoorError
from door.panel.server import opened

LAST_ROW_SECONDS = 3.0
_PRINTING = threading.Lock()
_BACK = "\r" if sys.stdout.isatty() else ""  # over the dots of digits typed


PANEL = """
  panel    {url}   the door, to play at; Ctrl-C ends it
  broker   mqtt://127.0.0.1:{mqtt}
  server   {server}   process {pid}: kill it, and the door goes on
"""


def say(line: str) -> None:
    """One line of the story, whole, whichever thread tells it."""
    with _PRINTING:
        sys.stdout.write(f"{_BACK}{line}\n")
        sys.stdout.flush()


def main() -> int:
    """The demo; exit code 0 when it was ended by whoever watched it."""
    panel = wants_panel(sys.argv[1:])
    for number in ENDINGS:  # until the daemon takes them over
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="studyroom-demo-", ignore_cleanup_errors=True) as folder:
        setting = Setting(Path(folder), PANEL_CONFIG if panel else CONFIG)
        try:
            say("Setting up a server, a broker and a door …")
            setting.start()
            (_open_the_panel if panel else _be_the_door)(setting)
        except (DemoError, DoorError) as error:
            say(f"demo: {error}")
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            for number in ENDINGS:  # a second Ctrl-C must not keep the server running
                signal.signal(number, signal.SIG_IGN)
            setting.stop()
    say("Everything is stopped, and what was written is deleted.")
    return 0


def wants_panel(words: list[str]) -> bool:
    """Whether somebody sits before a screen, or asks for it."""
    if words:
        return words == ["--panel"]
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin"
    return bool(screen) and sys.stdin.isatty() and sys.stdout.isatty()


def _open_the_panel(setting: Setting) -> None:
    witness = Witness(credentials.load(setting.credentials).mqtt, DOOR, say)
    witness.start()
    over, pocket = threading.Event(), Pocket(setting)
    for number in ENDINGS:
        signal.signal(number, lambda *_: over.set())
    try:
        with opened(setting.door_config, log=setting.folder / "door.log", pocket=pocket) as server:
            say(PANEL.format(url=server.url, mqtt=setting.mqtt, server=setting.url, pid=setting.server_pid))
            if sys.stdout.isatty():
                webbrowser.open(server.url)
            over.wait()
    finally:
        pocket.close()
        witness.stop()


def _be_the_door(setting: Setting) -> None:
    account = credentials.load(setting.credentials).mqtt
    member, neighbour_number = setting.member(), setting.member()
    pins.use("mock", setting.folder)
    daemon = Daemon(setting.door_config)
    neighbour = Neighbour(daemon.config.contact.pin)
    witness = Witness(account, DOOR, say)
    witness.start()
    neighbour.wait_at(daemon.lock)
    _introduce(setting, member, neighbour_number)
    try:
        daemon.run()
        witness.wait_stored(daemon.store.seq, LAST_ROW_SECONDS)
    finally:
        neighbour.leave()
        witness.stop()


def _introduce(setting: Setting, member: str, other: str) -> None:
    account = credentials.load(setting.credentials).mqtt
    login = f"-u {account.username} -P {account.password}"
    say(f"""
  broker   mqtt://127.0.0.1:{setting.mqtt}   look in from another terminal:
           mosquitto_sub -V 5 -p {setting.mqtt} {login} -t 'studyroom/#' -v
  server   {setting.url}   process {setting.server_pid}: kill it, and the door goes on
  page     {setting.url}/join   join as a resident, and draw codes of your own:
           any name, any phone, 11010519491231002X as identity number
  members  {member} and {other}   more codes from another terminal:
           {sys.executable} -m roomserver -c {setting.folder}/roomserver.toml code {member}

  The phone of member {member} shows:
{_phone(setting.codes(member)[:4])}
  The phone of member {other} shows:
{_phone(setting.codes(other)[:2])}
  You stand at the keypad. Type the ten digits of the line whose time it is.
  * clears, # enters, Ctrl-C ends. Try it twice, try an old one, try ten wrong ones:
  the door then asks for a second code, and a vandal has locked nobody out.
""")


def _phone(codes: list[Code]) -> str:
    zone = ZoneInfo("Asia/Shanghai")
    lines = []
    for code in codes:
        begins = datetime.fromtimestamp(code.begins, zone)
        now = "now" if code.begins <= time.time() < code.ends else ""
        shown = f"{code.digits[:4]} {code.digits[4:7]} {code.digits[7:]}"
        second = f"{code.second[:3]} {code.second[3:]}"
        lines.append(f"    {begins:%H:%M} {now:<4} {shown}   if the door asks: {second}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
