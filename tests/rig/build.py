"""Makes the guest as README.md tells a Pi's owner to, once for each state of what it is made from.

``built()`` gives the folder of the guest; ``python -m tests.rig.build`` makes it and says where it is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import until
from tests.rig.guest import Guest
from tests.rig.machine import ARCH, QEMU

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "studyroom-rig")
SUITE = os.environ.get("RIG_SUITE", "bookworm")
# Its Python, the minor version of its libc, and lgpio: PyPI's wheel, or one made in it.
PYTHON, GLIBC, LGPIO_FROM = {"bookworm": ("3.11", 36, "pi,"), "trixie": ("3.13", 41, "")}[SUITE]
KEPT = 2  # of each stay in the cache, the newest: a guest has a gigabyte

OF_BASE = ("base", "furnish", "init", "hands.py", "guest-packages.txt", "wires")
OF_WHEELS = ("pyproject.toml", "constraints.txt")
OF_GUEST = ("contract", "door", "roomserver", "demo", "systemd", "config.toml", "README.md", *OF_WHEELS)

# README's words, in a chroot without a network: everybody is root, and what would be fetched lies at hand.
STAND_INS = r"""
set -eu
export PIP_NO_INDEX=1 PIP_FIND_LINKS='/carried/wheels /carried' PIP_DISABLE_PIP_VERSION_CHECK=1
export PATH=/usr/local/bin:/usr/sbin:/usr/bin
sudo() { if [ "$1" = -u ]; then user=$2; shift 2; runuser -u "$user" -- "$@"; else "$@"; fi; }
apt() { :; }
systemctl() { command systemctl "${@/#--now/-q}"; }
git() { cp -r /carried/project /opt/studyroom; }
nano() { case $1 in *config.toml) sed -i 's|^# url = .*|url = "http://localhost:8000"|' "$1" ;; esac; }
"""
# Raspberry Pi OS has python3-lgpio; Debian has none, so a wheel stands in for it.
LGPIO = """
python3 -m venv /tmp/pip
/tmp/pip/bin/pip install -q --no-deps --target "$(echo /usr/local/lib/python3*/dist-packages)" lgpio
rm -r /tmp/pip
"""
# Without systemd nothing starts at once, so for the enrolling the server is started by hand.
SERVE = """
ip link set lo up
room serve &
until (echo >/dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.1; done
"""


def steps(section: str, numbers: Iterable[int]) -> str:
    """The commands of README's numbered steps, as they stand there."""
    _, _, text = (ROOT / "README.md").read_text("utf-8").partition(f"\n## {section}\n")
    text = text.partition("\n## ")[0]
    found = dict(re.findall(r"^(\d)\. ((?:(?!^\d\. ).*\n?)*)", text, re.MULTILINE))
    blocks = [re.findall(r"^ +```\n(.*?)^ +```", found[str(n)], re.MULTILINE | re.DOTALL) for n in numbers]
    return "".join(textwrap.dedent(block) for several in blocks for block in several)


def digest(*parts: Iterable[Path] | str) -> str:
    """One name for the contents of files and folders."""
    total = hashlib.sha256()
    for part in parts:
        for path in [part] if isinstance(part, str) else part:
            if isinstance(path, str):
                total.update(path.encode())
                continue
            files = [path] if path.is_file() else sorted(path.rglob("*"))
            for file in files:
                if file.is_file() and "__pycache__" not in file.parts:
                    total.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def built() -> Path:
    """The guest's folder, made if there is none of these inputs; ``armed.state`` is a guest at work."""
    qemu = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    base = CACHE / f"base-{digest(SUITE, ARCH, [HERE / name for name in OF_BASE])}"
    wheels = CACHE / f"wheels-{digest(SUITE, ARCH, [ROOT / name for name in OF_WHEELS])}"
    inputs = [*(ROOT / name for name in OF_GUEST), HERE / "machine.py", HERE / "build.py"]
    guest = CACHE / f"guest-{digest(base.name, wheels.name, qemu, inputs)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for unfinished in CACHE.glob("new-*"):
            shutil.rmtree(unfinished)
        with made(base) as folder:
            if folder:
                if not LGPIO_FROM:
                    _fetch(folder, "--no-deps", "--no-binary", "lgpio", "lgpio")
                subprocess.run([HERE / "base", SUITE, ARCH, folder], check=True)
        with made(wheels) as folder:
            if folder:
                _fetch_wheels(folder)
        with made(guest) as folder:
            if folder:
                _install(base, wheels, folder)
                _first_day(folder)
        for used in (base, wheels, guest):
            os.utime(used)
        for kind in ("base", "wheels", "guest"):
            for old in sorted(CACHE.glob(f"{kind}-*"), key=lambda path: -path.stat().st_mtime)[KEPT:]:
                shutil.rmtree(old)
    return guest


@contextmanager
def made(folder: Path) -> Iterator[Path | None]:
    """Where to make what is missing; it gets its name when it is whole. None if it is there."""
    if folder.exists():
        yield None
        return
    draft = folder.with_name(f"new-{folder.name}")
    draft.mkdir()
    began = time.monotonic()
    yield draft
    draft.rename(folder)
    sys.stderr.write(f"{folder} made in {time.monotonic() - began:.0f} s\n")


def _fetch(folder: Path, *what: str) -> None:
    """Download from PyPI, at the versions of constraints.txt."""
    command = [sys.executable, "-m", "pip", "download", "-q", "-d", folder, "-c", "constraints.txt", *what]
    environment = {**os.environ, "PIP_BUILD_CONSTRAINT": "constraints.txt", "PYPI": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _fetch_wheels(folder: Path) -> None:
    """For the Python and the processor of the guest."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}[ARCH]
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 16, -1)]
    whole = (f".[{LGPIO_FROM}server]", "hatchling")
    _fetch(folder, "--python-version", PYTHON, "--only-binary", ":all:", *platforms, *whole)


def _install(base: Path, wheels: Path, folder: Path) -> None:
    """README's steps on a mounted copy of the base, at the speed of this machine."""
    for name in ("vmlinuz", "initrd"):
        os.link(base / name, folder / name)
    subprocess.run(["cp", "--sparse=always", base / "base.img", folder / "disk.img"], check=True)
    project = folder / "carried" / "project"
    project.mkdir(parents=True)
    for name in (*OF_GUEST, "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, project / name)
    for wheel in base.glob("*.whl"):
        shutil.copy2(wheel, folder / "carried")
    (folder / "carried" / "work").write_text(_work())
    (folder / "root").mkdir()
    script = f"""set -eu
mount -o loop disk.img root
mkdir root/carried && mount --bind carried root/carried
mkdir root/carried/wheels && mount --bind {wheels} root/carried/wheels
mount --bind /dev root/dev && mount -t proc proc root/proc
chroot root /bin/bash /carried/work
cp root/etc/studyroom/door.json .
umount root/carried/wheels root/carried && rmdir root/carried
umount root/proc root/dev root"""
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", script]
    with (folder / "install.log").open("wb") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=log)
    assert done.returncode == 0, (folder / "install.log").read_text()[-3000:]
    shutil.rmtree(folder / "carried")
    (folder / "root").rmdir()


def _work() -> str:
    """README from its first step to the last, but for what only a running machine can do."""
    token, pi = "/run/token", "On the Raspberry Pi"
    server = steps("The server", (4,)).replace("room code NUMBER\n", "")
    enrol = steps(pi, (5,)).replace("sudo door check\n", "")
    return "".join([
        STAND_INS,
        LGPIO,
        steps(pi, (1, 2, 3, 4)),
        steps("The server", (1, 2)),
        SERVE,
        server.replace("add study-room", f"add study-room --json >{token}"),
        enrol.replace("door enroll", f"door enroll <<<$(sed -n 's/.*token.: .\\(.*\\)\".*/\\1/p' {token})"),
        steps(pi, (6,)).replace("sudo door status\n", ""),
        "pkill -u roomserver; while pgrep -u roomserver; do sleep 0.1; done\n",
    ])  # fmt: skip


def _first_day(folder: Path) -> None:
    """The first boot, until door and server know each other; what the relay did meanwhile is kept."""
    guest = Guest(folder, folder)
    try:
        guest.boot()
        guest.armed()
        until(lambda: '"source": "server"' in guest.shell("door status --json"), 240, 3)
        guest.shell("door check")
        guest.keep(folder)
        for left in ("hands", "monitor", "console", "qemu.log"):
            (folder / left).unlink()
    finally:
        guest.close()


if __name__ == "__main__":
    print(built())
