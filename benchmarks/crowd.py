"""Many doors at one server process: rows over a real Mosquitto into a PostgreSQL that keeps them safe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import postgresql
import serving
from sqlalchemy import func, select

from benchmarks.figures import Figure, short
from benchmarks.wire import MEMBERS
from contract.codes import Codes, Kind
from roomserver.place import load, now, open_place
from roomserver.residents import members
from roomserver.settings import Settings
from roomserver.storage.database import Database
from roomserver.storage.schema import AuditRow
from roomserver.wire import doors
from roomserver.wire.mosquitto import LIMITS

DOORS = 120
ROWS = 500  # of each
AIM = "≥ 5,000/s"


class Broker(serving.Mosquitto):
    """Mosquitto with the limits that ``roomserver init --mosquitto`` sets."""

    def command(self) -> list[str]:
        command = super().command()
        with (self.folder / "mosquitto.conf").open("a") as config:
            config.write(LIMITS + "\n")
        return command

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds by the clock, and processor seconds of each process."""

    rows: int
    seconds: float
    cpu: dict[str, float]


def figures() -> list[Figure]:
    """Rows a second, and what it costs."""
    what = f"rows of {DOORS} doors → one server on PostgreSQL, stored and acknowledged"
    if (
        not list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        or shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None
    ):
        return [Figure(what, "no PostgreSQL or no Mosquitto here", AIM)]
    run = measure()
    per_second = run.rows / run.seconds
    spent = ", ".join(f"{name} {short(seconds)} s" for name, seconds in run.cpu.items())
    return [
        Figure(what, f"{short(per_second)}/s (n {run.rows})", AIM),
        Figure(
            "the same, for a processor second of the server", f"{short(run.rows / run.cpu['server'])}", "–"
        ),
        Figure(f"processor time of that ({short(run.seconds)} s)", spent, "–"),
    ]


def measure() -> Run:
    """Everything set up, sent, and counted in the database."""
    cluster = postgresql.Cluster(durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="studyroom-crowd-", ignore_cleanup_errors=True) as folder:
            return _measure(Path(folder), cluster)
    finally:
        cluster.remove()


def _measure(folder: Path, cluster: postgresql.Cluster) -> Run:
    broker = Broker(folder / "broker", {"roomserver": "a password"})
    server = serving.RoomServer(
        folder / "server", broker, replace(Settings(), database=cluster.make("crowd"))
    )
    told = _add_doors(server, broker)
    broker.start()
    server.start()
    try:
        sender = _sender(folder / "doors.json", told)
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
        assert server.process is not None
        pids = {"server": [server.process.pid], "broker": [broker.pid], "PostgreSQL": cluster.pids()}
        before = {name: sum(map(_cpu, of)) for name, of in pids.items()}
        said, _ = sender.communicate("go\n", timeout=600)
        cpu = {name: sum(map(_cpu, of)) - before[name] for name, of in pids.items()}
        seconds, cpu["doors"] = map(float, said.split())
        return Run(_stored(server), seconds, cpu)
    finally:
        server.kill()
        broker.kill()


def _add_doors(server: serving.RoomServer, broker: Broker) -> dict[str, object]:
    """Doors at the server and at the broker, and what a sender is told of them."""
    opened, told = open_place(load(server.config)), []
    with opened.database.write() as session:
        for number in MEMBERS:
            members.add(session, Kind.PHONE, Codes(), now(), f"{number}")
        for name in (f"door-{n}" for n in range(DOORS)):
            doors.add(session, opened.vault, name, now())
            door = doors.get(session, name)
            password = opened.vault.open(door.mqtt_password).decode()
            told.append({"name": name, "key": opened.vault.open(door.key).hex(), "password": password})
            broker.users = {**broker.users, name: password}
    opened.database.close()
    return {"port": broker.port, "rows": ROWS, "doors": told}


def _sender(file: Path, told: dict[str, object]) -> subprocess.Popen[str]:
    file.write_text(json.dumps(told))
    command = [sys.executable, "-m", "benchmarks.wire", str(file)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _stored(server: serving.RoomServer) -> int:
    database = Database(load(server.config).database_url)
    with database.read() as session:
        stored = session.scalar(select(func.count()).select_from(AuditRow)) or 0
    database.close()
    assert stored == DOORS * ROWS, "a row is missing, or here twice"
    return stored


def _cpu(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
