"""Rows from a door's store to the server's, acknowledged: through a real broker, into a real database."""

from __future__ import annotations

import time

from benchmarks.figures import Figure, short
from contract.messages import command_key, report_key
from demo.setting import DOOR, Setting
from door import credentials
from door.effects import Record
from door.reporter import Reporter
from door.store import Store

ROWS = 5_000
DEADLINE_SECONDS = 120


def figures(setting: Setting) -> list[Figure]:
    """How many a second."""
    known = credentials.load(setting.credentials)
    broker = known.mqtt
    store = Store(
        setting.folder / "delivery.db",
        door=DOOR,
        report_key=report_key(known.door_key, DOOR),
        post=lambda _: None,
    )
    store.start()
    for n in range(ROWS):
        store.keep([Record("bell", detail={"n": n}, at=1_795_485_600 + n, clock="server")])
    store.keep([Record("bell")]).result(60)
    reporter = Reporter(
        host=broker.host, port=broker.port, username=broker.username, password=broker.password, tls=None,
        door=DOOR, command_key=command_key(known.door_key, DOOR), report_key=report_key(known.door_key, DOOR),
        outbox=store, post=lambda _: None, on_hint=lambda _: None,
    )  # fmt: skip
    began = time.perf_counter()
    reporter.start()
    try:
        while store.ack < store.seq and time.perf_counter() - began < DEADLINE_SECONDS:
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        sent = store.ack
    finally:
        reporter.stop(5)
        store.stop(5)
    return [
        Figure(
            "rows door → server, stored and acknowledged",
            f"{short(sent / seconds)}/s (n {sent})",
            "≥ 1,000/s",
        )
    ]
