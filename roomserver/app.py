"""The running server, put together: broker, subscriber, bell, HTTP (the only composition root)."""

from __future__ import annotations

import logging
import os
import socket
import time

import uvicorn

from roomserver import commands, doors, terms
from roomserver.api import Server, make_api
from roomserver.bell import Bell
from roomserver.broker import SERVER_USER, EmbeddedBroker
from roomserver.exchange import Exchange
from roomserver.place import Opened, Place, now
from roomserver.subscriber import Address, Subscriber

log = logging.getLogger("roomserver")

SHUTDOWN_SECONDS = 3


class PortTakenError(RuntimeError):
    """Something else listens where the server should."""


def serve(opened: Opened) -> None:
    """Run until SIGTERM or SIGINT; everything started here is stopped when this returns."""
    place, database, vault = opened.place, opened.database, opened.vault
    listener = _listen(place)
    _put_rules_in_force(opened)
    broker = _embedded(place)
    try:
        if broker is not None:
            broker.serve(_door_users(opened))
        subscriber = Subscriber(
            _address(place, broker),
            Exchange(database, vault, now, time.monotonic),
            lambda: _revive(opened, broker),
        )
        subscriber.start()
        try:
            _serve_http(opened, listener, subscriber, broker)
        finally:
            subscriber.stop()
    finally:
        if broker is not None:
            broker.stop()
        listener.close()
        database.close()


def _serve_http(
    opened: Opened, listener: socket.socket, subscriber: Subscriber, broker: EmbeddedBroker | None
) -> None:
    def rung() -> None:
        _revive(opened, broker)
        subscriber.changed()

    http = opened.place.settings.http
    api = make_api(Server(opened, subscriber.changed))
    config = uvicorn.Config(
        api,
        log_config=None,
        access_log=False,  # addresses of callers are nobody's business
        server_header=False,
        ssl_certfile=opened.place.path(http.certificate) if http.certificate else None,
        ssl_keyfile=opened.place.path(http.private_key) if http.private_key else None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    bell = Bell(opened.place.bell, rung)
    try:
        scheme = "https" if http.certificate else "http"
        log.info("roomserver answers at %s://%s:%s", scheme, http.host, listener.getsockname()[1])
        _tell_systemd("READY=1")
        uvicorn.Server(config).run(sockets=[listener])
        _tell_systemd("STOPPING=1")
    finally:
        bell.close()


def _put_rules_in_force(opened: Opened) -> None:
    """Rules that changed in ``roomserver.toml``: the doors are asked to fetch them."""
    with opened.database.write() as session:
        if terms.publish_rules(session, opened.place.settings.rules.as_json(), now()):
            for door in doors.listed(session):
                commands.ask(session, door.id, "refresh", {}, now())


def _listen(place: Place) -> socket.socket:
    """The HTTP port, bound before anything else is started."""
    http = place.settings.http
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((http.host, http.port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Cannot listen on {http.host}:{http.port} ({error.strerror}). Set http.port in roomserver.toml."
        ) from None
    listener.listen(128)  # who calls before uvicorn is up waits instead of being refused
    return listener


def _embedded(place: Place) -> EmbeddedBroker | None:
    mqtt = place.settings.mqtt
    return EmbeddedBroker(place.folder, mqtt.host, mqtt.port) if mqtt.broker == "embedded" else None


def _address(place: Place, broker: EmbeddedBroker | None) -> Address:
    mqtt = place.settings.mqtt
    if broker is not None:
        return Address(mqtt.host, mqtt.port, SERVER_USER, broker.password)
    ca_file = place.path(mqtt.ca_file) if mqtt.ca_file else None
    return Address(mqtt.host, mqtt.port, mqtt.username, place.mqtt_password, mqtt.tls, ca_file)


def _revive(opened: Opened, broker: EmbeddedBroker | None) -> None:
    """Start the embedded broker again if it died or its users changed."""
    if broker is not None:
        broker.serve(_door_users(opened))


def _door_users(opened: Opened) -> dict[str, str]:
    with opened.database.read() as session:
        return {door.name: opened.vault.open(door.mqtt_password).decode() for door in doors.listed(session)}


def _tell_systemd(state: str) -> None:
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)
