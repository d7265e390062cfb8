"""``python -m door.panel.child CONFIG``: the daemon on the simulated machine, told by lines of JSON.

It reads what the world does to it from standard input, and says there what its outputs do. The end of its
input ends it in order; a kill is a power cut.
"""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from pathlib import Path

from door.cli import LOG_FORMAT
from door.daemon import Daemon
from door.errors import DoorError
from door.events import Stopping
from door.panel.machine import SimulatedMachine


class Mouth:
    """Says messages in order, from a thread of its own: whoever moves a pin never waits for a pipe."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="mouth", daemon=True)
        self._thread.start()

    def say(self, message: dict[str, object]) -> None:
        """Say it soon."""
        self._queue.put(message)

    def close(self) -> None:
        """Say what is left."""
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        try:
            while (message := self._queue.get()) is not None:
                sys.stdout.write(json.dumps(message) + "\n")
                sys.stdout.flush()
        except OSError:  # nobody listens any more: the end of the input says the same
            return


def main() -> int:
    """Be the door; exit codes as ``door run`` has them."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    mouth = Mouth()
    try:
        machine = SimulatedMachine(mouth.say, json.loads(sys.stdin.readline()))
        daemon = Daemon(Path(sys.argv[1]), machine)
        threading.Thread(target=_listen, args=(daemon, machine), name="world", daemon=True).start()
        mouth.say({"running": str(daemon.config.socket)})
        daemon.run()
    except DoorError as error:
        mouth.say({"failed": str(error)})
        return 1
    finally:
        mouth.close()
    return 0


def _listen(daemon: Daemon, machine: SimulatedMachine) -> None:
    for line in sys.stdin:
        orders = json.loads(line)
        machine.take(orders)
        if "clock" in orders:  # the door looks once a minute; nobody at a panel waits so long
            daemon.inbox.put(machine.system_time())
    daemon.inbox.put(Stopping("the panel was closed"))


if __name__ == "__main__":
    sys.exit(main())
