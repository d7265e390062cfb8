"""``roomserver check``: whatever is wrong with settings, files, database and broker, all at once."""

from __future__ import annotations

import ssl
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract.settings import SettingsError
from roomserver.bell import ring
from roomserver.commandline.show import say, say_json, table
from roomserver.errors import RoomserverError
from roomserver.place import DATABASE_FILE, Place, load
from roomserver.storage.database import Database
from roomserver.storage.vault import open_key_file
from roomserver.wire import doors

ANSWER_SECONDS = 5
OPEN_TO_OTHERS = 0o077


def check(args: Namespace) -> int:
    """Say how each part is, and what to do where one is not well; 0 when all are, else 1."""
    found = dict(_found(args.config))
    if args.json:
        say_json(found)
    else:
        lines = [(part, line) for part, faults in found.items() for line in faults or ["well"]]
        say(table(("part", "is"), lines))
    return 1 if any(found.values()) else 0


def _found(file: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        place = load(file)
    except SettingsError as error:  # nothing else can be looked at by settings that may mean anything
        yield "settings", str(error).splitlines()
        return
    yield "settings", []
    running = ring(place.bell)
    for part, look in _PARTS.items():
        if running and part in _TAKEN:
            continue  # by this very server
        try:
            yield part, list(look(place))
        except (RoomserverError, OSError, ValueError) as error:
            yield part, [str(error)]


def _key_file(place: Place) -> Iterator[str]:
    """There, and for nobody else."""
    open_key_file(place.key_file)
    if place.key_file.stat().st_mode & OPEN_TO_OTHERS:
        yield f"{place.key_file} can be read by others. Type: chmod 600 {place.key_file}"


def _database(place: Place) -> Iterator[str]:
    """Reached, of a form that this program knows, and sealed with the key that is here."""
    file = place.folder / DATABASE_FILE
    if not place.settings.database and not file.exists():
        yield f"There is no {file}. Bring it back, or run: roomserver init"
        return
    database = Database(place.database_url)
    try:
        database.check()
        vault = open_key_file(place.key_file) if place.key_file.exists() else None
        with database.read() as session:
            if vault is not None:
                doors.passwords(session, vault)
    finally:
        database.close()


def _secrets(place: Place) -> Iterator[str]:
    """Every file that a secret lies in."""
    settings = place.settings
    files = [settings.mqtt.password_file, settings.identity.key_secret_file, settings.wechat.secret_file]
    files += [file for way in settings.notify for file in (way.url_file, way.secret_file)]
    for file in files:
        if file is not None:
            try:
                place.path(file).read_text("utf-8")
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else "is no text"
                yield f"{place.path(file)}: {why}. Bring it back, or change its name in roomserver.toml."


def _certificate(place: Place) -> Iterator[str]:
    """The certificate for browsers and doors: with its key, and not run out."""
    http = place.settings.http
    if http.certificate is None or http.private_key is None:
        return
    file = place.path(http.certificate)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, place.path(http.private_key))
    except (ssl.SSLError, OSError) as error:
        yield f"{file} and its key are of no use: {error.strerror or error}. Ask for them anew."
        return
    ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    if ends <= datetime.now(UTC):
        yield f"{file} ran out on {ends:%Y-%m-%d}. Renew it, then start the server again."


def _port(place: Place) -> Iterator[str]:
    """The port for browsers and doors is free."""
    from roomserver import app

    app.bind(place).close()
    yield from ()


def _broker(place: Place) -> Iterator[str]:
    """An external broker answers and knows this server; the embedded one is the server's own."""
    mqtt = place.settings.mqtt
    if mqtt.broker == "embedded":
        return
    client, answers = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5), list[str]()
    client.username_pw_set(mqtt.username, place.mqtt_password)
    client.on_connect = lambda _client, _data, _flags, reason, _more: answers.append(str(reason))
    where = f"the broker at {mqtt.host}:{mqtt.port}"
    try:
        if mqtt.tls:
            authority = place.path(mqtt.ca_file) if mqtt.ca_file else None
            client.tls_set_context(ssl.create_default_context(cafile=authority))
        client.connect(mqtt.host, mqtt.port)
        ends = time.monotonic() + ANSWER_SECONDS
        while not answers and time.monotonic() < ends:
            client.loop(0.2)
    except OSError as error:
        yield f"{where} cannot be reached: {error.strerror or error}. Look at [mqtt] in roomserver.toml."
        return
    finally:
        client.disconnect()
    if answers != ["Success"]:
        said = answers[0] if answers else "no answer"
        yield f"{where} did not let this server in: {said}. Look at username and password in [mqtt]."


_PARTS: dict[str, Callable[[Place], Iterator[str]]] = {
    "key file": _key_file,
    "database": _database,
    "secret files": _secrets,
    "certificate": _certificate,
    "port": _port,
    "broker": _broker,
}
_TAKEN = ("port",)
