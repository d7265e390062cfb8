"""What the API and the pages work on, made once by ``app``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roomserver.place import Opened, now


@dataclass(frozen=True, slots=True)
class Server:
    """The place, opened; ``changed`` tells the subscriber to look at the database."""

    opened: Opened
    changed: Callable[[], None] = lambda: None
    clock: Callable[[], int] = now
