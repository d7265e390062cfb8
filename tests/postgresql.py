"""A throw-away PostgreSQL for tests: each test process has a cluster of its own in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from broker import free_port

_NUMBERS = count(1)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp"  # nobody waits for a disk there


class Cluster:
    """A running PostgreSQL on loopback; unless ``durable`` it keeps nothing safe, so that tests are quick."""

    def __init__(self, *, durable: bool = False) -> None:
        folder = tempfile.mkdtemp(prefix="studyroom-postgresql-", dir=None if durable else MEMORY)
        self._folder = Path(folder)
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self._as_nobody: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self._folder, "nobody")
            self._as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        self.port = free_port()
        self._run("initdb", "--auth=trust", "--username=tester", "--no-sync", "--encoding=UTF8", "--locale=C")
        self._settings = ["max_connections=200", "shared_buffers=64MB"]
        if not durable:
            self._settings += ["fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        options += "".join(f" -c {one}" for one in self._settings)
        self._run("pg_ctl", "--wait", f"--log={self._folder}/log", f"--options={options}", "start")

    def pids(self) -> list[int]:
        """The processes that it is just now."""
        pid = int((self._folder / "data/postmaster.pid").read_text().split()[0])
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def stop(self) -> None:
        """Stop it at once."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def remove(self) -> None:
        """Stop it and delete it."""
        self.stop()
        shutil.rmtree(self._folder)

    def make(self, name: str, template: str = "template0") -> str:
        """A new database, empty or a copy of another; its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Delete a database, whoever still uses it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """A database as ``roomserver.toml`` names it."""
        return f"postgresql+psycopg://tester@127.0.0.1:{self.port}/{name}"

    def dump(self, name: str) -> bytes:
        """All that is in a database."""
        address = ["--host=127.0.0.1", f"--port={self.port}", "--username=tester", name]
        return subprocess.run(
            [self._programs / "pg_dump", "--inserts", *address], check=True, capture_output=True
        ).stdout

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run SQL (one statement or more, without parameters) outside any transaction."""
        address = f"host=127.0.0.1 port={self.port} user=tester dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *args: str) -> None:
        environment = {"PATH": os.environ["PATH"], "PGDATA": str(self._folder / "data"), "LC_ALL": "C"}
        command = [*self._as_nobody, str(self._programs / program), *args]
        done = subprocess.run(
            command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert done.returncode == 0, done.stderr.decode()


@cache
def cluster() -> Cluster:
    """The cluster of this process, started when it is first needed."""
    made = Cluster()
    atexit.register(made.remove)
    return made


@contextmanager
def database(template: str = "template0") -> Iterator[str]:
    """The URL of a new database for the length of a ``with``."""
    name = f"test{next(_NUMBERS)}"
    yield cluster().make(name, template)
    cluster().drop(name)
