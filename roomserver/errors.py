"""What a command or a call can end with; each leaf is also the built-in error it is."""

from __future__ import annotations


class RoomserverError(Exception):
    """Something the administrator can mend; ``str(error)`` says what is wrong and what to do."""
