"""The running server, put together: broker, subscriber, bell, HTTP (the only composition root)."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NoReturn

import uvicorn

from roomserver.bell import Bell
from roomserver.committee import rulebook
from roomserver.errors import RoomserverError
from roomserver.notify.dispatch import Dispatcher
from roomserver.peers import Peers
from roomserver.place import Opened, Place, now
from roomserver.upkeep.housekeeping import Housekeeping
from roomserver.web.api import make_api
from roomserver.web.server import Server
from roomserver.wire import doors
from roomserver.wire.broker import SERVER_USER, EmbeddedBroker
from roomserver.wire.exchange import Exchange
from roomserver.wire.subscriber import Address, Subscriber

log = logging.getLogger("roomserver")

SHUTDOWN_SECONDS = 3
BACKLOG = 128
# The thread that hears the broker asks for the interpreter several times a message. At Python's 5 ms each
# time it starves while another works, and the two take turns instead of overlapping: a third fewer rows.
SWITCH_SECONDS = 0.0005


class PortTakenError(RoomserverError, OSError):
    """Something else listens where the server should."""


def serve(opened: Opened) -> None:
    """Run until SIGTERM or SIGINT; everything started here is stopped when this returns, last first."""
    with ExitStack() as started:
        started.callback(opened.database.close)
        _on_signal(_leave)
        listener = started.enter_context(bind(opened.place))
        _put_rules_in_force(opened)
        broker = _embedded(opened.place)

        def revive() -> None:
            """Start the embedded broker, also when it died or its users changed."""
            if broker is not None:
                broker.serve(_door_users(opened))

        dispatcher = Dispatcher(opened, now)
        exchange = Exchange(opened.database, opened.vault, now, time.monotonic, dispatcher.noted)
        subscriber = Subscriber(_address(opened.place, broker), exchange, lost=revive)

        def look() -> None:
            """The database was changed by another hand."""
            revive()
            subscriber.changed()

        peers = Peers(opened.database, look)
        # The bell first: what changes from here on is heard, what changed before is read below.
        bell = Bell(opened.place.bell, _each(look, peers.tell))
        started.callback(bell.close)
        if broker is not None:
            started.callback(broker.stop)
        revive()
        housekeeping = Housekeeping(opened.database, now, opened.place.settings.audit.retention_days)
        for part in (dispatcher, subscriber, peers, housekeeping):
            part.start()
            started.callback(part.stop)
        _serve_http(opened, listener, _each(subscriber.changed, peers.tell))


def _serve_http(opened: Opened, listener: socket.socket, changed: Callable[[], None]) -> None:
    place, http = opened.place, opened.place.settings.http
    config = uvicorn.Config(
        make_api(Server(opened, changed)),
        log_config=None,
        access_log=False,  # addresses of callers are nobody's business
        server_header=False,
        ssl_certfile=place.path(http.certificate) if http.certificate else None,
        ssl_keyfile=place.path(http.private_key) if http.private_key else None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        log_level=logging.WARNING,
    )
    listener.listen(BACKLOG)  # who calls before uvicorn is up waits instead of being refused
    if not http.certificate and http.host not in ("127.0.0.1", "::1", "localhost"):
        log.warning(
            "without http.certificate tokens and door keys travel in the clear, beyond this machine too"
        )
    if place.settings.identity.provider == "demo":
        log.warning('identity.provider = "demo" lets in anybody, under any name: for demonstrations only')
    scheme = "https" if http.certificate else "http"
    log.info("roomserver answers at %s://%s:%s", scheme, http.host, listener.getsockname()[1])
    running = uvicorn.Server(config)
    # uvicorn raises the signal again when it is done; without a handler of ours that would be the end.
    _on_signal(lambda *_: setattr(running, "should_exit", True))
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # what is there now stays for good; to look through it took up to 80 ms of somebody's wait
    _tell_systemd("READY=1")
    running.run(sockets=[listener])
    _tell_systemd("STOPPING=1")


def _each(*acts: Callable[[], None]) -> Callable[[], None]:
    """One after the other."""

    def act() -> None:
        for one in acts:
            one()

    return act


def _leave(*_: object) -> NoReturn:
    """Who is told to stop while it still starts ends in order, too."""
    raise SystemExit(0)


def _on_signal(act: Callable[..., object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, act)


def _put_rules_in_force(opened: Opened) -> None:
    """Rules that changed in ``roomserver.toml``, unless the committee has its own."""
    with opened.database.write() as session:
        rulebook.begin(session, opened.place.settings.rules, now())


def bind(place: Place) -> socket.socket:
    """The HTTP port, bound before anything else is started."""
    http = place.settings.http
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    # Named as TCP, else asyncio leaves Nagle's delay on: 40 ms for each answer on a kept connection.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((http.host, http.port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Cannot listen on {http.host}:{http.port} ({error.strerror}). Set http.port in roomserver.toml."
        ) from None
    return listener


def _embedded(place: Place) -> EmbeddedBroker | None:
    mqtt = place.settings.mqtt
    return EmbeddedBroker(place.folder, mqtt.host, mqtt.port) if mqtt.broker == "embedded" else None


def _address(place: Place, broker: EmbeddedBroker | None) -> Address:
    mqtt = place.settings.mqtt
    if broker is not None:
        return Address(mqtt.host, mqtt.port, SERVER_USER, broker.password)
    ca_file = place.path(mqtt.ca_file) if mqtt.ca_file else None
    return Address(mqtt.host, mqtt.port, mqtt.username, place.mqtt_password, mqtt.tls, ca_file, shared=True)


def _door_users(opened: Opened) -> dict[str, str]:
    with opened.database.read() as session:
        return doors.passwords(session, opened.vault)


def _tell_systemd(state: str) -> None:
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)
