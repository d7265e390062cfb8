"""Mosquitto as ``roomserver init --mosquitto`` sets it up: TLS, users, and what each door may say and hear.

A folder ``mosquitto/`` beside ``roomserver.toml``. Passwords and rights are written again whenever a door is
added or gets a new key; Mosquitto reads them when it is reloaded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FOLDER = "mosquitto"
PORT = 8883
ITERATIONS = 101  # Mosquitto 2.0's own count; the passwords are random, not chosen by people
YEARS = 20
SAYS = ("availability", "state", "occupancy", "health", "cue", "audit", "command/result")  # PROTOCOL §4
LIMITS = """\
max_packet_size 16384
max_connections 200
max_queued_messages 10000"""
HEARS = ("audit/ack", "access", "command")


def password_line(user: str, password: str) -> str:
    """One line of Mosquitto's ``password_file`` (PBKDF2 with SHA-512)."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    return f"{user}:$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def rights(server: str) -> str:
    """The text of ``acl_file``: the server may do everything, a door what is its part in its own tree."""
    lines = [f"user {server}", "topic readwrite studyroom/#", ""]
    lines += [f"pattern write studyroom/%u/{topic}" for topic in SAYS]
    lines += [f"pattern read studyroom/%u/{topic}" for topic in HEARS]
    lines += ["pattern write homeassistant/device/%u/config"]
    return "\n".join(lines) + "\n"


def set_up(folder: Path, server: str, host: str, port: int, now: int) -> None:
    """Everything Mosquitto needs, in a new ``folder``; its password for the user ``server`` beside it."""
    folder.mkdir(0o750)
    password = secrets.token_urlsafe(24)
    _write(folder / "server-password", password + "\n", 0o600)
    _certify(folder, host, now)
    _write(folder / "studyroom.conf", _CONFIG.format(port=port, folder=folder.absolute(), limits=LIMITS))
    write_users(folder, server, password, {})


def write_users(folder: Path, server: str, password: str, doors: Mapping[str, str]) -> None:
    """The password file and the rights, for the server and these doors with their passwords."""
    users = {server: password, **doors}
    _write(folder / "passwords", "".join(f"{password_line(*user)}\n" for user in users.items()))
    _write(folder / "rights", rights(server))


def _write(file: Path, text: str, mode: int = 0o640) -> None:
    """Readable for the group, into which the administrator puts Mosquitto; whole or not at all."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    new.replace(file)


def _certify(folder: Path, host: str, now: int) -> None:
    """A certificate for ``host`` from an authority of its own, whose key is thrown away at once."""
    begin = dt.datetime.fromtimestamp(now, dt.UTC) - dt.timedelta(days=1)
    end = begin + dt.timedelta(days=365 * YEARS)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "study room authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "study room broker")])
    known_by = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())

    def builder(name: x509.Name, of: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().issuer_name(issuer).subject_name(name).public_key(of.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known_by)
        return made.add_extension(identifier, critical=False)

    signs = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    root = builder(issuer, authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    root = root.add_extension(signs, critical=True).add_extension(known_by, critical=False)
    leaf = builder(subject, key).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    leaf = leaf.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
    for name, made in (("ca", root), ("server", leaf)):
        signed = made.sign(authority, hashes.SHA256())
        _write(folder / f"{name}.pem", signed.public_bytes(serialization.Encoding.PEM).decode())
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _write(folder / "server.key", key.private_bytes(*pem).decode())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


_CONFIG = """\
# Written by roomserver init --mosquitto. In /etc/mosquitto/conf.d/ put a link to this file.
listener {port}
certfile {folder}/server.pem
keyfile {folder}/server.key
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights
{limits}
autosave_on_changes true
autosave_interval 1
"""
