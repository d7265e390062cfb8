"""Doors that do nothing but send: MQTT 5 by hand, else the clients' own work would be what is measured.

``python -m benchmarks.wire FILE``: the doors of ``FILE`` connect, say so, wait for a line, and send all
their rows, each at most ``WINDOW`` ahead of the server's signed ack. Printed: the seconds that took,
by the clock and of the processor.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

from contract import audit, messages
from contract.messages import Topics

WINDOW = 20  # Mosquitto takes no more than that at once from a client it has not answered
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x32, 0x40, 0x82, 0x90
MEMBERS = range(1000, 1500)
SILENCE_SECONDS = 60


class Door:
    """A connected door with its rows ready to go."""

    def __init__(self, port: int, told: dict[str, str], rows: int) -> None:
        key, name = bytes.fromhex(told["key"]), told["name"]
        self._topics, self._key = Topics(name), messages.command_key(key, name)
        self._ready = _made(self._topics, messages.report_key(key, name), rows)
        self.acked = self._sent = 0
        self._rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = b"".join(map(_text, (name, name, told["password"])))
        self.socket.sendall(_packet(CONNECT, _text("MQTT") + b"\x05\xc2\x00\x00\x00" + words))
        self._wait_for(CONNACK)
        self.socket.sendall(_packet(SUBSCRIBE, b"\x00\x01\x00" + _text(self._topics.ack) + b"\x01"))
        self._wait_for(SUBACK)

    @property
    def done(self) -> bool:
        """Whether the server has everything."""
        return self.acked == len(self._ready)

    def send(self) -> None:
        """What the window has room for."""
        until = min(self.acked + WINDOW, len(self._ready))
        if until > self._sent:
            self.socket.sendall(b"".join(self._ready[self._sent : until]))
            self._sent = until

    def hear(self) -> None:
        """Take what came; an ack that is not signed for this door ends the run."""
        for kind, body in self._packets():
            if kind & 0xF0 == PUBLISH & 0xF0:
                self._answer(body)

    def _answer(self, body: bytes) -> None:
        at = 2 + int.from_bytes(body[:2])
        self.socket.sendall(_packet(PUBACK, body[at : at + 2]))
        payload = body[at + 3 + body[at + 2] :]
        ack = messages.ack_from(messages.check(self._key, self._topics.ack, payload))
        self.acked = max(self.acked, ack.seq)

    def _wait_for(self, wanted: int) -> None:
        while not any(kind == wanted and body[1:2] < b"\x80" for kind, body in self._packets()):
            pass

    def _packets(self) -> list[tuple[int, bytes]]:
        data = self._rest + self.socket.recv(65_536)
        found, at = [], 0
        while (head := _head(data, at)) is not None:
            begin, end = head
            found.append((data[at], data[begin:end]))
            at = end
        self._rest = data[at:]
        return found


def _made(topics: Topics, key: bytes, rows: int) -> list[bytes]:
    """Packets of a door's first rows: entries, as most rows of a real door are."""
    made, prev = [], audit.FIRST_PREV
    for seq in range(1, rows + 1):
        entry: dict[str, Any] = {"type": "granted", "member": f"{MEMBERS[seq % len(MEMBERS)]}"}
        detail = {"kind": "phone", "generation": 1, "step": 14_962_000 + seq, "double": False}
        row = audit.make(
            key, topics.door, log="0123456789abcdef", seq=seq, prev=prev, at=1_795_485_600 + seq,
            clock="server", detail=detail, **entry,
        )  # fmt: skip
        prev = row.hash
        number = (seq % 65_535 + 1).to_bytes(2)
        made.append(_packet(PUBLISH, _text(topics.audit) + number + b"\x00" + row.raw))
    return made


def _text(text: str) -> bytes:
    return len(text).to_bytes(2) + text.encode()


def _packet(kind: int, body: bytes) -> bytes:
    left, length = len(body), b""
    while left > 127:
        length += bytes([left % 128 + 128])
        left //= 128
    return bytes([kind]) + length + bytes([left]) + body


def _head(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at ``at`` begins and ends; None while it is not all there."""
    length = shift = 0
    for index in range(at + 1, len(data)):
        length |= (data[index] & 127) << shift
        shift += 7
        if data[index] < 128:
            end = index + 1 + length
            return (index + 1, end) if end <= len(data) else None
    return None


def main(file: Path) -> None:
    """Connect, wait for the word, send."""
    told = json.loads(file.read_text())
    doors = [Door(told["port"], one, told["rows"]) for one in told["doors"]]
    with selectors.DefaultSelector() as selector:
        for door in doors:
            selector.register(door.socket, selectors.EVENT_READ, door)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began, spent = time.perf_counter(), time.process_time()
        for door in doors:
            door.send()
        while not all(door.done for door in doors):
            heard = selector.select(SILENCE_SECONDS)
            if not heard:
                raise SystemExit(f"no answer for {SILENCE_SECONDS} s")
            for key, _ in heard:
                key.data.hear()
                key.data.send()
        sys.stdout.write(f"{time.perf_counter() - began} {time.process_time() - spent}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
