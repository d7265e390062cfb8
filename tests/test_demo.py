"""The demo as a stranger runs it: through pipes, on a terminal, with its server killed; it leaves nothing."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
from patience import until
from serving import ROOT, answers
from stage import Browser

from demo.__main__ import wants_panel
from demo.setting import Setting

pytestmark = pytest.mark.timeout(240)  # each sets up a server, a broker and a door

DIGITS = re.compile(r'id="digits"[^>]*aria-label="([\d ]+)"')
CODE = re.compile(r"\d\d:\d\d now +(\d{4} \d{3} \d{3}) +if the door asks: (\d{3} \d{3})")


@dataclass
class Demo:
    """A running demo; ``text`` is all it has shown so far."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    keys: IO[bytes]
    text: str = ""
    _mark: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, keys: str) -> None:
        """Type."""
        self.keys.write(keys.encode())
        self.keys.flush()

    def shows(self, pattern: str, seconds: float = 120) -> re.Match[str]:
        """Wait for this, after what was waited for before."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found.extend(re.compile(pattern).finditer(self.text, self._mark))
            return bool(found)

        try:
            until(seen, seconds)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} after:\n{self.text[self._mark :]}") from None
        self._mark = found[0].end()
        return found[0]

    def wait(self, seconds: float = 60) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def close(self) -> None:
        """Kill it and its server, should they still run."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if told := re.search(r"process (\d+):", self.text):
            with suppress(ProcessLookupError):
                os.kill(int(told[1]), signal.SIGKILL)
        for end in (self.keys, self.output):
            with suppress(OSError):
                end.close()
        self._reader.join(5)

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # EIO: the terminal's other end is closed
            while chunk := os.read(self.output.fileno(), 65_536):
                self.text += chunk.decode("utf-8", "replace")


@dataclass(frozen=True)
class Shown:
    """What the demo tells a stranger."""

    mqtt: int
    http: int
    server: int
    folder: Path
    login: list[str]
    codes: list[str]
    seconds: list[str]


def introduced(demo: Demo) -> Shown:
    """Wait for the prompt, and read it."""
    demo.shows(r"nobody out\.\r?\n")
    text = demo.text

    def told(pattern: str) -> str:
        match = re.search(pattern, text)
        assert match, pattern
        return match[1]

    found = CODE.findall(text)
    return Shown(
        int(told(r"mqtt://127\.0\.0\.1:(\d+)")),
        int(told(r"http://127\.0\.0\.1:(\d+)")),
        int(told(r"process (\d+):")),
        Path(told(r"-c (\S+)/roomserver\.toml")),
        told(r"mosquitto_sub (.*) -t '").split(),
        [code.replace(" ", "") for code, _ in found],
        [second.replace(" ", "") for _, second in found],
    )


@contextmanager
def piped() -> Iterator[Demo]:
    """The demo without a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    demo = Demo(process, process.stdout, process.stdin)
    try:
        yield demo
    finally:
        demo.close()


@contextmanager
def on_a_terminal() -> Iterator[Demo]:
    """The demo on a pseudo-terminal of its own, which it controls as a shell's job does."""
    ours, theirs = pty.openpty()
    run = "os.execv(sys.executable, [sys.executable, '-m', 'demo', '--terminal'])"
    take_over = f"import os, sys; os.login_tty({theirs}); {run}"
    process = subprocess.Popen([sys.executable, "-c", take_over], pass_fds=[theirs], cwd=ROOT)
    os.close(theirs)
    demo = Demo(process, os.fdopen(os.dup(ours), "rb", 0), os.fdopen(ours, "wb", 0))
    try:
        yield demo
    finally:
        demo.close()


def nothing_is_left(shown: Shown) -> None:
    """No process, no port, no file."""
    assert not Path(f"/proc/{shown.server}").exists()
    assert not answers(shown.http)
    assert not answers(shown.mqtt)
    assert not shown.folder.exists()
    assert mentioned(shown.folder) == []


def mentioned(folder: Path) -> list[str]:
    """The processes whose command line speaks of the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def heard(shown: Shown, topic: str) -> dict[str, object]:
    """What mosquitto_sub hears from outside, typed as the demo shows it."""
    done = subprocess.run(
        ["mosquitto_sub", *shown.login, "-t", f"studyroom/+/{topic}", "-C", "1", "-W", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    value: dict[str, object] = json.loads(done.stdout)
    return value


def test_without_a_terminal_it_reads_lines_and_ends_with_its_input() -> None:
    """A code opens, the neighbour goes in, the broker counts, the server stores; the code is good once."""
    with piped() as demo:
        shown = introduced(demo)
        assert len(shown.codes) == 2
        demo.type(shown.codes[0] + "\n")
        demo.shows(r"accepted .*Please come in")
        demo.shows(r"lock UNLOCKED")
        demo.shows(r"1 of 15 in")
        assert heard(shown, "occupancy")["count"] == 1
        granted = int(demo_row(demo, "granted"))
        until(lambda: stored(demo) >= granted, 60)
        demo.type(shown.codes[0] + "\n")
        demo.shows(r"not-now .*see your phone")
        demo.type("12345\n")
        demo.shows(r"wrong .*try again")
        demo.keys.close()
        assert demo.wait() == 0, demo.text
        assert "Everything is stopped" in demo.text
        assert stored(demo) == int(demo_row(demo, "stopped")), "the last row was told and stored"
    assert "\x1b" not in demo.text, "plain lines have no colours"
    assert "Traceback" not in demo.text
    nothing_is_left(shown)


def test_who_joins_on_its_page_gets_in_with_his_own_code() -> None:
    """As the demo says: any name, and the standard's own example of an identity number."""
    with piped() as demo:
        shown = introduced(demo)
        page = re.search(r"page +(\S+)", demo.text)
        assert page
        identity = re.search(r"(\d{17}X) as identity number", demo.text)
        assert identity
        with Browser(base_url=f"http://127.0.0.1:{shown.http}", timeout=60) as phone:
            asked = {"name": "王小明", "phone": "13800138000", "identity": identity[1]}
            joined = phone.submit(page[1], {**asked, "membership": "true", "identity_check": "true"})
            assert joined.is_redirect, joined.text
            code = DIGITS.search(phone.get("/code").text)
        assert code
        demo.type(code[1].replace(" ", "") + "\n")
        demo.shows(r"accepted .*Please come in")
        demo.keys.close()
        assert demo.wait() == 0, demo.text


def demo_row(demo: Demo, type_: str) -> str:
    """The number of the first row of a type."""
    match = re.search(rf"row (\d+) +{type_}", demo.text)
    assert match, demo.text
    return match[1]


def stored(demo: Demo) -> int:
    """How far the server has said that it stored."""
    return max((int(n) for n in re.findall(r"has stored all rows up to (\d+)", demo.text)), default=0)


def test_a_lockout_and_a_killed_server_keep_no_member_out() -> None:
    """Ten wrong codes, then single codes wait and a double code opens; and all of it with the server dead."""
    with piped() as demo:
        shown = introduced(demo)
        os.kill(shown.server, signal.SIGKILL)
        until(lambda: not answers(shown.http))
        for _ in range(10):
            demo.type(shown.codes[0][:4] + "".join(str((int(d) + 5) % 10) for d in shown.codes[0][4:]) + "\n")
        demo.type(shown.codes[0] + "\n")
        demo.shows(r"second-code .*next code")
        demo.type(shown.seconds[0] + "\n")
        demo.shows(r"accepted")
        demo.keys.close()
        assert demo.wait() == 0, demo.text
    assert "Traceback" not in demo.text
    nothing_is_left(shown)


def test_on_a_terminal_each_key_counts_and_ctrl_c_leaves_nothing() -> None:
    """No line is needed; the terminal is given back as it was."""
    with on_a_terminal() as demo:
        shown = introduced(demo)
        for key in shown.codes[0]:
            demo.type(key)
        demo.shows(r"accepted")
        demo.shows(r"1 of 15 in")
        demo.type("\x03")
        began = time.monotonic()
        assert demo.wait() == 0, demo.text
        assert time.monotonic() - began < 10
        assert "Everything is stopped" in demo.text
    assert "Traceback" not in demo.text
    nothing_is_left(shown)


@pytest.mark.parametrize(
    "words, screen, typed, panel",
    [
        ([], ":0", True, True),
        ([], ":0", False, False),
        ([], "", True, False),
        (["--terminal"], ":0", True, False),
        (["--panel"], "", False, True),
    ],
    ids=["desk", "pipe on a desk", "ssh", "terminal asked for", "panel asked for"],
)
def test_the_panel_opens_where_somebody_sees_it(
    monkeypatch: pytest.MonkeyPatch, words: list[str], screen: str, typed: bool, panel: bool
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: typed, raising=False)
    assert wants_panel(words) is panel


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_sets_up_leaves_nothing(number: signal.Signals) -> None:
    """The server is started already, the door not yet."""
    with piped() as demo:
        demo.shows("Setting up")
        until(lambda: children(demo.process.pid, b"serve"), 120, step=0.001)
        (server,) = children(demo.process.pid, b"serve")
        demo.process.send_signal(number)
        assert demo.wait() in (0, 130), demo.text
        assert "Traceback" not in demo.text
        assert not Path(f"/proc/{server}").exists()


def test_a_signal_while_the_server_is_forked_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its fork and the knowledge of it; whoever stops the setting stops it too."""
    begin, begun = subprocess.Popen, []

    def interrupted(*words: Any, **how: Any) -> subprocess.Popen[bytes]:
        begun.append(begin(*words, **how))
        signal.raise_signal(signal.SIGINT)
        return begun[0]

    setting = Setting(tmp_path)
    monkeypatch.setattr(setting, "_command", lambda: ["sh", "-c", "sleep 60"])
    monkeypatch.setattr(subprocess, "Popen", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as the demo has it
    try:
        with pytest.raises(KeyboardInterrupt):
            setting._serve()
    finally:
        signal.signal(signal.SIGINT, before)
        setting.stop()
    assert begun[0].poll() is not None


def children(pid: int, word: bytes) -> list[str]:
    """The children of a process that were started with this word, and by whichever of its threads."""
    found: list[str] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += (task / "children").read_text().split()
    return [child for child in found if word in arguments(child)]


def arguments(pid: str) -> list[bytes]:
    """The command line of a process; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
