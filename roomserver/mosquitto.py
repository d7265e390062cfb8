"""What Mosquitto needs to know of the doors: its password file, hashed as ``mosquitto_passwd`` does."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode

ITERATIONS = 101  # Mosquitto 2.0's own count; the passwords are random, not chosen by people


def password_line(user: str, password: str) -> str:
    """One line of Mosquitto's ``password_file`` (PBKDF2 with SHA-512)."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    return f"{user}:$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
