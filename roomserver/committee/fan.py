"""One reader, many listeners: whatever is read is read once, however many are looking.

The reader runs while somebody listens, and tells them only what differs from what they have. A slow listener
gets the newest and misses what was between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Fan(Generic[T]):
    """``read`` is called on a thread, once in ``seconds``; all else belongs to one event loop."""

    def __init__(self, read: Callable[[], T], seconds: float = 1.0) -> None:
        self._read, self._seconds = read, seconds
        self._news = asyncio.Event()
        self._latest: T | None = None
        self._reader: asyncio.Task[None] | None = None
        self.listeners = 0
        self.reads = 0

    async def listen(self, quiet_seconds: float, most_seconds: float) -> AsyncIterator[T | None]:
        """The newest at once, then each that differs; None when all was quiet for a while. Ends by itself."""
        ends = asyncio.get_running_loop().time() + most_seconds
        self.listeners += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._keep_reading())
        try:
            had: T | None = None
            while asyncio.get_running_loop().time() < ends:
                news = self._news
                if self._latest is not None and self._latest != had:
                    had = self._latest
                    yield had
                    continue
                try:
                    await asyncio.wait_for(news.wait(), quiet_seconds)
                except TimeoutError:
                    yield None
        finally:
            self.listeners -= 1

    async def _keep_reading(self) -> None:
        try:
            while self.listeners:
                with suppress(Exception):  # the database is busy; in a moment it is not
                    found = await asyncio.to_thread(self._read)
                    self.reads += 1
                    if found != self._latest:
                        self._latest = found
                        news, self._news = self._news, asyncio.Event()
                        news.set()
                await asyncio.sleep(self._seconds)
        finally:
            self._reader = self._latest = None
