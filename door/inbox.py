"""What arrives from the broker: bytes from anybody, until their mac is checked (PROTOCOL §4).

Whatever the bytes, nothing is raised here and at most one thing comes out: an ack, a hint, a command, or the
refusal of one.
Who can write to the broker can send as much as he likes, and can send again what the server once signed.
Each refusal is an audit row, so refusals and repetitions are let through once a minute and the rest dropped.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from contract import messages
from contract.messages import MAX_N, Ack, MessageError, Topics, ack_from, command_from
from door.backoff import Trouble
from door.events import CommandReceived, CommandRefused, Event

MAX_HINT_BYTES = 256
REFUSALS_APART_SECONDS = 60
REMEMBERED = 256  # signed commands, by their mac, so that a repetition is known for one
_LOG = logging.getLogger(__name__)


class Inbox:
    """Sorts messages by topic; ``take`` runs on the broker connection's thread and never blocks."""

    def __init__(
        self,
        topics: Topics,
        command_key: bytes,
        *,
        post: Callable[[Event], None],
        on_ack: Callable[[Ack], None],
        on_hint: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topics = topics
        self._key = command_key
        self._post = post
        self._on_ack = on_ack
        self._on_hint = on_hint
        self._clock = clock
        self._trouble = Trouble(_LOG)
        self._seen: deque[bytes] = deque(maxlen=REMEMBERED)
        self._let_through: dict[str, float] = {}

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The topics that ``take`` understands."""
        return self._topics.ack, self._topics.access, self._topics.command

    def take(self, topic: str, raw: bytes, *, retained: bool) -> None:
        """One message as it arrived."""
        if topic == self._topics.command:
            self._command(raw, retained=retained)
        elif topic == self._topics.ack:
            self._ack(raw)
        elif topic == self._topics.access:
            self._hint(raw)

    def _ack(self, raw: bytes) -> None:
        try:
            ack = ack_from(messages.check(self._key, self._topics.ack, raw))
        except MessageError as error:
            self._trouble.say(f"an acknowledgement that is none was dropped: {error}")
            return
        self._on_ack(ack)

    def _hint(self, raw: bytes) -> None:
        try:
            revision = messages.loads(raw, MAX_HINT_BYTES).get("revision")
        except ValueError:
            revision = None
        if type(revision) is int and 0 <= revision <= MAX_N:
            self._on_hint(revision)
        elif raw:  # an empty one clears what was retained
            self._trouble.say("a hint of a new access list that is none was dropped")

    def _command(self, raw: bytes, *, retained: bool) -> None:
        if not raw:
            return
        try:
            fields = messages.check(self._key, self._topics.command, raw)
        except MessageError:
            self._refuse("", "bad-mac")
            return
        if self._repeated(raw) and not self._one_of_many("repeated"):
            return
        try:
            self._post(CommandReceived(command_from(fields, retained=retained)))
        except MessageError:
            id_ = fields.get("id")
            self._refuse(id_[:64] if isinstance(id_, str) else "", "bad-args")

    def _refuse(self, id_: str, error: str) -> None:
        if self._one_of_many(error):
            self._post(CommandRefused(id_, error))

    def _repeated(self, raw: bytes) -> bool:
        if raw in self._seen:
            return True
        self._seen.append(raw)
        return False

    def _one_of_many(self, what: str) -> bool:
        """Whether the last one of this sort was let through long enough ago."""
        now = self._clock()
        if now - self._let_through.get(what, float("-inf")) < REFUSALS_APART_SECONDS:
            _LOG.debug("%s: dropped, one was let through a moment ago", what)
            return False
        self._let_through[what] = now
        return True
