"""What can go wrong with the door itself, sorted by what to do about it; a wrong code is a ``Denial``.

Each leaf is also the built-in it is, so that code which knows nothing of the door catches it rightly.
"""

from __future__ import annotations


class DoorError(Exception):
    """Something is wrong with the door; ``str(error)`` says what, where, and what to do next."""


class ConfigError(DoorError, ValueError):
    """Stop at start and tell all faults: the configuration cannot be meant."""


class AskedError(DoorError, ValueError):
    """Ask otherwise: what the administrator typed is nothing that can be done."""


class PinError(DoorError, RuntimeError):
    """Stop at start: the pins cannot be had, so the door could be neither opened nor locked."""


class StoreError(DoorError, OSError):
    """Go on without: the store does not work; members get in, and the door shouts."""


class LinkError(DoorError, ConnectionError):
    """Try again later and log once: the server cannot be reached or refuses."""
