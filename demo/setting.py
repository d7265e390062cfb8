"""The setting of the demo: a server with a broker, a door enrolled at it, members. All of it throw-away."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from door import credentials
from door.enroll import enroll

DOOR = "yuexin"
START_SECONDS = 30
STOP_SECONDS = 10
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, a supervisor, a terminal that was closed

PLACE = """\
[door]
name = "{door}"
state_dir = "{folder}/door"
runtime_dir = "{folder}/run"
credentials = "{folder}/door.json"

[server]
url = "{url}"
poll_seconds = 10

[pins]
factory = "mock"
"""

CONFIG = f"""{PLACE}
[[keypads]]
name = "terminal"
kind = "terminal"

[indicator]
kind = "terminal"

[clock]
trust = "system"
"""


# The same door with everything fitted; its wires lead to the panel, its clock is as good as a Pi's.
PANEL_CONFIG = f"""{PLACE}
[indicator]
red = 23
green = 24
blue = 25
buzzer = 18
tonal = true

[beams]
fitted = true

[motion]
fitted = true

[tamper]
fitted = true

[fire]
fitted = true

[power_fail]
fitted = true

[lights]
fitted = true

[bell]
fitted = true
chime = 10
"""


class DemoError(RuntimeError):
    """The demo cannot be set up; ``str(error)`` says why."""


@dataclass(frozen=True, slots=True)
class Code:
    """A line of a member's phone."""

    digits: str
    second: str
    begins: int
    ends: int


class Setting:
    """A folder with everything in it. ``start`` brings the server up, ``stop`` leaves nothing running."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        self.folder = folder
        self._config = config
        self.http, self.mqtt = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self.door_config = folder / "config.toml"
        self.credentials = folder / "door.json"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def server_pid(self) -> int:
        """Whom to kill, to see the door go on."""
        return self._server.pid if self._server else 0

    def start(self) -> None:
        """Write the server's files, run it, and enroll the door."""
        self.roomserver("init", "--http-port", str(self.http), "--mqtt-port", str(self.mqtt))
        self._let_anybody_join()
        self._serve()
        self._wait_for_server()
        token = self.roomserver_json("door", "add", DOOR)["token"]
        answer = enroll(self.url, token, DOOR, None)
        credentials.save(credentials.parse({**answer, "door": DOOR}), self.credentials)
        self.door_config.write_text(self._config.format(door=DOOR, folder=self.folder, url=self.url))

    def stop(self) -> None:
        """End the server, gently and then not."""
        if self._server is None or self._server.poll() is not None:
            return
        self._server.send_signal(signal.SIGTERM)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def member(self, kind: str = "phone") -> str:
        """A new member's number."""
        return str(self.roomserver_json("member", "add", "--kind", kind)["member"])

    def codes(self, member: str, *words: str) -> list[Code]:
        """What the member's phone shows now; or the sheet, or (``--card``) a card."""
        found = self.roomserver_json("code", member, *words)["codes"]
        return [Code(c["code"], c["second"], c["begins"], c["ends"]) for c in found]

    def roomserver(self, *words: str) -> str:
        """Run the administrator's command."""
        done = subprocess.run(
            [*self._command(), *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise DemoError(f"roomserver {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def roomserver_json(self, *words: str) -> dict[str, Any]:
        """The same, its answer read."""
        answer: dict[str, Any] = json.loads(self.roomserver(*words, "--json"))
        return answer

    def _let_anybody_join(self) -> None:
        """Nobody is at hand to look at an identity card."""
        path = self.folder / "roomserver.toml"
        text = path.read_text("utf-8")
        by_committee, by_nobody = 'provider = "committee"', 'provider = "demo"'
        assert text.count(by_committee) == 1
        path.write_text(text.replace(by_committee, by_nobody), "utf-8")

    def _serve(self) -> None:
        # A Ctrl-C between its fork and our knowing of it would leave it running for good.
        with undisturbed(), (self.folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                [*self._command(), "serve"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "roomserver", "--config", str(self.folder / "roomserver.toml")]

    def _wait_for_server(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._server is not None and self._server.poll() is not None:
                break
            try:
                requests.get(f"{self.url}/api/v1/time", timeout=2).raise_for_status()
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return
        log = (self.folder / "server.log").read_text(errors="replace")
        raise DemoError(f"the server did not start:\n{log}")


@contextmanager
def undisturbed() -> Iterator[None]:
    """An ending asked for meanwhile comes afterwards; for the main thread."""
    asked: list[int] = []
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        signal.raise_signal(asked[0])


def _free_port() -> int:
    """One that Linux gives to no outgoing connection until the server listens there."""
    while True:
        port = random.randrange(10_000, 32_768)  # noqa: S311  (a port is no secret)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
